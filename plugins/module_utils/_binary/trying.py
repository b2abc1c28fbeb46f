# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a program runs on this host, found out before it takes the place of one that does."""

from __future__ import annotations

import errno
import os
import platform
import re
import subprocess
import typing as t

from .sources import BinaryError

_SECONDS = 30.0
_GLIBC = re.compile(r"version [`'\"]?(GLIBC_[0-9.]+)")
_LIBRARY = re.compile(r"error while loading shared libraries: ([^:]+):")


def check_runs(program: str, name: str, arguments: t.Sequence[str]) -> str:
    """What the program prints. Raises BinaryError, one sentence that says why it does not run here."""
    try:
        run = subprocess.run(
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BinaryError(
            f"{name} does not end within {_SECONDS:.0f} s when it is tried with {' '.join(arguments)}"
        ) from None
    except OSError as error:
        raise BinaryError(_not_startable(name, error, os.path.dirname(program))) from None
    said = (run.stdout + b"\n" + run.stderr).decode(errors="replace")
    if run.returncode:
        raise BinaryError(_does_not_run(name, said, run.returncode))
    return said.strip().split("\n")[0]


def _not_startable(name: str, error: OSError, folder: str) -> str:
    if error.errno == errno.ENOEXEC:
        return f"{name} is no program for this host ({platform.machine()}); give the one for its architecture"
    if error.errno == errno.ENOENT:
        return (
            f"{name} needs a loader that this host does not have (another C library); use a build for its distribution"
        )
    if error.errno == errno.EACCES:
        return f"{folder} does not let programs run (mounted noexec?); choose another path"
    return f"{name} cannot be started: {error.strerror}"


def _does_not_run(name: str, said: str, code: int) -> str:
    needed = [match.group(1) for match in _GLIBC.finditer(said)]
    if needed:
        newest = max(needed, key=lambda version: [int(part) for part in version[6:].split(".") if part])
        return (
            f"{name} needs {newest.replace('_', ' ')}, and this host has {_own_glibc()}: use method package, cargo, or file with a build"
            " for this system; what was there is still there"
        )
    library = _LIBRARY.search(said)
    if library:
        return f"{name} needs the library {library.group(1)}, which this host does not have; install it and run again"
    words = " ".join(said.split())[:200] or "it says nothing"
    return f"{name} fails when it is tried (exit code {code}): {words}; what was there is still there"


def _own_glibc() -> str:
    try:
        return (os.confstr("CS_GNU_LIBC_VERSION") or "another C library").replace("glibc", "GLIBC")
    except (ValueError, OSError):
        return "another C library"
