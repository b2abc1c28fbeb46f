# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users of the test bed: the administrator, and one with exactly the Role that the collection hands out."""

from __future__ import annotations

import textwrap
import typing as t

from ...stages.machine import REPOSITORY
from .admin import Admin

# who every test of the backend is
CONSUMER = "ansible-ipam"
ADMINISTRATOR = "admin"
# user -> groups; the second consumer may do nothing until a test lets it
USERS: t.Mapping[str, t.Sequence[str]] = {
    ADMINISTRATOR: ["system:masters"],
    CONSUMER: [],
    "nobody": [],
    "pool-manager": [],
}
_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_MANIFESTS = REPOSITORY / "playbooks/files"


def allow(admin: Admin, namespace: str, file: str = "ipam-consumer.yaml", user: str = CONSUMER) -> None:
    """Apply the collection's manifest to a namespace, for a user."""
    import yaml  # the command line does without it

    for document in yaml.safe_load((_MANIFESTS / file).read_text())["items"]:
        metadata = document["metadata"]
        for subject in document.get("subjects", []):
            subject["name"] = user
        if document["kind"].startswith("Cluster"):
            if document["kind"] == "ClusterRoleBinding":
                metadata["name"] += f"-{user}"
            admin.create(f"{_RBAC}/{document['kind'].lower()}s", document)
        else:
            metadata["namespace"] = namespace
            admin.create(f"{_RBAC}/namespaces/{namespace}/{document['kind'].lower()}s", document)


def apply_as_documented(admin: Admin, file: str) -> None:
    """Apply one of the collection's manifests unchanged, as kubectl apply does."""
    # each item of the list, without a YAML library
    for item in (_MANIFESTS / file).read_text().split("\n  - apiVersion: ")[1:]:
        document = textwrap.dedent(f"    apiVersion: {item}\n".replace("\n  #", "\n    #"))
        kind = document.split("\nkind: ")[1].split()[0].lower()
        namespace = "" if kind.startswith("cluster") else document.split("\n  namespace: ")[1].split()[0]
        inside = f"/namespaces/{namespace}" if namespace else ""
        admin.create(f"{_RBAC}{inside}/{kind}s", document.encode(), "application/yaml")


def allow_also(admin: Admin, namespace: str, user: str) -> None:
    """Bind the Role that a namespace has already to one more user."""
    role = "elemental-networking-ipam-consumer"
    body = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "also"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
    }
    admin.create(f"{_RBAC}/namespaces/{namespace}/rolebindings", body)
