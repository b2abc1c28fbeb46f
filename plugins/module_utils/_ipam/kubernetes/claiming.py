# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One call that claims: create what is missing, adopt what exists, wait for all, and take back what it made where that fails."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ..backend import Observation
from ..errors import Conflict
from ..grouping import grouped
from ..matching import compare
from ..model import BoundClaim, Claim, IpamError, PoolReference
from .claims import Addresses
from .control_plane import ControlPlane, Name, title
from .objects import ObservedClaim
from .observing import Handle, address_of, bound_claim, shared_in
from .owners import with_owners
from .pacing import Unsatisfiable, exhausted, names
from .releasing import until_gone, wait_out
from .sharing import SharedAddress, claims_to_recreate, refusal, still_shared_error
from .waiting import Waiting

# a pool's status follows its claims within this, in seconds
_STATUS_LAG = 1.0
# how long to see claims go that are taken back, in seconds
_TAKE_BACK = 10.0
# so often a claim is made again whose address another one holds
_RENEWALS = 3
Pools = t.Collection[t.Tuple[PoolReference, str]]


class ClaimCall:
    """What one call knows of its claims, from a look at them on, and what it has made."""

    def __init__(self, plane: ControlPlane, there_is: Observation) -> None:
        self._plane = plane
        self._since: dict[str, str] = dict(t.cast("dict[str, str]", there_is.handle or {}))
        existing = (each.handle for each in (*there_is.found, *there_is.leaving))
        handles = [each for each in existing if isinstance(each, Handle)]
        self._known: dict[Name, ObservedClaim] = {title(each.found): each.found for each in handles}
        self._bound = {(b.claim.namespace, b.claim.name): b for b in there_is.found if b.address is not None}
        self._shared = grouped(shared_in(handles), lambda each: each.namespace)
        self._created: list[ObservedClaim] = []

    # --- creating ---------------------------------------------------------------------------------------------

    def create(self, missing: t.Sequence[Claim], unwritten: Pools, dry_run: bool) -> list[Claim]:
        """Create claims; returns those that are new. ``unwritten`` are pools that check mode did not make."""
        self._check_room(missing, unwritten)
        claims = self._with_owners(missing)
        made = self._create(claims, dry_run)
        return [claim for claim in claims if (claim.namespace, claim.name) in made]

    def make(self, claims: t.Sequence[Claim]) -> None:
        """Create claims whose addresses are there already."""
        self._create(claims, dry_run=False)

    def look_before(self, namespaces: t.Iterable[str]) -> None:
        """Know from where to watch, before anything changes."""
        for namespace in namespaces:
            if namespace not in self._since:
                self._since[namespace] = self._plane.claims.list(namespace, all_of_them=False).version

    def _with_owners(self, claims: t.Sequence[Claim]) -> list[Claim]:
        return with_owners(self._plane.api, self._plane.discovery, claims)

    def _check_room(self, claims: t.Sequence[Claim], unwritten: Pools) -> None:
        """Report a pool that does not exist, or is too small, before anything is created."""
        for (pool, namespace), asking in grouped(claims, lambda claim: (claim.pool, claim.namespace)).items():
            if self._plane.keep_pending or (pool, namespace) in unwritten or (pool, "") in unwritten:
                continue
            # a claim that is being released is waited out, and leaves its address
            needed = sum(not self._leaves_an_address((claim.namespace, claim.name)) for claim in asking)
            room = self._plane.pools.room_for(pool, namespace, needed, _STATUS_LAG)
            if room is not None and room.free < needed:
                raise exhausted(pool, room, needed, namespace)

    def _create(self, claims: t.Sequence[Claim], dry_run: bool) -> set[Name]:
        """Create what does not exist by now; returns the names of what was created."""
        if not dry_run:
            self._remove_refused(claims)
            self._wait_out(claims)
        asked, made = list(claims), set()
        while asked:
            created = self._plane.claims.create(asked, dry_run)
            made |= set(map(title, created.new))
            if not dry_run:
                self._created += created.new
                self._known.update({title(each): each for each in created.new})
            if created.failure is not None:
                raise self.take_back(created.failure)
            asked = self._take_existing(created.taken, dry_run)
            if dry_run:  # what is being released would be made again
                return made | {(each.namespace, each.name) for each in asked}
        return made | set(map(title, self._created))

    def _remove_refused(self, claims: t.Sequence[Claim]) -> None:
        """Claims of ours that their provider refused are made again: Metal3 never looks at one a second time."""
        known = (self._known.get((claim.namespace, claim.name)) for claim in claims)
        refused = [each for each in known if each is not None and each.hopeless and not each.terminating]
        if not refused:
            return
        refused_names = names(each.claim.name for each in refused)
        self._plane.progress.note(
            f"made again, since their provider refused them before ({refused[0].condition}): {refused_names}"
        )
        failure = self._plane.claims.delete(refused)
        if failure is not None:
            raise failure
        self._until_gone(refused, self._plane.grace)

    def _wait_out(self, claims: t.Sequence[Claim]) -> None:
        """The name of a claim that is being released is free when it is gone."""
        known = (self._known.get((claim.namespace, claim.name)) for claim in claims)
        leaving = [each for each in known if each is not None and each.terminating]
        wait_out(self._plane, self._since, leaving)
        self._forget(leaving)

    def _until_gone(self, claims: t.Sequence[ObservedClaim], grace: float) -> None:
        for namespace, group in grouped(claims, lambda each: each.claim.namespace).items():
            until_gone(self._plane, namespace, self._since[namespace], group, grace)
        self._forget(claims)

    def _forget(self, claims: t.Iterable[ObservedClaim]) -> None:
        for each in claims:
            self._known.pop(title(each), None)
            self._bound.pop(title(each), None)

    def _leaves_an_address(self, name: Name) -> bool:
        return name in self._known and self._known[name].terminating and bool(self._known[name].address_name)

    # --- adopting ---------------------------------------------------------------------------------------------

    def adopt(self, claims: t.Sequence[Claim]) -> list[Claim]:
        """Mark those that another run made and may take back; returns what it has taken back by now, made again."""
        gone = self._mark([self._known[claim.namespace, claim.name] for claim in claims])
        titles = {(claim.namespace, claim.name) for claim in gone}
        again = self._with_owners([claim for claim in claims if (claim.namespace, claim.name) in titles])
        made = self._create(again, dry_run=False) if again else set()
        return [claim for claim in again if (claim.namespace, claim.name) in made]

    def _mark(self, claims: t.Sequence[ObservedClaim]) -> list[Claim]:
        """Mark claims that other runs made as ones that this one counts on; returns those that are gone, or are being released."""
        open_ones = [each for each in claims if each.may_be_taken_back(self._plane.call)]
        if not open_ones:
            return []
        adopted = self._plane.claims.adopt(open_ones)
        if adopted.failure is not None:
            raise self.take_back(adopted.failure)
        if adopted.refusal is not None:
            self._plane.progress.note(f"a play that fails may take claims back that this one uses: {adopted.refusal}")
        self._known.update({title(each): each for each in adopted.found})
        for claim in adopted.gone:
            self._bound.pop((claim.namespace, claim.name), None)
        return adopted.gone

    def _take_existing(self, taken: t.Sequence[Claim], dry_run: bool) -> list[Claim]:
        """Claims that exist although no list had them. Returns those whose names are free again by now."""
        free = []
        for claim in taken:
            found = self._plane.claims.get(claim)
            would_be_made_again = dry_run and found is not None and found.hopeless and found.claim.managed
            if found is not None and not found.terminating and not would_be_made_again:
                self._compare(claim, found)
                self._known[title(found)] = found
                if found.call == self._plane.call and not dry_run:
                    self._created.append(found)  # the answer to our create was lost
                elif not dry_run and self._mark([found]):
                    free.append(claim)
            else:
                if found is not None:
                    self._known[title(found)] = found
                free.append(claim)
        if free and not dry_run:
            self._wait_out(free)
        return free

    def _compare(self, claim: Claim, found: ObservedClaim) -> None:
        try:
            compare(claim, found.claim)
        except IpamError as error:
            raise self.take_back(error) from None

    # --- taking back ------------------------------------------------------------------------------------------

    def take_back(self, reason: IpamError) -> IpamError:
        """Remove what this call created: a user sees one failure, and has nothing to clean up. Returns what to raise.

        What another call counts on by now stays.
        """
        if self._plane.keep_pending or not self._created:
            return reason
        created, self._created = self._created, []
        taken = self._plane.claims.take_back(created)
        if taken.failure is not None:
            stay = names(each.claim.name for each in created if each.uid not in taken.deleted | taken.kept)
            return reason.with_text(f"{reason}; of this call the claims {stay} stay, since {taken.failure}")
        leaving = [each for each in created if each.uid in taken.deleted]
        for _namespace, group in grouped(leaving, lambda each: each.claim.namespace).items():
            try:
                self._until_gone(group, _TAKE_BACK)
            except IpamError:
                continue  # they go as soon as the provider is back; what went wrong first is what the user must know
        return reason

    # --- waiting ----------------------------------------------------------------------------------------------

    def wait(self, claims: t.Sequence[Claim]) -> list[BoundClaim]:
        """The claims with their addresses; what cannot be served is removed again unless it is to be kept."""
        for namespace, asked in grouped(claims, lambda claim: claim.namespace).items():
            open_ones = [claim for claim in asked if (namespace, claim.name) not in self._bound]
            if open_ones:
                self._bind(namespace, open_ones)
            self._resolve_shared(namespace, {claim.name for claim in asked})
        return [self._as_bound(claim) for claim in claims]

    def _as_bound(self, claim: Claim) -> BoundClaim:
        bound, known = self._bound[claim.namespace, claim.name], self._known.get((claim.namespace, claim.name))
        if known is not None:
            # what a claim that another tool made does not show is what it was adopted for
            host = known.claim.host or claim.host
            claim = dataclasses.replace(known.claim, machine=claim.machine, key=claim.key, host=host)
        return dataclasses.replace(bound, claim=claim)

    def _bind(self, namespace: str, claims: t.Sequence[Claim]) -> None:
        titles = [(namespace, claim.name) for claim in claims]
        known = {name[1]: self._known[name] for name in titles if name in self._known}
        plane = self._plane
        causes = functools.partial(plane.causes.of, namespace)
        waiting = Waiting(claims, known, plane.grace, plane.progress, causes, pools_may_come=plane.keep_pending)
        try:
            with plane.watch(namespace, self._since[namespace], known.values()) as watch:
                waiting.until_bound(watch, plane.pools)
        except Unsatisfiable as error:
            raise self.take_back(error) from None
        self._read_addresses(namespace, list(waiting.known.values()))

    def _read_addresses(self, namespace: str, claims: t.Sequence[ObservedClaim]) -> None:
        """Know the addresses of claims that have one. Raises IpamError for one that is missing or cannot be used."""
        listed = self._plane.claims.addresses(namespace, claims) if claims else Addresses()
        self._shared[namespace] = listed.shared
        self._known.update({title(each): each for each in claims})
        missing = sorted(each.claim.name for each in claims if address_of(each, listed) is None)
        for each in claims:
            self._bound[title(each)] = bound_claim(each, listed, self._since[namespace])
        if missing:
            raise Conflict(
                f"claim {missing[0]} points to an address that does not exist; release the claim and claim again",
                **{"claim": missing[0], "namespace": namespace},
            )

    # --- addresses that were given twice ----------------------------------------------------------------------

    def _resolve_shared(self, namespace: str, asked: set[str]) -> None:
        """Claims of this call that share an address are made again; those of earlier calls are their user's to decide."""
        for _renewal in range(_RENEWALS):
            shared = self._shared_by(namespace, asked)
            if not shared:
                return
            created = {each.claim.name: each for each in self._created if each.claim.namespace == namespace}
            for each in shared:
                error = refusal(each, asked, created)
                if error is not None:
                    raise self.take_back(error)
            self._renew(namespace, shared, created)
        for each in self._shared_by(namespace, asked):
            raise self.take_back(still_shared_error(each, _RENEWALS))

    def _shared_by(self, namespace: str, wanted: set[str]) -> list[SharedAddress]:
        return [each for each in self._shared.get(namespace, ()) if not wanted.isdisjoint(each.claims)]

    def _renew(self, namespace: str, shared: t.Sequence[SharedAddress], created: t.Mapping[str, ObservedClaim]) -> None:
        """Give the addresses up that others keep, and claim again what held them."""
        giving: set[str] = set()
        for each in shared:
            giving.update(claims_to_recreate(each, created))
            self._plane.progress.note(
                f"{each}, which the provider gave more than once; claiming again: {names(claims_to_recreate(each, created))}"
            )
        leaving = [created[name] for name in sorted(giving)]
        taken = self._plane.claims.take_back(leaving)
        self._created = [each for each in self._created if each not in leaving]
        if taken.failure is not None:
            raise self.take_back(taken.failure)
        if taken.kept:
            kept = names(each.claim.name for each in leaving if each.uid in taken.kept)
            sentence = f"the provider gave addresses more than once, and another play uses {kept} by now"
            raise self.take_back(Conflict(f"{sentence}: release these claims, then claim again"))
        self._until_gone(leaving, self._plane.grace)
        claims = self._with_owners([each.claim for each in leaving])
        self._create(claims, dry_run=False)
        self._bind(namespace, claims)
