# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many nodes: what one of them does must not harm the others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.testbed import bed
from tests.testbed.fixtures import Nodes

from .conftest import REPOSITORY, ROUTED, Controller, claimed, inline_network, installed, pool


@pytest.fixture
def fleet(nodes: t.Any, tmp_path: Path) -> t.Iterator[t.Callable[[int], Controller]]:
    """A controller with so many nodes."""

    def boot(count: int) -> Controller:
        started = Nodes(count, os.environ.get("TESTBED_SUITE", "bookworm"))
        started.start()
        return Controller(started, tmp_path)

    bed.down()
    yield boot
    bed.down()
    nodes.start()


@pytest.fixture
def thief(tmp_path: Path) -> t.Iterator[t.Callable[[Controller, str], subprocess.Popen[str]]]:
    """Somebody who claims all the time."""
    running: list[subprocess.Popen[str]] = []

    def start(controller: Controller, pool_name: str) -> subprocess.Popen[str]:
        path = f"{controller.folder / 'collections'}:{REPOSITORY}"
        command = [
            sys.executable,
            str(Path(__file__).with_name("thief.py")),
            str(controller.database),
            pool_name,
            "300",
        ]
        running.append(
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path})
        )
        return running[0]

    yield start
    for process in running:
        process.kill()
        process.communicate()


def test_no_address_is_given_out_while_a_node_has_it(
    fleet: t.Callable[[int], Controller], thief: t.Callable[[Controller, str], subprocess.Popen[str]]
) -> None:
    """A reset of 20 nodes in batches, two of them cut off, while somebody claims every address that becomes free."""
    controller = fleet(20)
    network = inline_network({"eth0": ROUTED}, pool("192.168.122.150-192.168.122.169", 24, "192.168.122.1"))
    configured = controller.play("configure", **network)
    assert configured.succeeded, configured.output
    lost = {"node3", "node17"}
    for node in lost:
        controller.nodes.link(node, "eth0", "down")
    before = {claim["machine"]: claim["address"] for claim in controller.claims()}
    claiming = thief(controller, "test-pool")

    result = controller.play("reset", machine_network_serial=5)

    assert {node for node in controller.nodes.names if result.failure(node)} == lost, result.output
    released = {address for machine, address in before.items() if machine not in lost}
    # the thief gets every address that was released, sooner or later
    stolen = [json.loads(t.cast("t.IO[str]", claiming.stdout).readline()) for _address in released]
    assert {each["address"] for each in stolen} == released
    assert [each for each in stolen if each["still"]] == []
    kept = {
        claim["machine"]: claim["address"] for claim in controller.claims() if not claim["machine"].startswith("thief")
    }
    assert kept == {machine: before[machine] for machine in lost}


def test_a_rolling_change_stops_early_and_leaves_no_trial_open(fleet: t.Callable[[int], Controller]) -> None:
    """50 nodes in batches of 10; three of the second batch would be cut off, more than 20 percent."""
    controller = fleet(50)
    variables = inline_network({"eth0": ROUTED}, pool("192.168.122.150-192.168.122.200", 24, "192.168.122.1"))
    controller.set_hosts(**variables)
    (controller.inventory / "host_vars").mkdir()
    for number in (13, 15, 19):
        wrong = {
            "configurator": "nmconnections",
            "config": {"eth0": ROUTED.partition("address1=")[0] + "address1=10.99.0.5/24\n"},
        }
        (controller.inventory / f"host_vars/node{number}.yml").write_text(yaml.safe_dump({"machine_network": wrong}))

    result = controller.play(
        "configure",
        machine_network_serial=10,
        machine_network_max_fail_percentage=20,
        machine_network_rollback_timeout=30,
    )

    assert not result.succeeded
    failed = {node for node in controller.nodes.names if result.failure(node)}
    assert failed == {"node13", "node15", "node19"}, result.output
    untouched = [node for node in controller.nodes.names if not installed(controller, node)]
    assert set(untouched) == failed | {f"node{number}" for number in range(21, 51)}
    for node in controller.nodes.names:
        number = int(node.removeprefix("node"))
        expected = 10 + number if node in untouched else None
        if expected:
            assert claimed(controller, node, "eth0") == f"192.168.122.{expected}/24"
        left = controller.nodes.oob(node, ["find", "/run/elemental-networking", "-name", "trial*"]).stdout
        assert left == ""
