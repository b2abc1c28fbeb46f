# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""By which ssh host keys a machine is known: kept with its claims, so that whoever is on its address later can be told from it."""

from __future__ import annotations

import dataclasses
import typing as t

from .backend import IpamBackend
from .model import BoundClaim, Claim


@dataclasses.dataclass(frozen=True)
class KnownMachine:
    """A machine with claims in a namespace, and its public host keys; an empty ``host`` is not compared."""

    namespace: str
    machine: str
    host: str
    host_keys: tuple[str, ...]

    def holds(self, claim: Claim) -> bool:
        """Whether a claim is for this machine."""
        hosts = ("", self.host) if self.host else (claim.host,)
        return claim.machine == self.machine and claim.host in hosts


def record_host_keys(backend: IpamBackend, machines: t.Sequence[KnownMachine], dry_run: bool) -> list[Claim]:
    """Keep the keys with all claims of the machines; returns the claims, as they are then, where that changed something.

    Never makes a claim. A machine without keys keeps what is recorded.
    """
    changed = []
    by_name = {(each.namespace, each.machine): each for each in machines if each.host_keys}
    for namespace in dict.fromkeys(namespace for namespace, _machine in by_name):
        for claim in (bound.claim for bound in backend.list_claims(namespace)):
            known = by_name.get((namespace, claim.machine))
            if known is not None and known.holds(claim) and claim.host_keys != known.host_keys:
                changed.append(dataclasses.replace(claim, host_keys=known.host_keys))
    if changed:
        backend.record_host_keys(changed, dry_run)
    return changed


def host_keys_by_machine(claims: t.Iterable[BoundClaim]) -> dict[str, list[str]]:
    """The keys that are recorded of each machine, with whichever of its claims; one without is left out."""
    found: dict[str, set[str]] = {}
    for claim in (bound.claim for bound in claims):
        if claim.host_keys:
            found.setdefault(claim.machine, set()).update(claim.host_keys)
    return {machine: sorted(keys) for machine, keys in found.items()}
