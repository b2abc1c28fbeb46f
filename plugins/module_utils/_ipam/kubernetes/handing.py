# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses that go from one claim to another: each is held all the time."""

from __future__ import annotations

import dataclasses
import typing as t

from ..backend import HandOver, Observation
from ..errors import InvalidInput, claim_conflict
from ..manifest import GLOBAL, GROUP, NAMESPACED
from ..model import BoundClaim, Claim
from .claiming import ClaimCall
from .claims import Handing
from .control_plane import ControlPlane
from .observing import Handle, handle_of
from .releasing import wait_out


def hand_over(plane: ControlPlane, moves: t.Sequence[HandOver], dry_run: bool) -> list[BoundClaim]:
    """First the addresses of the new claims, then these, then the old claims go."""
    renamed = [move for move in moves if move.after.name != move.before.claim.name]
    same = [move for move in moves if move.after.name == move.before.claim.name]
    for move in renamed:
        refuse_other_provider(move.before.claim)
    if not dry_run:  # an address that is made for a name that is still going would go with it
        leaving = [handle_of(move.leaving) for move in renamed if move.leaving is not None]
        wait_out(plane, {each.found.claim.namespace: each.since for each in leaving}, [each.found for each in leaving])
    handing = [handing_of(move) for move in renamed]
    failure = plane.claims.give_addresses(handing, dry_run)
    if failure is not None:
        raise failure
    made = {} if dry_run else _claim(plane, renamed)
    failure = plane.claims.delete([each.before for each in handing], dry_run)
    if failure is None:
        failure = plane.claims.rename_machines([_relabelled(move) for move in same], dry_run)
    if failure is not None:
        raise failure
    return [made.get((move.after.namespace, move.after.name)) or _after(move, dry_run) for move in moves]


def handing_of(move: HandOver) -> Handing:
    """An address on its way. Raises IpamError for a claim that has none."""
    if move.before.address is None:
        raise claim_conflict(
            move.before.claim,
            f"claim {move.before.claim.name} has no address yet, so that none can be handed over; run again",
        )
    handle = handle_of(move.before)
    return Handing(handle.found, handle.address_uid, move.after, move.before.address)


def _claim(plane: ControlPlane, moves: t.Sequence[HandOver]) -> dict[tuple[str, str], BoundClaim]:
    """Make the new claims, and see each served with the address that waits for it."""
    if not moves:
        return {}
    since = {each.found.claim.namespace: each.since for each in (handle_of(move.before) for move in moves)}
    call, claims = ClaimCall(plane, Observation(handle=since)), [move.after for move in moves]
    call.make(claims)
    made = {}
    for move, bound in zip(moves, call.wait(claims)):
        if move.before.address and bound.address and bound.address.address != move.before.address.address:
            raise call.take_back(
                claim_conflict(
                    move.before.claim,
                    f"claim {move.before.claim.name} holds {move.before.address.address} and cannot become {move.after.name}, "
                    f"which holds {bound.address.address}: release the one of the two that is not used",
                )
            )
        made[move.after.namespace, move.after.name] = bound
    return made


def _relabelled(move: HandOver) -> t.Any:
    return dataclasses.replace(handle_of(move.before).found, claim=move.after)


def _after(move: HandOver, dry_run: bool) -> BoundClaim:
    """A claim that keeps its name, as it is afterwards."""
    if dry_run:
        return move.done
    handle = handle_of(move.before)
    found = dataclasses.replace(handle.found, claim=dataclasses.replace(move.after, uid=handle.found.uid))
    return dataclasses.replace(move.done, handle=Handle(found, handle.since, handle.address_uid, handle.shared))


def refuse_other_provider(claim: Claim) -> None:
    """Raise IpamError where nothing shows that the provider keeps an address that waits for its claim."""
    if (claim.pool.api_group, claim.pool.kind) not in ((GROUP, NAMESPACED), (GROUP, GLOBAL)):
        raise InvalidInput(
            f"claim {claim.name} is from pool {claim.pool} of another provider than the in-cluster one, whose addresses cannot be handed "
            "over to a claim of another name: release it and claim again"
        )
