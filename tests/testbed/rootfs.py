# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The root file system of all nodes: one per Debian suite, built once and cached."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import shutil
import tempfile
import typing as t
from pathlib import Path

from . import places
from .tools import run

SUITES = {"bookworm": "NetworkManager 1.42", "trixie": "NetworkManager 1.52"}
_PACKAGES = (
    "systemd-sysv",
    "dbus",
    "udev",
    "network-manager",
    "openssh-server",
    "python3",
    "iproute2",
    "iputils-arping",
    "iputils-ping",
    "procps",
    "sudo",
)
_LEFT_OUT = ("man", "doc", "locale")


def ensure(suite: str) -> Path:
    """The root file system of a suite; built from the machine's own package sources when the cache has none."""
    digest = hashlib.sha256(" ".join((suite, *_PACKAGES)).encode()).hexdigest()[:12]
    finished = places.cache() / f"rootfs-{suite}-{digest}"
    if not finished.is_dir():
        with _one_at_a_time(finished.with_name(f".{finished.name}.lock")):
            if not finished.is_dir():  # another test bed may have built it while this one waited
                print(f"building the root file system for {suite} (about a minute, once)", flush=True)
                _build(suite, finished)
    return finished


@contextlib.contextmanager
def _one_at_a_time(lock: Path) -> t.Iterator[None]:
    """The kernel gives the lock back however its holder ends."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(suite: str, finished: Path) -> None:
    workshop = Path(tempfile.mkdtemp(prefix=".building-", dir=places.cache()))
    try:
        run(
            *("mmdebstrap", "--quiet", "--variant=apt", "--mode=root", f"--include={','.join(_PACKAGES)}"),
            '--aptopt=APT::Install-Recommends "false"',
            *(f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in _LEFT_OUT),
            *(suite, str(workshop / "root")),  # no mirror: mmdebstrap takes the machine's own sources
        )
        (workshop / "root").rename(finished)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
