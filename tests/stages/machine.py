# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stages need of the machine: Debian packages, and Python environments outside the checkout."""

from __future__ import annotations

import filecmp
import glob
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
# not that of an environment we are started from: the same environments serve both
PYTHON = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "elemental-networking"

# command (or module:name, or file, or pattern of one) -> Debian package
TEST_PACKAGES = {
    "module:ensurepip": "python3-venv",
    "git": "git",
    "shellcheck": "shellcheck",
}
NODE_PACKAGES = {
    "systemd-nspawn": "systemd-container",
    "mmdebstrap": "mmdebstrap",
    "dnsmasq": "dnsmasq-base",
    "ip": "iproute2",
    "ssh": "openssh-client",
    "module:ensurepip": "python3-venv",
}
# the way out of a job of AWX
NAT_PACKAGES = {"slirp4netns": "slirp4netns"}
# to build an execution environment for real; a job itself needs namespaces alone
AWX_PACKAGES = {"unshare": "util-linux", "ssh-agent": "openssh-client", "podman": "podman"}
CLUSTER_PACKAGES = {"ip": "iproute2", "openssl": "openssl", "module:ensurepip": "python3-venv"}
# the version that the distribution has; its package makes the user that a server runs as
POSTGRESQL_PACKAGES = {
    "/usr/lib/postgresql/*/bin/initdb": "postgresql",
    "setpriv": "util-linux",
    "openssl": "openssl",
    "module:ensurepip": "python3-venv",
}
# for virtual machines; the Python libraries are for the machine's own Python, with which Ansible runs the libvirt modules
MOLECULE_PACKAGES = {
    "libvirtd": "libvirt-daemon-system",
    "virsh": "libvirt-clients",
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-img": "qemu-utils",
    "mmdebstrap": "mmdebstrap",
    "mke2fs": "e2fsprogs",
    "dnsmasq": "dnsmasq-base",
    "ip": "iproute2",
    "ssh": "openssh-client",
    "lz4": "lz4",
    "module:ensurepip": "python3-venv",
    "/usr/lib/python3/dist-packages/libvirt.py": "python3-libvirt",
    "/usr/lib/python3/dist-packages/lxml": "python3-lxml",
}
# for a clock of a node's own
FAULT_PACKAGES = {"cc": "gcc", "/usr/include/stdio.h": "libc6-dev"}


# in the copy of the checkout, by ansible-test and by ansible-lint
_WRITTEN_BY_STAGES = ("tests/output/", ".ansible/")

# has wheels for some versions of Python only, so it is built, with what requirements/build.txt has and nothing else
_BUILT = ("reuse",)


class Missing(Exception):
    """Something that cannot be installed here; one sentence that says what to do."""


def _is_there(name: str) -> bool:
    if name.startswith("module:"):
        return importlib.util.find_spec(name.removeprefix("module:")) is not None
    if name.startswith("/"):
        return bool(glob.glob(name))
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is not None


def install(packages: dict[str, str]) -> None:
    """Install the Debian packages that are missing. Raises Missing where that is not possible."""
    missing = sorted({package for name, package in packages.items() if not _is_there(name)})
    if not missing:
        return
    command = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Missing(f"missing here: {' '.join(missing)}; install them, on Debian with: sudo {' '.join(command)}")
    print(f"installing {' '.join(missing)}", flush=True)
    for step in (["apt-get", "update", "-qq"], command):
        run = subprocess.run(
            step, capture_output=True, text=True, check=False, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        )
        if run.returncode:
            raise Missing(f"{' '.join(step)} failed: {run.stderr.strip()[-300:]}")


def environment(requirements: str, python: str = PYTHON) -> Path:
    """The Python environment with these locked requirements; made once, complete or not at all."""
    file = REPOSITORY / "tests/requirements" / f"{requirements}.txt"
    version = subprocess.run([python, "-V"], capture_output=True, text=True, check=True).stdout.strip()
    text = file.read_text()
    built = [name for name in _BUILT if f"\n{name}==" in text]
    build = file.with_name("build.txt")
    made_of = f"{version} {python} {text}{build.read_text() if built else ''}"
    digest = hashlib.sha256(made_of.encode()).hexdigest()[:12]
    finished = CACHE / f"venv-{requirements}-{digest}"
    marker = finished / "complete"
    if marker.exists():
        return finished
    print(f"making the Python environment {requirements} (once)", flush=True)
    shutil.rmtree(finished, ignore_errors=True)
    CACHE.mkdir(parents=True, exist_ok=True)
    log = CACHE / f"venv-{requirements}.log"
    # wheels alone, and nothing without its checksum
    pip = [str(finished / "bin/pip"), "install", "-q", "--require-hashes", "--only-binary", ":all:"]
    sources = [option for name in built for option in ("--no-binary", name)]
    commands = [
        [python, "-m", "venv", str(finished)],
        *([[*pip, "-r", str(build)]] if built else []),
        [*pip, *sources, "--no-build-isolation", "-r", str(file)],
    ]
    with log.open("w") as stream:
        for command in commands:
            if subprocess.run(command, stdout=stream, stderr=subprocess.STDOUT, check=False).returncode:
                raise Missing(f"the Python environment {requirements} cannot be made, see {log}")
    marker.touch()
    return finished


def newer_python() -> str:
    """A Python 3.12 or later (ansible-core 2.21 needs one), from PATH or from pyenv. Raises Missing where there is none."""
    found = [shutil.which(f"python3.{minor}") for minor in (13, 12)]
    found += of_pyenv("3.1[23].*/bin/python3")
    for path in found:
        if path and works(path):
            return path
    raise Missing("ansible-core 2.21 needs Python 3.12 or later, and there is none on PATH or in pyenv; install one")


def of_pyenv(pattern: str) -> list[str]:
    """What pyenv has of a pattern, the newest first; its folder need not be in the home that is in use."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    return sorted(map(str, (root / "versions").glob(pattern)), reverse=True)


def works(python: str) -> bool:
    """Whether it is a whole Python: a pyenv shim may lead nowhere."""
    return subprocess.run([python, "-c", "import ensurepip"], capture_output=True, check=False).returncode == 0


def workshop() -> Path:
    """The folder for what is made from this checkout; another checkout has another one."""
    return CACHE / f"build-{hashlib.sha256(str(REPOSITORY).encode()).hexdigest()[:12]}"


def collection() -> Path:
    """A copy of the checkout at the path that Ansible's tools want; returns the folder that holds ``ansible_collections``."""
    top = workshop()
    target = top / "ansible_collections/elemental/networking"
    listing = ["git", "-C", str(REPOSITORY), "ls-files", "-co", "--exclude-standard", "-z"]
    names = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split("\0")
    wanted = {name for name in names if name and (REPOSITORY / name).exists()}
    present = {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()}
    # Python sees for itself whether it is of today; and what a stage beside this one writes while it runs
    kept = {name for name in present if "__pycache__" in name or name.startswith(_WRITTEN_BY_STAGES)}
    for name in present - wanted - kept:
        (target / name).unlink(missing_ok=True)
    for name in wanted:
        _copy(REPOSITORY / name, target / name)
    return top


def _copy(source: Path, target: Path) -> None:
    """In place and only where it differs: another stage may be reading the tree."""
    if not target.exists() or not filecmp.cmp(source, target, shallow=False):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target, follow_symlinks=False)
