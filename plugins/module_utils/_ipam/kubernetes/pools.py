# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools on an API server: any kind's existence and room, and the in-cluster provider's own kinds in full."""

from __future__ import annotations

import re
import time
import typing as t
from dataclasses import replace

from ..._texts import plain
from ..allocation import Usage, allocatable, usage
from ..backend import PoolChange, PoolState
from ..errors import Conflict, InvalidInput
from ..manifest import GLOBAL, NAMESPACED, applied, known_fields, pool_from_manifest, pool_to_manifest
from ..model import IpamError, Pool, PoolReference
from .api import Api
from .discovery import Discovery, Resource
from .errors import GROUP, Refused, RequestTarget
from .objects import PAUSED
from .pacing import Capacity, PoolMissing, PoolPaused
from .progress import Progress
from .reading import Malformed, Object, mapping, optional_mapping, optional_number, optional_text

# how long a new pool may take to show how full it is, in seconds
_STATUS_PATIENCE = 3.0
_GLANCE = 0.1
_STATUS = "status.ipAddresses"
_GRACE_PERIOD = "addressReuseGracePeriodSeconds"
_UNKNOWN_FIELD = re.compile(r'unknown field "([^"]{1,200})"')


class Looked(t.NamedTuple):
    """What a pool of any kind reports: its room, how long released addresses rest (in seconds), and the Cluster that it names."""

    room: Capacity | None
    grace_period: int
    cluster: str


