# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole objects of one kind, for an inventory: listed in pages, as the server sent them."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ..errors import Forbidden, MissingRequirement
from ..holding import ELEMENTAL_GROUP, ELEMENTAL_VERSION, INVENTORY_KIND
from ..model import IpamError
from .api import Api
from .discovery import Discovery, Resource
from .errors import GROUP, Refused, RequestTarget
from .reading import Object

# what an administrator applies to allow the lists
MANIFEST = "machine-inventory-reader.yaml"
# with a configuration each, a page of them is about a fifth of what an answer may have
_PAGE = 500


@dataclass(frozen=True)
class Kind:
    """A kind; an empty ``version`` is that which the server prefers. ``provider`` is what brings its definition."""

    group: str
    name: str
    version: str
    provider: str


MACHINE_INVENTORY = Kind(ELEMENTAL_GROUP, INVENTORY_KIND, ELEMENTAL_VERSION, "the operator of Rancher Elemental")
SELECTOR = Kind(ELEMENTAL_GROUP, "MachineInventorySelector", ELEMENTAL_VERSION, "the operator of Rancher Elemental")
MACHINE = Kind("cluster.x-k8s.io", "Machine", "", "Cluster API")
CLAIM = Kind(GROUP, "IPAddressClaim", "", "Cluster API")


def objects(
    api: Api, discovery: Discovery, kind: Kind, namespaces: t.Sequence[str], selector: str = ""
) -> t.Iterator[Object]:
    """All objects of a kind in some namespaces; in all namespaces where these are empty.

    Raises MissingRequirement where the cluster does not know the kind, and Forbidden where this user may not list it.
    """
    resource = _resource(api, discovery, kind)
    for namespace in namespaces or ("",):
        place = RequestTarget("list", resource.plural, namespace)
        try:
            for page in api.pages(resource.path(namespace), place, selector, size=_PAGE):
                yield from page.items
        except Refused as error:
            raise for_inventory(error) from None


def _resource(api: Api, discovery: Discovery, kind: Kind) -> Resource:
    if kind.version:
        known = discovery.resources(kind.group, kind.version)
        found = next((each for each in known if each.kind == kind.name), None)
    else:
        found = discovery.find(kind.group, kind.name)
    if found is None:
        raise MissingRequirement(
            f"the cluster {api.host} has no kind {kind.name} ({kind.group}): install {kind.provider}, or name the cluster that has it",
            **{"host": api.host, "requirement": kind.name},
        )
    return found


def for_inventory(error: Refused) -> IpamError:
    """The error for a list; if RBAC does not grant it, with the manifest and the option of an inventory. A Role holds in one namespace."""
    if not error.is_missing_right:
        return error
    resource, namespace = error.details.get("resource"), error.details.get("namespace")
    if namespace:
        where, grant = f"in namespace {namespace}", f"apply playbooks/files/{MANIFEST} there, or name other namespaces"
    else:
        where, grant = (
            "in all namespaces",
            f"grant that in a ClusterRole, as playbooks/files/{MANIFEST} shows it for one, or name some with namespaces",
        )
    return Forbidden(
        f"this user may not list {resource} {where} (403 Forbidden); let an administrator {grant}",
        **error.details,
    )
