# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role ipam_provider against a stand-in for kubernetes.core: what it asks of the cluster, when it waits, when it gives up.

On a real control plane the role is proven in the integration tests; here are the states that a real one cannot be brought into at will.
"""

from __future__ import annotations

import functools
import hashlib
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import typing as t
from pathlib import Path

import pytest

_STANDIN = Path(__file__).parents[2] / "standins/kubernetes_core"

TURTLES = {"kind": "CustomResourceDefinition", "metadata": {"name": "capiproviders.turtles-capi.cattle.io"}}
TYPES = [
    {"kind": "CustomResourceDefinition", "metadata": {"name": name}}
    for name in (
        "ipaddressclaims.ipam.cluster.x-k8s.io",
        "ipaddresses.ipam.cluster.x-k8s.io",
        "clusters.cluster.x-k8s.io",
        "certificates.cert-manager.io",
    )
]
WORKS = {"installedVersion": "v1.1.0", "conditions": [{"type": "Ready", "status": "True"}]}
MANIFESTS = """
apiVersion: v1
kind: Service
metadata: {name: webhook, namespace: ipam}
---
apiVersion: v1
kind: Namespace
metadata: {name: ipam}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: webhook, namespace: ipam}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: manager, namespace: ipam}
spec:
  replicas: 1
  template:
    spec:
      containers: [{name: manager, image: 'manager:${TAG:=v1.1.0}'}]
"""


class Cluster:
    """A cluster in a file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "cluster.json"
        core = folder / "collections/ansible_collections/kubernetes/core"
        shutil.copytree(_STANDIN, core)

    def holds(self, *resources: t.Any, coming: t.Mapping[str, t.Any] | None = None) -> None:
        """``coming`` says which statuses a resource of a kind goes through after it was applied."""
        self._file.write_text(json.dumps({"resources": resources, "coming": coming or {}, "applied": []}))

    @property
    def applied(self) -> list[list[str]]:
        return t.cast("list[list[str]]", json.loads(self._file.read_text())["applied"])

    def play(self, options: t.Mapping[str, t.Any], *arguments: str) -> tuple[int, int, str]:
        """How many tasks changed something, how many failed, and the text."""
        values = {
            "ipam_provider_poll": 0,
            "ipam_provider_timeout": 4,
            **options,
            "ansible_python_interpreter": sys.executable,
        }
        book = [
            {
                "hosts": "localhost",
                "connection": "local",
                "gather_facts": False,
                "roles": ["elemental.networking.ipam_provider"],
            }
        ]
        (self._folder / "play.json").write_text(json.dumps(book))
        command = ["ansible-playbook", "-i", "localhost,", "-e", json.dumps(values), *arguments, "play.json"]
        paths = f"{self._folder}/collections:{os.environ['ANSIBLE_COLLECTIONS_PATH']}"
        environment = {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": paths,
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_HOME": str(self._folder),
            "CLUSTER": str(self._file),
        }
        run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=self._folder)
        recap = dict(re.findall(r"(changed|failed)=(\d+)", run.stdout.rsplit("PLAY RECAP", 1)[-1]))
        text = " ".join((run.stdout + run.stderr).split())
        return int(recap.get("changed", -1)), int(recap.get("failed", -1)), text


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    return Cluster(tmp_path)


def test_turtles_installs_it_and_the_role_waits_until_it_works(cluster: Cluster) -> None:
    waiting = {"type": "PreflightCheckPassed", "status": "False", "reason": "WaitingForCoreProviderReady"}
    cluster.holds(TURTLES, coming={"CAPIProvider": [{}, {"conditions": [waiting]}, {"phase": "Ready"}, WORKS]})
    changed, failed, text = cluster.play({})
    assert (changed, failed) == (1, 0), text
    assert "IPAM provider in-cluster: not installed, wanted version v1.1.0" in text
    again, failed, text = cluster.play({})
    assert (again, failed) == (0, 0), text
    assert "IPAM provider in-cluster: version v1.1.0, wanted version v1.1.0" in text


def test_an_upgrade_waits_for_the_new_version(cluster: Cluster) -> None:
    old = {**WORKS, "installedVersion": "v1.0.3"}
    cluster.holds(TURTLES, coming={"CAPIProvider": [old]})
    assert cluster.play({"ipam_provider_version": "v1.0.3"})[:2] == (1, 0)
    changed, failed, text = cluster.play({})
    assert (changed, failed) == (1, 1)
    assert "in-cluster v1.1.0 does not work after 4 s (installed: v1.0.3; no reason is given)" in text


def test_a_failed_preflight_ends_the_wait_at_once(cluster: Cluster) -> None:
    failed_check = {"type": "PreflightCheckPassed", "status": "False", "reason": "X", "message": "no such release"}
    cluster.holds(TURTLES, coming={"CAPIProvider": [{"conditions": [failed_check]}, *[WORKS] * 9]})
    _changed, failed, text = cluster.play({})
    assert failed == 1
    assert "Rancher Turtles cannot install in-cluster v1.1.0: no such release" in text


def test_what_was_said_of_the_version_before_is_no_verdict_on_a_new_one(cluster: Cluster) -> None:
    """The status of a provider is that of the last attempt until Turtles looks at the new one."""
    failed = {"conditions": [{"type": "PreflightCheckPassed", "status": "False", "reason": "X", "message": "no such"}]}
    provider = {
        "kind": "CAPIProvider",
        "metadata": {"name": "in-cluster", "namespace": "default"},
        "spec": {"type": "ipam", "version": "v9.9.9"},
        "status": failed,
    }
    cluster.holds(TURTLES, provider, coming={"CAPIProvider": [failed, failed, WORKS]})
    changed, failures, text = cluster.play({})
    assert (changed, failures) == (1, 0), text


