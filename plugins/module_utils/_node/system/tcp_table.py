# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's tables of TCP connections (/proc/net/tcp; the columns are those of proc_pid_net(5))."""

from __future__ import annotations

import sys
import typing as t
from _socket import AF_INET, AF_INET6, inet_pton  # socket, around it, would cost each start 3 ms

from .files import lines_of

TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
# states in which the handshake is not over, or never began (SYN_SENT, SYN_RECV, CLOSE, LISTEN, NEW_SYN_RECV; include/net/tcp_states.h)
NO_CONNECTION = frozenset((2, 3, 7, 10, 12))
_MAPPED = bytes(10) + b"\xff\xff"  # an IPv4 address in IPv6 (RFC 4291)


class Way(t.NamedTuple):
    """The way of a connection to this host, as this host sees it: from an address, to an address and a port of its own."""

    remote: str
    local: str
    port: int


class Connection(t.NamedTuple):
    """One connection to this host: its way, and the port of the other side."""

    way: Way
    port: int


def rows(table: str) -> list[str]:
    """The lines of a table, without its head; none where the kernel has no such table."""
    return lines_of(table)[1:]


def packed(text: str) -> bytes:
    """The bytes of an address as users write it, empty where it is not a valid one; IPv4 in IPv6 is IPv4."""
    try:
        found = inet_pton(AF_INET6 if ":" in text else AF_INET, text.split("%")[0])
    except OSError:
        return b""
    return _unmapped(found)


def address(text: str) -> bytes:
    """The bytes of an address as a table has it: words of four bytes, each in the order of the machine."""
    raw = bytes.fromhex(text)
    words = (
        int.from_bytes(raw[start : start + 4], sys.byteorder).to_bytes(4, "big") for start in range(0, len(raw), 4)
    )
    return _unmapped(b"".join(words))


def _unmapped(found: bytes) -> bytes:
    return found[12:] if found[:12] == _MAPPED else found
