# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard of a test bed: outside of its namespaces, it waits for an end and takes everything down.

It ends the test bed when it is told to, when libvirt ends, and when a ``molecule test`` that made it ends, however that ended. Killed, it
takes the test bed along (the kernel ends its child), and only the run directory is left, for the next command to sweep.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import typing as t
from pathlib import Path

from . import inside, places, processes

_NEW_PROCESSES = 0x20000000
# seconds
_PATIENCE = 5.0


def guard(base: Path, about: t.Mapping[str, t.Any], watched: int | None, molecule_state: Path | None) -> None:
    """Start libvirt in namespaces and stay until it is over. ``about`` goes into the record of the test bed."""
    told = _ears()
    inside.call("unshare", _NEW_PROCESSES)  # for children only
    child = os.fork()
    if not child:
        _become_first(base, about["accel"] == "kvm")
    _write({**about, "guard": os.getpid(), "started": processes.started(os.getpid()), "process": child})
    ends = [told, os.pidfd_open(child)]
    try:
        if watched is not None:
            ends.append(os.pidfd_open(watched))
        select.select(ends, [], [])
    except ProcessLookupError:  # whom we watch is gone already
        pass
    if watched is not None and molecule_state and processes.started(watched) is None:
        _end_orphans(molecule_state)
    _end(child, molecule_state)


def _end_orphans(molecule_state: Path) -> None:
    """A molecule that was killed leaves its ansible-playbook at work, which would look for the machines for minutes."""
    mark = f"MOLECULE_STATE_FILE={molecule_state}\0".encode()
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            if mark in environment.read_bytes():
                os.kill(int(environment.parent.name), signal.SIGKILL)


def _end_ssh() -> None:
    """A connection that ssh keeps open for the next task would keep the network namespace alive, and hang the next run."""
    for path in places.MASTERS.glob("*"):
        command = ["ssh", "-F", "none", "-O", "exit", "-o", f"ControlPath={path}", "machine"]
        with contextlib.suppress(subprocess.TimeoutExpired, OSError):
            subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=False)


def _ears() -> int:
    """A descriptor that can be read from once a signal has come."""
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda _number, _frame: None)
    return told


def _write(record: t.Mapping[str, t.Any]) -> None:
    partial = places.RECORD.with_suffix(".partial")
    partial.write_text(json.dumps(record))
    partial.rename(places.RECORD)


def _become_first(base: Path, has_kvm: bool) -> t.NoReturn:
    signal.set_wakeup_fd(-1)
    try:
        inside.live(base, has_kvm)
    except BaseException as error:  # noqa: BLE001 for the log, which is what is shown
        print(error, file=sys.stderr, flush=True)
        os._exit(1)


def _end(child: int, molecule_state: Path | None) -> None:
    _end_ssh()
    try:
        os.kill(child, signal.SIGKILL)
    except ProcessLookupError:
        pass
    os.waitpid(child, 0)  # comes back when every process of the namespace is gone
    if molecule_state:  # molecule believes that its machines exist as long as this says so
        molecule_state.unlink(missing_ok=True)
    shutil.rmtree(places.RUN, ignore_errors=True)
