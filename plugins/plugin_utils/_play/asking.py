# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all hosts of a batch ask for, checked before anything is claimed or released for any of them."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ansible.errors import AnsibleError
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError
from ansible_collections.elemental.networking.plugins.plugin_utils._failures import described as failure_of
from ansible_collections.elemental.networking.plugins.plugin_utils._host.play import refuse_unsupported
from ansible_collections.elemental.networking.plugins.plugin_utils._play.role_values import (
    Read,
    flag,
    given_of,
    push_options,
    role_values,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._request.all_hosts import (
    hosts_by_machine,
    refuse_name_in_use,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._request.machine_network import (
    MachineNetwork,
    cluster_options,
    ip_addresses,
    machine_network,
    server_options,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._request.preflight import checked
from ansible_collections.elemental.networking.plugins.plugin_utils._transaction.options import check_trial


@dataclass(frozen=True)
class HostAsked:
    """What one host asks for, the options of its push, and whether it keeps claims that it no longer asks for."""

    asked: MachineNetwork
    push: t.Mapping[str, t.Any]
    keeps_unused: bool


@dataclass(frozen=True)
class ResetAsked:
    """What one host asks for that is to be reset, and the options of its reset.

    ``any_namespace``: none was given, so that its claims may be in any one. ``is_forced``: they are released also if it cannot be reset;
    ``releases_owned``: and also where another object uses them.
    """

    asked: MachineNetwork
    any_namespace: bool
    reset: t.Mapping[str, t.Any]
    is_forced: bool
    releases_owned: bool


@dataclass(frozen=True)
class Refusal:
    """What is wrong with the variables of a host: one sentence, and its code with details."""

    msg: str
    error: t.Mapping[str, object]


_Asked = t.TypeVar("_Asked")


@dataclass(frozen=True)
class BatchAsked(t.Generic[_Asked]):
    """What the hosts of a batch ask for, in their order, and what is wrong with the variables of others, by host."""

    hosts: t.Mapping[str, _Asked]
    refused: t.Mapping[str, Refusal]


def batch_asked(
    hosts: t.Iterable[str],
    inventory: t.Sequence[str],
    variables_of: t.Callable[[str], Read],
    options: t.Mapping[str, t.Any],
    connection: str,
) -> BatchAsked[HostAsked]:
    """Check what each host asks for; ``connection`` is the plugin of a host without a variable for it."""
    in_use = hosts_by_machine(inventory)

    def look(host: str) -> HostAsked:
        read = variables_of(host)
        asked = _host_asked(host, read, role_values(read, options), in_use)
        if asked.asked.configurator != "none":
            refuse_unsupported(str(read("ansible_connection") or connection).rpartition(".")[2])
        return asked

    return _each(hosts, look)


def resets_asked(
    hosts: t.Iterable[str],
    inventory: t.Sequence[str],
    variables_of: t.Callable[[str], Read],
    options: t.Mapping[str, t.Any],
) -> BatchAsked[ResetAsked]:
    """Check what each host has that is to be reset; one whose connection takes no change is refused by its reset, and keeps its claims."""
    in_use = hosts_by_machine(inventory)

    def look(host: str) -> ResetAsked:
        read = variables_of(host)
        return _reset_asked(host, read, role_values(read, options), in_use)

    return _each(hosts, look)


def _each(hosts: t.Iterable[str], look: t.Callable[[str], _Asked]) -> BatchAsked[_Asked]:
    asked: dict[str, _Asked] = {}
    refused: dict[str, Refusal] = {}
    for host in hosts:
        try:
            asked[host] = look(host)
        except (AnsibleError, IpamError) as error:
            refused[host] = Refusal(str(error), failure_of(error))
    return BatchAsked(asked, refused)


def _host_asked(
    host: str, read: Read, values: t.Mapping[str, t.Any], in_use: t.Mapping[str, t.Sequence[str]]
) -> HostAsked:
    given = given_of(host, read("inventory_dir"), values)
    refuse_name_in_use(host, given.former_name, in_use)
    cluster_options(given)
    server_options(given)
    asked = checked(given)
    trial = {}
    if asked.configurator != "none":
        trial = check_trial(values.get("machine_network_rollback_timeout"), values.get("machine_network_probes"))
    return HostAsked(asked, {**push_options(values), **trial}, flag(values, "keep_unused_claims"))


def _reset_asked(
    host: str, read: Read, values: t.Mapping[str, t.Any], in_use: t.Mapping[str, t.Sequence[str]]
) -> ResetAsked:
    # what is wrong with a pool does not keep a host from its reset
    given = replace(given_of(host, read("inventory_dir"), values), pools=None, pool_files=None)
    refuse_name_in_use(host, given.former_name, in_use)
    cluster_options(given)
    server_options(given)
    asked = machine_network(given)
    ip_addresses(asked.network)
    trial = check_trial(values.get("machine_network_rollback_timeout"), values.get("machine_network_probes"))
    flags = {name: flag(values, name) for name in ("take_over_elemental_os", "accept_host_keys")}
    return ResetAsked(
        asked,
        any_namespace=not (given.namespace or given.manifest),
        reset={**trial, **flags},
        is_forced=flag(values, "force_release"),
        releases_owned=flag(values, "release_owned"),
    )
