# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look for claims and their addresses; each claim that was found carries what is needed to change exactly this one."""

from __future__ import annotations

import typing as t

from ..backend import Observation
from ..grouping import grouped
from ..holding import of_machine
from ..model import Address, BoundClaim, IpamError
from ..names import RENUMBERING, is_subdomain
from .claims import Addresses, Listing
from .control_plane import ControlPlane, Name, title
from .errors import Refused
from .objects import ObservedClaim, check_address
from .sharing import SharedAddress, refusal


class Handle(t.NamedTuple):
    """A claim as it was on the server, with the uid of its IPAddress, and what shares its address.

    ``since`` is the version of the list that had it: a watch from there misses nothing.
    """

    found: ObservedClaim
    since: str
    address_uid: str = ""
    shared: tuple[SharedAddress, ...] = ()


def handle_of(bound: BoundClaim) -> Handle:
    """The handle of a claim. Raises IpamError for one that was not looked up on an API server."""
    if isinstance(bound.handle, Handle):
        return bound.handle
    raise IpamError(
        f"claim {bound.claim.name} was not looked up on this API server; find it there before it is changed"
    )


def list_claims(plane: ControlPlane, namespace: str | None) -> list[BoundClaim]:
    """All claims of a namespace, or of all, that are not being released."""
    listing = plane.claims.list(namespace, all_of_them=True)
    alive = [each for each in listing.claims.values() if not each.terminating]
    return bound_claims(plane, namespace, alive, listing.version)


def claims_of(plane: ControlPlane, machine: str, keys: t.Collection[str], namespace: str | None) -> list[BoundClaim]:
    """The claims of a machine for these keys: those with its label, and those of others that are known by their names."""
    # asking costs a request of its own
    plane.discovery.guess()
    try:
        return _claims_of(plane, machine, keys, namespace)
    except Refused as error:
        if error.status != 404:
            raise
    plane.discovery.ask()
    return _claims_of(plane, machine, keys, namespace)


def _claims_of(plane: ControlPlane, machine: str, keys: t.Collection[str], namespace: str | None) -> list[BoundClaim]:
    listing = plane.claims.of_machine(namespace, machine)
    looked = {title(each): each for each in listing.claims.values()}
    # in another namespace there may be one more
    known = {each.claim.key for each in looked.values() if each.claim.machine == machine} if namespace else set()
    for name in (f"{machine}-{key}" for key in keys if key not in known):
        if is_subdomain(name):
            looked.update((title(each), each) for each in plane.claims.named(namespace, name).claims.values())
    wanted = {*keys, *(f"{key}{RENUMBERING}" for key in keys)}
    found: list[BoundClaim] = []
    for each in (looked[name] for name in sorted(looked) if not looked[name].terminating):
        mine = of_machine([BoundClaim(each.claim, None)], machine)
        if mine and mine[0].claim.key in wanted:
            listed = plane.claims.address_of(each) if is_subdomain(each.address_name) else Addresses()
            found += of_machine([bound_claim(each, listed, listing.version)], machine)
    return found


def find_claims(plane: ControlPlane, names: t.Sequence[Name], machines: t.Collection[Name]) -> Observation:
    """One list per namespace, and one of all claims when some of the names are not among ours; one of addresses."""
    found: list[BoundClaim] = []
    held: list[BoundClaim] = []
    leaving: list[BoundClaim] = []
    since: dict[str, str] = {}
    for namespace in dict.fromkeys(namespace for namespace, _name in (*names, *machines)):
        wanted = [name for place, name in names if place == namespace]
        owners = {name for place, name in machines if place == namespace}
        listing = _listing(plane, namespace, set(wanted))
        since[namespace] = listing.version
        named = [listing.claims[name] for name in wanted if name in listing.claims]
        theirs = [each for each in listing.claims.values() if each.claim.managed and each.claim.machine in owners]
        looked = {title(each): each for each in (*named, *theirs)}
        alive = [each for each in looked.values() if not each.terminating]
        bound = {(b.claim.namespace, b.claim.name): b for b in bound_claims(plane, namespace, alive, listing.version)}
        found += [bound[title(each)] for each in named if title(each) in bound]
        held += [bound[title(each)] for each in theirs if title(each) in bound]
        leaving += [leaving_claim(each, listing.version) for each in looked.values() if each.terminating]
    return Observation(tuple(found), tuple(held), tuple(leaving), since)


def _listing(plane: ControlPlane, namespace: str, wanted: set[str]) -> Listing:
    """Our claims; all where some of the wanted ones are others', which spares a request for each of them."""
    ours = plane.claims.list(namespace, all_of_them=False)
    if wanted <= ours.claims.keys():
        return ours
    everybodys = plane.claims.list(namespace, all_of_them=True)
    return everybodys if (wanted - ours.claims.keys()) & everybodys.claims.keys() else ours


def bound_claims(
    plane: ControlPlane, namespace: str | None, claims: t.Sequence[ObservedClaim], since: str
) -> list[BoundClaim]:
    """The claims with their addresses, from one list; it is not asked for where no claim has one."""
    pointing = [each for each in claims if each.address_name]
    listed = plane.claims.addresses(namespace, pointing) if pointing else Addresses()
    return [bound_claim(each, listed, since) for each in claims]


def bound_claim(each: ObservedClaim, listed: Addresses, since: str) -> BoundClaim:
    """A claim with its address; one that cannot be used, or is another claim's, is its trouble."""
    address, trouble = None, ""
    try:
        address = address_of(each, listed)
    except IpamError as error:
        trouble = str(error)
    uid = listed.uids.get((each.claim.namespace, each.address_name), "")
    refused = str(each.condition) if each.hopeless else ""
    shared = tuple(
        one for one in listed.shared if one.namespace == each.claim.namespace and each.claim.name in one.claims
    )
    return BoundClaim(each.claim, address, trouble, refused, Handle(each, since, uid, shared))


def leaving_claim(each: ObservedClaim, since: str) -> BoundClaim:
    """A claim that is being released: its address is as good as gone."""
    return BoundClaim(each.claim, None, handle=Handle(each, since))


def address_of(each: ObservedClaim, listed: Addresses) -> Address | None:
    """The address that a claim points to, None where there is none.

    Raises IpamError for one that is not this claim's, or is not a valid address.
    """
    content = listed.known.get((each.claim.namespace, each.address_name)) if each.address_name else None
    if content is None:
        return None
    if isinstance(content, IpamError):
        raise content
    claim_name, pool, address = content
    check_address(each.claim, claim_name, pool, each.address_name)
    return address


def check_addresses(claims: t.Sequence[BoundClaim]) -> None:
    """Raise IpamError when one of these claims shares its address with another one."""
    handles = [each.handle for each in claims if isinstance(each.handle, Handle)]
    for namespace, group in grouped(handles, lambda each: each.found.claim.namespace).items():
        asked = {each.found.claim.name for each in group}
        for shared in shared_in(group):
            error = refusal(shared, asked, ()) if shared.namespace == namespace else None
            if error is not None:
                raise error


def shared_in(handles: t.Iterable[Handle]) -> list[SharedAddress]:
    """The addresses that these claims share with others, each once."""
    return list(dict.fromkeys(shared for each in handles for shared in each.shared))
