# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Released addresses of a database that rest (addressReuseGracePeriodSeconds), as those of in-cluster provider 1.1 do.

Source: cluster-api-ipam-provider-in-cluster v1.1.0, internal/controllers/ipaddressclaim_address.go (ReleaseAddress). A resting address
counts as used, and the period is the one that the pool has when it is looked at. There the claim stays until its address has rested, so
that its name cannot be claimed meanwhile; here the same claim gets the address back at once: no other machine had it.
"""

from __future__ import annotations

import math
import typing as t

from ..model import Claim, Pool
from ..names import final_name
from .dialect import Database

TABLE = """
CREATE TABLE IF NOT EXISTS resting (
    namespace TEXT NOT NULL, name TEXT NOT NULL, machine TEXT NOT NULL, key TEXT NOT NULL, host TEXT NOT NULL,
    api_group TEXT NOT NULL, kind TEXT NOT NULL, pool_namespace TEXT NOT NULL, pool TEXT NOT NULL,
    address TEXT NOT NULL, released DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (api_group, kind, pool_namespace, pool, address)
)
"""
COLUMNS = "namespace, name, machine, key, host, api_group, kind, pool_namespace, pool, address, released"
PUT = (
    f"INSERT INTO resting ({COLUMNS}) VALUES ({', '.join('?' * 11)}) ON CONFLICT (api_group, kind, pool_namespace, pool, address) "
    "DO UPDATE SET namespace = excluded.namespace, name = excluded.name, machine = excluded.machine, key = excluded.key, "
    "host = excluded.host, released = excluded.released"
)
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


def begin(database: Database, released: t.Sequence[tuple[Pool, Claim, str]]) -> None:
    """Let released addresses of these pools rest; without a grace period they do not."""
    resting_now = [each for each in released if each[0].reuse_grace_period]
    if resting_now:
        now = database.now()
        rows = [(*identity(claim), *key(pool), address, now) for pool, claim, address in resting_now]
        database.executemany(PUT, rows)


def end(database: Database, pool: Pool, addresses: t.Iterable[str]) -> None:
    """These addresses rest no longer."""
    database.executemany(f"DELETE FROM resting WHERE {OF_POOL} AND address = ?", [(*key(pool), a) for a in addresses])


def resting(database: Database, pool: Pool) -> list[Resting]:
    """The addresses of a pool that rest now."""
    return [each for each in _known(database, pool) if each.seconds > 0]


def forget_rested(database: Database, pool: Pool) -> None:
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


def _known(database: Database, pool: Pool) -> list[Resting]:
    if not database.has_table("resting"):
        return []  # an older version made the database, and nothing was kept since
    columns = "address, released, namespace, name, machine, key, host"
    rows = database.execute(f"SELECT {columns} FROM resting WHERE {OF_POOL} ORDER BY released", key(pool)).fetchall()
    now = database.now()
    return [
        Resting(str(address), tuple(map(str, claim)), math.ceil(released + pool.reuse_grace_period - now))
        for address, released, *claim in rows
        if isinstance(released, float)
    ]
