# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a waiting user is shown every few seconds."""

from __future__ import annotations

import threading
import time
import typing as t

from ..._texts import sentence

Report = t.Callable[[str], None]
Tell = t.Callable[[int, t.Callable[[], str]], None]
# seconds
EVERY = 3.0


class Progress:
    """Lines of progress, one every few seconds; safe for threads."""

    def __init__(self, report: Report) -> None:
        self._listener = report
        self._lock = threading.Lock()
        self._last = time.monotonic()

    def say(self, line: t.Callable[[], str]) -> None:
        """Report what ``line`` gives, unless something was reported a moment ago."""
        with self._lock:
            now = time.monotonic()
            if now - self._last < EVERY:
                return
            self._last = now
        self._report(line())

    def _report(self, line: str) -> None:
        self._listener(sentence(line))

    def note(self, line: str) -> None:
        """Report what happens once, however short ago something else was reported."""
        self._report(line)

    def counted(self, what: str, count: int) -> Tell:
        """A function to call as often as one likes, with how many of ``count`` are done and what shows why the others are not."""
        began = time.monotonic()

        def tell(done: int, why: t.Callable[[], str]) -> None:
            def line() -> str:
                rate, note = done / max(0.001, time.monotonic() - began), why()
                return f"{done} of {count} claims {what}, {rate:.1f} per second{f' ({note})' if note else ''}"

            self.say(line)

        return tell


def nothing() -> str:
    """There is nothing to add."""
    return ""
