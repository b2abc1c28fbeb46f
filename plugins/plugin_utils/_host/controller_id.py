# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which controller changes a node: so that another one can name it, wait for it, or take over from it when it is dead."""

from __future__ import annotations

import os
import socket

_SEPARATOR = " "


def this_controller() -> str:
    """This process: machine, process number, and what makes the number unique (boot, process namespace and time of start)."""
    return _SEPARATOR.join((socket.gethostname(), str(os.getpid()), _world(), _start_of(str(os.getpid()))))


def is_dead(controller: str) -> bool:
    """Whether a controller is a process of this very machine that has ended; False when that cannot be known."""
    parts = controller.split(_SEPARATOR)
    if len(parts) != 4 or not all(parts) or (parts[0], parts[2]) != (socket.gethostname(), _world()):
        return False
    return parts[1].isascii() and parts[1].isdigit() and _start_of(parts[1]) != parts[3]


def readable(controller: str) -> str:
    """A controller, which a host names, as a user wants to read it."""
    parts = controller.split(_SEPARATOR)
    return f"the Ansible controller {parts[0]} (process {parts[1]})" if len(parts) == 4 else controller


def _world() -> str:
    """Where process numbers count: the boot of a machine and a namespace; empty when that cannot be known."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream:
            return f"{stream.read().strip()}/{os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _start_of(process: str) -> str:
    """When a process started, in clock ticks since the boot (proc(5), field 22 of stat); empty when it is not there."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as stream:
            return stream.read().rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        return ""
