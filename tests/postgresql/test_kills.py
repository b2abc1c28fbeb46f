# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many controllers at once, and what is left after clients and the server were killed at random moments.

SEED repeats the moments of a run; PART=2/3 makes a third of the kills.
"""

from __future__ import annotations

import os
import random
import time
import typing as t
from pathlib import Path

import pytest

from tests.testbed.postgresql.fixtures import empty_database
from tests.testbed.postgresql.server import Server

from . import clients

SEED = int(os.environ.get("SEED") or random.randrange(10**6))
CLIENT_KILLS, SERVER_KILLS = 200, 20
_AT_ONCE = 4
Kills = t.Callable[[int], int]


@pytest.fixture
def moments() -> random.Random:
    """Random moments."""
    print(f"\npostgresql SEED={SEED}")
    return random.Random(SEED)


def test_ten_processes_with_a_hundred_claims_each_share_no_address(options: dict[str, t.Any], tmp_path: Path) -> None:
    clients.register(options)
    logs = [tmp_path / f"{number}.log" for number in range(10)]
    running = [
        clients.CONTEXT.Process(
            target=clients.claim_each, args=(options, str(log), [f"m{number}-{each}" for each in range(100)])
        )
        for number, log in enumerate(logs)
    ]
    began = time.monotonic()
    _run(running)
    print(f"\npostgresql 10 processes x 100 claims, each in a call of its own: {time.monotonic() - began:.1f} s")
    told = clients.Told.of(logs)
    assert len(told.must_hold) == 1000
    told.check(clients.held(options))
    # nothing leaked: they are the 1,000 lowest
    with clients.opened(options) as backend:
        assert backend.list_pools(None)[0].usage.used == 1000
        assert clients.claimed(backend, "one-more") == ["10.0.3.233"]


def test_a_thousand_claims_in_one_call(options: dict[str, t.Any]) -> None:
    clients.register(options)
    machines = [f"m{number}" for number in range(1000)]
    began = time.monotonic()
    with clients.opened(options) as backend:
        addresses = clients.claimed(backend, *machines)
    print(f"\npostgresql 1,000 claims in one call: {time.monotonic() - began:.2f} s")
    assert (len(set(addresses)), addresses[0], addresses[-1]) == (1000, "10.0.0.1", "10.0.3.232")


def test_clients_that_are_killed_lose_nothing(
    options: dict[str, t.Any], tmp_path: Path, moments: random.Random, kills: Kills
) -> None:
    clients.register(options)
    wanted = kills(CLIENT_KILLS)
    logs: list[Path] = []
    running: list[tuple[t.Any, Path]] = []
    for _number in range(wanted):
        while len(running) < _AT_ONCE:
            log = tmp_path / f"{len(logs)}.log"
            process = clients.CONTEXT.Process(
                target=clients.live, args=(options, str(log), f"m{len(logs)}"), daemon=True
            )
            process.start()
            logs.append(log)
            running.append((process, log))
        victim, log = running.pop(moments.randrange(len(running)))
        moved = moments.randrange(120)  # so many bytes of its log, which are up to five steps
        _until(lambda log=log, moved=moved: _size([log]) > moved)  # type: ignore[misc]
        time.sleep(moments.uniform(0.0, 0.02))  # the moment
        victim.kill()
        victim.join()
    for each, _log in running:
        each.kill()
        each.join()
    told = clients.Told.of([log for log in logs if log.exists()])
    print(f"\npostgresql {wanted} clients killed, {len(told.must_hold)} claims acknowledged and kept")
    assert not told.errors
    assert told.must_hold
    told.check(clients.held(options))
    clients.consistent(options)


def test_a_server_that_is_killed_loses_nothing(tmp_path: Path, moments: random.Random, kills: Kills) -> None:
    server = Server("killed")
    try:
        server.make()
        options = empty_database(server)
        clients.register(options)
        running, logs = _lives(options, tmp_path)
        for _number in range(kills(SERVER_KILLS)):
            known = _size(logs)
            _until(lambda known=known: _size(logs) > known + 2000)  # type: ignore[misc]
            time.sleep(moments.uniform(0.0, 0.3))  # the moment
            server.kill()
            server.start()
        for each in running:
            each.kill()
            each.join()
        told = clients.Told.of(logs)
        print(
            f"\npostgresql server killed {kills(SERVER_KILLS)} times, {len(told.must_hold)} claims acknowledged and kept"
        )
        assert not told.errors, "a server that is back in time is no error"
        told.check(clients.held(options))
        clients.consistent(options)
    finally:
        server.remove()


def test_a_standby_that_takes_over_has_all_that_was_acknowledged(tmp_path: Path, moments: random.Random) -> None:
    primary, standby = Server("primary"), Server("standby")
    try:
        primary.make()
        standby.follow(primary)
        hosts = {"host": f"{primary.folder}/socket,{standby.folder}/socket", "port": f"{primary.port},{standby.port}"}
        options = {**primary.options, **hosts, "target_session_attrs": "read-write"}
        clients.register(options)
        running, logs = _lives(options, tmp_path)
        _until(lambda: _size(logs) > 20000)
        time.sleep(moments.uniform(0.0, 0.3))  # the moment
        primary.kill()
        before = _size(logs)
        standby.promote()
        _until(lambda: _size(logs) > before + 20000)
        for each in running:
            each.kill()
            each.join()
        told = clients.Told.of(logs)
        print(f"\npostgresql failover, {len(told.must_hold)} claims acknowledged and kept")
        assert not told.errors
        told.check(clients.held(options))
    finally:
        primary.remove()
        standby.remove()


def _lives(options: dict[str, t.Any], folder: Path) -> tuple[list[t.Any], list[Path]]:
    logs = [folder / f"{number}.log" for number in range(_AT_ONCE)]
    running = [
        clients.CONTEXT.Process(target=clients.live, args=(options, str(log), f"m{number}"), daemon=True)
        for number, log in enumerate(logs)
    ]
    for each in running:
        each.start()
    return running, logs


def _size(logs: t.Sequence[Path]) -> int:
    return sum(log.stat().st_size for log in logs if log.exists())


def _until(condition: t.Callable[[], bool], seconds: float = 300.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _run(processes: t.Sequence[t.Any]) -> None:
    for each in processes:
        each.start()
    for each in processes:
        each.join(300)
        assert each.exitcode == 0
