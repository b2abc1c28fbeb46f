# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands of the machine that the test bed needs."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import typing as t

# command -> Debian package
PACKAGES = {
    "libvirtd": "libvirt-daemon-system",
    "virsh": "libvirt-clients",
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-img": "qemu-utils",
    "dnsmasq": "dnsmasq-base",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "ssh": "openssh-client",
}
FOR_DEBIAN_IMAGE = {"mmdebstrap": "mmdebstrap", "mke2fs": "e2fsprogs", "lz4": "lz4"}
FOR_YOUR_IMAGE = {"xorriso": "xorriso"}


class TestBedError(Exception):
    """The test bed cannot do what is asked; one sentence."""

    __test__ = False


def require(*more: t.Mapping[str, str]) -> None:
    """Raise TestBedError with the command that installs what is missing."""
    if os.geteuid() != 0:
        raise TestBedError(
            "the virtual machines need root, for namespaces and a libvirt of their own: run molecule as root or with sudo"
        )
    if platform.machine() != "x86_64":
        raise TestBedError(f"the virtual machines are of x86_64, and this machine is a {platform.machine()}")
    packages = [pair for mapping in (PACKAGES, *more) for pair in mapping.items()]
    missing = sorted({package for command, package in packages if not find(command)})
    if missing:
        raise TestBedError(
            f"missing on this machine: {' '.join(missing)}; on Debian: apt-get install --no-install-recommends {' '.join(missing)}"
        )


def find(command: str) -> str | None:
    """The path of a command; administrators' folders count even where PATH leaves them out."""
    return shutil.which(command, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def run(*command: str, **options: t.Any) -> str:
    """Run a command and return what it printed. Raises TestBedError with the end of its complaint when it fails."""
    check = options.pop("check", True)
    result = subprocess.run(
        [find(command[0]) or command[0], *command[1:]],
        check=False,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )
    if check and result.returncode:
        raise TestBedError(f"{' '.join(command[:4])} failed: {(result.stderr or result.stdout).strip()[-800:]}")
    return str(result.stdout)
