# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks as machines have them: each is confirmed, or refused before the change; none is rolled back where the network is not at fault.

Three in each play. IPv6 alone is in test_management.py; management over a VLAN on a bond needs a kernel that has them.
"""

from __future__ import annotations

import re
import subprocess
import typing as t

import pytest

from tests.data.keyfiles import DHCP, keyfile, static
from tests.testbed import cabling, network

from .conftest import (
    LAB,
    Controller,
    PlayResult,
    claimed,
    inside,
    pool,
    push_each,
    states,
    wait_until,
    warnings,
    wishes,
)

pytestmark = pytest.mark.variants

SERVER = "dns=192.168.122.1;"
ADDRESS = static("{mgmt-ip}/24", "{mgmt-ip.gateway}", SERVER)
WITHOUT_GATEWAY = static("{mgmt-ip}/24", "", SERVER)
ETH0 = keyfile("eth0", ADDRESS)


def eth1(number: int, *lines: str, more: str = "") -> str:
    """A keyfile for the second card."""
    return keyfile("eth1", static(f"172.16.0.{180 + number}/24", "", *lines), more=more)


def confirmed_and_unchanged(
    controller: Controller, wanted: t.Mapping[str, t.Mapping[str, t.Any]], **options: t.Any
) -> PlayResult:
    """Push twice: all of them are confirmed, and then nothing differs. What the first push said."""
    first = push_each(controller, wanted, **options)
    assert {node: first.failure(node) for node in wanted} == dict.fromkeys(wanted, ""), first.output
    second = push_each(controller, wanted, **options)
    assert {node: (second.failure(node), second.changed(node)) for node in wanted} == dict.fromkeys(wanted, ("", 0)), (
        second.output
    )
    return first


def test_two_ways_in_policy_routing_and_a_table_for_each_network(controller: Controller) -> None:
    """The inventory leads to the second card of node1, and both cards change."""
    rules = "route-table=200\nroute1=0.0.0.0/0,172.16.0.1\nrouting-rule1=priority 100 from 172.16.0.182/32 table 200"
    of_eth0 = static(
        "{mgmt-ip}/24",
        "{mgmt-ip.gateway}",
        SERVER,
        "route-table=100",
        "routing-rule1=priority 90 from {mgmt-ip}/32 table 100",
        "routing-rule2=priority 92 to 192.168.122.0/24 table 100",
    )
    of_eth1 = "route-table=200\nroute1=0.0.0.0/0,172.16.0.1\nrouting-rule1=priority 91 from 172.16.0.183/32 table 200"
    wanted = {
        "node1": wishes({"eth0": ETH0, "eth1": eth1(1)}, "mgmt-ip"),
        "node2": wishes({"eth0": ETH0, "eth1": eth1(2, rules)}, "mgmt-ip"),
        "node3": wishes({"eth0": keyfile("eth0", of_eth0), "eth1": eth1(3, of_eth1)}, "mgmt-ip"),
    }
    inventory = {"node1": {"ansible_host": network.lease(1, 1)}}
    confirmed_and_unchanged(controller, wanted, variables=inventory)
    for number, node in enumerate(controller.nodes.names):
        assert claimed(controller, node, "eth0") == f"192.168.122.{150 + number}/24"
        assert claimed(controller, node, "eth1") == f"172.16.0.{181 + number}/24"
    for node, priority in (("node2", "100:"), ("node3", "90:"), ("node3", "91:")):
        assert priority in inside(controller, node, "ip rule"), node
    assert "default via 172.16.0.1 dev eth1" in inside(controller, "node2", "ip route show table 200")


def test_large_packets_on_one_side_and_the_gateway_elsewhere_or_nowhere(controller: Controller) -> None:
    """MTU 9000 on the node alone; the gateway on the second card; no gateway at all, where there was one by DHCP."""
    wanted = {
        "node1": wishes({"eth0": keyfile("eth0", ADDRESS, more="[ethernet]\nmtu=9000")}, "mgmt-ip"),
        "node2": wishes(
            {
                "eth0": keyfile("eth0", WITHOUT_GATEWAY),
                "eth1": keyfile("eth1", static("172.16.0.182/24", "172.16.0.1")),
            },
            "mgmt-ip",
        ),
        # the other card's DHCP server here gives no gateway
        "node3": wishes({"eth0": keyfile("eth0", WITHOUT_GATEWAY)}, "mgmt-ip"),
    }
    confirmed_and_unchanged(controller, wanted)
    assert "mtu 9000" in inside(controller, "node1", "ip link show eth0")
    assert inside(controller, "node2", "ip route show default").startswith("default via 172.16.0.1 dev eth1")
    assert inside(controller, "node3", "ip route show default") == ""


def test_the_login_that_proves_a_way_is_cheap_where_one_with_longer_packets_came_the_same_way(
    controller: Controller,
) -> None:
    """Not where the size of packets changes with the address, nor where the user has chosen how keys are exchanged."""
    wanted = {
        "node1": wishes({"eth0": ETH0}, "mgmt-ip"),
        "node2": wishes({"eth0": keyfile("eth0", ADDRESS, more="[ethernet]\nmtu=1400")}, "mgmt-ip"),
        "node3": wishes({"eth0": ETH0}, "mgmt-ip"),
    }
    common = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
    chosen = {"ansible_ssh_common_args": f"{common} -o KexAlgorithms=ecdh-sha2-nistp521,curve25519-sha256"}
    moved = push_each(controller, wanted, arguments="-vvv", variables={"node3": chosen})
    assert moved.succeeded, moved.output
    addresses = [claimed(controller, node, "eth0").partition("/")[0] for node in wanted]
    calls = {each: re.findall(rf"<{re.escape(each)}> SSH: EXEC (.*)", moved.output) for each in addresses}
    first = ["KexAlgorithms=^" in calls[each][0] for each in addresses]
    # where ssh offers a cheap key exchange by itself there is nothing to choose
    run = subprocess.run(["ssh", "-F", "none", "-G", "x"], capture_output=True, text=True, check=True)
    is_dear = "kexalgorithms sntrup" in run.stdout
    assert first == [is_dear, False, False]


def test_another_subnet_another_cards_name_server_and_a_card_that_comes_later(controller: Controller) -> None:
    """node1 moves from one static address to one of another subnet of the same segment, whose gateway the controller has."""
    network.in_infrastructure(["ip", "address", "add", "10.20.30.1/24", "dev", "br0"])
    there = pool("10.20.30.40-10.20.30.50", 24, "10.20.30.1", name="there")
    wanted = {
        "node1": wishes({"eth0": ETH0}, "mgmt-ip"),
        "node2": wishes(
            {
                "eth0": keyfile("eth0", f"{DHCP}\nignore-auto-dns=true"),
                "eth1": eth1(2, "dns=172.16.0.1;"),
            }
        ),
        "node3": wishes({"eth0": keyfile("eth0"), "eth2": keyfile("eth2", static("172.16.0.203/24"))}),
    }
    first = confirmed_and_unchanged(controller, wanted)
    assert inside(controller, "node2", "grep ^nameserver /etc/resolv.conf").split() == ["nameserver", "172.16.0.1"]
    assert states(first, "node3") == {"eth0": "up", "eth2": "there is no interface eth2"}
    cabling.add_card(3, 2, "br1")
    elsewhere = {"eth0": keyfile("eth0", static("{other-ip}/24", "{other-ip.gateway}", SERVER))}
    both = wishes(elsewhere, "mgmt-ip")  # the first claim is kept: it leads to the host as it is
    both["ipAddresses"]["other-ip"] = {**both["ipAddresses"]["mgmt-ip"], "name": "there"}
    moved = confirmed_and_unchanged(controller, {"node1": both}, machine_network_pools=[LAB, there])
    assert claimed(controller, "node1", "eth0").startswith("10.20.30."), moved.output
    wait_until(lambda: claimed(controller, "node3", "eth2") == "172.16.0.203/24", "the card that came is up")
    third = push_each(controller, {node: wanted[node] for node in ("node2", "node3")})
    assert [third.changed(node) for node in ("node2", "node3")] == [0, 0], third.output
    assert states(third, "node3")["eth2"] == "up"
    assert "waits" not in warnings(third, "node3")


def test_three_hosts_whose_kernels_name_their_cards_differently(controller: Controller) -> None:
    """By MAC address each address comes to its cable."""
    cabling.rename_cards(2, {"eth0": "eth1", "eth1": "eth0"})
    cabling.rename_cards(3, {"eth0": "eth5", "eth1": "eth7"})
    for node in ("node2", "node3"):
        controller.nodes.boot_again(node, orderly=False)
    wanted = {}
    for number, node in enumerate(controller.nodes.names, 1):
        mac = f"[ethernet]\nmac-address={network.mac(number, 0)}"
        wanted[node] = wishes({"mgmt": keyfile("mgmt", ADDRESS, interface="", more=mac)}, "mgmt-ip")
    confirmed_and_unchanged(controller, wanted)
    for number, (node, card) in enumerate(zip(controller.nodes.names, ("eth0", "eth1", "eth5"))):
        assert claimed(controller, node, card) == f"192.168.122.{150 + number}/24"
