# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the lists that an inventory is made of: from an API server, or from the claims of any backend."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._ipam.errors import Forbidden, MissingRequirement
from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_backend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes import listing
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.api import Api
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.connection import (
    Connection,
    connect,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.discovery import Discovery
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.errors import Refused
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.objects import CONFIRMED
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.progress import Progress
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.claimed import record
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.elemental import is_unproved
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.model import (
    DATABASE,
    MACHINE_INVENTORIES,
    Lists,
    Object,
    Query,
)

Report = t.Callable[[str], None]
# what managers of objects note about themselves is half of an object
_METADATA = ("namespace", "name", "uid", "labels", "annotations", "deletionTimestamp", "ownerReferences")


def fetched(query: Query, report: Report) -> Lists:
    """The lists of a source. Raises IpamError where one cannot be read; ``report`` is given a line of progress while that takes long."""
    if query.source == MACHINE_INVENTORIES:
        return of_elemental(connect(query.kubernetes), query, report)
    return _of_claims(query, report)


def of_elemental(connection: Connection, query: Query, report: Report) -> Lists:
    """MachineInventories, and on request the clusters that they belong to: one list for each kind and namespace, in pages."""
    api = Api(connection, Progress(report))
    discovery = Discovery(api)

    def listed(kind: listing.Kind, selector: str = "") -> list[Object]:
        return [trimmed(each) for each in listing.objects(api, discovery, kind, query.namespaces, selector)]

    items = listed(listing.MACHINE_INVENTORY, query.label_selector)
    confirmed: dict[str, str] = {}
    notes: list[str] = []
    if query.confirmations and any(is_unproved(each) for each in items):
        try:
            confirmed = _confirmed(listing.objects(api, discovery, listing.CLAIM, query.namespaces))
        except (Forbidden, MissingRequirement) as error:
            notes.append(f"which claimed addresses are in use is not known: {error}")
    return Lists(
        machine_inventories=items,
        selectors=listed(listing.SELECTOR) if query.clusters else [],
        machines=listed(listing.MACHINE) if query.clusters else [],
        confirmed=confirmed,
        notes=notes,
    )


def trimmed(item: Object) -> Object:
    """Of an object only what an inventory uses, not looked at yet."""
    metadata = item.get("metadata")
    if isinstance(metadata, dict):
        metadata = {name: metadata[name] for name in _METADATA if name in metadata}
    return {"metadata": metadata, "spec": item.get("spec"), "status": item.get("status")}


def _confirmed(claims: t.Iterable[Object]) -> dict[str, str]:
    """When a push confirmed a claim, by the uid of the claim; what is not a string confirms nothing."""
    found = {}
    for item in claims:
        metadata = item.get("metadata")
        annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
        moment = annotations.get(CONFIRMED) if isinstance(annotations, dict) else None
        uid = metadata.get("uid") if isinstance(metadata, dict) else None
        if isinstance(moment, str) and isinstance(uid, str) and uid:
            found[uid] = moment
    return found


def _of_claims(query: Query, report: Report) -> Lists:
    backend = query.backend if query.source == DATABASE else "kubernetes"
    options = BackendOptions(backend, query.database, query.kubernetes, report=report, postgresql=query.postgresql)
    try:
        with open_backend(options) as opened:
            found = [bound for namespace in query.namespaces or (None,) for bound in opened.list_claims(namespace)]
    except Refused as error:
        raise listing.for_inventory(error) from None
    notes = []
    if backend == "embedded" and not os.path.exists(query.database):
        notes.append(
            f"the database {query.database} does not exist, so that no machine holds an address; correct its path"
        )
    return Lists(claims=[record(each) for each in found], notes=notes)
