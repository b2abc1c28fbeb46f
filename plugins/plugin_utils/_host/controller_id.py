# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which controller changes a node: so that another one can name it, wait for it, or take over from it when it is dead.

A job of AWX runs in a container of its own: whether it has ended cannot be seen from the next one, but its number can be named.
"""

from __future__ import annotations

import os
import re
import socket
import typing as t
from urllib.parse import urlsplit

_SEPARATOR = " "
# of a process: machine, process number, where the number counts, time of start
_OF_A_PROCESS = 4
_JOB = re.compile(r"job=([0-9]{1,18})(?:@([A-Za-z0-9.:-]{1,253}))?")


def this_controller() -> str:
    """This process: machine, process number, what makes the number unique (boot, process namespace and time of start), and its AWX job."""
    process = (socket.gethostname(), str(os.getpid()), _world(), _start_of(str(os.getpid())))
    return _SEPARATOR.join((*process, *job_words(os.environ)))


def job_words(environment: t.Mapping[str, str]) -> tuple[str, ...]:
    """The job of AWX that has this environment, as one word; none outside of AWX (pure)."""
    number, site = environment.get("JOB_ID", ""), environment.get("AWX_HOST", "")
    if not site and not environment.get("AWX_PRIVATE_DATA_DIR"):  # other tools have a JOB_ID, too
        return ()
    host = (urlsplit(site).hostname or "") if "//" in site else site
    word = f"job={number}@{host}" if host else f"job={number}"
    return (word,) if _JOB.fullmatch(word) else ()


def job_of(controller: str) -> str:
    """The job of AWX that a controller is, in words; empty for any other controller."""
    match = _JOB.fullmatch(controller.rpartition(_SEPARATOR)[2])
    if not match:
        return ""
    return f"AWX job {match[1]} on {match[2]}" if match[2] else f"AWX job {match[1]}"


def is_dead(controller: str) -> bool:
    """Whether a controller is a process of this very machine that has ended; False when that cannot be known."""
    parts = controller.split(_SEPARATOR)[:_OF_A_PROCESS]
    if len(parts) != _OF_A_PROCESS or not all(parts) or (parts[0], parts[2]) != (socket.gethostname(), _world()):
        return False
    return parts[1].isascii() and parts[1].isdigit() and _start_of(parts[1]) != parts[3]


def readable(controller: str) -> str:
    """A controller, which a host names, as a user wants to read it."""
    job, parts = job_of(controller), controller.split(_SEPARATOR)
    if job:
        return job
    return f"the Ansible controller {parts[0]} (process {parts[1]})" if len(parts) == _OF_A_PROCESS else controller


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
