# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims and addresses as an API server has them, to and from what the IPAM room talks about (pure)."""

from __future__ import annotations

import hashlib
import re
import typing as t
from dataclasses import dataclass, replace

from ..._host_keys import joined, parted
from ..._machine_id import valid_identity
from ..._texts import moment, plain
from ..addresses import checked_address
from ..errors import claim_conflict
from ..model import Address, Claim, IpamError, Owner, PoolReference
from ..names import is_label, is_subdomain
from .conditions import Condition, not_served
from .errors import GROUP
from .reading import Object, malformed, mapping, mappings, optional_mapping, optional_text, text, texts

PREFIX = "elemental.networking"
MANAGED_BY = "app.kubernetes.io/managed-by"
HOST_KEYS = f"{PREFIX}/ssh-host-keys"
MACHINE_ID = f"{PREFIX}/machine-id"
SITE = f"{PREFIX}/site"
MACHINE = f"{PREFIX}/machine"
ADOPTED_BY = f"{PREFIX}/adopted-by"
CONFIRMED = f"{PREFIX}/confirmed"
# on an IPAddress: the uid of the one that holds the same address until its claim is released
ORIGIN = f"{PREFIX}/handed-over-from"
SELECTOR = f"{MANAGED_BY}={PREFIX}"
_LABEL_VALUE = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\Z")
PAUSED = "cluster.x-k8s.io/paused"
_CLUSTER = "cluster.x-k8s.io/cluster-name"


@dataclass(frozen=True)
class ObservedClaim:
    """A claim on the server. ``address_name`` is empty while it waits; ``call`` is the run that made it.

    ``condition`` is what the provider reports of a claim that it does not serve, ``deleted_at`` is empty or a time in RFC 3339, ``cluster``
    the Cluster that the claim names, ``version`` the resourceVersion, ``adopted_by`` the first other run that counted on the claim.
    """

    claim: Claim
    address_name: str = ""
    deleted_at: str = ""
    condition: Condition = Condition()
    call: str = ""
    is_paused: bool = False
    cluster: str = ""
    version: str = ""
    adopted_by: str = ""

    @property
    def terminating(self) -> bool:
        """Whether it is being released."""
        return bool(self.deleted_at)

    def is_used_beside(self, call: str) -> bool:
        """Whether another run than ``call`` counts on the claim, so that ``call`` must not take it back although it made it."""
        return self.adopted_by not in ("", call) or bool(self.claim.host_keys)

    def may_be_taken_back(self, call: str) -> bool:
        """Whether the run that made the claim may take it back, not knowing that ``call`` counts on it."""
        return self.call not in ("", call) and not self.is_used_beside(self.call)

    @property
    def uid(self) -> str:
        """That of the object: one that is made again under its name has another."""
        return self.claim.uid

    @property
    def hopeless(self) -> bool:
        """Whether the provider reports that it will not serve this claim."""
        return not self.address_name and self.condition.final


def claim_object(claim: Claim, version: str, call: str) -> Object:
    """The IPAddressClaim to create. The cluster-name label is never set: a claim that names a missing Cluster is never served."""
    exact = {"host": claim.host, "call": call}
    # each annotation costs the provider, who writes the object three times (measured: six of them a ninth of its pace)
    exact.update({name: text for name, text in _texts(claim).items() if label_value(text) != text})
    metadata: Object = {
        "name": claim.name,
        "namespace": claim.namespace,
        "labels": {
            MANAGED_BY: PREFIX,
            **{f"{PREFIX}/{name}": label_value(text) for name, text in _texts(claim).items()},
        },
        "annotations": {
            **{f"{PREFIX}/{name}": value for name, value in exact.items() if value},
            **_recorded(claim),
        },
    }
    if claim.owner is not None:
        owner = claim.owner
        reference = {"apiVersion": owner.api_version, "kind": owner.kind, "name": owner.name, "uid": owner.uid}
        metadata["ownerReferences"] = [{**reference, "blockOwnerDeletion": False, "controller": False}]
    return {
        "apiVersion": f"{GROUP}/{version}",
        "kind": "IPAddressClaim",
        "metadata": metadata,
        "spec": {"poolRef": _pool_object(claim.pool)},
    }


def _texts(claim: Claim) -> dict[str, str]:
    return {"machine": claim.machine, "key": claim.key}


def label_value(text: str) -> str:
    """The text as a label value; if it is not valid as one (too long, other characters), its beginning and a digest."""
    if _LABEL_VALUE.match(text):
        return text
    beginning = re.sub(r"[^A-Za-z0-9]", "-", text[:40]).strip("-")
    return f"{beginning}-{hashlib.sha256(text.encode()).hexdigest()[:12]}".lstrip("-")


