# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON of what a node remembers, into the types of the model: the one way in for anything that is on the disk.

A file has a version, which counts the changes that an older release cannot read; without one it is 1. Fields that this release does not
know are left out. Everything raises Unfit, where a file was damaged, or is a newer release's.
"""

from __future__ import annotations

import os
import typing as t

from .. import paths
from ..checking import Unfit, finite, flag, integer, name, number, record, several, text, texts, token
from ..model import (
    Managed,
    ManagedProfile,
    Step,
    Trial,
)
from ..protocol import FAILED, OPEN_PHASES, PROBE_KINDS, Probe
from ..system.files import Content, Unreadable, read_json

VERSION = 1
_LONGEST_DEADLINE = 3600
_HIGHEST_ID = 2**32 - 2
_HIGHEST_PORT = 65535


class OtherVersion(Unfit):
    """A file of another release, which may be whole."""


def read(path: str) -> dict[str, object] | None:
    """The JSON object in a file, of this version or without one; None when there is no file. Raises Unfit."""
    try:
        content = read_json(path)
    except Unreadable as error:
        raise Unfit(str(error)) from None
    if content is not None and content.get("version", VERSION) != VERSION:
        raise OtherVersion(f"it is of version {_shown(content['version'])}, and this release reads version {VERSION}")
    return content


def _shown(version: object) -> str:
    return str(version) if isinstance(version, int) else "another kind"


def managed(content: t.Mapping[str, object]) -> Managed:
    """Which files are ours. The machine must be known: without it any inventory could lead here."""
    known = {*Managed._fields, "version"}
    machine = text(content.get("machine"), "machine")
    if not machine:
        raise Unfit("machine is empty")
    return Managed(
        machine=machine,
        profiles=several(content.get("profiles", ()), "profiles", _managed_profile),
        is_reset=flag(content.get("is_reset", False), "is_reset"),
        more_files=several(content.get("more_files", ()), "more_files", more_file),
        token=token(content.get("token", ""), "token"),
        unknown={key: value for key, value in content.items() if key not in known},
    )


def _managed_profile(value: object, what: str) -> ManagedProfile:
    content = record(value, what)
    interface = text(content.get("interface"), f"{what}.interface")
    return ManagedProfile(
        name(content.get("file_name"), f"{what}.file_name"),
        name(interface, f"{what}.interface") if interface else "",
        text(content.get("type"), f"{what}.type"),
    )


def more_file(value: object, what: str) -> str:
    """The path of a file outside of NetworkManager's that changes with the profiles."""
    path = text(value, what)
    folder, last = os.path.split(path)
    if folder + "/" != paths.MORE_FILES or not name(last, what):
        raise Unfit(f"{what} is not a file in {paths.MORE_FILES}")
    return path


def more_files(value: object, what: str) -> dict[str, str | None]:
    """The content of each such file; None where there must be none."""
    found = record(value, what)
    return {more_file(path, what): None if content is None else text(content, what) for path, content in found.items()}


def trial(value: object) -> Trial:
    """The trial that ``to_json`` wrote."""
    content = record(value, "the trial")
    values: dict[str, t.Any] = {}
    for field, check in _TRIAL.items():
        if field in content or field not in Trial._field_defaults:
            values[field] = check(content.get(field), field)
    return Trial(**values)


def _deadline(value: object, what: str) -> int:
    return integer(value, what, 1, _LONGEST_DEADLINE)


def _phase(value: object, what: str) -> str:
    phase = text(value, what)
    if phase not in OPEN_PHASES:
        raise Unfit(f"{what} is not one of {', '.join(OPEN_PHASES)}")
    return phase


def _step(value: object, what: str) -> Step:
    content = record(value, what)
    interface = content.get("interface")
    return Step(
        name(content.get("file_name"), f"{what}.file_name"),
        None if interface is None else name(interface, f"{what}.interface"),
        name(content.get("trial_uuid"), f"{what}.trial_uuid"),
        name(content.get("final_uuid"), f"{what}.final_uuid"),
        flag(content.get("awaited"), f"{what}.awaited"),
        text(content.get("type", ""), f"{what}.type"),
        text(content.get("waiting_for", ""), f"{what}.waiting_for"),
        text(content.get("may_come_late", ""), f"{what}.may_come_late"),
        flag(content.get("has_ports", False), f"{what}.has_ports"),
        flag(content.get("asks_through_ports", False), f"{what}.asks_through_ports"),
    )


