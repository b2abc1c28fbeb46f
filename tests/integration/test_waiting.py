# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Profiles that are not up now, for a reason: they are installed, named, and come up when what they wait for comes."""

from __future__ import annotations

import pytest

from tests.data.keyfiles import DHCP, keyfile, port, static
from tests.testbed import cabling

from .conftest import (
    Controller,
    claimed,
    inside,
    installed,
    profiles,
    push_each,
    states,
    unplug,
    wait_until,
    warnings,
    wishes,
)

pytestmark = pytest.mark.variants

CONTROLLER = "192.168.122.1"
ADDRESS = static("{mgmt-ip}/24", "{mgmt-ip.gateway}", "dns=192.168.122.1;")
ETH0 = keyfile("eth0", ADDRESS)
SPARE = keyfile("spare", static("172.16.0.181/24"), interface="eth1")
# of the same interface: the one for the plant, and what a bench gives
PLANT = keyfile("plant", ADDRESS, interface="eth0", connection="autoconnect-priority=20")
BENCH = keyfile("bench", "method=link-local", interface="eth0", connection="autoconnect-priority=5")
MODEM = keyfile(
    "lte",
    f"{DHCP}\nroute-metric=2000",
    interface="",
    kind="gsm",
    connection="autoconnect-priority=-10",
    more="[gsm]\napn=iot.test",
)
VPN = keyfile(
    "remote-hands",
    interface="",
    kind="vpn",
    connection="autoconnect=false",
    more="[vpn]\nservice-type=org.freedesktop.NetworkManager.openvpn\nremote=vpn.lab.test\nconnection-type=tls\n"
    "ca=/etc/pki/vpn/ca.pem\ncert=/etc/pki/vpn/node.pem\nkey=/etc/pki/vpn/node.key",
)


def active(controller: Controller, node: str) -> dict[str, str]:
    """The name of the active profile by interface."""
    return {each[1]: each[0] for each in profiles(controller, node) if each[1]}


def test_what_is_not_up_waits_and_the_rest_is_confirmed(controller: Controller) -> None:
    """Two profiles for one interface; a card without its cable; a modem and a VPN that are not there."""
    unplug(controller, "node2", "eth1")
    wanted = {
        "node1": wishes({"plant": PLANT, "bench": BENCH}, "mgmt-ip"),
        "node2": wishes({"eth0": ETH0, "spare": SPARE}, "mgmt-ip"),
        "node3": wishes({"eth0": ETH0, "lte": MODEM, "remote-hands": VPN}, "mgmt-ip"),
    }
    first = push_each(controller, wanted)
    assert first.succeeded, first.output
    waiting = {
        "node1": {"plant": "up", "bench": "profile plant has the higher autoconnect-priority for eth0"},
        "node2": {"eth0": "up", "spare": "eth1 has no carrier"},
    }
    for node, expected in waiting.items():
        assert states(first, node) == expected
    assert "profile spare is installed and waits: eth1 has no carrier" in warnings(first, "node2")
    third = states(first, "node3")
    assert third.pop("eth0") == "up"
    assert set(third) == {"lte", "remote-hands"}
    assert all(reason not in ("", "up") for reason in third.values()), third
    assert all(
        f"profile {name} is installed and waits: {reason}" in warnings(first, "node3") for name, reason in third.items()
    )
    for number, node in enumerate(controller.nodes.names):
        assert claimed(controller, node, "eth0") == f"192.168.122.{150 + number}/24"
        assert len(installed(controller, node).splitlines()) == len(wanted[node]["config"])
    assert active(controller, "node1")["eth0"] == "plant"

    second = push_each(controller, wanted)
    assert second.succeeded, second.output
    for node in wanted:
        assert second.changed(node) == 0, second.output
        assert states(second, node) == states(first, node)
        assert warnings(second, node) == warnings(first, node)

    controller.nodes.link("node2", "eth1", "up")
    wait_until(lambda: claimed(controller, "node2", "eth1") == "172.16.0.181/24", "the spare card is up")
    third_run = push_each(controller, {"node2": wanted["node2"]})
    assert (third_run.changed("node2"), states(third_run, "node2")["spare"]) == (0, "up"), third_run.output
    assert "waits" not in warnings(third_run, "node2")

    controller.nodes.link("node2", "eth1", "down")  # a cable that is pulled later is no reason to fail, either
    wait_until(lambda: claimed(controller, "node2", "eth1") == "", "the spare card is down")
    pulled = push_each(controller, {"node2": wanted["node2"]})
    assert (pulled.succeeded, pulled.changed("node2")) == (True, 0), pulled.output
    assert states(pulled, "node2")["spare"] == "eth1 has no carrier"


