# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file on the disk: found, made whole, opened, or copied into memory where this user may only read it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
import urllib.parse

from ..errors import Forbidden, InvalidInput
from .failures import PATIENCE
from .schema import checked, make_tables


def exists(path: str) -> bool:
    """Whether there is a file. Raises IpamError for a link to nothing: what it should lead to may only be missing just now."""
    if "\0" in path:
        raise InvalidInput(f"{path!r} is not a valid path; give the path of the database")
    if os.path.islink(path) and not os.path.exists(path):
        raise InvalidInput(
            f"the database {path} is a link to {os.readlink(path)}, which does not exist; correct the link, or mount what it leads to",
            database=path,
        )
    try:
        os.stat(path)
    except PermissionError:  # it may be there, with claims: that is not the same as no database
        raise Forbidden(
            f"the folder of the database {path} may not be read by this user; change its mode or owner", database=path
        ) from None
    except OSError:
        return False
    return True


def check_folder(path: str) -> None:
    """Raise IpamError where there is none: where a disk is not mounted, or a path is mistyped, a new database would begin unnoticed."""
    if not os.path.isdir(os.path.dirname(path)):
        raise InvalidInput(
            f"the folder of the database {path} does not exist: create it, mount what should be there, or correct the path",
            database=path,
        )


def make(path: str) -> None:
    """Make the file: complete under another name first, so that no other process ever sees half of it."""
    with tempfile.TemporaryDirectory(prefix=".elemental-ipam-", dir=os.path.dirname(path)) as workshop:
        fresh = os.path.join(workshop, "fresh")
        _create(fresh)
        with contextlib.suppress(FileExistsError):  # another process was quicker
            os.link(fresh, path)


def _create(path: str) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        make_tables(database)


def in_memory() -> sqlite3.Connection:
    """An empty database, where there is no file yet."""
    database = _memory()
    make_tables(database)
    return database


def open_file(path: str) -> tuple[sqlite3.Connection, bool]:
    """The file, or a copy of it in memory and True where this user may only read it."""
    if not _writable(path):
        return _copy(path), True
    try:
        return checked(path, _connected(path, "mode=rw")), False
    except sqlite3.OperationalError:
        if _writable(os.path.dirname(path)):
            raise
        return _copy(path), True


def _writable(path: str) -> bool:
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _copy(path: str) -> sqlite3.Connection:
    """The content of a database in memory."""
    memory = _memory()
    # where the write-ahead log is gone, so is its writer, and nothing changes while we look
    modes = ["mode=ro"] if _size(f"{path}-wal") else ["mode=ro", "mode=ro&immutable=1"]
    for number, mode in enumerate(modes, 1):
        try:
            with contextlib.closing(_connected(path, mode)) as database:
                database.backup(memory)
                break
        except sqlite3.OperationalError:
            if number == len(modes):
                memory.close()
                raise
    return checked(path, memory)


def _memory() -> sqlite3.Connection:
    memory = sqlite3.connect(":memory:", isolation_level=None)
    memory.row_factory = sqlite3.Row
    return memory


def _size(path: str) -> int:
    return os.path.getsize(path) if os.path.exists(path) else 0


def _connected(path: str, mode: str) -> sqlite3.Connection:
    """A connection that never makes a file."""
    uri = f"file:{urllib.parse.quote(path)}?{mode}"
    database = sqlite3.connect(uri, timeout=PATIENCE, isolation_level=None, uri=True)
    database.row_factory = sqlite3.Row
    return database
