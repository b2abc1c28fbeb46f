# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which claims a reset of a host is about, of those that were looked up for all hosts (pure)."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

_Record = t.Mapping[str, t.Any]


@dataclass(frozen=True)
class Holder:
    """A host: what it asks for, as machine_network_info returns it, and the host's name before a rename.

    ``any_namespace`` is true where no namespace was given: the claims of a machine may be in any one then.
    """

    host: str
    asked: _Record
    former_host: str
    any_namespace: bool


def held_by(holder: Holder, claims: t.Iterable[_Record]) -> list[_Record]:
    """The claims of a machine in their order: those for its host, those of the name that it had, and those that it asks for by name."""
    asked = holder.asked
    machines = {asked["machine"], asked["former_machine"] or asked["machine"], ""}
    names = {f"{asked['machine']}-{each['key']}" for each in asked["claims"]}
    return [
        each
        for each in claims
        # most claims are of another machine, and end here
        if each["machine"] in machines
        and each["site"] in (None, asked["site"])
        and (holder.any_namespace or each["namespace"] == asked["namespace"])
        and (_is_its_own(holder, each, names) or _is_of_the_former_name(holder, each))
    ]


def _is_its_own(holder: Holder, claim: _Record, names: t.Collection[str]) -> bool:
    """Whether this collection made it for the machine, or the machine asks for it.

    One that shows no machine, since kubectl or GitOps made it, is known by its name. What something else made for an object of the same
    name, such as another provider for its machine, is not ours to release.
    """
    if claim["host"] not in (None, holder.host):
        return False
    if claim["managed"]:
        return bool(claim["machine"] == holder.asked["machine"])
    return claim["machine"] in ("", holder.asked["machine"]) and claim["name"] in names


def _is_of_the_former_name(holder: Holder, claim: _Record) -> bool:
    """Whether a machine whose rename was not run, or was ended, holds it under the name that it had."""
    former = holder.asked["former_machine"]
    if not former or not claim["managed"]:
        return False
    if claim["machine"] == former and claim["host"] in (None, holder.former_host, holder.host):
        return True
    return bool(claim["machine"] == holder.asked["machine"] and claim["host"] == holder.former_host)
