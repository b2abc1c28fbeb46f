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

from .. import paths
from ..checking import Unfit, record
from ..model import Managed, Trial
from ..protocol import (
    CONFIRMED,
    DAMAGED,
    LOST,
    REFUSED,
    UNKNOWN,
    MissingRequirement,
    NodeError,
    advance,
)
from ..system import json_text
from ..system.files import (
    Content,
    look_at,
    private_folder,
    read_folder,
    read_text,
    remove,
    remove_folder,
    set_aside,
    temporary_of,
    write_json,
    write_private,
)
from . import shapes

_TRIAL_FILE = paths.TRIAL_FOLDER + "/trial.json"
_BEFORE_FILE = paths.TRIAL_FOLDER + "/before.json"
_FINAL_FILE = paths.TRIAL_FOLDER + "/final.json"
# how many ended trials a node remembers: another controller may have had its turn before the first one asks
_OUTCOMES = 8
# what a rollback puts back byte for byte, besides the profiles and what a request adds
_WATCHED_FILES = (paths.MANAGED_FILE, paths.MANAGED_COPY)


@contextlib.contextmanager
def exclusive() -> t.Iterator[None]:
    """Hold the node's lock: only one of stage, confirm and undo at a time."""
    folder = private_folder(os.path.dirname(paths.TRIAL_FOLDER))
    with open(os.path.join(folder, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(lock, fcntl.LOCK_UN)  # a process that was forked meanwhile holds the file open


def open_trial(trial: Trial, program: str) -> None:
    """Remember that a trial begins, and the program that can undo it."""
    remove_folder(paths.TRIAL_FOLDER)
    private_folder(paths.TRIAL_FOLDER)
    write_private(paths.PROGRAM_FILE, program)
    _keep_compiled()
    save_trial(trial)


def _keep_compiled() -> None:
    """What the program was compiled to, so that the next start on this node need not; the loader believes only root's own file."""
    loader = getattr(sys.modules.get("_node"), "LOADER", None)
    if loader is None:
        return  # imported from files, as in tests: there is nothing to keep
    with contextlib.suppress(OSError):  # it is only faster
        descriptor = os.open(paths.COMPILED_FILE + "~", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                loader.keep(stream)
            os.rename(paths.COMPILED_FILE + "~", paths.COMPILED_FILE)
        finally:
            remove(paths.COMPILED_FILE + "~")


def remember_files(trial: Trial, final_texts: t.Mapping[str, str]) -> None:
    """Remember what the disk holds now and which profiles it must hold; and the trial once more, should its own file be damaged."""
    write_json(_FINAL_FILE, {"version": shapes.VERSION, "files": final_texts})
    write_json(_BEFORE_FILE, {**shapes.to_json(current_files(trial)), "trial": trial.to_json()})


def current_files(trial: Trial) -> dict[str, Content | None]:
    """What is at all paths that a trial or NetworkManager may touch."""
    contents = {path: look_at(path) for path in (*_WATCHED_FILES, *trial.more_files)}
    for folder in (paths.INSTALLED_PROFILES, paths.TRIAL_PROFILES):
        files = [os.path.join(folder, name) for name in read_folder(folder)]
        contents.update({file: look_at(file) for file in files})
    return contents


def save_trial(trial: Trial) -> None:
    """Remember a new phase of the trial."""
    write_json(_TRIAL_FILE, {"version": shapes.VERSION, **trial.to_json()})


def load_trial() -> Trial | None:
    """The open trial, or None. One whose file is damaged is as it was when it began, in the phase DAMAGED or LOST: it can only roll back.

    Raises MissingRequirement for one of another release.
    """
    try:
        content = shapes.read(_TRIAL_FILE)
        return None if content is None else shapes.trial(content)
    except shapes.OtherVersion:
        raise MissingRequirement(
            "another release of the collection is changing this host; wait until it has ended or rolled back and run again"
        ) from None
    except Unfit:
        return damaged_trial()


def load_own_trial() -> Trial | None:
    """The same for the watchdog, which is of the release that opened the trial: any other version is damage."""
    try:
        return load_trial()
    except MissingRequirement:
        return damaged_trial()


def damaged_trial() -> Trial:
    """What is known of an open trial without its own file."""
    try:
        return shapes.trial((shapes.read(_BEFORE_FILE) or {}).get("trial"))._replace(phase=DAMAGED)
    except Unfit:
        return _nothing_known()


def _nothing_known() -> Trial:
    nothing: dict[str, t.Any] = {name: () for name in Trial._fields if name not in Trial._field_defaults}
    nothing.update({"more_files": {}, "failed_before": {}, "is_reset": False})
    nothing.update({"token": "", "machine": "", "controller": "", "daemon": "", "opened_at": 0.0, "deadline": 0})
    return Trial(**nothing, phase=LOST)


def why_damaged() -> str:
    """The reason of the rollback of a damaged trial."""
    return f"{_TRIAL_FILE} on this host was damaged"


def close_trial(trial: Trial, outcome: str, reason: str = "") -> None:
    """Forget the trial and remember how it ended (CONFIRMED or ROLLED_BACK).

    Raises WrongPhase, with nothing done, for an end that its phase does not have.
    """
    advance(trial.phase, outcome)
    if trial.phase in (DAMAGED, LOST):
        for file in (_TRIAL_FILE, _BEFORE_FILE):
            _set_aside_damaged(file)
    remove_folder(paths.TRIAL_FOLDER)  # first: on a full disk it makes room for the rest
    if trial.token:
        _remember(trial.token, shapes.Ended(outcome, reason, trial.machine))


def _set_aside_damaged(file: str) -> None:
    """Out of the trial's folder, which goes."""
    try:
        content = shapes.read(file)
        shapes.trial((content or {}).get("trial") if file == _BEFORE_FILE else content)
    except Unfit as error:
        with contextlib.suppress(OSError):
            aside = set_aside(file, os.path.dirname(paths.TRIAL_FOLDER))
            tell(f"{file} cannot be read ({error}); it is kept as {aside}")


def tell(sentence: str) -> None:
    """Report something in the log of this host: the standard error of a unit."""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"elemental.networking: {sentence}\n")
        sys.stderr.flush()


def _remember(token: str, ended: shapes.Ended) -> None:
    try:
        earlier = list(_outcomes(may_set_aside=True).items())[-_OUTCOMES:]
        write_json(paths.OUTCOMES_FILE, {"version": shapes.VERSION, "ended": {**dict(earlier), token: ended}})
    except OSError:
        pass  # the controller then learns it from what is installed


def _outcomes(may_set_aside: bool = False) -> dict[str, shapes.Ended]:
    """How the last trials ended, by token. Without what cannot be read: nothing is more than a hint."""
    file, found = paths.OUTCOMES_FILE, {}
    try:
        content = shapes.read(file) or {}
        ended = content.get("ended") if "version" in content else content
        for token, value in record(ended, "ended").items():
            found[token] = shapes.outcome(value)
    except Unfit as error:
        if may_set_aside:
            tell(f"{file} cannot be read ({error}); it is kept as {set_aside(file)}")
    return found


@contextlib.contextmanager
def remembering(token: str, machine: str) -> t.Iterator[None]:
    """A host that could not become a machine is known to its reset all the same."""
    try:
        yield
    except NodeError as error:
        _remember(token, shapes.Ended(REFUSED, str(error), machine, error.code))
        raise


def sweep() -> None:
    """Remove what is left of a trial where ``close_trial`` was cut short; the caller holds the lock and no trial is open."""
    remove_folder(paths.TRIAL_FOLDER)
    remove(temporary_of(paths.OUTCOMES_FILE))


def outcome_of(token: str) -> shapes.Ended:
    """How the trial with this token ended, and why; UNKNOWN when there was none."""
    with contextlib.suppress(NodeError):  # it is damaged: then it confirms nothing
        if load_managed().token == token:
            return shapes.Ended(CONFIRMED)
    return _outcomes().get(token, shapes.Ended(UNKNOWN))


def machines_tried() -> set[str]:
    """The machines that this host was to become since it booted, no matter what came of it; the last ones of them."""
    return {ended.machine for ended in _outcomes().values() if ended.machine}


def files_before() -> dict[str, Content | None]:
    """What was there when the trial was opened; empty when nothing was changed since. Raises Unfit where that cannot be read any more."""
    content = shapes.read(_BEFORE_FILE)
    return {} if content is None else shapes.before(content)


def final_texts(names: t.Iterable[str]) -> dict[str, str]:
    """What files of these names must hold in /etc when the trial is confirmed. Raises NodeError where that is not known any more."""
    try:
        texts = shapes.final_texts(shapes.read(_FINAL_FILE) or {})
        return {name: texts[name] for name in names}
    except (Unfit, KeyError):
        raise NodeError(f"{_FINAL_FILE} on this host was damaged") from None


def program_text() -> str:
    """The program that can undo the trial."""
    return read_text(paths.PROGRAM_FILE) or ""


def program_command(operation: str, token: str = "", program: str = paths.PROGRAM_FILE) -> list[str]:
    """The command that runs an operation of this program without a controller."""
    return ["/usr/bin/env", paths.LOCALE, sys.executable, "-I", "-S", program, operation, *([token] if token else [])]


def load_managed() -> Managed:
    """Which files are ours. Raises NodeError where that cannot be read: then nothing shows which machine this host is."""
    trouble = ""
    for path in (paths.MANAGED_FILE, paths.MANAGED_COPY):
        try:
            content = shapes.read(path)
            if content is not None:
                return shapes.managed(content)
        except shapes.OtherVersion as error:
            raise MissingRequirement(
                f"{path} on this host was written by another release of the collection ({error}); use that one or a later one, "
                "nothing was changed",
                file=path,
            ) from None
        except Unfit as error:
            trouble = trouble or f"{path} on this host cannot be read ({error})"
    if trouble:
        raise NodeError(
            f"{trouble}, so that nothing shows which machine this host is and which profiles are the collection's; restore that file, or "
            "check that this is the right host, remove the file and configure the host again; nothing was changed"
        )
    return Managed()


def managed_text(managed: Managed) -> str:
    """The content of the file that shows which files are ours."""
    content = {**managed.unknown, "version": shapes.VERSION, **managed._asdict()}
    del content["unknown"]
    return json_text.write({**content, "profiles": [profile._asdict() for profile in managed.profiles]})
