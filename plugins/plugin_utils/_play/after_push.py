# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left to do once the hosts of a batch were pushed: what to record, and what to release (pure)."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.elemental.networking.plugins.module_utils._ipam.names import RENUMBERING
from ansible_collections.elemental.networking.plugins.plugin_utils._request.registered import with_id

_Record = t.Mapping[str, t.Any]
# what a release is compared with
_OF_A_RELEASE = ("name", "namespace", "machine", "key", "pool", "host", "site")


@dataclass(frozen=True)
class Pushed:
    """A host that was pushed: what it asked for, as the result of the claiming task has it, and the result of the push.

    ``claims`` are those of its machine, ``unused`` those that it holds and does not ask for any more.
    """

    host: str
    asked: _Record
    result: _Record
    claims: tuple[_Record, ...]
    unused: tuple[_Record, ...]
    is_renumbered: bool


@dataclass(frozen=True)
class Left:
    """What is left to do for a batch: machines to record, claims whose renumbering ends, claims to release."""

    to_record: tuple[dict[str, t.Any], ...]
    renumbered: tuple[_Record, ...]
    to_release: tuple[dict[str, t.Any], ...]


def results_of(claim_id: str, registered: t.Mapping[str, object]) -> dict[str, _Record]:
    """Of what hosts have registered the results of the pushes of these very claims: a host without one may have any network, and keeps all.

    One that failed, was not reached, or was skipped has none, also where a play ignores that; nor has one that an earlier play pushed.
    """
    return with_id(registered, "claim_id", claim_id)


def left_of(pushed: t.Iterable[Pushed], check_mode: bool) -> Left:
    """What is left to do for these hosts."""
    hosts = list(pushed)
    return Left(
        to_record=tuple(_identity(each) for each in hosts if _has_an_answer(each) and not _is_recorded(each)),
        renumbered=tuple(
            claim for each in hosts if each.is_renumbered and not check_mode for claim in each.asked["claims"]
        ),
        to_release=tuple(
            {name: claim[name] for name in _OF_A_RELEASE if name in claim}
            for each in hosts
            for claim in each.unused
            if _is_to_go(each, claim)
        ),
    )


def _has_an_answer(pushed: Pushed) -> bool:
    return pushed.result.get("address") is not None


def _identity(pushed: Pushed) -> dict[str, t.Any]:
    return {
        "machine": pushed.asked["machine"],
        "namespace": pushed.asked["namespace"],
        "host": pushed.host,
        "host_keys": list(pushed.result.get("host_keys") or []),
        "machine_id": pushed.result.get("machine_id") or "",
        "site": pushed.asked["site"],
        "confirmed_addresses": list(pushed.result.get("confirmed_addresses") or []),
    }


def _is_recorded(pushed: Pushed) -> bool:
    """Whether the claims have the host keys of the machine, and show which addresses are in use."""
    keys, proved = pushed.result.get("host_keys") or [], pushed.result.get("confirmed_addresses") or []
    is_known = not keys or all(
        claim.get("host_keys") == keys
        and _is_same_machine(pushed, claim)
        and (claim.get("site") or None) == (pushed.asked["site"] or None)
        for claim in pushed.claims
    )
    return is_known and not any(
        not claim.get("confirmed") and claim.get("address") in proved for claim in pushed.claims
    )


def _is_same_machine(pushed: Pushed, claim: _Record) -> bool:
    """Whether a claim is recorded with the machine-id of the host; a host without one keeps what is recorded."""
    machine_id = pushed.result.get("machine_id")
    return not machine_id or claim.get("machine_id") == machine_id


def _is_to_go(pushed: Pushed, claim: _Record) -> bool:
    """Whether an unused claim is released; what is recorded with another machine is not this one's to release."""
    is_own = claim.get("machine_id") is None or _is_same_machine(pushed, claim)
    # what a renumbering that was taken back leaves is for a key that is still asked for
    beside = {f"{each['key']}{RENUMBERING}" for each in pushed.asked["claims"]}
    return is_own and (not pushed.asked["keeps_unused"] or claim.get("key") in beside)
