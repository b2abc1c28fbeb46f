# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configurations that have to survive a boot: each kind of push, and of its end."""

from __future__ import annotations

import time
import typing as t
from dataclasses import dataclass, field

from ..data.keyfiles import DHCP, OFF, keyfile, port, static
from ..testbed import cabling, network, node
from ..testbed.tools import TestBedError

Config = t.Mapping[str, t.Any]
_UUID = "4c1f6a52-3d4e-4a0f-9b60-8a5f00000001"


@dataclass(frozen=True)
class Step:
    """One change: a push of ``config``, a reset where there is none; ``fails`` says that it has to be rolled back or refused."""

    config: Config | None
    configurator: str = "nmconnections"
    fails: bool = False
    options: t.Mapping[str, t.Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Configuration:
    """What is done to a node, given its number, and where the controller finds it in the end: the router decides where it says nothing."""

    name: str
    steps: t.Callable[[int], t.Sequence[Step]]
    found_at: t.Callable[[int], str] = lambda number: ""
    prepare: t.Callable[[int], object] = lambda number: None
    ipv6_alone: bool = False

    @property
    def is_by_router(self) -> bool:
        """Whether the address in the end is one by router advertisement."""
        return not self.found_at(1)


def claimed(number: int) -> str:
    """The address that the controller has claimed for a node."""
    return f"192.168.122.{150 + number}"


def claimed_ipv6(number: int) -> str:
    """The same where there is no IPv4."""
    return f"fd00:122::{150 + number}"


def _eth0(number: int, *lines: str) -> str:
    return static(f"{claimed(number)}/24", "192.168.122.1", "dns=192.168.122.1;", *lines)


def _eth1(number: int, *lines: str) -> str:
    return static(f"172.16.0.{150 + number}/24", "", *lines)


def _push(make: t.Callable[[int], Config], **options: t.Any) -> t.Callable[[int], t.Sequence[Step]]:
    return lambda number: [Step(make(number), **options)]


def _pushed(name: str, make: t.Callable[[int], Config], **more: t.Any) -> Configuration:
    """A push that moves the node to its claimed address."""
    return Configuration(name, _push(make), claimed, **more)


def _leased(name: str, make: t.Callable[[int], Config], **more: t.Any) -> Configuration:
    """A push that leaves the node where its DHCP server put it."""
    return Configuration(name, _push(make), network.lease, **more)


def _bridge(number: int, lines: str = "", bridge: str = "stp=false") -> str:
    address = _eth0(number, *([lines] if lines else []))
    return keyfile("lab0", address, kind="bridge", connection=f"uuid={_UUID}", more=f"[bridge]\n{bridge}")


def _over_bridge(number: int, controller: str, lines: str = "", bridge: str = "stp=false") -> Config:
    return {"lab0": _bridge(number, lines, bridge), "lab0-port": port("lab0-port", controller, interface="eth0")}


def _asking_bridge(lines: str = "") -> Config:
    """One that has its lease through the port that comes after it."""
    bridge = keyfile("lab0", f"{DHCP}\n{lines}", kind="bridge", connection=f"uuid={_UUID}", more="[bridge]\nstp=false")
    return {"lab0": bridge, "lab0-port": port("lab0-port", _UUID, interface="eth0")}


def _static(number: int) -> Config:
    return {"eth0": keyfile("eth0", _eth0(number))}


def _with(name: str, text: t.Callable[[int], str]) -> t.Callable[[int], Config]:
    """A static eth0 and another profile."""
    return lambda number: {**_static(number), name: text(number)}


def _no_cable(number: int) -> None:
    """Pull the cable, and wait until NetworkManager has given up on it: until then it may still put the card into a bridge."""
    network.set_link(number, 1, False)
    deadline = time.monotonic() + 30
    while (
        "unavailable"
        not in node.look(f"node{number}", ["nmcli", "-g", "GENERAL.STATE", "device", "show", "eth1"]).stdout
    ):
        if time.monotonic() > deadline:
            raise TestBedError(f"NetworkManager on node{number} does not see that the cable is out")
        time.sleep(0.2)


def _nmstate(number: int, kind: str = "ethernet") -> Config:
    address = [{"ip": claimed(number), "prefix-length": 24}]
    other = [{"ip": f"172.16.0.{150 + number}", "prefix-length": 24}]
    name = "lab0" if kind == "linux-bridge" else "eth0"
    way: dict[str, t.Any] = {
        "name": name,
        "type": kind,
        "state": "up",
        "ipv4": {"enabled": True, "dhcp": False, "address": address},
    }
    if kind == "linux-bridge":
        way["bridge"] = {"options": {"stp": {"enabled": False}}, "port": [{"name": "eth0"}]}
    route = {"destination": "0.0.0.0/0", "next-hop-address": "192.168.122.1", "next-hop-interface": name}
    second = {
        "name": "eth1",
        "type": "ethernet",
        "state": "up",
        "ipv4": {"enabled": True, "dhcp": False, "address": other},
    }
    return {
        "interfaces": [way, *([{"name": "eth0", "type": "ethernet", "state": "up"}] if name != "eth0" else []), second],
        "routes": {"config": [route]},
        "dns-resolver": {"config": {"server": ["192.168.122.1"]}},
    }


def _rules(number: int) -> Config:
    of_eth1 = _eth1(
        number,
        "route-table=200",
        "route1=0.0.0.0/0,172.16.0.1",
        f"routing-rule1=priority 100 from 172.16.0.{150 + number}/32 table 200",
    )
    return {**_static(number), "eth1": keyfile("eth1", of_eth1)}


def _by_mac(number: int) -> Config:
    return {
        f"card{card}": keyfile(
            f"card{card}", lines, interface="", more=f"[ethernet]\nmac-address={network.mac(number, card)}"
        )
        for card, lines in enumerate((_eth0(number), _eth1(number)))
    }


def _priorities(number: int) -> Config:
    return {
        "plant": keyfile("plant", _eth0(number), interface="eth0", connection="autoconnect-priority=20"),
        "bench": keyfile("bench", "method=link-local", interface="eth0", connection="autoconnect-priority=5"),
    }


def _later(number: int) -> str:
    return keyfile("eth7", _eth1(number), connection="wait-device-timeout=2000")


_MODEM = keyfile("lte", f"{DHCP}\nroute-metric=2000", interface="", kind="gsm", more="[gsm]\napn=iot.test")
_VPN = keyfile(
    "remote-hands",
    interface="",
    kind="vpn",
    connection="autoconnect=false",
    more="[vpn]\nservice-type=org.freedesktop.NetworkManager.openvpn\nremote=vpn.lab.test\nconnection-type=tls",
)
_MACVLAN = "[macvlan]\nparent=eth1\nmode=2"


def _ipv6(number: int) -> Config:
    return {"eth0": keyfile("eth0", OFF, static(f"{claimed_ipv6(number)}/64", cabling.IPV6_GATEWAY))}


def _ipv6_alone(number: int) -> None:
    cabling.plug_into(number, 0, cabling.IPV6_BRIDGE)


def _silent(number: int) -> None:
    cabling.plug_into(number, 1, cabling.SILENT_BRIDGE)


_WRONG = keyfile("eth0", static("10.66.0.9/24", "10.66.0.254"))
_BRIDGE_OF_ETH1 = "[bridge]\nstp=false"

CONFIGURATIONS = (
    _pushed("a static address", _static),
    _pushed("two cards", _with("eth1", lambda number: keyfile("eth1", _eth1(number)))),
    _leased("DHCP", lambda number: {"eth0": keyfile("eth0")}),
    _leased(
        "DHCP, and storage without a route",
        lambda number: {
            "mgmt": keyfile("mgmt", interface="eth0"),
            "storage": keyfile("storage", static(f"10.99.7.{number}/24"), interface="eth1"),
        },
    ),
    _leased("DHCP and static IPv6", lambda number: {"eth0": keyfile("eth0", DHCP, static(f"fd00:77::{number}/64"))}),
    _leased(
        "DHCP and a second address", lambda number: {"eth0": keyfile("eth0", f"{DHCP}\naddress1=10.77.0.{number}/24")}
    ),
    _pushed(
        "no gateway",
        lambda number: {"eth0": keyfile("eth0", static(f"{claimed(number)}/24", "", "dns=192.168.122.1;"))},
    ),
    _pushed("a bridge, its port by uuid", lambda number: _over_bridge(number, _UUID)),
    _pushed("a bridge, its port by name", lambda number: _over_bridge(number, "lab0")),
    # listens and learns before it lets anything through
    Configuration(
        "a bridge with STP",
        _push(
            lambda number: _over_bridge(number, "lab0", bridge="stp=true\nforward-delay=2"), options={"deadline": 30}
        ),
        claimed,
    ),
    Configuration(
        "a bridge that changes, its port does not",
        lambda number: [Step(_over_bridge(number, _UUID)), Step(_over_bridge(number, _UUID, "dns-search=lab.test;"))],
        claimed,
    ),
    Configuration(
        "a bridge with DHCP that changes",
        lambda number: [Step(_asking_bridge()), Step(_asking_bridge("dns-search=lab.test;"))],
        network.lease,
    ),
    _pushed(
        "a bridge that brings its port",
        lambda number: {
            "lab0": _bridge(number).replace("type=bridge", "autoconnect-slaves=1\ntype=bridge"),
            "lab0-port": port("lab0-port", "lab0", interface="eth0", connection="autoconnect=false"),
        },
    ),
    _pushed(
        "a bridge beside the way in",
        lambda number: {
            **_static(number),
            "lan": keyfile("lan", _eth1(number), kind="bridge", more=_BRIDGE_OF_ETH1),
            "lan-port": port("lan-port", "lan", interface="eth1"),
        },
    ),
    _pushed(
        "a bridge without a cable",
        lambda number: {
            **_static(number),
            "lan": keyfile("lan", _eth1(number), kind="bridge", more=_BRIDGE_OF_ETH1),
            "lan-port": port("lan-port", "lan", interface="eth1"),
        },
        prepare=_no_cable,
    ),
    _pushed(
        "a bridge without ports",
        _with("virt", lambda number: keyfile("virt", static("10.55.0.1/24"), kind="bridge", more=_BRIDGE_OF_ETH1)),
    ),
    _pushed(
        "macvlan on a card", _with("mv0", lambda number: keyfile("mv0", _eth1(number), kind="macvlan", more=_MACVLAN))
    ),
    _pushed(
        "a pair of veth",
        lambda number: {
            **_static(number),
            "va": keyfile("va", static("10.56.0.1/24"), kind="veth", more="[veth]\npeer=vb"),
            # else NetworkManager asks for DHCP there, and its start takes as long
            "vb": keyfile("vb", static("10.57.0.2/24"), kind="veth", more="[veth]\npeer=va"),
        },
    ),
    Configuration("nmstate", _push(_nmstate, configurator="nmstate"), claimed),
    Configuration("nmc", _push(_nmstate, configurator="nmc"), claimed),
    Configuration(
        "a bridge by nmstate", _push(lambda number: _nmstate(number, "linux-bridge"), configurator="nmstate"), claimed
    ),
    _pushed("cards by MAC address", _by_mac),
    _pushed(
        "a card by match",
        _with("any", lambda number: keyfile("any", _eth1(number), interface="", more="[match]\ninterface-name=eth1;")),
    ),
    _pushed("policy routing", _rules),
    _pushed("MTU 9000", lambda number: {"eth0": keyfile("eth0", _eth0(number), more="[ethernet]\nmtu=9000")}),
    _pushed("two profiles for one card", _priorities),
    _pushed("no cable", _with("eth1", lambda number: keyfile("eth1", _eth1(number))), prepare=_no_cable),
    _pushed("no such card", _with("eth7", _later)),
    _pushed("a card without a DHCP server", _with("eth1", lambda number: keyfile("eth1")), prepare=_silent),
    _pushed(
        "autoconnect=false",
        _with("eth1", lambda number: keyfile("eth1", _eth1(number), connection="autoconnect=false")),
    ),
    _pushed("a modem and a VPN", lambda number: {**_static(number), "lte": _MODEM, "remote-hands": _VPN}),
    Configuration(
        "a profile that is dropped",
        lambda number: [Step({**_static(number), "eth1": keyfile("eth1", _eth1(number))}), Step(_static(number))],
        claimed,
    ),
    Configuration(
        "the way in is left to NetworkManager",
        lambda number: [
            Step({"eth0": keyfile("eth0", DHCP)}),
            Step({"eth1": keyfile("eth1", static("10.99.7.21/24"))}),
        ],
        network.lease,
    ),
    Configuration(
        "active, then autoconnect=false",
        lambda number: [
            Step({**_static(number), "eth1": keyfile("eth1", _eth1(number))}),
            Step({**_static(number), "eth1": keyfile("eth1", _eth1(number), connection="autoconnect=false")}),
        ],
        claimed,
    ),
    Configuration("IPv6 alone, static", _push(_ipv6), claimed_ipv6, _ipv6_alone, ipv6_alone=True),
    Configuration(
        "IPv6 alone, by the router",
        _push(lambda number: {"eth0": keyfile("eth0", OFF, DHCP)}),
        prepare=_ipv6_alone,
        ipv6_alone=True,
    ),
    Configuration(
        "IPv6 alone, reset",
        lambda number: [Step(_ipv6(number)), Step(None)],
        prepare=_ipv6_alone,
        ipv6_alone=True,
    ),
    Configuration(
        "reset",
        lambda number: [Step({**_static(number), "eth1": keyfile("eth1", _eth1(number))}), Step(None)],
        network.lease,
    ),
    Configuration("reset of a bridge", lambda number: [Step(_over_bridge(number, _UUID)), Step(None)], network.lease),
    Configuration("rolled back to DHCP", lambda number: [Step({"eth0": _WRONG}, fails=True)], network.lease),
    Configuration(
        "rolled back to static", lambda number: [Step(_static(number)), Step({"eth0": _WRONG}, fails=True)], claimed
    ),
    Configuration(
        "rolled back to a bridge",
        lambda number: [Step(_over_bridge(number, _UUID)), Step({"eth0": _WRONG}, fails=True)],
        claimed,
    ),
    Configuration(
        "required, and not there",
        lambda number: [Step({**_static(number), "eth7": _later(number)}, fails=True, options={"required": ["eth7"]})],
        network.lease,
    ),
    Configuration(
        "permissions, refused",
        lambda number: [
            Step({"eth0": _static(number)["eth0"].replace("type=", "permissions=user:operator:;\ntype=")}, fails=True)
        ],
        network.lease,
    ),
)
