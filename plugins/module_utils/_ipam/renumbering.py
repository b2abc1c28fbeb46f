# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renumbering: a machine gets its new address beside the old one, and gives the old one up once the new one is proved.

While both are held the new one belongs to the claim ``<machine>-<key>.renumbering``. When the old claim is released it becomes
``<machine>-<key>``. Each step is known from the claims that there are, so that a run which was ended is gone on with by the next one.
"""

from __future__ import annotations

import dataclasses
import typing as t
from dataclasses import dataclass
from ipaddress import ip_address

from .allocation import allocatable
from .backend import HandOver, IpamBackend, PoolChange
from .errors import Conflict, claim_conflict
from .holding import Holder
from .machines import Known, Machine, by_title, holders_of, machines_of, names_of, title
from .manifest import GLOBAL, applied
from .model import BoundClaim, Claim, IpamError, Pool
from .names import RENUMBERING, checked_name
from .renaming import hand_over, release

_HOW = (
    "set machine_network_renumber: true (renumber of the task's machines) to give it a new address beside the old one, which is released "
    "once the new one is proved"
)


_FEW = 3


@dataclass(frozen=True)
class Renumbering:
    """A claim that gets another address: ``old`` is what it has, ``new`` the claim beside it."""

    old: BoundClaim
    new: Claim


def beside(claim: Claim) -> Claim:
    """The claim that gets the new address until ``claim`` is free for it."""
    return dataclasses.replace(
        claim, name=checked_name(f"{claim.name}{RENUMBERING}", "claim"), key=f"{claim.key}{RENUMBERING}", owner=None
    )


def is_beside(claim: Claim) -> bool:
    """Whether a claim holds the new address of a machine that is being renumbered."""
    return claim.name.endswith(RENUMBERING) and claim.key.endswith(RENUMBERING)


def settle(
    backend: IpamBackend, claims: t.Sequence[Claim], known: Known, leaving: Known, dry_run: bool
) -> list[HandOver]:
    """Where the old claim is gone, give the new address its name; where the old one is still going, that is for the next run."""
    moves = []
    for claim in claims:
        new = known.get(title(beside(claim)))
        if new is not None and title(claim) not in known and title(claim) not in leaving and new.address:
            moves.append(_back(claim, new))
    return hand_over(backend, moves, known, leaving, dry_run)


def _back(claim: Claim, new: BoundClaim) -> HandOver:
    return HandOver(new, dataclasses.replace(new.claim, name=claim.name, key=claim.key, uid=""))


def plan(
    backend: IpamBackend,
    claims: t.Sequence[Claim],
    pools: t.Sequence[Pool],
    known: Known,
    leaving: Known,
    machines: t.Sequence[Machine],
) -> dict[Claim, Renumbering | Claim]:
    """What to claim in the place of some claims. Raises IpamError for an address that was not released for replacement."""
    by_machine = {(each.namespace, each.machine): each for each in machines}
    instead: dict[Claim, Renumbering | Claim] = {}
    for claim in claims:
        old, new = known.get(title(claim)), known.get(title(beside(claim)))
        if old is None:
            if new is not None and title(claim) in leaving:
                instead[claim] = _in_place_of_leaving(claim, new.claim)
            continue
        why = _why(claim, old, pools)
        if not why:
            continue
        if not by_machine[claim.namespace, claim.machine].renumber:
            if old.claim.pool == claim.pool and _is_as_it_was(backend, claim, pools):
                continue  # an address outside of its pool, which nothing changes
            raise claim_conflict(
                claim, f"claim {claim.name} {why}: release it first (state: absent, or reset the machine), or {_HOW}"
            )
        _refuse_others(old.claim, why)
        if new is not None and new.claim.pool != claim.pool:
            raise claim_conflict(
                claim,
                f"machine {claim.machine} is being renumbered to pool {new.claim.pool} for key {claim.key}, but pool {claim.pool} is "
                f"requested: ask for {new.claim.pool} until that is done, or for {old.claim.pool} to go back",
            )
        instead[claim] = Renumbering(old, beside(claim))
    _refuse_used(backend, [each.old.claim for each in instead.values() if isinstance(each, Renumbering)])
    return instead


def _in_place_of_leaving(claim: Claim, new: Claim) -> Claim:
    """What has the address of a machine that was renumbered until the name of its old claim is free."""
    if new.pool != claim.pool:
        raise claim_conflict(
            claim,
            f"machine {claim.machine} was renumbered to pool {new.pool} for key {claim.key}, but pool {claim.pool} is requested, while "
            f"the address of its old claim {claim.name} rests: ask for {new.pool} until that is gone",
        )
    return beside(claim)


def _why(claim: Claim, old: BoundClaim, pools: t.Sequence[Pool]) -> str:
    """Why a claim cannot stay as it is; empty where it can."""
    if old.claim.pool != claim.pool:
        return f"exists with an address from pool {old.claim.pool}, but pool {claim.pool} is requested"
    for pool in pools:
        if old.address is not None and _is_from(pool, old.claim) and not _is_in(pool, old.address.address):
            return f"has the address {old.address.address}, which pool {claim.pool} does not have any more"
    return ""


def _is_as_it_was(backend: IpamBackend, claim: Claim, pools: t.Sequence[Pool]) -> bool:
    """Whether the pool of a claim is the one that there is."""
    stored = {(state.pool.reference, state.pool.namespace): state.pool for state in backend.list_pools(claim.namespace)}
    own = {(pool.reference, pool.namespace): pool for pool in pools if _is_from(pool, claim)}
    return all(place in stored and applied(stored[place], pool) == stored[place] for place, pool in own.items())


def _refuse_others(old: Claim, why: str) -> None:
    if not old.managed or old.owner is not None:
        whose = f"for {old.owner}" if old.owner else "by something else"
        raise claim_conflict(
            old, f"claim {old.name} {why}, and was made {whose}, so that it is not renumbered: release it first"
        )


def _refuse_used(backend: IpamBackend, claims: t.Sequence[Claim]) -> None:
    holders = holders_of(backend, claims)
    for claim in claims:
        if title(claim) in holders:
            raise claim_conflict(claim, f"{holders[title(claim)].keeps(claim)}, and it is not renumbered before")


def _is_from(pool: Pool, claim: Claim) -> bool:
    """Whether a claim asks for this pool."""
    namespace = "" if claim.pool.kind == GLOBAL else claim.namespace
    return (claim.pool, namespace) == (pool.reference, pool.namespace)


def _is_in(pool: Pool, text: str) -> bool:
    addresses, address = allocatable(pool), ip_address(text)
    return address.version == addresses.version and address in addresses


def with_addresses_in_use(backend: IpamBackend, claims: t.Sequence[Claim], pools: t.Sequence[Pool]) -> list[Pool]:
    """The pools, each with the addresses beside its new range that claims still hold: no provider takes those away."""
    namespaces = list(dict.fromkeys(claim.namespace for claim in claims))
    widened = []
    for pool in pools:
        places = [pool.namespace] if pool.namespace else namespaces
        more = sorted({each for each in backend.allocated(pool, places) if not _is_in(pool, each)})
        widened.append(_widened(pool, more) if more else pool)
    return widened


def _widened(pool: Pool, more: t.Sequence[str]) -> Pool:
    """The pool with these addresses, too. Raises IpamError where no pool can have both: in a pool there is one subnet, of one family."""
    wider = dataclasses.replace(pool, addresses=(*pool.addresses, *more))
    allocatable(pool)  # what is wrong with the pool itself
    try:
        allocatable(wider)
    except IpamError as error:
        raise Conflict(
            f"pool {pool.reference.name} cannot keep {', '.join(more[:_FEW])}, which machines have, beside its new addresses ({error}): "
            "leave it as it was, give the new addresses a pool of their own, and renumber to that one",
            **{"pool": pool.reference.name, "namespace": pool.namespace, "addresses": more[:_FEW]},
        ) from None
    return wider


@dataclass(frozen=True)
class Finished:
    """What ending renumberings came to: addresses that were released, and claims that have their names now.

    ``warnings`` has a sentence for each renumbering that is not at its end.
    """

    released: tuple[BoundClaim, ...]
    moves: tuple[HandOver, ...]
    warnings: tuple[str, ...]
    pool_changes: tuple[PoolChange, ...]


def finish(backend: IpamBackend, claims: t.Sequence[Claim], pools: t.Sequence[Pool], dry_run: bool) -> Finished:
    """Release the old address of each claim whose new one is proved on its machine, and give the new one its name.

    Where the old one is still going, since its address rests, that is for a later run.
    """
    found = backend.find_claims([title(claim) for claim in claims], names_of(machines_of(claims, ())))
    known, leaving = by_title(found.held), by_title(found.leaving)
    pairs = [(claim, known[title(beside(claim))]) for claim in claims if title(beside(claim)) in known]
    olds = [known[title(claim)] for claim, _new in pairs if title(claim) in known]
    holders = holders_of(backend, [old.claim for old in olds])
    why = {title(claim): _keeps(known.get(title(claim)), new, holders.get(title(claim))) for claim, new in pairs}
    proved = [(claim, new) for claim, new in pairs if not why[title(claim)] and new.claim.pool == claim.pool]
    released = [known[title(claim)] for claim, _new in proved if title(claim) in known]
    if released:
        release(backend, released, leaving, dry_run)
    moves = [_back(claim, new) for claim, new in proved if title(claim) not in leaving]
    resting = [_rests(claim, new.claim) for claim, new in proved if title(claim) in leaving]
    if not (released and dry_run):  # else the names are not free
        hand_over(backend, moves, known, leaving, dry_run)
    changes = [backend.apply_pool(pool, dry_run) for pool in with_addresses_in_use(backend, claims, pools)]
    return Finished(
        tuple(released),
        tuple(moves),
        (*filter(None, why.values()), *resting),
        tuple(change for change in changes if change.changed),
    )


def _rests(claim: Claim, new: Claim) -> str:
    return f"claim {claim.name} is released and goes when its address has rested; run again then, to give {new.name} its name"


def _keeps(old: BoundClaim | None, new: BoundClaim, holder: Holder | None) -> str:
    """Why a machine keeps its old address beside the new one; empty where it need not."""
    name, machine = new.claim.name, new.claim.machine
    if not new.claim.confirmed:
        return f"machine {machine} keeps its old address, as the new one of claim {name} is not proved yet; run again"
    if old is None:
        return ""
    if holder is not None:
        return holder.keeps(old.claim)
    if old.claim.machine_id and new.claim.machine_id and old.claim.machine_id != new.claim.machine_id:
        return (
            f"claim {old.claim.name} stays, since another machine (by its machine-id) had its address than the one with the new address of "
            f"claim {name}: reset that machine, or, if it is gone for good, release the claim, then run again"
        )
    return ""
