# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configure on real nodes: what a user sees on the node and in the play."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from tests.testbed.network import lease

from .conftest import (
    DOCUMENTATION_MANIFEST,
    ETH0,
    ROUTED,
    Controller,
    PlayResult,
    claimed,
    inline_network,
    installed,
    pool,
    profiles,
)


def test_documentation_manifest_configures_all_nodes_and_a_second_run_changes_nothing(
    controller: Controller, manifest: Path
) -> None:
    """Claim, resolve, push, prove; then changed=0, no activation, one remote execution per node."""
    first = controller.play("configure", machine_network_manifest=str(manifest))
    assert first.succeeded, first.output
    addresses = []
    for number, node in enumerate(controller.nodes.names):
        assert claimed(controller, node, "eth0") == f"192.168.122.{150 + number}/24"
        assert claimed(controller, node, "eth1") == f"172.16.0.{150 + number}/24"
        files = {profile[2] for profile in profiles(controller, node) if profile[1] in ("eth0", "eth1")}
        assert files == {f"/etc/NetworkManager/system-connections/eth{card}.nmconnection" for card in (0, 1)}
        addresses.append(f"192.168.122.{150 + number}")
    for node in controller.nodes.names:
        for address in addresses:
            assert controller.nodes.oob(node, ["ping", "-c1", "-W2", address]).returncode == 0
    before = {node: profiles(controller, node) for node in controller.nodes.names}

    second = controller.play("configure", verbosity=3, machine_network_manifest=str(manifest))

    assert second.succeeded, second.output
    for node in controller.nodes.names:
        assert second.changed(node) == 0
        assert remote_executions(second.output, controller, node) == 1
        assert profiles(controller, node) == before[node]


def remote_executions(output: str, controller: Controller, node: str) -> int:
    """How often ssh ran a command on a node."""
    number = controller.nodes.names.index(node)
    hosts = (f"<192.168.122.{150 + number}>", f"<192.168.122.{11 + number}>")
    return sum("SSH: EXEC" in line and line.startswith(hosts) and "-O" not in line for line in output.splitlines())


def test_documentation_manifest_as_it_is_warns_of_its_gateway_and_rolls_back(controller: Controller) -> None:
    """192.168.1.1 is outside the subnet of eth0: NetworkManager accepts it, but no such gateway answers where one did before."""
    before = {node: installed(controller, node) for node in controller.nodes.names}
    result = controller.play("configure", machine_network_manifest=str(DOCUMENTATION_MANIFEST))
    assert "outside" in result.output
    for number, node in enumerate(controller.nodes.names):
        assert "probe gateway passed before and fails now (192.168.1.1 does not answer on eth0)" in result.failure(node)
        assert claimed(controller, node, "eth0") == f"192.168.122.{11 + number}/24"
        assert installed(controller, node) == before[node]


def test_unreachable_by_mistake_rolls_back_by_itself(controller: Controller) -> None:
    """eth0 moved to a subnet that nobody can reach: old address, old /etc, and a message that says what happened."""
    before = {node: (claimed(controller, node, "eth0"), installed(controller, node)) for node in controller.nodes.names}
    network = inline_network({"eth0": ETH0}, pool("10.99.0.10-10.99.0.20", 24))

    result = controller.play("configure", machine_network_rollback_timeout=6, **network)

    assert not result.succeeded
    for node in controller.nodes.names:
        assert "rolled back" in result.failure(node)
        assert "nothing was persisted" in result.failure(node)
        assert (claimed(controller, node, "eth0"), installed(controller, node)) == before[node]
        left = controller.nodes.oob(
            node, ["ls", "/run/NetworkManager/system-connections", "/run/elemental-networking"]
        ).stdout
        assert "elemental-networking-" not in left
        assert "trial" not in left


def test_check_mode_invents_no_address_and_changes_nothing(controller: Controller, manifest: Path) -> None:
    """--check on an empty database: would claim, but claims nothing and pushes nothing."""
    node = controller.nodes.names[0]
    before = claimed(controller, node, "eth0")
    result = controller.play("configure", arguments="--check --diff", machine_network_manifest=str(manifest))
    assert result.succeeded, result.output
    assert claimed(controller, node, "eth0") == before
    assert controller.claims() == []


def test_reset_gives_dhcp_back_and_releases(controller: Controller, manifest: Path) -> None:
    """DHCP proven, then the addresses released; a second reset changes nothing."""
    addresses = {node: claimed(controller, node, "eth0") for node in controller.nodes.names}
    assert controller.play("configure", machine_network_manifest=str(manifest)).succeeded

    result = controller.play("reset", machine_network_manifest=str(manifest))

    assert result.succeeded, result.output
    assert {node: claimed(controller, node, "eth0") for node in controller.nodes.names} == addresses
    assert controller.claims() == []
    again = controller.play("reset", machine_network_manifest=str(manifest))
    assert again.succeeded, again.output
    assert all(again.changed(node) == 0 for node in controller.nodes.names)


