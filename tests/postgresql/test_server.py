# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the server is reached, by whom, and what its tables are."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import psycopg
import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.claiming import ClaimRequest, ensure_claims
from ansible_collections.elemental.networking.plugins.module_utils._ipam.database import schema
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError

from tests.testbed.controlplane.processes import start_time
from tests.testbed.postgresql.fixtures import empty_database
from tests.testbed.postgresql.server import USER, Server, base

from . import clients

_DOCUMENT = Path(__file__).parents[2] / "docs/postgresql.md"
SCHEMA = "elemental_networking"


def sql(options: t.Mapping[str, t.Any], statement: str) -> list[t.Any]:
    with psycopg.connect(**options, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


# --- reaching it ----------------------------------------------------------------------------------------------------


def claims_one(options: t.Mapping[str, t.Any]) -> list[str]:
    with clients.opened(options) as backend:
        backend.apply_pool(clients.pool(), False)
        return clients.claimed(backend, "a")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_server_is_reached_with_tls_and_its_certificate_is_verified(
    server: Server, options: dict[str, t.Any], host: str, tmp_path: Path
) -> None:
    secure = {**server.tls, "dbname": options["dbname"], "host": host}
    assert claims_one(secure) == ["10.0.0.1"]
    other = tmp_path / "other.crt"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(tmp_path / "key"), "-subj", "/CN=x"]
        + ["-out", str(other)],
        check=True,
        capture_output=True,
    )
    with pytest.raises(IpamError, match="cannot be reached .*certificate") as failure:
        claims_one({**secure, "sslrootcert": str(other)})
    assert failure.value.code == "unreachable"


def test_the_environment_of_libpq_is_enough(
    options: dict[str, t.Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    names = {"host": "PGHOST", "port": "PGPORT", "dbname": "PGDATABASE", "user": "PGUSER", "password": "PGPASSWORD"}
    for name, variable in names.items():
        monkeypatch.setenv(variable, options[name])
    assert claims_one({}) == ["10.0.0.1"]
    # an empty one, as credentials of AWX leave them, is none; so is an empty option
    for variable in ("PGSSLMODE", "PGCONNECT_TIMEOUT", "PGTARGETSESSIONATTRS", "PGSERVICE", "PGSSLROOTCERT"):
        monkeypatch.setenv(variable, "")
    assert claims_one({"host": "", "port": None, "sslmode": ""}) == ["10.0.0.1"]
    for variable in names.values():
        monkeypatch.delenv(variable)
    services = tmp_path / "services"
    services.write_text("[ipam]\n" + "".join(f"{name}={value}\n" for name, value in options.items()))
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    monkeypatch.delenv("PGSERVICE")
    assert claims_one({"service": "ipam"}) == ["10.0.0.1"]


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"password": "wrong-one"}, "forbidden", "refuses the connection .*check user, password"),
        ({"dbname": "nowhere"}, "forbidden", "the database nowhere .*refuses the connection"),
        ({"user": "nobody-known"}, "forbidden", "refuses the connection"),
        ({"port": "1"}, "unreachable", "cannot be reached"),
        ({"host": "127.0.0.1", "port": "1"}, "unreachable", "port 1 cannot be reached"),
        ({"sslmode": "perhaps"}, "invalid_input", "cannot be used .*sslmode.*correct postgresql"),
        ({"hots": "db"}, "invalid_input", "postgresql has no option hots; use host"),
        ({"host": ["db"]}, "invalid_input", "host of postgresql must be a string"),
        ({"service": "none-such"}, "invalid_input", "cannot be used .*none-such"),
    ],
)
def test_what_cannot_be_reached_is_one_sentence(
    options: dict[str, t.Any], change: dict[str, t.Any], code: str, words: str
) -> None:
    with pytest.raises(IpamError, match=words) as failure:
        claims_one({**options, **change})
    assert failure.value.code == code
    assert "wrong-one" not in str(failure.value)
    assert "\n" not in str(failure.value)


def module(name: str, **arguments: t.Any) -> tuple[dict[str, t.Any], str]:
    """Run a module as Ansible does; its answer, and all that it printed."""
    command = [sys.executable, "-m", f"ansible_collections.elemental.networking.plugins.modules.{name}"]
    run = subprocess.run(
        command, input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}), capture_output=True, text=True, check=False
    )
    assert "Traceback" not in run.stdout + run.stderr, run.stderr
    return dict(json.loads(run.stdout)), run.stdout + run.stderr


MANIFEST = {
    "apiVersion": "ipam.cluster.x-k8s.io/v1alpha2",
    "kind": "InClusterIPPool",
    "metadata": {"name": "p"},
    "spec": {"addresses": ["10.0.0.0/24"], "prefix": 24},
}


