# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node remembers, damaged in any way; and what a controller may send it: our own sentence or a value, and no file elsewhere."""

from __future__ import annotations

import copy
import json
import os
import sys
import typing as t
from pathlib import Path

import hypothesis
import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node import admission, paths
from ansible_collections.elemental.networking.plugins.module_utils._node.model import (
    Managed,
    ManagedProfile,
    Step,
    Trial,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import (
    DAMAGED,
    LOST,
    NodeError,
    Probe,
    Stage,
    to_json,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.state import journal, records, shapes
from ansible_collections.elemental.networking.plugins.module_utils._node.system import timers
from ansible_collections.elemental.networking.plugins.module_utils._node.system.files import private
from ansible_collections.elemental.networking.tests.unit.borders.bounds import bounded
from hypothesis import strategies as st

SECRET = "psk=rosebud"
# what a damaged file may hold instead of what belongs there
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        ["../../etc/passwd", "/etc/shadow", "..", "", "a\0b", "\ud800", "x" * 300, 10**400, float("nan"), [[]], {}]
    ),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.none(), max_size=3),
)
RAW = st.one_of(
    st.binary(max_size=300),
    st.sampled_from([b"", b"{}", b"[]", b"\xff\xfe", b"[" * 5_000, b'{"a":' * 5_000, b"9" * 5_000, b"null", b"NaN"]),
)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A node's folders below another root."""
    for module in (paths, records, timers):
        for name, value in vars(module).items():
            if isinstance(value, str) and value.startswith(("/etc/", "/oem/", "/run/", "/var/")):
                monkeypatch.setattr(module, name, str(tmp_path) + value)
    monkeypatch.setattr(records, "_WATCHED_FILES", (paths.MANAGED_FILE, paths.MANAGED_COPY))
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    for file in (
        paths.INSTALLED_PROFILES + "/x",
        paths.TRIAL_FOLDER + "/x",
        paths.MANAGED_FILE,
        paths.MANAGED_COPY,
    ):
        os.makedirs(os.path.dirname(file))
    os.makedirs(os.path.dirname(paths.RECOVERY_LINK))
    return tmp_path


def a_trial() -> Trial:
    """One with something in every field."""
    return Trial(
        token="0123456789abcdef",
        machine="node1",
        controller="here",
        opened_at=1.5,
        deadline=60,
        daemon=":1.1",
        steps=(
            Step("eth0.nmconnection", "eth0", "trial-uuid", "uuid", True),
            Step("b.nmconnection", None, "u", "u", False, "ovs-bridge"),
        ),
        stale_files=("bond0.nmconnection",),
        idle_interfaces=("bond0",),
        previous=(("eth0", "uuid"),),
        known_uuids=("uuid",),
        lease_interfaces=("eth0",),
        is_reset=False,
        wanted=(ManagedProfile("eth0.nmconnection", "eth0", "ethernet"),),
        probes=(Probe("gateway", "gateway"), Probe("tcp", "tcp", "192.0.2.1", 22)),
        more_files={f"{paths.MORE_FILES}network.yaml": SECRET},
        failed_before={"gateway": ""},
    )


def test_a_trial_is_read_as_it_was_written() -> None:
    assert shapes.trial(json.loads(json.dumps(a_trial().to_json()))) == a_trial()


def managed_file() -> dict[str, t.Any]:
    """What is ours."""
    profiles = (ManagedProfile("eth0.nmconnection", "eth0", "ethernet"),)
    managed = Managed("node1", profiles, False, (f"{paths.MORE_FILES}network.yaml",), "0123")
    return t.cast("dict[str, t.Any]", json.loads(records.managed_text(managed)))


def contents() -> dict[str, t.Any]:
    """A journal."""
    files = {f"{paths.INSTALLED_PROFILES}/eth0.nmconnection": private(SECRET), paths.MANAGED_FILE: None}
    return shapes.to_json(files)


