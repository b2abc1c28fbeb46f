# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cgroup per node, so that all that a node ever started can be found and ended."""

from __future__ import annotations

import contextlib
import os
import time
import typing as t
from pathlib import Path

from . import places

_TOP = Path("/sys/fs/cgroup")
# a hybrid machine has the unified hierarchy below, a current one has nothing else
UNIFIED = _TOP / "unified" if (_TOP / "unified").is_dir() else _TOP
_HIERARCHIES = (UNIFIED,) if UNIFIED == _TOP else (UNIFIED, _TOP / "systemd", _TOP / "memory")


def make(node: str) -> t.Callable[[], None]:
    """Make the cgroups of a node; the result moves the calling process into them."""
    folders = [hierarchy / places.PREFIX / node for hierarchy in _HIERARCHIES if hierarchy.is_dir()]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)

    def enter() -> None:
        for folder in folders:
            (folder / "cgroup.procs").write_text("0")

    return enter


def first_process(node: str) -> int | None:
    """The process 1 of a node, as this machine numbers it."""
    file = UNIFIED / places.PREFIX / node / "payload/init.scope/cgroup.procs"
    try:
        processes = file.read_text().split()
    except OSError:
        return None
    return int(processes[0]) if processes else None


def end_all(seconds: float = 20.0) -> None:
    """Kill every process of every node and remove the cgroups."""
    top = UNIFIED / places.PREFIX
    deadline = time.monotonic() + seconds
    if top.is_dir():
        (top / "cgroup.kill").write_text("1")
        while "populated 1" in (top / "cgroup.events").read_text() and time.monotonic() < deadline:
            time.sleep(0.02)
    for hierarchy in _HIERARCHIES:
        _remove(hierarchy / places.PREFIX, deadline)


def _remove(top: Path, deadline: float) -> None:
    for folder, _folders, _files in os.walk(top, topdown=False):
        while os.path.isdir(folder) and time.monotonic() < deadline:
            with contextlib.suppress(OSError):  # busy until the kernel has reaped the last process
                os.rmdir(folder)
                break
            time.sleep(0.02)