def test_a_cluster_without_turtles_points_to_the_other_method(cluster: Cluster) -> None:
    cluster.holds()
    _changed, failed, text = cluster.play({})
    assert failed == 1
    assert "This cluster has no Rancher Turtles" in text
    assert "use ipam_provider_method manifests" in text


def test_a_second_provider_of_the_same_name_is_refused(cluster: Cluster) -> None:
    other = {"kind": "CAPIProvider", "metadata": {"name": "in-cluster", "namespace": "fleet"}, "spec": {"type": "ipam"}}
    cluster.holds(TURTLES, other)
    _changed, failed, text = cluster.play({})
    assert failed == 1
    assert "there already, in namespace fleet" in text


def test_check_mode_only_says_it(cluster: Cluster) -> None:
    cluster.holds(TURTLES, coming={"CAPIProvider": [WORKS]})
    assert cluster.play({}, "--check")[:2] == (1, 0)
    assert cluster.applied == []


def test_manifests_are_applied_in_order_and_waited_for(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "components.yaml").write_text(MANIFESTS)
    available = {"observedGeneration": 1, "updatedReplicas": 1, "conditions": [{"type": "Available", "status": "True"}]}
    cluster.holds(*TYPES, coming={"Deployment": [{}, {**available, "updatedReplicas": 0}, available]})
    options = {"ipam_provider_method": "manifests", "ipam_provider_manifests": [str(tmp_path / "components.yaml")]}
    changed, failed, text = cluster.play(options)
    assert (changed, failed) == (1, 0), text
    assert "not installed, wanted manager:v1.1.0" in text
    assert [kind for _state, kind, _name in cluster.applied] == ["Namespace", "Service", "Certificate", "Deployment"]
    assert cluster.play(options)[:2] == (0, 0)
    removed, failed, text = cluster.play({**options, "ipam_provider_state": "absent"})
    assert (removed, failed) == (1, 0), text
    assert [kind for state, kind, _name in cluster.applied if state == "absent"] == [
        "Deployment",
        "Certificate",
        "Service",
    ]


@pytest.fixture
def mirror(tmp_path: Path) -> t.Iterator[str]:
    """The address of a server that has the manifests."""
    served = tmp_path / "served"
    served.mkdir()
    (served / "components.yaml").write_text(MANIFESTS)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_arguments: t.Any) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(served)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_manifests_from_the_net_are_applied_when_their_checksum_is_right(cluster: Cluster, mirror: str) -> None:
    available = {"observedGeneration": 1, "updatedReplicas": 1, "conditions": [{"type": "Available", "status": "True"}]}
    cluster.holds(*TYPES, coming={"Deployment": [available]})
    options = {"ipam_provider_method": "manifests", "ipam_provider_url": f"{mirror}/components.yaml"}
    sha256 = hashlib.sha256(MANIFESTS.encode()).hexdigest()
    changed, failed, text = cluster.play({**options, "ipam_provider_sha256": f"sha256:{sha256.upper()}"})
    assert (changed, failed) == (1, 0), text
    assert [kind for _state, kind, _name in cluster.applied] == ["Namespace", "Service", "Certificate", "Deployment"]


@pytest.mark.parametrize("state", ["present", "absent"])
def test_manifests_that_nobody_vouches_for_are_refused(cluster: Cluster, mirror: str, state: str) -> None:
    cluster.holds(*TYPES)
    address = mirror.replace("//", "//user:secret@") + "/components.yaml"
    options = {"ipam_provider_method": "manifests", "ipam_provider_url": address, "ipam_provider_state": state}
    _changed, failed, text = cluster.play(options)
    assert failed == 1, text
    assert f"The checksum of {mirror}/components.yaml is not known to this role" in text
    assert f"curl -fsSL {mirror}/components.yaml | sha256sum prints, in ipam_provider_sha256" in text
    assert "secret" not in text
    assert cluster.applied == []


def test_manifests_with_another_checksum_are_refused(cluster: Cluster, mirror: str) -> None:
    cluster.holds(*TYPES)
    options = {"ipam_provider_method": "manifests", "ipam_provider_url": f"{mirror}/components.yaml"}
    _changed, failed, text = cluster.play({**options, "ipam_provider_sha256": ["0" * 64]})
    assert failed == 1, text
    assert (
        f"{mirror}/components.yaml has the sha256 {hashlib.sha256(MANIFESTS.encode()).hexdigest()}, not the one" in text
    )
    assert cluster.applied == []


def test_what_the_manifests_need_is_named(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "components.yaml").write_text(MANIFESTS)
    cluster.holds(*TYPES[:3])
    options = {"ipam_provider_method": "manifests", "ipam_provider_manifests": [str(tmp_path / "components.yaml")]}
    _changed, failed, text = cluster.play(options)
    assert failed == 1
    assert "This cluster lacks certificates.cert-manager.io: install Cluster API and cert-manager first" in text
    assert cluster.applied == []


def test_a_provider_with_claims_is_not_removed(cluster: Cluster) -> None:
    claim = {
        "kind": "IPAddressClaim",
        "metadata": {"name": "node1-inventory-ip", "namespace": "fleet-default"},
        "spec": {"poolRef": {"kind": "InClusterIPPool"}},
    }
    other = {**claim, "metadata": {"name": "node2", "namespace": "metal"}, "spec": {"poolRef": {"kind": "IPPool"}}}
    cluster.holds(TURTLES, claim, other)
    _changed, failed, text = cluster.play({"ipam_provider_state": "absent"})
    assert failed == 1
    assert (
        "There are still 1 claims (fleet-default/node1-inventory-ip): without the provider their addresses cannot"
        in text
    )
    assert cluster.applied == []
