# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a network can become profiles, determined before anything is claimed: checked with addresses that no host will have."""

from __future__ import annotations

import itertools
import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._ipam.allocation import (
    IPAddress,
    allocatable,
    family,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.errors import InvalidInput as WrongReference
from ansible_collections.elemental.networking.plugins.module_utils._ipam.manifest import pool_from_manifest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import (
    Address,
    IpamError,
    Pool,
    PoolReference,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.names import (
    checked_pool,
    claim_name,
    is_subdomain,
)
from ansible_collections.elemental.networking.plugins.module_utils._placeholders import (
    PlaceholderError,
    resolve_placeholders,
)
from ansible_collections.elemental.networking.plugins.module_utils._render import RenderError, check
from ansible_collections.elemental.networking.plugins.module_utils._texts import did_you_mean, plain, sentence
from ansible_collections.elemental.networking.plugins.plugin_utils._failures import InvalidInput, Unserved
from ansible_collections.elemental.networking.plugins.plugin_utils._request.machine_network import (
    Given,
    MachineNetwork,
    ip_addresses,
    machine_network,
)

_MOST_TRIES = 256
_FIELDS = ("configurator", "ipAddresses", "config")
_MOST_WORK = 1_000_000  # characters of configuration


def checked(given: Given) -> MachineNetwork:
    """What a host asks for, once it is known that it can work. Raises Failure with one sentence that names the machine."""
    asked = machine_network(given)
    # no cause of the errors: its text would follow the sentence a second time
    try:
        _rehearse(asked)
    except IpamError as error:
        raise Unserved(error, _of_machine(asked, error)) from None
    except (PlaceholderError, RenderError) as error:
        raise InvalidInput(_of_machine(asked, error)) from None
    return asked


def _of_machine(asked: MachineNetwork, error: Exception) -> str:
    return sentence(f"{plain(asked.machine, 80)}: {error}")


def _rehearse(asked: MachineNetwork) -> None:
    """Fill and check the network with stand-ins. Raises PlaceholderError, RenderError or IpamError for what can never work."""
    _refuse_unknown_fields(asked.network)
    if not asked.network.get("configurator"):
        raise RenderError(_nothing_asked(asked))
    if asked.configurator == "none":
        return
    wanted = ip_addresses(asked.network)
    if wanted and not is_subdomain(asked.machine):
        form = "lower case letters, digits, dashes and dots, with a letter or digit at both ends of each part"
        raise RenderError(f"this is not a valid name of a machine; set machine_network_machine_name to one of {form}")
    for key, reference in wanted.items():
        claim_name(asked.machine, key)
        _checked_reference(key, reference)
    choices = _stand_ins(asked, wanted)
    _try(asked, choices)


def _try(asked: MachineNetwork, choices: t.Mapping[str, t.Sequence[Address]]) -> None:
    """Render with the stand-ins. The family of a pool that is not in sight is unknown: what renders with one of them may work."""
    errors: list[RenderError] = []
    tries = max(2, min(_MOST_TRIES, _MOST_WORK // len(str(asked.network))))
    combinations = itertools.product(*choices.values())
    for stand_ins in itertools.islice(combinations, tries):
        try:
            _render(asked, dict(zip(choices, stand_ins)))
        except RenderError as error:
            errors.append(error)
        else:
            return
    words = str(errors[0])
    if next(combinations, None) is not None and any(each.address in words for two in choices.values() for each in two):
        return  # too many to try; another family of that address may be right
    raise errors[0]


def _refuse_unknown_fields(network: t.Mapping[str, object]) -> None:
    """Raise RenderError for a field that a network does not have: a typing error would be ignored."""
    for name in network:
        if name not in _FIELDS:
            shown = plain(name, 60)
            hint = did_you_mean(shown, _FIELDS, f"the fields are {', '.join(_FIELDS)}")
            raise RenderError(f"machine_network has no field {shown}; {hint}")


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
        raise RenderError("config of the network must be a dictionary")
    check(asked.configurator, t.cast("t.Mapping[str, object]", config))


def _stand_ins(asked: MachineNetwork, wanted: t.Mapping[str, object]) -> dict[str, t.Sequence[Address]]:
    """What may stand in for the address of each key: no two keys have the same."""
    pools: dict[tuple[object, ...], tuple[Pool, t.Iterator[IPAddress]]] = {}
    for manifest in asked.pools:
        pool = pool_from_manifest(manifest, asked.namespace)
        if pool.namespace in ("", asked.namespace):
            place = (pool.reference.api_group, pool.reference.kind, pool.reference.name)
            pools.setdefault(place, (pool, iter(allocatable(pool))))
    given: set[IPAddress] = set()
    choices: dict[str, t.Sequence[Address]] = {}
    for number, (key, reference) in enumerate(wanted.items()):
        named = t.cast("t.Mapping[str, object]", reference)
        found = pools.get((named.get("apiGroup"), named.get("kind"), named.get("name")))
        if found is None:
            choices[key] = _unknown(number)
            continue
        pool, addresses = found
        address = next((each for each in addresses if each not in given), None)
        if address is None:  # the claim reports that the pool is too small
            choices[key] = (_unknown(number)[family(pool) == "IPv6"],)
        else:
            given.add(address)
            choices[key] = (Address(str(address), pool.prefix, pool.gateway),)
    return choices


def _unknown(number: int) -> tuple[Address, Address]:
    """Of the ranges for documentation and for measurements (RFC 5737, 2544, 3849), for an address of a pool that is not in sight."""
    four = f"192.0.2.{2 + number}" if number < 250 else f"198.18.{number // 250 % 250}.{2 + number % 250}"
    return (
        Address(four, 24, f"{four.rpartition('.')[0]}.1"),
        Address(f"2001:db8::{2 + number:x}", 64, "2001:db8::1"),
    )


def _checked_reference(key: str, reference: object) -> None:
    """Raise WrongReference where a key does not name a pool."""
    if not isinstance(reference, t.Mapping):
        raise WrongReference(f"key {plain(key, 60)} of ipAddresses must name a pool by apiGroup, kind and name")
    for part in ("apiGroup", "kind", "name"):
        if not reference.get(part):
            raise WrongReference(f"the pool of key {plain(key, 60)} has no {part}; give apiGroup, kind and name")
    group, kind, name = (_text(reference[part]) for part in ("apiGroup", "kind", "name"))
    checked_pool(PoolReference(group, kind, name), f"key {plain(key, 60)}")


def _text(value: object) -> str:
    return value if isinstance(value, str) else plain(value, 60)