def test_the_modules_claim_and_look_and_show_no_password(options: dict[str, t.Any]) -> None:
    reference = {"apiGroup": clients.GROUP, "kind": "InClusterIPPool", "name": "p"}
    access = {"backend": "postgresql", "postgresql": options}
    asked = [{"machine": name, "key": "ip", "pool": reference} for name in ("a", "b")]
    for is_check in (True, False):
        claimed, printed = module(
            "ip_address_claims", **access, claims=asked, pools=[MANIFEST], _ansible_check_mode=is_check
        )
        assert claimed["changed"], printed
        assert options["password"] not in printed
    assert claimed["addresses"]["b"]["ip"]["address"] == "10.0.0.2"
    assert not module("ip_address_claims", **access, claims=asked, pools=[MANIFEST])[0]["changed"]
    pools, printed = module("ip_pool_info", **access)
    assert (pools["pools"][0]["used"], options["password"] in printed) == (2, False)
    failed, printed = module("ip_pool_info", backend="postgresql", postgresql={**options, "password": "a-wrong-secret"})
    assert (failed["error"]["code"], "a-wrong-secret" in printed) == ("forbidden", False)
    labels, _printed = module("ip_address_claim_info", **access, selector={"labels": {"a": "b"}})
    assert "claims of the postgresql backend have no labels" in labels["msg"]


def test_an_old_or_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from ansible_collections.elemental.networking.plugins.module_utils._ipam.database.postgresql import driver

    monkeypatch.setattr(psycopg, "__version__", "3.0.18")
    with pytest.raises(IpamError, match="needs psycopg 3.1 or later, and .* has 3.0.18; upgrade it"):
        clients.opened({})
    monkeypatch.setattr(driver, "psycopg", None)
    with pytest.raises(IpamError, match="needs the Python library psycopg") as failure:
        clients.opened({})
    assert (failure.value.code, failure.value.details["requirement"]) == ("missing_requirement", "psycopg")


# --- the tables ----------------------------------------------------------------------------------------------------


def tables(options: t.Mapping[str, t.Any]) -> set[str]:
    query = "SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE table_schema NOT LIKE 'pg%'"
    return {name for (name,) in sql(options, query) if not name.startswith("information_schema")}


def test_looks_and_dry_runs_make_nothing_and_the_first_claim_makes_the_tables(options: dict[str, t.Any]) -> None:
    with clients.opened(options) as backend:
        assert backend.list_claims(None) == []
        assert backend.list_pools(None) == []
        tried = ensure_claims(backend, [ClaimRequest(clients.claim("a"))], [clients.pool()], True)
        assert [each.name for each in tried.created] == ["a-ip"]
        assert tables(options) == set()
        assert ensure_claims(backend, [ClaimRequest(clients.claim("a"))], [clients.pool()], False).created
    names = ("pools", "claims", "resting", "calls", "schema_version")
    assert tables(options) == {f"{SCHEMA}.{name}" for name in names}


def test_many_that_begin_at_once_make_the_tables_once(options: dict[str, t.Any], tmp_path: Path) -> None:
    running = [
        clients.CONTEXT.Process(target=clients.begin, args=(options, str(tmp_path / f"{number}.log"), f"m{number}"))
        for number in range(10)
    ]
    for each in running:
        each.start()
    for each in running:
        each.join(60)
        assert each.exitcode == 0
    assert len(set(clients.held(options).values())) == 10


def test_newer_tables_are_not_touched(options: dict[str, t.Any]) -> None:
    clients.register(options)
    with clients.opened(options) as backend:
        sql(options, f"UPDATE {SCHEMA}.schema_version SET version = 99")
        for call in (
            lambda: backend.list_claims(None),
            lambda: backend.delete_pool(clients.REFERENCE, "default", False),
        ):
            with pytest.raises(IpamError, match="has schema 99, .*use a newer elemental.networking") as failure:
                call()
            assert failure.value.code == "missing_requirement"


@pytest.mark.parametrize("version", [1, 2])
def test_older_tables_are_brought_up_to_date_by_what_is_kept(options: dict[str, t.Any], version: int) -> None:
    """There are none in the field: what the next version will do is tried with those that SQLite had."""
    claims_one(options)
    columns = ["machine_id", "site", "confirmed", *(["host_keys"] if version == 1 else [])]
    for column in columns:
        sql(options, f"ALTER TABLE {SCHEMA}.claims DROP COLUMN {column}")
    sql(options, f"DROP TABLE {SCHEMA}.resting")
    sql(options, f"UPDATE {SCHEMA}.schema_version SET version = {version}")
    with clients.opened(options) as backend:
        assert clients.claimed(backend, "b", "a") == ["10.0.0.2", "10.0.0.1"]
    assert sql(options, f"SELECT version FROM {SCHEMA}.schema_version") == [(schema.VERSION,)]
    where = f"table_schema = '{SCHEMA}' AND column_name = 'site'"
    assert sql(options, f"SELECT collation_name FROM information_schema.columns WHERE {where}") == [("C",)]


