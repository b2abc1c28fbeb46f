# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pool manifests (``InClusterIPPool`` and ``GlobalInClusterIPPool``, ``ipam.cluster.x-k8s.io/v1alpha2``) to pools and back."""

from __future__ import annotations

import dataclasses
import heapq
import itertools
import re
import typing as t

from .._texts import did_you_mean, plain
from .allocation import AddressSet, allocatable, preallocated
from .errors import InvalidInput
from .metadata import annotations_of, labels_of, merged
from .model import Pool, PoolReference
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
    "preAllocations",
)
_GRACE_PERIOD = "addressReuseGracePeriodSeconds"
MOST_SHARING = 20
_SHOWN = 60
_DIGITS = re.compile(r"[0-9]{1,10}\Z")
_LONGEST_GRACE_PERIOD = 2**31 - 1  # an int32 there


def pool_from_manifest(manifest: t.Mapping[str, t.Any], namespace: str, stored: bool = False) -> Pool:
    """The pool that a manifest describes; ``namespace`` is for one without ``metadata.namespace``.

    Raises IpamError with one sentence for anything that a cluster would refuse, or would silently prune. Prefix 0 is
    refused, too, but in a pool that is ``stored`` already: every address would be a neighbour.
    """
    reference, pool_namespace = identity(manifest, namespace)
    spec = manifest.get("spec")
    if not isinstance(spec, t.Mapping):
        raise InvalidInput(f"pool {reference.name}: spec is missing")
    _refuse_unknown(reference.name, spec)
    pool = Pool(
        reference=reference,
        namespace=pool_namespace,
        addresses=_texts(reference.name, spec, "addresses"),
        prefix=_whole_number(reference.name, spec, "prefix"),
        gateway=_gateway(reference.name, spec),
        excluded_addresses=_texts(reference.name, spec, "excludedAddresses"),
        allocate_reserved_addresses=_boolean(reference.name, spec, "allocateReservedIPAddresses"),
        reuse_grace_period=_grace_period(reference.name, spec),
        preallocations=_preallocations(reference.name, spec),
        labels=labels_of(f"pool {reference.name}", manifest["metadata"]),
        annotations=annotations_of(f"pool {reference.name}", manifest["metadata"]),
    )
    if pool.prefix == 0 and not stored:
        raise InvalidInput(
            f"pool {reference.name}: prefix 0 is not the prefix of a subnet; give that of the subnet of the addresses"
        )
    preallocated(pool)
    return pool


def pool_manifests(documents: t.Sequence[object]) -> list[t.Mapping[str, t.Any]]:
    """The pools among manifests: the items of a list, as ``kubectl get -o yaml`` writes one, are manifests; other kinds are passed over.

    Raises IpamError where nothing but other kinds is there, and for what is not a manifest.
    """
    manifests = [each for document in documents for each in items(document)]
    for each in manifests:
        if not isinstance(each, t.Mapping) or not each.get("kind"):
            raise InvalidInput("a pool manifest must be a dictionary with apiVersion, kind, metadata and spec")
    pools = [each for each in t.cast("list[t.Mapping[str, t.Any]]", manifests) if each["kind"] in (NAMESPACED, GLOBAL)]
    if manifests and not pools:
        raise InvalidInput(_other_kinds(t.cast("list[t.Mapping[str, t.Any]]", manifests)))
    return pools


def one_manifest(definition: t.Mapping[str, t.Any]) -> t.Mapping[str, t.Any]:
    """The manifest itself, or the one pool in a list. Raises IpamError for a list with more."""
    if items(definition) == [definition]:
        return definition
    pools = pool_manifests([definition])
    if len(pools) != 1:
        raise InvalidInput(
            f"the {plain(definition.get('kind'), _SHOWN)} holds {len(pools)} pools; register them one by one, with a loop"
        )
    return pools[0]


def items(document: object) -> list[object]:
    """The manifests in a document: the items of a list of Kubernetes, else itself."""
    if not isinstance(document, t.Mapping) or not str(document.get("kind")).endswith("List"):
        return [document]
    found = document.get("items")
    return list(found) if isinstance(found, (list, tuple)) else []


