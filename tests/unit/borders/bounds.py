# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one hostile input may cost: 2 s of processor time and 200 MiB.

Processor time, not time on the clock: a busy machine does not fail a test.
"""

from __future__ import annotations

import contextlib
import resource
import signal
import typing as t
from pathlib import Path

_SECONDS = 2.0
_MEMORY = 200 * 1024 * 1024


class TooExpensive(AssertionError):
    """An input cost more than it may."""


@contextlib.contextmanager
def bounded(seconds: float = _SECONDS, memory: int = _MEMORY) -> t.Iterator[None]:
    """Raise TooExpensive, or MemoryError, where the block costs more than these; only in the main thread."""

    def give_up(_number: int, _frame: object) -> None:
        raise TooExpensive(f"over {seconds:g} s of processor time for one input")

    before = resource.getrlimit(resource.RLIMIT_AS)
    in_use = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    handler = signal.signal(signal.SIGPROF, give_up)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    resource.setrlimit(resource.RLIMIT_AS, (in_use + memory, before[1]))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, handler)
        resource.setrlimit(resource.RLIMIT_AS, before)
