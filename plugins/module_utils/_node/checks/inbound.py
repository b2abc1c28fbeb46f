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
import time
import typing as t
from _socket import AF_INET, AF_INET6, SOCK_DGRAM, socket  # socket, around it, would cost each start 3 ms

from ..protocol import Knock
from ..system.tcp_lookup import connected_from
from ..system.tcp_table import NO_CONNECTION, TABLES, Connection, Way, address, packed, rows

# seconds between looks: one at a table takes the kernel 4 ms (it walks through what grows with the memory)
_FIRST_PAUSE = 0.015
_FIRST_PAUSE_OF_LOOKUPS = 0.004
_BEFORE_THE_WATCH = 0.03
_LONGEST_PAUSE = 0.25


class Arrival:
    """Watches for a connection that the controller begins only now; without a ``knock`` none is expected.

    It is looked up by its ends where the ``session`` is found like that; elsewhere, in a VRF for example, the tables are searched for it.
    Behind NAT it is one that comes the ``way`` of the controller's session, from a port that was not in use before: nothing that the
    controller announces is to be seen here, and no signal gets there.
    """

    def __init__(self, knock: Knock | None, way: Way | None = None, session: Connection | None = None) -> None:
        self._knock = knock
        self._way = way
        self._session = session
        self._can_look_up = False
        self._earlier: set[int] | None = None
        self._tables: t.Sequence[str] = TABLES
        self._has_come = False
        self._is_announced = way is None

    @property
    def is_awaited(self) -> bool:
        """Whether a connection is expected."""
        return self._knock is not None

    def must_be_announced(self) -> bool:
        """Whether the watch has begun and the controller can learn it from an answer alone; true once."""
        if self._is_announced or self._earlier is None:
            return False
        self._is_announced = True
        return True

    def wait(self, deadline: float) -> None:
        """Wait for the connection, at the longest until ``deadline`` (time.monotonic()); only a moment before the watch began."""
        if self._earlier is None:
            time.sleep(_BEFORE_THE_WATCH)
            return
        pause = _FIRST_PAUSE_OF_LOOKUPS if self._can_look_up else _FIRST_PAUSE
        while True:
            time.sleep(pause)
            if self.has_come() or time.monotonic() > deadline:
                return
            pause = min(2 * pause, _LONGEST_PAUSE)

    def has_come(self) -> bool:
        """Whether a connection was completed since the first call, which signals the controller to connect if that is possible."""
        if self._knock is None or self._has_come:
            return self._has_come
        if self._earlier is None:
            self._earlier = self._begin(self._knock)
        else:
            self._has_come = bool(self._present(self._knock) - self._earlier)
        return self._has_come

    def _begin(self, knock: Knock) -> set[int]:
        if self._way is not None:
            # one whose handshake is not over began before, too
            earlier, self._tables = _first_with(self._tables, self._way, left_out=())
            return earlier
        session = self._session
        self._can_look_up = session is not None and bool(connected_from(session.way, (session.port,)))
        earlier = self._present(knock)
        ring(knock)
        return earlier

    def _present(self, knock: Knock) -> set[int]:
        if self._way is not None:
            return _first_with(self._tables, self._way)[0]
        if self._can_look_up and self._session is not None:
            return connected_from(self._session.way, knock.ports)
        present, self._tables = knocked_from(knock, self._tables)
        return present


def ring(knock: Knock, more: str = "") -> None:
    """Signal the controller to connect, with a word ``more`` perhaps; if the signal is lost, it connects a little later."""
    with contextlib.suppress(OSError):
        family = AF_INET6 if ":" in knock.address else AF_INET
        with contextlib.closing(socket(family, SOCK_DGRAM)) as connection:
            connection.sendto((knock.word + more).encode(), (knock.address, knock.bell))


def knocked_from(knock: Knock, tables: t.Sequence[str] = TABLES) -> tuple[set[int], t.Sequence[str]]:
    """Those of the controller's ports from which it is connected to this host, and where to look for the next one.

    IPv4 is in the other table only where a server listens for both with one socket, and then all connections to this server are there.
    If another server took its place since the controller's last connection, the inbound check sees nothing, and a new ssh connection
    must be the proof.
    """
    found, tables = _first_with(tables, Way(knock.address, "", knock.target))
    return found & set(knock.ports), tables


def _first_with(
    tables: t.Sequence[str], way: Way, left_out: t.Collection[int] = NO_CONNECTION
) -> tuple[set[int], t.Sequence[str]]:
    """The remote ports of what comes this way, and the table that has them; all tables where there are none."""
    for table in tables:
        found = set(_remote_ports(rows(table), way, left_out))
        if found:
            return found, (table,)
    return set(), tables


def _remote_ports(lines: t.Iterable[str], way: Way, left_out: t.Collection[int]) -> t.Iterator[int]:
    """The remote ports of what comes this way, to any address of this host where it names none, but for these states."""
    remote, local = packed(way.remote), packed(way.local)
    for row in lines:
        try:
            _number, own, other, state = row.split()[:4]
            (own_host, own_port), (host, port) = own.split(":"), other.split(":")
            is_there = int(own_port, 16) == way.port and int(state, 16) not in left_out
            if is_there and remote and address(host) == remote and local in (b"", address(own_host)):
                yield int(port, 16)
        except (ValueError, IndexError):
            continue  # not a row of this table
