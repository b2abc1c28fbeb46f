# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Killed at every single step: real processes, real files, a real SIGKILL. The files are one whole set, and no secret lies about."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node import paths
from ansible_collections.elemental.networking.plugins.module_utils._node.model import (
    Step,
    Trial,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.state import journal, records
from ansible_collections.elemental.networking.plugins.module_utils._node.system import timers
from ansible_collections.elemental.networking.plugins.module_utils._node.system.files import (
    Content,
    private,
    temporary_of,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.transaction import watchdog

SECRET = "psk=rosebud"
# what changes a file system, as Python tells an audit hook; fchmod comes between the making of a file and its content
STEPS = ("os.rename", "os.remove", "os.symlink", "os.mkdir", "os.rmdir", "os.chmod")


class Host(t.NamedTuple):
    """A node's folders below another root, with an open trial: eth0 changes, eth1 is new, bond0 goes, and so does a file on /oem."""

    root: Path
    trial: Trial
    old: t.Mapping[str, str | None]
    new: t.Mapping[str, str | None]

    @property
    def files(self) -> dict[str, str | None]:
        """What the files of the set hold."""
        return {path: Path(path).read_text() if os.path.exists(path) else None for path in self.new}

    @property
    def state(self) -> str:
        """Which set they are."""
        return {str(self.old): "old", str(self.new): "new"}.get(str(self.files), f"mixed: {self.files}")

    @property
    def left(self) -> list[str]:
        """What is left of the change anywhere, and whatever holds the secret and is not of the set."""
        others = [path for path in self.root.rglob("*") if str(path) not in self.new and path.is_file()]
        own = ("journal", "recover", "elemental-networking-")
        return [
            str(path.relative_to(self.root))
            for path in others
            if path.name.endswith("~") or path.name.startswith(own) or SECRET in path.read_text()
        ]

    def confirm(self) -> None:
        """Write the new set, as confirm does."""
        journal.begin(contents(self.new), records.program_text(), ["/usr/bin/env", "true"])
        journal.carry_out()
        journal.end()

    def expire(self) -> None:
        """What the dead-man does when its time has come."""
        watchdog.expire(self.trial.token)

    def boot(self) -> bool:
        """Forget what is in memory, and do what systemd is told to do; says whether it was told anything."""
        shutil.rmtree(self.root / "run")
        is_armed = all(os.path.exists(path) for path in (paths.RECOVERY_LINK, paths.RECOVERY_PROGRAM))
        if is_armed:
            journal.recover()
        return is_armed


def contents(texts: t.Mapping[str, str | None]) -> dict[str, Content | None]:
    """Private files of these texts."""
    return {path: None if text is None else private(text) for path, text in texts.items()}


class NetworkManagerThatForgot:
    """A double: NetworkManager after a restart, which holds no checkpoint and has loaded no profile yet."""

    daemon = ":1.2"

    @classmethod
    def connect(cls, timeout: float) -> NetworkManagerThatForgot:
        return cls()

    def holds(self, trial: Trial) -> bool:
        return False

    def roll_back(self, checkpoint: str) -> None:
        raise AssertionError("there is none")

    def load_profiles(self, files: t.Sequence[str]) -> list[str]:
        return []

    def connections(self) -> dict[str, t.Any]:
        return {}

    def profile_path(self, uuid: str) -> None:
        return None

    def device(self, interface: str) -> None:
        return None


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """Its trial is written: memory holds the trial profiles, and half of one whose writer was killed."""
    for module in (paths, records, timers):
        for name, value in vars(module).items():
            if isinstance(value, str) and value.startswith(("/etc/", "/oem/", "/run/", "/var/")):
                monkeypatch.setattr(module, name, str(tmp_path) + value)
    monkeypatch.setattr(records, "_WATCHED_FILES", (paths.MANAGED_FILE, paths.MANAGED_COPY))
    for module_file, folder in (("_TRIAL_FILE", "trial"), ("_BEFORE_FILE", "before"), ("_FINAL_FILE", "final")):
        assert getattr(records, module_file) == f"{paths.TRIAL_FOLDER}/{folder}.json"
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # who is killed loses nothing that is not on the disk yet
    monkeypatch.setattr(watchdog, "NetworkManager", NetworkManagerThatForgot)
    monkeypatch.setattr(timers, "_has_systemd", lambda: False)  # the timer of this trial is not that of the machine
    eth0, eth1, bond0 = (f"{paths.INSTALLED_PROFILES}/{name}.nmconnection" for name in ("eth0", "eth1", "bond0"))
    more = str(tmp_path / "oem/network.yaml")
    old: dict[str, str | None] = {eth0: f"old {SECRET}", eth1: None, bond0: "old", more: None}
    old.update({paths.MANAGED_FILE: "{}", paths.MANAGED_COPY: None})
    new: dict[str, str | None] = {eth0: f"new {SECRET}", eth1: f"new {SECRET}", bond0: None, more: f"new {SECRET}"}
    new.update({paths.MANAGED_FILE: '{"machine": "node1"}', paths.MANAGED_COPY: '{"machine": "node1"}'})
    for folder in (paths.INSTALLED_PROFILES, paths.TRIAL_PROFILES):
        os.makedirs(folder)
    for file in (paths.MANAGED_FILE, paths.RECOVERY_UNIT):
        os.makedirs(os.path.dirname(file))
    for path, text in old.items():
        if text is not None:
            Path(path).write_text(text)
    trial = an_open_trial({more: new[more]})
    records.open_trial(trial, "the program")
    records.remember_files(trial, {"eth0.nmconnection": f"new {SECRET}", "eth1.nmconnection": f"new {SECRET}"})
    first, second = (f"{paths.TRIAL_PROFILES}/{step.trial_file}" for step in trial.steps)
    Path(first).write_text(f"new {SECRET}")
    Path(temporary_of(second)).write_text(f"new {SECRET}")
    return Host(tmp_path, trial, old, {path: new[path] for path in old})


def an_open_trial(more_files: t.Mapping[str, str | None]) -> Trial:
    """Two profiles come, one goes."""
    return Trial(
        token="0123456789abcdef",
        machine="node1",
        controller="here",
        opened_at=0.0,
        deadline=60,
        daemon=":1.1",
        steps=(
            Step("eth0.nmconnection", "eth0", "trial-uuid-0", "uuid-0", True),
            Step("eth1.nmconnection", "eth1", "uuid-1", "uuid-1", True),
        ),
        stale_files=("bond0.nmconnection",),
        idle_interfaces=(),
        previous=(("eth0", "uuid-0"),),
        known_uuids=("uuid-0",),
        lease_interfaces=(),
        is_reset=False,
        wanted=(),
        probes=(),
        more_files=more_files,
        failed_before={},
        phase="persisting",
    )


def is_killed(step: int, work: t.Callable[[], None]) -> bool:
    """Do ``work`` in a process that is killed before its step of this number; says whether it had so many."""
    if sys.version_info < (3, 8):
        pytest.skip("Python 3.8 and later say what they are about to do")
    child = os.fork()
    if child == 0:
        try:
            sys.addaudithook(killer(step))
            work()
            os._exit(0)
        finally:
            os._exit(1)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        return True
    assert status == 0, f"it failed before step {step}"
    return False


def killer(step: int) -> t.Callable[[str, tuple[t.Any, ...]], None]:
    """Counts what changes the file system."""
    left = step

    def hook(event: str, arguments: tuple[t.Any, ...]) -> None:
        nonlocal left
        if event in STEPS or (event == "open" and arguments[2] & os.O_WRONLY):
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

    return hook


def each_death(host: Host, work: t.Callable[[], None]) -> t.Iterator[int]:
    """The host as it is after ``work`` was killed at its first step, at its second one, …, and not at all."""
    spare = host.root.with_name(host.root.name + "-spare")
    shutil.copytree(host.root, spare, symlinks=True)
    step = 0
    while is_killed(step, work):
        yield step
        shutil.rmtree(host.root)
        shutil.copytree(spare, host.root, symlinks=True)
        step += 1
    yield step
    shutil.rmtree(host.root)
    spare.rename(host.root)


def test_a_power_cut_leads_to_one_whole_set(host: Host) -> None:
    """Whatever confirm was doing: the boot completes it or forgets it, with all that it prepared."""
    ends = []
    for step in each_death(host, host.confirm):
        was_armed = host.boot()
        ends.append(host.state)
        # a boot that is not told anything finds no secret, but may find the empty unit of a recovery
        left = host.left if was_armed else [path for path in host.left if "recover" not in path]
        assert not left, f"left after step {step}"
    middle = ends.index("new")
    assert ends == ["old"] * middle + ["new"] * (len(ends) - middle)
    assert 20 < middle < len(ends) - 10  # it was killed while it prepared, and while it renamed


@pytest.mark.parametrize("is_rewritten", [False, True], ids=["as it was", "rewritten by NetworkManager"])
def test_a_rollback_leads_to_the_old_set(host: Host, is_rewritten: bool) -> None:
    """Whatever confirm was doing when it was killed; NetworkManager's own rollback may have written a keyfile in its normal form."""
    for step in each_death(host, host.confirm):
        if is_rewritten:
            (Path(paths.INSTALLED_PROFILES) / "eth0.nmconnection").write_text("[normal form]")
        host.expire()
        assert (host.state, host.left) == ("old", []), f"after step {step}"


@pytest.mark.parametrize("is_begun", [False, True], ids=["prepared", "half renamed"])
@pytest.mark.parametrize("is_rewritten", [False, True], ids=["as it was", "rewritten by NetworkManager"])
def test_a_rollback_may_be_killed_too(host: Host, is_begun: bool, is_rewritten: bool) -> None:
    """Its second attempt leads to the old set, and a power cut to one whole set."""
    kill_confirm(host, is_begun)
    if is_rewritten:
        (Path(paths.INSTALLED_PROFILES) / "eth0.nmconnection").write_text("[normal form]")
    for step in each_death(host, host.expire):
        host.expire()
        assert (host.state, host.left) == ("old", []), f"after step {step}"
    # the file that NetworkManager wrote is neither, until the rollback begins
    expected = ("old", "new", *([host.state] if is_rewritten and not is_begun else []))
    for step in each_death(host, host.expire):
        was_armed = host.boot()
        assert host.state in expected, f"after step {step}"
        assert not was_armed or not host.left, f"left after step {step}"


def kill_confirm(host: Host, is_begun: bool) -> None:
    """Either before the journal appears, with all prepared, or when half of the files are renamed."""
    renames = 0

    def counting(event: str, arguments: tuple[t.Any, ...]) -> None:
        nonlocal renames
        if event == "os.rename":
            is_journal = arguments[1] == paths.JOURNAL_FILE
            renames += int(os.path.exists(paths.JOURNAL_FILE))
            if renames == 2 if is_begun else is_journal:
                os.kill(os.getpid(), signal.SIGKILL)

    def work() -> None:
        sys.addaudithook(counting)
        host.confirm()

    assert is_killed(1000, work)
    assert os.path.exists(paths.JOURNAL_FILE) is is_begun
    assert any(SECRET in path.read_text() for path in Path(paths.INSTALLED_PROFILES).glob(".*~"))


def test_what_cannot_be_prepared_leaves_nothing(host: Host) -> None:
    """A folder that cannot be made here, a full disk elsewhere: it is found out before anything is changed."""
    in_the_way = host.root / "oem"
    in_the_way.write_text("not a folder")
    with pytest.raises(OSError, match="oem"):
        host.confirm()
    in_the_way.unlink()
    assert host.state == "old"
    assert not [path for path in host.left if not path.startswith("run/")]  # memory still holds the trial
