# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may go wrong while a node changes. Each fault strikes one node and can be mended."""

from __future__ import annotations

import threading
import time
import typing as t
from dataclasses import dataclass

from tests.testbed import network, node, tools

from . import clock, sets

_SHORT_CUT = 5.0


@dataclass(frozen=True)
class Fault:
    """``strike`` gets the number of a node; ``mend`` makes the world good again, so that the node can be judged.

    ``kills_controller``: the play is killed. ``second_controller``: another play wants something else at the same time. ``mistake``:
    the network itself is wrong, which has no phase.
    """

    title: str
    strike: t.Callable[[int], object] = lambda number: None
    mend: t.Callable[[int], object] = lambda number: None
    kills_controller: bool = False
    second_controller: bool = False
    mistake: bool = False
    prepare: t.Callable[[int], object] = lambda number: None


def inside(number: int, script: str) -> str:
    """Run a script inside a node, whatever the state of its network."""
    return str(node.look(f"node{number}", ["sh", "-c", script]).stdout)


def _cut(number: int) -> None:
    network.set_link(number, 0, False)


def _plug(number: int) -> None:
    network.set_link(number, 0, True)


def _cut_briefly(number: int) -> None:
    _cut(number)
    threading.Timer(_SHORT_CUT, _plug, [number]).start()


def _power_cut(number: int) -> None:
    node.cut_power(f"node{number}")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if inside(number, "systemctl is-active NetworkManager").strip() == "active":
                return
        except tools.TestBedError:
            pass  # it is off
        time.sleep(0.1)


def _duplicate(number: int, action: str) -> None:
    network.in_infrastructure(
        ["ip", "address", action, f"{sets.network('b', number).eth0}/32", "dev", "br0"], check=False
    )


_KILL_SESSIONS = "pkill -9 -f '^sshd: root|^sshd-session: root'; pkill -9 -f '[p]ython3 -I -S -c'"
_FILL = "cat /dev/zero > /filler 2>/dev/null; cat /dev/zero > /filler2 2>/dev/null; true"
_READ_ONLY = "mount --bind /etc /etc && mount -o remount,bind,ro /etc"

FAULTS = (
    Fault("wrong gateway", mistake=True),
    Fault("wrong prefix", mistake=True),
    Fault("unreachable subnet", mistake=True),
    Fault("link cut for good", _cut, _plug),
    Fault("link cut for 5 s", _cut_briefly),
    Fault(
        "NetworkManager killed -9",
        lambda number: inside(number, "systemctl kill --kill-who=main -s KILL NetworkManager"),
    ),
    Fault("NetworkManager restarted", lambda number: inside(number, "systemctl restart NetworkManager")),
    Fault(
        "NetworkManager hangs",
        lambda number: inside(number, "pkill -STOP -x NetworkManager"),
        lambda number: inside(number, "pkill -CONT -x NetworkManager"),
    ),
    Fault("D-Bus restarted", lambda number: inside(number, "systemctl restart dbus.service")),
    Fault("power cut and boot", _power_cut),
    Fault(
        "disk full",
        lambda number: inside(number, _FILL),
        lambda number: inside(number, "rm -f /filler /filler2"),
    ),
    Fault(
        "/etc read-only",
        lambda number: inside(number, _READ_ONLY),
        lambda number: inside(number, "umount -l /etc"),
    ),
    Fault("ssh session killed", lambda number: inside(number, _KILL_SESSIONS)),
    Fault("controller killed -9", kills_controller=True),
    Fault("two controllers at once", second_controller=True),
    Fault(
        "clock jumps a day ahead",
        lambda number: inside(number, clock.jump(86400)),
        lambda number: inside(number, clock.machines_clock()),
        prepare=lambda number: inside(number, clock.own_clock()),
    ),
    Fault(
        "clock jumps a day back",
        lambda number: inside(number, clock.jump(-86400)),
        lambda number: inside(number, clock.machines_clock()),
        prepare=lambda number: inside(number, clock.own_clock()),
    ),
    Fault(
        "duplicate address",
        lambda number: _duplicate(number, "add"),
        lambda number: _duplicate(number, "del"),
    ),
)
