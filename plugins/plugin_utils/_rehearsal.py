# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a network can become profiles, found out before anything is claimed: checked with addresses that nobody will have."""

from __future__ import annotations

import itertools
import typing as t

from ansible.errors import AnsibleError
from ansible_collections.elemental.networking.plugins.module_utils._ipam.allocation import allocatable
from ansible_collections.elemental.networking.plugins.module_utils._ipam.manifest import pool_from_manifest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import Address, IpamError, Pool
from ansible_collections.elemental.networking.plugins.module_utils._placeholders import (
    PlaceholderError,
    resolve_placeholders,
)
from ansible_collections.elemental.networking.plugins.module_utils._render import RenderError, check
from ansible_collections.elemental.networking.plugins.plugin_utils._machine_network import (
    Given,
    MachineNetwork,
    ip_addresses,
    machine_network,
)


def checked(given: Given) -> MachineNetwork:
    """What a host asks for, once it is known that it can work. Raises AnsibleError with one sentence that names the machine."""
    asked = machine_network(given)
    try:
        _rehearse(asked)
    except (IpamError, PlaceholderError, RenderError) as error:
        # no cause: its text would follow the sentence a second time
        raise AnsibleError(f"{asked.machine}: {error}") from None
    return asked


def _rehearse(asked: MachineNetwork) -> None:
    """Fill and check the network with stand-ins. Raises PlaceholderError, RenderError or IpamError for what can never work."""
    if not asked.network.get("configurator"):
        raise RenderError(_nothing_asked(asked))
    if asked.configurator == "none":
        return
    wanted = ip_addresses(asked.network)
    pools = [pool_from_manifest(manifest, asked.namespace) for manifest in asked.pools]
    choices = [_stand_ins(wanted[key], asked.namespace, pools, number) for number, key in enumerate(wanted)]
    errors = []
    # the family of a pool that is not in sight is unknown: what renders with one of them may work
    for stand_ins in itertools.islice(itertools.product(*choices), 256):
        try:
            _render(asked, dict(zip(wanted, stand_ins)))
        except RenderError as error:
            errors.append(error)
        else:
            return
    raise errors[0]


def _nothing_asked(asked: MachineNetwork) -> str:
    if asked.network:
        return (
            "the network names no configurator; add configurator: nmconnections, or none where it is not to be managed"
        )
    return (
        "there is neither machine_network nor machine_network_manifest; give one, "
        "or machine_network: {configurator: none} for a host that is not to be managed"
    )


def _render(asked: MachineNetwork, stand_ins: t.Mapping[str, Address]) -> None:
    config = resolve_placeholders(asked.network.get("config") or {}, stand_ins)
    if not isinstance(config, t.Mapping):
        raise RenderError("config of the network has to be a dictionary")
    check(asked.configurator, t.cast("t.Mapping[str, object]", config))


def _stand_ins(reference: object, namespace: str, pools: t.Sequence[Pool], number: int) -> t.Sequence[Address]:
    """What may stand in for the address of the key with this number: no two keys have the same."""
    for pool in pools:
        if _is_meant(reference, namespace, pool):
            first = next(itertools.islice(allocatable(pool), number, None), None)
            return (Address(str(first), pool.prefix, pool.gateway),) if first else _unknown(number)
    return _unknown(number)


def _unknown(number: int) -> tuple[Address, Address]:
    """Of the ranges for documentation (RFC 5737, RFC 3849), for an address of a pool that is not in sight."""
    return (
        Address(f"192.0.2.{2 + number % 250}", 24, "192.0.2.1"),
        Address(f"2001:db8::{2 + number:x}", 64, "2001:db8::1"),
    )


def _is_meant(reference: object, namespace: str, pool: Pool) -> bool:
    if not isinstance(reference, t.Mapping):
        raise IpamError("every entry of ipAddresses has to be a pool with apiGroup, kind and name")
    named = (reference.get("apiGroup"), reference.get("kind"), reference.get("name"))
    own = (pool.reference.api_group, pool.reference.kind, pool.reference.name)
    return named == own and pool.namespace in ("", namespace)
