# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims on an API server: listed, created and deleted, many at a time."""

from __future__ import annotations

import threading
import typing as t
from dataclasses import dataclass, field

from ..model import Address, Claim, IpamError, PoolReference
from . import parallel
from .api import Api
from .discovery import Discovery
from .errors import Refused, RequestTarget
from .objects import (
    MACHINE,
    SELECTOR,
    ObservedClaim,
    address,
    address_object,
    adoption_patch,
    claim_object,
    found,
    label_value,
    machine_patch,
    record_patch,
)
from .progress import Progress
from .reading import Object, malformed
from .sharing import Allocation, SharedAddress, shared_addresses

# how often a claim may change between a look and its delete: its provider writes each one a few times
_TRIES = 10


@dataclass
class Listing:
    """The claims of a namespace at one resource version, by name; ``selector`` is what they were selected by."""

    version: str
    selector: str
    claims: dict[str, ObservedClaim] = field(default_factory=dict)


@dataclass
class Created:
    """What a batch of creates came to: new claims, and names that were taken."""

    new: list[ObservedClaim] = field(default_factory=list)
    taken: list[Claim] = field(default_factory=list)
    failure: IpamError | None = None


@dataclass
class Adopted:
    """What adopting claims came to: ``found`` as they are then, ``gone`` what does not exist any more or is being released.

    ``refusal`` is why claims could not be marked, where this user may not.
    """

    found: list[ObservedClaim] = field(default_factory=list)
    gone: list[Claim] = field(default_factory=list)
    refusal: IpamError | None = None
    failure: IpamError | None = None


@dataclass
class TakenBack:
    """What taking claims back came to, by uid: those that go, and those that stay since another run counts on them."""

    deleted: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    failure: IpamError | None = None


@dataclass
class Addresses:
    """What a list of addresses shows, and all that were given twice.

    By namespace and name: the claim's name, pool and address, or the error of one that cannot be used.
    """

    known: dict[tuple[str, str], tuple[str, PoolReference, Address] | IpamError] = field(default_factory=dict)
    shared: list[SharedAddress] = field(default_factory=list)
    uids: dict[tuple[str, str], str] = field(default_factory=dict)
    holdings: list[Allocation] = field(default_factory=list)


class Handing(t.NamedTuple):
    """An address that goes from a claim to one that does not exist yet; ``origin`` is the uid of its IPAddress."""

    before: ObservedClaim
    origin: str
    after: Claim
    address: Address


