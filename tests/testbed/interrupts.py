# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signals that end a command as Ctrl-C does, so that it takes down what it has put up."""

from __future__ import annotations

import contextlib
import signal
import threading
import typing as t


def end_as_interrupt(*numbers: signal.Signals) -> None:
    """Let these signals raise KeyboardInterrupt."""
    for number in numbers:
        signal.signal(number, _raise)


def _raise(_number: int, _frame: object) -> t.NoReturn:
    raise KeyboardInterrupt


@contextlib.contextmanager
def held_back(*numbers: signal.Signals) -> t.Iterator[None]:
    """Let these signals wait until the block has ended: what is started in it is also noted. Anywhere but in the main thread none comes anyway."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[signal.Signals] = []
    before = {
        number: signal.signal(number, lambda number, _frame: came.append(signal.Signals(number))) for number in numbers
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in came:
            signal.raise_signal(number)
