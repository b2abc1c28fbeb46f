# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The MachineInventories of Elemental, as its operator writes them: which claims they use, and the addresses that they record."""

from __future__ import annotations

from ..._texts import plain
from ..holding import ELEMENTAL_GROUP, ELEMENTAL_VERSION, INVENTORY_KIND, Inventories, MachineInventory, Record
from .api import Api
from .discovery import Discovery
from .errors import Refused, RequestTarget
from .objects import identity
from .reading import Object, optional_mapping, optional_text, text


def inventories(api: Api, discovery: Discovery, namespace: str | None) -> Inventories:
    """Those of a namespace, or of all when None; none where the cluster has no Elemental. One list."""
    kinds = discovery.resources(ELEMENTAL_GROUP, ELEMENTAL_VERSION)
    resource = next((each for each in kinds if each.kind == INVENTORY_KIND), None)
    if resource is None:
        return Inventories()
    place = RequestTarget("list", resource.plural, namespace or "")
    try:
        pages = api.pages(resource.path(namespace or ""), place)
        return Inventories(tuple(inventory(item) for page in pages for item in page.items))
    except Refused as error:
        if error.status != 403:
            raise
        return Inventories(trouble=str(error), details=error.details)


def inventory(item: Object) -> MachineInventory:
    """A MachineInventory as the server sent it. Raises Malformed for anything else."""
    namespace, name, metadata = identity(item, INVENTORY_KIND)
    what = f"{INVENTORY_KIND} {namespace}/{name}"
    spec = optional_mapping(item.get("spec"), what, "spec")
    claims = optional_mapping(spec.get("ipAddressClaims"), what, "spec.ipAddressClaims")
    network = optional_mapping(spec.get("network"), what, "spec.network")
    addresses = optional_mapping(network.get("ipAddresses"), what, "spec.network.ipAddresses")
    return MachineInventory(
        namespace,
        name,
        text(metadata, "uid", what, "metadata"),
        tuple(_record(key, claims[key], addresses, what) for key in sorted(claims)),
    )


def _record(key: str, value: object, addresses: Object, what: str) -> Record:
    shown = plain(key, 80)
    field = f"spec.ipAddressClaims.{shown}"
    claim = optional_mapping(value, what, field)
    return Record(
        shown,
        optional_text(claim, "name", what, field),
        optional_text(claim, "uid", what, field),
        plain(optional_text(addresses, key, what, "spec.network.ipAddresses"), 80),
    )
