# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a confirmed push has learned of a machine, kept with its claims: by what it is known, its ssh host keys and its machine-id, and that
an address is really in use."""

from __future__ import annotations

import dataclasses
import typing as t

from .backend import IpamBackend
from .model import BoundClaim, Claim


@dataclasses.dataclass(frozen=True)
class KnownMachine:
    """A machine with claims in a namespace, and what is known of it; an empty ``host`` is not compared.

    ``host_keys`` are its public ssh host keys, ``machine_id`` is its identity, ``site`` the name of its inventory: claims of another one
    are not its own. ``addresses`` are those that a push of now has proved on it, in their canonical spelling.
    """

    namespace: str
    machine: str
    host: str
    host_keys: tuple[str, ...] = ()
    machine_id: str = ""
    site: str = ""
    addresses: tuple[str, ...] = ()

    def holds(self, claim: Claim) -> bool:
        """Whether a claim is for this machine."""
        hosts = ("", self.host) if self.host else (claim.host,)
        return claim.machine == self.machine and claim.host in hosts and claim.site in ("", self.site)

    def recorded(self, bound: BoundClaim, now: str) -> Claim:
        """A claim of this machine with what is known now; what is not known stays as it was recorded.

        The first moment stays, unless another machine has the address since, or the same one was installed again. Where the push proved
        other addresses, a claim that is recorded with another machine stays as it is: that one may still have its address.
        """
        claim, is_another = bound.claim, self._is_another_than(bound.claim)
        is_proved = bound.address is not None and bound.address.address in self.addresses
        if is_another and claim.machine_id and self.addresses and not is_proved:
            return claim
        is_first = is_proved and (is_another or not claim.confirmed)
        return dataclasses.replace(
            claim,
            host_keys=self.host_keys or claim.host_keys,
            machine_id=self.machine_id or claim.machine_id,
            site=claim.site or self.site,
            confirmed=now if is_first else claim.confirmed,
        )

    def _is_another_than(self, claim: Claim) -> bool:
        """Whether a claim is recorded with another machine, by its machine-id, or by its host keys where that is not known."""
        if claim.machine_id and self.machine_id:
            return claim.machine_id != self.machine_id
        return bool(claim.host_keys and self.host_keys) and set(claim.host_keys).isdisjoint(self.host_keys)


def record_machines(backend: IpamBackend, machines: t.Sequence[KnownMachine], now: str, dry_run: bool) -> list[Claim]:
    """Keep what is known of the machines with all their claims; returns the claims, as they are then, where that changed something.

    Never makes a claim. ``now`` is in RFC 3339, UTC.
    """
    changed = []
    by_name = {(each.namespace, each.machine): each for each in machines}
    for namespace in dict.fromkeys(namespace for namespace, _machine in by_name):
        for bound in backend.list_claims(namespace):
            known = by_name.get((namespace, bound.claim.machine))
            if known is None or not known.holds(bound.claim):
                continue
            recorded = known.recorded(bound, now)
            if _record(recorded) != _record(bound.claim):
                changed.append(dataclasses.replace(bound, claim=recorded))
    if changed:
        backend.record(changed, dry_run)
    return [bound.claim for bound in changed]


def _record(claim: Claim) -> tuple[tuple[str, ...], str, str, str]:
    return claim.host_keys, claim.machine_id, claim.site, claim.confirmed


def machine_ids_by_machine(claims: t.Iterable[BoundClaim]) -> dict[str, list[str]]:
    """The identities that are recorded of each machine; one without is left out."""
    found: dict[str, set[str]] = {}
    for claim in (bound.claim for bound in claims):
        if claim.machine_id:
            found.setdefault(claim.machine, set()).add(claim.machine_id)
    return {machine: sorted(identities) for machine, identities in found.items()}


def host_keys_by_machine(claims: t.Iterable[BoundClaim]) -> dict[str, list[str]]:
    """The keys that are recorded of each machine, with whichever of its claims; one without is left out."""
    found: dict[str, set[str]] = {}
    for claim in (bound.claim for bound in claims):
        if claim.host_keys:
            found.setdefault(claim.machine, set()).update(claim.host_keys)
    return {machine: sorted(keys) for machine, keys in found.items()}
