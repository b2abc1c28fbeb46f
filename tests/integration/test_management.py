# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The management connection: where it stays the controller comes in as before, where it moves over any new address of that interface."""

from __future__ import annotations

import json
import typing as t

from tests.data.keyfiles import DHCP, OFF, keyfile, port, static
from tests.testbed import cabling
from tests.testbed.network import lease

from .conftest import Controller, claimed, inside, pool, push_each, states, unplug, wait_until, warnings, wishes

ADDRESS = static("{mgmt-ip}/24", "{mgmt-ip.gateway}", "dns=192.168.122.1;")
UUID = "4c1f6a52-3d4e-4a0f-9b60-8a5f00000001"
STORAGE = keyfile("storage", static("10.99.7.2{}/24"), interface="eth1")
BRIDGE = keyfile("lab0", ADDRESS, kind="bridge", connection=f"uuid={UUID}", more="[bridge]\nstp=false")


def ports(controller: Controller, node: str, bridge: str) -> list[str]:
    """The interfaces that the kernel has in a bridge."""
    return [each["ifname"] for each in json.loads(inside(controller, node, f"ip -j link show master {bridge}") or "[]")]


def is_up(controller: Controller, node: str, interface: str) -> bool:
    """Whether it has a carrier and NetworkManager has configured it."""
    shown: list[dict[str, t.Any]] = json.loads(inside(controller, node, f"ip -j link show {interface}") or "[]")
    state = inside(controller, node, f"nmcli -g GENERAL.STATE device show {interface}")
    return bool(shown) and "LOWER_UP" in shown[0]["flags"] and state.startswith("100")


def test_a_static_address_elsewhere_is_not_where_the_controller_has_to_come_in(controller: Controller) -> None:
    """Management on DHCP: a storage network without a route, a static address of the other family, a second one on the same card."""
    mgmt, storage = keyfile("mgmt", interface="eth0"), keyfile("storage", static("10.99.7.21/24"), interface="eth1")
    both_families = keyfile("eth0", DHCP, static("fd00:77::21/64"))
    wanted = {
        "node1": wishes({"mgmt": mgmt, "storage": storage}),
        "node2": wishes({"eth0": both_families}),
        "node3": wishes({"eth0": keyfile("eth0", f"{DHCP}\naddress1=10.77.0.21/24")}),
    }
    first = push_each(controller, wanted)
    assert first.succeeded, first.output
    addresses = {"node1": "10.99.7.21/24", "node2": "fd00:77::21/64", "node3": "10.77.0.21/24"}
    for number, node in enumerate(controller.nodes.names):
        assert (first.changed(node) > 0, set(states(first, node).values())) == (True, {"up"})
        assert f" {addresses[node]} " in inside(controller, node, "ip -o address")
        assert f" {lease(number + 1)}/24 " in inside(controller, node, "ip -o address show eth0")

    wanted["node1"] = wishes({"mgmt": mgmt, "storage": storage.replace("7.21", "7.22")})
    second = push_each(controller, wanted)
    assert [second.changed(node) for node in controller.nodes.names] == [1, 0, 0], second.output
    assert claimed(controller, "node1", "eth1") == "10.99.7.22/24"


def test_the_way_in_is_left_to_networkmanager(controller: Controller) -> None:
    """Its profile goes, be it of a reset, and only a network changes that leads nowhere: the lease that it has then is the way in."""
    before = {node: wishes({"mgmt": keyfile("mgmt", interface="eth0")}) for node in controller.nodes.names}
    assert push_each(controller, before).succeeded
    assert controller.play("reset", machine_network_hosts="node2").succeeded
    wanted = {node: wishes({"storage": STORAGE.format(number)}) for number, node in enumerate(controller.nodes.names)}
    first = push_each(controller, wanted)
    assert first.succeeded, first.output
    for node in wanted:
        has_both(controller, node)
    second = push_each(controller, wanted)
    assert [second.changed(node) for node in controller.nodes.names] == [0, 0, 0], second.output


def test_a_card_that_is_left_to_networkmanager_is_configured_as_a_boot_would(controller: Controller) -> None:
    """NetworkManager makes a profile of its own for a card only when it starts, and where no file has one: here there was one.

    On node1 it makes none (RHEL's NetworkManager-config-server): there the change would cut the host off at the next boot.
    """
    names = controller.nodes.names
    assert push_each(
        controller, {node: wishes({"mgmt": keyfile("mgmt", interface="eth0")}) for node in names}
    ).succeeded
    makes_no_profiles(controller, "node1")
    assert controller.play("reset", machine_network_hosts="node2").succeeded
    boot_all(controller)
    wanted = {node: wishes({"storage": STORAGE.format(number)}) for number, node in enumerate(names)}
    is_without = {
        "type": "command",
        "name": "storage is dark",
        "command": "! ip -o address show eth1 | grep -q 10.99.7.",
    }
    undone = push_each(
        controller, {"node3": wanted["node3"]}, machine_network_probes=[is_without], machine_network_rollback_timeout=10
    )
    assert "passed before and fails now" in undone.output
    assert "until the next boot" not in inside(controller, "node3", "nmcli -g NAME connection")
    all_but_node1_are_configured(controller, wanted)


