# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes, known by id and start time, so that an id that is somebody else's by now is never signalled."""

from __future__ import annotations

from pathlib import Path


def parent(process: int) -> int:
    """The parent of a process. Raises OSError when it is gone."""
    return int(_fields(process)[1])


def started(process: int) -> int | None:
    """When a process started, in clock ticks; None when it is gone or only waits to be reaped."""
    try:
        fields = _fields(process)
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


def words(process: int) -> list[str]:
    """Its command line. Raises OSError when it is gone."""
    return Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")


def _fields(process: int) -> list[str]:
    """What the kernel says behind the name: state, parent, ..."""
    return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
