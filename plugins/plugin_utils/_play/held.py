# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which claims a reset of a host is about, of those that were looked up for all hosts (pure)."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.elemental.networking.plugins.plugin_utils._request.grouping import grouped
from ansible_collections.elemental.networking.plugins.plugin_utils._request.machine_network import MachineNetwork

_Record = t.Mapping[str, t.Any]


@dataclass(frozen=True)
class Holder:
    """A host: what it asks for, and whether its namespace is not known.

    ``any_namespace`` is true where no namespace was given: the claims of a machine may be in any one then.
    """

    asked: MachineNetwork
    any_namespace: bool = False

    @property
    def names(self) -> list[str]:
        """The names that the claims have for which it asks."""
        return [f"{self.asked.machine}-{each['key']}" for each in self.asked.claims]


class Held:
    """Claims by their machine, and those that show none by their name: to look at all 5,000 for each of 5,000 hosts takes seconds."""

    def __init__(self, claims: t.Sequence[_Record]) -> None:
        self._by_machine = grouped(claims, "machine")
        self._nameless = grouped(self._by_machine.pop("", ()), "name")
        self._places = {id(each): place for place, each in enumerate(claims)}

    def by(self, holder: Holder) -> list[_Record]:
        """The claims of a host in their order: those for it, those of the name that it had, and those that it asks for by name."""
        machines = {holder.asked.machine, holder.asked.former_machine} - {""}
        near = [each for machine in machines for each in self._by_machine.get(machine, ())]
        near += [each for name in dict.fromkeys(holder.names) for each in self._nameless.get(name, ())]
        return sorted((each for each in near if _is_held(holder, each)), key=lambda each: self._places[id(each)])


def _is_held(holder: Holder, claim: _Record) -> bool:
    return (
        claim["site"] in (None, holder.asked.site)
        and (holder.any_namespace or claim["namespace"] == holder.asked.namespace)
        and (_is_its_own(holder, claim) or _is_of_the_former_name(holder, claim))
    )


def _is_its_own(holder: Holder, claim: _Record) -> bool:
    """Whether this collection made it for the machine, or the machine asks for it.

    One that shows no machine, since kubectl or GitOps made it, is known by its name. What something else made for an object of the same
    name, such as another provider for its machine, is not ours to release.
    """
    if claim["host"] not in (None, holder.asked.host):
        return False
    if claim["managed"]:
        return bool(claim["machine"] == holder.asked.machine)
    return claim["machine"] in ("", holder.asked.machine) and claim["name"] in holder.names


def _is_of_the_former_name(holder: Holder, claim: _Record) -> bool:
    """Whether a machine whose rename was not run, or was ended, holds it under the name that it had."""
    former = holder.asked.former_machine
    if not former or not claim["managed"]:
        return False
    former_host, host = holder.asked.former_name, holder.asked.host
    if claim["machine"] == former and claim["host"] in (None, former_host, host):
        return True
    return bool(claim["machine"] == holder.asked.machine and claim["host"] == former_host)
