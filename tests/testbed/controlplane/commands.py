# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command lines of the control plane's processes."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import random
import socket
from dataclasses import dataclass
from pathlib import Path

from . import places


@dataclass(frozen=True)
class Ports:
    """Free ports on loopback."""

    etcd: int
    peer: int
    api: int
    controllers: int
    pools: int
    claims: int
    health: int


def free_ports() -> Ports:
    """Ports that nobody has now, below those that the kernel gives to clients: a server that is away has to find its own free."""
    found: list[int] = []
    while len(found) < len(dataclasses.fields(Ports)):
        port = random.randrange(20000, 32000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((places.HOST, port))
            found += [port] if port not in found else []
    return Ports(*found)


def etcd(binaries: Path, folder: Path, ports: Ports) -> list[str]:
    """The store. It does not wait for the disk: the machine does not lose power in a test."""
    client, peer = f"http://{places.HOST}:{ports.etcd}", f"http://{places.HOST}:{ports.peer}"
    return [
        *(str(binaries / "etcd"), "--name=testbed", f"--data-dir={folder / 'etcd'}"),
        *(f"--listen-client-urls={client}", f"--advertise-client-urls={client}"),
        *(f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=testbed={peer}"),
        *("--unsafe-no-fsync", "--log-level=warn"),
    ]


def apiserver(binaries: Path, folder: Path, ports: Ports, tokens: Path) -> list[str]:
    """The API server: RBAC, nobody anonymous, and a log of who asked for what in the IPAM group."""
    pki = folder / "pki"
    policy = folder / "audit-policy.json"
    groups = [{"group": name} for name in (places.GROUP, places.CLUSTER_GROUP, places.ELEMENTAL_GROUP)]
    rules = [{"level": "Metadata", "resources": groups}, {"level": "None"}]
    policy.write_text(
        json.dumps(
            {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"], "rules": rules}
        )
    )
    return [
        *(str(binaries / "kube-apiserver"), f"--etcd-servers=http://{places.HOST}:{ports.etcd}"),
        *(f"--bind-address={places.HOST}", f"--advertise-address={places.HOST}", f"--secure-port={ports.api}"),
        *(f"--tls-cert-file={pki / 'tls.crt'}", f"--tls-private-key-file={pki / 'tls.key'}", f"--cert-dir={pki}"),
        *(f"--token-auth-file={tokens}", "--authorization-mode=RBAC", "--anonymous-auth=false"),
        *(f"--service-account-issuer=https://{places.HOST}", f"--service-account-key-file={pki / 'sa.key'}"),
        f"--service-account-signing-key-file={pki / 'sa.key'}",
        *("--service-cluster-ip-range=10.0.0.0/24", "--endpoint-reconciler-type=none"),
        *("--disable-admission-plugins=ServiceAccount", "--profiling=false", "--shutdown-delay-duration=0s", "--v=1"),
        *(f"--audit-policy-file={policy}", f"--audit-log-path={folder / 'audit.log'}"),
    ]


def controllers(binaries: Path, folder: Path, ports: Ports) -> list[str]:
    """The two controllers that claims need: garbage collection by owner, and deletion of namespaces."""
    return [
        *(str(binaries / "kube-controller-manager"), f"--kubeconfig={folder / 'admin.kubeconfig'}"),
        *(f"--bind-address={places.HOST}", f"--secure-port={ports.controllers}", f"--cert-dir={folder / 'pki'}"),
        *("--leader-elect=false", "--controllers=garbage-collector-controller,namespace-controller"),
    ]


def webhooks(binaries: Path, folder: Path, ports: Ports) -> list[str]:
    """Cluster API's own webhooks."""
    return [
        *(str(binaries / "capi-webhooks"), f"--kubeconfig={folder / 'admin.kubeconfig'}"),
        *(f"--webhook-port={ports.claims}", f"--webhook-cert-dir={folder / 'pki'}"),
    ]


def provider(binaries: Path, folder: Path, ports: Ports, version: str) -> list[str]:
    """The in-cluster IPAM provider."""
    return [
        *(str(binaries / f"ipam-provider-{version}"), f"--kubeconfig={folder / 'admin.kubeconfig'}"),
        f"--health-probe-bind-address={places.HOST}:{ports.health}",
        "--metrics-bind-address=0" if version == "1.0" else "--diagnostics-address=0",
        *(f"--webhook-port={ports.pools}", f"--webhook-cert-dir={folder / 'pki'}"),
        *("--webhook-cert-name=tls.crt", "--webhook-key-name=tls.key"),
    ]
