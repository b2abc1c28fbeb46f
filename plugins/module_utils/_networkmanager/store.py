# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node remembers: the open trial, the outcome of the last one, and which profiles are ours."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sys
import typing as t

from . import places
from .files import (
    private_folder,
    read_folder,
    read_json,
    read_text,
    remove,
    remove_folder,
    temporary_of,
    write_json,
    write_private,
)
from .model import Managed, ManagedProfile, Trial
from .network_manager import NetworkManagerError

_TRIAL_FILE = places.TRIAL_FOLDER + "/trial.json"
_BEFORE_FILE = places.TRIAL_FOLDER + "/before.json"
_FINAL_FILE = places.TRIAL_FOLDER + "/final.json"
# how many ended trials a node remembers: another controller may have had its turn before the first one asks
_OUTCOMES = 8
# what a rollback puts back byte for byte, besides the profiles and what a request adds
_WATCHED_FILES = (places.MANAGED_FILE, places.MANAGED_COPY)


@contextlib.contextmanager
def exclusive() -> t.Iterator[None]:
    """Hold the node's lock: only one of stage, confirm and undo at a time."""
    folder = private_folder(os.path.dirname(places.TRIAL_FOLDER))
    with open(os.path.join(folder, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(lock, fcntl.LOCK_UN)  # a process that was forked meanwhile holds the file open


def open_trial(trial: Trial, program: str) -> None:
    """Remember that a trial begins, and the program that can undo it."""
    remove_folder(places.TRIAL_FOLDER)
    private_folder(places.TRIAL_FOLDER)
    write_private(places.PROGRAM_FILE, program)
    _keep_compiled()
    save_trial(trial)


def _keep_compiled() -> None:
    """What the program was compiled to, so that the next start on this node need not; the loader believes only root's own file."""
    loader = getattr(sys.modules.get("_networkmanager"), "LOADER", None)
    if loader is None:
        return  # it came as a module
    with contextlib.suppress(OSError):  # it is only faster
        descriptor = os.open(places.COMPILED_FILE + "~", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                loader.keep(stream)
            os.rename(places.COMPILED_FILE + "~", places.COMPILED_FILE)
        finally:
            remove(places.COMPILED_FILE + "~")


def remember_files(trial: Trial, final_texts: t.Mapping[str, str]) -> None:
    """Remember what the disk holds now and which profiles it shall hold."""
    write_json(_FINAL_FILE, final_texts)
    write_json(_BEFORE_FILE, current_files(trial))


def current_files(trial: Trial) -> dict[str, str | None]:
    """The content by path of all files that a trial or NetworkManager may touch."""
    paths: dict[str, str | None] = {path: read_text(path) for path in (*_WATCHED_FILES, *trial.more_files)}
    for folder in (places.INSTALLED_PROFILES, places.TRIAL_PROFILES):
        paths.update({os.path.join(folder, name): text for name, text in read_folder(folder).items()})
    return paths


def save_trial(trial: Trial) -> None:
    """Remember a new phase of the trial."""
    write_json(_TRIAL_FILE, trial.to_json())


def load_trial() -> Trial | None:
    """The open trial, or None. Raises NetworkManagerError for one that this release cannot read."""
    content = read_json(_TRIAL_FILE)
    try:
        return Trial.from_json(content) if content else None
    except (TypeError, KeyError):
        raise NetworkManagerError(
            "another release of the collection is changing this host; wait until it has ended or rolled back and run again"
        ) from None


def close_trial(trial: Trial, outcome: str, reason: str = "") -> None:
    """Forget the trial and remember how it ended (``confirmed`` or ``rolled_back``)."""
    remove_folder(places.TRIAL_FOLDER)  # first: on a full disk it makes room for the rest
    _remember(trial.token, outcome, reason, trial.machine)


def _remember(token: str, outcome: str, reason: str, machine: str) -> None:
    earlier = list(read_json(places.OUTCOMES_FILE).items())[-_OUTCOMES:]
    try:
        write_json(places.OUTCOMES_FILE, {**dict(earlier), token: [outcome, reason, machine]})
    except OSError:
        pass  # the controller then learns it from what is installed


@contextlib.contextmanager
def remembering(token: str, machine: str) -> t.Iterator[None]:
    """A host that could not become a machine is known to its reset all the same."""
    try:
        yield
    except NetworkManagerError as error:
        _remember(token, "refused", str(error), machine)
        raise


def sweep() -> None:
    """Remove what is left of a trial where ``close_trial`` was cut short; the caller holds the lock and no trial is open."""
    remove_folder(places.TRIAL_FOLDER)
    remove(temporary_of(places.OUTCOMES_FILE))


def outcome_of(token: str) -> tuple[str, str]:
    """How the trial with this token ended (``confirmed`` or ``rolled_back``), and why; ``unknown`` when there was none."""
    if load_managed().token == token:
        return "confirmed", ""
    outcome, reason = read_json(places.OUTCOMES_FILE).get(token, ("unknown", ""))[:2]
    return str(outcome), str(reason)


def machines_tried() -> set[str]:
    """The machines that this host was to become since it booted, whatever came of it; the last ones of them."""
    return {str(ended[2]) for ended in read_json(places.OUTCOMES_FILE).values() if len(ended) > 2}


def files_before() -> dict[str, str | None]:
    """What the disk held when the trial was opened; empty when nothing was changed since."""
    return read_json(_BEFORE_FILE)


def final_texts() -> dict[str, str]:
    """What /etc shall hold when the trial is confirmed, by file name."""
    return read_json(_FINAL_FILE)


def program_text() -> str:
    """The program that can undo the trial."""
    return read_text(places.PROGRAM_FILE) or ""


def program_command(operation: str, token: str = "", program: str = places.PROGRAM_FILE) -> list[str]:
    """The command that runs an operation of this program without a controller."""
    return [sys.executable, "-I", "-S", program, operation, *([token] if token else [])]


def load_managed() -> Managed:
    """Which files are ours."""
    content = read_json(places.MANAGED_FILE) or read_json(places.MANAGED_COPY)
    profiles = tuple(ManagedProfile(**profile) for profile in content.get("profiles", ()))
    return Managed(
        machine=content.get("machine", ""),
        profiles=profiles,
        is_reset=bool(content.get("is_reset")),
        more_files=tuple(content.get("more_files", ())),
        token=content.get("token", ""),
    )


def managed_text(managed: Managed) -> str:
    """The content of the file that says which files are ours."""
    return json.dumps({**managed._asdict(), "profiles": [profile._asdict() for profile in managed.profiles]})
