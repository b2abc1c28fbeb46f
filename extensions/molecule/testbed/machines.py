# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine boots from, inside the test bed: a disk of its own over the image, and for your own image a seed for cloud-init."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from . import places
from .tools import TestBedError, run

_USER_DATA = """#cloud-config
disable_root: false
ssh_genkeytypes: [ed25519]
users:
  - name: root
    ssh_authorized_keys: [{key}]
"""
# NetworkManager's own profiles are there then, as on a machine that nobody has configured yet
_NETWORK = "config: disabled\n"


def make_disk(machine: str, process: int, is_own_image: bool) -> None:
    """A fresh disk; ``process`` is one in the test bed. What the machine wrote before is gone."""
    if not re.fullmatch(r"[a-z0-9-]+", machine):
        raise TestBedError(f"{machine} is no name for a machine: use lower case letters, digits and dashes")
    disk = places.IMAGES / f"{machine}.qcow2"
    command = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", str(places.BASE / "disk.qcow2")]
    run("nsenter", f"--target={process}", "--mount", "--", *command, str(disk))
    if is_own_image:
        _make_seed(machine, process)


def disk_cache(process: int) -> str:
    """How QEMU opens the disks: past the page cache of this machine where their file system takes that (tmpfs since Linux 6.6).

    Else through it. Both keep what the machine synchronises, and forget with its memory what it does not.
    """
    trial = places.IMAGES / "direct"
    write = ["dd", "if=/dev/zero", f"of={trial}", "bs=4096", "count=1", "oflag=direct", "status=none"]
    inside = ["nsenter", f"--target={process}", "--mount", "--"]
    try:
        run(*inside, *write)
    except TestBedError:
        return "writeback"
    finally:
        run(*inside, "rm", "-f", str(trial))
    return "none"


def _make_seed(machine: str, process: int) -> None:
    with tempfile.TemporaryDirectory(prefix="seed-", dir=places.RUN) as folder:
        key = places.KEY.with_suffix(".pub").read_text().strip()
        files = {
            "meta-data": f"instance-id: {machine}\nlocal-hostname: {machine}\n",
            "user-data": _USER_DATA.format(key=key),
            "network-config": _NETWORK,
        }
        for name, text in files.items():
            (Path(folder) / name).write_text(text)
        seed = places.IMAGES / f"{machine}-seed.iso"
        make = ["xorriso", "-as", "mkisofs", "-quiet", "-V", "CIDATA", "-J", "-r", "-o", str(seed), folder]
        run("nsenter", f"--target={process}", "--mount", "--", *make)
