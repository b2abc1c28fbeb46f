# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge a trial in a process that outlives the request which opened it: what is asked next should not cost another start of Python.

Behind NAT the controller learns only from an answer that it may connect. Where its address moves it is signalled that it may log in.
"""

from __future__ import annotations

import os
import time
import typing as t

from .. import paths
from ..checks.inbound import Arrival, ring
from ..networkmanager.client import NetworkManager
from ..plan.inspection import connection_of_session, way_behind_nat
from ..protocol import SAME_WAY, Knock, to_json
from ..system import json_text
from ..system.files import remove
from ..system.identity import host_keys
from ..system.timers import run_beside
from ..system.way_out import WayOut, way_out
from .confirm import Visit, is_up_now, outcome

# seconds that the controller may take to ask for the answer; later it asks as usual
_LONGEST_WAIT = 5.0
_PAUSE = 0.01
# seconds until a trial whose profiles are activated is up; where it takes longer the controller is not signalled
_UNTIL_IT_IS_UP = 1.0


def hand_over(token: str, visit: Visit) -> bool:
    """Go on waiting for the controller in another process, whose answer comes out of a pipe; whether that is possible."""
    pipe = paths.ANSWER_PIPE + token
    try:
        _make(pipe)
        run_beside(lambda: _judge(pipe, token, visit))
    except OSError:
        remove(pipe)
        return False
    return True


def login_awaited(knock: Knock | None, token: str, address: str) -> t.Callable[[], None] | None:
    """What awaits the login of a controller where this host moves to; None where no signal gets there, or no pipe can be made."""
    session = connection_of_session()
    if knock is None or session is None or way_behind_nat(session, knock) is not None:
        return None
    try:
        _make(paths.ANSWER_PIPE + token)
    except OSError:
        return None
    before = way_out(session.way.local, session.way.port, knock.address)
    return lambda: _await_login(token, knock, address, before)


def _await_login(token: str, knock: Knock, address: str, before: WayOut | None) -> None:
    """Signal the controller once the trial is up, and judge it when the controller has logged in at this new address.

    Root alone can read the pipe, and the controller does so over a connection that it has begun after the signal. ``before`` is the way to
    the controller before the change, where that is known.
    """
    pipe = paths.ANSWER_PIPE + token
    try:
        if _comes_up(token):
            is_same = before is not None and way_out(address, knock.target, knock.address) == before
            ring(knock, SAME_WAY if is_same else "")
            _judge(pipe, token, Visit(address, frozenset((address,)), True, Arrival(None)))
    finally:
        remove(pipe)


def _comes_up(token: str) -> bool:
    """Whether the trial is up within a moment."""
    manager = NetworkManager.connect()
    give_up = time.monotonic() + _UNTIL_IT_IS_UP
    while not is_up_now(manager, token):
        if time.monotonic() > give_up:
            return False
        time.sleep(_PAUSE)
    return True


def _make(pipe: str) -> None:
    _remove_earlier_pipes()
    os.mkfifo(pipe, 0o600)


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
