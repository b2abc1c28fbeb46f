# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report shows: which machine holds which address, how full each pool is, and what a user should look at."""

from __future__ import annotations

import typing as t
from collections import Counter
from dataclasses import dataclass

from .backend import IpamBackend, PoolState
from .holding import Inventories, lost_records
from .model import BoundClaim, Claim, PoolReference
from .names import final_name
from .releasing import Selection

_HEADERS = ("machine", "placeholder", "address", "in use since", "pool")
# of all columns but the last, so that most reports look alike
_LEAST_WIDTHS = (0, 16, 18, 20)


@dataclass(frozen=True)
class Wanted:
    """What a host of the inventory asks for: the keys of its machine. A host whose network is not managed asks for nothing."""

    host: str
    machine: str
    namespace: str
    site: str
    keys: frozenset[str]


@dataclass(frozen=True)
class OtherPool:
    """A pool that claims name and that the backend does not list, with the number of its claims: its size is not known."""

    reference: PoolReference
    namespace: str
    claimed: int


@dataclass(frozen=True)
class Holdings:
    """What a backend has. ``inventories`` are the machines that are registered with Elemental.

    ``orphans`` are claims of machines that are not in the inventory; ``unknown`` is why it cannot be known which these are.
    """

    claims: tuple[BoundClaim, ...]
    inventories: Inventories
    orphans: tuple[Claim, ...]
    unknown: str
    pools: tuple[PoolState, ...]
    other_pools: tuple[OtherPool, ...]
    warnings: tuple[str, ...]


def gather(backend: IpamBackend, namespace: str | None, hosts: t.Collection[str], site: str, unknown: str) -> Holdings:
    """Ask a backend for all of it: one list of each kind.

    Args:
        backend: where the claims are.
        namespace: that of the claims, or None for all.
        hosts: the hosts of the whole inventory, with the former names of those that are to be renamed.
        site: the name of the inventory, or empty.
        unknown: why ``hosts`` are not the whole inventory; empty where they are.

    Raises:
        IpamError: where the backend cannot be read.
    """
    claims = tuple(backend.list_claims(namespace))
    inventories = backend.inventories(namespace)
    if inventories.trouble:
        unknown = unknown or f"it is not known which claims Elemental uses: {inventories.trouble}"
    selection = Selection(hosts=frozenset(hosts), site=site)
    orphans = () if unknown else _orphans(claims, selection, inventories)
    pools = tuple(backend.list_pools(namespace))
    others = other_pools(claims, pools)
    warnings = lost_records(inventories, (bound.claim for bound in claims))
    missing = "" if pools or others else backend.why_no_pools()
    return Holdings(claims, inventories, orphans, unknown, pools, others, (*warnings, *([missing] if missing else [])))


def _orphans(claims: t.Iterable[BoundClaim], selection: Selection, inventories: Inventories) -> tuple[Claim, ...]:
    taken = (bound.claim for bound in claims if selection.takes(bound.claim))
    return tuple(claim for claim in taken if not inventories.has_machine_of(claim))


def other_pools(claims: t.Iterable[BoundClaim], pools: t.Iterable[PoolState]) -> tuple[OtherPool, ...]:
    """The pools that claims name beside these."""
    known = {(state.pool.reference, state.pool.namespace) for state in pools}
    counts: dict[tuple[PoolReference, str], int] = {}
    for claim in (bound.claim for bound in claims):
        if (claim.pool, claim.namespace) not in known and (claim.pool, "") not in known:
            counts[claim.pool, claim.namespace] = counts.get((claim.pool, claim.namespace), 0) + 1
    return tuple(OtherPool(*place, count) for place, count in sorted(counts.items()))


def lines(holdings: Holdings, wanted: t.Iterable[Wanted]) -> list[str]:
    """The report, line by line."""
    rows = sorted(holdings.claims, key=lambda bound: bound.claim.name.lower())
    found = _table([_cells(bound, holdings.inventories) for bound in rows])
    found += [] if rows else ["no machine holds an address"]
    if holdings.orphans:
        names = ", ".join(claim.name for claim in holdings.orphans)
        found.append(f"claims of machines that are not in the inventory: {names}")
    if holdings.unknown:
        found.append(f"claims of machines that are not in the inventory are not known: {holdings.unknown}")
    found += _pool_lines(holdings)
    return [*found, *unused_lines([bound.claim for bound in rows], wanted)]


