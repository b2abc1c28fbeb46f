# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the answer has reached the controller, before the address that it travels from may go.

What is not acknowledged when the address goes is lost: TCP sends it again from there only.
"""

from __future__ import annotations

import time
import typing as t

from ..system.tcp_table import TABLES, address, packed, rows

_ESTABLISHED = "01"
# seconds: sshd must still encrypt what it has read from the program
_LEAST = 0.15
_PAUSE = 0.02
# seconds: what goes on sending from there all the time, as a backup does, does not hold a change up for longer
_LONGEST = 3.0


def wait_until_delivered(connected_address: str | None) -> None:
    """Wait until all that was sent from this address of the host is acknowledged, for a moment at least and for 3 s at most."""
    time.sleep(_LEAST)
    give_up = time.monotonic() + _LONGEST
    while connected_address and is_on_its_way(connected_address) and time.monotonic() < give_up:
        time.sleep(_PAUSE)


def is_on_its_way(connected_address: str, tables: t.Sequence[str] = TABLES) -> bool:
    """Whether the kernel keeps something that a TCP connection has sent from this address and that is not acknowledged."""
    wanted = packed(connected_address)
    return bool(wanted) and any(_is_pending(row, wanted) for table in tables for row in rows(table))


def _is_pending(row: str, wanted: bytes) -> bool:
    try:
        _number, local, _remote, state, queues = row.split()[:5]
        is_there = state == _ESTABLISHED and address(local.split(":")[0]) == wanted
        return is_there and int(queues.split(":")[0], 16) > 0
    except (ValueError, IndexError):
        return False  # it is not a row of this table
