# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which versions of which kinds an API server has: asked once per run, of one group only."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ..errors import PoolNotFound
from ..manifest import GLOBAL, NAMESPACED, POOL_VERSION
from ..model import PoolReference
from ..names import is_kind, is_label
from .api import Api
from .errors import GROUP, Refused, RequestTarget, api_missing
from .paths import Path, path
from .reading import Object, boolean, mappings, optional_mapping, optional_text, text

# the newest first; claims and addresses have the same fields in both
_VERSIONS = ("v1beta2", "v1beta1")
_KINDS = {"ipaddressclaims": "IPAddressClaim", "ipaddresses": "IPAddress"}


@dataclass(frozen=True)
class Resource:
    """A kind as URLs name it."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool

    def path(self, namespace: str, name: str = "") -> Path:
        """The path of a collection, of all namespaces where ``namespace`` is empty, or of one object."""
        inside = ("namespaces", namespace) if namespace and self.namespaced else ()
        api = ("apis", self.group) if self.group else ("api",)
        return path(*api, self.version, *inside, self.plural, *((name,) if name else ()))


class Discovery:
    """Answers from the server's own lists, each read at most once."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._lists: dict[str, list[Resource]] = {}
        self._versions: dict[str, list[str]] = {}
        self._claims_version = ""

    def claims(self) -> Resource:
        """Where claims are."""
        return self._ipam("ipaddressclaims")

    def addresses(self) -> Resource:
        """Where addresses are."""
        return self._ipam("ipaddresses")

    def guess(self) -> None:
        """Take it that the newest version is served, without asking; ``ask`` must follow where that is not so."""
        if not self._claims_version:
            version = _VERSIONS[0]
            self._lists[f"{GROUP}/{version}"] = [
                Resource(GROUP, version, plural, kind, True) for plural, kind in _KINDS.items()
            ]
            self._claims_version = version

    def ask(self) -> None:
        """Forget what was guessed."""
        self._lists.clear()
        self._claims_version = ""

    def find(self, group: str, kind: str) -> Resource | None:
        """A kind in any version of its group, the preferred one first; None where the server does not know it."""
        for version in self._likely_versions(group, kind):
            for resource in self.resources(group, version):
                if resource.kind == kind:
                    return resource
        return None

    def _likely_versions(self, group: str, kind: str) -> t.Iterator[str]:
        """The group prefers the version of its claims, which has no pools: look where those of the in-cluster provider are, first."""
        if group == GROUP and kind in (NAMESPACED, GLOBAL):
            yield POOL_VERSION
        yield from self._versions_of(group)

    def pool(self, reference: PoolReference) -> Resource:
        """Where the pools of a reference are. Raises IpamError when the server has no such kind."""
        resource = self.find(reference.api_group, reference.kind)
        if resource is None:
            raise PoolNotFound(
                f"the cluster {self._api.host} has no kind {reference.kind} in {reference.api_group}; "
                "correct the pool's apiGroup and kind, or install its IPAM provider (in-cluster pools: role ipam_provider)",
                **{"pool": reference.name, "host": self._api.host},
            )
        return resource

    def _ipam(self, plural: str) -> Resource:
        missing: t.Sequence[str] = tuple(_KINDS)
        for version in [self._claims_version] if self._claims_version else _VERSIONS:
            found = {resource.plural: resource for resource in self.resources(GROUP, version)}
            if all(name in found for name in _KINDS):
                self._claims_version = version
                return found[plural]
            missing = min(missing, [name for name in _KINDS if name not in found], key=len)
        raise api_missing(self._api.host, missing)

    def _versions_of(self, group: str) -> list[str]:
        if group not in self._versions:
            try:
                found = self._api.get(path("apis", group), RequestTarget("get", f"API group {group}"))
            except Refused as error:
                if error.status != 404:
                    raise
                found = {}
            self._versions[group] = _versions(found, f"API group {group}")
        return self._versions[group]

    def resources(self, group: str, version: str) -> list[Resource]:
        """The kinds of one version of a group (of the core where the group is empty); empty where the server has no such version."""
        name = f"{group}/{version}"
        if name not in self._lists:
            try:
                where = path("apis", group, version) if group else path("api", version)
                found = self._api.get(where, RequestTarget("get", f"API version {name}"))
            except Refused as error:
                if error.status != 404:
                    raise
                found = {}
            self._lists[name] = _resources(found, group, version)
        return self._lists[name]


def _versions(found: Object, what: str) -> list[str]:
    """The versions of a group, the preferred one first; what is not a version is left out, as it cannot be asked for."""
    preferred = optional_mapping(found.get("preferredVersion"), what, "preferredVersion")
    known = [preferred, *mappings(found.get("versions"), what, "versions")]
    names = [optional_text(each, "version", what, "versions") for each in known]
    return [name for name in dict.fromkeys(names) if is_label(name)]


def _resources(found: Object, group: str, version: str) -> list[Resource]:
    """The kinds of a version; subresources, and what is not a name of a kind, cannot be asked for."""
    what = f"API version {group}/{version}"
    known = [
        Resource(
            group,
            version,
            text(each, "name", what, "resources"),
            text(each, "kind", what, "resources"),
            boolean(each, "namespaced", what, "resources"),
        )
        for each in mappings(found.get("resources"), what, "resources")
    ]
    return [each for each in known if is_label(each.plural) and is_kind(each.kind)]
