# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node remembers and puts back: links, modes, bytes, edits by hand; and what it starts later."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import time
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node import paths
from ansible_collections.elemental.networking.plugins.module_utils._node.checks import probing
from ansible_collections.elemental.networking.plugins.module_utils._node.dbus.connection import (
    BusError,
    BusTimeout,
    SystemBus,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.model import (
    Managed,
    Trial,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.client import (
    Device,
    NetworkManager,
    NotAnswering,
    NotRunning,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import (
    MissingRequirement,
    NodeError,
    Probe,
    WrongPhase,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.state import journal, records, shapes
from ansible_collections.elemental.networking.plugins.module_utils._node.system import files, timers
from ansible_collections.elemental.networking.plugins.module_utils._node.transaction import confirm, rollback, watchdog
from ansible_collections.elemental.networking.tests.unit.plugins.module_utils._node.test_journal import (
    Host,
    NetworkManagerThatForgot,
    an_open_trial,
    contents,
    host,
)

__all__ = ["host"]  # fixtures are found here


def profile(name: str) -> Path:
    """A profile of the host."""
    return Path(paths.INSTALLED_PROFILES) / f"{name}.nmconnection"


def undo(host: Host) -> None:
    """Roll its trial back, with a NetworkManager that forgot all of it."""
    rollback.undo(t.cast(NetworkManager, NetworkManagerThatForgot()), host.trial, "why", is_last=True)


@pytest.mark.parametrize("raw", [b"[a]\r\nb=c\r\n", b"b=\xff\xfe\r", b"\r\r\n\n", b"\xed\xa0\x80"])
def test_every_byte_survives(tmp_path: Path, raw: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(raw)
    found = files.look_at(str(file))
    assert found is not None
    kept = json.loads(json.dumps(found._asdict()))
    file.unlink()
    files.put(str(file), files.Content(**kept))
    assert file.read_bytes() == raw


def test_a_rollback_puts_back_links_modes_and_bytes(host: Host) -> None:
    """Of what confirm wrote over, and of what NetworkManager wrote over when it rolled back."""
    elsewhere = host.root / "elsewhere"
    elsewhere.write_bytes(b"[connection]\r\nuuid = uuid-0\r\n# \xff\r\n")
    profile("eth0").unlink()
    profile("eth0").symlink_to(elsewhere)
    profile("bond0").write_bytes(b"old\r\n")
    profile("bond0").chmod(0o400)
    profile("other").write_bytes(b"[connection]\r\nuuid = uuid-0 \r\n")  # of somebody else; its profile was active
    profile("other").chmod(0o400)
    records.remember_files(host.trial, {})
    host.confirm()
    assert not profile("eth0").is_symlink()
    profile("other").unlink()
    profile("other").write_text("[connection]\nuuid=uuid-0\n")
    undo(host)
    assert os.readlink(profile("eth0")) == str(elsewhere)
    assert elsewhere.read_bytes() == b"[connection]\r\nuuid = uuid-0\r\n# \xff\r\n"
    assert (profile("bond0").read_bytes(), profile("bond0").stat().st_mode & 0o777) == (b"old\r\n", 0o400)
    assert profile("other").read_bytes() == b"[connection]\r\nuuid = uuid-0 \r\n"
    assert profile("other").stat().st_mode & 0o777 == 0o400
    assert not list(host.root.rglob("*~"))


def test_a_journal_that_could_not_be_ended_leaves_what_was_edited_since(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """/var became read-only under it: neither the next boot nor the next change writes the files once more."""
    real = os.unlink

    def refusing(path: str, **options: t.Any) -> None:
        if str(path).startswith(str(host.root / "var")):
            raise OSError(30, "Read-only file system", path)
        real(path, **options)

    journal.begin(contents(host.new), "the program", ["/usr/bin/env", "true"])
    journal.carry_out()
    monkeypatch.setattr(os, "unlink", refusing)
    with pytest.raises(OSError, match="Read-only"):
        journal.end()
    monkeypatch.setattr(os, "unlink", real)
    profile("eth0").write_text("edited by hand")
    profile("eth1").unlink()
    assert not os.path.lexists(paths.RECOVERY_LINK)  # no boot does it
    journal.recover()
    assert profile("eth0").read_text() == "edited by hand"
    assert not profile("eth1").exists()
    assert not os.path.exists(paths.JOURNAL_FILE)


def test_the_watchdog_of_a_change_that_was_confirmed_leaves_what_was_edited_since(host: Host) -> None:
    """Confirm was killed before it could end its journal."""
    journal.begin(contents(host.new), "the program", ["/usr/bin/env", "true"])
    journal.carry_out()
    records.close_trial(host.trial, "confirmed")
    profile("eth0").write_text("edited by hand")
    host.expire()
    assert profile("eth0").read_text() == "edited by hand"
    assert not os.path.lexists(paths.JOURNAL_FILE)


@pytest.mark.parametrize("name", [b"Cafe\tBar", b"two\nlines", b"\x7f", b"\xff"])
def test_the_name_of_a_file_of_somebody_else_keeps_no_rollback_from_its_end(host: Host, name: bytes) -> None:
    """Whatever a file system takes as a name: confirm was killed after it had written the new set, and before it ended."""
    other = os.path.join(os.fsencode(paths.INSTALLED_PROFILES), name + b".nmconnection")
    with open(other, "wb") as stream:
        stream.write(b"[connection]\nuuid=uuid-0\n")
    records.remember_files(host.trial, {})
    host.confirm()
    with open(other, "wb") as stream:  # as NetworkManager's rollback rewrites it
        stream.write(b"[connection]\nid=x\nuuid=uuid-0\n")
    host.expire()
    assert host.state == "old"
    with open(other, "rb") as stream:
        assert stream.read() == b"[connection]\nuuid=uuid-0\n"
    assert not os.path.exists(paths.TRIAL_FOLDER)
    assert not os.path.lexists(paths.JOURNAL_FILE)


@pytest.mark.parametrize("damaged", [("trial",), ("before",), ("trial", "before"), ("trial", "before", "final")])
def test_a_damaged_trial_comes_to_its_end(host: Host, damaged: t.Sequence[str]) -> None:
    """Nothing of the trial is left in /run, and /etc is one whole set."""
    for file in damaged:
        (Path(paths.TRIAL_FOLDER) / f"{file}.json").write_text("{")
    host.expire()
    assert host.state == "old"
    left = [path for path in host.left if ".corrupt-" not in path]
    assert not left
    assert not os.path.exists(paths.TRIAL_FOLDER)


@pytest.mark.parametrize(
    ("primary", "copy", "machine"),
    [
        ("{", '{"machine": "node1"}', "node1"),
        (None, '{"machine": "node1", "version": 1, "new": 5}', "node1"),
        (None, None, ""),
        ("{", None, None),
        (None, "[]", None),
        ("{", "{", None),
        ("{}", None, None),
        ('{"machine": "node1", "version": 2}', '{"machine": "node1"}', None),
        ('{"machine": "node1", "more_files": ["/etc/passwd"]}', None, None),
    ],
)
def test_which_machine_a_host_is(host: Host, primary: str | None, copy: str | None, machine: str | None) -> None:
    """None: nothing says it, and it is refused; empty: it is no machine yet."""
    for path, text in ((paths.MANAGED_FILE, primary), (paths.MANAGED_COPY, copy)):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        files.remove(path)
        if text is not None:
            Path(path).write_text(text)
    if machine is None:
        with pytest.raises(NodeError, match=r"managed.json|/oem/"):
            records.load_managed()
    else:
        assert records.load_managed().machine == machine


def test_what_a_newer_release_wrote_stays(host: Host) -> None:
    Path(paths.MANAGED_FILE).write_text('{"machine": "node1", "colour": "blue"}')
    text = records.managed_text(records.load_managed()._replace(token="0123"))
    assert json.loads(text) == {
        "machine": "node1", "colour": "blue", "version": 1, "profiles": [], "is_reset": False, "more_files": [], "token": "0123"
    }  # fmt: skip
    assert Managed().unknown == {}


def a_device(active: str) -> Device:
    """A device on which the profile with this uuid is active."""
    return Device("/d", "eth0", "/a" if active else "/", active, False, {}, (), "")


def with_more(value: t.Any) -> t.Any:
    """The same as a newer release may write it: with a field more in every object."""
    if isinstance(value, dict):
        is_object = not any("/" in key or key.endswith(".nmconnection") for key in value)
        more = {"of_tomorrow": {"x": [1]}} if is_object and set(value) & _NAMES else {}
        return {**{key: with_more(each) for key, each in value.items()}, **more}
    return [with_more(each) for each in value] if isinstance(value, list) else value


# one of each kind of object; the other objects map what has a name of its own
_NAMES = {"version", "token", "file_name", "mode", "kind"}


def test_fields_of_a_newer_release_do_no_harm(host: Host) -> None:
    trial = host.trial._replace(probes=(Probe("gateway", "gateway"),))
    records.save_trial(trial)
    records.remember_files(trial, {"eth0.nmconnection": "[eth0]"})
    before = records.files_before()
    managed = Managed("node1", trial.wanted, more_files=(f"{paths.MORE_FILES}x.yaml",), token="0123")
    os.makedirs(os.path.dirname(paths.MANAGED_FILE), exist_ok=True)
    Path(paths.MANAGED_FILE).write_text(records.managed_text(managed))
    ended = {"version": 1, "ended": {"0123": ["rolled_back", "why", "node1", "failed", "of tomorrow"]}}
    Path(paths.OUTCOMES_FILE).write_text(json.dumps(ended))
    files = [paths.MANAGED_FILE, *(f"{paths.TRIAL_FOLDER}/{name}.json" for name in ("trial", "before", "final"))]
    for file in files:
        text = json.dumps(with_more(json.loads(Path(file).read_text())))
        assert "of_tomorrow" in text
        Path(file).write_text(text)
    assert records.load_trial() == trial
    assert records.files_before() == before
    assert records.final_texts(["eth0.nmconnection"]) == {"eth0.nmconnection": "[eth0]"}
    assert records.load_managed()._replace(unknown={}) == managed
    assert shapes.journal(with_more(shapes.to_json(before))) == before
    assert records.outcome_of("0123")._replace(state="confirmed") == shapes.Ended(
        "confirmed"
    )  # that of what is installed
    assert records.machines_tried() == {"node1"}


@pytest.mark.parametrize(
    ("file", "load"),
    [
        ("MANAGED_FILE", records.load_managed),
        ("TRIAL", records.load_trial),
        ("OUTCOMES_FILE", lambda: shapes.read(paths.OUTCOMES_FILE)),
        ("JOURNAL_FILE", lambda: shapes.read(paths.JOURNAL_FILE)),
    ],
)
def test_what_a_node_remembers_has_a_version(host: Host, file: str, load: t.Callable[[], object]) -> None:
    path = f"{paths.TRIAL_FOLDER}/trial.json" if file == "TRIAL" else getattr(paths, file)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    Path(path).write_text('{"version": 2, "machine": "node1"}')
    with pytest.raises((MissingRequirement, shapes.OtherVersion)):
        load()


def test_a_phase_that_there_is_not_is_damage(host: Host) -> None:
    """It is rolled back: nothing else is safe."""
    records.remember_files(host.trial, {})
    records.save_trial(host.trial._replace(phase="of tomorrow"))
    found = records.load_trial()
    assert found
    assert found.phase == "damaged"


def test_a_trial_ends_as_its_phase_allows(host: Host) -> None:
    """A file says so: nothing of it is forgotten."""
    with pytest.raises(WrongPhase):
        records.close_trial(host.trial._replace(phase="staged"), "confirmed")
    assert records.load_trial() is not None


@pytest.mark.parametrize(
    ("error", "hangs"),
    [
        (BusTimeout("", "other words"), True),
        (NotAnswering("other words"), True),
        (BusError("", "the system D-Bus did not answer in time"), False),
        (NotRunning("NetworkManager did not answer in time"), False),
    ],
)
def test_networkmanager_is_killed_where_it_hangs_whatever_an_error_says(
    host: Host, error: Exception, hangs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[t.Any] = [error, ()]
    revived: list[bool] = []

    def roll_back(_token: str) -> object:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def revive(hangs: bool) -> None:
        revived.append(hangs)

    monkeypatch.setattr(watchdog, "_roll_back", roll_back)
    monkeypatch.setattr(watchdog, "_revive", revive)
    monkeypatch.setattr(watchdog, "_PAUSE", 0.0)
    host.expire()
    assert revived == [hangs]


class NetworkManagerWithOneDevice(NetworkManagerThatForgot):
    """A double: one device, and what is activated on it."""

    def __init__(self, active: str, known: t.Collection[str]) -> None:
        self.active = active
        self.known = known
        self.activated: list[str] = []

    def device(self, interface: str) -> t.Any:
        return a_device(self.active)

    def profile_path(self, uuid: str) -> t.Any:
        return f"/{uuid}" if uuid in self.known else None

    def activate(self, path: str, device: Device, timeout: float) -> None:
        self.activated.append(path)


@pytest.mark.parametrize(
    ("active", "spare", "activated"),
    [
        ("", True, ["/old"]),
        ("by-hand", True, []),
        ("by-hand", False, ["/old"]),
        ("old", True, []),
        ("deleted", True, ["/old"]),
    ],
)
def test_an_interface_that_an_administrator_has_is_left_alone(active: str, spare: bool, activated: list[str]) -> None:
    """Once the rollback has been tried; and a trial's profile, which was deleted, is nobody's."""
    manager = NetworkManagerWithOneDevice(active, ("old", "by-hand"))
    down = rollback.activate_previous(t.cast(NetworkManager, manager), [("eth0", "old")], spare_others=spare)
    assert (down, manager.activated) == ((), activated)


def test_the_watchdog_goes_on_where_the_bus_or_the_disk_fails_for_a_moment(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is still down after the rollback is known to this process alone."""
    answers: list[t.Any] = [OSError(5, "Input/output error"), BusError("", "it broke off"), ()]

    def bring_back(_token: str, _down: object) -> object:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(watchdog, "_roll_back", lambda _token: (("eth0", "uuid-0"),))
    monkeypatch.setattr(watchdog, "_bring_back", bring_back)
    monkeypatch.setattr(watchdog, "_PAUSE", 0.0)
    host.expire()
    assert not answers


def test_a_bus_that_closes_the_door_at_once_is_one_that_does_not_answer() -> None:
    ours, theirs = socket.socketpair()
    theirs.close()
    with pytest.raises(BusError, match="broke off|closed"):
        SystemBus(ours)._authenticate()


class NetworkManagerThatIsUp(NetworkManagerThatForgot):
    """A double: it holds the trial, and all of its profiles are up."""

    def holds(self, trial: Trial) -> bool:
        return True

    def devices(self) -> list[Device]:
        return [a_device(uuid)._replace(activated=True) for uuid in ("trial-uuid-0", "uuid-1")]


def test_a_probe_runs_without_the_lock_and_what_it_finds_counts_only_for_an_open_trial(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it runs the watchdog takes the lock and ends the trial: nothing is persisted."""
    trial = host.trial._replace(
        phase="activated", probes=(Probe("slow", "command", command="true"),), opened_at=time.monotonic()
    )
    records.save_trial(trial)
    bounds: list[float] = []

    def probing_for_long(probes: t.Sequence[Probe], within: float) -> dict[str, str]:
        bounds.append(within)
        with open(Path(paths.TRIAL_FOLDER).parent / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            records.close_trial(trial, "rolled_back", "it took too long")
        return {"slow": ""}

    monkeypatch.setattr(confirm, "run_probes", probing_for_long)
    manager = t.cast(NetworkManager, NetworkManagerThatIsUp())
    answer = confirm.confirm(manager, trial.token, "192.0.2.1", fresh=True, knock=None)
    assert (answer.state, answer.reason) == ("rolled_back", "it took too long")
    assert host.state == "old"
    assert 0 < bounds[0] <= trial.deadline


def test_the_probes_of_a_trial_that_was_opened_while_somebody_asked_are_not_left_out(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A question after a lost answer came first and waited for the lock until the trial was up."""
    failing = (Probe("p", "command", command="false"),)
    trial = host.trial._replace(phase="activated", probes=failing, opened_at=time.monotonic())
    looks = iter([None])
    monkeypatch.setattr(records, "load_trial", lambda: next(looks, trial))
    manager = t.cast(NetworkManager, NetworkManagerThatIsUp())
    answer = confirm.confirm(manager, trial.token, "192.0.2.1", fresh=True, knock=None)
    assert answer.state == "pending"
    assert host.state == "old"


def test_probes_end_when_the_time_is_over() -> None:
    """All of them, and what they started; nothing that a target holds is more than a failure."""
    probes = [
        Probe("a", "command", command="sleep 1000; true", timeout=1000.0),
        Probe("b", "command", command="sleep 1001 & wait", timeout=1000.0),
        Probe("c", "tcp", target="a" * 70 + ".invalid", port=1),
        Probe("d", "command", command="exit 3"),
        Probe("e", "command", command="true", timeout=60.0),
    ]
    results = probing.run_probes(probes[2:], 30.0)
    assert results["e"] == ""
    assert results["c"]
    assert results["d"] == "exit code 3"
    results = probing.run_probes(probes[:2], 0.2)
    assert all(failure.startswith("no answer within") for failure in results.values())
    assert subprocess.run(["pgrep", "-f", "sleep 1001"], stdout=subprocess.DEVNULL, check=False).returncode


PLAIN = ["/usr/bin/python3", "-I", "-S", "/var/lib/recover.py", "recover"]


@pytest.mark.parametrize(
    "argument", ["/opt/a b/python3", "$HOME", "${HOME}", "%n", "%", '"', "'", "\\n", "a\nb", "\\", "$$"]
)
def test_a_path_reaches_systemd_as_it_is(argument: str) -> None:
    """As systemd.syntax(7), systemd.unit(5) and systemd.service(5) read a line of a unit."""
    line = journal.command_line([argument, *PLAIN])
    assert "\n" not in line
    assert read_as_systemd(line) == ["/usr/bin/env", argument, *PLAIN]
    (literal,) = timers.literal([argument])
    assert read_dollars(literal) == argument


def read_dollars(word: str) -> str:
    """``$$`` is a dollar; ``$`` alone would be a variable."""
    assert "$" not in word.replace("$$", "")
    return word.replace("$$", "$")


def read_as_systemd(line: str) -> list[str]:
    """Its words: quotes, backslashes, specifiers, variables."""
    words, rest = [], line
    first, _space, rest = rest.partition(" ")
    words.append(first)
    while rest:
        assert rest.startswith('"')
        word, position = "", 1
        while rest[position] != '"':
            if rest[position] == "\\":
                position += 1
                word += {"n": "\n"}.get(rest[position], rest[position])
            else:
                word += rest[position]
            position += 1
        assert "%" not in word.replace("%%", "")
        words.append(read_dollars(word.replace("%%", "%")))
        rest = rest[position + 1 :].lstrip(" ")
    return words


def test_a_process_that_has_another_ones_number_is_not_killed(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no systemd, the timer's process has ended, and its number was given again."""
    killed: list[int] = []
    monkeypatch.setattr(os, "kill", lambda process, number: killed.append(process))
    note = Path(timers._PROCESS_FOLDER) / "rollback-x"
    note.parent.mkdir(parents=True)
    own, started = os.getpid(), timers._started(os.getpid())
    for text in (f"{own}", f"{own} 1", "", "x y", f"-1 {started}", "9" * 5000 + " 1", f"{own} {started}"):
        assert killed == []
        note.write_text(text)
        timers.cancel("rollback-x")
        assert not note.exists()
    assert killed == [own]


def test_a_trial_of_another_release_is_named(host: Host) -> None:
    file = Path(paths.TRIAL_FOLDER) / "trial.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "version": 2}))
    with pytest.raises(MissingRequirement, match="another release"):
        records.load_trial()
    assert an_open_trial({}).token == host.trial.token
