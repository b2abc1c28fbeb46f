# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What machines hold, whether they ask for it or not: every claim of theirs, by its name."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .backend import IpamBackend
from .errors import Forbidden
from .grouping import grouped
from .holding import Holder
from .model import BoundClaim, Claim
from .names import machine_name

Name = t.Tuple[str, str]
Known = t.Dict[Name, BoundClaim]


@dataclass(frozen=True)
class Machine:
    """A machine that is looked at as a whole. ``host`` is the inventory's name for it.

    ``former_host`` is the one that it had before it was renamed, or the name that its machine had, empty as a rule.
    ``renumber``: where a key asks for another pool now, or the range of its pool changes, the machine gets a new address beside the old
    one. Claims of an inventory with another name than ``site`` are another machine's.
    """

    namespace: str
    machine: str
    host: str = ""
    former_host: str = ""
    renumber: bool = False
    site: str = ""

    @property
    def former_machine(self) -> str:
        """The name that the machine had by default before it was renamed; empty as a rule."""
        return machine_name(self.former_host) if self.former_host else ""

    def holds(self, claim: Claim) -> bool:
        """Whether a claim is this machine's."""
        is_its_name = (claim.namespace, claim.machine) == (self.namespace, self.machine)
        return is_its_name and claim.host in ("", self.host) and claim.site in ("", self.site)

    def held(self, claim: Claim) -> bool:
        """Whether a claim is this machine's under its former name."""
        if not self._may_have_held(claim):
            return False
        if claim.host == self.former_host:
            return True
        # the host itself knows the name of its machine only, and a machine may get another name while its host keeps its own
        is_its_host = claim.host in ("", self.host) or machine_name(claim.host) == self.former_machine
        return claim.machine == self.former_machine and is_its_host

    def misnames(self, claim: Claim) -> bool:
        """Whether the former name is that of a machine whose host was another one."""
        is_named = self._may_have_held(claim) and claim.machine == self.former_machine != self.machine
        return is_named and not self.held(claim)

    def _may_have_held(self, claim: Claim) -> bool:
        return bool(self.former_host) and claim.namespace == self.namespace and claim.site in ("", self.site)


def title(claim: Claim) -> Name:
    """What a backend finds a claim by."""
    return claim.namespace, claim.name


def machines_of(claims: t.Iterable[Claim], given: t.Sequence[Machine]) -> list[Machine]:
    """The machines that were given, and those that claims name besides."""
    known = {(each.namespace, each.machine): each for each in given}
    for claim in claims:
        named = Machine(claim.namespace, claim.machine, claim.host, site=claim.site)
        known.setdefault((claim.namespace, claim.machine), named)
    return list(known.values())


def names_of(machines: t.Sequence[Machine]) -> list[Name]:
    """What a backend finds all claims of the machines by: their namespaces with their names and their former ones."""
    names = ((each.namespace, name) for each in machines for name in (each.machine, each.former_machine) if name)
    return list(dict.fromkeys(names))


def by_title(claims: t.Iterable[BoundClaim]) -> Known:
    """The claims by what a backend finds them by."""
    return {title(bound.claim): bound for bound in claims}


def unused(machines: t.Sequence[Machine], known: Known, used: t.Collection[Name]) -> list[BoundClaim]:
    """What the machines hold and do not ask for any more. A claim that names no host, or goes with an object, was not made for a host's
    network alone."""
    by_name = {(each.namespace, each.machine): each for each in machines}
    found = []
    for name, bound in known.items():
        claim = bound.claim
        machine = by_name.get((claim.namespace, claim.machine))
        is_theirs = (
            machine is not None and claim.host and machine.holds(claim) and claim.managed and claim.owner is None
        )
        if is_theirs and name not in used:
            found.append(bound)
    return sorted(found, key=lambda bound: title(bound.claim))


def holders_of(backend: IpamBackend, claims: t.Sequence[Claim]) -> dict[Name, Holder]:
    """What else uses these claims. Raises IpamError where that cannot be known: Elemental never claims again."""
    for namespace in dict.fromkeys(claim.namespace for claim in claims):
        inventories = backend.inventories(namespace)
        if inventories.trouble:
            raise Forbidden(
                f"it is not known which claims Elemental uses: {inventories.trouble}", **inventories.details
            )
    return backend.holders(claims) if claims else {}


def addresses_held(machines: t.Sequence[Machine], known: Known) -> dict[str, list[str]]:
    """All addresses of each machine: it may answer at any of them."""
    named = grouped(known.values(), lambda bound: (bound.claim.namespace, bound.claim.machine))
    held: dict[str, list[str]] = {}
    for machine in machines:
        for bound in named.get((machine.namespace, machine.machine), ()):
            if bound.address is not None and machine.holds(bound.claim):
                held.setdefault(machine.machine, []).append(bound.address.address)
    return held