def test_a_profile_waits_for_a_server_a_card_or_its_administrator(controller: Controller) -> None:
    """What is on an interface meanwhile stays; a DHCP server that does not answer holds nobody up for ever."""
    cabling.plug_into(2, 1, cabling.SILENT_BRIDGE)
    by_hand = SPARE.replace("type=", "autoconnect=false\ntype=")
    wanted = {
        "node1": wishes({"eth0": ETH0, "spare": by_hand}, "mgmt-ip"),
        "node2": wishes({"eth0": ETH0, "later": keyfile("later", interface="eth1")}, "mgmt-ip"),
        "node3": wishes({"eth0": ETH0, "eth7": keyfile("eth7", static("172.16.0.183/24"))}, "mgmt-ip"),
    }
    first = push_each(controller, wanted)
    assert first.succeeded, first.output
    assert states(first, "node1") == {"eth0": "up", "spare": "autoconnect=false"}
    assert states(first, "node2") == {"eth0": "up", "later": "no answer from a DHCP server or a router on eth1"}
    assert states(first, "node3") == {"eth0": "up", "eth7": "there is no interface eth7"}
    assert "172.16.0.181" not in inside(controller, "node1", "ip address")
    second = push_each(controller, wanted)
    for node in wanted:
        assert (second.changed(node), states(second, node)) == (0, states(first, node)), second.output
        assert warnings(second, node) == warnings(first, node)


def test_what_comes_late_may_not_take_the_route_to_the_controller(controller: Controller) -> None:
    """It is refused while it cannot be tried; else the trial needs it, and is rolled back: also where the device is slow to let go."""
    cut = keyfile("cut", f"{DHCP}\nroute1={CONTROLLER}/32,172.16.0.77\nroute-metric=1", interface="eth1")
    slow = "/etc/NetworkManager/dispatcher.d/pre-down.d"
    inside(
        controller,
        "node2",
        f"mkdir -p {slow}; printf '#!/bin/sh\nsleep 2\n' > {slow}/10-slow; chmod 755 {slow}/10-slow",
    )
    unplug(controller, "node3", "eth1")
    wanted = {node: wishes({"cut": cut}) for node in controller.nodes.names}
    result = push_each(controller, wanted)
    assert "would take the route to the controller" in result.failure("node3"), result.output
    for node in controller.nodes.names:  # the answer of a host may be lost with the route
        assert result.failure(node), result.output
        wait_until(
            lambda node=node: "eth0" in inside(controller, node, f"ip route get {CONTROLLER}"),  # type: ignore[misc]
            f"{node} is back",
        )
        assert installed(controller, node) == ""


def test_what_comes_late_is_waited_for_while_its_device_lets_go(controller: Controller) -> None:
    """A script of the host that takes seconds before an interface goes down is no reason to count a DHCP server out."""
    slow = "/etc/NetworkManager/dispatcher.d/pre-down.d"
    for number, node in enumerate(controller.nodes.names, 1):
        script = f"printf '#!/bin/sh\nsleep {number}\n' > {slow}/10-slow; chmod 755 {slow}/10-slow"
        inside(controller, node, f"mkdir -p {slow}; {script}")
    result = push_each(
        controller, {node: wishes({"data": keyfile("data", interface="eth1")}) for node in controller.nodes.names}
    )
    assert result.succeeded, result.output
    for node in controller.nodes.names:
        assert states(result, node) == {"data": "up"}


def test_a_required_profile_may_not_wait(controller: Controller) -> None:
    """By its id or the name of its file: refused before the change where that is known, else rolled back."""
    before = {node: (installed(controller, node), claimed(controller, node, "eth0")) for node in controller.nodes.names}
    unplug(controller, "node1", "eth1")
    cabling.plug_into(3, 1, cabling.SILENT_BRIDGE)
    wanted = {
        "node1": wishes({"eth0": ETH0, "spare": SPARE}, "mgmt-ip"),
        "node2": wishes({"eth0": ETH0, "eth7": keyfile("eth7", static("172.16.0.183/24"))}, "mgmt-ip"),
        "node3": wishes({"eth0": ETH0, "later": keyfile("later", interface="eth1")}, "mgmt-ip"),
    }
    required = {"node1": ["spare"], "node2": ["eth7.nmconnection"], "node3": ["later"]}
    own = {node: {"machine_network_required_profiles": names} for node, names in required.items()}
    result = push_each(controller, wanted, variables=own)
    for node, words in {
        "node1": "eth1 has no carrier",
        "node2": "there is no interface eth7",
        "node3": "later",
    }.items():
        assert words in result.failure(node), result.output
        assert required[node][0].removesuffix(".nmconnection") in result.failure(node)
        assert (installed(controller, node), claimed(controller, node, "eth0")) == before[node]
    assert "nothing was changed" in result.failure("node1")
    assert "rolled back" in result.failure("node3")

    controller.nodes.link("node1", "eth1", "up")
    with_cable = push_each(controller, {"node1": wanted["node1"]}, variables=own)
    assert with_cable.succeeded, with_cable.output
    assert states(with_cable, "node1") == {"eth0": "up", "spare": "up"}


