# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs in their containers, with real NetworkManager nodes: slices at once, a cancelled job, machines that fail."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import time
import typing as t

import pytest

from tests.awx.job import Inventory, Site, Template
from tests.testbed import places
from tests.testbed.fixtures import Nodes, nodes

__all__ = ["nodes"]  # fixtures are found here

_REFERENCE = {"apiGroup": "ipam.cluster.x-k8s.io", "kind": "InClusterIPPool", "name": "lab"}
_POOL = {
    "apiVersion": "ipam.cluster.x-k8s.io/v1alpha2",
    "kind": "InClusterIPPool",
    "metadata": {"name": "lab"},
    "spec": {"addresses": ["192.168.122.150-192.168.122.160"], "prefix": 24, "gateway": "192.168.122.1"},
}
_ETH0 = """[connection]
id=eth0
type=ethernet
interface-name=eth0
[ipv4]
method=manual
address1={inventory-ip}/{inventory-ip.prefix},{inventory-ip.gateway}
dns=192.168.122.1;
[ipv6]
method=disabled
"""
# passes before a change alone: the trial is never confirmed
_PROBES = [{"type": "command", "command": "! ip -4 address show eth0 | grep -q 192.168.122.15"}]
_NETWORK = {"configurator": "nmconnections", "ipAddresses": {"inventory-ip": _REFERENCE}, "config": {"eth0": _ETH0}}
_IS_UP = ["grep", "-q", '"phase": "activated"', "/run/elemental-networking/trial/trial.json"]
_LONG = 90


class World:
    """An AWX whose execution node is in the network of the nodes; the key of the machine credential goes to ssh-agent."""

    def __init__(self, site: Site, nodes: Nodes) -> None:  # noqa: F811
        self.site, self.nodes = site, nodes
        site.execution_node = ("nsenter", f"--net=/run/netns/{places.INFRASTRUCTURE}")

    def inventory(self, **variables: t.Mapping[str, t.Any]) -> Inventory:
        """The nodes at the addresses that DHCP gave them, as they were added to AWX."""
        addresses = dict(re.findall(r"^(\w+) ansible_host=(\S+)", self.nodes.inventory_path.read_text(), re.MULTILINE))
        hosts = {name: {"ansible_host": address} for name, address in addresses.items()}
        for name, own in variables.items():
            hosts[name] = {**hosts[name], **own}
        return Inventory(
            hosts,
            {
                "ansible_user": "root",
                "machine_network_rollback_timeout": 10,
                "machine_network_ipam_database": "/exposed/ipam.sqlite",
                "machine_network_pools": [_POOL],
                "machine_network": _NETWORK,
            },
        )

    def template(self, book: str = "configure", **options: t.Any) -> Template:
        """A template with the machine credential, and the folder of the database exposed."""
        volumes = (f"{self.site.exposed}:/exposed:z",)
        return Template(f"{book}.yml", f"Network {book}", volumes=volumes, ssh_key=places.KEY.read_text(), **options)

    def claims(self) -> dict[str, str]:
        """Who holds what."""
        with sqlite3.connect(self.site.exposed / "ipam.sqlite") as connection:
            return dict(connection.execute("SELECT machine, address FROM claims"))

    def carried(self, name: str) -> str:
        """The address of a node, as its kernel has it."""
        words = self.nodes.oob(name, ["ip", "-br", "-4", "address", "show", "eth0"]).stdout.split()
        return words[2].partition("/")[0] if len(words) > 2 else ""

    def wait_for_a_trial(self, name: str) -> None:
        """Wait until a node tries a change."""
        deadline = time.monotonic() + 60
        while self.nodes.oob(name, _IS_UP).returncode:
            assert time.monotonic() < deadline, "never: a trial"
            time.sleep(0.2)


@pytest.fixture
def world(site: Site, nodes: Nodes) -> t.Iterator[World]:  # noqa: F811
    yield World(site, nodes)
    nodes.restore()


def test_two_slices_configure_their_machines_at_once(world: World) -> None:
    ended = world.site.slices(world.inventory(), world.template(), 2)
    assert [each.status for each in ended] == ["successful"] * 2, ended[0].output + ended[1].output
    claims = world.claims()
    assert {name: world.carried(name) for name in world.nodes.names} == claims
    assert len(set(claims.values())) == len(claims) == 3
    # AWX goes on at the addresses of the inventory, where nobody is any more
    again = world.site.job(world.inventory(), world.template()).run()
    assert (again.status, sum(again.changed.values())) == ("successful", 0), again.output
    reset = world.site.job(world.inventory(), world.template("reset")).run()
    assert reset.status == "successful", reset.output
    assert world.claims() == {}


def test_a_job_that_was_cancelled_in_the_middle_of_a_push_and_launched_again_waits_and_goes_on(world: World) -> None:
    answers = {"machine_network_rollback_timeout": _LONG, "machine_network_probes": json.dumps(_PROBES)}
    job = world.site.job(world.inventory().slice(1, 3), world.template(answers=answers)).start()
    world.wait_for_a_trial("node1")
    job.cancel()
    same = {"machine_network_rollback_timeout": _LONG}
    again = world.site.job(world.inventory().slice(1, 3), world.template(answers=same)).run()
    assert again.status == "successful", again.output
    # at the address of the trial nothing shows that it is the host: no keys of it are recorded, and ssh does not check keys in AWX
    named, moved = f"for AWX job {job.number} on awx1: if that was cancelled", r"for \S+: if an AWX job was cancelled"
    assert re.search(rf"node1: waits up to \d+ s (?:{named}|{moved})", again.text), again.output
    assert again.artifacts["machine_network_of_node1"]["state"] == "changed"
    assert world.carried("node1") == world.claims()["node1"]


def test_one_machine_that_does_not_answer_and_one_that_is_rolled_back(world: World) -> None:
    world.nodes.link("node2", "eth0", "down")
    ended = world.site.job(world.inventory(node1={"machine_network_probes": _PROBES}), world.template()).run()
    assert ended.status == "failed"
    states = {each["host"]: (each["state"], each.get("error")) for each in ended.artifacts.values()}
    assert states == {
        "node1": ("rolled_back", "rolled_back"),
        "node2": ("unreachable", "unreachable"),
        "node3": ("changed", None),
    }
    assert world.carried("node3") == world.claims()["node3"]
    assert "PRIVATE KEY" not in ended.output


@pytest.fixture
def rootfs() -> t.Iterator[str]:
    """The files of the execution environment that test_execution_environment has built."""
    image = "localhost/elemental-ee:latest"
    podman = shutil.which("podman")
    if not podman or subprocess.run([podman, "image", "exists", image], check=False).returncode:
        pytest.skip("THE EXECUTION ENVIRONMENT DID NOT CONFIGURE A NODE: it was not built here")
    mounted = subprocess.run([podman, "image", "mount", image], capture_output=True, text=True, check=True)
    yield mounted.stdout.strip()
    subprocess.run([podman, "image", "unmount", image], capture_output=True, check=True)


def test_the_execution_environment_configures_nodes_with_nothing_but_what_is_in_it(world: World, rootfs: str) -> None:
    ended = world.site.job(world.inventory(), world.template(rootfs=rootfs)).run()
    assert ended.status == "successful", ended.output
    assert {name: world.carried(name) for name in world.nodes.names} == world.claims()
