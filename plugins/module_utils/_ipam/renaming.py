# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine that was renamed keeps its addresses: its claims go to its new name."""

from __future__ import annotations

import dataclasses
import typing as t

from .backend import HandOver, IpamBackend
from .errors import InvalidInput, claim_conflict
from .machines import Known, Machine, holders_of, title
from .model import BoundClaim
from .names import checked_name, machine_name


def rename(
    backend: IpamBackend, machines: t.Sequence[Machine], known: Known, leaving: Known, dry_run: bool
) -> list[HandOver]:
    """Give the claims of former names to the present ones, in ``known``, too; nothing where that is done already.

    ``leaving`` are the claims that are being released, and is kept up to date.

    What was promised under the new name meanwhile and never used is released. Raises IpamError where both names hold addresses in use.
    """
    _refuse_unclear(machines, known)
    renamed = [machine for machine in machines if machine.former_host]
    moves = [
        _move(machine, bound) for machine in renamed for bound in list(known.values()) if machine.held(bound.claim)
    ]
    moves = [move for move in moves if move.after != move.before.claim]
    in_the_way = [other for move in moves for other in _others(move, known)]
    _refuse_used(backend, moves, in_the_way)
    if in_the_way:
        release(backend, in_the_way, leaving, dry_run)
    if in_the_way and dry_run:  # the names are not free
        take_in(moves, [move.done for move in moves], known)
        return moves
    return hand_over(backend, moves, known, leaving, dry_run)


def release(backend: IpamBackend, claims: t.Sequence[BoundClaim], leaving: Known, dry_run: bool) -> None:
    """Release claims, and see those gone that are going already; ``leaving`` are those that still go afterwards."""
    left = backend.release_claims([*claims, *leaving.values()], dry_run)
    leaving.clear()
    leaving.update({title(bound.claim): bound for bound in left})


def hand_over(
    backend: IpamBackend, moves: t.Sequence[HandOver], known: Known, leaving: Known, dry_run: bool
) -> list[HandOver]:
    """Move addresses to other claims, in ``known``, too; what has the new name until it is gone is waited for."""
    moves = [dataclasses.replace(move, leaving=leaving.get(title(move.after))) for move in moves]
    take_in(moves, backend.hand_over(moves, dry_run), known)
    return moves


def _refuse_unclear(machines: t.Sequence[Machine], known: Known) -> None:
    """Raise IpamError where it is not clear whose the claims of a former name are: one address would go to two machines."""
    seen: dict[tuple[str, str], Machine] = {}
    for machine in (each for each in machines if each.former_host):
        other = seen.setdefault((machine.namespace, machine.former_machine), machine)
        if other.host != machine.host:
            raise InvalidInput(
                f"hosts {other.host} and {machine.host} both have the former name {machine.former_host}: "
                "set machine_network_former_name for one of them"
            )
        if any(_is_named(each, machine) for each in machines):
            raise InvalidInput(
                f"host {machine.host} has the former name {machine.former_host}, which is a host of the same call, too: "
                "rename that one first (to swap two names, use a third one in between)"
            )
        for claim in (bound.claim for bound in known.values()):
            if machine.misnames(claim):
                raise claim_conflict(
                    claim,
                    f"claim {claim.name} of machine {claim.machine} was made for host {claim.host}: keep machine_network_machine_name: "
                    f"{claim.machine} for {machine.host}, and set machine_network_former_name: {claim.host}",
                )


def _is_named(other: Machine, machine: Machine) -> bool:
    """Whether another machine has the former name of this one now."""
    is_another = bool(other.host) and other.host != machine.host and other.namespace == machine.namespace
    return is_another and machine.former_machine in (other.machine, machine_name(other.host))


def take_in(moves: t.Sequence[HandOver], after: t.Sequence[BoundClaim], known: Known) -> None:
    """Know the claims by their new names."""
    for move, bound in zip(moves, after):
        known.pop(title(move.before.claim), None)
        known[title(move.after)] = bound


def _move(machine: Machine, bound: BoundClaim) -> HandOver:
    claim = bound.claim
    # a machine whose name was given, not made of that of its host, may keep it
    name = claim.name
    if claim.machine != machine.machine and name.startswith(f"{claim.machine}-"):
        name = checked_name(f"{machine.machine}{name[len(claim.machine) :]}", "claim")
    # the uid of a claim that is to be made is not known yet
    uid = claim.uid if name == claim.name else ""
    return HandOver(bound, dataclasses.replace(claim, name=name, machine=machine.machine, host=machine.host, uid=uid))


def _refuse_used(backend: IpamBackend, moves: t.Sequence[HandOver], in_the_way: t.Sequence[BoundClaim]) -> None:
    """Raise IpamError where a claim would go that another object uses, such as a MachineInventory of Elemental."""
    going = [move.before.claim for move in moves if move.after.name != move.before.claim.name]
    going += [bound.claim for bound in in_the_way]
    holders = holders_of(backend, going)
    for claim in going:
        if title(claim) in holders:
            raise claim_conflict(
                claim,
                f"{holders[title(claim)].keeps(claim)}, and its machine cannot be renamed before: leave machine_network_former_name out",
            )


def _others(move: HandOver, known: Known) -> list[BoundClaim]:
    """The claim that has the new name already, with another address."""
    other = known.get(title(move.after))
    if other is None or title(move.after) == title(move.before.claim) or other.address == move.before.address:
        return []
    if other.claim.confirmed:
        raise claim_conflict(
            move.before.claim,
            f"claim {move.before.claim.name} cannot become {move.after.name}, which exists with an address that is in use since "
            f"{other.claim.confirmed}: release the one of the two that is not used, or leave machine_network_former_name out",
        )
    return [other]
