# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of pools, and which of their addresses are taken."""

from __future__ import annotations

import json
import typing as t

from ..allocation import IPAddress, allocatable, preallocated
from ..errors import Conflict
from ..manifest import GLOBAL, pool_to_manifest
from ..model import Claim, Pool, PoolReference
from ..names import final_name
from . import resting, rows
from .dialect import Database

_THIS_POOL = "api_group = ? AND kind = ? AND namespace = ? AND name = ?"
_PUT = (
    "INSERT INTO pools (api_group, kind, namespace, name, manifest) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (api_group, kind, namespace, name) DO UPDATE SET manifest = excluded.manifest"
)
_FEW = 20


def namespace_of_pool(claim: Claim) -> str:
    """Where the pool of a claim is; empty for a global one."""
    return "" if claim.pool.kind == GLOBAL else claim.namespace


def listed(database: Database, namespace: str | None) -> list[Pool]:
    """The pools that a namespace can claim from, or all."""
    found = database.execute("SELECT * FROM pools ORDER BY namespace, kind, name").fetchall()
    return [rows.stored_pool(row) for row in found if namespace is None or rows.namespace_of(row) in ("", namespace)]


def stored(database: Database, reference: PoolReference, namespace: str) -> Pool | None:
    """The stored pool, None where there is none. Raises UnreadablePool for one that this version cannot read."""
    key = (reference.api_group, reference.kind, namespace, reference.name)
    row = database.execute(f"SELECT * FROM pools WHERE {_THIS_POOL}", key).fetchone()
    return rows.stored_pool(row) if row else None


def stored_before(database: Database, reference: PoolReference, namespace: str) -> Pool | None:
    """The stored pool that is replaced or deleted; one that this version cannot read has no addresses in it."""
    try:
        return stored(database, reference, namespace)
    except rows.UnreadablePool:
        return Pool(reference, namespace, (), 0)


def stored_or_none(database: Database, reference: PoolReference, namespace: str) -> Pool | None:
    """The stored pool; None where this version can read no such pool."""
    try:
        return stored(database, reference, namespace)
    except rows.UnreadablePool:
        return None


def holders(database: Database, pool: Pool) -> dict[IPAddress, str]:
    """The name of the claim that holds each address of a pool; a value that is not an address is left out: its claim reports it."""
    found = database.execute(f"SELECT address, name FROM claims WHERE {resting.OF_POOL}", resting.key(pool)).fetchall()
    held = ((rows.address_of(address), name) for address, name in found)
    return {address: str(name) for address, name in held if address is not None}


def used(database: Database, pool: Pool) -> list[IPAddress]:
    """The addresses of a pool that claims hold, and those that rest."""
    rests = (rows.address_of(each.address) for each in resting.resting(database, pool))
    return [*holders(database, pool), *(address for address in rests if address is not None)]


def put(database: Database, pool: Pool) -> None:
    """Create or replace a pool. Raises IpamError where an address that is taken would leave it, or be kept for another claim."""
    held = holders(database, pool)
    _refuse_lost(database, pool, held)
    for claim, address in preallocated(pool).items():
        if final_name(held.get(address, claim)) != claim:
            raise Conflict(
                f"pool {pool.reference.name}: preAllocations keeps {address} for claim {claim}, but claim {held[address]} holds it;"
                " release that one first, or keep another address"
            )
    manifest = json.dumps(pool_to_manifest(pool), sort_keys=True)
    database.execute(_PUT, (*resting.key(pool), manifest))


def _refuse_lost(database: Database, pool: Pool, held: t.Collection[IPAddress]) -> None:
    addresses = allocatable(pool)
    rests = {rows.address_of(each.address): each for each in _rests_until_now(database, pool)}
    in_use = {*held, *(each for each in rests if each is not None)}
    outside = (each for each in in_use if each.version != addresses.version or each not in addresses)
    lost = sorted(outside, key=lambda each: (each.version, int(each)))
    if lost:
        raise Conflict(
            f"pool {pool.reference.name}: pool addresses do not contain allocated addresses: {_few(list(map(str, lost)))}; "
            f"release their claims first or keep them in the pool{resting.next_free([rests[each] for each in lost if each in rests])}",
            **{"pool": pool.reference.name, "namespace": pool.namespace, "addresses": list(map(str, lost[:_FEW]))},
        )


def _rests_until_now(database: Database, pool: Pool) -> list[resting.Resting]:
    """What rests by the period that the pool had until now; what has rested by it is free for good."""
    before = stored_or_none(database, pool.reference, pool.namespace) or pool
    resting.forget_rested(database, before)
    return resting.resting(database, before)


def _few(names: t.Sequence[str]) -> str:
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return ", ".join(names[:_FEW]) + more


def delete(database: Database, pool: Pool) -> None:
    """Delete a pool. Raises IpamError while addresses of it are allocated."""
    key = resting.key(pool)
    count = database.execute(f"SELECT count(*) FROM claims WHERE {resting.OF_POOL}", key).fetchone()[0]
    still = resting.resting(database, pool)
    if count or still:
        raise Conflict(
            f"pool {pool.reference.name} has addresses allocated ({count + len(still)}); release their claims, which ip_address_claim_info "
            f"lists, before it is deleted{resting.next_free(still)}",
            **{"pool": pool.reference.name, "namespace": pool.namespace, "allocated": count + len(still)},
        )
    resting.forget_rested(database, pool)
    database.execute(f"DELETE FROM pools WHERE {_THIS_POOL}", key)
