# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role ipam_provider on a control plane, with the real kubernetes.core: install, upgrade with claims alive, remove.

No kubelet and no Rancher Turtles run here: doubles in this file set the status of the deployment and of the CAPIProvider.
"""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import re
import subprocess
import sys
import threading
import time
import typing as t
import urllib.error
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cluster.playing import Double
from tests.testbed.controlplane import places, users
from tests.testbed.controlplane.admin import Admin, Object
from tests.testbed.controlplane.components import DEPLOYMENT, NAMESPACE, components
from tests.testbed.controlplane.fixtures import Space, asked
from tests.testbed.controlplane.plane import Plane

_DEPLOYMENT = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{DEPLOYMENT}"
_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_POOLS = f"inclusterippools.{places.GROUP}"
_TURTLES = "turtles-capi.cattle.io"
_PROVIDERS = f"/apis/{_TURTLES}/v1alpha1/namespaces/default/capiproviders"
_MERGE = "application/merge-patch+json"


@dataclass(frozen=True)
class Played:
    """How a play ended, and what it printed in one line."""

    changed: int
    failed: int
    text: str


class Player:
    """Runs the role as an administrator of the cluster."""

    def __init__(self, plane: Plane, folder: Path) -> None:
        self._plane = plane
        self._folder = folder

    def play(self, options: t.Mapping[str, t.Any], *arguments: str) -> Played:
        """Run the role with these options."""
        values = {
            "ipam_provider_poll": 1,
            "ipam_provider_timeout": 60,
            "ipam_provider_kubeconfig": str(self._plane.kubeconfig(users.ADMINISTRATOR)),
            "ansible_python_interpreter": sys.executable,
            **options,
        }
        roles = ["elemental.networking.ipam_provider"]
        book = self._folder / "play.json"
        book.write_text(
            json.dumps([{"hosts": "localhost", "connection": "local", "gather_facts": False, "roles": roles}])
        )
        command = ["ansible-playbook", "-i", "localhost,", "-e", json.dumps(values), *arguments, str(book)]
        environment = {**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_HOME": str(self._folder)}
        run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=300)
        recap = dict(re.findall(r"(changed|failed)=(\d+)", run.stdout.rsplit("PLAY RECAP", 1)[-1]))
        text = " ".join((run.stdout + run.stderr).split())
        return Played(int(recap.get("changed", -1)), int(recap.get("failed", -1)), text)


@pytest.fixture
def player(plane: Plane, tmp_path: Path) -> Player:
    """On a cluster where nobody holds a claim: the role refuses to leave some behind, whoever made them."""
    claims = f"/apis/{places.GROUP}/v1beta2/{{}}ipaddressclaims"
    for item in plane.admin.call("GET", claims.format(""))["items"]:
        metadata = item["metadata"]
        path = f"{claims.format('namespaces/' + metadata['namespace'] + '/')}/{metadata['name']}"
        _remove(plane.admin, path)
        # the address of an earlier test may rest for minutes, and a double of a provider has ended
        _call(plane.admin, "PATCH", path, {"metadata": {"finalizers": None}}, _MERGE)
    plane.admin.until("the end of all claims", lambda: not plane.admin.call("GET", claims.format(""))["items"])
    return Player(plane, tmp_path)


def _remove(admin: Admin, path: str) -> None:
    _call(admin, "DELETE", path)


def _call(admin: Admin, *request: t.Any) -> None:
    """Change or delete an object; one that an earlier test has released may go by itself just now."""
    try:
        admin.call(*request)
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise


def _find(admin: Admin, path: str) -> Object | None:
    try:
        return t.cast(Object, admin.call("GET", path))
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise
        return None


# --- manifests ----------------------------------------------------------------------------------------------------


def _kubelet(admin: Admin, rolled_out: t.Callable[[Object], None] = lambda _deployment: None) -> Double:
    """What the deployment's controller and a kubelet do: a new generation is seen first, and available a moment later."""

    def reconcile() -> None:
        deployment = _find(admin, _DEPLOYMENT)
        if deployment is None:
            return
        generation, status = deployment["metadata"]["generation"], deployment.get("status", {})
        if status.get("observedGeneration") != generation:
            _set(admin, _DEPLOYMENT, {"observedGeneration": generation, "replicas": 1, "updatedReplicas": 0})
        elif not status.get("updatedReplicas"):
            rolled_out(deployment)
            available = {"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable"}
            _set(
                admin,
                _DEPLOYMENT,
                {"updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1, "conditions": [available]},
            )

    return Double(reconcile)


def _set(admin: Admin, path: str, status: t.Mapping[str, t.Any]) -> None:
    admin.call("PATCH", f"{path}/status", {"status": dict(status)}, _MERGE)


@pytest.fixture
def releases(plane: Plane, tmp_path: Path) -> t.Iterator[t.Callable[[str], dict[str, t.Any]]]:
    """Options that install a release of the provider from its manifests; afterwards the plane is as it was."""

    def options(provider: str) -> dict[str, t.Any]:
        file = tmp_path / f"ipam-components-{provider}.yaml"
        file.write_text(components(provider))
        return {"ipam_provider_method": "manifests", "ipam_provider_manifests": [str(file)]}

    yield options
    if _find(plane.admin, f"/api/v1/namespaces/{NAMESPACE}"):
        plane.admin.call("DELETE", f"/api/v1/namespaces/{NAMESPACE}")
        plane.admin.until("the namespace to go", lambda: _find(plane.admin, f"/api/v1/namespaces/{NAMESPACE}") is None)
    plane.change_provider("1.1")


def _image(admin: Admin) -> str:
    deployment = admin.call("GET", _DEPLOYMENT)
    return str(deployment["spec"]["template"]["spec"]["containers"][0]["image"])


def test_an_upgrade_with_claims_alive(
    space: Space, player: Player, releases: t.Callable[[str], dict[str, t.Any]]
) -> None:
    """From v1.0.3 to v1.1.0 with the real providers: whoever has an address keeps it, and it goes on from there."""
    plane, admin = space.plane, space.admin
    plane.change_provider("1.0")
    with _kubelet(admin):
        first = player.play(releases("1.0"))
    assert first.failed == 0, first.text
    assert "IPAM provider in-cluster: not installed, wanted" in first.text
    assert _image(admin).endswith(":v1.0.3")

    claimed = space.claims("node1", "node2")
    assert claimed["changed"], claimed
    before = {item["metadata"]["uid"]: item["spec"] for item in space.items("ipaddresses")}
    had = space.addresses()
    # somebody else's field, as cert-manager's injector has them
    note = {"metadata": {"annotations": {"example.com/injected": "yes"}}}
    admin.call("PATCH", f"{_DEFINITIONS}/{_POOLS}", note, _MERGE)

    looked = player.play(releases("1.1"), "--check", "--diff")
    assert looked.failed == 0, looked.text
    assert looked.changed > 0
    assert "controller:v1.0.3, wanted" in looked.text
    assert _image(admin).endswith(":v1.0.3")

    with _kubelet(admin, lambda _deployment: plane.change_provider("1.1")):
        upgraded = player.play(releases("1.1"))
    assert upgraded.failed == 0, upgraded.text
    assert _image(admin).endswith(":v1.1.0")
    assert {item["metadata"]["uid"]: item["spec"] for item in space.items("ipaddresses")} == before
    definition = admin.call("GET", f"{_DEFINITIONS}/{_POOLS}")
    assert definition["metadata"]["annotations"]["example.com/injected"] == "yes"
    managers = {(each["manager"], each["operation"]) for each in definition["metadata"]["managedFields"]}
    assert ("elemental.networking", "Apply") in managers

    again = player.play(releases("1.1"))
    assert (again.changed, again.failed) == (0, 0), again.text
    assert space.claims("node1", "node2")["changed"] is False
    space.claims("node3")
    addresses = space.addresses()
    assert {name: addresses[name] for name in had} == had
    assert len(set(addresses.values())) == 3
    assert space.module("ip_address_claims", claims=asked("node1", "node2", "node3"), state="absent")["changed"]
    space.admin.until("the addresses to go", lambda: not space.addresses())


def test_the_first_look_needs_nothing(plane: Plane, player: Player, releases: t.Callable[[str], t.Any]) -> None:
    """Check mode before anything is there, not even the namespace: it says what it would do and makes nothing."""
    looked = player.play(releases("1.1"), "--check")
    assert looked.failed == 0, looked.text
    assert looked.changed > 0
    assert "IPAM provider in-cluster: not installed, wanted" in looked.text
    assert _find(plane.admin, f"/api/v1/namespaces/{NAMESPACE}") is None


def test_a_deployment_that_does_not_come_up(plane: Plane, player: Player, releases: t.Callable[[str], t.Any]) -> None:
    """The reason that the cluster gives is in the sentence."""

    def reconcile() -> None:
        reason = {"type": "Progressing", "status": "False", "reason": "X", "message": "image cannot be pulled"}
        _set(plane.admin, _DEPLOYMENT, {"observedGeneration": 1, "conditions": [reason]})

    with Double(reconcile):
        played = player.play({**releases("1.1"), "ipam_provider_timeout": 3})
    assert played.failed == 1
    assert (
        f"Deployment {DEPLOYMENT} is not available after 3 s (image cannot be pulled): look at its pods" in played.text
    )


def test_it_is_removed_when_nobody_needs_it(
    space: Space, player: Player, releases: t.Callable[[str], dict[str, t.Any]]
) -> None:
    """Not while there are claims; pools and their types stay."""
    with _kubelet(space.admin):
        assert player.play(releases("1.1")).failed == 0
    space.claims("node1")
    gone = {**releases("1.1"), "ipam_provider_state": "absent"}
    refused = player.play(gone)
    assert refused.failed == 1
    assert f"There are still 1 claims ({space.name}/node1-ip)" in refused.text
    assert _image(space.admin)
    space.module("ip_address_claims", claims=asked("node1"), state="absent")
    looked = player.play(gone, "--check")
    assert (looked.failed, looked.changed) == (0, 1), looked.text
    assert _image(space.admin)
    removed = player.play(gone)
    assert (removed.failed, removed.changed) == (0, 1), removed.text
    assert _find(space.admin, _DEPLOYMENT) is None
    assert (
        _find(space.admin, "/apis/rbac.authorization.k8s.io/v1/clusterroles/capi-ipam-in-cluster-manager-role") is None
    )
    assert [pool["metadata"]["name"] for pool in space.items("inclusterippools")] == ["p"]
    again = player.play(gone)
    assert (again.failed, again.changed) == (0, 0), again.text


def test_whoever_may_not_see_claims_removes_nothing(
    space: Space, player: Player, releases: t.Callable[[str], dict[str, t.Any]]
) -> None:
    """A list that is refused is no empty list."""
    gone = {**releases("1.1"), "ipam_provider_state": "absent"}
    played = player.play({**gone, "ipam_provider_kubeconfig": str(space.plane.kubeconfig("nobody"))})
    assert played.failed == 1
    assert "forbidden" in played.text.lower()
    assert "Remove everything" not in played.text


def test_manifests_by_their_address(plane: Plane, player: Player, tmp_path: Path) -> None:
    """From a mirror; one that does not have them is named."""
    served = tmp_path / "served"
    served.mkdir()
    (served / "ipam-components.yaml").write_text(components("1.1"))

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: t.Any) -> None:
            super().__init__(*arguments, directory=str(served))

        def log_message(self, *_arguments: t.Any) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer((places.HOST, 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://{places.HOST}:{server.server_port}"
    sha256 = hashlib.sha256(components("1.1").encode()).hexdigest()
    options = {"ipam_provider_method": "manifests", "ipam_provider_sha256": [sha256]}
    try:
        found = player.play({**options, "ipam_provider_url": f"{address}/ipam-components.yaml"}, "--check")
        missing = player.play({**options, "ipam_provider_url": f"{address}/nothing"})
    finally:
        server.shutdown()
        server.server_close()
    assert found.failed == 0, found.text
    assert ":v1.1.0" in found.text
    assert missing.failed == 1
    assert f"{address}/nothing" in missing.text


# --- Rancher Turtles ----------------------------------------------------------------------------------------------


def _definition() -> Object:
    """The kind CAPIProvider, as far as the role uses it, with the rule on versions that Turtles has."""
    fields = {"name": {"type": "string"}, "type": {"type": "string"}, "version": {"type": "string"}}
    fetch = {"type": "object", "properties": {"url": {"type": "string"}}}
    spec = {
        "type": "object",
        "required": ["type"],
        "properties": {**fields, "fetchConfig": fetch},
        "x-kubernetes-validations": [
            {
                "rule": "!has(self.version) || self.version.matches('^v[0-9]+[.][0-9]+[.][0-9]+')",
                "message": "no version",
            }
        ],
    }
    status = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": "v1alpha1",
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec, "status": status}}},
    }
    names = {
        "kind": "CAPIProvider",
        "listKind": "CAPIProviderList",
        "plural": "capiproviders",
        "singular": "capiprovider",
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"capiproviders.{_TURTLES}"},
        "spec": {"group": _TURTLES, "scope": "Namespaced", "names": names, "versions": [version]},
    }


