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

from ..model import Address, Claim, IpamError, Owner, PoolReference
from .api import Object
from .errors import GROUP

PREFIX = "elemental.networking"
MANAGED_BY = "app.kubernetes.io/managed-by"
SELECTOR = f"{MANAGED_BY}={PREFIX}"
_LABEL_VALUE = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\Z")
# what a provider that sets conditions says when waiting is of no use
_TERMINAL = ("PoolExhausted", "AllocationFailed")


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
        "annotations": {f"{PREFIX}/{name}": value for name, value in exact.items() if value},
    }
    if claim.owner is not None:
        owner = claim.owner
        reference = {"apiVersion": owner.api_version, "kind": owner.kind, "name": owner.name, "uid": owner.uid}
        metadata["ownerReferences"] = [{**reference, "blockOwnerDeletion": False, "controller": False}]
    pool = {"apiGroup": claim.pool.api_group, "kind": claim.pool.kind, "name": claim.pool.name}
    return {
        "apiVersion": f"{GROUP}/{version}",
        "kind": "IPAddressClaim",
        "metadata": metadata,
        "spec": {"poolRef": pool},
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
    """A claim as the server sent it, in v1beta1 or v1beta2."""
    metadata, status = item["metadata"], item.get("status") or {}
    annotations, labels = metadata.get("annotations") or {}, metadata.get("labels") or {}
    owners = metadata.get("ownerReferences") or []
    managed = labels.get(MANAGED_BY) == PREFIX
    # an annotation says what does not fit into a label
    said = {**(labels if managed else {}), **annotations}
    machine, key = (said.get(f"{PREFIX}/{name}", "") for name in ("machine", "key"))
    if not machine:
        machine, key = _by_owner(metadata["name"], owners)
    reason, message = _not_ready(status)
    return Found(
        claim=Claim(
            namespace=metadata["namespace"],
            name=metadata["name"],
            machine=machine,
            key=key,
            pool=_pool(item["spec"]["poolRef"]),
            host=annotations.get(f"{PREFIX}/host", ""),
            owner=_owner(owners),
            managed=managed,
            labels=tuple(sorted(labels.items())),
        ),
        uid=metadata["uid"],
        # a claim that waits has addressRef: {} when read in v1beta1
        address_name=(status.get("addressRef") or {}).get("name", ""),
        terminating="deletionTimestamp" in metadata,
        reason=reason,
        message=message,
        call=annotations.get(f"{PREFIX}/call", ""),
    )


def address(item: Object) -> tuple[str, PoolReference, Address]:
    """The claim's name, the pool and the address of an IPAddress."""
    spec = item["spec"]
    return (
        spec["claimRef"]["name"],
        _pool(spec["poolRef"]),
        Address(spec["address"], int(spec["prefix"]), spec.get("gateway") or None),
    )


def check_address(claim: Claim, claim_name: str, pool: PoolReference, name: str) -> None:
    """Raise IpamError when an address does not belong to the claim that points to it."""
    if (claim_name, pool) != (claim.name, claim.pool):
        raise IpamError(
            f"claim {claim.name} points to address {name}, which is for claim {claim_name} of pool {pool}; "
            "release the claim and claim anew"
        )


def _pool(reference: t.Mapping[str, t.Any]) -> PoolReference:
    return PoolReference(str(reference.get("apiGroup") or ""), str(reference["kind"]), str(reference["name"]))


def _owner(owners: t.Sequence[t.Mapping[str, t.Any]]) -> Owner | None:
    for owner in owners:
        return Owner(str(owner["apiVersion"]), str(owner["kind"]), str(owner["name"]), str(owner["uid"]))
    return None


def _by_owner(name: str, owners: t.Sequence[t.Mapping[str, t.Any]]) -> tuple[str, str]:
    """Machine and key of a claim that Elemental made: its name is that of its owner, a dash, and the key."""
    for owner in owners:
        beginning = f"{owner['name']}-"
        if name.startswith(beginning) and len(name) > len(beginning):
            return str(owner["name"]), name[len(beginning) :]
    return "", ""


def _not_ready(status: t.Mapping[str, t.Any]) -> tuple[str, str]:
    """Reason and message of Ready=False; where it stands depends on the version that wrote and the one that is read."""
    places = (
        (status.get("v1beta2") or {}).get("conditions"),
        status.get("conditions"),
        ((status.get("deprecated") or {}).get("v1beta1") or {}).get("conditions"),
    )
    for conditions in places:
        for condition in conditions or []:
            if condition.get("type") == "Ready" and condition.get("status") == "False":
                return str(condition.get("reason") or ""), str(condition.get("message") or "")
    return "", ""
