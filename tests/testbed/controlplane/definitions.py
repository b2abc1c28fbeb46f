# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Custom resource definitions and webhook configurations, as a real installation has them."""

from __future__ import annotations

import typing as t
from pathlib import Path

from . import places
from .admin import Admin

_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_HOOKS = "/apis/admissionregistration.k8s.io/v1"


def install(admin: Admin, folder: Path, conversion: str, authority: str) -> list[str]:
    """Install every definition of a folder; claims and addresses are converted by Cluster API's webhook. Returns the plurals."""
    names = []
    for file in sorted(folder.glob("*.yaml")):
        for document in file.read_text().split("\n---\n"):
            if document.strip().strip("-").strip():
                names.append(_install(admin, document, conversion if "_ipaddress" in file.name else "", authority))
    return names


def _install(admin: Admin, document: str, conversion: str, authority: str) -> str:
    """The API server reads YAML itself."""
    item = admin.call("POST", f"{_DEFINITIONS}?fieldValidation=Ignore", document.encode(), "application/yaml")
    name = str(item["metadata"]["name"])
    versions = {"cluster.x-k8s.io/v1beta1": "v1beta1", "cluster.x-k8s.io/v1beta2": "v1beta2"}
    patch: dict[str, t.Any] = {"metadata": {"labels": versions}}
    if conversion and len(item["spec"]["versions"]) > 1:
        webhook = {
            "conversionReviewVersions": ["v1"],
            "clientConfig": {"url": f"{conversion}/convert", "caBundle": authority},
        }
        patch["spec"] = {"conversion": {"strategy": "Webhook", "webhook": webhook}}
    admin.call("PATCH", f"{_DEFINITIONS}/{name}", patch, "application/merge-patch+json")
    return name


def are_established(admin: Admin, names: t.Collection[str]) -> bool:
    """Whether the API server serves all of them."""
    good = {
        item["metadata"]["name"]
        for item in admin.call("GET", _DEFINITIONS)["items"]
        for condition in item.get("status", {}).get("conditions") or []
        if (condition["type"], condition["status"]) == ("Established", "True")
    }
    return good >= set(names)


def install_webhooks(admin: Admin, names: t.Iterable[str], pools: str, claims: str, authority: str) -> None:
    """The provider's webhooks on pools, and Cluster API's on claims and addresses; a webhook that is down refuses."""
    kinds = sorted(name.split(".")[0][:-1] for name in names if name.split(".")[0].endswith("pools"))
    defaulting = [_hook(kind, "v1alpha2", "default", pools, authority) for kind in kinds]
    checking = [_hook(kind, "v1alpha2", "validation", pools, authority) for kind in kinds]
    ours = [_hook(kind, "v1beta2", "validation", claims, authority) for kind in ("ipaddress", "ipaddressclaim")]
    for name, kind, hooks in (
        ("capi-ipam-in-cluster", "MutatingWebhookConfiguration", defaulting),
        ("capi-ipam-in-cluster", "ValidatingWebhookConfiguration", checking),
        ("capi-ipam", "ValidatingWebhookConfiguration", ours),
    ):
        body = {
            "apiVersion": _HOOKS.removeprefix("/apis/"),
            "kind": kind,
            "metadata": {"name": name},
            "webhooks": hooks,
        }
        admin.call("POST", f"{_HOOKS}/{kind.lower()}s", body)


def _hook(kind: str, version: str, verb: str, url: str, authority: str) -> dict[str, t.Any]:
    action = "validate" if verb == "validation" else "mutate"
    operations = ["CREATE", "UPDATE", *(["DELETE"] if verb == "validation" else [])]
    plural = f"{kind}es" if kind.endswith("s") else f"{kind}s"
    return {
        "name": f"{verb}.{kind}.{places.GROUP}",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "failurePolicy": "Fail",
        "matchPolicy": "Equivalent",
        "clientConfig": {
            "url": f"{url}/{action}-{places.GROUP.replace('.', '-')}-{version}-{kind}",
            "caBundle": authority,
        },
        "rules": [
            {"apiGroups": [places.GROUP], "apiVersions": [version], "operations": operations, "resources": [plural]}
        ],
    }
