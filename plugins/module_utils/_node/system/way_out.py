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
_ROUTE = struct.Struct("=8BI")  # family, two lengths in bits, six values that a question leaves open
_ATTRIBUTE = struct.Struct("=HH")  # length, type
_TARGET, _SOURCE, _DEVICE = 1, 2, 4
# the device, the gateway (of the other family, too), the metrics (a size of packets), a tunnel of the route's own
_OF_A_WAY = frozenset((_DEVICE, 5, 8, 18, 22))
_LONGEST_ANSWER = 8192


class WayOut(t.NamedTuple):
    """The way to an address: the device and its size of packets, and what the kernel's route has besides them."""

    device: str
    size: t.Tuple[str, ...]
    route: t.Tuple[t.Tuple[int, bytes], ...]


def way_out(source: str, target: str) -> WayOut | None:
    """The way from an address of this host to another host.

    None where the kernel does not know it, and where the device is made of others or part of one: those may change, and it stays the same.
    """
    own, other = packed(source), packed(target)
    if not own or len(own) != len(other):
        return None
    try:
        with contextlib.closing(socket(AF_NETLINK, SOCK_RAW, _NETLINK_ROUTE)) as kernel:
            kernel.send(_question(own, other))
            found = _attributes(
                kernel.recv(_LONGEST_ANSWER, MSG_DONTWAIT)
            )  # it is there once the question has been sent
        device = if_indextoname(struct.unpack("=I", found[_DEVICE])[0])
        if not _is_alone(device):
            return None
    except (OSError, KeyError, struct.error):
        return None
    size = tuple(lines_of(f"{_DEVICES}/{device}/mtu"))
    return WayOut(device, size, tuple(sorted(item for item in found.items() if item[0] in _OF_A_WAY)))


def _question(own: bytes, other: bytes) -> bytes:
    bits = 8 * len(own)
    family = AF_INET if len(own) == 4 else AF_INET6
    ends = ((_TARGET, other), (_SOURCE, own))
    body = _ROUTE.pack(family, bits, bits, 0, 0, 0, 0, 0, 0)
    body += b"".join(_ATTRIBUTE.pack(_ATTRIBUTE.size + len(value), kind) + value for kind, value in ends)
    return _HEADER.pack(_HEADER.size + len(body), _GET_ROUTE, _REQUEST, 0, 0) + body


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
    return not any(name == "master" or name.startswith("lower_") for name in os.listdir(f"{_DEVICES}/{device}"))