def test_a_node_that_cannot_be_reset_keeps_its_claims(controller: Controller, manifest: Path) -> None:
    """A node whose cables are cut: it is named, keeps its claims, and the others are released."""
    assert controller.play("configure", machine_network_manifest=str(manifest)).succeeded
    lost = controller.nodes.names[0]
    for card in ("eth0", "eth1"):
        controller.nodes.link(lost, card, "down")
    result = controller.play("reset", machine_network_manifest=str(manifest))
    for card in ("eth0", "eth1"):
        controller.nodes.link(lost, card, "up")
    assert not result.succeeded
    assert "keeps its claims" in result.output
    assert {claim["machine"] for claim in controller.claims()} == {lost}
    assert claimed(controller, lost, "eth0") == "192.168.122.150/24"


def test_another_host_on_the_inventorys_address_releases_nothing(controller: Controller, manifest: Path) -> None:
    """node1 is off and has its address; its old lease went to a host that this collection never touched."""
    only = {"machine_network_manifest": str(manifest), "machine_network_hosts": "node1"}
    assert controller.play("configure", **only).succeeded
    for card in ("eth0", "eth1"):
        controller.nodes.link("node1", card, "down")
    inventory = controller.inventory / Path(controller.nodes.inventory_path).name
    text = inventory.read_text()
    inventory.write_text(text.replace(f"ansible_host={lease(1)}", f"ansible_host={lease(2)}"))
    result = controller.play("reset", **only)
    inventory.write_text(text)
    for card in ("eth0", "eth1"):
        controller.nodes.link("node1", card, "up")
    assert "another machine (by its machine-id) than the one that has the addresses of node1" in result.failure("node1")
    assert {claim["machine"] for claim in controller.claims()} == {"node1"}


@pytest.mark.parametrize(
    ("keyfile", "failure"),
    [(ROUTED, "rolled back"), (ROUTED.replace("eth0", "eth7"), "eth7, which this host does not have")],
    ids=["rolled back", "refused"],
)
def test_a_host_whose_first_push_failed_is_reset(controller: Controller, keyfile: str, failure: str) -> None:
    """It runs on DHCP as before, and is known since it tried."""
    wanted = inline_network({"eth0": keyfile}, pool("10.99.0.10-10.99.0.20", 24, "10.99.0.1"))
    pushed = controller.play("configure", machine_network_hosts="node1", machine_network_rollback_timeout=8, **wanted)
    assert failure in pushed.failure("node1")
    assert len(controller.claims()) == 1
    result = controller.play("reset", machine_network_hosts="node1", **wanted)
    assert result.succeeded, result.output
    assert controller.claims() == []


SECRET = "correct-horse-battery"
# beside the secret, in the same keyfile; it may be seen
IDENTITY = "stapled-node"


def where_it_appears(controller: Controller, output: str, word: str) -> set[str]:
    """Whether a word is in the output of a play, in the journal of a node, or in a profile that is installed there."""
    found = {"output"} if word in output else set()
    for node in controller.nodes.names:
        profile = "/etc/NetworkManager/system-connections/eth0.nmconnection"
        looks = {"journal": ["journalctl", "--no-pager"], "profile": ["cat", profile]}
        found |= {name for name, command in looks.items() if word in controller.nodes.oob(node, command).stdout}
    return found


