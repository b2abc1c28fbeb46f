# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pool manifests (``InClusterIPPool`` and ``GlobalInClusterIPPool``, ``ipam.cluster.x-k8s.io/v1alpha2``) to pools and back."""

from __future__ import annotations

import difflib
import typing as t

from .allocation import AddressSet, allocatable
from .model import IpamError, Pool, PoolReference
from .names import checked_name

GROUP = "ipam.cluster.x-k8s.io"
NAMESPACED, GLOBAL = "InClusterIPPool", "GlobalInClusterIPPool"
POOL_VERSION = "v1alpha2"
_VERSION = f"{GROUP}/{POOL_VERSION}"
_FIELDS = (
    "addresses",
    "prefix",
    "gateway",
    "excludedAddresses",
    "allocateReservedIPAddresses",
    "addressReuseGracePeriodSeconds",
)
_GRACE_PERIOD = "addressReuseGracePeriodSeconds"


def pool_from_manifest(manifest: t.Mapping[str, t.Any], namespace: str) -> Pool:
    """The pool that a manifest describes; ``namespace`` is for one without ``metadata.namespace``.

    Raises IpamError with one sentence for anything that a cluster would refuse, or would silently prune.
    """
    reference, pool_namespace = identity(manifest, namespace)
    spec = manifest.get("spec")
    if not isinstance(spec, t.Mapping):
        raise IpamError(f"pool {reference.name}: spec is missing")
    _refuse_unknown(reference.name, spec)
    pool = Pool(
        reference=reference,
        namespace=pool_namespace,
        addresses=_texts(reference.name, spec, "addresses"),
        prefix=_whole_number(reference.name, spec, "prefix"),
        gateway=str(spec["gateway"]) if spec.get("gateway") else None,
        excluded_addresses=_texts(reference.name, spec, "excludedAddresses"),
        allocate_reserved_addresses=_boolean(reference.name, spec, "allocateReservedIPAddresses"),
        reuse_grace_period=_grace_period(reference.name, spec),
    )
    allocatable(pool)
    return pool


def identity(manifest: t.Mapping[str, t.Any], namespace: str) -> tuple[PoolReference, str]:
    """The reference and the namespace (empty for a global pool) of the pool in a manifest; needs no spec."""
    kind, version = manifest.get("kind"), manifest.get("apiVersion")
    if kind not in (NAMESPACED, GLOBAL):
        raise IpamError(f"a pool manifest has kind {kind}; write {NAMESPACED} or {GLOBAL}")
    if version != _VERSION:
        raise IpamError(f"a pool manifest of kind {kind} has apiVersion {version}; write it as {_VERSION}")
    metadata = manifest.get("metadata")
    name = metadata.get("name") if isinstance(metadata, t.Mapping) else None
    if not name or not isinstance(metadata, t.Mapping):
        raise IpamError(f"a pool manifest of kind {kind} has no metadata.name")
    reference = PoolReference(GROUP, str(kind), checked_name(str(name), "pool"))
    return reference, "" if kind == GLOBAL else checked_name(str(metadata.get("namespace") or namespace), "namespace")


def pool_to_manifest(pool: Pool) -> dict[str, t.Any]:
    """The manifest of a pool, with the fields that it sets."""
    metadata = {"name": pool.reference.name}
    if pool.namespace:
        metadata["namespace"] = pool.namespace
    spec: dict[str, t.Any] = {"addresses": list(pool.addresses), "prefix": pool.prefix}
    if pool.gateway:
        spec["gateway"] = pool.gateway
    if pool.excluded_addresses:
        spec["excludedAddresses"] = list(pool.excluded_addresses)
    if pool.allocate_reserved_addresses:
        spec["allocateReservedIPAddresses"] = True
    if pool.reuse_grace_period:
        spec[_GRACE_PERIOD] = pool.reuse_grace_period
    return {"apiVersion": _VERSION, "kind": pool.reference.kind, "metadata": metadata, "spec": spec}


def sharing(pools: t.Sequence[Pool], others: t.Sequence[Pool]) -> list[str]:
    """A sentence for every two pools that one namespace can claim from and that share addresses: both may give one out.

    ``pools`` are those that are made or changed now, ``others`` what there is beside them. The provider allows it, so we do, too.
    """
    named = {(pool.reference, pool.namespace): pool for pool in [*others, *pools]}
    sentences: dict[frozenset[tuple[PoolReference, str]], str] = {}
    for pool in pools:
        for title, other in named.items():
            apart = pool.namespace and other.namespace and pool.namespace != other.namespace
            if apart or title == (pool.reference, pool.namespace):
                continue
            shared = allocatable(pool).shared_with(allocatable(other))
            if shared.size:
                sentences.setdefault(frozenset([title, (pool.reference, pool.namespace)]), _shared(pool, other, shared))
    return list(sentences.values())


def _shared(pool: Pool, other: Pool, shared: AddressSet) -> str:
    first = next(iter(shared))
    which = str(first) if shared.size == 1 else f"{shared.size} addresses, beginning with {first}"
    return (
        f"the pools {pool.reference} and {other.reference} share {which}: each of them may give a shared address to a machine of its own, "
        "so that two machines have it; take it out of one of them (addresses, or excludedAddresses)"
    )


def known_fields(spec: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The part of a pool's spec that this version knows."""
    return {field: value for field, value in spec.items() if field in _FIELDS}


def _refuse_unknown(name: str, spec: t.Mapping[str, t.Any]) -> None:
    for field in spec:
        if field not in _FIELDS:
            # a cluster prunes it silently; upstream's own README writes excludeAddresses
            near = difflib.get_close_matches(str(field), _FIELDS, n=1)
            hint = f"did you mean {near[0]}" if near else f"the fields are {', '.join(_FIELDS)}"
            raise IpamError(f"pool {name}: spec has no field {field}; {hint}")


def _texts(name: str, spec: t.Mapping[str, t.Any], field: str) -> tuple[str, ...]:
    value = spec.get(field) or []
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise IpamError(f"pool {name}: {field} has to be a list of texts")
    return tuple(value)


def _whole_number(name: str, spec: t.Mapping[str, t.Any], field: str) -> int:
    value = spec.get(field)
    # Jinja2 makes texts of numbers; anything else that int() would take, a cluster refuses
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise IpamError(f"pool {name}: {field} is required and has to be a whole number")
    return value


def _boolean(name: str, spec: t.Mapping[str, t.Any], field: str) -> bool:
    value = spec.get(field, False)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise IpamError(f"pool {name}: {field} has to be true or false, not {value!r}")


def _grace_period(name: str, spec: t.Mapping[str, t.Any]) -> int:
    return 0 if spec.get(_GRACE_PERIOD) is None else _whole_number(name, spec, _GRACE_PERIOD)
