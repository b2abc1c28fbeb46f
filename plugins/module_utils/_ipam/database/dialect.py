# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the SQL of this room asks of a database, no matter which one keeps the rows.

Statements are written once, with ``?`` for values. SQLite takes them as they are; what PostgreSQL spells differently is changed at its edge
(``postgresql/sql.py``).
"""

from __future__ import annotations

import abc
import typing as t

_Result = t.TypeVar("_Result")


class DamagedRow(Exception):
    """A row that differs from what we write."""


class Row(t.Protocol):
    """A row: its values in order, and by column."""

    def __getitem__(self, column: t.Any, /) -> t.Any:
        """The value of a column, by name or number."""

    def __iter__(self) -> t.Iterator[t.Any]:
        """The values."""

    def keys(self) -> t.Collection[str]:
        """The columns."""


class Rows(t.Protocol):
    """The result of a statement."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""

    def fetchone(self) -> t.Any:
        """The next row, None where there is none."""

    def fetchall(self) -> list[t.Any]:
        """All rows."""

    def __iter__(self) -> t.Iterator[t.Any]:
        """The rows."""


class Database(t.Protocol):
    """An open database, inside of a transaction or a look."""

    def execute(self, query: str, values: t.Sequence[t.Any] = ..., /) -> Rows:
        """Run one statement."""

    def executemany(self, query: str, rows: t.Iterable[t.Sequence[t.Any]], /) -> object:
        """Run one statement for each of these rows."""

    def has_table(self, name: str) -> bool:
        """Whether this version of the schema has a table."""

    def now(self) -> float:
        """The time of the clock that all users of the database share, in seconds since 1970."""


class Session(abc.ABC):
    """One registry of pools and claims while it is open. ``name`` is that of the backend."""

    name: str

    @abc.abstractmethod
    def open(self) -> None:
        """Open it. Raises IpamError where it cannot be used."""

    @abc.abstractmethod
    def close(self) -> None:
        """Close it, if it is open."""

    @abc.abstractmethod
    def read(self, work: t.Callable[[Database], _Result]) -> _Result:
        """What ``work`` finds in the database as it is now; a look that was cut off is begun again."""

    @abc.abstractmethod
    def write(self, work: t.Callable[[Database], _Result], dry_run: bool) -> _Result:
        """Run ``work`` while no other process writes, and keep all that it does, or nothing: with ``dry_run``, or where it raises.

        What was cut off before it was kept is begun again, so ``work`` changes nothing but the database.
        """
