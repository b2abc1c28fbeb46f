# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A control plane for pytest, and the two sides that a test has: the administrator's, and that of a user who may only claim."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._progress import PROGRESS_FILE

from . import building, places, users
from .admin import Admin, Object
from .plane import Plane, running

# the version of the in-cluster IPAM provider
PROVIDER = os.environ.get("PROVIDER", "1.1")
_numbers = itertools.count(1)


@dataclass
class Space:
    """A namespace of a control plane, where the consumer may claim."""

    plane: Plane
    name: str
    user: str = users.CONSUMER
    server: str = field(default="")

    @property
    def admin(self) -> Admin:
        """Who may do everything."""
        return self.plane.admin

    @property
    def options(self) -> dict[str, t.Any]:
        """How the consumer reaches the cluster."""
        return {"kubeconfig": str(self.plane.kubeconfig(self.user))}

    def pool(self, addresses: str | list[str] = "10.0.0.10-10.0.0.60", name: str = "p", **spec: t.Any) -> None:
        """Make or change a pool, as the administrator, and wait until the provider has seen it."""
        wanted = {"addresses": [addresses] if isinstance(addresses, str) else addresses, "prefix": 24, **spec}
        path = f"/apis/{places.GROUP}/v1alpha2/namespaces/{self.name}/inclusterippools"
        body = {"apiVersion": f"{places.GROUP}/v1alpha2", "kind": "InClusterIPPool", "metadata": {"name": name}}
        if any(item["metadata"]["name"] == name for item in self.items("inclusterippools")):
            self.admin.call("PATCH", f"{path}/{name}", {"spec": wanted}, "application/merge-patch+json")
        else:
            self.admin.call("POST", path, {**body, "spec": wanted})
        self.admin.until("the pool's status", lambda: self.admin.call("GET", f"{path}/{name}").get("status"))

    def foreign_claim(self, name: str, pool: str = "p", **metadata: t.Any) -> Object:
        """A claim that something else makes."""
        reference = {"apiGroup": places.GROUP, "kind": "InClusterIPPool", "name": pool}
        body = {
            "apiVersion": f"{places.GROUP}/v1beta2",
            "kind": "IPAddressClaim",
            "metadata": {"name": name, **metadata},
            "spec": {"poolRef": reference},
        }
        return t.cast(Object, self.admin.call("POST", self.path("ipaddressclaims"), body))

    def path(self, plural: str, name: str = "") -> str:
        """The path of claims or addresses."""
        version = "v1alpha2" if plural.endswith("pools") else "v1beta2"
        return f"/apis/{places.GROUP}/{version}/namespaces/{self.name}/{plural}{'/' + name if name else ''}"

    def items(self, plural: str) -> list[Object]:
        """All claims, addresses or pools."""
        return list(self.admin.call("GET", self.path(plural))["items"])

    def addresses(self) -> dict[str, str]:
        """What the cluster says: address by claim."""
        return {item["spec"]["claimRef"]["name"]: item["spec"]["address"] for item in self.items("ipaddresses")}

    def start(
        self, module: str, check: bool = False, progress: Path | None = None, **options: t.Any
    ) -> subprocess.Popen[str]:
        """Start a module as Ansible does: a process, JSON in, JSON out; ``progress`` is the file that its action plugin gives it."""
        arguments = {
            "backend": "kubernetes",
            "kubernetes": self.options,
            "namespace": self.name,
            "_ansible_check_mode": check,
            "_ansible_diff": True,
            **options,
        }
        command = [sys.executable, "-m", f"ansible_collections.elemental.networking.plugins.modules.{module}"]
        environment = {**os.environ, **({PROGRESS_FILE: str(progress)} if progress else {})}
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps({"ANSIBLE_MODULE_ARGS": arguments}))
        process.stdin.close()
        process.stdin = None
        return process

    def module(self, module: str, check: bool = False, **options: t.Any) -> dict[str, t.Any]:
        """Run a module; fails the test when it ends in a traceback, or lets a token out."""
        return self.answer(self.start(module, check, **options))

    def answer(self, process: subprocess.Popen[str]) -> dict[str, t.Any]:
        """What a module that was started says."""
        output, errors = process.communicate(timeout=300)
        assert "Traceback" not in output + errors, errors
        assert self.plane.token(self.user) not in output + errors
        return dict(json.loads(output))

    def claims(self, *machines: str, check: bool = False, pool: str = "p", **options: t.Any) -> dict[str, t.Any]:
        """Claim the key ``ip`` for machines in one task."""
        return self.module("ip_address_claims", check, claims=asked(*machines, pool=pool), **options)


def asked(*machines: str, pool: str = "p") -> list[dict[str, t.Any]]:
    """The option claims for the key ``ip`` of some machines."""
    reference = {"apiGroup": places.GROUP, "kind": "InClusterIPPool", "name": pool}
    return [{"machine": machine, "key": "ip", "pool": reference} for machine in machines]


@pytest.fixture(scope="session")
def plane() -> t.Iterator[Plane]:
    """A control plane; this process is in its network namespace from then on."""
    for variable in [name for name in os.environ if name.startswith("K8S_AUTH_") or name == "KUBECONFIG"]:
        del os.environ[variable]
    building.ensure("1.0")  # for upgrades; in the namespace there is no network to build with
    with running(f"{places.PREFIX}-test", PROVIDER) as plane:
        yield plane


@pytest.fixture
def bare(plane: Plane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> t.Iterator[Space]:
    """A second control plane, without anything of IPAM; this process is in its network namespace meanwhile."""
    monkeypatch.setenv("HOME", str(tmp_path))
    with running(f"{places.PREFIX}-bare", "none") as empty:
        yield Space(empty, "default")
    plane.enter()


@pytest.fixture
def space(plane: Plane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Space:
    """A namespace of this test's own, with a pool."""
    monkeypatch.setenv("HOME", str(tmp_path))  # no ~/.kube/config of somebody
    space = empty_space(plane)
    space.pool()
    return space


def empty_space(plane: Plane) -> Space:
    """A namespace without pools."""
    name = f"test-{next(_numbers)}"
    plane.admin.namespace(name)
    users.allow(plane.admin, name)
    return Space(plane, name)
