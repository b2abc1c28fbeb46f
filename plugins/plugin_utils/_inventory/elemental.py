# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""MachineInventories of Elemental as machines: what its operator and the machine itself have written on them (pure)."""

from __future__ import annotations

import functools
import html
import re
import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.objects import identity
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError
from ansible_collections.elemental.networking.plugins.module_utils._texts import moment, plain
from ansible_collections.elemental.networking.plugins.module_utils._yaml import DEPTH
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.model import (
    Held,
    Machine,
    Membership,
    Object,
    Pairs,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.parts import Parts

KIND, SELECTOR_KIND = "MachineInventory", "MachineInventorySelector"
DEFAULT_PREFIX = "elemental.cattle.io/"
_REGISTRATION_IP = "registration-ip"
_CONFIGURATORS = ("none", "nmc", "nmstate", "nmconnections")
# of a name, in characters
_SHOWN = 80
_POOL_FIELDS = ("apiGroup", "kind", "name")
_FAILURES = ("NetworkConfigFailure", "PlanFailure")
# a label value holds no colons
_MAC = re.compile(r"[0-9A-Fa-f]{2}(?:[-:][0-9A-Fa-f]{2}){5}\Z")

Memberships = t.Callable[[str, str, str], Membership]


def machine(
    item: Object, label_prefix: str, confirmed: Pairs, membership: Memberships
) -> tuple[Machine | None, list[str]]:
    """A machine, and a sentence for each part that could not be used; None for an object that no machine can be called after.

    ``confirmed`` is when a push confirmed a claim, by its uid. ``membership`` is asked with the namespace, the name of the
    MachineInventory, and the uid of the selector that owns it.
    """
    try:
        namespace, name, metadata = identity(item, KIND)
    except IpamError as error:
        return None, [str(error)]
    parts = Parts(item, f"{KIND} {namespace}/{name}")
    annotations, labels, registration_ip = _described(parts, metadata, label_prefix)
    status, reasons = _conditions(parts)
    deleting, plan = bool(metadata.get("deletionTimestamp")), parts.string(_plan(parts), "state", "status.plan")
    network = _network(parts)
    applied = not deleting and _is_applied((network or {}).get("configurator"), status, plan)
    # while Elemental resets a machine, it goes back to DHCP
    held = _held(parts, {} if deleting else confirmed, applied)
    found = Machine(
        namespace=namespace,
        name=name,
        uid=parts.string(metadata, "uid", "metadata"),
        labels=labels,
        annotations=annotations,
        registration_ip=registration_ip,
        network=network,
        held=held,
        conditions=status,
        plan=plan,
        state=_state(deleting, plan, status, reasons, held),
        settled=not deleting and status.get("Ready") == "True",
        mac_addresses=_mac_addresses(labels),
        membership=membership(namespace, name, _selector(parts, metadata)),
    )
    return found, list(dict.fromkeys(parts.troubles))


def is_unproved(item: Object) -> bool:
    """Whether it has addresses that Elemental is not known to have applied, so that claims may show that they are in use."""
    parts = Parts(item, KIND)
    network = parts.mapping("spec", "network")
    if not network.get("ipAddresses"):
        return False
    status, _reasons = _conditions(parts)
    plan = parts.string(_plan(parts), "state", "status.plan")
    return not _is_applied(network.get("configurator"), status, plan)


def short_prefix(annotations: Pairs, given: str) -> str:
    """The prefix of the operator's annotations and labels: as given (``-`` for none), else that of the annotation registration-ip.

    The operator puts a slash behind what a MachineRegistration names.
    """
    if given:
        return "" if given == "-" else f"{given.rstrip('/')}/"
    if f"{DEFAULT_PREFIX}{_REGISTRATION_IP}" in annotations:
        return DEFAULT_PREFIX
    # the machine sends annotations of its own behind the same prefix: the shortest one is the operator's
    ends = sorted((name for name in annotations if name.endswith(_REGISTRATION_IP)), key=lambda name: (len(name), name))
    return ends[0][: -len(_REGISTRATION_IP)] if ends else DEFAULT_PREFIX


def prefix_troubles(machines: t.Sequence[Machine], given: str) -> list[str]:
    """A sentence where the prefix that was given is not the one with which machines send the address of their registration."""
    names = {name for each in machines for name in each.annotations}
    if not given or not names or _REGISTRATION_IP in names:
        return []
    missing = f"no machine has the annotation {plain(short_prefix({}, given), _SHOWN)}{_REGISTRATION_IP}"
    ends = f"/{_REGISTRATION_IP}"
    others = [name for name in names if name.endswith(ends)]
    if len(others) != 1:
        return [
            f"{missing}, where label_prefix looks for it; correct label_prefix, or leave it out to recognize the prefix"
        ]
    (other,) = others
    return [
        f"{missing}, where label_prefix looks for it, but there is {plain(other, _SHOWN)}; "
        f"set label_prefix to {plain(other[: -len(ends)], _SHOWN)}, or leave it out"
    ]


def without_prefix(pairs: Pairs, prefix: str) -> dict[str, str]:
    """The pairs without the operator's prefixes; where a name is there twice, the one with the prefix counts."""
    prefixes = tuple(filter(None, dict.fromkeys((DEFAULT_PREFIX, prefix))))
    found = {name: value for name, value in pairs.items() if not name.startswith(prefixes)}
    for beginning in prefixes:
        named = {name[len(beginning) :]: value for name, value in pairs.items() if name.startswith(beginning)}
        found.update({name: value for name, value in named.items() if name})
    return found


def _described(parts: Parts, metadata: Object, label_prefix: str) -> tuple[dict[str, str], dict[str, str], str]:
    """Annotations and labels without prefixes, and the address at which the machine registered."""
    raw = parts.strings(metadata, "annotations", "metadata.annotations")
    prefix = short_prefix(raw, label_prefix)
    # the operator escapes what a machine sends
    plainly = {name: html.unescape(value) if name.startswith(prefix) else value for name, value in raw.items()}
    annotations = without_prefix(plainly, prefix)
    labels = without_prefix(parts.strings(metadata, "labels", "metadata.labels"), prefix)
    sent = annotations.get(_REGISTRATION_IP, "")
    address = parts.address(sent, f"the annotation {_REGISTRATION_IP}") if sent else ""
    return annotations, labels, address


def _plan(parts: Parts) -> Object:
    return parts.mapping("status", "plan")


def _conditions(parts: Parts) -> tuple[dict[str, str], dict[str, str]]:
    """Status and reason of each condition, by its type."""
    status, reasons = {}, {}
    for each in parts.entries(parts.mapping("status"), "conditions", "status.conditions"):
        kind = parts.string(each, "type", "status.conditions")
        if kind:
            status[kind] = parts.string(each, "status", "status.conditions")
            reasons[kind] = parts.string(each, "reason", "status.conditions")
    return status, reasons


def _is_applied(configurator: object, status: Pairs, plan: str) -> bool:
    """Whether the installed system has applied the network: its agent has reported that the plan is applied."""
    ready = all(status.get(kind) == "True" for kind in ("Ready", "NetworkConfigReady"))
    return configurator in _CONFIGURATORS[1:] and ready and plan == "Applied"


def _network(parts: Parts) -> Object | None:
    """The network in the shape of ``machine_network``; None where a part of it cannot be used: half of one is a wrong one."""
    spec, before = parts.mapping("spec"), len(parts.troubles)
    network = parts.mapping("spec", "network")
    configurator = parts.string(network, "configurator", "spec.network") or "none"
    if configurator not in _CONFIGURATORS:
        parts.trouble(f"spec.network.configurator is {plain(configurator, 80)}, which is not known")
    config = parts.entry(network, "config", "spec.network.config")
    pools = parts.entry(spec, "ipAddressPools", "spec.ipAddressPools")
    references = {key: _reference(parts, pools, key) for key in pools}
    if is_deep(config):
        parts.trouble(f"spec.network.config is nested deeper than {DEPTH} levels")
    if len(parts.troubles) > before:
        return None
    if configurator == "none":
        return {"configurator": "none"}
    return {"configurator": configurator, "ipAddresses": references, "config": config}


def is_deep(value: Object) -> bool:
    """Whether a value from JSON is nested deeper than what users may write; how large it is was bounded when it was received."""
    level: list[t.Any] = [value]
    for _depth in range(DEPTH):
        inside = [child for each in level for child in (each.values() if isinstance(each, dict) else each)]
        level = [child for child in inside if isinstance(child, (dict, list))]
        if not level:
            return False
    return True


def _reference(parts: Parts, pools: Object, key: str) -> dict[str, str]:
    """A pool as placeholders refer to it."""
    field = f"spec.ipAddressPools.{_shown(key)}"
    pool = parts.entry(pools, key, field)
    named = {name: parts.string(pool, name, field) for name in _POOL_FIELDS}
    return {name: value for name, value in named.items() if value}


@functools.lru_cache(maxsize=1000)
def _shown(key: str) -> str:
    """A key in a sentence; machines of one registration have the same ones."""
    return plain(key, 80)


def _held(parts: Parts, confirmed: Pairs, applied: bool) -> dict[str, Held]:
    """The claims of the machine by key, with the addresses that Elemental has recorded of them."""
    claims, pools = parts.mapping("spec", "ipAddressClaims"), parts.mapping("spec", "ipAddressPools")
    recorded = parts.strings(parts.mapping("spec", "network"), "ipAddresses", "spec.network.ipAddresses")
    found = {}
    for key in sorted({*claims, *pools, *recorded}):
        shown = _shown(key)
        claim = parts.entry(claims, key, f"spec.ipAddressClaims.{shown}")
        pool = parts.entry(pools, key, f"spec.ipAddressPools.{shown}")
        address = parts.address(recorded[key], f"spec.network.ipAddresses.{shown}") if key in recorded else ""
        uid = parts.string(claim, "uid", f"spec.ipAddressClaims.{shown}")
        proved = moment(confirmed.get(uid)) if uid else ""
        found[key] = Held(
            claim=parts.string(claim, "name", f"spec.ipAddressClaims.{shown}"),
            address=address,
            pool=parts.string(pool, "name", f"spec.ipAddressPools.{shown}"),
            confirmed=proved,
            in_use=bool(address) and (applied or bool(proved)),
        )
    return found


def _state(deleting: bool, plan: str, status: Pairs, reasons: Pairs, held: t.Mapping[str, Held]) -> str:
    """One word for where the machine is in its life."""
    if deleting:
        return "deleting"
    if plan == "Failed" or any(reason in _FAILURES for reason in reasons.values()):
        return "failed"
    if any(not each.address for each in held.values()):
        return "waiting"
    return "ready" if status.get("Ready") == "True" else "registered"


def _selector(parts: Parts, metadata: Object) -> str:
    """The uid of the selector that has adopted the machine into a cluster, empty where none has."""
    owners = parts.entries(metadata, "ownerReferences", "metadata.ownerReferences")
    uids = [
        parts.string(each, "uid", "metadata.ownerReferences") for each in owners if each.get("kind") == SELECTOR_KIND
    ]
    return uids[0] if uids else ""


def _mac_addresses(labels: Pairs) -> dict[str, str]:
    """The labels that hold a MAC address, in its usual spelling."""
    return {name: value.replace("-", ":").lower() for name, value in labels.items() if _MAC.match(value)}
