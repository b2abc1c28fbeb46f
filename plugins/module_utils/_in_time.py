# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work that must come to an end: a time-out of a socket counts from byte to byte, so that a server which drips holds a reader for ever."""

from __future__ import annotations

import threading
import typing as t

Result = t.TypeVar("Result")


def begun(work: t.Callable[[], Result]) -> t.Callable[[float | None], Result]:
    """Begin to work in a thread; gives what waits for it, as many seconds as it is called with, and gives or raises what ``work`` does.

    TimeoutError is raised when the seconds are over; the work is left to its thread, which no one waits for.
    """
    results: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)

    def wait(seconds: float | None) -> Result:
        thread.join(seconds)
        if errors:
            raise errors[0]
        if not results:
            raise TimeoutError(f"the answer did not end within {seconds:g} s")
        return results[0]

    thread = threading.Thread(target=run, name="in time", daemon=True)
    thread.start()
    return wait


def in_time(seconds: float, work: t.Callable[[], Result]) -> Result:
    """What ``work`` gives, or raises. Raises TimeoutError after so many seconds."""
    return begun(work)(seconds)
