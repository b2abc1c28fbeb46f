# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the controller can open a new connection to this host, seen from here: its TCP connections, as the kernel lists them.

An ssh connection from before the change proves nothing: it may live on where no new one can be opened. A new one need not be ssh to
prove the path there and back, and costs a tenth of it.
"""

from __future__ import annotations

import contextlib
import socket
import time
import typing as t

from ..protocol import Knock
from ..system.tcp_table import TABLES, address, packed, rows

# the handshake is not over, or it never began (SYN_SENT, SYN_RECV, CLOSE, LISTEN, NEW_SYN_RECV; include/net/tcp_states.h)
_NO_CONNECTION = frozenset(("02", "03", "07", "0A", "0C"))
# seconds between looks: each takes the kernel 4 ms (it walks through a table that grows with the memory)
_FIRST_PAUSE = 0.015
_BEFORE_THE_WATCH = 0.03
_LONGEST_PAUSE = 0.25


class Arrival:
    """Watches for a connection that the controller begins only now; without a ``knock`` none is expected."""

    def __init__(self, knock: Knock | None) -> None:
        self._knock = knock
        self._earlier: set[int] | None = None
        self._tables: t.Sequence[str] = TABLES
        self._has_come = False

    @property
    def is_awaited(self) -> bool:
        """Whether a connection is expected."""
        return self._knock is not None

    def wait(self, deadline: float) -> None:
        """Wait for the connection, at the longest until ``deadline`` (time.monotonic()); only a moment before the watch began."""
        if self._earlier is None:
            time.sleep(_BEFORE_THE_WATCH)
            return
        pause = _FIRST_PAUSE
        while True:
            time.sleep(pause)
            if self.has_come() or time.monotonic() > deadline:
                return
            pause = min(2 * pause, _LONGEST_PAUSE)

    def has_come(self) -> bool:
        """Whether a connection was completed since the first call, which signals the controller to connect."""
        if self._knock is None or self._has_come:
            return self._has_come
        present, self._tables = knocked_from(self._knock, self._tables)
        if self._earlier is None:
            self._earlier = present
            _ring(self._knock)
        self._has_come = bool(present - self._earlier)
        return self._has_come


def _ring(knock: Knock) -> None:
    """Signal the controller to connect; if the signal is lost, it connects a little later."""
    with contextlib.suppress(OSError):
        family = socket.AF_INET6 if ":" in knock.address else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as connection:
            connection.sendto(knock.word.encode(), (knock.address, knock.bell))


def knocked_from(knock: Knock, tables: t.Sequence[str] = TABLES) -> tuple[set[int], t.Sequence[str]]:
    """Those of the controller's ports from which it is connected to this host, and where to look for the next one.

    IPv4 is in the other table only where a server listens for both with one socket, and then all connections to this server are there.
    If another server took its place since the controller's last connection, the inbound check sees nothing, and a new ssh connection
    must be the proof.
    """
    for table in tables:
        found = set(_connected(rows(table), knock))
        if found:
            return found & set(knock.ports), (table,)
    return set(), tables


def _connected(lines: t.Iterable[str], knock: Knock) -> t.Iterator[int]:
    """The remote ports of what is connected from the controller to the port of the inbound check."""
    wanted = packed(knock.address)
    for row in lines:
        try:
            _number, local, remote, state = row.split()[:4]
            host, port = remote.split(":")
            is_there = int(local.split(":")[1], 16) == knock.target and state not in _NO_CONNECTION
            if is_there and wanted and address(host) == wanted:
                yield int(port, 16)
        except (ValueError, IndexError):
            continue  # not a row of this table
