# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects that claims go with: an ownerReference needs the uid that the server gave them."""

from __future__ import annotations

import dataclasses
import typing as t

from ..model import Claim, IpamError, Owner
from .api import Api
from .discovery import Discovery, Resource
from .errors import Place
from .reading import mapping, text


def with_owners(api: Api, discovery: Discovery, claims: t.Sequence[Claim]) -> list[Claim]:
    """The claims, each owner with its uid; one list for all owners of a kind. Raises IpamError for one that does not exist."""
    known: dict[tuple[str, str, str], dict[str, str]] = {}
    complete = []
    for claim in claims:
        owner = claim.owner
        if owner is not None and not owner.uid:
            key = (owner.api_version, owner.kind, claim.namespace)
            if key not in known:
                known[key] = _uids(api, discovery, owner, claim.namespace)
            uid = known[key].get(owner.name)
            if uid is None:
                raise IpamError(
                    f"the owner {owner} of claim {claim.name} does not exist in namespace {claim.namespace}; "
                    "create it first or leave the owner out"
                )
            claim = dataclasses.replace(claim, owner=dataclasses.replace(owner, uid=uid))
        complete.append(claim)
    return complete


def _uids(api: Api, discovery: Discovery, owner: Owner, namespace: str) -> dict[str, str]:
    resource = _resource(discovery, owner)
    place = Place("list", resource.plural, namespace)
    what = f"a {owner.kind} in namespace {namespace}"
    found = {}
    for page in api.pages(resource.path(namespace), place):
        for item in page.items:
            metadata = mapping(item.get("metadata"), what, "metadata")
            found[text(metadata, "name", what, "metadata")] = text(metadata, "uid", what, "metadata")
    return found


def _resource(discovery: Discovery, owner: Owner) -> Resource:
    group, _slash, version = owner.api_version.rpartition("/")
    for resource in discovery.resources(group, version):
        if resource.kind == owner.kind:
            if resource.namespaced:
                return resource
            break
    raise IpamError(
        f"the owner {owner} is of no namespaced kind that the cluster knows; correct its apiVersion and kind"
    )
