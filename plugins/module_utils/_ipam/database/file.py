# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of SQLite on the disk: found, made whole, opened, or copied into memory where this user may only read it."""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import tempfile
import time
import urllib.parse

from ..errors import Forbidden, InvalidInput
from . import schema
from .failures import PATIENCE


class SqliteDatabase(sqlite3.Connection):
    """SQLite as the statements of this room take it."""

    def has_table(self, name: str) -> bool:
        """Whether there is a table: an older version may have made the file, and nothing was kept since."""
        return self.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (name,)).fetchone() is not None

    def now(self) -> float:
        """The time of this machine, which all users of the file share."""
        return time.time()


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
            f"the folder of the database {path} does not exist: create it, mount what should be there, or correct the path; "
            f"it was looked for on {socket.gethostname()}, where this task runs",
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
        _make_tables(database)


def _make_tables(database: sqlite3.Connection) -> None:
    database.executescript(f"BEGIN; {'; '.join(schema.TABLES)}; PRAGMA user_version = {schema.VERSION}; COMMIT;")


def in_memory() -> SqliteDatabase:
    """An empty database, where there is none yet."""
    database = _memory()
    _make_tables(database)
    return database


def open_file(path: str) -> tuple[SqliteDatabase, bool]:
    """The file, or a copy of it in memory and True where this user may only read it."""
    if not _writable(path):
        return _copy(path), True
    try:
        return _checked(path, _connected(path, "mode=rw")), False
    except sqlite3.OperationalError:
        if _writable(os.path.dirname(path)):
            raise
        return _copy(path), True


def _writable(path: str) -> bool:
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _copy(path: str) -> SqliteDatabase:
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
    return _checked(path, memory)


def _checked(path: str, database: SqliteDatabase) -> SqliteDatabase:
    """The connection, if this version can read its database; it is closed otherwise."""
    try:
        version = _version(database)
    except sqlite3.Error:
        database.close()
        raise
    if not 1 <= version <= schema.VERSION:
        database.close()
        raise schema.other_schema(path, version)
    return database


def catch_up(path: str, database: SqliteDatabase) -> None:
    """Inside a transaction: bring a database of an older version to the schema of this one."""
    version = _version(database)
    if version > schema.VERSION:  # while it was open here
        raise schema.other_schema(path, version, kept_nothing=True)
    for statement in schema.changes_since(version):
        database.execute(statement)
    if version != schema.VERSION:
        database.execute(f"PRAGMA user_version = {schema.VERSION}")


def _version(database: SqliteDatabase) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def _memory() -> SqliteDatabase:
    memory = sqlite3.connect(":memory:", isolation_level=None, factory=SqliteDatabase)
    memory.row_factory = sqlite3.Row
    return memory


def _size(path: str) -> int:
    return os.path.getsize(path) if os.path.exists(path) else 0


def _connected(path: str, mode: str) -> SqliteDatabase:
    """A connection that never makes a file."""
    uri = f"file:{urllib.parse.quote(path)}?{mode}"
    database = sqlite3.connect(uri, timeout=PATIENCE, isolation_level=None, uri=True, factory=SqliteDatabase)
    database.row_factory = sqlite3.Row
    return database
