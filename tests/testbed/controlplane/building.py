# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the control plane's programs from their Go modules, once per set of exact versions."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import typing as t
from dataclasses import dataclass
from pathlib import Path

from ..tools import TestBedError
from . import places

_PROVIDER = "sigs.k8s.io/cluster-api-ipam-provider-in-cluster"
_VERSION = "k8s.io/component-base/version"


@dataclass(frozen=True)
class Program:
    """``package`` of the module set in the folder ``modules/<folder>``."""

    name: str
    folder: str
    package: str


_PROGRAMS = (
    Program("etcd", "etcd", "go.etcd.io/etcd/server/v3"),
    Program("ipam-provider-1.1", "provider-1.1", _PROVIDER),
    Program("capi-webhooks", "capi-core", "./capi-webhooks"),
    Program("kube-apiserver", "kubernetes", "k8s.io/kubernetes/cmd/kube-apiserver"),
    Program("kube-controller-manager", "kubernetes", "k8s.io/kubernetes/cmd/kube-controller-manager"),
)
_OLD_PROVIDER = Program("ipam-provider-1.0", "provider-1.0", _PROVIDER)


def ensure(provider: str = "1.1") -> Path:
    """The folder with the programs and, in ``crds``, the custom resource definitions; what is missing is built."""
    if not shutil.which("go"):
        raise TestBedError("the control plane is built from source: install Go 1.26 or later")
    finished = places.BINARIES / _digest()
    finished.mkdir(parents=True, exist_ok=True)
    wanted = [*_PROGRAMS, *([_OLD_PROVIDER] if provider == "1.0" else [])]
    versions = ["1.1", *(["1.0"] if provider == "1.0" else [])]
    files = ["crds", *(f"manifests-{version}" for version in versions), *(program.name for program in wanted)]
    if all((finished / name).exists() for name in files):
        return finished  # whatever somebody else is building beside it
    with (finished / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (finished / "crds").exists():
            _copy_definitions(finished)
        for version in versions:
            if not (finished / f"manifests-{version}").exists():
                _copy_manifests(version, finished)
        for program in wanted:
            if not (finished / program.name).exists():
                _build(program, finished)
    return finished


def manifests(provider: str) -> Path:
    """The folder with a provider's own manifests (upstream's ``config``), of one that ``ensure`` has built."""
    return places.BINARIES / _digest() / f"manifests-{provider}"


def _digest() -> str:
    digest = hashlib.sha256()
    for file in sorted(path for path in places.MODULES.rglob("*") if path.is_file()):
        digest.update(f"{file.relative_to(places.MODULES)}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def _build(program: Program, finished: Path) -> None:
    print(f"building {program.name} (once; all of them take about 15 minutes on 2 cores)", flush=True)
    flags = f"-s -w {_stamp() if program.folder == 'kubernetes' else ''}"
    # under another name first: an interrupted build leaves no program
    partial = finished / f"{program.name}.partial"
    _go(program.folder, "build", "-trimpath", "-ldflags", flags, "-o", str(partial), program.package)
    partial.rename(finished / program.name)


def _stamp() -> str:
    """An API server that does not know its version is refused by Cluster API."""
    version = _go("kubernetes", "list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes")
    minor = version.split(".")[1]
    values = {"gitVersion": version, "gitMajor": "1", "gitMinor": minor, "gitTreeState": "clean"}
    return " ".join(f"-X {_VERSION}.{name}={value}" for name, value in values.items())


def _copy_definitions(finished: Path) -> None:
    """The modules carry the definitions that belong to them; those of Cluster API serve both versions of the provider."""
    cluster_api = _source("capi-core", "sigs.k8s.io/cluster-api") / "core/config/crd/bases"
    provider = _provider_source("1.1") / "config/crd/bases"
    partial = finished / "crds.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    found: list[Path] = [*cluster_api.glob("ipam.cluster.x-k8s.io_*.yaml"), *provider.glob("*.yaml")]
    for file in [cluster_api / "cluster.x-k8s.io_clusters.yaml", *found]:
        (partial / file.name).write_bytes(file.read_bytes())
    partial.rename(finished / "crds")


def _copy_manifests(provider: str, finished: Path) -> None:
    partial = finished / f"manifests-{provider}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    for name in ("crd/bases", "manager", "rbac"):
        shutil.copytree(_provider_source(provider) / "config" / name, partial / name, copy_function=shutil.copyfile)
    partial.rename(finished / f"manifests-{provider}")


def _provider_source(provider: str) -> Path:
    return _source(f"provider-{provider}", _PROVIDER)


def _source(folder: str, module: str) -> Path:
    """The folder with a module's source, downloaded where the machine does not have it yet."""
    return Path(json.loads(_go(folder, "mod", "download", "-json", module))["Dir"])


def _go(folder: str, *arguments: str) -> str:
    environment: t.Mapping[str, str] = {**os.environ, "CGO_ENABLED": "0"}
    command = ["nice", "-n", "5", "go", *arguments]
    run = subprocess.run(
        command, cwd=places.MODULES / folder, env=environment, capture_output=True, text=True, check=False
    )
    if run.returncode:
        raise TestBedError(f"go {arguments[0]} for {folder} failed: {run.stderr.strip()[-500:]}")
    return run.stdout.strip()
