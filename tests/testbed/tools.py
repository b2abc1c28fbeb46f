# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands of the machine that the test bed needs."""

from __future__ import annotations

import os
import shutil
import subprocess
import typing as t

# command -> Debian package
_PACKAGES = {
    "systemd-nspawn": "systemd-container",
    "mmdebstrap": "mmdebstrap",
    "dnsmasq": "dnsmasq-base",
    "ip": "iproute2",
    "ssh-keygen": "openssh-client",
    "nsenter": "util-linux",
}


class TestBedError(Exception):
    """The test bed cannot do what is asked; one sentence."""

    __test__ = False


def require() -> None:
    """Raise TestBedError with the command that installs what is missing."""
    if os.geteuid() != 0:
        raise TestBedError("the test nodes need root: run this as root or with sudo")
    missing = sorted({package for command, package in _PACKAGES.items() if not find(command)})
    if missing:
        raise TestBedError(f"missing on this machine: apt-get install --no-install-recommends {' '.join(missing)}")


def find(command: str) -> str | None:
    """The path of a command; administrators' folders count even where PATH leaves them out."""
    return shutil.which(command, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def run(*command: str, check: bool = True, **options: t.Any) -> subprocess.CompletedProcess[str]:
    """Run a command quietly; its output goes into the error when it fails."""
    result = subprocess.run(
        [find(command[0]) or command[0], *command[1:]],
        check=False,
        text=True,
        stdout=options.pop("stdout", subprocess.PIPE),
        stderr=options.pop("stderr", subprocess.PIPE),
        **options,
    )
    if check and result.returncode:
        raise TestBedError(f"{' '.join(command[:6])} failed: {(result.stderr or result.stdout or '').strip()[-500:]}")
    return result


def ip_batch(lines: t.Sequence[str], namespace: str | None = None) -> None:
    """Run many ``ip`` commands at once."""
    inside = ("-n", namespace) if namespace else ()
    run("ip", *inside, "-batch", "-", input="\n".join(lines) + "\n")
