# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that runs on a node: one operation per start, JSON in, one line of JSON out.

Each operation imports what it needs, because every start is paid for.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import struct
import sys
import termios
import time
import typing as t

from .admission import check_request
from .dbus.connection import BusError, BusTimeout
from .networkmanager.client import NetworkManager
from .paths import ANSWER_MARK
from .protocol import (
    FORBIDDEN,
    TIMED_OUT,
    Answer,
    AnyRequest,
    Confirm,
    Judgement,
    NodeError,
    OtherHost,
    Refusal,
    Render,
    Rendered,
    Staged,
    StageReset,
    to_json,
)
from .system import json_text
from .system.identity import host_keys

# seconds
_LONGEST_READING = 2.0


def main(arguments: t.Sequence[str], request: str | None, program: str) -> None:
    """Serve the controller's ``request`` (JSON), or, without one, an operation of our own timers."""
    if request is None:
        _serve_timer(*arguments)
        return
    sys.stdout.write(
        "\n" + ANSWER_MARK + json_text.write(to_json(serve_controller(json_text.read(request), program))) + "\n"
    )
    sys.stdout.flush()  # the end of the process may need to wait
    _wait_until_read(sys.stdout.fileno())


def _wait_until_read(descriptor: int) -> None:
    """Wait a moment until sshd has read the answer: what comes after this process may take its way to the controller away."""
    give_up = time.monotonic() + _LONGEST_READING
    with contextlib.suppress(OSError):
        request = termios.FIONREAD if stat.S_ISFIFO(os.fstat(descriptor).st_mode) else termios.TIOCOUTQ
        while _queued_bytes(descriptor, request) and time.monotonic() < give_up:
            time.sleep(0.001)


def _queued_bytes(descriptor: int, request: int) -> int:
    """What the reader of a socket, a pipe or a terminal has not read yet. Raises OSError for a file."""
    return int(struct.unpack("i", fcntl.ioctl(descriptor, request, bytes(4)))[0])


def _serve_timer(operation: str, token: str = "") -> None:
    from .transaction.watchdog import expire, recover

    if operation == "expire":
        expire(token)
    else:
        recover()


def serve_controller(content: object, program: str) -> Answer:
    """Serve one request, out of JSON; an error is a Refusal."""
    try:
        return _serve(check_request(content), program)
    except NodeError as error:
        return Refusal(str(error), error.code, error.details)
    except BusTimeout as error:
        return Refusal(str(error), TIMED_OUT)
    except BusError as error:
        return Refusal(str(error))
    except PermissionError as error:
        return Refusal(
            f"{error.filename} cannot be written on this host; connect as root or set become: true", FORBIDDEN
        )
    except OSError as error:
        return Refusal(f"{error.filename or 'a system call'} failed on this host: {error.strerror}")


def _serve(request: AnyRequest, program: str) -> Answer:
    if isinstance(request, Render):
        return _serve_render(request)
    if isinstance(request, Confirm):
        return _serve_confirm(request)
    from .plan.inspection import host_identity
    from .transaction.stage import stage, stage_reset

    manager = NetworkManager.connect()
    if isinstance(request, StageReset):
        answer = stage_reset(manager, request.common, request.addresses, program)
    else:
        answer = stage(manager, request.common, request.profiles, program)
    return answer._replace(host=host_identity(), host_keys=tuple(host_keys())) if isinstance(answer, Staged) else answer


def _serve_confirm(request: Confirm) -> Judgement:
    from .transaction.confirm import confirm

    answer = confirm(NetworkManager.connect(), request.token, request.arrived_at, request.fresh, request.knock)
    return answer._replace(host_keys=tuple(host_keys()))


def _serve_render(request: Render) -> OtherHost | Rendered:
    """Nothing is changed, and NetworkManager is not needed; a host that took a claimed address is not asked, though."""
    from .state import records
    from .tools.run import serve_rendering
    from .transaction.preconditions import is_known_as

    managed = records.load_managed()
    if request.only_known and not is_known_as(managed, request.machine, request.former, request.is_proven):
        return OtherHost(managed.machine)
    return serve_rendering(request.configurator, request.document)
