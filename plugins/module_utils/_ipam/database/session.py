# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One open file of SQLite: looks, and transactions that keep everything or nothing.

Safe for any number of processes at once (forks, AWX slices): write-ahead log, and one immediate transaction per call.
"""

from __future__ import annotations

import os
import sqlite3
import typing as t

from . import file
from .dialect import Database, Session
from .failures import failure, translated
from .job_folder import refuse_lost_database

_Result = t.TypeVar("_Result")


class SqliteSession(Session):
    """A database file while it is open; one that does not exist yet is made by the first transaction that keeps something."""

    name = "embedded"

    def __init__(self, path: str) -> None:
        self._path = os.path.abspath(os.path.expanduser(path))
        self._connection: file.SqliteDatabase | None = None
        self._read_only = False

    def open(self) -> None:
        """Open the file, or an empty database in memory where there is none."""
        with translated(self._path):
            refuse_lost_database(self._path)
            if file.exists(self._path):
                self._connection, self._read_only = file.open_file(self._path)
            else:
                # also where nothing is written: a typing error in the path would look like no claims at all
                file.check_folder(self._path)
                self._connection = file.in_memory()

    def close(self) -> None:
        """Close it, if it is open."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def read(self, work: t.Callable[[Database], _Result]) -> _Result:
        """What ``work`` finds in the database as it is now."""
        with translated(self._path):
            return work(self._database)

    def write(self, work: t.Callable[[Database], _Result], dry_run: bool) -> _Result:
        """Keep all that ``work`` does, or nothing: with ``dry_run``, or where it raises."""
        with translated(self._path):
            file.check_folder(self._path)
            if not dry_run:
                self._make_file()
            self._database.execute("BEGIN IMMEDIATE")
            try:
                file.catch_up(self._path, self._database)
                result = work(self._database)
                self._database.execute("ROLLBACK" if dry_run else "COMMIT")
                return result
            finally:
                # SQLite has rolled back by itself where the disk was full: a second time would hide that
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")

    @property
    def _database(self) -> file.SqliteDatabase:
        if self._connection is None:
            raise RuntimeError("the backend is not open")
        return self._connection

    def _make_file(self) -> None:
        """Make the file when it is missing, and leave memory for it."""
        if self._read_only:
            raise failure(self._path, sqlite3.OperationalError("readonly"))
        if not file.exists(self._path):
            file.make(self._path)
        elif self._database.execute("PRAGMA database_list").fetchone()["file"]:
            return
        self._reopen()

    def _reopen(self) -> None:
        self._database.close()
        self._connection, self._read_only = file.open_file(self._path)
        if self._read_only:
            raise sqlite3.OperationalError("readonly")
