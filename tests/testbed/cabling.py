# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other cabling than the usual: a segment with IPv6 alone, one without DHCP, cards that come later or have other names, another MTU.

What is plugged elsewhere belongs to one node, so that nodes with other cabling stand beside those with the usual one. A reboot keeps it.
"""

from __future__ import annotations

import json
import re
import threading
import typing as t
from pathlib import Path

from . import network, places
from .tools import ip_batch, run

# router advertisements and DHCPv6, and no IPv4 at all
IPV6_BRIDGE = "br6"
IPV6_GATEWAY = "fd00:122::1"
# nothing answers there
SILENT_BRIDGE = "br9"
_MTU = 1500
# nodes work in parallel
_LOCK = threading.Lock()


def plug_into(number: int, card: int, bridge: str) -> None:
    """Plug a node's network card into another segment; its cable is out for a moment."""
    plug = network.plug(number, card)
    with _LOCK:
        _ensure(bridge)
        ip_batch([f"link set {plug} down", f"link set {plug} master {bridge} up"], places.INFRASTRUCTURE)
        if bridge == IPV6_BRIDGE:
            _serve_ipv6()


def add_card(number: int, card: int, bridge: str) -> None:
    """Give a node one more network card, while it runs."""
    _ensure(bridge)
    name, plug = f"eth{card}", network.plug(number, card)
    inside = places.namespace(places.node_name(number))
    ends = f"link add {name} netns {inside} address {network.mac(number, card)} type veth peer name {plug}"
    ip_batch([f"{ends} netns {places.INFRASTRUCTURE}"])
    ip_batch([f"link set {plug} master {bridge} up"], places.INFRASTRUCTURE)


def rename_cards(number: int, names: t.Mapping[str, str]) -> None:
    """Give a node's network cards other names (all begin with ``eth``), as another kernel would. The node has to be booted afterwards."""
    inside = places.namespace(places.node_name(number))
    ip_batch([f"link set {old} down name {old}x" for old in names], inside)
    ip_batch([f"link set {old}x name {new}" for old, new in names.items()], inside)


def set_mtu(number: int, card: int, mtu: int) -> None:
    """Set how long a packet the other end of a node's network card takes."""
    ip_batch([f"link set {network.plug(number, card)} mtu {mtu}"], places.INFRASTRUCTURE)


def restore(number: int) -> None:
    """The usual cabling of a node. It has to be booted afterwards, where something else was there."""
    inside = places.namespace(places.node_name(number))
    cards = range(len(network.SEGMENTS))
    plugs = {link["ifname"] for link in _links(places.INFRASTRUCTURE)}
    more = [plug for plug in plugs if re.fullmatch(f"n{number}eth[0-9]+", plug)]
    ip_batch(
        [f"link del {plug}" for plug in more if plug not in [network.plug(number, card) for card in cards]],
        places.INFRASTRUCTURE,
    )
    # a bridge has the address of its port
    by_mac = {link["address"]: link["ifname"] for link in _links(inside) if link["ifname"].startswith("eth")}
    moved = {by_mac[network.mac(number, card)]: f"eth{card}" for card in cards}
    if any(old != new for old, new in moved.items()):
        rename_cards(number, moved)
    for card in cards:
        line = f"link set {network.plug(number, card)} master {network.SEGMENTS[card].bridge} mtu {_MTU} up"
        ip_batch([line], places.INFRASTRUCTURE)


def _links(namespace: str) -> list[dict[str, t.Any]]:
    found: list[dict[str, t.Any]] = json.loads(run("ip", "-n", namespace, "-j", "link").stdout)
    return found


def _ensure(bridge: str) -> None:
    if any(link["ifname"] == bridge for link in _links(places.INFRASTRUCTURE)):
        return
    lines = [f"link add {bridge} type bridge forward_delay 0"]
    if bridge == IPV6_BRIDGE:
        lines.append(f"addr add {IPV6_GATEWAY}/64 dev {bridge} nodad")
    ip_batch([*lines, f"link set {bridge} up"], places.INFRASTRUCTURE)
    # else its own address for router advertisements is not there when dnsmasq starts
    network.in_infrastructure(["sh", "-c", f"echo 0 > /proc/sys/net/ipv6/conf/{bridge}/accept_dad"])


def _serve_ipv6() -> None:
    """Router advertisements with addresses, once per bed: they need a segment where a card is plugged in."""
    pid = Path(f"{places.RUN}/dnsmasq6.pid")
    if pid.exists():
        return
    options = ["--conf-file=/dev/null", "--user=root", "--no-hosts", "--no-resolv", "--bind-dynamic", "--enable-ra"]
    options += [
        f"--interface={IPV6_BRIDGE}",
        "--except-interface=lo",
        f"--dhcp-range={IPV6_GATEWAY[:-1]},ra-only,64,1h",
    ]
    options += [f"--pid-file={pid}", f"--log-facility={places.RUN}/dnsmasq6.log", "--domain=nodes.test"]
    network.in_infrastructure(["dnsmasq", *options])
