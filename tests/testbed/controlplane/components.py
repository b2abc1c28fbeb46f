# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifests of a provider's release (ipam-components.yaml), put together from those in its Go module.

A double for kustomize, which no package registry has: it prefixes names and sets namespace and image as upstream's config/default does.
Webhooks and certificates are left out, because without kube-proxy the API server reaches no service; the test bed registers its own.
"""

from __future__ import annotations

import typing as t

import yaml

from . import building

NAMESPACE = "capi-ipam-in-cluster-system"
DEPLOYMENT = "capi-ipam-in-cluster-controller-manager"
RELEASES: t.Mapping[str, str] = {"1.0": "v1.0.3", "1.1": "v1.1.0"}
_PREFIX = "capi-ipam-in-cluster-"
_IMAGE = "registry.example/cluster-api-ipam-in-cluster-controller"


def components(provider: str) -> str:
    """The text of ``ipam-components.yaml`` of version 1.0 or 1.1; the image's tag has a default as clusterctl fills it."""
    folder = building.manifests(provider)
    files = [folder / "manager/manager.yaml", folder / "rbac/role.yaml", *sorted(folder.glob("crd/bases/*.yaml"))]
    documents = [document for file in files for document in yaml.safe_load_all(file.read_text()) if document]
    documents += [_account(), _binding()]
    for document in documents:
        _place(document)
        if document["kind"] == "Deployment":
            image = f"{_IMAGE}:${{IMAGE_TAG:={RELEASES[provider]}}}"
            document["spec"]["template"]["spec"]["containers"][0]["image"] = image
            document["spec"]["template"]["spec"]["serviceAccountName"] = f"{_PREFIX}manager"
    return yaml.safe_dump_all(documents)


def _place(document: dict[str, t.Any]) -> None:
    metadata = document["metadata"]
    if document["kind"] == "Namespace":
        metadata["name"] = NAMESPACE
    elif document["kind"] != "CustomResourceDefinition":
        metadata["name"] = _PREFIX + metadata["name"]
        if "Cluster" not in document["kind"]:
            metadata["namespace"] = NAMESPACE


def _account() -> dict[str, t.Any]:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "manager"}}


def _binding() -> dict[str, t.Any]:
    group = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "manager"},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": f"{_PREFIX}manager-role"},
        "subjects": [{"kind": "ServiceAccount", "name": f"{_PREFIX}manager", "namespace": NAMESPACE}],
    }
