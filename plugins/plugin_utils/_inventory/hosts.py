# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines become hosts: named, with variables and groups, those that the user wants (pure)."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.elemental.networking.plugins.module_utils._ipam.errors import InvalidInput
from ansible_collections.elemental.networking.plugins.module_utils._texts import plain
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.addresses import chosen, needs_key
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.expressions import (
    Evaluate,
    host_name,
    is_wanted,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.groups import group_names
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.model import Machine, Rules
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.variables import variables


@dataclass(frozen=True)
class Host:
    """A host of the inventory."""

    name: str
    variables: t.Mapping[str, t.Any]
    groups: tuple[str, ...]


def hosts(
    machines: t.Sequence[Machine], source: str, rules: Rules, as_data: t.Callable[[t.Any], t.Any], evaluate: Evaluate
) -> tuple[list[Host], list[str]]:
    """The hosts, and a sentence for each machine that is left out; of machines with one name the first is a host.

    ``as_data`` marks values that must not be evaluated.
    """
    found: dict[str, Host] = {}
    faults: list[str] = []
    for each in machines:
        try:
            host = _host(each, source, rules, as_data, evaluate)
        except InvalidInput as error:
            faults.append(f"machine {each.namespace}/{plain(each.name, 80)} is left out: {error}")
            continue
        if host is not None and host.name in found:
            faults.append(
                f"machine {each.namespace}/{plain(each.name, 80)} is left out: another machine is called {host.name}, too; "
                "name both with hostnames"
            )
        elif host is not None:
            found[host.name] = host
    undecided = sum(needs_key(each, rules.address_keys) for each in machines) if "claimed" in rules.addresses else 0
    if undecided:
        faults.append(
            f"{undecided} machines have several claimed addresses in use; name the keys to connect to with address_keys"
        )
    return list(found.values()), faults


def _host(
    machine: Machine, source: str, rules: Rules, as_data: t.Callable[[t.Any], t.Any], evaluate: Evaluate
) -> Host | None:
    """A host, or None for a machine that is not wanted. Raises InvalidInput."""
    where = chosen(machine, rules.addresses, rules.address_keys)
    found = as_data(variables(machine, source, where))
    if not is_wanted(found, rules.include, rules.exclude, evaluate):
        return None
    name = host_name(machine.host or machine.name, found, rules.hostnames, evaluate)
    return Host(name, found, tuple(group_names(machine, rules.group_by, rules.group_prefix)))
