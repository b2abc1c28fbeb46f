# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put a program in its place, atomically, and know it again by its checksum and a stamp beside it.

A program's own ``--version`` decides nothing: nmc 0.2.2 says 0.2.1, and 0.3.6-alpha says 0.3.6.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
import typing as t
from dataclasses import dataclass

from .sources import BinaryError, Source, digest_of, unpack
from .trying import check_runs

_MODE = 0o755


@dataclass(frozen=True)
class Installed:
    """What is there: ``source`` is empty when it is not known where it came from."""

    sha256: str | None
    source: str
    mode_is_right: bool


def installed(path: str) -> Installed:
    """What is at ``path``, and what its stamp says of it."""
    sha256 = digest_of(path)
    stamp = _read_stamp(path)
    known = sha256 is not None and stamp.get("sha256") == sha256
    mode = stat.S_IMODE(os.stat(path).st_mode) if sha256 else 0
    return Installed(sha256, stamp.get("source", "") if known else "", mode == _MODE)


def is_wanted(there: Installed, source: Source) -> bool:
    """Whether what is there came from this source; a program that is the release file itself needs no stamp."""
    identity = source.identity
    return there.mode_is_right and (there.source == identity or f"sha256:{there.sha256}" == identity)


def install(path: str, source: Source, arguments: t.Sequence[str]) -> str:
    """Install the program from ``source`` and return what it prints when it is tried.

    Raises BinaryError; what was there before is there still then.
    """
    name, folder = os.path.basename(path), os.path.dirname(path)
    try:
        os.makedirs(folder, exist_ok=True)
        # beside its place: the same file system, so that there is room for it and that it can be moved atomically
        work = tempfile.mkdtemp(prefix=f".{name}.", dir=folder)
    except OSError as error:
        raise BinaryError(_of_the_disk(error, folder)) from None
    try:
        return _install(path, name, source, arguments, work)
    except OSError as error:
        raise BinaryError(_of_the_disk(error, folder)) from None
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _install(path: str, name: str, source: Source, arguments: t.Sequence[str], work: str) -> str:
    fetched, candidate = os.path.join(work, "fetched"), os.path.join(work, name)
    source.fetch(fetched, work)
    unpack(fetched, name, candidate)
    os.chmod(candidate, _MODE)
    said = check_runs(candidate, name, arguments)
    stamp = os.path.join(work, "stamp")
    with open(stamp, "w", encoding="utf-8") as stream:
        json.dump({"source": source.identity, "sha256": digest_of(candidate)}, stream)
    _sync(candidate)
    # the stamp first: without the program that it names it says nothing
    os.replace(stamp, stamp_of(path))
    os.replace(candidate, path)
    return said


def remove(path: str, only_look: bool) -> bool:
    """Remove a program and its stamp; whether there was something. Raises BinaryError."""
    there = [each for each in (path, stamp_of(path)) if os.path.lexists(each)]
    try:
        for each in () if only_look else there:
            os.unlink(each)
    except OSError as error:
        raise BinaryError(_of_the_disk(error, path)) from None
    return bool(there)


def stamp_of(path: str) -> str:
    """The file that says where a program came from."""
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name}.source.json")


def _read_stamp(path: str) -> dict[str, str]:
    try:
        with open(stamp_of(path), encoding="utf-8") as stream:
            content = json.load(stream)
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _of_the_disk(error: OSError, where: str) -> str:
    return f"{where} cannot be written: {error.strerror or error}; make room or choose another path, what was there is still there"
