# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only a machine with internet can prove: make test-online.

The checksums that the roles know are those of the releases, the releases run here, and nmc writes what the stand-in for it writes.
"""

from __future__ import annotations

import hashlib
import io
import platform
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from pathlib import Path

import yaml

from tests.stages import nmstatectl
from tests.stages.machine import CACHE, REPOSITORY

_NMC = "https://github.com/suse-edge/nm-configurator/releases/download/v{version}/nmc-linux-{arch}"
_IPAM = "https://github.com/kubernetes-sigs/cluster-api-ipam-provider-in-cluster/releases/download/{version}/ipam-components.yaml"
_NMSTATECTL = "https://github.com/nmstate/nmstate/releases/download/v{version}/nmstatectl-linux-x64.zip"


def _known(role: str) -> list[tuple[str, str, str]]:
    content = yaml.safe_load((REPOSITORY / f"roles/{role}/vars/main.yml").read_text())[f"_{role}_known"]
    return [(version, arch, sha256) for version, sums in content.items() for arch, sha256 in sums.items()]


def _fetched(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=120) as answer:
        return bytes(answer.read())


def _check_release(role: str, url: str, sha256: str, arch: str, probe: str) -> bool:
    try:
        content = _fetched(url)
    except OSError as error:
        print(f"FAILED   {url}: {error}")
        return False
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        print(f"FAILED   {url}: sha256 {found}, known is {sha256}")
        return False
    says = _run(role, content, probe) if arch == platform.machine() else "not for this machine"
    print(f"passed   {url}: {says}")
    return True


def _run(role: str, content: bytes, probe: str) -> str:
    program = CACHE / "online" / role
    program.parent.mkdir(parents=True, exist_ok=True)
    if zipfile.is_zipfile(io.BytesIO(content)):
        content = zipfile.ZipFile(io.BytesIO(content)).read(role)
    program.write_bytes(content)
    program.chmod(0o755)
    run = subprocess.run([program, probe], capture_output=True, text=True, check=False)
    return (
        (run.stdout + run.stderr).strip().splitlines()[-1]
        if run.returncode == 0
        else f"does not run here: {run.stderr.strip()[:100]}"
    )


def _check_manifests() -> bool:
    """The manifests of the IPAM provider: those whose checksum the role knows, and what that of the default version is."""
    known = yaml.safe_load((REPOSITORY / "roles/ipam_provider/vars/main.yml").read_text())["_ipam_provider_known"]
    default = yaml.safe_load((REPOSITORY / "roles/ipam_provider/defaults/main.yml").read_text())[
        "ipam_provider_version"
    ]
    right = True
    for version in {default: "", **known}:
        url = _IPAM.format(version=version)
        try:
            found = hashlib.sha256(_fetched(url)).hexdigest()
        except OSError as error:
            found = str(error)
        wanted = known.get(version)
        right = right and wanted in (None, found)
        verdict = "unknown " if wanted is None else "passed  " if wanted == found else "FAILED  "
        print(f"{verdict} {url}: sha256 {found}, known is {wanted or 'none'}")
    return right


def _check_stand_in() -> bool:
    """The real nmc and the stand-in, byte for byte, on every document of the tests."""
    real, stand_in = CACHE / "online/nmc", REPOSITORY / "tests/standins/nmc.py"
    path = f"{nmstatectl.build().parent}:/usr/bin:/bin"
    different = []
    for file in sorted((REPOSITORY / "tests/data/nmstate").glob("*.yaml")):
        for case in yaml.safe_load(file.read_text()):
            results = [_generated([str(program)], case["config"], path) for program in (real, stand_in)]
            if results[0] != results[1]:
                different.append(case["name"])
    print(
        f"{'FAILED' if different else 'passed'}   nmc and its stand-in: {', '.join(different) or 'the same profiles'}"
    )
    return not different


def _generated(command: list[str], config: object, path: str) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in").mkdir()
        (folder / "in/_all.yaml").write_text(yaml.safe_dump(config))
        arguments = ["generate", "--config-dir", "in", "--output-dir", "out"]
        subprocess.run([*command, *arguments], cwd=folder, env={"PATH": path}, capture_output=True, check=False)
        return {file.name: file.read_text() for file in folder.glob("out/_all/*")}


def main() -> int:
    passed = [
        _check_release("nmc", _NMC.format(version=version, arch=arch), sha256, arch, "--version")
        for version, arch, sha256 in _known("nmc")
    ]
    passed += [
        _check_release("nmstatectl", _NMSTATECTL.format(version=version), sha256, arch, "version")
        for version, arch, sha256 in _known("nmstatectl")
    ]
    passed.append(_check_manifests())
    if (CACHE / "online/nmc").exists():
        passed.append(_check_stand_in())
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