def probe(value: object, what: str, longest: float = _LONGEST_DEADLINE) -> Probe:
    """One probe, which may take ``longest`` seconds."""
    content = record(value, what)
    kind = text(content.get("kind"), f"{what}.kind")
    if kind not in PROBE_KINDS:
        raise Unfit(f"{what}.kind is not one of {', '.join(PROBE_KINDS)}")
    return Probe(
        text(content.get("name"), f"{what}.name"),
        kind,
        text(content.get("target", ""), f"{what}.target"),
        integer(content.get("port", 0), f"{what}.port", 1 if kind == "tcp" else 0, _HIGHEST_PORT),
        text(content.get("command", ""), f"{what}.command"),
        number(content.get("timeout"), f"{what}.timeout", longest),
    )


def _pair(value: object, what: str) -> tuple[str, str]:
    found = texts(value, what)
    if len(found) != 2:
        raise Unfit(f"{what} is not a pair")
    return name(found[0], what), found[1]


def _names(value: object, what: str) -> tuple[str, ...]:
    return several(value, what, name)


def _failures(value: object, what: str) -> dict[str, str]:
    return {key: text(failure, what) for key, failure in record(value, what).items()}


_TRIAL: t.Mapping[str, t.Callable[[t.Any, str], t.Any]] = {
    "token": token,
    "machine": text,
    "controller": text,
    "opened_at": finite,
    "deadline": _deadline,
    "daemon": text,
    "steps": lambda value, what: several(value, what, _step),
    "stale_files": _names,
    "idle_interfaces": _names,
    "previous": lambda value, what: several(value, what, _pair),
    "known_uuids": texts,
    "lease_interfaces": _names,
    "is_reset": flag,
    "wanted": lambda value, what: several(value, what, _managed_profile),
    "probes": lambda value, what: several(value, what, probe),
    "more_files": more_files,
    "failed_before": _failures,
    "checkpoint": text,
    "required_addresses": texts,
    "lease_families": texts,
    "expects_gateway": flag,
    "phase": _phase,
    "waiting_for": text,
    "is_proven": flag,
}


def before(content: t.Mapping[str, object]) -> dict[str, Content | None]:
    """What the disk held when a trial was opened, by path."""
    return {path: _found(_own_path(path), found) for path, found in record(content.get("files"), "files").items()}


def final_texts(content: t.Mapping[str, object]) -> dict[str, str]:
    """The keyfiles that /etc must hold, by file name."""
    found = record(content.get("files"), "files")
    return {name(file_name, "the name of a file"): text(each, "its text") for file_name, each in found.items()}


def journal(content: t.Mapping[str, object]) -> dict[str, Content | None]:
    """What each path must hold; None for nothing. The journal of release 0.1.0 has no version, and strings alone."""
    files = content if "version" not in content else record(content.get("files"), "files")
    return {path: _found(_own_path(path), found) for path, found in files.items()}


def to_json(contents: t.Mapping[str, Content | None]) -> dict[str, object]:
    """The form that ``before`` and ``journal`` read."""
    files = {path: None if content is None else content._asdict() for path, content in contents.items()}
    return {"version": VERSION, "files": files}


def _own_path(path: str) -> str:
    """A path that this program may write: no damaged file leads it anywhere else."""
    folder, last = os.path.split(path)
    is_ours = path in (paths.MANAGED_FILE, paths.MANAGED_COPY)
    if not is_ours and folder not in (paths.INSTALLED_PROFILES, paths.TRIAL_PROFILES):
        return more_file(path, "a path")
    # files of others are among them, and have any name that a file system takes
    if not is_ours and (last in ("", ".", "..") or "\0" in text(last, "a path")):
        raise Unfit("a path is not that of a file")
    return path


def _found(path: str, value: object) -> Content | None:
    what = f"the content of {path}"
    if value is None:
        return None
    if isinstance(value, str):
        return Content(text(value, what), 0o600, os.geteuid(), os.getegid())
    content = record(value, what)
    link = text(content.get("link", ""), what)
    if "\0" in link:
        raise Unfit(f"{what} is not a valid link")
    return Content(
        text(content.get("text"), what),
        integer(content.get("mode"), what, 0, 0o7777),
        integer(content.get("user"), what, 0, _HIGHEST_ID),
        integer(content.get("group"), what, 0, _HIGHEST_ID),
        link,
    )


class Ended(t.NamedTuple):
    """How a trial ended: the outcome, the reason, the machine (empty where it is not recorded), and the code of a refusal."""

    state: str
    reason: str = ""
    machine: str = ""
    code: str = FAILED


def outcome(value: object) -> Ended:
    """How a trial ended, out of a list, which a newer release may have made longer."""
    found = texts(value, "an outcome")
    if len(found) < 2:
        raise Unfit("an outcome has less than two parts")
    return Ended(*found[: len(Ended._fields)])
