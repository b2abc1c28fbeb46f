# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Power cuts: whatever of a change reached the disk, the boot leads to the old set of profiles or to the new one, whole.

The disk is a double (``recorded_disk``). What is killed and not cut off loses nothing that it wrote: see ``test_journal``.
"""

from __future__ import annotations

import ast
import inspect
import os
import shutil
import typing as t
from pathlib import Path
from types import FrameType

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node import paths
from ansible_collections.elemental.networking.plugins.module_utils._node.model import (
    Managed,
    Trial,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.client import NetworkManager
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import ACTIVATED
from ansible_collections.elemental.networking.plugins.module_utils._node.state import journal, records
from ansible_collections.elemental.networking.plugins.module_utils._node.system import files
from ansible_collections.elemental.networking.plugins.module_utils._node.system.files import Content, private, put
from ansible_collections.elemental.networking.plugins.module_utils._node.transaction import confirm, rollback
from ansible_collections.elemental.networking.tests.unit.plugins.module_utils._node.recorded_disk import (
    File,
    RecordedDisk,
    Tree,
    lay_out,
    look,
)
from ansible_collections.elemental.networking.tests.unit.plugins.module_utils._node.test_journal import (
    SECRET,
    Host,
    NetworkManagerThatForgot,
    contents,
    host,
)

__all__ = ["host"]  # fixtures are found here

# prepares a host, and says what happens on it
Teller = t.Callable[[Host], "tuple[Whole, Story]"]
PROGRAM = "the program"


class NetworkManagerThatLoads(NetworkManagerThatForgot):
    """A double: it takes every keyfile, or refuses each, and has no device."""

    def __init__(self, refuses: bool = False) -> None:
        self._refuses = refuses

    def load_profiles(self, files: t.Sequence[str]) -> list[str]:
        return list(files) if self._refuses else []

    def devices(self) -> list[t.Any]:
        return []

    def extend_checkpoint(self, checkpoint: str, seconds: int) -> None:
        pass

    def close_checkpoint(self, checkpoint: str) -> None:
        pass


class Killed(BaseException):
    """The process ended here; the host did not."""


class Story(t.NamedTuple):
    """What happens on a host before its power is cut at some moment, and which sets of files are whole."""

    work: t.Callable[[RecordedDisk], None]
    whole: tuple[Tree, ...]
    # at the end only this
    last: Tree


class Whole(t.NamedTuple):
    """A host, and what its disk holds before and after its change."""

    host: Host
    old: Tree
    new: Tree

    @property
    def root(self) -> str:
        return str(self.host.root)

    @property
    def memory(self) -> str:
        return str(self.host.root / "run")

    def boot(self) -> bool:
        """Do what systemd is told to do before NetworkManager; says whether it was told anything that works."""
        unit, program = Path(paths.RECOVERY_LINK), Path(paths.RECOVERY_PROGRAM)
        is_armed = unit.exists() and unit.read_text().endswith("WantedBy=NetworkManager.service\n")
        if is_armed and program.exists() and program.read_text() == PROGRAM:
            journal.recover()
            return True
        return False

    def verdict(self, tree: Tree, whole: t.Collection[Tree]) -> str:
        """Boot from this disk, twice; what is wrong then, and empty where nothing is."""
        lay_out(self.root, self.memory, tree)
        is_armed = self.boot()
        once = look(self.root, self.memory)
        found = files_of(once if is_armed else without_recovery(once))
        if found not in [files_of(each) for each in whole]:
            return f"{'recovered to' if is_armed else 'left as'} {self._told(found)}"
        self.boot()
        return "" if look(self.root, self.memory) == once else "the second recovery changed something"

    def _told(self, tree: Tree) -> str:
        """Which set each file is of."""
        told = []
        for path in sorted({path for path, _file in self.old | self.new | tree}):
            held = {name: dict(each).get(path) for name, each in (("old", self.old), ("new", self.new))}
            sets = [name for name, file in held.items() if file == dict(tree).get(path)]
            told.append(f"{os.path.relpath(path, self.root)}: {' and '.join(sets) or 'neither'}")
        return "; ".join(each for each in told if not each.endswith("old and new"))


def files_of(tree: Tree) -> Tree:
    """Without folders: an empty one does no harm."""
    return frozenset((path, file) for path, file in tree if file is not None)


def without_recovery(tree: Tree) -> Tree:
    """Without the unit and the program of a recovery that is not ready: they do nothing, and hold no secret."""
    return frozenset((path, file) for path, file in tree if "recover" not in os.path.basename(path))


def keep(host: Host, refuses: bool = False) -> None:
    """What confirm does once the controller has come in."""
    trial = waiting(host.trial)._replace(phase=ACTIVATED)
    confirm._keep(t.cast(NetworkManager, NetworkManagerThatLoads(refuses)), trial, set())


def waiting(trial: Trial) -> Trial:
    """No profile is activated: there is no device."""
    return trial._replace(steps=tuple(step._replace(waiting_for="a cable") for step in trial.steps))


def undo(host: Host) -> None:
    """What the dead-man does."""
    rollback.undo(t.cast(NetworkManager, NetworkManagerThatLoads()), waiting(host.trial), "why", is_last=True)


def keep_until(host: Host, is_here: t.Callable[[str], bool]) -> None:
    """Confirm is killed before it renames a file to a path."""
    real = os.rename

    def renaming(source: str, target: str) -> None:
        if is_here(target):
            raise Killed
        real(source, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "rename", renaming)
        with pytest.raises(Killed):
            keep(host)


def prepared(path: str) -> bool:
    return path == paths.JOURNAL_FILE


def half_renamed(path: str) -> bool:
    return path.endswith("eth1.nmconnection")


def prepare(host: Host) -> None:
    """The trial of a host that was configured before: what it shall hold is known, and bond0 is a link to a file of somebody else."""
    bond0 = Path(paths.INSTALLED_PROFILES) / "bond0.nmconnection"
    bond0.unlink()
    (host.root / "elsewhere").write_text("[bond0]")
    bond0.symlink_to(host.root / "elsewhere")
    (host.root / "oem").mkdir()
    put(paths.MANAGED_FILE, private(records.managed_text(Managed("node1"))))
    remember(host)


def prepare_first(host: Host) -> None:
    """The same of one on which nothing was ever configured."""
    for folder in (paths.INSTALLED_PROFILES, os.path.dirname(paths.MANAGED_FILE)):
        shutil.rmtree(folder)
    remember(host)


def remember(host: Host) -> None:
    records.remember_files(host.trial, {f"{name}.nmconnection": f"[{name}]\n{SECRET}" for name in ("eth0", "eth1")})


def both_sets(host: Host) -> Whole:
    """Try the change once, uninterrupted, and put back what was there."""
    spare = host.root.with_name(f"{host.root.name}-spare")
    shutil.copytree(host.root, spare, symlinks=True)
    root, memory = str(host.root), str(host.root / "run")
    old = look(root, memory)
    keep(host)
    new = look(root, memory)
    shutil.rmtree(host.root)
    spare.rename(host.root)
    assert files_of(old) != files_of(new)
    return Whole(host, old, new)


def configured(host: Host) -> tuple[Whole, Story]:
    prepare(host)
    sets = both_sets(host)
    return sets, Story(lambda disk: keep(host), (sets.old, sets.new), sets.new)


def configured_first(host: Host) -> tuple[Whole, Story]:
    prepare_first(host)
    sets = both_sets(host)
    return sets, Story(lambda disk: keep(host), (sets.old, sets.new), sets.new)


def refused(host: Host) -> tuple[Whole, Story]:
    """NetworkManager does not load what was persisted: it is rolled back."""
    sets, _story = configured(host)
    return sets, Story(lambda disk: keep(host, refuses=True), (sets.old, sets.new), sets.old)


def killed_and_undone(host: Host) -> tuple[Whole, Story]:
    sets, _story = configured(host)

    def work(disk: RecordedDisk) -> None:
        keep_until(host, half_renamed)
        undo(host)

    return sets, Story(work, (sets.old, sets.new), sets.old)


def recovered_from_half(host: Host) -> tuple[Whole, Story]:
    """The power is cut again while the boot completes a change."""
    sets, _story = configured(host)
    keep_until(host, half_renamed)
    return sets, Story(lambda disk: journal.recover(), (sets.new,), sets.new)


def recovered_from_nothing(host: Host) -> tuple[Whole, Story]:
    """The power is cut again while the boot forgets a change that was only prepared."""
    sets, _story = configured(host)
    keep_until(host, prepared)
    return sets, Story(lambda disk: journal.recover(), (sets.old,), sets.old)


def not_prepared(host: Host) -> tuple[Whole, Story]:
    """A folder cannot be made, or the disk is full: the change is given up."""
    sets, _story = configured(host)
    in_the_way = host.root / "oem"
    in_the_way.rmdir()
    in_the_way.write_text("not a folder")
    old = look(sets.root, sets.memory)
    return sets, Story(lambda disk: keep(host), (old,), old)


def edited_afterwards(host: Host) -> tuple[Whole, Story]:
    """Somebody edits a profile after the change: that stays."""
    sets, _story = configured(host)
    eth0 = f"{paths.INSTALLED_PROFILES}/eth0.nmconnection"
    edited = frozenset({**dict(sets.new), eth0: File(b"by hand", 0o600)}.items())

    def work(disk: RecordedDisk) -> None:
        keep(host)
        disk.replace(eth0, b"by hand")

    return sets, Story(work, (sets.old, sets.new, edited), edited)


def ended_journal(host: Host) -> tuple[Whole, Story]:
    """A journal that could not be removed counts as ended; the next change does not bring it back."""
    sets, _story = configured(host)
    stale: dict[str, Content | None] = contents({f"{paths.INSTALLED_PROFILES}/eth0.nmconnection": "long ago"})
    files.write_json(paths.JOURNAL_FILE, journal.shapes.to_json(stale))
    old = look(sets.root, sets.memory)
    return sets, Story(lambda disk: keep(host), (sets.old, old, sets.new), sets.new)


def changed_twice(host: Host) -> tuple[Whole, Story]:
    """The next change comes before the end of the one before is on the disk."""
    sets, _story = configured(host)
    newer = {f"{name}.nmconnection": f"[{name}]\nnewer" for name in ("eth0", "eth1")}
    changed = {f"{paths.INSTALLED_PROFILES}/{name}": File(text.encode(), 0o600) for name, text in newer.items()}
    last = frozenset({**dict(sets.new), **changed}.items())

    def work(disk: RecordedDisk) -> None:
        keep(host)
        records.open_trial(host.trial, PROGRAM)
        records.remember_files(host.trial, newer)
        keep(host)

    return sets, Story(work, (sets.old, sets.new, last), last)


STORIES: tuple[Teller, ...] = (
    configured,
    configured_first,
    refused,
    killed_and_undone,
    recovered_from_half,
    recovered_from_nothing,
    not_prepared,
    edited_afterwards,
    ended_journal,
    changed_twice,
)


def is_never_skipped(caller: FrameType) -> bool:
    return False


def troubles(host: Host, tell: Teller, is_skipped: t.Callable[[FrameType], bool] = is_never_skipped) -> t.Iterator[str]:
    """What is wrong after each power cut where something is."""
    sets, story = tell(host)
    disk = RecordedDisk(sets.root, sets.memory, is_skipped)
    with disk.recording():
        story.work(disk)
    assert files_of(look(sets.root, sets.memory)) == files_of(story.last)
    for tree, moment in disk.trees().items():
        wrong = sets.verdict(tree, [story.last] if moment == disk.length else story.whole)
        if wrong:
            yield f"after {moment} of {disk.length} changes: {wrong}"


@pytest.mark.parametrize("tell", STORIES, ids=lambda tell: tell.__name__)
def test_a_power_cut_leaves_one_whole_set(host: Host, tell: Teller) -> None:
    """At every moment, whatever of the last changes reached the disk; with no secret beside it, and recovered once and for all."""
    assert next(troubles(host, tell), "") == ""


class Site(t.NamedTuple):
    """A call of ``os.fsync`` or ``sync_folder`` in the sources."""

    file: str
    function: str
    first_line: int
    last_line: int

    def is_calling(self, caller: FrameType) -> bool:
        """Whether ``os.fsync`` was called by ``caller`` because of this."""
        frame: FrameType | None = caller
        if caller.f_code is files.sync_folder.__code__:
            frame = caller.f_back
        assert frame is not None
        is_here = frame.f_code.co_filename == self.file and frame.f_code.co_name == self.function
        return is_here and self.first_line <= frame.f_lineno <= self.last_line


def sites() -> t.Iterator[Site]:
    """All of them, but for the one that all calls of ``sync_folder`` share."""
    for module in (files, journal):
        source = ast.parse(inspect.getsource(module))
        functions = [node for node in ast.walk(source) if isinstance(node, ast.FunctionDef)]
        for function in functions:
            for node in ast.walk(function):
                is_sync = isinstance(node, ast.Call) and ast.unparse(node.func) in ("os.fsync", "sync_folder")
                if is_sync and function.name != "sync_folder":
                    assert module.__file__
                    yield Site(module.__file__, function.name, node.lineno, node.end_lineno or node.lineno)


@pytest.mark.parametrize("site", list(sites()), ids=lambda site: site.function)
def test_no_sync_can_be_left_out(host: Host, site: Site) -> None:
    """Without it some power cut leaves a mix, or a secret: the test above would fail."""
    spare = host.root.with_name(f"{host.root.name}-untouched")
    shutil.copytree(host.root, spare, symlinks=True)
    for tell in STORIES:
        if next(troubles(host, tell, site.is_calling), ""):
            return
        shutil.rmtree(host.root)
        shutil.copytree(spare, host.root, symlinks=True)
    pytest.fail(f"{site} is never missed")


def test_all_syncs_are_known() -> None:
    """Of a file, and of folders after what is made, renamed or removed in them."""
    assert {site.function for site in sites()} == {
        "prepare",
        "put",
        "private_folder",
        "begin",
        "_prepare",
        "_arm_recovery",
        "carry_out",
        "_remove_for_good",
    }
