# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes' networks, so that the documentation's manifests run unchanged: two segments, DHCP below .100 on both.

Each network card has a segment of its own: on a shared one a node answers its own duplicate address detection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from pathlib import Path

from . import places
from .tools import ip_batch, run


@dataclass(frozen=True)
class Segment:
    """A bridge in the infrastructure namespace; ``network`` is the first three numbers of its /24."""

    bridge: str
    network: str
    routed: bool


SEGMENTS = (Segment("br0", "192.168.122", routed=True), Segment("br1", "172.16.0", routed=False))


def lease(number: int, card: int = 0) -> str:
    """The DHCP address of a node's network card."""
    return f"{SEGMENTS[card].network}.{10 + number}"


def mac(number: int, card: int) -> str:
    """The hardware address of a node's network card."""
    return f"02:4e:4d:00:{card:02x}:{number:02x}"


def make_infrastructure(numbers: t.Sequence[int]) -> None:
    """The namespace where Ansible, DHCP and DNS run."""
    ip_batch([f"netns add {places.INFRASTRUCTURE}"])
    lines = ["link set lo up"]
    for segment in SEGMENTS:
        lines += [
            f"link add {segment.bridge} type bridge forward_delay 0",
            f"addr add {segment.network}.1/24 dev {segment.bridge}",
            f"link set {segment.bridge} up",
        ]
    ip_batch(lines, places.INFRASTRUCTURE)
    for segment in SEGMENTS:
        # a node's first packet often comes before its address: ask for it again soon, not after a second
        file = f"/proc/sys/net/ipv4/neigh/{segment.bridge}/retrans_time_ms"
        in_infrastructure(["sh", "-c", f"echo 50 > {file}"])
    _start_dhcp(numbers)


def _start_dhcp(numbers: t.Sequence[int]) -> None:
    hosts = [f"{mac(number, card)},{lease(number, card)}" for number in numbers for card in range(len(SEGMENTS))]
    (places.RUN / "dhcp-hosts").write_text("\n".join(hosts) + "\n")
    places.LEASES.write_text("")
    options = ["--conf-file=/dev/null", "--user=root", "--no-hosts", "--no-resolv", "--bind-interfaces", "--no-ping"]
    options += [
        "--dhcp-authoritative",
        f"--dhcp-hostsfile={places.RUN}/dhcp-hosts",
        f"--dhcp-leasefile={places.LEASES}",
    ]
    options += [
        f"--pid-file={places.RUN}/dnsmasq.pid",
        f"--log-facility={places.RUN}/dnsmasq.log",
        "--domain=nodes.test",
    ]
    for segment in SEGMENTS:
        options += [
            f"--interface={segment.bridge}",
            f"--dhcp-range={segment.network}.70,{segment.network}.99,255.255.255.0,1h",
        ]
        if not segment.routed:
            options.append(f"--dhcp-option=tag:{segment.bridge},option:router")
    in_infrastructure(["dnsmasq", *options])


def dhcp(running: bool) -> None:
    """Stop or start the DHCP server of both segments."""
    if running:
        numbers = range(1, 1 + len((places.RUN / "dhcp-hosts").read_text().split()) // len(SEGMENTS))
        _start_dhcp(numbers)
    else:
        run("kill", Path(f"{places.RUN}/dnsmasq.pid").read_text().strip())


def make_cards(numbers: t.Sequence[int]) -> None:
    """A namespace per node with its network cards, plugged into the segments."""
    ip_batch([f"netns add {places.namespace(places.node_name(number))}" for number in numbers])
    cards = [(number, card) for number in numbers for card in range(len(SEGMENTS))]
    ip_batch(
        [
            f"link add eth{card} netns {places.namespace(places.node_name(number))} address {mac(number, card)}"
            f" type veth peer name {plug(number, card)} netns {places.INFRASTRUCTURE}"
            for number, card in cards
        ]
    )
    plugs = [f"link set {plug(number, card)} master {SEGMENTS[card].bridge} up" for number, card in cards]
    ip_batch(plugs, places.INFRASTRUCTURE)


def plug(number: int, card: int) -> str:
    """The other end of a node's network card."""
    return f"n{number}eth{card}"


def set_link(number: int, card: int, up: bool) -> None:
    """Plug a node's cable in, or pull it."""
    ip_batch([f"link set {plug(number, card)} {'up' if up else 'down'}"], places.INFRASTRUCTURE)


def in_infrastructure(command: t.Sequence[str], check: bool = True, **options: t.Any) -> t.Any:
    """Run a command where Ansible runs."""
    return run_in(places.INFRASTRUCTURE, command, check, **options)


def run_in(namespace: str, command: t.Sequence[str], check: bool = True, **options: t.Any) -> t.Any:
    """Run a command in a network namespace."""
    return run("nsenter", f"--net=/run/netns/{namespace}", *command, check=check, **options)
