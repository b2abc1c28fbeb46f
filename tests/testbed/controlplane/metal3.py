# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A DOUBLE of Metal3's ip-address-manager: it is not that program, which the Go module proxy does not have.

It does on a real API server what was measured of versions 1.10 to 1.12 and of 1.13: names, finalizers, owner references, labels and
conditions, with what is odd there, too: a claim that was refused is never looked at again, the gateway is not kept back, and a pool may
have no prefix. Its own definition of IPPool takes every field.
"""

from __future__ import annotations

import ipaddress
import time
import typing as t
import urllib.error

from . import places
from .admin import Admin, Object

GROUP = "ipam.metal3.io"
_FINALIZER = {"claim": f"{GROUP}/ipaddressclaim", "address": f"{GROUP}/ipaddress"}
_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_ANY: Object = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_DEFINITION: Object = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": f"ippools.{GROUP}"},
    "spec": {
        "group": GROUP,
        "scope": "Namespaced",
        "names": {"kind": "IPPool", "listKind": "IPPoolList", "plural": "ippools", "singular": "ippool"},
        "versions": [
            {
                "name": "v1alpha1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": _ANY, "status": _ANY}}},
            }
        ],
    },
}
_MERGE = "application/merge-patch+json"
_NOW = "2026-01-01T00:00:00Z"


class Metal3:
    """Serves the claims of one namespace, each time ``reconcile`` is called; ``pace`` is how many in a second at most, 0 for any number."""

    def __init__(self, admin: Admin, namespace: str, version: str = "1.13", pace: float = 0) -> None:
        self._admin, self._namespace, self._pace = admin, namespace, pace
        self._is_older = version != "1.13"
        self._last = 0.0

    # --- what a test does -------------------------------------------------------------------------------------

    def install(self) -> None:
        """Make the definition of IPPool, and wait until it is served."""
        self._admin.create(_DEFINITIONS, _DEFINITION)
        self._admin.until("IPPool", lambda: _is_served(self._admin, self._pools()))

    def remove(self) -> None:
        """Remove the definition, and all pools with it."""
        self._admin.call("DELETE", f"{_DEFINITIONS}/ippools.{GROUP}")
        self._admin.until("IPPool to go", lambda: not _is_served(self._admin, self._pools()))

    def pool(self, name: str = "m", **spec: t.Any) -> None:
        """Make or change a pool."""
        body: Object = {"apiVersion": f"{GROUP}/v1alpha1", "kind": "IPPool", "metadata": {"name": name}}
        body["spec"] = {"namePrefix": name, **spec}
        self._admin.create(self._pools(), body)
        self._admin.call("PATCH", self._pools(name), {"spec": body["spec"]}, _MERGE)

    def allow(self, user: str) -> None:
        """Let a user read the pools, as the collection's documentation says for pools of another provider."""
        rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{self._namespace}"
        rule = {"apiGroups": [GROUP], "resources": ["ippools"], "verbs": ["get", "list"]}
        metadata = {"name": f"metal3-{user}"}
        self._admin.create(f"{rbac}/roles", {"kind": "Role", "metadata": metadata, "rules": [rule]})
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": metadata["name"]}
        subjects = [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}]
        binding = {"kind": "RoleBinding", "metadata": metadata, "roleRef": reference, "subjects": subjects}
        self._admin.create(f"{rbac}/rolebindings", binding)

    # --- what the provider does -------------------------------------------------------------------------------

    def reconcile(self) -> None:
        """Look at every claim once. They are matched by the name of the pool alone: kind and group are ignored."""
        pools = {pool["metadata"]["name"]: pool for pool in self._admin.call("GET", self._pools())["items"]}
        for claim in self._admin.call("GET", self._claims())["items"]:
            pool = pools.get(claim["spec"]["poolRef"]["name"])
            if pool is not None and self._is_active(pool):
                self._look_at(pool, claim)

    def _is_active(self, pool: Object) -> bool:
        """A paused pool, and one whose Cluster is missing, is left alone without a word; nothing here makes Clusters."""
        return "cluster.x-k8s.io/paused" not in pool["metadata"].get("annotations", {}) and not pool["spec"].get(
            "clusterName"
        )

    def _look_at(self, pool: Object, claim: Object) -> None:
        name, status = claim["metadata"]["name"], claim.get("status", {})
        if "deletionTimestamp" in claim["metadata"]:
            self._release(claim)
        elif not status.get("addressRef", {}).get("name") and not self._was_refused(status):
            self._keep_pace()
            others = [each for each in claim["metadata"].get("finalizers", []) if each != _FINALIZER["claim"]]
            self._change(self._claims(name), {"metadata": {"finalizers": [*others, _FINALIZER["claim"]]}})
            self._serve(pool, claim)

    def _keep_pace(self) -> None:
        if self._pace:
            time.sleep(max(0.0, self._last + 1 / self._pace - time.monotonic()))
            self._last = time.monotonic()

    def _was_refused(self, status: Object) -> bool:
        kind, state = ("ErrorMessage", "True") if self._is_older else ("Ready", "False")
        return any((each["type"], each["status"]) == (kind, state) for each in status.get("conditions", []))

    def _serve(self, pool: Object, claim: Object) -> None:
        name = claim["metadata"]["name"]
        kept = pool["spec"].get("preAllocations", {})
        taken = {item["spec"]["address"] for item in self._addresses_of(pool)}
        candidates = [(address, part) for part in pool["spec"].get("pools", []) for address in _addresses(part)]
        if name in kept:
            candidates = [each for each in candidates if each[0] == kept[name]]
            if not candidates:
                self._refuse(name, "AllocationFailed", "Pre-allocated IP out of bond(s)")
                return
        free = [each for each in candidates if each[0] not in taken and (name in kept or each[0] not in kept.values())]
        if not free:
            self._refuse(name, "PoolExhausted", "Exhausted IP Pools")
            return
        address = self._give(pool, claim, *free[0])
        self._change(self._claims(name, "/status"), {"status": {"addressRef": {"name": address}, **self._served()}})

    def _give(self, pool: Object, claim: Object, address: str, part: Object) -> str:
        metadata, spec = claim["metadata"], pool["spec"]
        name = f"{spec['namePrefix']}-{address.replace('.', '-').replace(':', '-')}"
        owner = {
            "apiVersion": claim["apiVersion"],
            "kind": "IPAddressClaim",
            "name": metadata["name"],
            "uid": metadata["uid"],
        }
        above = {"apiVersion": pool["apiVersion"], "kind": "IPPool"}
        above.update({field: pool["metadata"][field] for field in ("name", "uid")})
        body: Object = {
            "apiVersion": f"{places.GROUP}/{self._version}",
            "kind": "IPAddress",
            "metadata": {
                "name": name,
                "labels": metadata.get("labels", {}),
                "finalizers": [_FINALIZER["address"]],
                "ownerReferences": [above, owner],
            },
            "spec": {
                "address": address,
                "prefix": part.get("prefix", spec.get("prefix", 0)),
                "claimRef": {"name": metadata["name"]},
                "poolRef": claim["spec"]["poolRef"],
            },
        }
        gateway = part.get("gateway", spec.get("gateway"))
        if gateway:
            body["spec"]["gateway"] = gateway
        self._admin.call("POST", self._path("ipaddresses"), body)
        return name

    def _served(self) -> Object:
        """Since 1.13 it tries Ready=True with an empty reason, which the definition refuses."""
        return (
            {"conditions": [{"type": "ErrorMessage", "status": "False", "lastTransitionTime": _NOW}]}
            if self._is_older
            else {}
        )

    def _refuse(self, claim: str, reason: str, message: str) -> None:
        condition: Object = {"type": "Ready", "status": "False", "reason": reason}
        if self._is_older:
            condition = {"type": "ErrorMessage", "status": "True", "severity": "Error", "reason": "ErrorMessage"}
        condition.update(message=message, lastTransitionTime=_NOW)
        self._change(self._claims(claim, "/status"), {"status": {"conditions": [condition]}})

    def _release(self, claim: Object) -> None:
        """Only while no other finalizer is on the claim."""
        if claim["metadata"].get("finalizers") != [_FINALIZER["claim"]]:
            return
        self._keep_pace()
        for item in self._admin.call("GET", self._path("ipaddresses"))["items"]:
            if item["spec"]["claimRef"]["name"] == claim["metadata"]["name"] and _is_ours(item):
                path = self._path("ipaddresses", item["metadata"]["name"])
                self._change(path, {"metadata": {"finalizers": None}})
                self._admin.call("DELETE", path)
        self._change(self._claims(claim["metadata"]["name"]), {"metadata": {"finalizers": None}})

    def _addresses_of(self, pool: Object) -> list[Object]:
        items = self._admin.call("GET", self._path("ipaddresses"))["items"]
        return [item for item in items if item["spec"]["poolRef"]["name"] == pool["metadata"]["name"]]

    # --- where things are -------------------------------------------------------------------------------------

    @property
    def _version(self) -> str:
        return "v1beta1" if self._is_older else "v1beta2"

    def _path(self, plural: str, name: str = "") -> str:
        return f"/apis/{places.GROUP}/{self._version}/namespaces/{self._namespace}/{plural}{'/' + name if name else ''}"

    def _claims(self, name: str = "", part: str = "") -> str:
        return self._path("ipaddressclaims", name) + part

    def _pools(self, name: str = "") -> str:
        return f"/apis/{GROUP}/v1alpha1/namespaces/{self._namespace}/ippools{'/' + name if name else ''}"

    def _change(self, path: str, body: Object) -> None:
        self._admin.call("PATCH", path, body, _MERGE)


def _is_served(admin: Admin, path: str) -> bool:
    try:
        admin.call("GET", path)
    except urllib.error.HTTPError:
        return False
    return True


def _is_ours(item: Object) -> bool:
    return _FINALIZER["address"] in item["metadata"].get("finalizers", [])


def _addresses(part: Object) -> t.Iterator[str]:
    """The addresses of one part of a pool, the gateway among them."""
    network = ipaddress.ip_network(part["subnet"]) if "subnet" in part else None
    first = ipaddress.ip_address(part.get("start") or network[1])  # type: ignore[index]
    last = ipaddress.ip_address(part.get("end") or network[-1])  # type: ignore[index]
    return (str(first + number) for number in range(int(last) - int(first) + 1))