def _pool_lines(holdings: Holdings) -> list[str]:
    """How full each pool is; those that have one name are shown with their namespaces."""
    states, others = holdings.pools, holdings.other_pools
    places = {(state.pool.reference.name, state.pool.namespace) for state in states}
    counts = Counter(name for name, _namespace in places | {(each.reference.name, each.namespace) for each in others})

    def where(name: str, namespace: str) -> str:
        if counts[name] == 1:
            return ""
        return f" in namespace {namespace}" if namespace else " in all namespaces"

    found = []
    for pool, usage in ((state.pool, state.usage) for state in states):
        name = pool.reference.name
        used = f"{usage.used} of {usage.total} in use, {usage.free} free"
        found.append(f"pool {name}{where(name, pool.namespace)}: {used}")
    for other in others:
        name, kind = other.reference.name, f"{other.reference.kind}, {other.reference.api_group}"
        found.append(f"pool {name} ({kind}){where(name, other.namespace)}: {other.claimed} claimed, size unknown")
    return found


def _table(rows: t.Sequence[t.Sequence[str]]) -> list[str]:
    """The lines with the header, each column as wide as its longest cell; the last one has no end."""
    cells = [_HEADERS, *rows]
    widths = [max(least, *(len(each[place]) for each in cells)) for place, least in enumerate(_LEAST_WIDTHS)]
    return ["  ".join([*map(str.ljust, each, widths), each[-1]]) for each in cells]


def _cells(bound: BoundClaim, inventories: Inventories) -> tuple[str, ...]:
    claim, address = bound.claim, bound.address
    pool = claim.pool.name + (f"  site {claim.site}" if claim.site else "")
    whose = _whose(claim, inventories)
    return (
        claim.machine or claim.name,
        claim.key,
        f"{address.address}/{address.prefix}" if address else "waits",
        claim.confirmed or "promised",
        f"{pool}  (claim of {whose})" if whose else pool,
    )


def _whose(claim: Claim, inventories: Inventories) -> str:
    """What uses a claim besides the machine: the object that controls or records it, or what made it; empty if it is ours alone."""
    if claim.owner and claim.owner.controller:
        return str(claim.owner)
    recording = inventories.recording(claim)
    if recording:
        return str(recording[0].owner)
    if claim.managed:
        return ""
    return f"{claim.owner.kind} {claim.owner.name}" if claim.owner else "another tool"


def unused_lines(claims: t.Iterable[Claim], wanted: t.Iterable[Wanted]) -> list[str]:
    """A sentence for each claim that was made for a host and that its machine does not ask for, in the order of the hosts."""
    by_host: dict[str, list[Claim]] = {}
    for claim in claims:
        if claim.managed and not claim.owner and claim.host:
            by_host.setdefault(claim.host, []).append(claim)
    return [
        _why_unused(claim, each)
        for each in wanted
        for claim in by_host.get(each.host, ())
        if claim.namespace == each.namespace and claim.site in ("", each.site) and not _is_asked_for(claim, each)
    ]


def _is_asked_for(claim: Claim, wanted: Wanted) -> bool:
    return claim.machine == wanted.machine and claim.key in wanted.keys


def _why_unused(claim: Claim, wanted: Wanted) -> str:
    if claim.machine != wanted.machine:
        return (
            f"claim {claim.name} is of {wanted.host}, whose machine is {wanted.machine} now: "
            f"set machine_network_former_name: {claim.machine} for it, or release the claim"
        )
    if final_name(claim.key) in wanted.keys:
        return f"claim {claim.name} is beside {wanted.host}'s own: its renumbering is not finished, configure it again"
    return f"claim {claim.name} is not asked for by {wanted.host} any more"
