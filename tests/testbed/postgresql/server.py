# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PostgreSQL server on a unix socket and, with TLS, on loopback: made, killed, started again, and removed."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import time
import typing as t
from pathlib import Path

import psycopg

from ..controlplane.pki import make_certificates
from ..controlplane.processes import Processes
from ..tools import TestBedError, run

# Debian's server packages are made for this user
_ACCOUNT = "postgres"
_POSTGRES = "postgres"
DATABASE = "ipam"
# who the collection is in the tests: may do nothing but what is granted
USER = "ipam"
# what a server is given where a test has no other wish
_SETTINGS = {"max_connections": "120", "shared_buffers": "16MB", "autovacuum_naptime": "5s"}


def base() -> Path:
    """Where servers are; TESTBED_NAME=b makes a second bed beside the first."""
    name = os.environ.get("TESTBED_NAME", "") + os.environ.get("PYTEST_XDIST_WORKER", "")
    return Path("/run" if os.geteuid() == 0 else "/tmp") / f"elemental-networking-elpg{name}"


def binaries() -> Path:
    """The folder of the newest server that is installed. Raises TestBedError where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise TestBedError("there is no PostgreSQL server: apt-get install --no-install-recommends postgresql")
    return found[-1].parent


class Server:
    """A server by name. ``folder`` holds all that is its; ``data`` may be elsewhere."""

    def __init__(self, name: str, data: Path | None = None, **settings: str) -> None:
        self.folder = base() / name
        self.data = data or self.folder / "data"
        self.port = free_port()
        self.settings = {**_SETTINGS, **settings}
        self.password = secrets.token_hex(12)
        self.processes = Processes(self.folder)

    @property
    def options(self) -> dict[str, t.Any]:
        """How a user of the collection reaches it."""
        return {
            "host": str(self.folder / "socket"),
            "port": str(self.port),
            "dbname": DATABASE,
            "user": USER,
            "password": self.password,
        }

    @property
    def tls(self) -> dict[str, t.Any]:
        """The same over TCP, with a certificate that is verified."""
        authority = str(self.folder / "pki/ca.crt")
        return {**self.options, "host": "localhost", "sslmode": "verify-full", "sslrootcert": authority}

    def make(self, *options: str) -> None:
        """Make the data folder, with ``options`` of initdb, start the server and make database and user."""
        self._folders()
        secret = self.folder / "secret/password"
        secret.write_text(self.password)
        secret.chmod(0o644)  # in a folder that is private to the account
        self.run_as_account(
            *(str(binaries() / "initdb"), "-D", str(self.data), "-U", _POSTGRES, "-E", "UTF8", "--locale=C.UTF-8"),
            *("-A", "scram-sha-256", "--pwfile", str(secret), "--no-sync", *options),
        )
        self.start()
        self.admin(f"CREATE ROLE {USER} LOGIN PASSWORD '{self.password}'")
        self.admin(f"CREATE DATABASE {DATABASE} OWNER {USER}")

    def follow(self, primary: Server) -> None:
        """Become a standby of another server, which waits for it with every commit."""
        self._folders()
        self.password = primary.password
        self.run_as_account(
            *(str(binaries() / "pg_basebackup"), "-D", str(self.data), "-R", "-X", "stream", "-c", "fast", "--no-sync"),
            *("-h", str(primary.folder / "socket"), "-p", str(primary.port), "-U", _POSTGRES),
            password=self.password,
        )
        self.start()
        primary.admin("ALTER SYSTEM SET synchronous_standby_names = '*'")
        primary.admin("SELECT pg_reload_conf()")
        state = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
        primary.processes.wait("the standby", lambda: primary.admin(state) == [(1,)])

    def start(self) -> None:
        """Start it and wait until it answers."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.folder / "socket"),
            "ssl": "on",
            "ssl_cert_file": str(self.folder / "pki/tls.crt"),
            "ssl_key_file": str(self.folder / "pki/tls.key"),
            **self.settings,
        }
        given = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        # it ends with the tests, whatever ends them
        command = [*_as_account("--pdeathsig", "QUIT"), str(binaries() / "postgres"), "-D", str(self.data), *given]
        self.processes.start("postgres", command)
        self.processes.wait("PostgreSQL", self.answers, "postgres", 60.0)

    def answers(self) -> bool:
        """Whether it takes connections."""
        with contextlib.suppress(psycopg.OperationalError):
            return self.admin("SELECT 1") == [(1,)]
        return False

    def admin(self, statement: str, database: str = _POSTGRES, values: t.Sequence[t.Any] | None = None) -> list[t.Any]:
        """Run a statement as the administrator."""
        with psycopg.connect(
            host=str(self.folder / "socket"),
            port=self.port,
            dbname=database,
            user=_POSTGRES,
            password=self.password,
            autocommit=True,
            connect_timeout=5,
        ) as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def kill(self) -> None:
        """SIGKILL to the server and all of its processes at once, as the out-of-memory killer or a power cut would."""
        pid = self.processes.pid("postgres")
        with contextlib.suppress(OSError):
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            for each in (pid, *map(int, children)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(each, signal.SIGKILL)
        self.processes.end("postgres", signal.SIGKILL)

    def stop(self) -> None:
        """End it as an administrator does who does not wait for its users."""
        self.processes.end("postgres", signal.SIGINT, 30.0)

    def promote(self) -> None:
        """A standby becomes the primary, and waits for no other one."""
        self.admin("SELECT pg_promote()")
        self.admin("ALTER SYSTEM SET synchronous_standby_names = ''")
        self.admin("SELECT pg_reload_conf()")

    def remove(self) -> None:
        """End it and remove all that is its."""
        if self.folder.exists():
            if self.processes.names():
                self.kill()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _folders(self) -> None:
        self.folder.mkdir(parents=True, mode=0o755)
        make_certificates(self.folder / "pki")
        for name in ("socket", "secret"):
            (self.folder / name).mkdir(mode=0o700 if name == "secret" else 0o755)
        self.data.mkdir(mode=0o700, exist_ok=True)
        (self.folder / "pki").chmod(0o755)
        for path in (self.data, self.folder / "socket", self.folder / "secret", self.folder / "pki/tls.key"):
            if os.geteuid() == 0:
                shutil.chown(path, _ACCOUNT, _ACCOUNT)

    def run_as_account(self, *command: str, password: str = "") -> None:
        """Run a command of PostgreSQL's. Raises TestBedError with what it reports."""
        environment = {"PATH": os.environ.get("PATH", ""), **({"PGPASSWORD": password} if password else {})}
        run(*_as_account(), *command, cwd=self.folder, env=environment)


def _as_account(*options: str) -> list[str]:
    """Before a command: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return ["setpriv", *options] if options else []
    try:
        account = pwd.getpwnam(_ACCOUNT)
    except KeyError:
        raise TestBedError("there is no user postgres: apt-get install postgresql") from None
    who = (f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups")
    return ["setpriv", *who, *options, "--"]


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def down() -> None:
    """End and remove all servers of this bed, also those of a run that was killed."""
    for folder in sorted(base().glob("*")):
        processes = Processes(folder)
        for name in processes.names():
            processes.end(name, signal.SIGQUIT)
    deadline = time.monotonic() + 5
    while base().exists() and time.monotonic() < deadline:
        shutil.rmtree(base(), ignore_errors=True)