def test_names_are_sorted_as_on_every_backend(server: Server) -> None:
    """Not as the locale of the server has it."""
    options = empty_database(server)
    clients.register(options)
    with clients.opened(options) as backend:
        clients.claimed(backend, "b", "a-b", "a.b", "ab", "a0")
        assert [each.claim.name for each in backend.list_claims(None)] == ["a-b-ip", "a.b-ip", "a0-ip", "ab-ip", "b-ip"]


# --- rights --------------------------------------------------------------------------------------------------------


def blocks(document: str) -> list[str]:
    """The SQL of the document."""
    return re.findall(r"```sql\n(.*?)```", document, re.DOTALL)


@pytest.fixture
def least(server: Server, options: dict[str, t.Any]) -> t.Iterator[dict[str, t.Any]]:
    """A database whose tables an administrator made, with the SQL of the document."""
    name = f"{options['dbname']}_least"
    server.admin(f"CREATE DATABASE {name}")
    server.admin("CREATE ROLE auditor LOGIN PASSWORD 'auditing'")
    try:
        _database, made, user, auditor = blocks(_DOCUMENT.read_text())
        for block in (made, user, auditor):
            server.admin(block, name)
        yield {**options, "dbname": name}
    finally:
        server.admin(f"DROP DATABASE {name} WITH (FORCE)")
        server.admin("DROP ROLE auditor")


def test_the_least_rights_of_the_document_are_enough(least: dict[str, t.Any]) -> None:
    assert claims_one(least) == ["10.0.0.1"]
    from ansible_collections.elemental.networking.plugins.module_utils._ipam.releasing import Release, release_claims

    with clients.opened(least) as backend:
        backend.apply_pool(clients.pool(addressReuseGracePeriodSeconds=60), False)
        release_claims(backend, [Release("default", "a-ip")], False)
    looks = {**least, "user": "auditor", "password": "auditing"}
    with clients.opened(looks) as backend:
        assert backend.list_claims(None) == []
        assert backend.list_pools(None)[0].usage.used == 1
        with pytest.raises(IpamError, match="refuses what is needed; grant this user the rights") as failure:
            clients.claimed(backend, "b")
        assert failure.value.code == "forbidden"


def test_the_tables_of_the_document_are_those_that_the_collection_makes(
    least: dict[str, t.Any], options: dict[str, t.Any]
) -> None:
    clients.register(options)
    assert shapes(least) == shapes(options)


def shapes(options: t.Mapping[str, t.Any]) -> list[t.Any]:
    columns = "table_name, column_name, data_type, is_nullable, column_default, collation_name"
    query = f"SELECT {columns} FROM information_schema.columns WHERE table_schema = '{SCHEMA}' ORDER BY table_name, ordinal_position"
    keys = f"SELECT conname, contype, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = '{SCHEMA}'::regnamespace ORDER BY 1"
    # information_schema shows nothing of tables that a user has no rights for
    return [*sql(options, query), *sql(options, keys)]


def test_a_user_who_may_make_no_tables_is_told_so(server: Server, options: dict[str, t.Any]) -> None:
    name = f"{options['dbname']}_foreign"
    server.admin(f"CREATE DATABASE {name}")
    try:
        with pytest.raises(
            IpamError, match=r"refuses what is needed; grant this user the rights that docs/postgresql.md"
        ):
            claims_one({**options, "dbname": name})
    finally:
        server.admin(f"DROP DATABASE {name} WITH (FORCE)")


def test_the_server_does_not_run_as_root(server: Server) -> None:
    status = Path(f"/proc/{server.processes.pid('postgres')}/status").read_text()
    assert re.findall(r"^Uid:\s+(\d+)", status, re.MULTILINE) != ["0"]
    assert USER != "postgres"
    assert os.stat(server.data).st_uid != 0


_ORPHAN = """
import time
from tests.testbed.postgresql.server import Server
server = Server("orphan")
try:
    server.make()
    print(server.processes.pid("postgres"), flush=True)
    time.sleep(600)
finally:
    server.remove()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_server_ends_with_who_made_it(number: int) -> None:
    """After Ctrl-C nothing is left; after SIGKILL the server ends, too, and the next run removes its folder."""
    folder = base() / "orphan"
    process = subprocess.Popen([sys.executable, "-c", _ORPHAN], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        assert start_time(pid)
        process.send_signal(number)
        process.wait(60)
        deadline = time.monotonic() + 60
        while start_time(pid) is not None:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert folder.exists() is (number == signal.SIGKILL)
    finally:
        process.kill()
        shutil.rmtree(folder, ignore_errors=True)
