# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge a trial in a process that outlives the request which opened it.

Behind NAT the controller learns only from an answer that it may connect, and what it asks next should not cost another start of Python.
"""

from __future__ import annotations

import os
import time

from .. import paths
from ..networkmanager.client import NetworkManager
from ..protocol import to_json
from ..system import json_text
from ..system.files import remove
from ..system.identity import host_keys
from ..system.timers import run_beside
from .confirm import Visit, outcome

# seconds that the controller may take to ask for the answer; later it asks as usual
_LONGEST_WAIT = 5.0
_PAUSE = 0.01


def hand_over(token: str, visit: Visit) -> bool:
    """Go on waiting for the controller in another process, whose answer comes out of a pipe; whether that is possible."""
    pipe = paths.ANSWER_PIPE + token
    try:
        _remove_earlier_pipes()
        os.mkfifo(pipe, 0o600)
        run_beside(lambda: _judge(pipe, token, visit))
    except OSError:
        remove(pipe)
        return False
    return True


def _remove_earlier_pipes() -> None:
    """A host has one trial at a time: what else is there is left of a process that was killed."""
    folder, prefix = os.path.split(paths.ANSWER_PIPE)
    for name in os.listdir(folder):
        if name.startswith(prefix):
            remove(os.path.join(folder, name))


def _judge(pipe: str, token: str, visit: Visit) -> None:
    """Judge once the controller reads: it connects before it does, and a look at the kernel's table costs more than one at the pipe."""
    try:
        manager = NetworkManager.connect()  # the connection that there is belongs to the other process
        reader = _reader(pipe)
        if reader is None:
            return
        with os.fdopen(reader, "w", encoding="utf-8") as stream:
            answer = outcome(manager, token, visit)
            if answer is not None:
                answer = answer._replace(host_keys=tuple(host_keys()))
                stream.write(paths.ANSWER_MARK + json_text.write(to_json(answer)) + "\n")
    finally:
        remove(pipe)


def _reader(pipe: str) -> int | None:
    """The pipe, once it is read; None if that takes too long."""
    give_up = time.monotonic() + _LONGEST_WAIT
    while time.monotonic() < give_up:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # it is not read yet
            time.sleep(_PAUSE)
    return None
