# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the controller comes through to this host anew, seen from here: its TCP connections, as the kernel lists them.

An ssh connection from before the change proves nothing: it may live on where no new one comes through. A new one need not be ssh to
prove the way there and back, and costs a tenth of it.
"""

from __future__ import annotations

import typing as t

_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
# the handshake is not over, or it never began (SYN_SENT, SYN_RECV, CLOSE, LISTEN, NEW_SYN_RECV; include/net/tcp_states.h)
_NO_CONNECTION = frozenset(("02", "03", "07", "0A", "0C"))


class Arrival:
    """Watches for a connection that the controller begins only now; ``ports`` are those of its own that it will come from."""

    def __init__(self, ports: t.Collection[int]) -> None:
        self._ports = frozenset(ports)
        self._earlier: set[int] | None = None

    @property
    def is_awaited(self) -> bool:
        """Whether anybody will come, and the watch began."""
        return bool(self._ports) and self._earlier is not None

    def has_come(self, any_counts: bool) -> bool:
        """Whether a connection was completed since the first call; with ``any_counts`` also before it."""
        present = connected_from(self._ports)
        if self._earlier is None:
            self._earlier = set() if any_counts else present
        return bool(present - self._earlier)


def connected_from(ports: t.Collection[int]) -> set[int]:
    """Those of the remote ``ports`` from which somebody is connected to this host."""
    return {port for table in _TABLES for port in _connected(_rows(table)) if port in ports}


def _rows(table: str) -> list[str]:
    try:
        with open(table, encoding="ascii") as stream:
            return stream.read().splitlines()[1:]
    except OSError:
        return []  # a kernel without IPv6


def _connected(rows: t.Iterable[str]) -> t.Iterator[int]:
    for row in rows:
        _number, _local, remote, state = row.split()[:4]
        if state not in _NO_CONNECTION:
            yield int(remote.rpartition(":")[2], 16)
