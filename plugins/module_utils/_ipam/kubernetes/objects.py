# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims and addresses as an API server has them, to and from what the IPAM room talks about (pure)."""

from __future__ import annotations

import hashlib
import re
import typing as t
from dataclasses import dataclass

from ..._host_keys import joined, parted
from ..addresses import checked_address
from ..model import Address, Claim, IpamError, Owner, PoolReference
from ..names import is_label, is_subdomain
from ..texts import moment, plain
from .errors import GROUP
from .reading import Object, malformed, mapping, mappings, optional_mapping, optional_text, text, texts

PREFIX = "elemental.networking"
MANAGED_BY = "app.kubernetes.io/managed-by"
HOST_KEYS = f"{PREFIX}/ssh-host-keys"
CONFIRMED = f"{PREFIX}/confirmed"
# on an IPAddress: the uid of the one that holds the same address until its claim is released
ORIGIN = f"{PREFIX}/handed-over-from"
SELECTOR = f"{MANAGED_BY}={PREFIX}"
_LABEL_VALUE = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\Z")
# what a provider that sets conditions says when waiting is of no use
_TERMINAL = ("PoolExhausted", "AllocationFailed")
# of a reason, in characters; it is one word
_LONGEST_REASON = 80


@dataclass(frozen=True)
class Found:
    """A claim on the server. ``address_name`` is empty while it waits; ``call`` is the run that made it."""

    claim: Claim
    uid: str
    address_name: str = ""
    terminating: bool = False
    reason: str = ""
    message: str = ""
    call: str = ""

    @property
    def hopeless(self) -> bool:
        """Whether the provider says that it will not serve this claim."""
        return not self.address_name and self.reason in _TERMINAL


def claim_object(claim: Claim, version: str, call: str) -> Object:
    """The IPAddressClaim to create. The cluster-name label is never set: a claim that names a missing Cluster is never served."""
    exact = {"host": claim.host, "call": call, **_recorded(claim)}
    # each annotation costs the provider, who writes the object three times (measured: six of them a ninth of its pace)
    exact.update({name: text for name, text in _texts(claim).items() if label_value(text) != text})
    metadata: Object = {
        "name": claim.name,
        "namespace": claim.namespace,
        "labels": {
            MANAGED_BY: PREFIX,
            **{f"{PREFIX}/{name}": label_value(text) for name, text in _texts(claim).items()},
        },
        "annotations": {f"{PREFIX}/{name}": value for name, value in exact.items() if value},
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
    """The text as a label value; one that is none (too long, other characters) becomes its beginning and a digest."""
    if _LABEL_VALUE.match(text):
        return text
    beginning = re.sub(r"[^A-Za-z0-9]", "-", text[:40]).strip("-")
    return f"{beginning}-{hashlib.sha256(text.encode()).hexdigest()[:12]}".lstrip("-")


def found(item: Object) -> Found:
    """A claim as the server sent it, in v1beta1 or v1beta2. Raises Malformed for anything else."""
    namespace, name, metadata = identity(item, "IPAddressClaim")
    what = f"IPAddressClaim {namespace}/{name}"
    status = optional_mapping(item.get("status"), what, "status")
    annotations = texts(metadata.get("annotations"), what, "metadata.annotations")
    labels = texts(metadata.get("labels"), what, "metadata.labels")
    owners = _owners(metadata, what)
    managed = labels.get(MANAGED_BY) == PREFIX
    # an annotation says what does not fit into a label
    said = {**(labels if managed else {}), **annotations}
    machine, key = (said.get(f"{PREFIX}/{field}", "") for field in ("machine", "key"))
    if not machine:
        machine, key = _by_owner(name, owners)
    reason, message = _not_ready(status, what)
    return Found(
        claim=Claim(
            namespace=namespace,
            name=name,
            machine=machine,
            key=key,
            pool=_pool(mapping(item.get("spec"), what, "spec"), what),
            host=annotations.get(f"{PREFIX}/host", ""),
            owner=owners[0] if owners else None,
            managed=managed,
            labels=tuple(sorted(labels.items())),
            host_keys=parted(annotations.get(HOST_KEYS)),
            confirmed=moment(annotations.get(CONFIRMED)),
        ),
        uid=text(metadata, "uid", what, "metadata"),
        address_name=_address_name(status, what),
        terminating="deletionTimestamp" in metadata,
        reason=reason,
        message=message,
        call=annotations.get(f"{PREFIX}/call", ""),
    )


def record_patch(claim: Found) -> Object:
    """The merge patch that keeps what is recorded with exactly this claim; one that was made again meanwhile has another uid."""
    annotations = {f"{PREFIX}/{name}": value for name, value in _recorded(claim.claim).items() if value}
    return {"metadata": {"uid": claim.uid, "annotations": annotations}}


def _recorded(claim: Claim) -> dict[str, str]:
    """What a push recorded with a claim."""
    return {"ssh-host-keys": joined(claim.host_keys), "confirmed": claim.confirmed}


def machine_patch(claim: Found) -> Object:
    """The merge patch that gives exactly this claim another machine and host."""
    machine, value = claim.claim.machine, label_value(claim.claim.machine)
    # null removes an annotation
    annotations = {
        f"{PREFIX}/host": claim.claim.host or None,
        f"{PREFIX}/machine": machine if value != machine else None,
    }
    return {"metadata": {"uid": claim.uid, "labels": {f"{PREFIX}/machine": value}, "annotations": annotations}}


def address_object(claim: Claim, address: Address, before: Found, origin: str, version: str) -> Object:
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
    """An IPAddress as the server sent it. One that is not what it should be is no fault of the others in its list."""
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
    return claim, pool, checked_address(owner, spec.get("address"), spec.get("prefix"), spec.get("gateway"))


def check_address(claim: Claim, claim_name: str, pool: PoolReference, name: str) -> None:
    """Raise IpamError when an address does not belong to the claim that points to it."""
    if (claim_name, pool) != (claim.name, claim.pool):
        raise IpamError(
            f"claim {claim.name} points to address {name}, which is for claim {claim_name} of pool {pool}; "
            "release the claim and claim anew"
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
        Owner(*(text(each, name, what, field) for name in ("apiVersion", "kind", "name", "uid")))
        for each in mappings(metadata.get("ownerReferences"), what, field)
    ]


def _by_owner(name: str, owners: t.Sequence[Owner]) -> tuple[str, str]:
    """Machine and key of a claim that Elemental made: its name is that of its owner, a dash, and the key."""
    for owner in owners:
        beginning = f"{owner.name}-"
        if name.startswith(beginning) and len(name) > len(beginning):
            return owner.name, name[len(beginning) :]
    return "", ""


def _not_ready(status: Object, what: str) -> tuple[str, str]:
    """Reason and message of Ready=False; where it stands depends on the version that wrote and the one that is read."""
    newer = optional_mapping(status.get("v1beta2"), what, "status.v1beta2")
    deprecated = optional_mapping(status.get("deprecated"), what, "status.deprecated")
    older = optional_mapping(deprecated.get("v1beta1"), what, "status.deprecated.v1beta1")
    for part in (newer, status, older):
        for condition in mappings(part.get("conditions"), what, "status.conditions"):
            if condition.get("type") == "Ready" and condition.get("status") == "False":
                return plain(condition.get("reason") or "", _LONGEST_REASON), plain(condition.get("message") or "")
    return "", ""
