# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims that go: delete them, wait until they are gone, and know those whose addresses rest first."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ..errors import TimedOut
from ..grouping import grouped
from ..model import BoundClaim, Claim, IpamError, PoolReference
from .control_plane import ControlPlane, Name, title
from .objects import ObservedClaim
from .observing import Handle, handle_of, leaving_claim
from .pacing import now, seconds_left
from .waiting import Waiting


def release(plane: ControlPlane, claims: t.Sequence[BoundClaim], dry_run: bool) -> list[BoundClaim]:
    """Delete the claims and wait until they are gone: their names and addresses are free then. Returns those that rest."""
    handles = {title(each.found): each for each in map(handle_of, claims)}
    since = {} if dry_run else _since(plane, handles.values())
    failure = plane.claims.delete([each.found for each in handles.values() if not each.found.terminating], dry_run)
    if failure is not None:
        raise failure
    if dry_run:
        return [leaving_claim(each.found, each.since) for each in handles.values() if each.found.terminating]
    going = {name: each.found for name, each in handles.items()}
    resting = [going.pop(name) for name in _resting(plane, going.values())]
    for namespace, group in grouped(going.values(), lambda each: each.claim.namespace).items():
        until_gone(plane, namespace, since[namespace], group, plane.grace)
    return [leaving_claim(_known_as_going(each), since[each.claim.namespace]) for each in resting]


def _since(plane: ControlPlane, handles: t.Iterable[Handle]) -> dict[str, str]:
    """From where to watch each namespace: the list that had the claims, a new one where they are from several."""
    versions: dict[str, str] = {}
    for namespace, group in grouped(handles, lambda each: each.found.claim.namespace).items():
        looks = {each.since for each in group}
        versions[namespace] = looks.pop() if len(looks) == 1 else plane.claims.list(namespace, False).version
    return versions


def _resting(plane: ControlPlane, claims: t.Iterable[ObservedClaim]) -> list[Name]:
    """Those of these claims that go only once their addresses have rested, which is as good as gone."""
    rests: list[Name] = []
    for (pool, namespace), group in grouped(claims, lambda each: (each.claim.pool, each.claim.namespace)).items():
        period = grace_period(plane, pool, namespace)
        if period:
            rests += map(title, group)
            plane.progress.note(
                f"released addresses of pool {pool.name} rest for {period} s before they are given out again"
            )
    return rests


def _known_as_going(each: ObservedClaim) -> ObservedClaim:
    """A released claim as one that is going, so that its name is not taken for a free one."""
    return each if each.terminating else dataclasses.replace(each, deleted_at=now())


def grace_period(plane: ControlPlane, pool: PoolReference, namespace: str) -> int:
    """How long released addresses of a pool rest, in seconds; 0 where that is not known, or the pool is gone."""
    try:
        looked = plane.pools.look(pool, namespace)
    except IpamError:
        return 0
    return looked.grace_period if looked else 0


def wait_out(plane: ControlPlane, since: t.Mapping[str, str], leaving: t.Sequence[ObservedClaim]) -> None:
    """Wait until claims are gone that are being released: their names are free then.

    Raises IpamError for one whose address rests for longer than this call would wait.
    """
    for each in leaving:
        _refuse_resting(plane, each)
    for namespace, group in grouped(leaving, lambda each: each.claim.namespace).items():
        until_gone(plane, namespace, since[namespace], group, plane.grace)


def _refuse_resting(plane: ControlPlane, leaving: ObservedClaim) -> None:
    claim = leaving.claim
    period = grace_period(plane, claim.pool, claim.namespace)
    left = seconds_left(leaving.deleted_at, period) if period else 0
    if left > plane.grace:
        raise TimedOut(
            f"claim {claim.name} was released, and its address rests for {left} s more (addressReuseGracePeriodSeconds of pool"
            f" {claim.pool.name}); run again then, with a longer wait_grace, or under another machine name",
            **{"claims": [claim.name], "namespace": claim.namespace, "seconds": left},
        )


def until_gone(
    plane: ControlPlane, namespace: str, since: str, claims: t.Sequence[ObservedClaim], grace: float
) -> None:
    """Wait until none of these claims exists."""
    known = {each.claim.name: each for each in claims}
    wanted: list[Claim] = [each.claim for each in claims]
    with plane.watch(namespace, since, claims) as watch:
        causes = functools.partial(plane.causes.of, namespace)
        Waiting(wanted, known, grace, plane.progress, causes).until_gone(watch)