def _is_served(admin: Admin) -> bool:
    try:
        return _find(admin, _PROVIDERS) is not None
    except urllib.error.HTTPError as error:
        if error.code != 429:  # the store of a new kind is being made ready
            raise
        return False


@pytest.fixture
def turtles(plane: Plane) -> t.Iterator[Admin]:
    """A cluster that knows CAPIProviders; without Rancher Turtles, doubles act on them."""
    admin = plane.admin
    admin.namespace("default")
    admin.create(_DEFINITIONS, _definition())
    admin.until("the kind CAPIProvider", lambda: _is_served(admin))
    yield admin
    for provider in admin.call("GET", _PROVIDERS)["items"]:
        path = f"{_PROVIDERS}/{provider['metadata']['name']}"
        admin.call("PATCH", path, {"metadata": {"finalizers": []}}, _MERGE)
        admin.call("DELETE", path)
    admin.call("DELETE", f"{_DEFINITIONS}/capiproviders.{_TURTLES}")
    admin.until("the kind to go", lambda: _find(admin, f"{_DEFINITIONS}/capiproviders.{_TURTLES}") is None)


def _condition(kind: str, is_true: bool, reason: str = "", message: str = "") -> Object:
    return {"type": kind, "status": "True" if is_true else "False", "reason": reason, "message": message}