def found(item: Object) -> ObservedClaim:
    """A claim as the server sent it, in v1beta1 or v1beta2. Raises Malformed for anything else."""
    namespace, name, metadata = identity(item, "IPAddressClaim")
    what = f"IPAddressClaim {namespace}/{name}"
    status = optional_mapping(item.get("status"), what, "status")
    annotations = texts(metadata.get("annotations"), what, "metadata.annotations")
    labels = texts(metadata.get("labels"), what, "metadata.labels")
    owners = _owners(metadata, what)
    managed = labels.get(MANAGED_BY) == PREFIX
    machine, key = _machine_and_key({**(labels if managed else {}), **annotations}, name, owners)
    spec = mapping(item.get("spec"), what, "spec")
    return ObservedClaim(
        claim=Claim(
            namespace=namespace,
            name=name,
            machine=machine,
            key=key,
            pool=_pool(spec, what),
            host=annotations.get(f"{PREFIX}/host", ""),
            owner=next((each for each in owners if each.controller), owners[0]) if owners else None,
            managed=managed,
            labels=tuple(sorted(labels.items())),
            host_keys=parted(annotations.get(HOST_KEYS)),
            uid=text(metadata, "uid", what, "metadata"),
            machine_id=valid_identity(annotations.get(MACHINE_ID)),
            site=plain(annotations.get(SITE, ""), 80),
            confirmed=moment(annotations.get(CONFIRMED)),
        ),
        address_name=_address_name(status, what),
        deleted_at=optional_text(metadata, "deletionTimestamp", what, "metadata"),
        condition=not_served(status, what),
        call=annotations.get(f"{PREFIX}/call", ""),
        is_paused=PAUSED in annotations,
        cluster=optional_text(spec, "clusterName", what, "spec") or labels.get(_CLUSTER, ""),
        version=optional_text(metadata, "resourceVersion", what, "metadata"),
        adopted_by=annotations.get(ADOPTED_BY, ""),
    )


def _machine_and_key(known: t.Mapping[str, str], name: str, owners: t.Sequence[Owner]) -> tuple[str, str]:
    """For which machine a claim is: by its annotations, which hold what does not fit into a label, by its labels, or by its owner."""
    machine, key = (known.get(f"{PREFIX}/{field}", "") for field in ("machine", "key"))
    return (machine, key) if machine else _by_owner(name, owners)


def adoption_patch(claim: ObservedClaim, call: str) -> Object:
    """The merge patch with which a run marks exactly this claim as one that it counts on."""
    return {"metadata": {"uid": claim.uid, "annotations": {ADOPTED_BY: call}}}


def record_patch(claim: ObservedClaim) -> Object:
    """The merge patch that keeps what is recorded with exactly this claim; one that was made again meanwhile has another uid."""
    return {"metadata": {"uid": claim.uid, "annotations": _recorded(claim.claim)}}


def _recorded(claim: Claim) -> dict[str, str]:
    """What is recorded with a claim, as annotations: its inventory, and what a push learnt about its machine."""
    kept = {
        SITE: claim.site,
        HOST_KEYS: joined(claim.host_keys),
        MACHINE_ID: claim.machine_id,
        CONFIRMED: claim.confirmed,
    }
    return {name: value for name, value in kept.items() if value}


def machine_patch(claim: ObservedClaim) -> Object:
    """The merge patch that gives exactly this claim another machine and host."""
    machine, value = claim.claim.machine, label_value(claim.claim.machine)
    # null removes an annotation
    annotations = {
        f"{PREFIX}/host": claim.claim.host or None,
        f"{PREFIX}/machine": machine if value != machine else None,
    }
    return {"metadata": {"uid": claim.uid, "labels": {f"{PREFIX}/machine": value}, "annotations": annotations}}


def address_object(claim: Claim, address: Address, before: ObservedClaim, origin: str, version: str) -> Object:
    """The IPAddress of a claim that does not exist yet: the provider finds it by its name and keeps it, as ``clusterctl move`` needs.

    ``before`` is the claim that has the address until then, ``origin`` the uid of its IPAddress. Where that claim goes before the new
    one is there, this goes with it.
    """
    api_version = f"{GROUP}/{version}"
    owner = {"apiVersion": api_version, "kind": "IPAddressClaim", "name": before.claim.name, "uid": before.uid}
    spec: Object = {
        "address": address.address,
        "prefix": address.prefix,
        "claimRef": {"name": claim.name},
        "poolRef": _pool_object(claim.pool),
    }
    if address.gateway:
        spec["gateway"] = address.gateway
    return {
        "apiVersion": api_version,
        "kind": "IPAddress",
        "metadata": {
            "name": claim.name,
            "namespace": claim.namespace,
            "annotations": {ORIGIN: origin},
            "ownerReferences": [{**owner, "blockOwnerDeletion": False, "controller": False}],
        },
        "spec": spec,
    }


