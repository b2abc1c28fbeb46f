# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks that the kernel has routes to (/proc/net/route and /proc/net/ipv6_route)."""

from __future__ import annotations

import struct
import typing as t
from _socket import AF_INET6, inet_ntoa, inet_ntop  # socket, around it, would cost each start 3 ms

from .files import lines_of

_TABLES = ("/proc/net/route", "/proc/net/ipv6_route")
_IS_UP = 1


def networks() -> list[str]:
    """Each network as ``address/length``, of the main tables of both families; those that lead nowhere now are left out."""
    return [*networks_in(lines_of(_TABLES[0]), _network), *networks_in(lines_of(_TABLES[1]), _network_ipv6)]


def networks_in(lines: t.Iterable[str], read: t.Callable[[list[str]], str]) -> list[str]:
    """The networks that lines of a table name; a line of another form is not one."""
    found = []
    for line in lines:
        try:
            found.append(read(line.split()))
        except (ValueError, IndexError, OverflowError, struct.error):
            continue
    return [each for each in found if each]


def _network(words: list[str]) -> str:
    _interface, target, _gateway, flags, _references, _use, _metric, mask = words[:8]
    length = bin(int(mask, 16)).count("1")
    return f"{inet_ntoa(struct.pack('=I', int(target, 16)))}/{length}" if int(flags, 16) & _IS_UP else ""


def _network_ipv6(words: list[str]) -> str:
    target, length, *_rest = words
    flags = int(words[8], 16)
    return f"{inet_ntop(AF_INET6, bytes.fromhex(target))}/{int(length, 16)}" if flags & _IS_UP else ""
