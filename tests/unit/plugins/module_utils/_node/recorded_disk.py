# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A double of a disk: it records what a program does to files, and lists what a power cut may leave of that.

It promises as little as POSIX does. The content of a file is on the disk after fsync of that file, its name after fsync of its folder;
before that each change may be there or not, in any order. A rename is one change. More than a real file system would lose or reorder.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import stat
import sys
import typing as t

import pytest

# so many changes of names, or fewer, are left out in every combination; of more of them, in the combinations of `_selections`
_ALL_COMBINATIONS = 5


class File(t.NamedTuple):
    """A file, or a symbolic link."""

    content: bytes
    mode: int
    link: str = ""


# what is at each path, in full; None for a folder
Tree = t.FrozenSet[t.Tuple[str, t.Optional[File]]]


class Names(t.NamedTuple):
    """One change of the names in a folder: the file, or the folder, that each leads to from then on; None for nothing."""

    folder: str
    files: tuple[tuple[str, int | None], ...]


class Written(t.NamedTuple):
    """A file holds something else."""

    file: int
    now: File
    is_synced: bool = False


class Synced(t.NamedTuple):
    """The content of a file (its number) or the names in a folder (its path) are on the disk."""

    what: int | str


class RecordedDisk:
    """What is below ``root`` is on the disk at first; what is below ``memory`` never is.

    ``is_skipped`` tells by the frame that called ``os.fsync`` whether that call is left out.
    """

    def __init__(self, root: str, memory: str, is_skipped: t.Callable[[t.Any], bool] = lambda frame: False) -> None:
        self._memory, self._is_skipped = memory, is_skipped
        self._root = root
        self._changes: list[Names | Written | Synced] = []
        self._numbers = itertools.count()
        self._folders: set[str] = {root}
        self._at: dict[str, int] = {}
        self._held: dict[int, File | None] = {}
        self._opened: dict[int, int | str] = {}
        for path, file in look(root, memory):
            self._new(path, file)
        self._first_names = dict(self._at)
        self._first_held = dict(self._held)

    def _new(self, path: str, file: File | None) -> int:
        number = self._at[path] = next(self._numbers)
        self._held[number] = file
        if file is None:
            self._folders.add(path)
        return number

    @contextlib.contextmanager
    def recording(self) -> t.Iterator[None]:
        """Record what this process does; nothing is synced in earnest meanwhile."""
        with pytest.MonkeyPatch.context() as patch:
            real_open, real_rename = os.open, os.rename
            for name in ("unlink", "rmdir"):
                patch.setattr(os, name, self._removing(getattr(os, name)))
            for name in ("mkdir", "symlink"):
                patch.setattr(os, name, self._making(getattr(os, name), path_at=0 if name == "mkdir" else 1))

            def opening(path: str, flags: int, mode: int = 0o777) -> int:
                self._notice()
                is_new = not os.path.lexists(path)
                descriptor = real_open(path, flags, mode)
                number = self._made(path) if is_new else self._at.get(path, -1)
                self._opened[descriptor] = path if os.path.isdir(path) else number
                return descriptor

            def renaming(source: str, target: str) -> None:
                self._notice()
                real_rename(source, target)
                if self._is_recorded(source):
                    self._at[target] = self._at.pop(source)
                    names = ((os.path.basename(source), None), (os.path.basename(target), self._at[target]))
                    self._changes.append(Names(os.path.dirname(target), names))

            patch.setattr(os, "open", opening)
            patch.setattr(os, "rename", renaming)
            patch.setattr(os, "fsync", self._sync)
            yield
            self._notice()

    def _is_recorded(self, path: str) -> bool:
        return path.startswith(self._root) and not path.startswith(self._memory)

    def _notice(self) -> None:
        """What was written since the last look."""
        for path, number in self._at.items():
            now = None if path in self._folders else _file(path)
            if now is not None and now != self._held[number]:
                self._held[number] = now
                self._changes.append(Written(number, now))

    def _made(self, path: str) -> int:
        if not self._is_recorded(path):
            return -1
        number = self._new(path, None if os.path.isdir(path) and not os.path.islink(path) else _file(path))
        self._changes.append(Names(os.path.dirname(path), ((os.path.basename(path), number),)))
        return number

    def _making(self, make: t.Callable[..., None], path_at: int) -> t.Callable[..., None]:
        def making(*arguments: t.Any) -> None:
            self._notice()
            make(*arguments)
            self._made(arguments[path_at])

        return making

    def _removing(self, remove: t.Callable[[str], None]) -> t.Callable[[str], None]:
        def removing(path: str) -> None:
            self._notice()
            remove(path)
            if self._is_recorded(path):
                del self._at[path]
                self._changes.append(Names(os.path.dirname(path), ((os.path.basename(path), None),)))

        return removing

    def _sync(self, descriptor: int) -> None:
        self._notice()
        what = self._opened[descriptor]
        if what != -1 and not self._is_skipped(sys._getframe(1)):
            self._changes.append(Synced(what))

    def replace(self, path: str, content: bytes) -> None:
        """Somebody else writes a file, and it is on the disk at once."""
        self._notice()
        with open(path, "wb") as stream:
            stream.write(content)
        self._held[self._at[path]] = now = _file(path)
        self._changes.append(Written(self._at[path], now, is_synced=True))

    @property
    def length(self) -> int:
        """How many changes are recorded."""
        return len(self._changes)

    def trees(self) -> dict[Tree, int]:
        """All that the disk may hold after a power cut, and the last moment (how many changes were made) at which it may be that."""
        return {tree: moment for moment in range(len(self._changes) + 1) for tree in self._trees_at(moment)}

    def _trees_at(self, moment: int) -> t.Iterator[Tree]:
        names = dict(self._first_names)
        pending: list[Names] = []
        versions: dict[int, list[File | None]] = {number: [file] for number, file in self._held.items()}
        versions.update({number: [file] for number, file in self._first_held.items()})
        for change in self._changes[:moment]:
            if isinstance(change, Names):
                pending.append(change)
            elif isinstance(change, Written):
                versions[change.file] = [*([] if change.is_synced else versions[change.file]), change.now]
            elif isinstance(change.what, int):
                versions[change.what] = versions[change.what][-1:]
            else:
                _rename(names, [each for each in pending if each.folder == change.what])
                pending = [each for each in pending if each.folder != change.what]
        for kept in _selections(pending):
            present = dict(names)
            _rename(present, kept)
            for files in _contents({number: versions[number] for number in present.values()}):
                yield self._tree(present, files)

    def _tree(self, names: t.Mapping[str, int], files: t.Mapping[int, File | None]) -> Tree:
        """Without what is in a folder that is not there."""
        tree: dict[str, File | None] = {}
        for path in sorted(names):
            if os.path.dirname(path) == self._root or os.path.dirname(path) in tree:
                tree[path] = files[names[path]]
        return frozenset(tree.items())


