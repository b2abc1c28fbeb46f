# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The batch algorithm, the same for every backend: look, compare, create what is missing, wait."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from . import renumbering
from .allocation import family
from .backend import HandOver, IpamBackend, Observation, PoolChange
from .errors import InvalidInput, claim_conflict
from .machines import (
    Known,
    Machine,
    addresses_held,
    by_title,
    holders_of,
    machines_of,
    names_of,
    title,
    unused,
)
from .matching import compare
from .model import BoundClaim, Claim, IpamError, Pool, PoolReference
from .renaming import rename
from .renumbering import Renumbering


@dataclass(frozen=True)
class ClaimResult:
    """What a batch of claims came to: ``bound`` in the order asked, ``created`` those that did not exist before.

    ``moves`` are claims that got other names, ``unused`` those of the machines that were not asked for, ``held`` all addresses of each
    machine. ``renumbering`` are the claims whose new address is in ``bound``, while the old one is held, too. ``warnings`` are sentences.
    """

    bound: tuple[BoundClaim, ...]
    created: tuple[Claim, ...]
    pool_changes: tuple[PoolChange, ...] = ()
    moves: tuple[HandOver, ...] = ()
    unused: tuple[BoundClaim, ...] = ()
    held: t.Mapping[str, t.Sequence[str]] = field(default_factory=dict)
    renumbering: tuple[Renumbering, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClaimRequest:
    """A claim and the address family that its user expects; empty when any will do."""

    claim: Claim
    family: str = ""


def ensure_claims(
    backend: IpamBackend,
    requests: t.Sequence[ClaimRequest],
    pools: t.Sequence[Pool],
    dry_run: bool,
    machines: t.Sequence[Machine] = (),
) -> ClaimResult:
    """Verify that every claim exists and has its address. Raises IpamError and creates nothing when one of them cannot be."""
    asked = [request.claim for request in requests]
    _refuse_same_name(asked)
    pools = _each_once(pools)
    machines = machines_of(asked, machines)
    found = backend.find_claims(list(dict.fromkeys(title(claim) for claim in asked)), names_of(machines))
    known, leaving = by_title((*found.held, *found.found)), by_title(found.leaving)
    moves = [
        *rename(backend, machines, known, leaving, dry_run),
        *renumbering.settle(backend, asked, known, leaving, dry_run),
    ]
    instead = renumbering.plan(backend, asked, pools, known, leaving, machines)
    if any(machine.renumber for machine in machines):
        pools = renumbering.with_addresses_in_use(backend, asked, pools)
    for claim, other in instead.items():
        if isinstance(other, Renumbering):
            compare(replace(claim, pool=other.old.claim.pool), other.old.claim)
    requests = [replace(request, claim=_in_place_of(request.claim, instead)) for request in requests]
    there_is = replace(found, found=tuple(known.values()), leaving=tuple(leaving.values()))
    claiming = _claim(backend, requests, pools, there_is, dry_run)
    known.update({title(bound.claim): bound for bound in claiming.bound})
    under_way = [each for each in instead.values() if isinstance(each, Renumbering)]
    used = {title(claim) for claim in (*asked, *(request.claim for request in requests))}
    left, warnings = _free_to_go(backend, unused(machines, known, used))
    return replace(
        claiming,
        moves=tuple(moves),
        unused=left,
        warnings=warnings,
        held=addresses_held(machines, known),
        renumbering=tuple(under_way),
    )


def _free_to_go(backend: IpamBackend, left: t.Sequence[BoundClaim]) -> tuple[tuple[BoundClaim, ...], tuple[str, ...]]:
    """Those of these claims that no other object uses, and a sentence where that is not known."""
    try:
        holders = holders_of(backend, [bound.claim for bound in left])
    except IpamError as error:
        return (), (f"claims that the machines do not ask for any more stay: {error}",)
    return tuple(bound for bound in left if title(bound.claim) not in holders), ()


def _in_place_of(claim: Claim, instead: t.Mapping[Claim, Renumbering | Claim]) -> Claim:
    found = instead.get(claim, claim)
    return found.new if isinstance(found, Renumbering) else found


def _claim(
    backend: IpamBackend,
    requests: t.Sequence[ClaimRequest],
    pools: t.Sequence[Pool],
    there_is: Observation,
    dry_run: bool,
) -> ClaimResult:
    """Compare what exists, create what is missing, wait."""
    claims, known = [request.claim for request in requests], by_title(there_is.found)
    existing = [(claim, known[title(claim)]) for claim in claims if title(claim) in known]
    for claim, found in existing:
        compare(claim, found.claim)
    backend.check_addresses([found for _claim, found in existing])
    for claim, found in existing:
        _refuse_refused(claim, found)
    _check_families(requests, pools, backend)
    _compare_families(requests, known)
    creation = backend.create_claims(claims, pools, there_is, dry_run)
    if dry_run:
        made = {title(claim): BoundClaim(claim, None) for claim in creation.created}
        bound = tuple(_adopted(claim, {**made, **known}) for claim in claims)
    else:
        bound = creation.bound
        _take_back_other_families(requests, bound, creation.created, backend)
    return ClaimResult(bound, creation.created, tuple(change for change in creation.pool_changes if change.changed))


def _adopted(claim: Claim, known: Known) -> BoundClaim:
    """What is known of a claim; what one that another tool made does not show is what it would be adopted for."""
    bound = known.get(title(claim), BoundClaim(claim, None))
    if bound.claim.machine:
        return bound
    return replace(bound, claim=replace(bound.claim, machine=claim.machine, key=claim.key))


def _refuse_refused(claim: Claim, found: BoundClaim) -> None:
    """Raise IpamError for a claim of another origin that its provider refused; ours is made again."""
    if found.refusal and not found.claim.managed:
        raise claim_conflict(
            claim,
            f"claim {claim.name}, which something else made, was refused by the provider of pool {claim.pool.name} ({found.refusal}),"
            " which may never look at it again: release it first, then claim again",
        )


def _each_once(pools: t.Sequence[Pool]) -> list[Pool]:
    """Hosts of one play bring the same pools along; two that differ are a mistake that the last one must not win."""
    seen: dict[tuple[PoolReference, str], Pool] = {}
    for pool in pools:
        if seen.setdefault((pool.reference, pool.namespace), pool) != pool:
            raise InvalidInput(f"pool {pool.reference} is given twice, with different definitions; leave one of them")
    return list(seen.values())


def _refuse_same_name(claims: t.Sequence[Claim]) -> None:
    """Two machines with one claim name would share one address."""
    seen: dict[tuple[str, str], Claim] = {}
    owners: dict[str, str] = {}
    for claim in claims:
        owner = owners.setdefault(claim.machine, claim.host) if claim.host else claim.host
        if owner != claim.host:
            raise InvalidInput(
                f"hosts {owner} and {claim.host} have the same machine name {claim.machine}; "
                "give each its own (machine_network_machine_name)"
            )
        other = seen.setdefault((claim.namespace, claim.name), claim)
        if other is claim:
            continue
        if (other.machine, other.key) == (claim.machine, claim.key):
            hosts = f" ({other.host} and {claim.host})" if other.host != claim.host else ""
            raise InvalidInput(
                f"claim {claim.name} is asked for twice: two hosts{hosts} have the machine name {claim.machine}; give each its own"
            )
        raise InvalidInput(
            f"machine {other.machine} with key {other.key} and machine {claim.machine} with key {claim.key} "
            f"both ask for the claim {claim.name}: rename one of the machines or keys"
        )


def _check_families(requests: t.Sequence[ClaimRequest], pools: t.Sequence[Pool], backend: IpamBackend) -> None:
    expecting = [request for request in requests if request.family]
    if not expecting:
        return
    namespaces = dict.fromkeys(request.claim.namespace for request in expecting)
    known = [*(state.pool for namespace in namespaces for state in backend.list_pools(namespace)), *reversed(pools)]
    families = {(pool.reference, pool.namespace): family(pool) for pool in known}
    for request in expecting:
        claim = request.claim
        found = families.get((claim.pool, claim.namespace)) or families.get((claim.pool, "")) or request.family
        if found != request.family:
            raise InvalidInput(
                f"claim {claim.name} expects an {request.family} address, but pool {claim.pool} gives {found} addresses; "
                f"name a pool of {request.family} addresses"
            )


def _compare_families(requests: t.Sequence[ClaimRequest], known: Known) -> None:
    """Raise IpamError for an address of another family than its user expects; pools of other providers do not report theirs."""
    for request in requests:
        found = known.get(title(request.claim))
        address = found.address if found else None
        if request.family and address is not None and address.family != request.family:
            raise InvalidInput(
                f"claim {request.claim.name} expects an {request.family} address, but pool {request.claim.pool} gave it {address.address};"
                f" name a pool of {request.family} addresses"
            )


def _take_back_other_families(
    requests: t.Sequence[ClaimRequest], bound: t.Sequence[BoundClaim], created: t.Sequence[Claim], backend: IpamBackend
) -> None:
    try:
        _compare_families(requests, {title(each.claim): each for each in bound})
    except IpamError:
        made = {title(claim) for claim in created}
        backend.release_claims([each for each in bound if title(each.claim) in made], dry_run=False)
        raise
