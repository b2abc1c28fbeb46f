# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole test bed: up, down, and what is in between."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import typing as t
from pathlib import Path

from . import cgroups, layers, network, node, places, rootfs
from .tools import TestBedError, ip_batch, require, run

_INVENTORY = """[nodes]
{hosts}

[nodes:vars]
ansible_user=root
ansible_python_interpreter=/usr/bin/python3
ansible_ssh_private_key_file={key}
ansible_control_path_dir={control_paths}
ansible_ssh_common_args='-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR'
"""


def up(count: int, suite: str) -> None:
    """Boot ``count`` nodes; whatever fails or interrupts it leaves nothing behind."""
    require()
    if is_up():
        raise TestBedError("the test nodes are up already: take them down first")
    try:
        _up(count, suite)
    except BaseException:
        down()
        raise


def _up(count: int, suite: str) -> None:
    numbers = range(1, count + 1)
    base = rootfs.ensure(suite)
    for folder in (places.RUN, places.INVENTORY.parent, places.RUN / "machines", places.CONTROL_PATHS):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    layer = layers.make(base)
    _allow_many_watches()
    network.make_infrastructure(numbers)
    network.make_cards(numbers)
    for number in numbers:
        node.boot(places.node_name(number), base, layer)
    node.wait(numbers)
    _write_inventory(numbers)


def _allow_many_watches() -> None:
    """Every systemd watches files; the limit is the machine's, and this is the only thing that the test bed changes on it."""
    for name, value in (("max_user_instances", 65535), ("max_user_watches", 1048576)):
        file = Path("/proc/sys/fs/inotify") / name
        if int(file.read_text()) < value:
            file.write_text(str(value))


def _write_inventory(numbers: t.Iterable[int]) -> None:
    hosts = "\n".join(f"{places.node_name(number)} ansible_host={network.lease(number)}" for number in numbers)
    places.INVENTORY.write_text(_INVENTORY.format(hosts=hosts, key=places.KEY, control_paths=places.CONTROL_PATHS))


def is_up() -> bool:
    """Whether there is anything of a test bed."""
    return bool(_namespaces())


def names() -> list[str]:
    """The nodes that are up."""
    others = (places.INFRASTRUCTURE, places.BEHIND_NAT)
    nodes = [name.removeprefix(f"{places.PREFIX}-") for name in _namespaces() if name not in others]
    return sorted(nodes, key=lambda name: int(name.removeprefix("node")))


def _namespaces() -> list[str]:
    folder = Path("/run/netns")
    return (
        [entry.name for entry in folder.iterdir() if entry.name.startswith(f"{places.PREFIX}-")]
        if folder.is_dir()
        else []
    )


def down() -> None:
    """End every process, namespace, mount and file of the test bed; safe at any time."""
    _end_ssh_masters()
    cgroups.end_all()
    for process in _processes_of_infrastructure():
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    found = _namespaces()
    if found:
        ip_batch([f"netns del {name}" for name in found])
    for entry in Path("/run/systemd/nspawn").glob(f"*/{places.PREFIX}-*"):
        with contextlib.suppress(OSError):
            entry.rmdir() if entry.is_dir() else entry.unlink()
    shutil.rmtree(places.RUN, ignore_errors=True)


def _end_ssh_masters() -> None:
    """A master that outlives its node hangs the next run on the same address."""
    for path in places.CONTROL_PATHS.glob("*"):
        run("ssh", "-O", "exit", "-o", f"ControlPath={path}", "node", check=False)


def _processes_of_infrastructure() -> list[int]:
    if places.INFRASTRUCTURE not in _namespaces():
        return []
    found = run("ip", "netns", "pids", places.INFRASTRUCTURE, check=False).stdout.split()
    return [int(process) for process in found if int(process) not in (os.getpid(), os.getppid())]
