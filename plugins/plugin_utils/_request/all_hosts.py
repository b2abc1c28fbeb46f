# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all hosts of a play ask for, where only the report needs it: without the pools, and without the configuration."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ansible.errors import AnsibleError
from ansible_collections.elemental.networking.plugins.module_utils._ipam.names import machine_name
from ansible_collections.elemental.networking.plugins.module_utils._texts import plain, sentence
from ansible_collections.elemental.networking.plugins.plugin_utils._failures import InvalidInput
from ansible_collections.elemental.networking.plugins.plugin_utils._request.host_variables import (
    HostVariables,
    Variables,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._request.machine_network import (
    Given,
    MachineNetwork,
    cluster_options,
    ip_addresses,
    machine_network,
)

# what of a network names its claims; the rest may be large, and may hold secrets
_PARTS = ("configurator", "ipAddresses")
_PREFIX = "machine_network"
_FORMER = f"{_PREFIX}_former_name"
_OPTIONS = {
    "manifest": f"{_PREFIX}_manifest",
    "backend": f"{_PREFIX}_ipam_backend",
    "database": f"{_PREFIX}_ipam_database",
    "namespace": f"{_PREFIX}_ipam_namespace",
    "machine": f"{_PREFIX}_machine_name",
    "site": f"{_PREFIX}_site",
}
_KUBERNETES, _FOLDER = f"{_PREFIX}_kubernetes", "inventory_dir"
# the variables that are read
NAMES = (_PREFIX, _FORMER, _KUBERNETES, _FOLDER, *_OPTIONS.values())


@dataclass(frozen=True)
class AllAsked:
    """What hosts ask for, in their order; ``refused`` is what is wrong with the variables of others, by host.

    ``names`` are those of the whole inventory, with the former names of hosts that are to be renamed.
    """

    asked: tuple[MachineNetwork, ...]
    refused: t.Mapping[str, str]
    names: frozenset[str]


def all_asked(variables: HostVariables, hosts: t.Sequence[str], inventory: t.Sequence[str]) -> AllAsked:
    """What these hosts ask for; ``inventory`` are all that there are."""
    asked: list[MachineNetwork] = []
    refused: dict[str, str] = {}
    names = set(inventory)
    of_play, same = set(hosts), _Same()
    in_use = hosts_by_machine(inventory)
    for host in (*hosts, *(each for each in inventory if each not in of_play)):
        found = variables.of(host)
        try:
            former = found.text(_FORMER)
            names.update({former} - {""})
            if host in of_play:
                refuse_name_in_use(host, former, in_use)
                asked.append(same.of(host, former, found))
        except AnsibleError as error:
            if host in of_play:
                refused[host] = sentence(error.message)
    return AllAsked(tuple(asked), refused, frozenset(names))


class _Same:
    """What a host asked for, for others that have the same variables: they differ by their names alone."""

    def __init__(self) -> None:
        self._known: dict[t.Hashable, MachineNetwork] = {}

    def of(self, host: str, former: str, variables: Variables) -> MachineNetwork:
        """What a host asks for. Raises AnsibleError where a variable is wrong."""
        known = self._known.get(variables.likeness)
        if known:
            return replace(known, host=host, machine=machine_name(host))
        asked = _asked(host, former, variables)
        is_named = former or variables.text(_OPTIONS["machine"])
        if variables.likeness is not None and not is_named:
            self._known[variables.likeness] = asked
        return asked


def one_place(asked: t.Sequence[MachineNetwork]) -> MachineNetwork:
    """The first of them, as all name one backend, one database and one namespace. Raises InvalidInput where they do not."""
    # claims can be made in several at once, but are looked up in one
    if one_backend(asked).backend == "kubernetes":
        _refuse_several("namespaces", (each.namespace for each in asked))
    return asked[0]


def one_backend(asked: t.Sequence[MachineNetwork]) -> MachineNetwork:
    """The first of them, as all name one backend and one database. Raises InvalidInput where they do not."""
    _refuse_several("backends", (each.backend for each in asked))
    _refuse_several("databases", (each.database for each in asked))
    return asked[0]


def _refuse_several(what: str, found: t.Iterable[str]) -> None:
    names = list(dict.fromkeys(found))
    if len(names) > 1:
        shown = plain(", ".join(names), 1000)
        raise InvalidInput(
            f"the hosts of this play name different {what} ({shown}): give all of them one, or run one play for each"
        )


def _asked(host: str, former: str, variables: Variables) -> MachineNetwork:
    """What one host asks for. Raises AnsibleError where a variable is wrong."""
    folder, kubernetes = variables.value(_FOLDER), variables.raw(_KUBERNETES)
    texts = {option: variables.text(name) for option, name in _OPTIONS.items()}
    given = Given(
        host=host,
        inventory_folder=str(folder) if folder else None,
        network=_network(variables),
        former_name=former,
        # its content does not matter here
        kubernetes={} if isinstance(kubernetes, t.Mapping) else variables.templated(kubernetes),
        **t.cast("dict[str, t.Any]", texts),
    )
    cluster_options(given)
    asked = machine_network(given)
    ip_addresses(asked.network)
    return asked


def _network(variables: Variables) -> t.Any:
    raw = variables.raw(_PREFIX)
    if isinstance(raw, t.Mapping):
        return {name: variables.templated(raw[name]) for name in _PARTS if name in raw}
    return variables.templated(raw)


def hosts_by_machine(hosts: t.Iterable[str]) -> dict[str, list[str]]:
    """Hosts by the name that their machine has by default."""
    found: dict[str, list[str]] = {}
    for host in hosts:
        found.setdefault(machine_name(host), []).append(host)
    return found


def refuse_name_in_use(host: str, former: str, in_use: t.Mapping[str, t.Sequence[str]]) -> None:
    """Raise InvalidInput where the former name of a host is another host's: its claims are not to be taken away."""
    # a host knows itself by the name of its machine
    if former and any(each != host for each in in_use.get(machine_name(former), ())):
        raise InvalidInput(
            f"{host} has the former name {former}, which is in the inventory, too; "
            f"remove {former} there, or unset {_FORMER}"
        )
