# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole control plane: up, down, and its processes one by one."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import json
import shutil
import signal
import socket
import time
import typing as t
import urllib.error
import urllib.request
from pathlib import Path

from ..tools import TestBedError
from . import building, commands, definitions, namespace, pki, places, users
from .admin import Admin
from .processes import Processes

_READY = "testbed-ready"


class Plane:
    """The control plane of one network namespace; this process is in there after ``up`` or ``enter``.

    As a ``guest`` it moves into a namespace that somebody else makes and removes.
    """

    def __init__(self, name: str = places.PREFIX, guest: bool = False) -> None:
        self.name, self._guest = name, guest
        self.folder = places.state(name)
        self.processes = Processes(self.folder)

    # --- up and down ------------------------------------------------------------------------------------------

    def up(self, provider: str = "1.1") -> None:
        """Start everything; whatever fails or interrupts it leaves nothing behind. With provider ``none`` nothing of IPAM is there."""
        if self.is_up():
            raise TestBedError("the control plane is up already: take it down first (make cluster-down)")
        binaries = building.ensure(provider)
        self.down()
        try:
            namespace.enter(self.name)
            self.folder.mkdir(mode=0o700)
            self._start(binaries, provider)
        except BaseException:
            self.down()
            raise

    def down(self) -> None:
        """End everything and remove it."""
        if self.folder.exists():
            for name in self.processes.names():
                self.processes.end(name, signal.SIGTERM if name == "kube-apiserver" else signal.SIGKILL, 3.0)
        if not self._guest:
            namespace.remove(self.name)
        shutil.rmtree(self.folder, ignore_errors=True)

    def is_up(self) -> bool:
        """Whether there is one that can be used."""
        return (self.folder / "plane.json").exists() and self.processes.is_alive("kube-apiserver")

    def enter(self) -> None:
        """Move this process to where the control plane is."""
        if not self.is_up():
            raise TestBedError("no control plane is up: make cluster-up")
        namespace.enter(self.name)

    def _start(self, binaries: Path, provider: str) -> None:
        ports = commands.free_ports()
        pki.make_certificates(self.folder / "pki")
        tokens = pki.make_tokens(users.USERS)
        token_file = pki.token_file(self.folder, users.USERS, tokens)
        server = f"https://{places.HOST}:{ports.api}"
        for user, token in tokens.items():
            pki.kubeconfig(self.folder, server, user, token)
        record = {"server": server, "tokens": tokens, "ports": dataclasses.asdict(ports)}
        start, wait = self.processes.start, self.processes.wait
        start("etcd", commands.etcd(binaries, self.folder, ports))
        wait("etcd", lambda: _answers(f"http://{places.HOST}:{ports.etcd}/health"), "etcd")
        start("kube-apiserver", commands.apiserver(binaries, self.folder, ports, token_file))
        admin = Admin(self.folder, server, tokens[users.ADMINISTRATOR])
        wait("kube-apiserver", lambda: admin.call("GET", "/readyz") == "ok", "kube-apiserver")
        if provider != "none":
            self._start_ipam(binaries, provider, ports, admin)
            self._prove(admin)
        partial = self.folder / "plane.partial"
        partial.touch(mode=0o600)
        partial.write_text(json.dumps(record))
        partial.rename(self.folder / "plane.json")

    def _start_ipam(self, binaries: Path, provider: str, ports: commands.Ports, admin: Admin) -> None:
        start, wait, authority = self.processes.start, self.processes.wait, pki.authority(self.folder)
        conversion = f"https://{places.HOST}:{ports.claims}"
        names = definitions.install(admin, binaries / "crds", conversion, authority)
        wait("definitions", lambda: definitions.are_established(admin, names))
        start("capi-webhooks", commands.webhooks(binaries, self.folder, ports))
        start("provider", commands.provider(binaries, self.folder, ports, provider))
        # after the definitions, so that the garbage collector knows them at once
        start("kube-controller-manager", commands.controllers(binaries, self.folder, ports))
        wait("provider", lambda: _answers(f"http://{places.HOST}:{ports.health}/readyz"), "provider")
        for name, port in (
            ("provider", ports.pools),
            ("capi-webhooks", ports.claims),
            ("kube-controller-manager", ports.controllers),
        ):
            wait(name, lambda port=port: _listens(port), name)
        definitions.install_webhooks(admin, names, f"https://{places.HOST}:{ports.pools}", conversion, authority)

    def _prove(self, admin: Admin) -> None:
        """Ready means: a claim gets its address and gives it back, through every webhook."""
        admin.namespace(_READY)
        base = f"/apis/{places.GROUP}"
        reference = {"apiGroup": places.GROUP, "kind": "InClusterIPPool", "name": "p"}
        pool = _object("v1alpha2", "InClusterIPPool", "p", {"addresses": ["192.0.2.10"], "prefix": 24})
        claim = _object("v1beta2", "IPAddressClaim", "c", {"poolRef": reference})
        pools, claims = (
            f"{base}/v1alpha2/namespaces/{_READY}/inclusterippools",
            f"{base}/v1beta1/namespaces/{_READY}/ipaddressclaims",
        )
        wait = self.processes.wait
        wait("a first pool", lambda: admin.call("POST", pools, pool))
        wait("a first claim", lambda: admin.call("POST", claims.replace("v1beta1", "v1beta2"), claim))
        wait(
            "a first address",
            lambda: admin.call("GET", f"{claims}/c").get("status", {}).get("addressRef", {}).get("name"),
        )
        wait("a first release", lambda: admin.call("DELETE", f"{claims}/c"))
        wait("the release", lambda: not admin.ipam("ipaddresses", _READY))
        wait("its pool to go", lambda: admin.call("DELETE", f"{pools}/p"))
        admin.call("DELETE", f"/api/v1/namespaces/{_READY}")

    # --- for users --------------------------------------------------------------------------------------------

    @property
    def _record(self) -> dict[str, t.Any]:
        return dict(json.loads((self.folder / "plane.json").read_text()))

    @property
    def server(self) -> str:
        """The URL of the API server."""
        return str(self._record["server"])

    @property
    def admin(self) -> Admin:
        """The administrator."""
        return Admin(self.folder, self.server, self.token(users.ADMINISTRATOR))

    def token(self, user: str) -> str:
        """A user's bearer token."""
        return str(self._record["tokens"][user])

    def kubeconfig(self, user: str) -> Path:
        """A user's kubeconfig."""
        return self.folder / f"{user}.kubeconfig"

    # --- for faults -------------------------------------------------------------------------------------------

    def kill(self, name: str) -> None:
        """End a process at once."""
        self.processes.end(name, signal.SIGKILL)

    def start_again(self, name: str) -> None:
        """Start a process that was ended, with the same port and the same store, and wait until it is ready."""
        self.processes.start_again(name)
        ports = self._record["ports"]
        if name == "kube-apiserver":
            self.processes.wait(name, lambda: self.admin.call("GET", "/readyz") == "ok", name)
        elif name == "provider":
            self.processes.wait(name, lambda: _answers(f"http://{places.HOST}:{ports['health']}/readyz"), name)
        elif name == "capi-webhooks":
            self.processes.wait(name, lambda: _listens(ports["claims"]), name)

    def change_provider(self, version: str) -> None:
        """Run another version of the provider, as the kubelet does after its deployment has changed."""
        binaries = building.ensure(version)
        self.processes.end("provider", signal.SIGTERM)
        ports = commands.Ports(**self._record["ports"])
        self.processes.start("provider", commands.provider(binaries, self.folder, ports, version))
        self.processes.wait("provider", lambda: _answers(f"http://{places.HOST}:{ports.health}/readyz"), "provider")
        self.processes.wait("provider", lambda: _listens(ports.pools), "provider")

    def compact(self) -> None:
        """Make the store forget everything but the present."""
        url = f"http://{places.HOST}:{self._record['ports']['etcd']}/v3/kv"
        header = _post(f"{url}/range", {"key": base64.b64encode(b"/").decode(), "limit": "1"})["header"]
        _post(f"{url}/compaction", {"revision": header["revision"], "physical": True})

    def requests(self, user: str) -> list[dict[str, t.Any]]:
        """What a user asked of the groups of IPAM, Cluster API and Elemental, from the API server's audit log."""
        found = []
        for line in (self.folder / "audit.log").read_text().splitlines():
            with contextlib.suppress(ValueError):
                event = json.loads(line)
                if event["user"].get("username") == user:
                    found.append(event)
        return found


@contextlib.contextmanager
def running(name: str, provider: str = "1.1") -> t.Iterator[Plane]:
    """A control plane for a while."""
    plane = Plane(name)
    plane.up(provider)
    try:
        yield plane
    finally:
        plane.down()


def _object(version: str, kind: str, name: str, spec: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {"apiVersion": f"{places.GROUP}/{version}", "kind": kind, "metadata": {"name": name}, "spec": dict(spec)}


def _answers(url: str) -> bool:
    with urllib.request.urlopen(url, timeout=2) as response:
        return bool(response.status == 200)


def _listens(port: int) -> bool:
    with socket.create_connection((places.HOST, port), 1):
        return True


def _post(url: str, body: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode()), timeout=10) as response:
        return dict(json.loads(response.read()))


def memory(pid: int) -> int:
    """Resident memory of a process in MiB."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) // 1024
    return 0


def timed(work: t.Callable[[], None]) -> float:
    """How long something takes, in seconds."""
    began = time.monotonic()
    work()
    return time.monotonic() - began
