# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private files, written so that a power loss leaves either the old or the new content."""

from __future__ import annotations

import json
import os
import typing as t


def read_text(path: str) -> str | None:
    """The content of a file, or None when there is no such file."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def write_private(path: str, text: str) -> None:
    """Write a file of mode 0600 atomically: hidden temporary file, fsync, rename, fsync of the folder."""
    prepare_private(path, text)
    os.rename(temporary_of(path), path)
    sync_folder(os.path.dirname(path))


def prepare_private(path: str, text: str) -> None:
    """Write the content of a file beside it, complete and durable, or leave nothing."""
    temporary = temporary_of(path)
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as stream:
            os.fchmod(stream.fileno(), 0o600)  # the mode of os.open counts only for a new file
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        remove(temporary)
        raise


def temporary_of(path: str) -> str:
    """Where the content of a file is prepared; NetworkManager ignores names that start with a dot or end in ~."""
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name}~")


def sync_folder(folder: str) -> None:
    """Make renames and removals in a folder durable."""
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
    """Make a folder of mode 0700 (and its parents) and return its path."""
    os.makedirs(path, mode=0o700, exist_ok=True)
    return path


def remove_folder(path: str) -> None:
    """Remove a folder with all that is in it; one that is gone already is fine."""
    for folder, folders, files in os.walk(path, topdown=False):
        for name in [*files, *folders]:
            _remove_entry(os.path.join(folder, name))
    _remove_entry(path)


def _remove_entry(path: str) -> None:
    try:
        os.unlink(path) if os.path.islink(path) or not os.path.isdir(path) else os.rmdir(path)
    except OSError:
        pass  # it is gone, or cannot go


def read_json(path: str) -> dict[str, t.Any]:
    """The object in a JSON file; empty when there is no such file or it is cut short."""
    try:
        content = json.loads(read_text(path) or "{}")  # surrogates survive: JSON escapes them
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def write_json(path: str, content: t.Mapping[str, t.Any]) -> None:
    """Write an object as JSON, private and atomic; the folder is made when missing."""
    private_folder(os.path.dirname(path))
    write_private(path, json.dumps(content))


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