class Pools:
    """Pools, read and written."""

    def __init__(self, api: Api, discovery: Discovery, progress: Progress) -> None:
        self._api = api
        self._discovery = discovery
        self._progress = progress
        # how many addresses the pools have that were written here: their status follows later
        self._sizes: dict[tuple[PoolReference, str], int] = {}
        self._unreadable: set[PoolReference] = set()

    # --- any kind ---------------------------------------------------------------------------------------------

    def look(self, reference: PoolReference, namespace: str) -> Looked | None:
        """The status of a pool; None where this user may not read it. Raises PoolMissing, and PoolPaused."""
        resource = self._discovery.pool(reference)
        try:
            item = self._get(resource, reference, namespace)
        except Refused as error:
            if error.status == 403:
                self._tell_unreadable(reference)
                return None  # the least that a claim needs is the claim
            raise
        if item is None:
            where = f"namespace {namespace}" if resource.namespaced else "the cluster"
            raise PoolMissing(
                f"pool {reference} does not exist in {where}; register it first, or name the namespace of the pool "
                "(a namespaced pool must be in the namespace of the claim)",
                **{"pool": reference.name, "namespace": namespace},
            )
        return _looked(item, reference)

    def _tell_unreadable(self, reference: PoolReference) -> None:
        if reference not in self._unreadable:
            self._unreadable.add(reference)
            self._progress.note(
                f"pool {reference} may not be read by this user: whether it exists and has room is not known"
            )

    def room(self, reference: PoolReference, namespace: str) -> Capacity | None:
        """How full a pool is by its own status; None where that is not reported, or this user may not read it. Raises as ``look`` does."""
        looked = self.look(reference, namespace)
        if looked is None:
            return None
        room, resource = looked.room, self._discovery.pool(reference)
        size = self._sizes.get((reference, namespace if resource.namespaced else ""))
        return room if room is None or size is None else replace(room, total=size, free=size - (room.total - room.free))

    def room_for(self, reference: PoolReference, namespace: str, asking: int, patience: float) -> Capacity | None:
        """The room once it is enough for ``asking`` claims, or when ``patience`` seconds are over: a status lags behind."""
        end = time.monotonic() + patience
        while True:
            room = self.room(reference, namespace)
            in_cluster = reference.api_group == GROUP and reference.kind in (NAMESPACED, GLOBAL)
            is_silent = not in_cluster or reference in self._unreadable
            enough = is_silent if room is None else room.free >= asking
            if enough or time.monotonic() > end:
                return room
            time.sleep(_GLANCE)

    # --- the in-cluster provider's kinds ----------------------------------------------------------------------

    def states(self, namespace: str | None) -> list[PoolState]:
        """The pools that a namespace can claim from, or all; a kind that this user may not list is left out.

        So is a pool of which no address could be used (for a zone id, for example): a mistake of another user would stop everybody.
        """
        found: list[PoolState] = []
        for kind, place in ((NAMESPACED, namespace or ""), (GLOBAL, "")):
            resource = self._discovery.find(GROUP, kind)
            if resource is None:
                continue
            try:
                for page in self._api.pages(resource.path(place), RequestTarget("list", resource.plural, place)):
                    found += filter(None, (self._state(item, resource) for item in page.items))
            except Refused as error:
                if error.status != 403:
                    raise
                if (
                    kind == NAMESPACED
                ):  # the Role may be for the pools of another provider; few have one for global pools
                    self._progress.note(f"left out: {error}")
        return sorted(
            found, key=lambda state: (state.pool.namespace, state.pool.reference.kind, state.pool.reference.name)
        )

    def why_none(self) -> str:
        """A sentence where the cluster does not define the kind of pools."""
        if self._discovery.find(GROUP, NAMESPACED) is not None:
            return ""
        return (
            f"the cluster {self._api.host} does not define {NAMESPACED} ({GROUP}), so it has no pools of the in-cluster provider; "
            "check that it is the right cluster, or install the provider with the role ipam_provider"
        )

    def apply(self, pool: Pool, dry_run: bool) -> PoolChange:
        """Create or change a pool; what the provider refuses is refused, and so is a field that the cluster's definition does not have."""
        resource = self._discovery.pool(pool.reference)
        item = self._get(resource, pool.reference, pool.namespace)
        before = None if item is None else _pool_before(item, resource, pool.reference, pool.namespace)
        after = applied(before, pool)
        if before != after:
            try:
                self._write(pool, item, resource, dry_run)
            except Refused as error:
                if (
                    item is None and error.reason == "AlreadyExists"
                ):  # another controller was faster, a slice of a job for example
                    return self.apply(pool, dry_run)
                raise _unknown_field(pool, resource, error) or error from None
            self._sizes[pool.reference, pool.namespace] = allocatable(pool).size
        return PoolChange(before, after)

    def _write(self, pool: Pool, item: Object | None, resource: Resource, dry_run: bool) -> None:
        manifest = {**pool_to_manifest(pool), "apiVersion": f"{resource.group}/{resource.version}"}
        if item is None:
            place = RequestTarget("create", resource.plural, pool.namespace)
            self._api.post(resource.path(pool.namespace), place, manifest, dry_run, strict=True)
            return
        # null removes a field in a merge patch: what the manifest does not have is not there
        spec = {**dict.fromkeys(known_fields(item["spec"])), **manifest["spec"]}
        said = {name: manifest["metadata"][name] for name in ("labels", "annotations") if name in manifest["metadata"]}
        body: Object = {"spec": spec, **({"metadata": said} if said else {})}
        place = RequestTarget("patch", resource.plural, pool.namespace, pool.reference.name)
        self._api.patch(resource.path(pool.namespace, pool.reference.name), place, body, dry_run, strict=True)

    def delete(self, reference: PoolReference, namespace: str, dry_run: bool) -> PoolChange:
        """Delete a pool, and wait until it is gone."""
        resource = self._discovery.pool(reference)
        item = self._get(resource, reference, namespace)
        if item is None:
            return PoolChange(None, None)
        path, place = (
            resource.path(namespace, reference.name),
            RequestTarget("delete", resource.plural, namespace, reference.name),
        )
        try:
            self._api.delete(path, place, dry_run=dry_run)
        except Refused as error:
            if error.status == 404:
                return PoolChange(None, None)
            used = optional_number(_status(item, str(reference)), "used", str(reference), _STATUS)
            if used and not error.is_missing_right:
                raise Conflict(
                    f"pool {reference.name} has addresses allocated ({used}); release their claims, which ip_address_claim_info "
                    "lists, before it is deleted",
                    **{"pool": reference.name, "namespace": namespace, "allocated": used},
                ) from None
            raise
        end = time.monotonic() + _STATUS_PATIENCE
        while not dry_run and self._get(resource, reference, namespace) is not None and time.monotonic() < end:
            time.sleep(_GLANCE)
        return PoolChange(_pool_before(item, resource, reference, namespace), None)

    def _state(self, item: Object, resource: Resource) -> PoolState | None:
        try:
            return _state(item, resource)
        except Malformed:
            raise
        except IpamError as error:
            self._progress.note(f"left out: {error}")
            return None

    def _get(self, resource: Resource, reference: PoolReference, namespace: str) -> Object | None:
        place = RequestTarget("get", resource.plural, namespace if resource.namespaced else "", reference.name)
        try:
            return self._api.get(resource.path(namespace, reference.name), place)
        except Refused as error:
            if error.status == 404:
                return None
            raise


