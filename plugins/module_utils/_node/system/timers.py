# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run something a little later, detached from the ssh session that asked for it.

A command that must run no matter what dies meanwhile gets a systemd timer, else a detached process. What only must outlive the session is
a copy of this process.
"""

from __future__ import annotations

import os
import signal
import time
import typing as t

from ..dbus.connection import BusError, SystemBus
from ..dbus.wire import Variant
from .files import private_folder, read_text, remove, write_private

_SYSTEMD = "org.freedesktop.systemd1"
_SYSTEMD_PATH = "/org/freedesktop/systemd1"
_SYSTEMD_MANAGER = "org.freedesktop.systemd1.Manager"
# seconds: the kernel may take long to close the sockets of a search for duplicates, and until then the process has not ended
_LONGEST_GOODBYE = 6.0
_PROCESS_FOLDER = "/run/elemental-networking/processes"
# a command that fails is tried again, up to so often: one that cannot work must not go on for ever
_RETRY_AFTER = 2.0
_MOST_STARTS = 30
_LONGEST_TRIAL = 3600.0
# digits
_LONGEST_NUMBER = 10


def run_later(name: str, seconds: float, command: t.Sequence[str]) -> None:
    """Run ``command`` once, in ``seconds``; ``name`` identifies it for ``cancel``."""
    if _has_systemd():
        _start_timer(name, seconds, command)
    else:
        _start_process(name, seconds, command)


def run_detached(name: str, work: t.Callable[[], None]) -> None:
    """Do ``work`` in a copy of this process after this one has ended: that costs no start of Python."""
    parent = os.getpid()
    child = os.fork()
    if child:
        _adopt(name, child)
        return
    try:
        os.setsid()
        _let_go()
        give_up = time.monotonic() + _LONGEST_GOODBYE
        while os.getppid() == parent and time.monotonic() < give_up:
            time.sleep(0.01)
        work()
    finally:
        os._exit(0)  # never back into the program that this is a copy of


def run_beside(work: t.Callable[[], None]) -> None:
    """Do ``work`` in a copy of this process, at once; it ends with the session where logind ends what a session leaves."""
    if os.fork():
        return
    try:
        os.setsid()
        _let_go()
        work()
    finally:
        os._exit(0)  # never back into the program that this is a copy of


def _adopt(name: str, process: int) -> None:
    """Take a process out of the session's cgroup: logind may be configured to kill what a session leaves (KillUserProcesses)."""
    if not _has_systemd():
        return
    properties = [
        ("Description", Variant("s", f"elemental.networking: {name}")),
        ("PIDs", Variant("au", [process])),
        ("CollectMode", Variant("s", "inactive-or-failed")),
    ]
    try:
        _systemd("StartTransientUnit", "ssa(sv)a(sa(sv))", (_unit(name) + ".scope", "replace", properties, []))
    except BusError:
        pass  # then it stays where it is


def cancel(name: str) -> None:
    """Forget a command that has not run yet; one that has is left alone, and so is one that finds nothing to do when it runs."""
    if _has_systemd():
        _stop_timer(name)
    else:
        _stop_process(name)


def _has_systemd() -> bool:
    return os.path.isdir("/run/systemd/system")


def _start_timer(name: str, seconds: float, command: t.Sequence[str]) -> None:
    timer = [
        ("Description", Variant("s", f"elemental.networking: {name}")),
        ("OnActiveSec", Variant("t", int(seconds * 1_000_000))),
        ("AccuracyUSec", Variant("t", 1000)),  # the default lets it be a minute late
        ("RemainAfterElapse", Variant("b", False)),
    ]
    service = [
        ("Description", Variant("s", f"elemental.networking: {name}")),
        ("CollectMode", Variant("s", "inactive-or-failed")),  # a failed unit would be in the way of the next one
        ("Restart", Variant("s", "on-failure")),  # also when it is killed
        ("RestartUSec", Variant("t", int(_RETRY_AFTER * 1_000_000))),
        ("StartLimitIntervalUSec", Variant("t", int(_LONGEST_TRIAL * 1_000_000))),
        ("StartLimitBurst", Variant("u", _MOST_STARTS)),
        ("ExecStart", Variant("a(sasb)", [(command[0], literal(command), False)])),
    ]
    signature = "ssa(sv)a(sa(sv))"
    arguments = (_unit(name) + ".timer", "replace", timer, [(_unit(name) + ".service", service)])
    _systemd("StartTransientUnit", signature, arguments)


def literal(command: t.Sequence[str]) -> list[str]:
    """The arguments of a command as systemd takes them on the bus: it replaces ``$NAME`` in them, but nothing after ``%``."""
    return [argument.replace("$", "$$") for argument in command]


def _stop_timer(name: str) -> None:
    try:
        _systemd("StopUnit", "ss", (_unit(name) + ".timer", "replace"))
    except BusError:
        pass  # there is none, or the bus is gone: then it runs, and by the token it knows that it comes too late


def _unit(name: str) -> str:
    return f"elemental-networking-{name}"


def _systemd(member: str, signature: str, arguments: t.Sequence[t.Any]) -> None:
    bus = SystemBus.connect()
    try:
        bus.call(_SYSTEMD, _SYSTEMD_PATH, _SYSTEMD_MANAGER, member, signature, arguments)
    finally:
        bus.close()


def _start_process(name: str, seconds: float, command: t.Sequence[str]) -> None:
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        os.setsid()
        if os.fork() == 0:
            _wait_and_run(name, seconds, command)
    finally:
        os._exit(0)  # never back into the program that this is a copy of


def _wait_and_run(name: str, seconds: float, command: t.Sequence[str]) -> None:
    _let_go()
    private_folder(_PROCESS_FOLDER)
    write_private(os.path.join(_PROCESS_FOLDER, name), f"{os.getpid()} {_started(os.getpid())}")
    time.sleep(seconds)
    remove(os.path.join(_PROCESS_FOLDER, name))
    os.execv(command[0], list(command))


def _let_go() -> None:
    """Close all that is of the session, and the lock and the bus of the process that this is a copy of."""
    quiet = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(quiet, descriptor)
    os.closerange(3, 4096)


def _started(process: int) -> str:
    """When a process was started, in ticks since the boot; empty when there is none. Another one with its number has another time."""
    try:
        with open(f"/proc/{process}/stat", "rb") as stream:
            return stream.read().rpartition(b")")[2].split()[19].decode()
    except (OSError, IndexError):
        return ""


def _stop_process(name: str) -> None:
    file = os.path.join(_PROCESS_FOLDER, name)
    number, _space, started = (read_text(file) or "").partition(" ")
    remove(file)
    if not number.isdecimal() or not started or len(number) > _LONGEST_NUMBER or _started(int(number)) != started:
        return  # it is gone, and its number may be another process's
    try:
        os.kill(int(number), signal.SIGTERM)
    except ProcessLookupError:
        pass