def a_request() -> dict[str, t.Any]:
    """The request of a push."""
    profile = {
        "file_name": "eth0.nmconnection",
        "uuid": "uuid",
        "type": "ethernet",
        "interface": "eth0",
        "text": SECRET,
    }
    knock = {"address": "192.0.2.9", "ports": [40000], "target": 22, "bell": 40001, "word": "x"}
    common = {
        "machine": "node1",
        "deadline": 60,
        "connected_address": "192.0.2.1",
        "only_known": False,
        "check": False,
        "controller": "here",
        "token": "0123456789abcdef",
        "take_over": "",
        "probes": [{**Probe("tcp", "tcp", "192.0.2.1", 22)._asdict()}],
        "more_files": {f"{paths.MORE_FILES}network.yaml": SECRET},
        "knock": knock,
        "required": [],
    }
    return {"version": 1, "operation": "stage", "common": common, "profiles": [profile]}


def places_in(value: t.Any, path: tuple[t.Any, ...] = ()) -> list[tuple[t.Any, ...]]:
    """The paths of all that is in a document."""
    inner: t.Iterable[tuple[t.Any, t.Any]] = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    return [path, *(each for key, member in inner for each in places_in(member, (*path, key)))]


def mutated(document: t.Any, data: st.DataObject) -> t.Any:
    """A document with something odd in a place or two, or something missing, or a key of another name."""
    document = json.loads(json.dumps(document))
    for _time in range(data.draw(st.integers(1, 2))):
        *way, last = data.draw(st.sampled_from(places_in(document)[1:] or [("x",)]))
        target = document
        for key in way:
            target = target[key]
        odd = copy.deepcopy(data.draw(ODD))
        action = data.draw(st.sampled_from(["replace", "remove", "rename"]))
        if action == "replace" or isinstance(target, list):
            target[last] = odd
        else:
            value = target.pop(last, None)
            if action == "rename":
                target[data.draw(st.sampled_from(["/etc/shadow", "../x", "new", "", "a\0b"]))] = value
    return document


def write(path: str, document: t.Any, data: st.DataObject) -> None:
    """Any bytes, or a document that was damaged."""
    if data.draw(st.booleans()):
        Path(path).write_bytes(data.draw(RAW))
    else:
        Path(path).write_text(json.dumps(mutated(document, data)))


def is_one_sentence(error: Exception, names: str = "") -> None:
    """Without a secret or a traceback, and with what it is about."""
    said = str(error)
    assert names in said
    assert "\n" not in said
    assert SECRET not in said
    assert "Traceback" not in said


