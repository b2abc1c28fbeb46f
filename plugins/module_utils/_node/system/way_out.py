# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which way packets leave this host to another one, as the kernel decides it (rtnetlink(7))."""

from __future__ import annotations

import contextlib
import os
import struct
import typing as t
from _socket import (  # socket, around it, would cost each start 3 ms
    AF_INET,
    AF_INET6,
    AF_NETLINK,
    IPPROTO_TCP,
    MSG_DONTWAIT,
    SOCK_RAW,
    if_indextoname,
    socket,
)

from .files import lines_of
from .tcp_table import packed

_DEVICES = "/sys/class/net"
# linux/netlink.h, linux/rtnetlink.h
_NETLINK_ROUTE = 0
_NEW_ROUTE, _GET_ROUTE = 24, 26
_REQUEST = 1
_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_ROUTE = struct.Struct("=8BI")  # family, two lengths in bits, five values that a question leaves open, flags
_AS_WRITTEN = 0x2000  # RTM_F_FIB_MATCH: the route itself, also where it has several ways
_ATTRIBUTE = struct.Struct("=HH")  # length, type
_TARGET, _SOURCE, _DEVICE, _PROTOCOL, _SOURCE_PORT = 1, 2, 4, 27, 28
# the device, the gateway (of the other family, too), the metrics (a size of packets), a tunnel of the route's own
_OF_A_WAY = frozenset((_DEVICE, 5, 8, 18, 22))
# several ways, or one that is kept elsewhere and may be several
_SEVERAL = frozenset((9, 30))
# of an address how much another one has, too, that is in the same network: in bytes, by the length of the address
_NETWORK = {4: 3, 16: 8}
# there where Open vSwitch is at work: its devices do not show what they are made of
_OF_OPEN_VSWITCH = "ovs-system"
_LONGEST_ANSWER = 8192


class WayOut(t.NamedTuple):
    """The way to an address: the device and its size of packets, what the kernel's route has besides them, and the network it begins in."""

    device: str
    size: t.Tuple[str, ...]
    route: t.Tuple[t.Tuple[int, bytes], ...]
    network: bytes


def way_out(source: str, port: int, target: str) -> WayOut | None:
    """The way from an address and a TCP port of this host to another host.

    None where the kernel does not know it, or has several, and where the device is made of others or part of one: those may change, and it
    stays the same.
    """
    own, other = packed(source), packed(target)
    if not own or len(own) != len(other):
        return None
    try:
        with contextlib.closing(socket(AF_NETLINK, SOCK_RAW, _NETLINK_ROUTE)) as kernel:
            kernel.send(_question(own, port, other))
            found = _attributes(
                kernel.recv(_LONGEST_ANSWER, MSG_DONTWAIT)
            )  # it is there once the question has been sent
        device = if_indextoname(struct.unpack("=I", found[_DEVICE])[0])
        if not _is_alone(device) or not _SEVERAL.isdisjoint(found):
            return None
    except (OSError, KeyError, struct.error):
        return None
    size = tuple(lines_of(f"{_DEVICES}/{device}/mtu"))
    route = tuple(sorted(item for item in found.items() if item[0] in _OF_A_WAY))
    return WayOut(device, size, route, own[: _NETWORK[len(own)]])


def _question(own: bytes, port: int, other: bytes) -> bytes:
    bits = 8 * len(own)
    family = AF_INET if len(own) == 4 else AF_INET6
    # rules of a host may look at the port, too; that of the other side is another one each time
    ends = (
        (_TARGET, other),
        (_SOURCE, own),
        (_PROTOCOL, bytes((IPPROTO_TCP,))),
        (_SOURCE_PORT, struct.pack("!H", port)),
    )
    body = _ROUTE.pack(family, bits, bits, 0, 0, 0, 0, 0, _AS_WRITTEN)
    body += b"".join(_attribute(kind, value) for kind, value in ends)
    return _HEADER.pack(_HEADER.size + len(body), _GET_ROUTE, _REQUEST, 0, 0) + body


def _attribute(kind: int, value: bytes) -> bytes:
    """With what fills it up to a multiple of four."""
    return _ATTRIBUTE.pack(_ATTRIBUTE.size + len(value), kind) + value + bytes(-len(value) % 4)


def _attributes(answer: bytes) -> dict[int, bytes]:
    """What the kernel's answer has; nothing for an error."""
    length, kind, _flags, _sequence, _port = _HEADER.unpack_from(answer)
    found: dict[int, bytes] = {}
    start = _HEADER.size + _ROUTE.size
    while kind == _NEW_ROUTE and start < min(length, len(answer)):
        size, name = _ATTRIBUTE.unpack_from(answer, start)
        found[name] = answer[start + _ATTRIBUTE.size : start + size]
        start += max(_ATTRIBUTE.size, (size + 3) & ~3)  # each begins at a multiple of four
    return found


def _is_alone(device: str) -> bool:
    """Whether a device is neither made of others (a bond, a VLAN) nor part of one (of a VRF, whose routes are in another table)."""
    names = os.listdir(f"{_DEVICES}/{device}")
    is_known = _OF_OPEN_VSWITCH not in os.listdir(_DEVICES)
    return is_known and not any(name == "master" or name.startswith("lower_") for name in names)