def test_a_profile_that_goes_with_the_change_does_not_carry_its_proof(controller: Controller) -> None:
    """A second profile of the card takes it as soon as the first one is gone, until it goes as well, or is one for another card.

    node1 would have neither a profile nor an address then: it makes none by itself.
    """
    names = controller.nodes.names
    two = {
        "mgmt": keyfile("mgmt", interface="eth0", connection="autoconnect-priority=10"),
        "fallback": keyfile("fallback", interface="eth0", connection="autoconnect-priority=0"),
    }
    assert push_each(controller, {node: wishes(two) for node in names}).succeeded
    makes_no_profiles(controller, "node1")
    boot_all(controller)
    wanted = {node: wishes({"storage": STORAGE.format(number)}) for number, node in enumerate(names)}
    wanted["node3"] = wishes({"fallback": STORAGE.format(2).replace("storage", "fallback")})
    all_but_node1_are_configured(controller, wanted)


def makes_no_profiles(controller: Controller, node: str) -> None:
    """As with RHEL's NetworkManager-config-server, from its next start on."""
    server = "/etc/NetworkManager/conf.d/server.conf"
    inside(controller, node, f"printf '[main]\\nno-auto-default=*\\n' > {server}")


def all_but_node1_are_configured(controller: Controller, wanted: t.Mapping[str, t.Any]) -> None:
    """node1 is rolled back; the others have a lease beside what they ask for, now and after a boot, and a second run changes nothing."""
    first = push_each(controller, wanted, machine_network_rollback_timeout=20)
    assert [node for node in wanted if f"fatal: [{node}]" in first.output] == ["node1"], first.output
    assert "rolled back after trying" in first.output
    others = {node: each for node, each in wanted.items() if node != "node1"}
    for _time in ("now", "after a boot"):
        for node in others:
            has_both(controller, node)
        again = push_each(controller, others)
        assert [again.changed(node) for node in others] == [0, 0], again.output
        boot_all(controller)


def boot_all(controller: Controller) -> None:
    """In good order."""
    for node in controller.nodes.names:
        controller.nodes.boot_again(node)


def has_both(controller: Controller, node: str) -> None:
    """A lease on the first card, without a file for it, and the address on the second one."""
    number = controller.nodes.names.index(node)
    with_lease = f" {lease(number + 1)}/24 "
    wait_until(lambda: with_lease in inside(controller, node, "ip -o address show eth0"), f"a lease on {node}")
    assert f" 10.99.7.2{number}/24 " in inside(controller, node, "ip -o address show eth1")
    assert inside(controller, node, "grep -l eth0 -r /etc/NetworkManager/system-connections || true") == ""


def test_a_bridge_changes_and_its_port_does_not(controller: Controller) -> None:
    """The port names it by uuid, or by name; and a card of which one new address leads to the controller, the other nowhere."""
    # NetworkManager activates the ports of the one by itself, and with its port the other one
    bringing, brought = (
        BRIDGE.replace("type=", f"{key}\ntype=") for key in ("autoconnect-slaves=1", "autoconnect=false")
    )
    second_address = keyfile(
        "eth0", f"{static('10.88.0.21/24')}\naddress2={{mgmt-ip}}/24,{{mgmt-ip.gateway}}\ndns=192.168.122.1;"
    )
    wanted = {
        "node1": wishes({"lab0": bringing, "lab0-port": port("lab0-port", UUID, interface="eth0")}, "mgmt-ip"),
        "node2": wishes({"lab0": brought, "lab0-port": port("lab0-port", "lab0", interface="eth0")}, "mgmt-ip"),
        "node3": wishes({"eth0": second_address}, "mgmt-ip"),
    }
    first = push_each(controller, wanted)
    assert first.succeeded, first.output
    assert "192.168.122.152/24" in inside(controller, "node3", "ip address show eth0")
    changed = {
        node: {
            **network,
            "config": {
                **network["config"],
                "lab0": network["config"]["lab0"].replace("dns=", "dns-search=lab.test;\ndns="),
            },
        }
        for node, network in wanted.items()
        if node != "node3"
    }
    for expected in (1, 0):
        result = push_each(controller, changed)
        assert result.succeeded, result.output
        for number, node in enumerate(changed):
            assert result.changed(node) == expected, result.output
            assert states(result, node) == {"lab0": "up", "lab0-port": "up"}
            assert ports(controller, node, "lab0") == ["eth0"]
            assert is_up(controller, node, "lab0")
            assert claimed(controller, node, "lab0") == f"192.168.122.{150 + number}/24"
            assert "lab.test" in inside(controller, node, "cat /etc/resolv.conf")


