# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renumber nodes while somebody claims all the time and the controller is killed at random moments: make test-renumber.

NODES=20 and KILLS=20 in the environment; SEED repeats the moments of a run.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import sys
import threading
import time
import typing as t
from pathlib import Path

import pytest

from tests.integration.conftest import ROUTED, Controller, pool, wishes
from tests.testbed import bed, network
from tests.testbed.fixtures import Nodes

from .watching import Background, Watcher

NODES = int(os.environ.get("NODES") or 20)
KILLS = int(os.environ.get("KILLS") or 20)
SEED = int(os.environ.get("SEED") or random.randrange(10**6))
RANGES = {"one": range(110, 150), "two": range(150, 190)}
POOLS = [pool(f"192.168.122.{r[0]}-192.168.122.{r[-1]}", 24, "192.168.122.1", name=name) for name, r in RANGES.items()]
ADDRESSES = {name: {f"192.168.122.{number}" for number in numbers} for name, numbers in RANGES.items()}
# so long after its controller died a node is back, in seconds
_BACK = 60.0


class Borrower(Background):
    """Claims what is free from both pools, looks who answers there, and gives it back, again and again."""

    def __init__(self, database: Path, watcher: Watcher, macs: t.Collection[str]) -> None:
        super().__init__()
        self._database, self._watcher, self._macs = database, watcher, set(macs)
        self.borrowed = 0
        self.in_use: list[tuple[str, str]] = []

    def _go_on(self) -> None:
        from ansible_collections.elemental.networking.plugins.module_utils._ipam import (
            claiming,
            factory,
            model,
            releasing,
        )

        options = factory.BackendOptions("embedded", str(self._database))
        for number in itertools.count():
            if self._over.is_set():
                return
            name = list(RANGES)[number % 2]
            reference = model.PoolReference("ipam.cluster.x-k8s.io", "InClusterIPPool", name)
            claims = [model.Claim("default", f"guest{each}-ip", f"guest{each}", "ip", reference) for each in range(5)]
            with factory.open_backend(options) as opened:
                bound = claiming.ensure_claims(
                    opened, [claiming.ClaimRequest(each) for each in claims], [], False
                ).bound
            answering = self._watcher.next_round()
            for each in bound:
                address = each.address.address if each.address else ""
                self.in_use += [(address, mac) for mac in answering.get(address, set()) & self._macs]
            self.borrowed += len(bound)
            with factory.open_backend(options) as opened:
                releases = [releasing.Release("default", each.name) for each in claims]
                releasing.release_claims(opened, releases, False)


@pytest.fixture
def controller(tmp_path: Path) -> t.Iterator[Controller]:
    """A controller with many nodes, each with an address from pool one."""
    bed.down()
    started = Nodes(NODES, os.environ.get("TESTBED_SUITE", "bookworm"))
    started.start()
    try:
        yield Controller(started, tmp_path / "controller")
    finally:
        bed.down()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where no kill of a play's processes looks for a path."""
    folder = tmp_path / "claims"
    folder.mkdir()
    return folder / "claims.sqlite"


def configure(controller: Controller, database: Path, name: str) -> t.Any:
    """Renumber all nodes to a pool."""
    asked = wishes({"eth0": ROUTED}, "inventory-ip")
    asked["ipAddresses"]["inventory-ip"] = {**asked["ipAddresses"]["inventory-ip"], "name": name}
    return controller.play(
        "configure",
        machine_network=asked,
        machine_network_pools=POOLS,
        machine_network_renumber=True,
        machine_network_serial=max(1, NODES // 4),
        machine_network_ipam_database=str(database),
    )


def killed(controller: Controller, database: Path, name: str, seconds: float) -> bool:
    """Renumber, and kill the controller after a while; whether it was still running then."""
    ended = threading.Event()

    def run() -> None:
        with contextlib.suppress(AssertionError):  # it left no result
            configure(controller, database, name)
        ended.set()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    was_running = not ended.wait(seconds)
    while not ended.wait(0.5):
        controller.kill()
    thread.join()
    return was_running


def homeless(watcher: Watcher, macs: t.Collection[str]) -> set[str]:
    """Nodes that answer for no address of either pool, long after their controllers died."""
    deadline = time.monotonic() + _BACK
    while True:
        answering = watcher.next_round()
        missing = set(macs) - {mac for found in answering.values() for mac in found}
        if not missing or time.monotonic() > deadline:
            return missing


def held(database: Path) -> dict[str, str]:
    """Addresses by claim, without those of the borrower."""
    from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_backend

    with open_backend(BackendOptions("embedded", str(database))) as opened:
        bound = opened.list_claims(None)
    return {each.claim.name: each.address.address for each in bound if each.address and "guest" not in each.claim.name}


def test_no_address_is_on_two_machines_and_none_is_lost(controller: Controller, database: Path) -> None:
    sys.path.insert(0, str(controller.folder / "collections"))
    moments = random.Random(SEED)
    macs = [network.mac(number, 0) for number in range(1, NODES + 1)]
    first = configure(controller, database, "one")
    assert first.succeeded, first.output
    target, other, kills = "two", "one", 0
    with Watcher(sorted(ADDRESSES["one"] | ADDRESSES["two"])) as watcher, Borrower(database, watcher, macs) as borrower:
        while kills < KILLS:
            seconds = moments.uniform(2.0, 12.0 + 2.0 * NODES)
            if killed(controller, database, target, seconds):
                kills += 1
                print(f"renumber kill {kills} after {seconds:.1f} s, {len(held(database))} claims", flush=True)
            else:  # all have moved: back again
                target, other = other, target
            assert not homeless(watcher, macs)
        last = configure(controller, database, target)
        assert last.succeeded, last.output
        answering = watcher.next_round()
    assert (watcher.twice, borrower.in_use) == ([], [])
    assert borrower.borrowed
    found = held(database)
    assert set(found) == {f"node{number}-inventory-ip" for number in range(1, NODES + 1)}
    assert set(found.values()) <= ADDRESSES[target]
    assert {found[f"node{number}-inventory-ip"]: {mac} for number, mac in enumerate(macs, 1)} == answering
    again = configure(controller, database, target)
    assert [node for node in controller.nodes.names if again.changed(node)] == []
    print(
        f"run renumber: {NODES} nodes, {kills} kills (SEED={SEED}), {borrower.borrowed} addresses borrowed, {watcher.rounds} rounds of ARP",
        flush=True,
    )
