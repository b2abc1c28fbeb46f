# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims of any backend as machines: which machine holds which address, and whether a push has confirmed it (pure)."""

from __future__ import annotations

import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._ipam.addresses import checked_address
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import Address, BoundClaim, IpamError
from ansible_collections.elemental.networking.plugins.module_utils._ipam.names import RENUMBERING
from ansible_collections.elemental.networking.plugins.module_utils._texts import moment, plain
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.model import Held, Machine, Object, Read

_TEXTS = ("namespace", "name", "machine", "key", "host", "site", "confirmed")


def record(bound: BoundClaim) -> Object:
    """A claim as JSON holds it."""
    claim, address = bound.claim, bound.address
    given = {"address": address.address, "prefix": address.prefix, "gateway": address.gateway or ""} if address else {}
    return {
        **{name: getattr(claim, name) for name in _TEXTS},
        "pool": claim.pool.name,
        "host_keys": list(claim.host_keys),
        "trouble": bound.trouble,
        **given,
    }


def machines(records: t.Iterable[Object], site: str) -> Read:
    """The machines that hold claims. What shows no machine is left out; claims of another site belong to another inventory."""
    groups: dict[tuple[str, str], dict[str, Object]] = {}
    for each in records:
        if each["machine"] and each["key"] and each["site"] in ("", site):
            groups.setdefault((each["namespace"], each["machine"]), {})[each["key"]] = each
    troubles: list[str] = []
    found = tuple(_machine(namespace, name, keys, troubles) for (namespace, name), keys in sorted(groups.items()))
    return Read(found, tuple(troubles))


def _machine(namespace: str, name: str, keys: t.Mapping[str, Object], troubles: list[str]) -> Machine:
    held = {key: _held(each, troubles) for key, each in sorted(keys.items())}
    # while a machine is renumbered the new address counts as soon as it is confirmed
    beside = {key[: -len(RENUMBERING)]: each for key, each in held.items() if key.endswith(RENUMBERING)}
    current = {key: each for key, each in held.items() if not key.endswith(RENUMBERING)}
    moved = {key: each for key, each in beside.items() if each.in_use or key not in current}
    found = {**current, **moved}
    hosts = {each["host"] for each in keys.values() if each["host"]}
    return Machine(
        namespace=namespace,
        name=name,
        host=hosts.pop() if len(hosts) == 1 else "",
        held=found,
        state=_state(found),
        settled=any(each.in_use for each in found.values()),
        host_keys=tuple(dict.fromkeys(key for each in keys.values() for key in each["host_keys"])),
    )


def _held(each: Object, troubles: list[str]) -> Held:
    address = _address(each, troubles)
    confirmed = moment(each["confirmed"])
    common = {"claim": each["name"], "pool": each["pool"], "confirmed": confirmed}
    if address is None:
        return Held(**common)
    return Held(
        **common,
        address=address.address,
        prefix=address.prefix,
        gateway=address.gateway or "",
        in_use=bool(confirmed),
    )


def _address(each: Object, troubles: list[str]) -> Address | None:
    """The address, checked for every backend: it becomes ansible_host, and so an argument of ssh."""
    if each["trouble"]:
        troubles.append(each["trouble"])
    if "address" not in each:
        return None
    try:
        return checked_address(f"claim {plain(each['name'], 80)}", each["address"], each["prefix"], each["gateway"])
    except IpamError as error:
        troubles.append(str(error))
        return None


def _state(held: t.Mapping[str, Held]) -> str:
    if any(not each.address for each in held.values()):
        return "waiting"
    return "ready" if all(each.in_use for each in held.values()) else "claimed"
