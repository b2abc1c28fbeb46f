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
    CLAIMED,
    chosen,
    needs_key,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.expressions import (
    Evaluate,
    host_name,
    is_wanted,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.groups import group_names
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.model import (
    Candidate,
    Candidates,
    Machine,
    Read,
    Rules,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.variables import variables


@dataclass(frozen=True)
class Host:
    """A host of the inventory."""

    name: str
    variables: t.Mapping[str, t.Any]
    groups: t.Sequence[str]


def candidates(read: Read, source: str, rules: Rules) -> Candidates:
    """What each machine would be as a host: all that the objects and the rules decide, without the user's expressions."""
    troubles = list(read.troubles)
    undecided = sum(needs_key(each, rules.address_keys) for each in read.machines) if CLAIMED in rules.addresses else 0
    if undecided:
        troubles.append(
            f"{undecided} machine{'s have' if undecided > 1 else ' has'} several claimed addresses in use; "
            "name the keys to connect to with address_keys"
        )
    return Candidates([_candidate(each, source, rules) for each in read.machines], troubles)


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
            faults.append(f"{_shown(each)} is left out: {error}")
            continue
        if host is not None and host.name in named:
            faults.append(
                f"{_shown(each)} is left out: another machine is called {host.name}, too; name both with hostnames"
            )
        elif host is not None:
            named[host.name] = host
    return list(named.values()), faults


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
    return Host(host_name(candidate.host, found, rules.hostnames, evaluate), found, candidate.groups)


def _shown(candidate: Candidate) -> str:
    return f"machine {candidate.namespace}/{plain(candidate.name, 80)}"