def test_a_profile_that_goes_is_not_what_the_change_is_proven_on(controller: Controller) -> None:
    """The one that stays does not come up by itself: without the old one nothing leads to node1, and node2 has one network less."""
    off = "autoconnect=false"
    first = push_each(
        controller,
        {"node1": wishes({"eth0": ETH0}, "mgmt-ip"), "node2": wishes({"eth0": ETH0, "spare": SPARE}, "mgmt-ip")},
    )
    assert first.succeeded, first.output
    before = (installed(controller, "node1"), active(controller, "node1"))
    reserve = keyfile("reserve", static("172.16.0.181/24"), interface="eth1", connection=off)
    wanted = {
        "node1": wishes({"renamed": keyfile("renamed", ADDRESS, interface="eth0", connection=off)}, "mgmt-ip"),
        "node2": wishes({"eth0": ETH0, "reserve": reserve}, "mgmt-ip"),
    }
    result = push_each(controller, wanted)
    assert "nothing would bring eth0 up" in result.failure("node1"), result.output
    assert (installed(controller, "node1"), active(controller, "node1")) == before
    assert states(result, "node2") == {"eth0": "up", "reserve": off}
    assert "eth1" not in active(controller, "node2")
    assert push_each(controller, {"node2": wanted["node2"]}).changed("node2") == 0


SECRET_OF_AN_AGENT = "[802-1x]\neap=peap;\nidentity=node\npassword-flags=1\nphase2-auth=mschapv2"
REFUSED = {
    "permissions": ({"eth0": ETH0.replace("type=", "permissions=user:operator:;\ntype=")}, ["eth0", "permissions"]),
    "a secret of an agent": (
        {"eth0": ETH0, "spare": keyfile("spare", interface="eth1", more=SECRET_OF_AN_AGENT)},
        ["spare", "password-flags"],
    ),
    "an unknown secondary": (
        {"eth0": ETH0.replace("type=", "secondaries=4c1f6a52-3d4e-4a0f-9b60-8a5f0000000f;\ntype=")},
        ["eth0", "4c1f6a52-3d4e-4a0f-9b60-8a5f0000000f"],
    ),
    "equal priorities": (
        {"plant": PLANT, "bench": BENCH.replace("priority=5", "priority=20")},
        ["plant", "bench", "autoconnect-priority"],
    ),
    "nothing at the next boot": (
        {"eth0": ETH0.replace("type=", "autoconnect=false\ntype=")},
        ["eth0", "autoconnect=false"],
    ),
    "permissions of a port": (
        {
            "lan": keyfile("lan", ADDRESS, kind="bridge"),
            "eth0": port("eth0", "lan", connection="permissions=user:operator:;"),
        },
        ["eth0", "permissions"],
    ),
}


@pytest.mark.parametrize("names", [tuple(REFUSED)[:3], tuple(REFUSED)[3:]], ids=["by itself", "beside others"])
def test_what_would_not_come_up_unattended_is_refused_before_the_change(
    controller: Controller, names: tuple[str, ...]
) -> None:
    """In check mode too: NetworkManager activates it now, and not at the next boot."""
    nodes = controller.nodes.names
    before = {node: (installed(controller, node), active(controller, node)) for node in nodes}
    wanted = {node: wishes(REFUSED[name][0], "mgmt-ip") for node, name in zip(nodes, names)}
    claimed_already = push_each(
        controller, {node: wishes({"eth7": ETH0.replace("eth0", "eth7")}, "mgmt-ip") for node in nodes}
    )
    assert (
        not claimed_already.succeeded
    )  # in check mode nothing is claimed, and without an address nothing is looked at
    for arguments in ("--check", ""):
        result = push_each(controller, wanted, arguments=arguments)
        for node, name in zip(nodes, names):
            failure = result.failure(node)
            assert all(word in failure for word in REFUSED[name][1]), f"{name} {arguments}: {failure} {result.output}"
            assert "rolled back" not in failure
            assert (installed(controller, node), active(controller, node)) == before[node], name
