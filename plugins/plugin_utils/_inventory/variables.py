# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of a host: plain types alone, as AWX and a cache keep them (pure)."""

from __future__ import annotations

import typing as t

from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.addresses import Chosen
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.model import Held, Machine


def variables(machine: Machine, source: str, chosen: Chosen) -> dict[str, t.Any]:
    """All variables of a machine; ``ansible_host`` and ``elemental_network`` only where they are known."""
    membership = machine.membership
    found: dict[str, t.Any] = {
        "elemental_source": source,
        "elemental_namespace": machine.namespace,
        "elemental_name": machine.name,
        "elemental_uid": machine.uid,
        "elemental_host": machine.host,
        "elemental_labels": dict(machine.labels),
        "elemental_annotations": dict(machine.annotations),
        "elemental_registration_ip": machine.registration_ip,
        "elemental_addresses": {key: each.address for key, each in machine.held.items() if each.address},
        "elemental_claims": {key: _claim(each) for key, each in machine.held.items()},
        "elemental_address_source": chosen.source,
        "elemental_address_key": chosen.key,
        "elemental_conditions": dict(machine.conditions),
        "elemental_plan_state": machine.plan,
        "elemental_state": machine.state,
        "elemental_enabled": machine.settled and bool(chosen.address),
        "elemental_cluster": membership.cluster,
        "elemental_roles": list(membership.roles),
        "elemental_machine_pool": membership.machine_pool,
        "elemental_machine": membership.machine,
        "elemental_node": membership.node,
        "elemental_mac_addresses": dict(machine.mac_addresses),
        "elemental_host_keys": list(machine.host_keys),
    }
    if machine.network is not None:
        found["elemental_network"] = machine.network
    if chosen.address:
        found["ansible_host"] = chosen.address
    return found


def _claim(held: Held) -> dict[str, t.Any]:
    """A claim. A prefix that is not known is left out: no number means that, and 0 would be taken for a prefix."""
    known = {"prefix": held.prefix} if held.prefix else {}
    return {
        "name": held.claim,
        "pool": held.pool,
        "address": held.address,
        **known,
        "gateway": held.gateway,
        "confirmed": held.confirmed,
        "in_use": held.in_use,
    }


_EACH_HAS = variables(Machine("", ""), "", Chosen())
_TYPES: dict[str, type] = {
    **{name: type(value) for name, value in _EACH_HAS.items()},
    "elemental_network": dict,
    "ansible_host": str,
}


def are_variables(value: t.Mapping[str, t.Any]) -> bool:
    """Whether these are the variables of a machine: nothing else may reach Ansible, which obeys many names."""
    are_known = value.keys() >= _EACH_HAS.keys() and value.keys() <= _TYPES.keys()
    return are_known and all(isinstance(each, _TYPES[name]) for name, each in value.items())
