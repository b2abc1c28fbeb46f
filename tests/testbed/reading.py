# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the NetworkManager of a suite understands of keyfiles: without a node, in the root file system of all of them."""

from __future__ import annotations

import json
import subprocess
import typing as t
from dataclasses import dataclass
from pathlib import Path

from . import rootfs, tools


@dataclass(frozen=True)
class Reading:
    """What its reader made of a keyfile: ``text``, or why it ``refused`` it, and what it ignored (section, key, its words)."""

    text: str
    refused: str
    ignored: tuple[tuple[str, str, str], ...]


class Reader:
    """libnm's reader in a process of its own, which reads one keyfile after the other."""

    def __init__(self, suite: str) -> None:
        self._root = rootfs.ensure(suite)
        program = Path(__file__).with_name("nm_reader.py").read_text()
        # -B: all nodes share this root file system
        command = ["chroot", str(self._root), "python3", "-I", "-B", "-c", program]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.stdin.close() if self._process.stdin else None
        self._process.wait()

    def read(self, text: str) -> Reading:
        """What NetworkManager understands."""
        stdin, stdout = t.cast("t.TextIO", self._process.stdin), t.cast("t.TextIO", self._process.stdout)
        stdin.write(json.dumps(text) + "\n")
        stdin.flush()
        answer = json.loads(stdout.readline())
        ignored = tuple((section, key, words) for section, key, words in answer["ignored"])
        return Reading(answer.get("text", ""), answer.get("refused", ""), ignored)

    def command(self) -> tuple[str, ...]:
        """The same by nmcli, as a node asks for it, and outside of a test bed."""
        return ("chroot", str(self._root), "nmcli", "--offline", "connection", "modify")

    def nmcli(self, text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """What that answers."""
        return tools.run(*self.command(), *arguments, input=text, check=False)
