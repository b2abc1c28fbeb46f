# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private files, written so that a power loss leaves either the old or the new content, byte for byte."""

from __future__ import annotations

import errno
import os
import stat
import time
import typing as t

from . import json_text

# bytes; what this program remembers is a few kilobytes, or as much as all keyfiles of the host
_LARGEST_STATE = 16 * 1024 * 1024
_LONGEST_NUMBER = 20
_LINK_MODE = 0o777


class Unreadable(ValueError):
    """A file does not hold what it must; the text shows what is wrong with it, without its content."""


class Content(t.NamedTuple):
    """What is at a path: a file of this text, mode and owner, or a symbolic link (to ``link``; ``text`` is empty then)."""

    text: str
    mode: int
    user: int
    group: int
    link: str = ""

    def __repr__(self) -> str:
        """Without the text, which may hold secrets."""
        return f"Content({len(self.text)} characters, {self.mode:o}, {self.link!r})"


def lines_of(path: str) -> list[str]:
    """The lines of a file of the system; none if there is no such file, as a kernel without IPv6 lacks some."""
    try:
        with open(path, encoding="ascii", errors="replace") as stream:
            return stream.read().splitlines()
    except OSError:
        return []


def read_text(path: str) -> str | None:
    """The content of a file, or None when there is no such file. What is not UTF-8 and the ends of lines survive a write."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def private(text: str) -> Content:
    """A file of our own: mode 0600."""
    return Content(text, 0o600, os.geteuid(), os.getegid())


def look_at(path: str) -> Content | None:
    """What is at a path, or None for nothing. Raises OSError for what is neither a file nor a symbolic link."""
    try:
        status = os.lstat(path)
        if stat.S_ISLNK(status.st_mode):
            return Content("", _LINK_MODE, 0, 0, os.readlink(path))
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is not a file", path)
        text = read_text(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return None if text is None else Content(text, stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)


def write_private(path: str, text: str) -> None:
    """Write a file of mode 0600 atomically: hidden temporary file, fsync, rename, fsync of the folder."""
    put(path, private(text))


def put(path: str, content: Content) -> None:
    """Make a path hold something, in the same way."""
    prepare(path, content)
    os.rename(temporary_of(path), path)
    sync_folder(os.path.dirname(path))


def prepare(path: str, content: Content) -> None:
    """Write the content of a path beside it, complete and durable, or leave nothing."""
    temporary = temporary_of(path)
    try:
        if content.link or os.path.islink(temporary):
            remove(temporary)
        if content.link:
            os.symlink(content.link, temporary)
            return
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        descriptor = os.open(temporary, flags, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
            os.fchmod(descriptor, 0o600)  # the mode of os.open counts only for a new file
            stream.write(content.text)
            stream.flush()
            _dress(descriptor, content)
            os.fsync(descriptor)
    except BaseException:
        remove(temporary)
        raise


def _dress(descriptor: int, content: Content) -> None:
    """Give a file its owner and, after that, its mode."""
    status = os.fstat(descriptor)
    if (status.st_uid, status.st_gid) != (content.user, content.group):
        os.fchown(descriptor, content.user, content.group)
    if content.mode != 0o600:
        os.fchmod(descriptor, content.mode)


def temporary_of(path: str) -> str:
    """Where the content of a file is prepared; NetworkManager ignores names that start with a dot or end in ~."""
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name}~")


def sync_folder(folder: str) -> None:
    """Make the names in a folder durable: what was made, renamed or removed there."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: str) -> None:
    """Remove a file; one that is gone already is fine, also where the file system is read-only."""
    if os.path.lexists(path):
        os.unlink(path)


def private_folder(path: str) -> str:
    """Make a folder of mode 0700 (and its parents), so that it outlasts a power loss, and return its path."""
    parents, existing = [], path
    while not os.path.isdir(existing):
        existing = os.path.dirname(existing)
        parents.append(existing)
    os.makedirs(path, mode=0o700, exist_ok=True)
    for folder in parents:
        sync_folder(folder)
    return path


def remove_folder(path: str) -> None:
    """Remove a folder with all that is in it; one that is gone already is fine."""
    for folder, folders, files in os.walk(path, topdown=False) if not os.path.islink(path) else ():
        for name in [*files, *folders]:
            _remove_entry(os.path.join(folder, name))
    _remove_entry(path)


def _remove_entry(path: str) -> None:
    try:
        os.unlink(path) if os.path.islink(path) or not os.path.isdir(path) else os.rmdir(path)
    except OSError:
        pass  # it is gone, or cannot go


def read_json(path: str) -> dict[str, t.Any] | None:
    """The JSON object in a file of our own, or None when there is no such file. Raises Unreadable for anything else."""
    try:
        with open(path, "rb") as stream:
            raw = stream.read(_LARGEST_STATE + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except IsADirectoryError:
        raise Unreadable("it is a folder") from None
    if len(raw) > _LARGEST_STATE:
        raise Unreadable(f"it is larger than {_LARGEST_STATE >> 20} MiB")
    try:
        # surrogates survive: JSON escapes them
        content = json_text.read(raw.decode(), parse_int=_number, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Unreadable("it is not JSON") from None
    if not isinstance(content, dict):
        raise Unreadable("it is not a JSON object")
    return content


def _number(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError("too long")
    return int(digits)


def _no_constant(name: str) -> t.NoReturn:
    raise ValueError(f"{name} is not a number")


def set_aside(path: str, folder: str = "") -> str:
    """Move what cannot be read out of the way, as ``*.corrupt-TIME`` and for root alone, in place of an earlier one.

    ``folder`` is where to, on the same file system. Returns the new path; empty where there is nothing.
    """
    folder, name = folder or os.path.dirname(path), os.path.basename(path)
    if not os.path.lexists(path):
        return ""
    aside = os.path.join(folder, f"{name}.corrupt-{int(time.time())}")
    for earlier in os.listdir(folder):
        if earlier.startswith(f"{name}.corrupt-"):
            remove_folder(os.path.join(folder, earlier))
    os.rename(path, aside)
    if not os.path.islink(aside):
        os.chmod(aside, 0o600 if os.path.isfile(aside) else 0o700)
    return aside


def write_json(path: str, content: t.Mapping[str, t.Any]) -> None:
    """Write an object as JSON, private and atomic; the folder is made when missing."""
    private_folder(os.path.dirname(path))
    write_private(path, as_json(path, content))


def as_json(path: str, content: t.Mapping[str, t.Any]) -> str:
    """What ``read_json`` reads. Raises OSError where that would be too large."""
    text = json_text.write(content)
    if len(text) > _LARGEST_STATE:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), path)
    return text


def read_folder(path: str) -> dict[str, str]:
    """The regular, not hidden files of a folder: name to content; empty when there is no such folder."""
    if not os.path.isdir(path):
        return {}
    contents = {}
    for name in sorted(os.listdir(path)):
        file = os.path.join(path, name)
        if not name.startswith(".") and os.path.isfile(file):
            contents[name] = read_text(file) or ""
    return contents
