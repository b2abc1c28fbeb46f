# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines become candidates with variables and groups, and those that the user wants become hosts (pure)."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.elemental.networking.plugins.module_utils._ipam.errors import InvalidInput
from ansible_collections.elemental.networking.plugins.module_utils._texts import plain
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.addresses import (
    chosen,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.expressions import (
    Evaluate,
    checked_host,
    given_name,
    is_wanted,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.groups import group_names
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.model import (
    DATABASE,
    Candidate,
    Candidates,
    Machine,
    Read,
    Rules,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.variables import variables


@dataclass(frozen=True)
class Host:
    """A host of the inventory; ``is_named`` is whether an expression of the user's has named it."""

    name: str
    variables: t.Mapping[str, t.Any]
    groups: t.Sequence[str]
    is_named: bool = False


def candidates(read: Read, source: str, rules: Rules) -> Candidates:
    """What each machine would be as a host: all that the objects and the rules decide, without the user's expressions."""
    return Candidates([_candidate(each, source, rules) for each in read.machines], list(read.troubles))


def hosts(
    found: t.Sequence[Candidate], rules: Rules, as_data: t.Callable[[t.Any], t.Any], evaluate: Evaluate
) -> tuple[list[Host], list[str]]:
    """The hosts, and a sentence for each machine that is left out; of machines with one name the first is a host.

    ``as_data`` marks values that must not be evaluated.
    """
    named: dict[str, Host] = {}
    faults: list[str] = []
    for each in found:
        try:
            host = _host(each, rules, as_data, evaluate)
        except InvalidInput as error:
            faults.append(f"{shown(each.variables)} is left out: {error}")
            continue
        if host is not None and host.name in named:
            faults.append(
                f"{shown(each.variables)} is left out: another machine is called {host.name}, too; name both with hostnames"
            )
        elif host is not None:
            named[host.name] = host
    return list(named.values()), faults


def apart(found: t.Iterable[Host], present: t.Callable[[str], t.Mapping[str, t.Any]]) -> tuple[list[Host], list[str]]:
    """The hosts that may be added, and a sentence for each one whose name another file has given to another machine.

    ``present`` gives the variables of a host that is in the inventory already. One that no file of this plugin has added is the same host.
    """
    kept: list[Host] = []
    faults: list[str] = []
    for host in found:
        other = present(host.name)
        if "elemental_uid" in other and _identity(other, host.variables) != _identity(host.variables, other):
            faults.append(
                f"{shown(host.variables)} is left out: another machine is called {host.name}, too, from another inventory file; "
                "name the machines of one of the files with hostnames"
            )
        else:
            kept.append(host)
    return kept, faults


def shown(variables: t.Mapping[str, t.Any]) -> str:
    """A machine as a sentence names it."""
    return f"machine {plain(variables.get('elemental_namespace'), 80)}/{plain(variables.get('elemental_name'), 80)}"


def _identity(variables: t.Mapping[str, t.Any], other: t.Mapping[str, t.Any]) -> t.Sequence[t.Any]:
    """What a machine is known by: its uid, or where one of both has none (a claim has none of its machine), its namespace and name.

    The namespaces of a database are not those of a cluster.
    """
    uid = variables["elemental_uid"]
    if uid and other["elemental_uid"]:
        return (uid,)
    sources = {variables.get("elemental_source"), other.get("elemental_source")}
    if DATABASE in sources and len(sources) > 1:
        return (variables.get("elemental_name"),)
    return variables.get("elemental_namespace"), variables.get("elemental_name")


def without_names(found: t.Collection[Host], rules: Rules) -> list[str]:
    """A sentence if the expressions, which may be mistyped, name no host."""
    if not found or not rules.hostnames or any(each.is_named for each in found):
        return []
    expressions = " and ".join(plain(each, 80) for each in rules.hostnames)
    return [
        f"hostnames names no host: {expressions} {'is' if len(rules.hostnames) == 1 else 'are'} undefined or empty for all of them, "
        "so that they keep their default names; correct hostnames"
    ]


def _candidate(machine: Machine, source: str, rules: Rules) -> Candidate:
    where = chosen(machine, rules.addresses, rules.address_keys)
    return Candidate(
        machine.namespace,
        machine.name,
        machine.host or machine.name,
        variables(machine, source, where),
        group_names(machine, rules.group_by, rules.group_prefix),
    )


def _host(candidate: Candidate, rules: Rules, as_data: t.Callable[[t.Any], t.Any], evaluate: Evaluate) -> Host | None:
    """A host, or None for a machine that is not wanted. Raises InvalidInput."""
    found = as_data(candidate.variables)
    if not is_wanted(found, rules.include, rules.exclude, evaluate):
        return None
    name = given_name(found, rules.hostnames, evaluate)
    return Host(name or checked_host(candidate.host), found, candidate.groups, bool(name))
