# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that a database has, and putting that into another one: what is there already stays, and nothing is given twice."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ..._texts import plain
from ..errors import Conflict
from ..model import IpamError
from . import resting, rows
from .dialect import Database

Values = t.Tuple[t.Any, ...]


class _Table(t.NamedTuple):
    """A table, its columns, and how many of them, from the first, are its key."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]


_POOLS = _Table(
    "pools", ("api_group", "kind", "namespace", "name", "manifest"), ("api_group", "kind", "namespace", "name")
)
_PLACE = ("api_group", "kind", "pool_namespace", "pool", "address")
_CLAIMS = _Table(
    "claims",
    (
        *("namespace", "name", "machine", "key", "api_group", "kind", "pool_namespace", "pool", "address", "prefix"),
        *("gateway", "host", "host_keys", "machine_id", "site", "confirmed"),
    ),
    ("namespace", "name"),
)
_RESTING = _Table("resting", tuple(resting.COLUMNS.split(", ")), _PLACE)


@dataclass(frozen=True)
class Content:
    """The rows of all tables, as they are."""

    pools: tuple[Values, ...]
    claims: tuple[Values, ...]
    resting: tuple[Values, ...]

    @property
    def sizes(self) -> dict[str, int]:
        """How many there are of each."""
        return {"pools": len(self.pools), "claims": len(self.claims), "resting": len(self.resting)}


def content(database: Database) -> Content:
    """All rows, inside of a transaction. Raises IpamError for a pool, or an address of a claim, that is not valid."""
    for row in database.execute("SELECT * FROM pools"):
        rows.stored_pool(row)
    for row in database.execute("SELECT * FROM claims"):
        bound = rows.bound_claim(row)
        if bound.trouble:
            raise IpamError(f"{bound.trouble}; release that claim, then copy", claim=bound.claim.name)
    return Content(*(_rows(database, table) for table in (_POOLS, _CLAIMS, _RESTING)))


def put(database: Database, wanted: Content) -> Content:
    """Add what is missing; returns that. Raises Conflict where what is there differs, or has an address."""
    pools = _missing(database, _POOLS, wanted.pools)
    claims = _missing(database, _CLAIMS, wanted.claims)
    rest = _missing(database, _RESTING, wanted.resting)
    _refuse_taken(database, claims, rest)
    for table, values in ((_POOLS, pools), (_CLAIMS, claims), (_RESTING, rest)):
        marks = ", ".join("?" * len(table.columns))
        database.executemany(f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({marks})", values)
    return Content(pools, claims, rest)


def _rows(database: Database, table: _Table) -> tuple[Values, ...]:
    query = f"SELECT {', '.join(table.columns)} FROM {table.name} ORDER BY {', '.join(table.key)}"
    return tuple(tuple(row) for row in database.execute(query))


def _missing(database: Database, table: _Table, wanted: t.Iterable[Values]) -> tuple[Values, ...]:
    present = {_key(table, values): values for values in _rows(database, table)}
    missing = []
    for values in wanted:
        found = present.get(_key(table, values))
        if found is None:
            missing.append(values)
        elif found != values:
            raise Conflict(
                f"{' '.join(map(plain, _key(table, values)))} in {table.name} of the target differs from that of the source:"
                " release or delete one of the two, then copy again; nothing was copied"
            )
    return tuple(missing)


def _key(table: _Table, values: Values) -> Values:
    return tuple(values[table.columns.index(column)] for column in table.key)


def _refuse_taken(database: Database, claims: t.Iterable[Values], rest: t.Iterable[Values]) -> None:
    """Raise Conflict for an address that the target gave to another claim, or lets rest after one."""
    held = _by_place(_CLAIMS, _rows(database, _CLAIMS))
    rests = _by_place(_RESTING, _rows(database, _RESTING))
    both = [(_CLAIMS, values) for values in claims] + [(_RESTING, values) for values in rest]
    for table, values in both:
        place = _place(table, values)
        holder = held.get(place) or rests.get(place)
        if holder:
            name = values[table.columns.index("name")]
            raise Conflict(
                f"the address {plain(place[-1])} of claim {plain(name)} is taken in the target by claim {plain(holder)}:"
                " release one of the two, then copy again; nothing was copied",
                address=place[-1],
                claims=[name, holder],
            )


def _by_place(table: _Table, found: t.Iterable[Values]) -> dict[Values, str]:
    return {_place(table, values): str(values[table.columns.index("name")]) for values in found}


def _place(table: _Table, values: Values) -> Values:
    return tuple(values[table.columns.index(column)] for column in _PLACE)
