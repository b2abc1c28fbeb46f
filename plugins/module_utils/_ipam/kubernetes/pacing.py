# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long to wait, and when waiting is of no use (pure; times are seconds of a monotonic clock)."""

from __future__ import annotations

import datetime
import math
import typing as t
from dataclasses import dataclass

from ..errors import PoolExhausted, PoolNotFound
from ..model import Claim, IpamError, PoolReference
from .conditions import Condition

# the slowest provider that was measured (Metal3) serves and releases 4 claims in a second: twice as long is not a fault
_SECONDS_PER_CLAIM = 0.5
_NAMED = 5
# RFC 3339, as metadata.deletionTimestamp
_FORM = "%Y-%m-%dT%H:%M:%SZ"


class Unsatisfiable(IpamError):
    """Waiting is of no use."""


class Exhausted(Unsatisfiable, PoolExhausted):
    """The pool has not enough free addresses."""


class PoolMissing(Unsatisfiable, PoolNotFound):
    """There is no such pool."""


class PoolPaused(Unsatisfiable, PoolNotFound):
    """The provider leaves the claims of the pool alone for now."""


class AdaptiveDeadline:
    """A deadline that scales with the number of claims, and moves on with the rate at which they are served."""

    def __init__(self, count: int, grace: float, began: float) -> None:
        self._count, self._grace, self._began = count, grace, began
        self._served = 0
        self.deadline = began + grace + _SECONDS_PER_CLAIM * count

    def served(self, count: int, now: float) -> None:
        """Report that so many are served now."""
        if count > self._served:
            self._served = count
            left = (self._count - count) * (now - self._began) / count
            self.deadline = max(self.deadline, now + self._grace + 2 * left)

    def is_over(self, now: float) -> bool:
        """Whether to give up."""
        return now > self.deadline


@dataclass(frozen=True)
class Capacity:
    """How full a pool is by its own status; ``free`` is negative when used addresses left the pool.

    ``grace_period`` is how long a released address rests before it is free, in seconds.
    """

    total: int
    free: int
    grace_period: int = 0


def exhausted(pool: PoolReference, room: Capacity, asking: int, namespace: str = "") -> Exhausted:
    """The sentence for a pool that is too small."""
    rest = (
        f"; a released address rests for {room.grace_period} s (addressReuseGracePeriodSeconds)"
        if room.grace_period
        else ""
    )
    free = max(0, room.free)
    return Exhausted(
        f"pool {pool.name} has {free} free of {room.total}, {asking} claims ask; release claims or widen the pool{rest}",
        **{"pool": pool.name, "namespace": namespace, "free": free, "total": room.total, "requested": asking},
    )


def hopeless(claim: Claim, refusal: Condition) -> Unsatisfiable:
    """The sentence for a claim that its provider refuses; one of ours is made again by the next call."""
    advice = (
        "then claim again" if claim.managed else "then release the claim, which something else made, and claim again"
    )
    kind = Exhausted if refusal.is_exhaustion else Unsatisfiable
    return kind(
        f"claim {claim.name} is not served by pool {claim.pool.name}: {refusal}; check the pool and its provider, {advice}",
        **{"pool": claim.pool.name, "namespace": claim.namespace, "claim": claim.name, "reason": refusal.reason},
    )


def seconds_left(since: str, period: int) -> int:
    """How many seconds of a period are left that began at a time in RFC 3339; all where that is not a time."""
    try:
        began = datetime.datetime.strptime(since, _FORM).replace(tzinfo=datetime.timezone.utc)
    except ValueError:
        return period
    passed = (datetime.datetime.now(datetime.timezone.utc) - began).total_seconds()
    return max(0, min(period, math.ceil(period - passed)))


def now() -> str:
    """This moment, in the form of ``seconds_left``."""
    return datetime.datetime.now(datetime.timezone.utc).strftime(_FORM)


def names(claims: t.Iterable[str]) -> str:
    """Some names, and how many more there are."""
    known = sorted(claims)
    more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
    return f"{', '.join(known[:_NAMED])}{more}"
