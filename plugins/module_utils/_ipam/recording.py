# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""By what a machine is known, its ssh host keys and its machine-id: kept with its claims, so that another one can be told from it."""

from __future__ import annotations

import dataclasses
import typing as t

from .backend import IpamBackend
from .model import BoundClaim, Claim


@dataclasses.dataclass(frozen=True)
class KnownMachine:
    """A machine with claims in a namespace, its public host keys and its identity, and the name of its inventory.

    An empty ``host`` is not compared. Claims of another inventory are not its own.
    """

    namespace: str
    machine: str
    host: str
    host_keys: tuple[str, ...]
    machine_id: str = ""
    site: str = ""

    def holds(self, claim: Claim) -> bool:
        """Whether a claim is for this machine."""
        hosts = ("", self.host) if self.host else (claim.host,)
        return claim.machine == self.machine and claim.host in hosts and claim.site in ("", self.site)

    def recorded_with(self, claim: Claim) -> Claim:
        """The claim with what is known of the machine; what is not known stays as it was recorded."""
        return dataclasses.replace(
            claim,
            host_keys=self.host_keys or claim.host_keys,
            machine_id=self.machine_id or claim.machine_id,
            site=claim.site or self.site,
        )


def record_host_keys(backend: IpamBackend, machines: t.Sequence[KnownMachine], dry_run: bool) -> list[Claim]:
    """Keep what is known of the machines with all their claims; returns the claims, as they are then, where that changed something.

    Never makes a claim. A machine without keys keeps what is recorded.
    """
    changed = []
    by_name = {(each.namespace, each.machine): each for each in machines}
    for namespace in dict.fromkeys(namespace for namespace, _machine in by_name):
        for claim in (bound.claim for bound in backend.list_claims(namespace)):
            known = by_name.get((namespace, claim.machine))
            if known is None or not known.holds(claim):
                continue
            recorded = known.recorded_with(claim)
            if _record(recorded) != _record(claim):
                changed.append(recorded)
    if changed:
        backend.record_host_keys(changed, dry_run)
    return changed


def _record(claim: Claim) -> tuple[tuple[str, ...], str, str]:
    return claim.host_keys, claim.machine_id, claim.site


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