class Writes:
    """Where anything was written while it watches."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.is_on = False
        sys.addaudithook(self.see)

    def see(self, event: str, arguments: tuple[t.Any, ...]) -> None:
        """An audit hook, which stays for good."""
        if self.is_on and event in (
            "os.rename",
            "os.remove",
            "os.rmdir",
            "os.symlink",
            "os.mkdir",
            "os.chmod",
            "os.chown",
        ):
            # what a link says is not written to
            touched = arguments[1:2] if event == "os.symlink" else arguments[:2]
            self.paths += [str(each) for each in touched if isinstance(each, str)]
        elif (
            self.is_on
            and event == "open"
            and isinstance(arguments[2], int)
            and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        ):
            self.paths.append(str(arguments[0]))


WRITES = Writes()


@hypothesis.given(st.data())
def test_managed(root: Path, data: st.DataObject) -> None:
    for path in (paths.MANAGED_FILE, paths.MANAGED_COPY):
        Path(path).unlink(missing_ok=True)
    write(data.draw(st.sampled_from([paths.MANAGED_FILE, paths.MANAGED_COPY])), managed_file(), data)
    with bounded():
        try:
            managed = records.load_managed()
        except NodeError as error:
            is_one_sentence(error, names=str(root))
            return
        assert managed.machine  # never no machine at all
        assert all("/" not in name and name not in ("", ".", "..") for name in managed.files)
        assert all(os.path.dirname(path) + "/" == paths.MORE_FILES for path in managed.more_files)
        again = json.loads(records.managed_text(managed))
        assert again["machine"] == managed.machine


@hypothesis.given(st.data())
def test_trial(root: Path, data: st.DataObject) -> None:
    trial = a_trial()
    records.open_trial(trial, "the program")
    records.remember_files(trial, {"eth0.nmconnection": SECRET})
    before = {"version": 1, **contents(), "trial": trial.to_json()}
    for file, document in (("trial", {"version": 1, **trial.to_json()}), ("before", before), ("final", {"files": {}})):
        if data.draw(st.booleans()):
            write(f"{paths.TRIAL_FOLDER}/{file}.json", document, data)
    with bounded():
        found = records.load_own_trial()
        assert found is None or found.phase in (DAMAGED, LOST) or shapes.trial(json.loads(json.dumps(found.to_json())))
        assert all("/" not in step.trial_uuid and "/" not in step.file_name for step in (found.steps if found else ()))
        for load in (records.load_trial, lambda: records.final_texts(["eth0.nmconnection"])):
            try:
                load()
            except NodeError as error:
                is_one_sentence(error)
        try:
            files = records.files_before()
        except shapes.Unfit as error:
            is_one_sentence(error)
        else:
            assert all(path.startswith(str(root)) and ".." not in path for path in files)
        if found is not None:
            WRITES.paths, WRITES.is_on = [], True
            records.close_trial(found, "rolled_back", "why")
            WRITES.is_on = False
            assert all(path.startswith(str(root)) for path in WRITES.paths if os.path.isabs(path))
    assert found is None or not os.path.exists(paths.TRIAL_FOLDER)
    asides = list(Path(paths.TRIAL_FOLDER).parent.glob("trial.json.corrupt-*"))
    assert len(asides) <= 1
    assert all(not aside.stat().st_mode & 0o077 for aside in asides)


@hypothesis.given(st.data())
def test_outcomes(root: Path, data: st.DataObject) -> None:
    document = {"version": 1, "ended": {"0123": ["rolled_back", "why", "node1"], "4567": ["confirmed", "", "node1"]}}
    write(paths.OUTCOMES_FILE, document, data)
    with bounded():
        assert all(isinstance(part, str) for part in records.outcome_of("0123"))
        assert all(isinstance(machine, str) for machine in records.machines_tried())
        records.close_trial(a_trial(), "rolled_back", "why")
        assert records.outcome_of(a_trial().token)[:2] == ("rolled_back", "why")


@hypothesis.given(st.data())
def test_journal(root: Path, data: st.DataObject) -> None:
    for path in (paths.JOURNAL_FILE, paths.RECOVERY_LINK):
        if os.path.lexists(path):
            os.unlink(path)
    os.symlink(paths.RECOVERY_UNIT, paths.RECOVERY_LINK)
    write(paths.JOURNAL_FILE, contents(), data)
    with bounded():
        WRITES.paths, WRITES.is_on = [], True
        try:
            said = journal.recover()
        except OSError:  # an owner that nobody may give, a name that is a folder
            said = []
        finally:
            WRITES.is_on = False
    assert all(path.startswith(str(root)) and ".." not in path for path in WRITES.paths if os.path.isabs(path)), (
        WRITES.paths
    )
    for sentence in said:
        assert "\n" not in sentence
        assert SECRET not in sentence
    assert not said or not os.path.exists(paths.JOURNAL_FILE)
    asides = list(Path(paths.JOURNAL_FILE).parent.glob("journal.json.corrupt-*"))
    assert len(asides) <= 1
    assert all(not aside.stat().st_mode & 0o077 for aside in asides)


@hypothesis.given(st.data())
def test_request(root: Path, data: st.DataObject) -> None:
    """From the controller: refused in a sentence, or all that is in it is what it must be."""
    request = mutated(a_request(), data) if data.draw(st.booleans()) else data.draw(ODD)
    with bounded():
        try:
            found = admission.check_request(request)
        except NodeError as error:
            is_one_sentence(error)
            return
        assert isinstance(found, Stage)
        assert 5 <= found.common.deadline <= 3600
        assert all(0 < probe.timeout <= found.common.deadline for probe in found.common.probes)
        assert all("/" not in profile.file_name for profile in found.profiles)
        assert all(os.path.dirname(path) + "/" == paths.MORE_FILES for path in found.common.more_files)


def test_what_is_whole_is_read(root: Path) -> None:
    """The properties above are of damaged files: these are not."""
    assert to_json(admission.check_request(a_request()))["profiles"] == a_request()["profiles"]
    Path(paths.MANAGED_FILE).write_text(json.dumps(managed_file()))
    assert records.load_managed().files == ("eth0.nmconnection",)
    records.open_trial(a_trial(), "the program")
    assert records.load_trial() == a_trial()
    assert len(shapes.journal(contents())) == 2
