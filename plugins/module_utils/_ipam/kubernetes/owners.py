# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects that claims go with: an ownerReference needs the uid that the server gave them, and is worth nothing with another."""

from __future__ import annotations

import dataclasses
import typing as t

from ..errors import Forbidden, InvalidInput
from ..model import Claim, Owner
from .api import Api
from .discovery import Discovery, Resource
from .errors import Refused, RequestTarget
from .reading import mapping, text


class UnknownKind(InvalidInput):
    """An owner of a kind that the cluster does not serve."""


class Existing:
    """Which owners of claims exist in a namespace; each kind is listed once."""

    def __init__(self, api: Api, discovery: Discovery, namespace: str) -> None:
        self._api, self._discovery, self._namespace = api, discovery, namespace
        self._listed: dict[tuple[str, str], dict[str, str] | Refused] = {}

    def is_gone(self, owner: Owner) -> bool:
        """Whether an owner does not exist any more. One that this user may not list counts as there: the cluster keeps its claims."""
        key = (owner.api_version, owner.kind)
        try:
            if key not in self._listed:
                self._listed[key] = _listed(self._api, self._discovery, owner, self._namespace)
        except UnknownKind:
            return True
        listed = self._listed[key]
        return not isinstance(listed, Refused) and owner.uid not in listed.values()


def with_owners(api: Api, discovery: Discovery, claims: t.Sequence[Claim]) -> list[Claim]:
    """The claims, each owner with its uid; one list for all owners of a kind.

    Raises IpamError for one that does not exist, or has another uid: the cluster deletes its claims at once, again and again.
    """
    known: dict[tuple[str, str, str], dict[str, str] | Refused] = {}
    complete = []
    for claim in claims:
        owner = claim.owner
        if owner is not None:
            key = (owner.api_version, owner.kind, claim.namespace)
            if key not in known:
                known[key] = _listed(api, discovery, owner, claim.namespace)
            owner = dataclasses.replace(owner, uid=_uid(claim, owner, known[key]))
            claim = dataclasses.replace(claim, owner=owner)
        complete.append(claim)
    return complete


def _listed(api: Api, discovery: Discovery, owner: Owner, namespace: str) -> dict[str, str] | Refused:
    """The uids of a kind by name, or that this user may not list it."""
    try:
        return uids(api, discovery, owner, namespace)
    except Refused as error:
        if error.status != 403:
            raise
        return error


def _uid(claim: Claim, owner: Owner, listed: dict[str, str] | Refused) -> str:
    if isinstance(listed, Refused):
        if owner.uid:
            return owner.uid
        raise Forbidden(
            f"the uid of the owner {owner} of claim {claim.name} is not known: {listed}, or give it with owner.uid",
            **listed.details,
        ) from None
    uid = listed.get(owner.name)
    if uid is None:
        raise InvalidInput(
            f"the owner {owner} of claim {claim.name} does not exist in namespace {claim.namespace}; "
            "create it first or leave the owner out"
        )
    if owner.uid and owner.uid != uid:
        raise InvalidInput(
            f"the owner {owner} of claim {claim.name} has the uid {uid}, not {owner.uid}: it was made again since; "
            "correct the uid, or leave it out to have it looked up"
        )
    return uid


def uids(api: Api, discovery: Discovery, owner: Owner, namespace: str) -> dict[str, str]:
    """The uid of each object of an owner's kind in a namespace, by name."""
    resource = _resource(discovery, owner)
    place = RequestTarget("list", resource.plural, namespace)
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
    raise UnknownKind(
        f"the owner {owner} is of no namespaced kind that the cluster knows; correct its apiVersion and kind"
    )
