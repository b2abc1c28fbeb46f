# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The watchdog: no controller confirmed in time, and nothing else may be left to help."""

from __future__ import annotations

import os
import time
import typing as t

from ..dbus.connection import BusError, BusTimeout
from ..model import Trial
from ..networkmanager.client import NetworkManager, NotAnswering
from ..protocol import ROLLED_BACK, NodeError
from ..state import journal, records
from .confirm import silence
from .rollback import activate_previous, undo

# it goes on for so long, in seconds: the host may be waiting for a cable to be plugged in again
_PATIENCE = 900.0
_PAUSE = 1.0
# a daemon that needs longer than this for an answer hangs
_HANGS_AFTER = 5.0


def expire(token: str) -> None:
    """Roll the trial back, no matter what it takes: NetworkManager or D-Bus may be down, may hang or may be starting."""
    deadline = time.monotonic() + _PATIENCE
    down: tuple[tuple[str, str], ...] | None = None
    while down is None and time.monotonic() < deadline:
        try:
            down = _roll_back(token)
        except (NodeError, BusError) as error:
            _revive(hangs=isinstance(error, (BusTimeout, NotAnswering)))
            time.sleep(_PAUSE)
        except OSError:
            time.sleep(_PAUSE)  # the disk is full or read-only
    while down and time.monotonic() < deadline:
        time.sleep(_PAUSE)
        try:
            down = _bring_back(token, down)
        except (NodeError, BusError, OSError):
            continue  # after another start it is not known any more what is down


def _bring_back(token: str, down: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Try again what is still down, unless something new began, here or on the interface."""
    with records.exclusive():
        if records.load_own_trial() is not None or records.outcome_of(token).state != ROLLED_BACK:
            return ()
        return activate_previous(NetworkManager.connect(_HANGS_AFTER), down, spare_others=True)


def _roll_back(token: str) -> tuple[tuple[str, str], ...]:
    with records.exclusive():
        trial = records.load_own_trial()
        if trial is None:
            # its end was cut short, or there is nothing to do; what was to be written is written, and may have been edited since
            _tell(journal.set_aside_damaged())
            journal.end()
            records.sweep()
            return ()
        if trial.token not in ("", token):
            return ()
        manager = NetworkManager.connect(_HANGS_AFTER)
        return undo(manager, trial, _reason(manager, trial), is_last=True)


def _reason(manager: NetworkManager, trial: Trial) -> str:
    if trial.daemon != manager.daemon:
        return "NetworkManager was restarted"
    return silence(manager, trial)


def _revive(hangs: bool) -> None:
    """Start NetworkManager again; with its trial in /run and its checkpoint gone it would never come back by itself."""
    if not os.path.isdir("/run/systemd/system"):
        return
    if hangs:
        # not by the process number: it is 0 while the service is down
        _systemctl("kill", "--kill-who=main", "--signal=KILL", "NetworkManager.service")
    _systemctl("start", "dbus.socket")
    _systemctl("reset-failed", "NetworkManager.service")
    _systemctl("start", "NetworkManager.service")


def _systemctl(*arguments: str) -> None:
    import subprocess  # here: the start of this program counts, and a watchdog seldom needs to revive anything

    try:
        subprocess.run(
            ["systemctl", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        pass  # the next round tries again


def recover() -> None:
    """Before NetworkManager starts: what a power loss cut short."""
    _tell(journal.recover())


def _tell(sentences: t.Iterable[str]) -> None:
    for sentence in sentences:
        records.tell(sentence)