def _other_kinds(manifests: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    kinds = ", ".join(sorted({plain(each["kind"], _SHOWN) for each in manifests}))
    return (
        f"there is no {NAMESPACED} or {GLOBAL} among the pools, only {plain(kinds)}; correct the kind, or make pools of"
        " another provider with kubernetes.core.k8s: claims can name them all the same"
    )


def applied(before: Pool | None, pool: Pool) -> Pool:
    """The pool as it is once a manifest was applied: labels and annotations that it does not name belong to others and stay."""
    if before is None:
        return pool
    labels, annotations = merged(before.labels, pool.labels), merged(before.annotations, pool.annotations)
    return dataclasses.replace(pool, labels=labels, annotations=annotations)


def identity(manifest: t.Mapping[str, t.Any], namespace: str) -> tuple[PoolReference, str]:
    """The reference and the namespace (empty for a global pool) of the pool in a manifest; needs no spec."""
    if not isinstance(manifest, t.Mapping):
        raise InvalidInput("a pool manifest must be a dictionary with apiVersion, kind, metadata and spec")
    kind, version = manifest.get("kind"), manifest.get("apiVersion")
    if kind not in (NAMESPACED, GLOBAL):
        raise InvalidInput(
            f"a pool manifest has kind {plain(kind, _SHOWN)}; write {NAMESPACED} or {GLOBAL}, or make a pool of another provider"
            " with kubernetes.core.k8s: claims can name it all the same"
        )
    if version != _VERSION:
        raise InvalidInput(
            f"a pool manifest of kind {kind} has apiVersion {plain(version, _SHOWN)}; write it as {_VERSION}"
        )
    metadata = manifest.get("metadata")
    name = metadata.get("name") if isinstance(metadata, t.Mapping) else None
    if not name or not isinstance(metadata, t.Mapping):
        raise InvalidInput(f"a pool manifest of kind {kind} has no metadata.name")
    reference = PoolReference(GROUP, str(kind), checked_name(_name(name), "pool"))
    return reference, "" if kind == GLOBAL else checked_name(_name(metadata.get("namespace") or namespace), "namespace")


def _name(value: object) -> str:
    """A name as text; YAML may have read a number."""
    return value if isinstance(value, str) else plain(value, _SHOWN)


def pool_to_manifest(pool: Pool) -> dict[str, t.Any]:
    """The manifest of a pool, with the fields that it sets."""
    metadata: dict[str, t.Any] = {"name": pool.reference.name}
    if pool.namespace:
        metadata["namespace"] = pool.namespace
    if pool.labels:
        metadata["labels"] = dict(pool.labels)
    if pool.annotations:
        metadata["annotations"] = dict(pool.annotations)
    spec: dict[str, t.Any] = {"addresses": list(pool.addresses), "prefix": pool.prefix}
    if pool.gateway:
        spec["gateway"] = pool.gateway
    if pool.excluded_addresses:
        spec["excludedAddresses"] = list(pool.excluded_addresses)
    if pool.allocate_reserved_addresses:
        spec["allocateReservedIPAddresses"] = True
    if pool.reuse_grace_period:
        spec[_GRACE_PERIOD] = pool.reuse_grace_period
    if pool.preallocations:
        spec["preAllocations"] = dict(pool.preallocations)
    return {"apiVersion": _VERSION, "kind": pool.reference.kind, "metadata": metadata, "spec": spec}


def sharing(pools: t.Sequence[Pool], others: t.Sequence[Pool]) -> list[str]:
    """A sentence for every two pools that one namespace can claim from and that share addresses: both may give one out.

    ``pools`` are those that are made or changed now, ``others`` what there is beside them. The provider allows it, so we do, too.
    At most ``MOST_SHARING`` pairs are shown, and then that there are more.
    """
    named = {(pool.reference, pool.namespace): pool for pool in [*others, *pools]}
    changed = {(pool.reference, pool.namespace) for pool in pools}
    known = [(pool, allocatable(pool), title in changed) for title, pool in named.items()]
    pairs = itertools.islice(_overlapping(known), MOST_SHARING + 1)
    sentences = [
        _shared(known[one][0], known[other][0], known[one][1].shared_with(known[other][1])) for one, other in pairs
    ]
    if len(sentences) > MOST_SHARING:
        sentences[-1] = f"more than {MOST_SHARING} pairs of pools share addresses; only the first ones are named"
    return sentences


def _overlapping(known: t.Sequence[tuple[Pool, AddressSet, bool]]) -> t.Iterator[tuple[int, int]]:
    """The positions of every two pools that share an address, one of them changed: one pass over all of their ranges.

    A caller that takes only the first few pairs pays for the ranges, and for no more than so many comparisons at each.
    """
    starts = heapq.merge(*(_placed(addresses, position) for position, (_pool, addresses, _changed) in enumerate(known)))
    seen: set[tuple[int, int]] = set()
    # the pools whose last range may reach this one, with its end: changed or not, by namespace
    reaching: dict[tuple[bool, str], dict[int, tuple[int, int]]] = {}
    for version, first, last, position in starts:
        pool, _addresses, changed = known[position]
        for (other_changed, namespace), open_ranges in reaching.items():
            apart = pool.namespace and namespace and pool.namespace != namespace
            if apart or not (changed or other_changed):
                continue
            for other, end in list(open_ranges.items()):
                if end < (version, first):
                    del open_ranges[other]
                elif other != position and (min(other, position), max(other, position)) not in seen:
                    seen.add((min(other, position), max(other, position)))
                    # the changed one is named first
                    yield (
                        (position, other) if (not changed, position) < (not other_changed, other) else (other, position)
                    )
        reaching.setdefault((changed, pool.namespace), {})[position] = (version, last)


def _placed(addresses: AddressSet, position: int) -> t.Iterator[tuple[int, int, int, int]]:
    return ((addresses.version, first, last, position) for first, last in addresses.ranges)


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
            shown = plain(field, _SHOWN)
            hint = did_you_mean(shown, _FIELDS, f"the fields are {', '.join(_FIELDS)}")
            raise InvalidInput(f"pool {name}: spec has no field {shown}; {hint}")


def _texts(name: str, spec: t.Mapping[str, t.Any], field: str) -> tuple[str, ...]:
    value = spec.get(field) or []
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise InvalidInput(f"pool {name}: {field} must be a list of strings")
    return tuple(value)


def _gateway(name: str, spec: t.Mapping[str, t.Any]) -> str | None:
    value = spec.get("gateway")
    if value is not None and not isinstance(value, str):
        raise InvalidInput(f"pool {name}: gateway must be a string, such as 192.0.2.1")
    return value or None


def _whole_number(name: str, spec: t.Mapping[str, t.Any], field: str) -> int:
    value = spec.get(field)
    # Jinja2 makes strings of numbers; anything else that int() would take, a cluster refuses
    if isinstance(value, str) and _DIGITS.match(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidInput(f"pool {name}: {field} is required and must be a whole number")
    return value


def _boolean(name: str, spec: t.Mapping[str, t.Any], field: str) -> bool:
    value = spec.get(field, False)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise InvalidInput(f"pool {name}: {field} must be true or false, not {plain(value, _SHOWN)}")


def _grace_period(name: str, spec: t.Mapping[str, t.Any]) -> int:
    seconds = 0 if spec.get(_GRACE_PERIOD) is None else _whole_number(name, spec, _GRACE_PERIOD)
    if not 0 <= seconds <= _LONGEST_GRACE_PERIOD:
        raise InvalidInput(f"pool {name}: {_GRACE_PERIOD} must be between 0 and {_LONGEST_GRACE_PERIOD}")
    return seconds


def _preallocations(name: str, spec: t.Mapping[str, t.Any]) -> tuple[tuple[str, str], ...]:
    value = spec.get("preAllocations")
    if value is None:
        return ()
    if not isinstance(value, t.Mapping) or not all(isinstance(each, str) for each in value.values()):
        raise InvalidInput(f"pool {name}: preAllocations must be a dictionary of claim name to address")
    return tuple(sorted((checked_name(_name(claim), "claim"), address) for claim, address in value.items()))
