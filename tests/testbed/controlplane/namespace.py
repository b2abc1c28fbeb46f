# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network namespace of a control plane: the provider's webhook server listens on every interface, here on nobody's."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
import typing as t
from pathlib import Path

from ..tools import TestBedError, run

_CLONE_NEWNET = 0x40000000


def enter(name: str) -> None:
    """Move this process, and what it starts from now on, into the namespace; it is made when missing."""
    if os.geteuid() != 0:
        raise TestBedError(
            "the control plane needs root, for a network namespace of its own: run this as root or with sudo"
        )
    file = Path("/run/netns") / name
    if not file.exists():
        run("ip", "netns", "add", name)
        run("ip", "-n", name, "link", "set", "lo", "up")
    with file.open("rb") as namespace:
        _join(namespace.fileno(), name)


@contextlib.contextmanager
def coming_back() -> t.Iterator[None]:
    """At the end this process is in the network namespace again in which it is now."""
    with open("/proc/self/ns/net", "rb") as before:
        try:
            yield
        finally:
            _join(before.fileno(), "of before")


def _join(descriptor: int, name: str) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, _CLONE_NEWNET):
        raise TestBedError(f"the network namespace {name} cannot be entered: {os.strerror(ctypes.get_errno())}")


def exists(name: str) -> bool:
    """Whether there is such a namespace."""
    return (Path("/run/netns") / name).exists()


def remove(name: str, seconds: float = 10.0) -> None:
    """End whatever still runs in the namespace, except this process, and remove it."""
    if not exists(name):
        return
    deadline = time.monotonic() + seconds
    while True:
        others = [int(pid) for pid in run("ip", "netns", "pids", name).stdout.split() if int(pid) != os.getpid()]
        others = [pid for pid in others if _is_alive(pid)]
        if not others or time.monotonic() > deadline:
            break
        for pid in others:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.02)
    run("ip", "netns", "del", name)


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