def _operator(admin: Admin, *stages: t.Mapping[str, t.Any]) -> Double:
    """Takes the provider through these statuses, one a second, whenever its version has changed; removes it when it is deleted."""
    path = f"{_PROVIDERS}/in-cluster"
    there = _find(admin, path)
    seen = {"version": there["spec"]["version"] if there else "", "since": 0.0}

    def reconcile() -> None:
        provider = _find(admin, path)
        if provider is None:
            return
        metadata, version = provider["metadata"], provider["spec"]["version"]
        if metadata.get("deletionTimestamp"):
            admin.call("PATCH", path, {"metadata": {"finalizers": []}}, _MERGE)
            return
        if seen["version"] == version and not seen["since"]:
            return  # of an attempt before this one
        if seen["version"] != version:
            seen.update(version=version, since=time.monotonic())
            admin.call("PATCH", path, {"metadata": {"finalizers": ["provider.cluster.x-k8s.io"]}}, _MERGE)
        stage = stages[min(int(time.monotonic() - float(seen["since"])), len(stages) - 1)]
        _set(admin, path, {key: version if value == "NEW" else value for key, value in stage.items()})

    return Double(reconcile)


_STARTING = {
    "phase": "Failed",
    "conditions": [_condition("PreflightCheckPassed", False, "WaitingForCoreProviderReady")],
}
_APPLIED = {"phase": "Ready", "conditions": [_condition("PreflightCheckPassed", True)]}
_WORKS = {
    "phase": "Ready",
    "installedVersion": "NEW",
    "conditions": [_condition("PreflightCheckPassed", True), _condition("Ready", True)],
}


