# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kubernetes backend: claims on a Cluster API control plane, in bulk at the pace of the API."""

from __future__ import annotations

import dataclasses
import functools
import typing as t
import uuid

from ..backend import Creation, HandOver, IpamBackend, PoolChange, PoolState
from ..holding import Holder, Inventories, holder_of
from ..manifest import GLOBAL, GROUP, NAMESPACED
from ..matching import compare
from ..model import Address, BoundClaim, Claim, IpamError, Pool, PoolReference
from .api import Api
from .causes import Causes
from .claims import Addresses, Claims, Handing, Listing
from .discovery import Discovery
from .inventories import inventories
from .objects import Found, check_address
from .owners import Existing, with_owners
from .pacing import Hopeless, exhausted, names, now, seconds_left
from .pools import Pools
from .progress import Progress, Report
from .sharing import SharedAddress, given_again, giving_up, refusal
from .waiting import Waiting
from .watching import Watch

if t.TYPE_CHECKING:
    from .connection import Connection

Name = t.Tuple[str, str]
# a pool's status follows its claims within this, in seconds
_STATUS_LAG = 1.0
# how long to see claims go that are taken back, in seconds
_TAKE_BACK = 10.0
# so often a claim is made anew whose address another one holds
_RENEWALS = 3


class KubernetesBackend(IpamBackend):
    """One API server. A call costs one list, the missing creates, one watch and one list of addresses."""

    def __init__(self, connect: t.Callable[[], Connection], grace: float, keep_pending: bool, report: Report) -> None:
        self._connect, self._grace, self._keep_pending = connect, grace, keep_pending
        self._progress = Progress(report)
        self._known: dict[Name, Found] = {}
        self._addresses: dict[Name, Address] = {}
        self._troubles: dict[Name, str] = {}
        self._address_uids: dict[Name, str] = {}
        self._listings: dict[str, Listing] = {}
        self._created: list[Found] = []
        self._shared: list[SharedAddress] = []

    def __enter__(self) -> KubernetesBackend:
        self.api = Api(self._connect(), self._progress)
        self._discovery = Discovery(self.api)
        self._pools = Pools(self.api, self._discovery, self._progress)
        self._call = str(uuid.uuid4())
        self._claims = Claims(self.api, self._discovery, self._call, self._progress)
        self._causes = Causes(self.api, self._discovery, self._pools)
        return self

    def __exit__(self, *exception: object) -> None:
        """Nothing is open that the end of the process would not close."""

    # --- looking ----------------------------------------------------------------------------------------------

    def list_claims(self, namespace: str | None) -> list[BoundClaim]:
        """All claims of a namespace, or of all, whoever made them; those that are being released are not among them."""
        listing = self._claims.list(namespace, all_of_them=True)
        found = [each for each in listing.claims.values() if not each.terminating]
        self._known.update({(each.claim.namespace, each.claim.name): each for each in found})
        addresses = self._addresses_of(namespace, found)
        bound = [self._bound_claim(each, addresses) for each in found]
        return sorted(bound, key=lambda each: (each.claim.namespace, each.claim.name))

    def find_claims(self, names: t.Sequence[Name]) -> list[BoundClaim]:
        """Those of these claims that exist: ours from one list per namespace, from one of all claims when some are not among ours."""
        found: list[BoundClaim] = []
        for title in names:  # what an earlier call knew may have changed
            self._known.pop(title, None)
            self._addresses.pop(title, None)
            self._troubles.pop(title, None)
        for namespace, wanted in _grouped(names, lambda name: name[0]).items():
            listing = self._listings[namespace] = self._list(namespace, {name for _namespace, name in wanted})
            for _namespace, name in wanted:
                if name in listing.claims:
                    self._known[namespace, name] = listing.claims[name]
            present = [self._known[name] for name in wanted if name in self._known]
            alive = [each for each in present if not each.terminating]
            addresses = self._addresses_of(namespace, alive)
            found += [self._bound_claim(each, addresses) for each in alive]
        return found

    def held_by(self, namespace: str, machines: t.Collection[str]) -> list[BoundClaim]:
        """Out of the list that the claims were found in; addresses are listed only for what was not among these."""
        listing = self._listings.get(namespace)
        if listing is None:
            listing = self._listings[namespace] = self._claims.list(namespace, all_of_them=False)
        mine = [each for each in listing.claims.values() if each.claim.managed and each.claim.machine in machines]
        for each in mine:
            self._known.setdefault((namespace, each.claim.name), each)
        alive = [each for each in mine if not each.terminating]
        if any((namespace, each.claim.name) not in self._addresses for each in alive if each.address_name):
            self._addresses_of(namespace, list(listing.claims.values()))
        return [self._bound_claim(each, self._addresses) for each in alive]

    def is_leaving(self, claim: Claim) -> bool:
        """Whether the provider has not let it go yet."""
        return self._is_terminating((claim.namespace, claim.name))

    def _bound_claim(self, each: Found, addresses: t.Mapping[Name, Address]) -> BoundClaim:
        name = (each.claim.namespace, each.claim.name)
        trouble = "" if name in addresses else self._troubles.get(name, "")
        return BoundClaim(each.claim, addresses.get(name), trouble, str(each.condition) if each.hopeless else "")

    def _list(self, namespace: str, wanted: set[str]) -> Listing:
        """Our claims; all where some of the wanted ones are others', so that nobody has to ask for each of them."""
        ours = self._claims.list(namespace, all_of_them=False)
        if wanted <= ours.claims.keys():
            return ours
        everybodys = self._claims.list(namespace, all_of_them=True)
        return everybodys if (wanted - ours.claims.keys()) & everybodys.claims.keys() else ours

    def _addresses_of(
        self, namespace: str | None, claims: t.Sequence[Found], needed: bool = False
    ) -> dict[Name, Address]:
        """The addresses of these claims; one that is another claim's, or none, is an error where it is ``needed``, else it is left out."""
        bound = [each for each in claims if each.address_name]
        self._shared = [each for each in self._shared if namespace and each.namespace != namespace]
        if not bound:
            return {}
        listed = self._claims.addresses(namespace, bound)
        self._shared += listed.shared
        addresses = {}
        for each in bound:
            name = (each.claim.namespace, each.claim.name)
            try:
                address = _address_of(each, listed)
            except IpamError as error:
                if needed:
                    raise
                self._troubles[name] = str(error)
                continue
            if address is not None:
                addresses[name] = address
                self._address_uids[name] = listed.uids[each.claim.namespace, each.address_name]
        self._addresses.update(addresses)
        return addresses

    # --- claiming ---------------------------------------------------------------------------------------------

    def create_claims(self, claims: t.Sequence[Claim], pools: t.Sequence[Pool], dry_run: bool) -> Creation:
        """Apply ``pools``, then create ``claims``; what was created is removed again when one of them is refused."""
        self._created = []
        changes = [self._pools.apply(pool, dry_run) for pool in pools]
        if not claims:
            return Creation((), tuple(changes))
        new = {(pool.reference, pool.namespace) for pool in pools}
        self._check_room(claims, new if dry_run else set())
        claims = with_owners(self.api, self._discovery, claims)
        names = self._create(claims, dry_run)
        return Creation(tuple(claim for claim in claims if (claim.namespace, claim.name) in names), tuple(changes))

    def _check_room(self, claims: t.Sequence[Claim], unwritten: t.Collection[tuple[PoolReference, str]]) -> None:
        """A pool that does not exist, or is too small, is said before anything is created."""
        for (pool, namespace), asking in _grouped(claims, lambda claim: (claim.pool, claim.namespace)).items():
            if self._keep_pending or (pool, namespace) in unwritten or (pool, "") in unwritten:
                continue
            # a claim that is being released is waited out, and leaves its address
            needed = sum(not self._leaves_an_address((claim.namespace, claim.name)) for claim in asking)
            room = self._pools.room_for(pool, namespace, needed, _STATUS_LAG)
            if room is not None and room.free < needed:
                raise exhausted(pool, room, needed)

    def _create(self, claims: t.Sequence[Claim], dry_run: bool) -> set[Name]:
        """Create what does not exist by now; returns the names of what was created."""
        if not dry_run:
            self._remove_refused(claims)
            self._wait_out(claims)
        asked, names = list(claims), set()
        while asked:
            created = self._claims.create(asked, dry_run)
            names |= {(each.claim.namespace, each.claim.name) for each in created.new}
            if not dry_run:
                self._created += created.new
                self._known.update({(each.claim.namespace, each.claim.name): each for each in created.new})
            if created.failure is not None:
                raise self._take_back(created.failure)
            asked = self._adopt(created.taken, dry_run)
            if dry_run:  # what is being released would be made anew
                return names | {(each.namespace, each.name) for each in asked}
        return names | {(each.claim.namespace, each.claim.name) for each in self._created}

    def _remove_refused(self, claims: t.Sequence[Claim]) -> None:
        """Claims of ours that their provider refused are made again: Metal3 never looks at one a second time."""
        known = (self._known.get((claim.namespace, claim.name)) for claim in claims)
        refused = [each for each in known if each is not None and each.hopeless and not each.terminating]
        if not refused:
            return
        self._progress.note(
            f"made again, since their provider refused them before ({refused[0].condition}): {names(e.claim.name for e in refused)}"
        )
        failure = self._claims.delete(refused)
        if failure is not None:
            raise failure
        for namespace, group in _grouped(refused, lambda each: each.claim.namespace).items():
            self._until_gone(namespace, [each.claim for each in group], self._grace)

    def adopt_claims(self, claims: t.Sequence[Claim]) -> tuple[Claim, ...]:
        """Mark those that another run made and may take back; what it has taken back by now is made again."""
        gone = self._mark([self._known[claim.namespace, claim.name] for claim in claims])
        titles = {(claim.namespace, claim.name) for claim in gone}
        again = [claim for claim in claims if (claim.namespace, claim.name) in titles]
        names = self._create(with_owners(self.api, self._discovery, again), dry_run=False) if again else set()
        return tuple(claim for claim in again if (claim.namespace, claim.name) in names)

    def _mark(self, claims: t.Sequence[Found]) -> list[Claim]:
        """Mark claims that other runs made as ones that this one counts on; returns those that are gone, or are being released."""
        open_ones = [each for each in claims if each.may_be_taken_back(self._call)]
        if not open_ones:
            return []
        adopted = self._claims.adopt(open_ones)
        if adopted.failure is not None:
            raise self._take_back(adopted.failure)
        if adopted.refusal is not None:
            self._progress.note(f"a play that fails may take claims back that this one uses: {adopted.refusal}")
        self._known.update({(each.claim.namespace, each.claim.name): each for each in adopted.found})
        for claim in adopted.gone:
            self._addresses.pop((claim.namespace, claim.name), None)
        return adopted.gone

    def _wait_out(self, claims: t.Sequence[Claim]) -> None:
        """The name of a claim that is being released is free when it is gone."""
        leaving = [claim for claim in claims if self._is_terminating((claim.namespace, claim.name))]
        for claim in leaving:
            self._refuse_resting(self._known[claim.namespace, claim.name])
        for namespace, each in _grouped(leaving, lambda claim: claim.namespace).items():
            self._until_gone(namespace, each, self._grace)

    def _is_terminating(self, name: Name) -> bool:
        return name in self._known and self._known[name].terminating

    def _leaves_an_address(self, name: Name) -> bool:
        return self._is_terminating(name) and bool(self._known[name].address_name)

    def _adopt(self, taken: t.Sequence[Claim], dry_run: bool) -> list[Claim]:
        """Claims that exist although no list had them. Returns those whose names are free again by now."""
        free = []
        for claim in taken:
            found = self._claims.get(claim)
            would_be_made_again = dry_run and found is not None and found.hopeless and found.claim.managed
            if found is not None and not found.terminating and not would_be_made_again:
                self._compare(claim, found)
                self._known[claim.namespace, claim.name] = found
                if found.call == self._call and not dry_run:
                    self._created.append(found)  # the answer to our create was lost
                elif not dry_run and self._mark([found]):
                    free.append(claim)
            else:
                if found is not None:
                    self._known[claim.namespace, claim.name] = found
                free.append(claim)
        if free and not dry_run:
            self._wait_out(free)
        return free

    def _compare(self, claim: Claim, found: Found) -> None:
        try:
            compare(claim, found.claim)
        except IpamError as error:
            raise self._take_back(error) from None

    def _take_back(self, reason: IpamError) -> IpamError:
        """Remove what this call created: a user is told of one failure, and has nothing to clean up. Returns what to raise.

        What another call counts on by now stays.
        """
        if self._keep_pending or not self._created:
            return reason
        created, self._created = self._created, []
        taken = self._claims.take_back(created)
        if taken.failure is not None:
            stay = names(each.claim.name for each in created if each.uid not in taken.deleted | taken.kept)
            return IpamError(f"{reason}; of this call the claims {stay} stay, since {taken.failure}")
        leaving = [each for each in created if each.uid in taken.deleted]
        for namespace, each in _grouped(leaving, lambda found: found.claim.namespace).items():
            try:
                self._until_gone(namespace, [found.claim for found in each], _TAKE_BACK)
            except IpamError:
                continue  # they go as soon as the provider is back; what went wrong first is what the user has to know
        return reason

    def wait_for_addresses(self, claims: t.Sequence[Claim]) -> list[BoundClaim]:
        """The claims with their addresses; what cannot be served is removed again unless it is to be kept."""
        for namespace, asked in _grouped(claims, lambda claim: claim.namespace).items():
            open_ones = [claim for claim in asked if (namespace, claim.name) not in self._addresses]
            if open_ones:
                self._bind(namespace, open_ones)
            self._part(namespace, {claim.name for claim in asked})
        return [self._as_bound(claim) for claim in claims]

    def _as_bound(self, claim: Claim) -> BoundClaim:
        name = (claim.namespace, claim.name)
        if name in self._known:
            known = self._known[name].claim
            # what a claim that another tool made does not show is what it was adopted for
            claim = dataclasses.replace(known, machine=claim.machine, key=claim.key, host=known.host or claim.host)
        return BoundClaim(claim, self._addresses[name])

    def _bind(self, namespace: str, claims: t.Sequence[Claim]) -> None:
        known = {
            claim.name: self._known[namespace, claim.name] for claim in claims if (namespace, claim.name) in self._known
        }
        causes = functools.partial(self._causes.of, namespace)
        waiting = Waiting(claims, known, self._grace, self._progress, causes, pools_may_come=self._keep_pending)
        try:
            with self._watch(namespace, known.values()) as watch:
                waiting.until_bound(watch, self._pools)
        except Hopeless as error:
            raise self._take_back(error) from None
        missing = self._bound(namespace, waiting)
        if missing:
            raise IpamError(
                f"claim {missing[0]} points to an address that does not exist; release the claim and claim anew"
            )

    def _bound(self, namespace: str, waiting: Waiting) -> list[str]:
        """Read the addresses; returns the names of claims whose address is not there."""
        for name, each in waiting.known.items():
            self._known[namespace, name] = each
        addresses = self._addresses_of(namespace, list(waiting.known.values()), needed=True)
        return sorted(name for name in waiting.known if (namespace, name) not in addresses)

    def _watch(self, namespace: str, claims: t.Iterable[Found]) -> Watch:
        """Everything since our list; unlabelled claims of others are followed, too, where we wait for one."""
        listing = self._listings.get(namespace)
        if listing is None:
            listing = self._listings[namespace] = self._claims.list(namespace, all_of_them=False)
        ours = all(each.claim.managed for each in claims)
        selector = listing.selector if ours else ""
        return Watch(self.api, self._discovery.claims(), namespace, listing.version, selector)

    # --- handing over -----------------------------------------------------------------------------------------

    def hand_over(self, moves: t.Sequence[HandOver], dry_run: bool) -> None:
        """First the addresses of the new claims, then these, then the old claims go: the address is held all the time."""
        if not moves:
            return
        renamed = [move for move in moves if move.after.name != move.before.claim.name]
        same = [move for move in moves if move.after.name == move.before.claim.name]
        for move in renamed:
            refuse_other_provider(move.before.claim)
        if not dry_run:  # an address that is made for a name that is still going would go with it
            self._wait_out([move.after for move in renamed])
        handing = [self._handing(move) for move in renamed]
        failure = self._claims.give_addresses(handing, dry_run)
        if failure is not None:
            raise failure
        if renamed and not dry_run:
            self._claim_handed_over(renamed)
        before = [each.before for each in handing]
        failure = self._claims.delete(before, dry_run)
        if failure is None:
            relabelled = [
                dataclasses.replace(self._known[each.after.namespace, each.after.name], claim=each.after)
                for each in same
            ]
            failure = self._claims.rename_machines(relabelled, dry_run)
        if failure is not None:
            raise failure
        if not dry_run:
            self._forget(found.claim for found in before)

    def _handing(self, move: HandOver) -> Handing:
        name = (move.before.claim.namespace, move.before.claim.name)
        if move.before.address is None:
            raise IpamError(f"claim {name[1]} has no address yet, so that none can be handed over; run again")
        return Handing(self._known[name], self._address_uids.get(name, ""), move.after, move.before.address)

    def _claim_handed_over(self, moves: t.Sequence[HandOver]) -> None:
        """Make the new claims, and see each served with the address that waits for it."""
        self._created = []
        claims = [move.after for move in moves]
        self._create(claims, dry_run=False)
        for move, bound in zip(moves, self.wait_for_addresses(claims)):
            if move.before.address is None or bound.address is None:
                continue
            if bound.address.address != move.before.address.address:
                raise self._take_back(
                    IpamError(
                        f"claim {move.before.claim.name} holds {move.before.address.address} and cannot become {move.after.name}, "
                        f"which holds {bound.address.address}: release the one of the two that is not used"
                    )
                )

    def _forget(self, claims: t.Iterable[Claim]) -> None:
        for claim in claims:
            self._known.pop((claim.namespace, claim.name), None)
            self._addresses.pop((claim.namespace, claim.name), None)

    # --- addresses that were given twice ----------------------------------------------------------------------

    def check_addresses(self, claims: t.Sequence[Claim]) -> None:
        """Raise IpamError when one of these shares its address with another claim."""
        for namespace, asked in _grouped(claims, lambda claim: claim.namespace).items():
            wanted = {claim.name for claim in asked}
            for each in self._shared_by(namespace, wanted):
                error = refusal(each, wanted, ())
                if error is not None:
                    raise error

    def _shared_by(self, namespace: str, wanted: set[str]) -> list[SharedAddress]:
        return [each for each in self._shared if each.namespace == namespace and not wanted.isdisjoint(each.claims)]

    def _part(self, namespace: str, asked: set[str]) -> None:
        """Claims of this call that share an address are made anew; those of earlier calls are their user's to decide."""
        for _renewal in range(_RENEWALS):
            shared = self._shared_by(namespace, asked)
            if not shared:
                return
            created = {each.claim.name: each for each in self._created if each.claim.namespace == namespace}
            for each in shared:
                error = refusal(each, asked, created)
                if error is not None:
                    raise self._take_back(error)
            self._renew(namespace, shared, created)
        for each in self._shared_by(namespace, asked):
            raise self._take_back(given_again(each, _RENEWALS))

    def _renew(self, namespace: str, shared: t.Sequence[SharedAddress], created: t.Mapping[str, Found]) -> None:
        """Give the addresses up that others keep, and claim anew what held them."""
        giving: set[str] = set()
        for each in shared:
            giving.update(giving_up(each, created))
            self._progress.note(
                f"{each}, which the provider gave more than once; claiming anew: {names(giving_up(each, created))}"
            )
        leaving = [created[name] for name in sorted(giving)]
        taken = self._claims.take_back(leaving)
        self._created = [each for each in self._created if each not in leaving]
        if taken.failure is not None:
            raise self._take_back(taken.failure)
        if taken.kept:
            kept = names(each.claim.name for each in leaving if each.uid in taken.kept)
            sentence = f"the provider gave addresses more than once, and another play uses {kept} by now"
            raise self._take_back(IpamError(f"{sentence}: release these claims, then claim again"))
        self._until_gone(namespace, [each.claim for each in leaving], self._grace)
        claims = with_owners(self.api, self._discovery, [each.claim for each in leaving])
        self._create(claims, dry_run=False)
        self._bind(namespace, claims)

    # --- releasing --------------------------------------------------------------------------------------------

    def release_claims(self, claims: t.Sequence[Claim], dry_run: bool) -> None:
        """Delete the claims and wait until they are gone: their names and addresses are free then."""
        names = [(each.namespace, each.name) for each in claims]
        found = [self._known[name] for name in names if name in self._known]
        failure = self._claims.delete(found, dry_run)
        if failure is not None:
            raise failure
        if not dry_run:
            # those that a run which was ended has deleted hold their addresses until they are gone, too
            leaving = [each for each in self._known.values() if each.terminating]
            going = {(each.claim.namespace, each.claim.name): each.claim for each in [*found, *leaving]}
            for name in self._resting(going.values()):
                del going[name]
                self._note_resting(name)
            for namespace, group in _grouped(going.values(), lambda claim: claim.namespace).items():
                self._until_gone(namespace, group, self._grace)

    def _resting(self, claims: t.Iterable[Claim]) -> list[Name]:
        """Those of these claims that go only once their addresses have rested, which is as good as gone."""
        rests: list[Name] = []
        for (pool, namespace), group in _grouped(claims, lambda claim: (claim.pool, claim.namespace)).items():
            period = self._grace_period(pool, namespace)
            if period:
                rests += [(claim.namespace, claim.name) for claim in group]
                self._progress.note(
                    f"released addresses of pool {pool.name} rest for {period} s before they are given out again"
                )
        return rests

    def _note_resting(self, name: Name) -> None:
        """Know a released claim as one that is going, so that its name is not taken for a free one."""
        self._addresses.pop(name, None)
        if not self._known[name].terminating:
            self._known[name] = dataclasses.replace(self._known[name], deleted_at=now())

    def _grace_period(self, pool: PoolReference, namespace: str) -> int:
        """How long released addresses of a pool rest, in seconds; 0 where that is not known, or the pool is gone."""
        try:
            looked = self._pools.look(pool, namespace)
        except IpamError:
            return 0
        return looked.grace_period if looked else 0

    def _refuse_resting(self, leaving: Found) -> None:
        """Raise IpamError for a released claim whose address rests for longer than this call would wait."""
        claim = leaving.claim
        period = self._grace_period(claim.pool, claim.namespace)
        left = seconds_left(leaving.deleted_at, period) if period else 0
        if left > self._grace:
            raise IpamError(
                f"claim {claim.name} was released, and its address rests for {left} s more (addressReuseGracePeriodSeconds of pool"
                f" {claim.pool.name}); run again then, with a longer wait_grace, or under another machine name"
            )

    def holders(self, claims: t.Sequence[Claim]) -> dict[Name, Holder]:
        """The controllers that exist, and the MachineInventories that record the uid of a claim."""
        found: dict[Name, Holder] = {}
        for namespace, group in _grouped(claims, lambda claim: claim.namespace).items():
            registered = self.inventories(namespace)
            if registered.trouble:
                self._progress.note(f"it is not known which claims Elemental uses: {registered.trouble}")
            existing = Existing(self.api, self._discovery, namespace)
            for claim in group:
                holder = holder_of(claim, registered, existing.is_gone)
                if holder is not None:
                    found[claim.namespace, claim.name] = holder
        return found

    def inventories(self, namespace: str | None) -> Inventories:
        """The MachineInventories that there are."""
        return inventories(self.api, self._discovery, namespace)

    def record(self, claims: t.Sequence[Claim], dry_run: bool) -> None:
        """Annotate the claims."""
        known = [(self._known.get((claim.namespace, claim.name)), claim) for claim in claims]
        found = [
            dataclasses.replace(
                each,
                claim=dataclasses.replace(
                    each.claim,
                    host_keys=claim.host_keys,
                    machine_id=claim.machine_id,
                    site=claim.site,
                    confirmed=claim.confirmed,
                ),
            )
            for each, claim in known
            if each is not None
        ]
        failure = self._claims.record(found, dry_run)
        if failure is not None:
            raise failure

    def _until_gone(self, namespace: str, claims: t.Sequence[Claim], grace: float) -> None:
        known = {claim.name: self._known[namespace, claim.name] for claim in claims}
        with self._watch(namespace, known.values()) as watch:
            causes = functools.partial(self._causes.of, namespace)
            Waiting(claims, known, grace, self._progress, causes).until_gone(watch)
        self._forget(claims)

    # --- pools ------------------------------------------------------------------------------------------------

    def list_pools(self, namespace: str | None) -> list[PoolState]:
        """The in-cluster provider's pools that a namespace can claim from, or all."""
        return self._pools.states(namespace)

    def allocated(self, pool: Pool, namespaces: t.Collection[str]) -> list[str]:
        """Also those whose claims are gone, but rest, or wait for another claim."""
        listed = [self._claims.addresses(namespace, ()) for namespace in namespaces]
        return [each.address for each in (h for found in listed for h in found.holdings) if each.pool == pool.reference]

    def apply_pool(self, pool: Pool, dry_run: bool) -> PoolChange:
        """Create or change an in-cluster pool."""
        return self._pools.apply(pool, dry_run)

    def delete_pool(self, reference: PoolReference, namespace: str, dry_run: bool) -> PoolChange:
        """Delete an in-cluster pool."""
        return self._pools.delete(reference, namespace, dry_run)


def refuse_other_provider(claim: Claim) -> None:
    """Raise IpamError where nothing says that the provider keeps an address that waits for its claim."""
    if (claim.pool.api_group, claim.pool.kind) not in ((GROUP, NAMESPACED), (GROUP, GLOBAL)):
        raise IpamError(
            f"claim {claim.name} is from pool {claim.pool} of another provider than the in-cluster one, whose addresses cannot be handed "
            "over to a claim of another name: release it and claim again"
        )


def _address_of(each: Found, listed: Addresses) -> Address | None:
    """The address that a claim points to, None where there is none. Raises IpamError for one that is not this claim's, or is none."""
    content = listed.known.get((each.claim.namespace, each.address_name))
    if content is None:
        return None
    if isinstance(content, IpamError):
        raise content
    claim_name, pool, address = content
    check_address(each.claim, claim_name, pool, each.address_name)
    return address


Key = t.TypeVar("Key")
Item = t.TypeVar("Item")


def _grouped(items: t.Iterable[Item], key: t.Callable[[Item], Key]) -> dict[Key, list[Item]]:
    groups: dict[Key, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups
