# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which claims go: a release takes what it was given, never a claim of the same name that is something else."""

from __future__ import annotations

import functools
import typing as t
from dataclasses import dataclass

from .backend import IpamBackend
from .errors import Conflict, Forbidden, claim_conflict
from .holding import Inventories
from .matching import owner_in_words, same_owner
from .model import BoundClaim, Claim, Owner, PoolReference
from .names import machine_name


@dataclass(frozen=True)
class Release:
    """A claim that is to go, and what its user knows of it; what is empty or None is not known, and not compared."""

    namespace: str
    name: str
    machine: str = ""
    key: str = ""
    pool: PoolReference | None = None
    host: str = ""
    owner: Owner | None = None
    site: str = ""

    @property
    def title(self) -> tuple[str, str]:
        """What a backend finds it by."""
        return self.namespace, self.name


@dataclass(frozen=True)
class Selection:
    """What claims have in common that are to go; what is empty is not asked. At least one of these must be given.

    ``pool`` is a name. An owner's ``api_version`` and ``uid`` may be empty. ``hosts`` are those of the inventory: claims of them stay,
    and so do those of an inventory with another name (``site``) or, where this one has none, with any.
    """

    machine: str = ""
    key: str = ""
    pool: str = ""
    host: str = ""
    owner: Owner | None = None
    labels: tuple[tuple[str, str], ...] = ()
    hosts: frozenset[str] = frozenset()
    site: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether it would select everything."""
        return self == Selection()

    def takes(self, claim: Claim) -> bool:
        """Whether a claim is meant. One that something else made never is."""
        texts = (
            (self.machine, claim.machine),
            (self.key, claim.key),
            (self.pool, claim.pool.name),
            (self.host, claim.host),
            (self.site, claim.site),
        )
        return (
            claim.managed
            and all(not wanted or wanted == found for wanted, found in texts)
            and (self.owner is None or _is_owner(self.owner, claim.owner))
            and set(self.labels) <= set(claim.labels)
            and (not self.hosts or is_orphan(claim, self.hosts, site=self.site))
        )


def is_orphan(
    claim: Claim,
    hosts: frozenset[str],
    inventories: Inventories = Inventories(),  # noqa: B008 it is frozen
    site: str = "",
) -> bool:
    """Whether this collection made a claim for a machine that is not one of these hosts of an inventory, and not registered with Elemental.

    Claims of an inventory with another name are not this one's.
    """
    if not claim.managed or claim.site != site or inventories.has_machine_of(claim):
        return False
    if claim.host:
        return claim.host not in hosts
    return claim.machine not in hosts and claim.machine not in _machine_names(hosts)


@functools.lru_cache(maxsize=1)
def _machine_names(hosts: frozenset[str]) -> frozenset[str]:
    return frozenset(map(machine_name, hosts))


def select_claims(backend: IpamBackend, namespace: str, selection: Selection) -> list[Release]:
    """The claims of a namespace that a selection takes, with all that is known of them.

    Raises IpamError where orphans are asked for and it cannot be known which machines are registered with Elemental.
    """
    inventories = backend.inventories(namespace) if selection.hosts else Inventories()
    if inventories.trouble:
        raise Forbidden(
            f"it is not known which claims Elemental uses, so nothing is released: {inventories.trouble}",
            **inventories.details,
        )
    claims = (bound.claim for bound in backend.list_claims(namespace))
    found = [claim for claim in claims if selection.takes(claim) and not inventories.has_machine_of(claim)]
    return [
        Release(each.namespace, each.name, each.machine, each.key, each.pool, each.host, each.owner, each.site)
        for each in found
    ]


@dataclass(frozen=True)
class Releasing:
    """What a release came to: claims that existed and went, with the address that they had; and those that stay, with the reason of each.

    ``warnings`` are what is left to do.
    """

    released: tuple[BoundClaim, ...]
    kept: tuple[tuple[BoundClaim, str], ...] = ()
    warnings: tuple[str, ...] = ()


def release_claims(
    backend: IpamBackend, releases: t.Sequence[Release], dry_run: bool, if_owned: str = "fail"
) -> Releasing:
    """Release these claims. ``if_owned`` specifies what becomes of one that another object uses: ``fail``, ``keep`` or ``release``.

    Raises IpamError, and releases nothing, when one of them does not match its release.
    """
    once = {release.title: release for release in releases}
    known = backend.find_claims(list(once))
    found = {_title(bound): bound for bound in known.found}
    for release in releases:
        if release.title in found:
            compare(release, found[release.title].claim)
    present = [found[title] for title in once if title in found]
    holders = backend.holders([bound.claim for bound in present])
    owned = [(bound, holders[_title(bound)]) for bound in present if _title(bound) in holders]
    if owned and if_owned == "fail":
        bound, holder = owned[0]
        raise Conflict(
            f"{holder.keeps(bound.claim)}; nothing is released (if_owned can change that)",
            claim=bound.claim.name,
            held_by=str(holder.owner),
        )
    released = [bound for bound in present if if_owned == "release" or _title(bound) not in holders]
    # those that a run which was ended has released hold their addresses until they are gone, too
    backend.release_claims([*released, *known.leaving], dry_run)
    if if_owned == "release":
        return Releasing(tuple(released), warnings=tuple(holder.warns(bound.claim) for bound, holder in owned))
    return Releasing(tuple(released), tuple((bound, holder.keeps(bound.claim)) for bound, holder in owned))


def _title(bound: BoundClaim) -> tuple[str, str]:
    return bound.claim.namespace, bound.claim.name


def compare(release: Release, found: Claim) -> None:
    """Raise IpamError when the claim that has the name is not the one that is to go."""
    kept = "nothing is released"
    if release.pool is not None and release.pool != found.pool:
        raise claim_conflict(
            found,
            f"claim {found.name} has an address from pool {found.pool}, not from pool {release.pool}, so {kept}: correct the pool",
        )
    if release.machine and found.machine and (release.machine, release.key) != (found.machine, found.key):
        raise claim_conflict(
            found,
            f"claim {found.name} belongs to machine {found.machine} with key {found.key}, "
            f"not to machine {release.machine} with key {release.key}, so {kept}: correct machine and key",
        )
    if release.host and found.host and release.host != found.host:
        raise claim_conflict(
            found,
            f"claim {found.name} was made for host {found.host}, not for host {release.host}, so {kept}: correct the host",
        )
    if release.site and found.site and release.site != found.site:
        raise claim_conflict(
            found,
            f"claim {found.name} was made for an inventory of site {found.site}, not of site {release.site}, so {kept}: correct the site",
        )
    if release.owner is not None and not same_owner(release.owner, found.owner):
        raise claim_conflict(
            found,
            f"claim {found.name} has {owner_in_words(found.owner)}, not {release.owner}, so {kept}: correct the owner",
        )
    if release.owner is None and found.owner is not None and not found.managed:
        raise claim_conflict(
            found,
            f"claim {found.name} was made by something else for {found.owner}, so {kept}: "
            "delete that object, or name it as the owner to release its claim all the same",
        )


def _is_owner(wanted: Owner, found: Owner | None) -> bool:
    if found is None or (wanted.kind, wanted.name) != (found.kind, found.name):
        return False
    return not wanted.api_version or same_owner(wanted, found)
