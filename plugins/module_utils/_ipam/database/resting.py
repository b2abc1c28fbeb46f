# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Released addresses of the embedded backend that rest (addressReuseGracePeriodSeconds), as those of in-cluster provider 1.1 do.

Source: cluster-api-ipam-provider-in-cluster v1.1.0, internal/controllers/ipaddressclaim_address.go (ReleaseAddress). A resting address
counts as used, and the period is the one that the pool has when it is looked at. There the claim stays until its address has rested, so
that its name cannot be claimed meanwhile; here the same claim gets the address back at once: no other machine had it.
"""

from __future__ import annotations

import math
import sqlite3
import time
import typing as t

from ..model import Claim, Pool
from ..names import final_name

TABLE = """
CREATE TABLE IF NOT EXISTS resting (
    namespace TEXT NOT NULL, name TEXT NOT NULL, machine TEXT NOT NULL, key TEXT NOT NULL, host TEXT NOT NULL,
    api_group TEXT NOT NULL, kind TEXT NOT NULL, pool_namespace TEXT NOT NULL, pool TEXT NOT NULL,
    address TEXT NOT NULL, released REAL NOT NULL,
    PRIMARY KEY (api_group, kind, pool_namespace, pool, address)
)
"""
# the rows of claims, and of resting addresses, that are those of one pool (see key)
OF_POOL = "api_group = ? AND kind = ? AND pool_namespace = ? AND pool = ?"


class Resting(t.NamedTuple):
    """An address that rests: the claim that held it, as (namespace, name, machine, key, host), and for how many seconds more."""

    address: str
    claim: tuple[str, ...]
    seconds: int


def identity(claim: Claim) -> tuple[str, ...]:
    """What shows that a claim is the one that held an address, no matter what it is called while its machine is renumbered."""
    return claim.namespace, final_name(claim.name), claim.machine, final_name(claim.key), claim.host


def begin(database: sqlite3.Connection, pool: Pool, claim: Claim, address: str) -> None:
    """Let a released address of this pool rest; without a grace period it does not."""
    if pool.reuse_grace_period:
        row = (*identity(claim), *key(pool), address, time.time())
        database.execute(f"INSERT OR REPLACE INTO resting VALUES ({', '.join('?' * len(row))})", row)


def end(database: sqlite3.Connection, pool: Pool, addresses: t.Iterable[str]) -> None:
    """These addresses rest no longer."""
    database.executemany(f"DELETE FROM resting WHERE {OF_POOL} AND address = ?", [(*key(pool), a) for a in addresses])


def resting(database: sqlite3.Connection, pool: Pool) -> list[Resting]:
    """The addresses of a pool that rest now."""
    return [each for each in _known(database, pool) if each.seconds > 0]


def forget_rested(database: sqlite3.Connection, pool: Pool) -> None:
    """Drop what has rested, before the pool changes: a longer period must not begin for it."""
    end(database, pool, [each.address for each in _known(database, pool) if each.seconds <= 0])


def next_free(addresses: t.Sequence[Resting]) -> str:
    """The end of a sentence that shows when the next of these addresses is free; empty where none rests."""
    if not addresses:
        return ""
    words = "1 released address rests" if len(addresses) == 1 else f"{len(addresses)} released addresses rest"
    return f"; {words} (addressReuseGracePeriodSeconds), free again in {min(each.seconds for each in addresses)} s"


def key(pool: Pool) -> tuple[str, str, str, str]:
    """What a pool's rows are found by."""
    return pool.reference.api_group, pool.reference.kind, pool.namespace, pool.reference.name


def _known(database: sqlite3.Connection, pool: Pool) -> list[Resting]:
    if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'resting'").fetchone():
        return []  # an older version made the database, and nothing was kept since
    columns = "address, released, namespace, name, machine, key, host"
    rows = database.execute(f"SELECT {columns} FROM resting WHERE {OF_POOL} ORDER BY released", key(pool)).fetchall()
    now = time.time()
    return [
        Resting(str(address), tuple(map(str, claim)), math.ceil(released + pool.reuse_grace_period - now))
        for address, released, *claim in rows
        if isinstance(released, float)
    ]