def test_turtles_installs_upgrades_and_removes_it(turtles: Admin, player: Player) -> None:
    looked = player.play({}, "--check")
    assert (looked.changed, looked.failed) == (1, 0), looked.text
    assert "IPAM provider in-cluster: not installed, wanted version v1.1.0" in looked.text
    assert turtles.call("GET", _PROVIDERS)["items"] == []
    with _operator(turtles, _STARTING, _APPLIED, _WORKS):
        first = player.play({"ipam_provider_version": "v1.0.3"})
        assert (first.changed, first.failed) == (1, 0), first.text
        again = player.play({"ipam_provider_version": "v1.0.3"})
        assert (again.changed, again.failed) == (0, 0), again.text
        upgraded = player.play({})
        assert (upgraded.changed, upgraded.failed) == (1, 0), upgraded.text
        assert "version v1.0.3, wanted version v1.1.0" in upgraded.text
        provider = turtles.call("GET", f"{_PROVIDERS}/in-cluster")
        assert provider["status"]["installedVersion"] == "v1.1.0"
        assert "/v1.1.0/" in provider["spec"]["fetchConfig"]["url"]
        gone = player.play({"ipam_provider_state": "absent"})
        assert (gone.changed, gone.failed) == (1, 0), gone.text
    assert turtles.call("GET", _PROVIDERS)["items"] == []
    assert player.play({"ipam_provider_state": "absent"}).changed == 0


def test_a_failed_preflight_is_said_at_once_and_forgotten_once_it_is_mended(turtles: Admin, player: Player) -> None:
    """What Turtles said of the version before is no verdict on the new one."""
    missing = {
        "phase": "Failed",
        "conditions": [_condition("PreflightCheckPassed", False, "FetchFailed", "no such release")],
    }
    with _operator(turtles, missing):
        failed = player.play({"ipam_provider_version": "v9.9.9", "ipam_provider_timeout": 250})
    assert failed.failed == 1
    assert "Rancher Turtles cannot install in-cluster v9.9.9: no such release" in failed.text
    with _operator(turtles, {**missing}, {**missing}, {**missing}, _WORKS):
        mended = player.play({})
    assert (mended.changed, mended.failed) == (1, 0), mended.text


def test_a_version_that_turtles_refuses_is_one_sentence(turtles: Admin, player: Player) -> None:
    played = player.play({"ipam_provider_version": "latest"})
    assert played.failed == 1
    assert "latest" in played.text
