# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The execution environment: ansible-builder takes the definition that is shipped, finds what the collection needs, and an image of Debian
packages with the same definition is built where podman can run.

A registry is not needed: the base image, which is the one difference, is made here.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.awx.job import REPOSITORY

DEFINITION = REPOSITORY / "extensions/execution-environment/execution-environment.yml"
_BASE, _IMAGE = "localhost/elemental-debian-base:latest", "localhost/elemental-ee:latest"
_TRUSTED = Path("/etc/ssl/certs/ca-certificates.crt")
# of podman run, where the OCI runtime did not start it
_RUNTIME_FAILED = 126
_PACKAGES = "python3,python3-pip,python3-venv,ca-certificates,openssh-client"


def builder(*arguments: str, folder: Path) -> str:
    """Run ansible-builder; what it printed."""
    command = [str(Path(sys.executable).parent / "ansible-builder"), *arguments]
    # a build needs no container of its own: crun refuses the cgroups of some machines
    environment = {**os.environ, "BUILDAH_ISOLATION": "chroot"}
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def for_debian(definition: t.Mapping[str, t.Any], ours: Path, core: Path) -> dict[str, t.Any]:
    """The same definition with the base image, its package manager and the source of the collections exchanged.

    ``ours`` is the tarball of this collection, ``core`` the folder of kubernetes.core: no Galaxy is needed.
    """
    python = {"package_system": "python3", "python_path": "/usr/bin/python3"}
    # PyPI may be reached through something that only this machine trusts
    trusted = f"COPY _build/trusted/{_TRUSTED.name} {_TRUSTED}"
    steps = ["ENV PIP_BREAK_SYSTEM_PACKAGES=1", trusted, f"ENV PIP_CERT={_TRUSTED}"]
    installed = "/usr/share/ansible/collections/ansible_collections/kubernetes/core"
    return {
        **definition,
        "images": {"base_image": {"name": _BASE}},
        # ansible-builder knows RPM alone, but calls nothing but "install -y" and "clean all" of its package manager
        "options": {"package_manager_path": "/usr/bin/apt-get", "skip_pip_install": True},
        "build_arg_defaults": {
            "PKGMGR_PRESERVE_CACHE": "always",
            "ANSIBLE_GALAXY_CLI_COLLECTION_OPTS": "--no-deps --offline",
        },
        "dependencies": {
            **definition["dependencies"],
            "python_interpreter": python,
            "galaxy": {"collections": [{"name": f"/build/{ours.name}", "type": "file"}]},
        },
        "additional_build_files": [
            {"src": str(ours), "dest": "collections"},
            {"src": str(core), "dest": "kubernetes_core"},
            {"src": str(_TRUSTED), "dest": "trusted"},
        ],
        "additional_build_steps": {
            **{f"prepend_{part}": steps for part in ("base", "builder", "final")},
            "prepend_galaxy": [
                *steps,
                f"COPY _build/collections/{ours.name} /build/",
                f"COPY _build/kubernetes_core {installed}",
            ],
        },
    }


def test_the_definition_is_one_that_ansible_builder_takes(tmp_path: Path) -> None:
    builder("create", "-f", str(DEFINITION), "-c", "context", "--output-filename", "Containerfile", folder=tmp_path)
    text = (tmp_path / "context/Containerfile").read_text()
    assert "python3.12" in text
    wanted = yaml.safe_load((tmp_path / "context/_build/requirements.yml").read_text())["collections"]
    assert [each["name"] for each in wanted] == ["elemental.networking", "kubernetes.core"]


def test_what_the_collection_needs_is_found_in_it(tmp_path: Path) -> None:
    """Of each backend, and for ssh; this is what the build installs beside the definition."""
    folder = tmp_path / "ansible_collections/elemental"
    folder.mkdir(parents=True)
    (folder / "networking").symlink_to(REPOSITORY)
    found = yaml.safe_load(builder("introspect", str(tmp_path), folder=tmp_path).partition("---")[2])
    of_ours = "# from collection elemental.networking"
    assert f"kubernetes>=24.2  {of_ours}" in found["python"]
    assert f"openssh-clients [platform:rpm]  {of_ours}" in found["system"]


def _podman() -> str:
    """The program. Skips, with the reason, where it cannot run."""
    program = shutil.which("podman")
    if not program or os.geteuid() != 0:
        pytest.skip("THE EXECUTION ENVIRONMENT WAS NOT BUILT: podman is not installed, or this does not run as root")
    check = subprocess.run([program, "info"], capture_output=True, text=True, check=False)
    if check.returncode:
        pytest.skip(
            f"THE EXECUTION ENVIRONMENT WAS NOT BUILT: podman does not run here ({check.stderr.strip()[-300:]})"
        )
    return program


def _base_image(podman: str, folder: Path) -> None:
    if subprocess.run([podman, "image", "exists", _BASE], check=False).returncode == 0:
        return  # made by an earlier run
    archive = folder / "base.tar"
    command = [
        "mmdebstrap",
        "--variant=minbase",
        f"--include={_PACKAGES}",
        "--skip=cleanup/apt/lists",
        "bookworm",
        str(archive),
    ]
    subprocess.run(command, check=True, capture_output=True)
    subprocess.run([podman, "import", str(archive), _BASE], check=True, capture_output=True)


def _tarball(folder: Path) -> Path:
    galaxy = str(Path(sys.executable).parent / "ansible-galaxy")
    command = [galaxy, "collection", "build", os.environ["COLLECTION"], "--output-path", str(folder), "--force"]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob("elemental-networking-*.tar.gz"))


def _kubernetes_core() -> Path:
    folders = (Path(each) / "ansible_collections/kubernetes/core" for each in sys.path)
    return next(folder for folder in folders if folder.exists())


def _inside(podman: str, command: t.Sequence[str]) -> str:
    """What a command prints in a container of the image; in its files alone where podman builds but cannot start a container."""
    run = subprocess.run([podman, "run", "--rm", _IMAGE, *command], capture_output=True, text=True, check=False)
    if run.returncode == _RUNTIME_FAILED:
        mounted = subprocess.run([podman, "image", "mount", _IMAGE], capture_output=True, text=True, check=True)
        root = mounted.stdout.strip()
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin", "HOME": "/tmp", "LC_ALL": "C.UTF-8"}
        run = subprocess.run(
            [
                "unshare",
                "--mount",
                "/bin/sh",
                "-c",
                f"mount -t tmpfs tmpfs {root}/tmp && exec chroot {root} {shlex.join(command)}",
            ],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        subprocess.run([podman, "image", "unmount", _IMAGE], capture_output=True, check=True)
    return run.stdout + run.stderr


def test_it_is_built_for_real_and_has_what_a_job_needs(tmp_path: Path) -> None:
    podman = _podman()
    _base_image(podman, tmp_path)
    definition = for_debian(yaml.safe_load(DEFINITION.read_text()), _tarball(tmp_path), _kubernetes_core())
    (tmp_path / "execution-environment.yml").write_text(yaml.safe_dump(definition))
    arguments = ("--container-runtime", "podman", "--tag", _IMAGE, "--extra-build-cli-args=--network=host", "-v", "3")
    builder("build", "-f", "execution-environment.yml", *arguments, folder=tmp_path)
    inside = "import kubernetes, ansible_runner; print('both')"
    for command, expected in (
        (["ansible-doc", "-t", "module", "elemental.networking.network_config"], "plugins/modules/network_config.py"),
        (["/usr/bin/python3", "-c", inside], "both"),
        (["ssh", "-V"], "OpenSSH"),
    ):
        assert expected in _inside(podman, command)
