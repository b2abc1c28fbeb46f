# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the controller comes through to this host anew, seen from here: its TCP connections, as the kernel lists them.

An ssh connection from before the change proves nothing: it may live on where no new one comes through. A new one need not be ssh to
prove the way there and back, and costs a tenth of it.
"""

from __future__ import annotations

import socket
import sys
import typing as t

_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
# the handshake is not over, or it never began (SYN_SENT, SYN_RECV, CLOSE, LISTEN, NEW_SYN_RECV; include/net/tcp_states.h)
_NO_CONNECTION = frozenset(("02", "03", "07", "0A", "0C"))
_MAPPED = bytes(10) + b"\xff\xff"  # an IPv4 address in IPv6 (RFC 4291)


class Knock(t.NamedTuple):
    """How the controller will come: from ``address`` and one of ``ports``, to the port ``target`` of this host."""

    address: str
    ports: tuple[int, ...]
    target: int


class Arrival:
    """Watches for a connection that the controller begins only now; without a ``knock`` nobody will come."""

    def __init__(self, knock: Knock | None) -> None:
        self._knock = knock
        self._earlier: set[int] | None = None

    @property
    def is_awaited(self) -> bool:
        """Whether somebody will come."""
        return self._knock is not None

    def has_come(self, any_counts: bool) -> bool:
        """Whether a connection was completed since the first call; with ``any_counts`` also before it."""
        if self._knock is None:
            return False
        present = knocked_from(self._knock)
        if self._earlier is None:
            self._earlier = set() if any_counts else present
        return bool(present - self._earlier)


def knocked_from(knock: Knock) -> set[int]:
    """Those of the controller's ports from which it is connected to this host."""
    wanted = _packed(knock.address)
    found = set()
    for table in _TABLES:
        for row in _rows(table):
            _number, local, remote, state = row.split()[:4]
            address, port = remote.split(":")
            is_knock = int(local.split(":")[1], 16) == knock.target and int(port, 16) in knock.ports
            if is_knock and state not in _NO_CONNECTION and _address(address) == wanted:
                found.add(int(port, 16))
    return found


def _rows(table: str) -> list[str]:
    try:
        with open(table, encoding="ascii") as stream:
            return stream.read().splitlines()[1:]
    except OSError:
        return []  # a kernel without IPv6


def _packed(address: str) -> bytes:
    try:
        packed = socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address.split("%")[0])
    except OSError:
        return b""
    return packed[12:] if packed[:12] == _MAPPED else packed


def _address(text: str) -> bytes:
    """The kernel prints words of four bytes, each in the order of the machine."""
    raw = bytes.fromhex(text)
    packed = b"".join(
        int.from_bytes(raw[start : start + 4], sys.byteorder).to_bytes(4, "big") for start in range(0, len(raw), 4)
    )
    return packed[12:] if packed[:12] == _MAPPED else packed