class Claims:
    """The requests; each method is one kind of them."""

    def __init__(self, api: Api, discovery: Discovery, call: str, progress: Progress) -> None:
        self._api = api
        self._progress = progress
        self._discovery = discovery
        self._call = call

    def list(self, namespace: str | None, all_of_them: bool) -> Listing:
        """The claims of a namespace (of all when None): those that we manage, or ``all_of_them``."""
        return self._listed(namespace, "" if all_of_them else SELECTOR)

    def of_machine(self, namespace: str | None, machine: str) -> Listing:
        """Those that we made for a machine."""
        return self._listed(namespace, f"{MACHINE}={label_value(machine)}")

    def named(self, namespace: str | None, name: str) -> Listing:
        """Those with a name: one in each namespace."""
        return self._listed(namespace, "", name)

    def _listed(self, namespace: str | None, selector: str, name: str = "") -> Listing:
        resource = self._discovery.claims()
        listing = Listing("", selector)
        place = RequestTarget("list", resource.plural, namespace or "")
        for page in self._api.pages(resource.path(namespace or ""), place, selector, name):
            # the first page's: what changed while the others were read comes with the watch
            listing.version = listing.version or page.version
            for item in page.items:
                each = inside(found(item), namespace)
                listing.claims[each.claim.name if namespace else f"{each.claim.namespace}/{each.claim.name}"] = each
        if not listing.version:
            raise malformed(f"the list to {place}", "without metadata.resourceVersion")
        return listing

    def get(self, claim: Claim) -> ObservedClaim | None:
        """One claim, or None."""
        resource = self._discovery.claims()
        try:
            place = RequestTarget("get", resource.plural, claim.namespace, claim.name)
            return same(found(self._api.get(resource.path(claim.namespace, claim.name), place)), claim)
        except Refused as error:
            if error.status == 404:
                return None
            raise

    def create(self, claims: t.Sequence[Claim], dry_run: bool) -> Created:
        """Create claims. A name that is taken is not a failure: it may be ours from a lost answer, or another run's."""
        resource = self._discovery.claims()
        created, lock = Created(), threading.Lock()

        def one(claim: Claim) -> None:
            place = RequestTarget("create", resource.plural, claim.namespace)
            body = claim_object(claim, resource.version, self._call)
            try:
                new = same(found(self._api.post(resource.path(claim.namespace), place, body, dry_run)), claim)
            except Refused as error:
                if error.status != 409 or error.reason != "AlreadyExists":
                    raise
                with lock:
                    created.taken.append(claim)
                return
            with lock:
                created.new.append(new)

        created.failure = parallel.each(claims, one, self._progress.counted("asked for", len(claims)))
        return created

    def adopt(self, claims: t.Sequence[ObservedClaim]) -> Adopted:
        """Mark exactly these claims as ones that this run counts on, so that the run which made them does not take them back."""
        resource = self._discovery.claims()
        adopted, lock = Adopted(), threading.Lock()

        def one(each: ObservedClaim) -> None:
            claim = each.claim
            place = RequestTarget("patch", resource.plural, claim.namespace, claim.name)
            try:
                item = self._api.patch(
                    resource.path(claim.namespace, claim.name), place, adoption_patch(each, self._call)
                )
                marked = same(found(item), claim)
            except Refused as error:
                if error.status not in (403, 404, 409):
                    raise
                with lock:
                    if error.status == 403:
                        adopted.refusal = error
                    else:
                        adopted.gone.append(claim)
                return
            with lock:
                adopted.found.append(marked)
                if marked.terminating:
                    adopted.gone.append(claim)

        adopted.failure = parallel.each(claims, one, self._progress.counted("adopted", len(claims)))
        return adopted

    def take_back(self, claims: t.Sequence[ObservedClaim]) -> TakenBack:
        """Delete claims that this run made, unless another one counts on them: not even between our look and the delete."""
        taken, lock = TakenBack(), threading.Lock()

        def one(each: ObservedClaim) -> None:
            known: ObservedClaim | None = each
            for _try in range(_TRIES):
                if known is None or known.uid != each.uid:
                    break
                if known.is_used_beside(self._call):
                    with lock:
                        taken.kept.add(each.uid)
                    return
                refusal = self._delete(known, {"uid": known.uid, "resourceVersion": known.version})
                if refusal is None or refusal.status == 404:
                    break
                failure, known = refusal, self.get(each.claim)  # it changed meanwhile: its provider, or another run
            else:
                raise failure
            with lock:
                taken.deleted.add(each.uid)

        taken.failure = parallel.each(claims, one, self._progress.counted("deleted", len(claims)))
        return taken

    def delete(self, claims: t.Sequence[ObservedClaim], dry_run: bool = False) -> IpamError | None:
        """Delete exactly these claims: one that was made again under the same name meanwhile stays."""

        def one(each: ObservedClaim) -> None:
            self._delete(each, {"uid": each.uid}, dry_run)

        return parallel.each(claims, one, self._progress.counted("deleted", len(claims)))

    def _delete(self, each: ObservedClaim, preconditions: t.Mapping[str, str], dry_run: bool = False) -> Refused | None:
        """Delete one claim; returns the refusal where it is gone, or does not meet the preconditions."""
        resource, claim = self._discovery.claims(), each.claim
        place = RequestTarget("delete", resource.plural, claim.namespace, claim.name)
        options = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": "Background",
            "preconditions": {name: value for name, value in preconditions.items() if value},
        }
        try:
            self._api.delete(resource.path(claim.namespace, claim.name), place, options, dry_run)
        except Refused as error:
            if error.status not in (404, 409):
                raise
            return error
        return None

    def record(self, claims: t.Sequence[ObservedClaim], dry_run: bool) -> IpamError | None:
        """Keep what is known of the machines of exactly these claims, one patch of annotations each."""
        return self._patch(claims, record_patch, dry_run)

    def rename_machines(self, claims: t.Sequence[ObservedClaim], dry_run: bool) -> IpamError | None:
        """Keep the names of the machines of exactly these claims, which keep their own."""
        return self._patch(claims, machine_patch, dry_run)

    def _patch(
        self, claims: t.Sequence[ObservedClaim], patch: t.Callable[[ObservedClaim], Object], dry_run: bool
    ) -> IpamError | None:
        resource = self._discovery.claims()

        def one(each: ObservedClaim) -> None:
            claim = each.claim
            place = RequestTarget("patch", resource.plural, claim.namespace, claim.name)
            try:
                self._api.patch(resource.path(claim.namespace, claim.name), place, patch(each), dry_run)
            except Refused as error:
                if error.status not in (404, 409):
                    raise

        return parallel.each(claims, one, self._progress.counted("recorded", len(claims)))

    def give_addresses(self, handing: t.Sequence[Handing], dry_run: bool) -> IpamError | None:
        """Make the IPAddresses of claims that do not exist yet. One may be there from a run that was ended."""
        resource = self._discovery.addresses()

        def one(each: Handing) -> None:
            place = RequestTarget("create", resource.plural, each.after.namespace)
            body = address_object(each.after, each.address, each.before, each.origin, resource.version)
            try:
                self._api.post(resource.path(each.after.namespace), place, body, dry_run)
            except Refused as error:
                if error.status != 409 or error.reason != "AlreadyExists":
                    raise

        return parallel.each(handing, one, self._progress.counted("handed over", len(handing)))

    def addresses(self, namespace: str | None, bound: t.Sequence[ObservedClaim]) -> Addresses:
        """The addresses that these claims point to. Always from a list: one by one they would not show who else holds them."""
        return self._addresses(namespace, bound, "")

    def address_of(self, bound: ObservedClaim) -> Addresses:
        """The address of one claim, for those who only read: what shares it is not known."""
        return self._addresses(bound.claim.namespace, [bound], bound.address_name)

    def _addresses(self, namespace: str | None, bound: t.Sequence[ObservedClaim], name: str) -> Addresses:
        resource = self._discovery.addresses()
        wanted = {(each.claim.namespace, each.address_name) for each in bound}
        listed = Addresses()
        place = RequestTarget("list", resource.plural, namespace or "")
        for page in self._api.pages(resource.path(namespace or ""), place, name=name):
            for each in map(address, page.items):
                if (each.namespace, each.name) in wanted:
                    listed.known[each.namespace, each.name] = each.content
                    listed.uids[each.namespace, each.name] = each.uid
                # an invalid address belongs to no claim
                if not each.terminating and not isinstance(each.content, IpamError):
                    claim, pool, held = each.content
                    listed.holdings.append(Allocation(each.namespace, pool, held.address, claim, each.uid, each.origin))
        listed.shared = shared_addresses(listed.holdings)
        return listed


def inside(each: ObservedClaim, namespace: str | None) -> ObservedClaim:
    """The claim itself. Raises Malformed where another namespace than that of its claim was asked for."""
    if namespace and each.claim.namespace != namespace:
        raise malformed(
            f"IPAddressClaim {each.claim.namespace}/{each.claim.name}", f"where namespace {namespace} was asked for"
        )
    return each


def same(each: ObservedClaim, claim: Claim) -> ObservedClaim:
    """The claim that the server sent. Raises Malformed where it is another one than the one that was asked for."""
    if (each.claim.namespace, each.claim.name) != (claim.namespace, claim.name):
        raise malformed(
            f"IPAddressClaim {each.claim.namespace}/{each.claim.name}",
            f"where {claim.namespace}/{claim.name} was asked for",
        )
    return each