def _rename(names: dict[str, int], changes: t.Iterable[Names]) -> None:
    for change in changes:
        for name, number in change.files:
            path = os.path.join(change.folder, name)
            if number is None:
                names.pop(path, None)
            else:
                names[path] = number


def _selections(changes: t.Sequence[Names]) -> t.Iterator[list[Names]]:
    """Which of the changes reached the disk. Of many: the first ones, the last ones, all but one, one or two alone, one folder's or not."""
    every = range(len(changes))
    if len(changes) <= _ALL_COMBINATIONS:
        chosen = [set(each) for size in (*every, len(changes)) for each in itertools.combinations(every, size)]
    else:
        chosen = [set(each) for number in (*every, len(changes)) for each in (every[:number], every[number:])]
        chosen += [set(every) - {number} for number in every]
        chosen += [set(each) for size in (1, 2) for each in itertools.combinations(every, size)]
        for folder in {change.folder for change in changes}:
            inside = {number for number in every if changes[number].folder == folder}
            chosen += [inside, set(every) - inside]
    for numbers in chosen:
        yield [changes[number] for number in sorted(numbers)]


def _contents(versions: t.Mapping[int, t.Sequence[File | None]]) -> t.Iterator[dict[int, File | None]]:
    """What the files may hold: of what was written without a sync the old, the new, nothing, a part, or zeros."""
    certain = {number: known[-1] for number, known in versions.items()}
    unsynced = {number: known for number, known in versions.items() if len(known) > 1}
    yield certain
    for damage in (_old, _empty, _part, _zeros) if unsynced else ():
        yield {**certain, **{number: damage(known) for number, known in unsynced.items()}}


def _old(versions: t.Sequence[File | None]) -> File | None:
    return versions[0]


def _empty(versions: t.Sequence[File | None]) -> File | None:
    return versions[-1] and versions[-1]._replace(content=b"")


def _part(versions: t.Sequence[File | None]) -> File | None:
    return versions[-1] and versions[-1]._replace(content=versions[-1].content[: len(versions[-1].content) // 2])


def _zeros(versions: t.Sequence[File | None]) -> File | None:
    return versions[-1] and versions[-1]._replace(content=bytes(len(versions[-1].content)))


def _file(path: str) -> File:
    status = os.lstat(path)
    if stat.S_ISLNK(status.st_mode):
        return File(b"", 0o777, os.readlink(path))
    with open(path, "rb") as stream:
        return File(stream.read(), stat.S_IMODE(status.st_mode))


def look(root: str, memory: str) -> Tree:
    """What is below a folder, without what is only in memory."""
    found: dict[str, File | None] = {}
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if os.path.join(folder, name) != memory]
        for path in (os.path.join(folder, name) for name in (*folders, *files)):
            found[path] = None if os.path.isdir(path) and not os.path.islink(path) else _file(path)
    return frozenset(found.items())


def lay_out(root: str, memory: str, tree: Tree) -> None:
    """Make a folder hold this and nothing else, as after a boot. What it holds already stays."""
    present = look(root, memory)
    for path, file in sorted(present - tree, key=lambda each: each[0], reverse=True):
        os.rmdir(path) if file is None else os.unlink(path)
    for path, file in sorted(tree - present, key=lambda each: each[0]):
        if file is None:
            os.mkdir(path)
        elif file.link:
            os.symlink(file.link, path)
        else:
            with open(path, "wb") as stream:
                stream.write(file.content)
            os.chmod(path, file.mode)
