# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong between a client and the server, and on the server: kept once or not at all, and one sentence where it cannot be."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import typing as t
from pathlib import Path

import psycopg
import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.claiming import ClaimRequest, ensure_claims
from ansible_collections.elemental.networking.plugins.module_utils._ipam.database.postgresql import failures, session
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError
from ansible_collections.elemental.networking.plugins.module_utils._ipam.releasing import Release, release_claims

from tests.testbed.postgresql.fixtures import empty_database
from tests.testbed.postgresql.server import Server, base

from . import clients
from .proxy import Proxy


def through(proxy: Proxy, options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {**options, "host": "127.0.0.1", "port": str(proxy.port), "sslmode": "disable"}


def passed_on(_number: int, _chunk: bytes) -> str:
    return "pass"


def claim_and_release(options: t.Mapping[str, t.Any]) -> tuple[int, list[str]]:
    """Two claims in one call and the release of one, on one connection as long as it lasts: how many were created, and the addresses."""
    with clients.opened(options) as backend:
        claims = [ClaimRequest(clients.claim(each)) for each in ("a", "b")]
        claiming = ensure_claims(backend, claims, [clients.pool()], False)
        release_claims(backend, [Release("default", "a-ip")], False)
    return len(claiming.created), [bound.address.address for bound in claiming.bound if bound.address]


# the messages with which a connection begins: startup, and two of its password
_TO_CONNECT = 3


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_connection_that_is_cut_at_any_message_is_made_again(
    server: Server, options: dict[str, t.Any], moment: str
) -> None:
    """Each message of the call in turn is lost, or its answer is: what is reported is what was done, once."""
    with Proxy(server.port, passed_on) as proxy:
        claim_and_release(through(proxy, options))
    messages = proxy.chunks
    assert messages > 10
    for lost in range(messages):
        fresh = empty_database(server)

        def cut(number: int, _chunk: bytes, lost: int = lost) -> str:
            return moment if number == lost else "pass"

        done, code = None, ""
        with Proxy(server.port, cut) as proxy:
            try:
                done = claim_and_release(through(proxy, fresh))
            except IpamError as error:
                code = error.code
        if code and lost < _TO_CONNECT:  # before the first connection it may as well be a mistake in the options
            assert (code, clients.held(fresh)) == ("unreachable", {}), f"message {lost}"
            continue
        assert (done, code) == ((2, ["10.0.0.1", "10.0.0.2"]), ""), f"message {lost}"
        assert clients.held(fresh) == {"b": "10.0.0.2"}, f"message {lost}"


def test_a_server_that_goes_away_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = Server("gone")
    monkeypatch.setattr(session, "RECOVERY", 0.5)
    try:
        gone.make()
        options = empty_database(gone)
        clients.register(options)
        with clients.opened(options) as backend:
            gone.kill()
            with pytest.raises(IpamError, match="database ipam.* cannot be reached|was lost") as failure:
                clients.claimed(backend, "a")
        assert failure.value.code in ("unreachable", "unavailable")
        with pytest.raises(IpamError, match="cannot be reached") as failure, clients.opened(options):
            pass
        assert failure.value.code == "unreachable"
        gone.start()
        with clients.opened(options) as backend:
            assert clients.claimed(backend, "a") == ["10.0.0.1"]
    finally:
        gone.remove()


def run_sql(options: t.Mapping[str, t.Any], *statements: str) -> None:
    with psycopg.connect(**options, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_a_transaction_that_the_server_wants_again_is_run_again(options: dict[str, t.Any], state: str) -> None:
    clients.register(options)
    run_sql(
        options,
        "CREATE SEQUENCE elemental_networking.tries",
        "CREATE FUNCTION elemental_networking.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF nextval('elemental_networking.tries') < 4 THEN "
        f"RAISE EXCEPTION 'not now' USING ERRCODE = '{state}'; END IF; RETURN new; END $$",
        "CREATE TRIGGER refuse BEFORE INSERT ON elemental_networking.claims FOR EACH STATEMENT "
        "EXECUTE FUNCTION elemental_networking.refuse()",
    )
    with clients.opened(options) as backend:
        assert clients.claimed(backend, "a") == ["10.0.0.1"]
    assert clients.held(options) == {"a": "10.0.0.1"}


def test_a_user_of_another_isolation_level_claims_as_all_do(server: Server, options: dict[str, t.Any]) -> None:
    """What an administrator has set for all sessions is not what a call needs."""
    for setting in (
        "default_transaction_isolation = 'serializable'",
        "default_transaction_read_only = on",
        "synchronous_commit = off",
        "search_path = nowhere",
        "statement_timeout = '300ms'",
    ):
        server.admin(f"ALTER DATABASE {options['dbname']} SET {setting}")
    clients.register(options)
    threads = [threading.Thread(target=_claim_ten, args=(options, f"m{number}")) for number in range(5)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(set(clients.held(options).values())) == 50


def _claim_ten(options: t.Mapping[str, t.Any], name: str) -> None:
    for number in range(10):
        with clients.opened(options) as backend:
            clients.claimed(backend, f"{name}-{number}")


@contextlib.contextmanager
def locked(options: t.Mapping[str, t.Any], statement: str = session._WRITE) -> t.Iterator[None]:
    """Another call that is in its transaction."""
    with psycopg.connect(**options, autocommit=True) as connection:
        connection.execute(statement.encode())
        yield
        with contextlib.suppress(psycopg.Error):
            connection.execute(b"ROLLBACK")


def test_a_call_that_does_not_end_is_waited_for_and_named(
    options: dict[str, t.Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    clients.register(options)
    monkeypatch.setattr(session, "_WRITE", session._WRITE.replace(f"'{failures.PATIENCE}s'", "'200ms'"))
    with clients.opened(options) as backend, locked(options):
        assert backend.list_claims(None) == [], "who only looks does not wait"
        with pytest.raises(IpamError, match="was locked by another call for 120 s; end that session") as failure:
            clients.claimed(backend, "a")
    assert failure.value.code == "timed_out"
    assert clients.held(options) == {}


def test_a_controller_that_stops_in_a_transaction_blocks_others_for_a_while_only(options: dict[str, t.Any]) -> None:
    clients.register(options)
    stopped = session._WRITE.replace(f"'{session._IDLE}s'", "'300ms'")
    assert stopped != session._WRITE
    with locked(options, stopped), clients.opened(options) as backend:
        assert clients.claimed(backend, "a") == ["10.0.0.1"]


def test_a_disk_that_is_full_keeps_all_or_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The data of the server are on a small file system; the log of what was kept is there, too."""
    monkeypatch.setattr(session, "RECOVERY", 3.0)
    small = base() / "small-disk"
    server = Server("full", small / "data", max_wal_size="4MB", min_wal_size="2MB")
    small.mkdir(parents=True)
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=90m,mode=0755", "tmpfs", str(small)], check=True)
        (small / "data").mkdir()
        server.make("--wal-segsize=1")
        options = empty_database(server)
        clients.register(options)
        with clients.opened(options) as backend:
            clients.claimed(backend, "a")
        _fill(small / "waste")
        kept, sentence = _claim_until_it_fails(options)
        assert "\n" not in sentence
        assert any(words in sentence for words in ("no space left", "was lost", "cannot be reached", "starts or stops"))
        (small / "waste").unlink()
        if not server.answers():  # where there is no room for its log it ends
            server.kill()
            server.start()
        found = clients.held(options)
        assert set(found) == {"a", *kept}
        with clients.opened(options) as backend:
            assert clients.claimed(backend, "z")
    finally:
        server.remove()
        subprocess.run(["umount", "-l", str(small)], check=False)


def _fill(waste: Path) -> None:
    with waste.open("wb") as stream, contextlib.suppress(OSError):
        while True:
            stream.write(b"\0" * 65536)
            stream.flush()


def _claim_until_it_fails(options: t.Mapping[str, t.Any]) -> tuple[set[str], str]:
    """Claim in large calls; the machines that were told that they have addresses, and why the last call has none."""
    kept: set[str] = set()
    for number in range(50):
        machines = [f"m{number}-{each}" for each in range(1000)]
        try:
            with clients.opened(options) as backend:
                clients.claimed(backend, *machines)
            kept.update(machines)
        except IpamError as error:
            return kept, str(error)
    raise AssertionError("the disk was never full")
