# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""New claims get their addresses, by the in-cluster provider's rules: lowest free first, in the order of the claims."""

from __future__ import annotations

import itertools
import typing as t

from ..allocation import IPAddress, allocatable, lowest_free, preallocated
from ..errors import InvalidInput, PoolExhausted, PoolNotFound, claim_conflict
from ..model import Claim, Pool, PoolReference
from ..names import final_name
from . import claims as claim_rows
from . import pools, resting
from .dialect import Database
from .rows import address_of


def refuse_owners(claims: t.Iterable[Claim], backend: str) -> None:
    """Raise IpamError for a claim with an owner: there are no such objects in a database."""
    for claim in claims:
        if claim.owner is not None:
            raise InvalidInput(
                f"claim {claim.name} has the owner {claim.owner}; the {backend} backend has no such objects, leave the owner out"
            )


def allocate(database: Database, claims: t.Sequence[Claim]) -> set[Claim]:
    """Give the claims that do not exist yet their addresses; returns these."""
    groups = _by_pool(database, claims)
    return {claim for pool, group in groups.items() for claim in _allocate_from(database, pool, group)}


def _by_pool(database: Database, claims: t.Sequence[Claim]) -> dict[Pool, list[Claim]]:
    asking: dict[Pool, list[Claim]] = {}
    known: dict[tuple[PoolReference, str], Pool] = {}
    for claim in claims:
        namespace = pools.namespace_of_pool(claim)
        pool = known.get((claim.pool, namespace)) or pools.stored(database, claim.pool, namespace)
        if pool is None:
            raise PoolNotFound(_unknown_pool(database, claim), pool=claim.pool.name, namespace=claim.namespace)
        known[claim.pool, namespace] = pool
        asking.setdefault(pool, []).append(claim)
    return asking


def _unknown_pool(database: Database, claim: Claim) -> str:
    names = [str(pool.reference) for pool in pools.listed(database, claim.namespace)]
    known = (
        f"the pools that it can claim from are {', '.join(names)}"
        if names
        else "there are no pools yet: give it in machine_network_pools, or make it with the module ip_pool"
    )
    return (
        f"claim {claim.name} asks for pool {claim.pool}, which does not exist in namespace {claim.namespace}; {known}"
    )


def _allocate_from(database: Database, pool: Pool, claims: t.Sequence[Claim]) -> list[Claim]:
    asking = claim_rows.still_missing(database, claims)
    still = resting.resting(database, pool)
    given = _kept_for(database, pool, asking, still)
    others = [claim for claim in asking if claim not in given]
    taken = {*pools.used(database, pool), *preallocated(pool).values(), *given.values()}
    free = list(itertools.islice(lowest_free(allocatable(pool), taken), len(others)))
    if len(free) < len(others):
        raise PoolExhausted(
            f"pool {pool.reference.name} has {len(free)} free of {allocatable(pool).size}, {len(others)} claims ask; "
            f"release claims or widen the pool{resting.next_free(still)}",
            **{"pool": pool.reference.name, "namespace": others[0].namespace},
            **{"free": len(free), "total": allocatable(pool).size, "requested": len(others)},
        )
    given.update(zip(others, free))
    resting.end(database, pool, map(str, given.values()))
    claim_rows.insert(database, pool, given)
    return asking


def _kept_for(
    database: Database, pool: Pool, claims: t.Sequence[Claim], still: t.Sequence[resting.Resting]
) -> dict[Claim, IPAddress]:
    """The addresses that are kept for some of these claims: by the pool's preAllocations, else since they rest after the same claim."""
    kept, addresses = preallocated(pool), allocatable(pool)
    rested = {each.claim: address_of(each.address) for each in still}
    by_others = {address_of(each.address): each for each in still}
    given: dict[Claim, IPAddress] = {}
    for claim in claims:
        address = kept.get(final_name(claim.name))
        if address is not None:
            _refuse_taken(database, pool, claim, address, by_others.get(address))
            given[claim] = address
            continue
        own = rested.get(resting.identity(claim))
        if own is not None and own in addresses and own not in kept.values():
            given[claim] = own
    return given


def _refuse_taken(
    database: Database, pool: Pool, claim: Claim, address: IPAddress, rest: resting.Resting | None
) -> None:
    """Raise IpamError where the address that is kept for a claim is held by another one, or rests after another one."""
    holder = pools.holders(database, pool).get(address)
    if holder is not None:
        raise claim_conflict(
            claim,
            f"pool {pool.reference.name} keeps {address} for claim {claim.name} (preAllocations), but claim {holder} holds it;"
            " release that one, or correct preAllocations",
        )
    if rest is not None and rest.claim != resting.identity(claim):
        raise claim_conflict(
            claim,
            f"pool {pool.reference.name} keeps {address} for claim {claim.name} (preAllocations), but it rests after claim {rest.claim[1]}"
            f"{resting.next_free([rest])}",
        )