def test_a_bridge_brings_its_ports_whatever_their_order(controller: Controller) -> None:
    """NetworkManager begins them with the bridge, and the bridge with the first of them; it may even begin one twice."""
    bringing = BRIDGE.replace("type=", "autoconnect-slaves=1\ntype=")
    brought = port("lab0-port", "lab0", interface="eth0")
    waiting = port("lab0-port", "lab0", interface="eth0", connection="autoconnect=false")
    wanted = {
        "node1": wishes({"lab0": bringing, "lab0-port": waiting}, "mgmt-ip"),
        "node2": wishes({"lab0-port": brought, "lab0": bringing}, "mgmt-ip"),
        "node3": wishes({"lab0": bringing, "lab0-port": brought}, "mgmt-ip"),
    }
    for changed in (True, False):
        result = push_each(controller, wanted)
        assert result.succeeded, result.output
        for number, node in enumerate(wanted):
            assert (result.changed(node) > 0) is changed, result.output
            assert ports(controller, node, "lab0") == ["eth0"]
            assert is_up(controller, node, "lab0")
            assert claimed(controller, node, "lab0") == f"192.168.122.{150 + number}/24"


def test_a_bridge_is_up_with_its_port_and_a_carrier(controller: Controller) -> None:
    """Without the cable of its port it waits, and comes up with it; one that wants no port holds nobody up."""
    unplug(controller, "node1", "eth1")
    bridge = keyfile("lan", static("172.16.0.160/24"), kind="bridge", more="[bridge]\nstp=false")
    config = {"lan": bridge, "lan-port": port("lan-port", "lan", interface="eth1")}
    wanted = {
        "node1": wishes(config),
        "node2": wishes({"virt": keyfile("virt", static("10.55.0.1/24"), kind="bridge", more="[bridge]\nstp=false")}),
        "node3": wishes(
            {**config, "lan": bridge.replace("stp=false", "stp=true\nforward-delay=2").replace("160", "163")}
        ),
    }
    first = push_each(controller, wanted)
    assert first.succeeded, first.output
    assert "eth1" in states(first, "node1")["lan-port"]
    assert states(first, "node1")["lan"] != "up"
    assert "profile lan is installed and waits" in warnings(first, "node1")
    assert states(first, "node3") == {"lan": "up", "lan-port": "up"}
    second = push_each(controller, wanted)
    assert [second.changed(node) for node in controller.nodes.names] == [0, 0, 0], second.output
    controller.nodes.link("node1", "eth1", "up")
    wait_until(lambda: ports(controller, "node1", "lan") == ["eth1"], "the port is in the bridge")
    wait_until(lambda: is_up(controller, "node1", "lan"), "the bridge is up")
    third = push_each(controller, {"node1": wanted["node1"]})
    assert (third.changed("node1"), set(states(third, "node1").values())) == (0, {"up"}), third.output


def on_ipv6_alone(controller: Controller) -> str:
    """Plug node1's eth0 into a segment without IPv4, let the inventory lead there, and give its address."""
    cabling.plug_into(1, 0, cabling.IPV6_BRIDGE)
    inside(controller, "node1", "nmcli device disconnect eth0; nmcli device connect eth0")
    return follow_the_router(controller, lease(1))


def follow_the_router(controller: Controller, before: str) -> str:
    """Let the inventory lead to the address that node1 has by router advertisement, instead of the one before; gives it."""
    look = "ip -6 -o address show eth0 scope global -tentative"

    def addresses() -> list[str]:
        return [line.split()[3].split("/")[0] for line in inside(controller, "node1", look).splitlines()]

    wait_until(lambda: bool(addresses()), "an address by router advertisement")
    inventory = controller.inventory / "hosts"
    inventory.write_text(inventory.read_text().replace(f"ansible_host={before}", f"ansible_host={addresses()[0]}"))
    return addresses()[0]


def test_ipv6_alone_is_configured_and_reset(controller: Controller) -> None:
    """A static address instead of the router's, and back: the controller comes in over it, then the claim is released."""
    before = on_ipv6_alone(controller)
    lab6 = pool("fd00:122::150-fd00:122::160", 64, cabling.IPV6_GATEWAY, name="lab")
    network = wishes({"eth0": keyfile("eth0", OFF, static("{v6}/{v6.prefix}", "{v6.gateway}"))}, "v6")
    only = {"machine_network_pools": [lab6]}
    first = push_each(controller, {"node1": network}, **only)
    assert first.succeeded, first.output
    assert " fd00:122::150/64 " in inside(controller, "node1", "ip -o address show eth0")
    second = push_each(controller, {"node1": network}, **only)
    assert (second.succeeded, second.changed("node1")) == (True, 0), second.output

    reset = controller.play("reset", machine_network_hosts="node1", **only)
    assert reset.succeeded, reset.output
    assert "fd00:122::150" not in inside(controller, "node1", "ip -o address show eth0")
    assert controller.claims() == []
    assert follow_the_router(controller, before).startswith(
        "fd00:122:"
    )  # which identifier it makes is the profile's affair
    again = controller.play("reset", machine_network_hosts="node1", **only)
    assert (again.succeeded, again.changed("node1")) == (True, 0), again.output
