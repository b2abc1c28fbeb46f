# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait for claims: until all are bound, or gone; with progress, a deadline that scales, and an eye on the pools."""

from __future__ import annotations

import time
import typing as t

from ..errors import TimedOut, claim_conflict
from ..model import Claim, IpamError, PoolReference
from .objects import ObservedClaim
from .pacing import AdaptiveDeadline, Capacity, PoolMissing, PoolPaused, Unsatisfiable, exhausted, hopeless, names
from .pools import Pools
from .progress import Progress
from .watching import Change, Watch

# seconds
_TICK = 0.2
# this long without a change, and the pools are looked at; twice full in a row without a change between, and they are
_QUIET = 0.6
# so many different ones are shown
_REASONS = 3
# so many claims are in the details of an error
_NAMED = 100


class Waiting:
    """The claims of one namespace that a call waits for."""

    def __init__(
        self,
        wanted: t.Sequence[Claim],
        known: t.Mapping[str, ObservedClaim],
        grace: float,
        progress: Progress,
        causes: t.Callable[[t.Sequence[ObservedClaim]], str] = lambda _waiting: "",
        pools_may_come: bool = False,
    ) -> None:
        self._wanted = {claim.name: claim for claim in wanted}
        self.known = {name: each for name, each in known.items() if name in self._wanted}
        self._progress = progress
        self._began = self._changed = time.monotonic()
        self._grace = grace
        self._causes = causes
        self._pools_may_come = pools_may_come
        self._full: dict[PoolReference, Capacity] = {}

    # --- bound ------------------------------------------------------------------------------------------------

    def until_bound(self, watch: Watch, pools: Pools) -> None:
        """Wait until every claim points to its address. Raises IpamError when one is gone, refused, or never will be served."""
        left = {name for name in self._wanted if not self._is_bound(name)}
        count = len(left)
        patience, tell = AdaptiveDeadline(count, self._grace, self._began), self._progress.counted("served", count)

        def why() -> str:
            return self._why(left, watch)

        while left:
            change = watch.next(_TICK)
            now = time.monotonic()
            failure: IpamError | None = None
            if change is None and now - self._changed > _QUIET:
                failure = self._look_at_pools(left, pools)
            if failure is None and patience.is_over(now):
                failure = self._timed_out(left, count, now, why())
            if failure is not None:
                change = watch.look()  # the watch may be mute
            if change is not None:
                left -= {name for name in self._take(change) & left if self._is_bound(name)}
                patience.served(count - len(left), now)
            if left and failure is not None and (isinstance(failure, Unsatisfiable) or patience.is_over(now)):
                raise failure
            tell(count - len(left), why)

    def _is_bound(self, name: str) -> bool:
        each = self.known.get(name)
        if each is None or each.terminating:
            raise _gone(self._wanted[name])
        if each.hopeless:
            raise hopeless(each.claim, each.condition)
        return bool(each.address_name)

    def _look_at_pools(self, left: t.Collection[str], pools: Pools) -> Unsatisfiable | None:
        """A provider that reports nothing on a claim still shows how full its pool is; returns why waiting is of no use."""
        asking: dict[PoolReference, list[Claim]] = {}
        for name in left:
            claim = self._wanted[name]
            asking.setdefault(claim.pool, []).append(claim)
        for reference, claims in asking.items():
            try:
                room = pools.room(reference, claims[0].namespace)
            except (PoolMissing, PoolPaused):
                if not self._pools_may_come:
                    raise
                continue
            if room is None or room.free > 0:
                continue
            if self._full.get(reference) == room:
                return exhausted(reference, room, len(claims), claims[0].namespace)
            self._full[reference] = room
        self._changed = time.monotonic()
        return None

    def _why(self, left: t.Iterable[str], watch: Watch) -> str:
        """What the provider reports of the claims that wait, else what is wrong with the watch; empty where nothing is reported."""
        waiting = (self.known.get(name) for name in left)
        reasons = {str(each.condition) for each in waiting if each is not None and each.condition.reason}
        return "; ".join(sorted(reasons)[:_REASONS]) or watch.trouble

    def _timed_out(self, left: t.Collection[str], count: int, now: float, why: str) -> IpamError:
        why = why or self._cause(left) or "their IPAM provider reports nothing; check whether it runs, or is paused"
        return TimedOut(
            f"{len(left)} of {count} claims have no address after {now - self._began:.0f} s: {names(left)} ({why}); "
            "the claims stay, run again to go on waiting",
            **self._progress_of(left, count, now),
        )

    # --- gone -------------------------------------------------------------------------------------------------

    def until_gone(self, watch: Watch) -> None:
        """Wait until none of the claims exists with the uid that it has now."""
        uids = {name: each.uid for name, each in self.known.items()}
        left, count = set(uids), len(uids)
        patience, tell = AdaptiveDeadline(count, self._grace, self._began), self._progress.counted("released", count)
        while left:
            change = watch.next(_TICK)
            now = time.monotonic()
            if patience.is_over(now):
                change = watch.look()  # the watch may be mute
            if change is not None:
                touched = self._take(change) & left
                left -= {name for name in touched if name not in self.known or self.known[name].uid != uids[name]}
                patience.served(count - len(left), now)
            tell(count - len(left), lambda: watch.trouble)
            if left and patience.is_over(now):
                why = (
                    watch.trouble or self._cause(left) or "their IPAM provider holds the addresses; see whether it runs"
                )
                raise TimedOut(
                    f"{len(left)} of {count} claims are deleted but not gone after {now - self._began:.0f} s: "
                    f"{names(left)} ({why}); run again to go on waiting",
                    **self._progress_of(left, count, now),
                )

    def _progress_of(self, left: t.Collection[str], count: int, now: float) -> dict[str, t.Any]:
        """What an error has of a wait: the first of the claims that are left, and how many of how many."""
        claims, seconds = sorted(left), round(now - self._began)
        return {"claims": claims[:_NAMED], "waiting": len(claims), "requested": count, "seconds": seconds}

    # --- both -------------------------------------------------------------------------------------------------

    def _cause(self, left: t.Collection[str]) -> str:
        return self._causes([each for each in map(self.known.get, sorted(left)) if each is not None])

    def _is_past(self, each: ObservedClaim) -> bool:
        """Whether a change is older than what we know: the watch begins where the list was, before what this call did.

        A claim that has another uid than ours lived before it: had it come after, ours would have been deleted first.
        """
        known = self.known.get(each.claim.name)
        if known is None:
            return False
        lost_its_address = bool(known.address_name) and not each.address_name
        return known.uid != each.uid or (lost_its_address and not each.terminating)

    def _take(self, change: Change) -> set[str]:
        """Take a change in; returns the names that it is about."""
        touched = {each.claim.name for each in (*change.claims, *change.gone)}
        if change.complete:
            touched |= set(self.known)
            self.known = {}
        for each in change.claims:
            if each.claim.name in self._wanted and not self._is_past(each):
                self.known[each.claim.name] = each
        for each in change.gone:
            if not self._is_past(each):
                self.known.pop(each.claim.name, None)
        if any(name in self._wanted for name in touched):
            self._changed = time.monotonic()
            self._full.clear()
        return touched


def _gone(claim: Claim) -> IpamError:
    """The sentence for a claim that went while it was waited for."""
    if claim.owner is None:
        return claim_conflict(claim, f"claim {claim.name} was released by another user meanwhile; run again")
    return claim_conflict(
        claim,
        f"claim {claim.name} was released meanwhile, as happens to each claim whose owner does not exist: {claim.owner} with uid "
        f"{claim.owner.uid}; check that this object exists and has that uid, then run again",
    )
