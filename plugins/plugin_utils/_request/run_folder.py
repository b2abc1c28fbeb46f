# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A private folder of this run of Ansible, in which the processes that it starts, one for each host and task, keep things for each other.

Ansible removes it when it ends. This file imports nothing that Ansible has not imported already: each of these processes would pay for it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
import typing as t
import uuid

from ansible import constants

# seconds for which what was read is believed: something else may change it at any time
LIFETIME = 120.0
# seconds after which a file that changed just now has another time if it changes again
_TICK = 0.1
# what else decides what is read
_ENVIRONMENT = ("K8S_AUTH_", "KUBECONFIG", "PG", "HOME")


def generation() -> str:
    """The folder for what was read since claims were changed by this run; another one from the next change on."""
    folder = os.path.join(constants.DEFAULT_LOCAL_TMP, "elemental-networking")
    try:
        with open(os.path.join(folder, "generation"), encoding="ascii") as stream:
            return os.path.join(folder, stream.read())
    except FileNotFoundError:
        return os.path.join(folder, "first")


def forget() -> None:
    """What was read is not believed any more: claims were changed."""
    before = generation()
    folder = os.path.dirname(before)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    # where the disk is full, what was read goes all the same
    with contextlib.suppress(OSError):
        replace(os.path.join(folder, "generation"), uuid.uuid4().hex.encode())
    # a process that still writes there writes for no other one
    shutil.rmtree(before, ignore_errors=True)


def digest(*parts: object) -> str:
    """A name for what is read by these parts, in this environment. There may be secrets in them."""
    around = sorted((name, value) for name, value in os.environ.items() if name.startswith(_ENVIRONMENT))
    return hashlib.sha256(json.dumps([parts, around], sort_keys=True, default=str).encode()).hexdigest()


def age(path: str) -> float | None:
    """How long ago a file was written, in seconds; None where there is none, or where the clock was set."""
    try:
        found = time.time() - os.stat(path).st_mtime
    except FileNotFoundError:
        return None
    return found if found >= 0 else None


def replace(path: str, content: bytes) -> None:
    """Write a file for this user alone; no other process ever sees half of it."""
    descriptor, name = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".new-")
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    os.replace(name, path)


class Answer:
    """What was answered to a question, as long as it holds: for a while, and while some files are as they were."""

    def __init__(self, *question: object) -> None:
        self._path = os.path.join(generation(), f"answer-{digest(*question)}")

    def read(self) -> t.Any:
        """The answer; None where there is none that holds."""
        passed = age(self._path)
        if passed is None or passed > LIFETIME:
            return None
        try:
            with open(self._path, "rb") as stream:
                answer, files = json.loads(stream.read())
        except FileNotFoundError:
            return None
        return answer if all(_stamp(name) == stamp for name, stamp in files.items()) else None

    def keep(self, answer: object, files: t.Mapping[str, object]) -> None:
        """Keep an answer that was read of files with these stamps; it is not kept where one of them may change and keep its stamp."""
        if None in files.values():
            return
        os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
        # where the folder is gone since, claims were changed: then the answer is of no use
        with contextlib.suppress(FileNotFoundError):
            replace(self._path, json.dumps([answer, files]).encode())


def stamps(names: t.Iterable[str]) -> dict[str, object]:
    """How files are now, before they are read; None for one that changed so lately that its next change might not show."""
    found: dict[str, object] = {}
    for name in names:
        stamp = _stamp(name)
        is_new = isinstance(stamp, list) and abs(time.time() - stamp[0] / 1e9) < _TICK
        found[name] = None if is_new else stamp
    return found


def _stamp(name: str) -> object:
    try:
        found = os.stat(name)
    except OSError:
        return "missing"
    return [found.st_mtime_ns, found.st_size, found.st_ino]