def _unknown_field(pool: Pool, resource: Resource, error: Refused) -> IpamError | None:
    """The sentence where the cluster's definition of the pools lacks a field, which it would drop; None for another refusal."""
    fields = list(dict.fromkeys(_UNKNOWN_FIELD.findall(error.message)))
    if not fields:
        return None
    return InvalidInput(
        f"pool {pool.reference.name}: the cluster's definition of {resource.kind} ({resource.plural}.{resource.group}) has no field"
        f" {', '.join(fields)} and would drop it; leave it out, or update the IPAM provider there"
    )


def _status(item: Object, what: str) -> Object:
    status = optional_mapping(item.get("status"), what, "status")
    return optional_mapping(status.get("ipAddresses"), what, _STATUS)


def _looked(item: Object, reference: PoolReference) -> Looked:
    """What a pool of any kind reports. Raises PoolPaused."""
    what = str(reference)
    metadata = optional_mapping(item.get("metadata"), what, "metadata")
    if PAUSED in optional_mapping(metadata.get("annotations"), what, "metadata.annotations"):
        raise PoolPaused(
            f"pool {reference} is paused (annotation {PAUSED}), so its provider neither serves nor releases claims on it;"
            " remove the annotation, or wait until it is removed, and run again",
            pool=reference.name,
        )
    spec = optional_mapping(item.get("spec"), what, "spec")
    period = optional_number(spec, _GRACE_PERIOD, what, "spec") if reference.api_group == GROUP else None
    grace_period = max(0, period or 0)
    return Looked(_room(item, what, grace_period), grace_period, optional_text(spec, "clusterName", what, "spec"))


def _room(item: Object, what: str, grace_period: int) -> Capacity | None:
    status = _status(item, what)
    total, free = (optional_number(status, name, what, _STATUS) for name in ("total", "free"))
    return None if total is None or free is None else Capacity(total, free, grace_period)


def _pool(item: Object, resource: Resource) -> Pool:
    """A newer provider may know fields that we do not: they are not ours to judge."""
    metadata = mapping(item.get("metadata"), resource.kind, "metadata")
    what = f"{resource.kind} {plain(metadata.get('name'), 80)}"
    manifest = {
        "apiVersion": f"{GROUP}/v1alpha2",
        "kind": resource.kind,
        "metadata": metadata,
        "spec": known_fields(mapping(item.get("spec"), what, "spec")),
    }
    return pool_from_manifest(manifest, optional_text(metadata, "namespace", what, "metadata"), stored=True)


def _pool_before(item: Object, resource: Resource, reference: PoolReference, namespace: str) -> Pool:
    """The pool that is replaced or deleted; of one that the provider took and we do not only its name is known."""
    try:
        return _pool(item, resource)
    except Malformed:
        raise
    except IpamError:
        return Pool(reference, namespace if resource.namespaced else "", (), 0)


def _state(item: Object, resource: Resource) -> PoolState:
    pool = _pool(item, resource)
    what = str(pool.reference)
    status = _status(item, what)
    if not status:
        return PoolState(pool, usage(pool, []))
    used, outside = (optional_number(status, name, what, _STATUS) or 0 for name in ("used", "outOfRange"))
    return PoolState(pool, Usage(allocatable(pool).size, used, outside))
