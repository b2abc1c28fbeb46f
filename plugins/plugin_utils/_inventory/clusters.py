# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which cluster a machine belongs to: by the selector that has adopted it, and the Machine of Cluster API that owns the selector (pure)."""

from __future__ import annotations

import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.objects import identity
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.elemental import (
    SELECTOR_KIND,
    Memberships,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.model import Membership, Object
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.parts import Parts

Found = t.TypeVar("Found")
_RANCHER = "rke.cattle.io"
_ROLES = ("control-plane", "etcd", "worker")
_NOTHING = Membership()


def memberships(selectors: t.Sequence[Object], machines: t.Sequence[Object]) -> tuple[Memberships, list[str]]:
    """A function from namespace, name of a MachineInventory and uid of its selector to the membership, and what could not be used."""
    troubles: list[str] = []
    by_uid = dict(_all(machines, "Machine", _machine, troubles))
    by_selector: dict[tuple[str, str], Membership] = {}
    by_name: dict[tuple[str, str], Membership] = {}
    for (namespace, uid), (owner, inventory) in _all(selectors, SELECTOR_KIND, _selector, troubles):
        found = by_uid.get((namespace, owner))
        if found is not None:
            by_selector[namespace, uid] = found
            by_name[namespace, inventory] = found

    def membership(namespace: str, name: str, selector: str) -> Membership:
        # without an owner the selector itself may name the machine that it has chosen
        return (
            by_selector.get((namespace, selector), _NOTHING) if selector else by_name.get((namespace, name), _NOTHING)
        )

    return membership, troubles


def _all(
    items: t.Sequence[Object], kind: str, read: t.Callable[[Parts, Object], Found], troubles: list[str]
) -> t.Iterator[tuple[tuple[str, str], Found]]:
    """Namespace and uid of each object, and what is read of it; one without a name or a uid is left out."""
    for item in items:
        try:
            namespace, name, metadata = identity(item, kind)
        except IpamError as error:
            troubles.append(str(error))
            continue
        parts = Parts(item, f"{kind} {namespace}/{name}")
        uid = parts.string(metadata, "uid", "metadata")
        found = read(parts, metadata)
        troubles += parts.troubles
        if uid:
            yield (namespace, uid), found


def _selector(parts: Parts, metadata: Object) -> tuple[str, str]:
    """The uid of the Machine that owns a selector, and the name of the MachineInventory that it has chosen."""
    owners = parts.entries(metadata, "ownerReferences", "metadata.ownerReferences")
    uids = [parts.string(each, "uid", "metadata.ownerReferences") for each in owners if each.get("kind") == "Machine"]
    chosen = parts.mapping("status", "machineInventoryRef")
    return uids[0] if uids else "", parts.string(chosen, "name", "status.machineInventoryRef")


def _machine(parts: Parts, metadata: Object) -> Membership:
    labels = parts.strings(metadata, "labels", "metadata.labels")
    spec, node = parts.mapping("spec"), parts.mapping("status", "nodeRef")
    listed = parts.entries(parts.mapping("status"), "addresses", "status.addresses")
    pairs = [tuple(parts.string(each, name, "status.addresses") for name in ("type", "address")) for each in listed]
    name = metadata.get("name")
    return Membership(
        cluster=labels.get(f"{_RANCHER}/cluster-name") or parts.string(spec, "clusterName", "spec"),
        roles=tuple(role for role in _ROLES if labels.get(f"{_RANCHER}/{role}-role") == "true"),
        machine_pool=labels.get(f"{_RANCHER}/rke-machine-pool-name", ""),
        machine=name if isinstance(name, str) else "",
        node=parts.string(node, "name", "status.nodeRef"),
        addresses=tuple((kind, address) for kind, address in pairs),
    )
