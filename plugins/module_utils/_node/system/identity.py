# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""By what a controller knows this host again: its public ssh host keys, which everybody may read, and a digest of its machine-id."""

from __future__ import annotations

import contextlib
import os
import typing as t

from .. import paths

_MOST = 8
# of a machine-id, in hexadecimal digits (machine-id(5)), and of its digest
_DIGITS = 32
_LONGEST = 8192


def host_keys() -> list[str]:
    """The public keys of sshd, kind and key each: those that its configuration names, and those where they are by default."""
    files = [f"{file}.pub" for file in _configured()]
    with contextlib.suppress(OSError):
        names = sorted(os.listdir(paths.SSH_FOLDER))
        files += [os.path.join(paths.SSH_FOLDER, name) for name in names if _is_usual(name)]
    found = (" ".join(line.split()[:2]) for file in dict.fromkeys(files) for line in _lines(file)[:1])
    return list(dict.fromkeys(filter(None, found)))[:_MOST]


def digest(machine_id: str) -> str:
    """What is shown of a machine-id, from which nothing else that is derived of it can be guessed; empty for what is not one."""
    if len(machine_id) != _DIGITS or not set(machine_id) <= set("0123456789abcdef"):
        return ""
    import hashlib  # here: the start of this program counts, and few need it

    return hashlib.sha256(f"elemental.networking:{machine_id}".encode()).hexdigest()[:_DIGITS]


def _is_usual(name: str) -> bool:
    return name.startswith("ssh_host_") and name.endswith("_key.pub")


def _configured() -> list[str]:
    """The files of private keys in the configuration of sshd."""
    found = []
    for configuration in paths.SSHD_CONFIGURATIONS:
        for line in _lines(configuration):
            words = line.replace("=", " ", 1).replace('"', "").split()
            if len(words) == 2 and words[0].lower() == "hostkey":
                found.append(words[1])
    return found


def _lines(file: str) -> t.List[str]:
    """The lines of a file, of a long one those at its beginning; none where it cannot be read."""
    with contextlib.suppress(OSError), open(file, encoding="utf-8", errors="replace") as stream:
        return stream.read(_LONGEST).splitlines()
    return []
