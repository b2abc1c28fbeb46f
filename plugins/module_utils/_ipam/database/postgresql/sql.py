# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The statements of the room as PostgreSQL takes them, and its rows as the room reads them."""

from __future__ import annotations

import functools
import re
import typing as t

from ..dialect import Rows

if t.TYPE_CHECKING:
    from psycopg.rows import RowMaker

    from .driver import psycopg

SCHEMA = "elemental_networking"
_TEXT = re.compile(r"\bTEXT\b")


class PostgresqlRow(tuple):  # type: ignore[type-arg]
    """The values of a row, in order and by column."""

    columns: tuple[str, ...]

    def __getitem__(self, column: t.Any) -> t.Any:
        return super().__getitem__(self.columns.index(column) if isinstance(column, str) else column)

    def keys(self) -> tuple[str, ...]:
        """The columns."""
        return self.columns


def row_factory(cursor: psycopg.Cursor[t.Any]) -> RowMaker[PostgresqlRow]:
    """Makes the rows of one result."""
    names = tuple(column.name for column in cursor.description or ())
    kind = type("PostgresqlRow", (PostgresqlRow,), {"columns": names})
    return lambda values: t.cast(PostgresqlRow, kind(values))


class PostgresqlDatabase:
    """A connection inside of a transaction."""

    def __init__(self, connection: psycopg.Connection[PostgresqlRow]) -> None:
        self._connection = connection

    def execute(self, query: str, values: t.Sequence[t.Any] = (), /) -> Rows:
        """Run one statement."""
        if not values:
            return self._connection.execute(query.encode())
        return self._connection.execute(translated(query), values)

    def executemany(self, query: str, rows: t.Iterable[t.Sequence[t.Any]], /) -> None:
        """Run one statement for each of these rows, all of them in one go."""
        with self._connection.cursor() as cursor:
            cursor.executemany(translated(query), rows)

    def has_table(self, _name: str) -> bool:
        """There is no server with a schema older than the tables of today."""
        return True

    def now(self) -> float:
        """The clock of the server: those of its users may differ."""
        row = self._connection.execute(b"SELECT extract(epoch FROM clock_timestamp())::double precision").fetchone()
        return float(row[0]) if row else 0.0


@functools.lru_cache(maxsize=64)
def translated(query: str) -> bytes:
    """A statement with values: ``IS`` between a column and a value uses no index here, and no column of ours is null."""
    return query.replace("%", "%%").replace(" IS ?", " = ?").replace("?", "%s").encode()


def table(statement: str) -> bytes:
    """A statement that makes or changes a table: strings are compared as SQLite and Python do, with any locale of the server."""
    return _TEXT.sub('TEXT COLLATE "C"', statement).encode()
