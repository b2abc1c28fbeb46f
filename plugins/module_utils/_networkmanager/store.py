# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node remembers: the open trial, the outcome of the last one, and which profiles are ours."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
import typing as t
from dataclasses import asdict

from . import places
from .files import private_folder, read_folder, read_json, remove_folder, write_json, write_private
from .model import Managed, ManagedProfile, Trial

_TRIAL_FILE = places.TRIAL_FOLDER + "/trial.json"
_PROGRAM_FILE = places.TRIAL_FOLDER + "/program.py"
_BEFORE_FOLDER = places.TRIAL_FOLDER + "/before"
_FINAL_FOLDER = places.TRIAL_FOLDER + "/final"


@contextlib.contextmanager
def exclusive() -> t.Iterator[None]:
    """Hold the node's lock: only one of stage, confirm and undo at a time."""
    folder = private_folder(os.path.dirname(places.TRIAL_FOLDER))
    with open(os.path.join(folder, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def open_trial(trial: Trial, final_texts: t.Mapping[str, str], program: str) -> None:
    """Remember a trial, what /etc holds now, what it shall hold, and the program that can undo it."""
    remove_folder(places.TRIAL_FOLDER)
    for folder, texts in ((_BEFORE_FOLDER, read_folder(places.INSTALLED_PROFILES)), (_FINAL_FOLDER, final_texts)):
        private_folder(folder)
        for name, text in texts.items():
            write_private(os.path.join(folder, name), text)
    write_private(_PROGRAM_FILE, program)
    save_trial(trial)


def save_trial(trial: Trial) -> None:
    """Remember a new phase of the trial."""
    write_json(_TRIAL_FILE, trial.to_json())


def load_trial() -> Trial | None:
    """The open trial, or None."""
    content = read_json(_TRIAL_FILE)
    return Trial.from_json(content) if content else None


def close_trial(token: str, outcome: str, reason: str = "") -> None:
    """Forget the trial and remember how it ended (``confirmed`` or ``rolled_back``)."""
    write_json(places.OUTCOME_FILE, {"token": token, "outcome": outcome, "reason": reason})
    remove_folder(places.TRIAL_FOLDER)


def outcome_of(token: str) -> tuple[str, str]:
    """How the trial with this token ended, and why; two empty texts when nothing is known of it."""
    content = read_json(places.OUTCOME_FILE)
    if content.get("token") != token:
        return "", ""
    return content.get("outcome", ""), content.get("reason", "")


def texts_before() -> dict[str, str]:
    """What /etc held when the trial was opened."""
    return read_folder(_BEFORE_FOLDER)


def final_texts() -> dict[str, str]:
    """What /etc shall hold when the trial is confirmed."""
    return read_folder(_FINAL_FOLDER)


def program_command(operation: str, token: str) -> list[str]:
    """The command that runs an operation of this program without a controller."""
    return [sys.executable, "-I", "-S", _PROGRAM_FILE, operation, token]


def load_managed() -> Managed:
    """Which profiles are ours."""
    content = read_json(places.MANAGED_FILE)
    profiles = tuple(ManagedProfile(**profile) for profile in content.get("profiles", ()))
    return Managed(content.get("machine", ""), profiles, bool(content.get("is_reset")))


def save_managed(managed: Managed) -> None:
    """Remember which profiles are ours."""
    write_json(places.MANAGED_FILE, asdict(managed))