def _pool_object(pool: PoolReference) -> Object:
    return {"apiGroup": pool.api_group, "kind": pool.kind, "name": pool.name}


def identity(item: Object, kind: str) -> tuple[str, str, Object]:
    """Namespace, name and metadata of an object. Raises Malformed for names that no object can have."""
    metadata = mapping(item.get("metadata"), f"{kind} without a name", "metadata")
    namespace, name = metadata.get("namespace"), metadata.get("name")
    if not is_label(namespace) or not is_subdomain(name):
        shown = f"{plain(namespace, 80)}/{plain(name, 80)}"
        raise malformed(f"{kind} {shown}", "which no object can be called")
    return t.cast(str, namespace), t.cast(str, name), metadata


@dataclass(frozen=True)
class Given:
    """An IPAddress: the name of its claim, its pool and its address, or why these cannot be used.

    ``origin`` is the uid of the IPAddress that it was handed over from, empty as a rule.
    """

    namespace: str
    name: str
    terminating: bool
    content: tuple[str, PoolReference, Address] | IpamError
    uid: str = ""
    origin: str = ""


def address(item: Object) -> Given:
    """An IPAddress as the server sent it. One that is malformed does not fail the others in its list."""
    namespace, name, metadata = identity(item, "IPAddress")
    content: tuple[str, PoolReference, Address] | IpamError
    try:
        content = _content(item, f"IPAddress {namespace}/{name}")
    except IpamError as error:
        content = error
    uid, annotations = metadata.get("uid"), metadata.get("annotations")
    origin = annotations.get(ORIGIN) if isinstance(annotations, t.Mapping) else None
    uid, origin = (each if isinstance(each, str) else "" for each in (uid, origin))
    return Given(namespace, name, "deletionTimestamp" in metadata, content, uid, origin)


def _content(item: Object, what: str) -> tuple[str, PoolReference, Address]:
    spec = mapping(item.get("spec"), what, "spec")
    claim = text(mapping(spec.get("claimRef"), what, "spec.claimRef"), "name", what, "spec.claimRef")
    pool = _pool(spec, what)
    owner = f"{what} of claim {plain(claim, 80)}"
    found = checked_address(owner, spec.get("address"), spec.get("prefix"), spec.get("gateway"))
    return claim, pool, replace(found, pool=pool.name)


def check_address(claim: Claim, claim_name: str, pool: PoolReference, name: str) -> None:
    """Raise IpamError when an address does not belong to the claim that points to it."""
    if (claim_name, pool) != (claim.name, claim.pool):
        raise claim_conflict(
            claim,
            f"claim {claim.name} points to address {name}, which is for claim {claim_name} of pool {pool}; "
            "release the claim and claim again",
        )


def _pool(spec: Object, what: str) -> PoolReference:
    reference, field = mapping(spec.get("poolRef"), what, "spec.poolRef"), "spec.poolRef"
    group = optional_text(reference, "apiGroup", what, field)
    return PoolReference(group, text(reference, "kind", what, field), text(reference, "name", what, field))


def _address_name(status: Object, what: str) -> str:
    # a claim that waits has addressRef: {} when read in v1beta1
    reference = optional_mapping(status.get("addressRef"), what, "status.addressRef")
    return optional_text(reference, "name", what, "status.addressRef")


def _owners(metadata: Object, what: str) -> list[Owner]:
    field = "metadata.ownerReferences"
    return [
        Owner(
            text(each, "apiVersion", what, field),
            text(each, "kind", what, field),
            text(each, "name", what, field),
            text(each, "uid", what, field),
            each.get("controller") is True,
        )
        for each in mappings(metadata.get("ownerReferences"), what, field)
    ]


def _by_owner(name: str, owners: t.Sequence[Owner]) -> tuple[str, str]:
    """Machine and key of a claim that Elemental made: its name is that of its owner, a dash, and the key."""
    for owner in owners:
        beginning = f"{owner.name}-"
        if name.startswith(beginning) and len(name) > len(beginning):
            return owner.name, name[len(beginning) :]
    return "", ""