def test_secrets_never_appear(controller: Controller) -> None:
    """A password in a keyfile is in no output, diff or log, at any verbosity; the same search finds it where it must be."""
    secure = ETH0 + f"[802-1x]\neap=peap;\nidentity={IDENTITY}\npassword={SECRET}\nphase2-auth=mschapv2\n"
    addresses = pool("172.16.0.200-172.16.0.210", 24)

    def configure(keyfile: str, seconds: int) -> PlayResult:
        network = inline_network({"eth0": keyfile.replace("eth0", "eth1")}, addresses)
        options = {"machine_network_rollback_timeout": seconds, **network}
        return controller.play("configure", verbosity=5, arguments="--diff", **options)

    # no switch here takes the password: it is tried and rolled back
    tried = configure(secure, 15)
    assert "rolled back" in tried.failure("node1")
    assert where_it_appears(controller, tried.output, SECRET) == set()
    kept = configure(secure.replace("[connection]\n", "[connection]\nautoconnect=false\n"), 60)
    assert kept.succeeded, kept.output
    assert where_it_appears(controller, kept.output, SECRET) == {"profile"}
    # the file is shown, and only the secret in it is not
    assert where_it_appears(controller, kept.output, IDENTITY) >= {"output", "profile"}
    # what is logged is found
    controller.nodes.oob(controller.nodes.names[0], ["sh", "-c", f"logger {SECRET} && journalctl --sync"])
    assert where_it_appears(controller, kept.output, SECRET) == {"journal", "profile"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"config": {"eth0": "no keyfile\n"}}, ["eth0", "line 1"]),
        ({"config": {"eth0": ETH0.replace("{inventory-ip}", "{inventroy-ip}")}}, ["inventroy-ip", "inventory-ip"]),
        ({"config": {"eth0": ETH0.replace("eth0", "eth7")}}, ["eth7"]),
        ({"configurator": "netplan"}, ["netplan", "nmconnections"]),
        ({"ipAddresses": {"inventory-ip": {"kind": "InClusterIPPool", "name": "test-pool"}}}, ["apiGroup"]),
        (
            {
                "ipAddresses": {
                    "inventory-ip": {"apiGroup": "ipam.cluster.x-k8s.io", "kind": "InClusterIPPool", "name": "nowhere"}
                }
            },
            ["nowhere", "test-pool"],
        ),
        ({"config": {"eth0": ETH0.replace("{inventory-ip}/{inventory-ip.prefix}", "fd00::1/64")}}, ["fd00::1", "ipv4"]),
    ],
)
def test_bad_input_gives_one_sentence_and_changes_nothing(
    controller: Controller, change: t.Mapping[str, t.Any], words: t.Sequence[str]
) -> None:
    """Whatever is wrong, the message names it, without a traceback, and the node stays as it was."""
    node = controller.nodes.names[0]
    before = claimed(controller, node, "eth0"), installed(controller, node)
    network = inline_network({"eth0": ETH0}, pool("192.168.122.150-192.168.122.200", 24, "192.168.122.1"))
    network["machine_network"].update(change)
    result = controller.play("configure", **network)
    assert not result.succeeded
    assert all(word in result.failure(node) for word in words), result.failure(node)
    assert "Traceback" not in result.output
    assert (claimed(controller, node, "eth0"), installed(controller, node)) == before
    # which interfaces there are is known to the node only, after the claim; the next run gets the same address
    assert "eth7" in words or controller.claims() == []


def test_an_exhausted_pool_says_how_many(controller: Controller) -> None:
    """Two addresses for three machines: nobody gets one."""
    network = inline_network({"eth0": ETH0}, pool("192.168.122.150-192.168.122.151", 24, "192.168.122.1"))
    result = controller.play("configure", **network)
    assert not result.succeeded
    assert "2 free of 2, 3 claims ask" in result.output
    assert controller.claims() == []


def test_networkmanager_stopped_is_one_sentence(controller: Controller, manifest: Path) -> None:
    """The play says what to start."""
    node = controller.nodes.names[0]
    controller.nodes.oob(node, ["systemctl", "stop", "NetworkManager"])
    result = controller.play("configure", machine_network_manifest=str(manifest))
    assert not result.succeeded
    assert "not running" in result.failure(node)


def test_a_host_without_networkmanager_is_one_sentence(controller: Controller, manifest: Path) -> None:
    """The play says what to install, and claims of the other hosts are not held back by it."""
    node = controller.nodes.names[0]
    controller.nodes.oob(node, ["sh", "-c", "systemctl stop NetworkManager; mv /usr/sbin/NetworkManager /root/"])
    result = controller.play("configure", machine_network_manifest=str(manifest))
    assert "NetworkManager is not installed" in result.failure(node)
    assert "Traceback" not in result.output
    assert claimed(controller, controller.nodes.names[1], "eth0") == "192.168.122.151/24"


def test_two_hosts_with_the_same_claim_name_are_named(controller: Controller, manifest: Path) -> None:
    """The same machine name for all hosts: no host gets anything."""
    result = controller.play(
        "configure", machine_network_manifest=str(manifest), machine_network_machine_name="one-for-all"
    )
    assert not result.succeeded
    assert "one-for-all" in result.output
    assert "Traceback" not in result.output
    assert controller.claims() == []


@pytest.mark.parametrize(
    ("database", "words"),
    [("/proc/version", ["/proc/version"]), ("/proc/nowhere/db.sqlite", ["/proc/nowhere"])],
    ids=["not a database, read-only", "no such folder"],
)
def test_an_unusable_database_is_one_sentence(
    controller: Controller, manifest: Path, database: str, words: t.Sequence[str]
) -> None:
    """The play names the file and changes nothing."""
    node = controller.nodes.names[0]
    before = claimed(controller, node, "eth0"), installed(controller, node)
    result = controller.play(
        "configure", machine_network_manifest=str(manifest), machine_network_ipam_database=database
    )
    assert not result.succeeded
    assert all(word in result.failure(node) for word in words), result.failure(node)
    assert "Traceback" not in result.output
    assert (claimed(controller, node, "eth0"), installed(controller, node)) == before
