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
import json
import os
import stat
import struct
import sys
import termios
import time
import typing as t

from .admission import check_request
from .dbus.connection import BusError
from .model import Knock, Probe, Request, WantedProfile
from .networkmanager.client import NetworkManager, NetworkManagerError
from .paths import ANSWER_MARK
from .system.identity import host_keys

# seconds
_LONGEST_READING = 2.0
_COMMON = (
    "machine",
    "deadline",
    "connected_address",
    "check",
    "controller",
    "take_over",
    "more_files",
    "token",
    "only_known",
)


def main(arguments: t.Sequence[str], request: str | None, program: str) -> None:
    """Serve the controller's ``request`` (JSON), or, without one, an operation of our own timers."""
    if request is None:
        _serve_timer(*arguments)
        return
    sys.stdout.write("\n" + ANSWER_MARK + json.dumps(serve_controller(json.loads(request), program)) + "\n")
    sys.stdout.flush()  # the end of the process may have to wait
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


def serve_controller(request: t.Mapping[str, t.Any], program: str) -> dict[str, t.Any]:
    """Serve one request; an error is ``failed`` with one sentence in ``msg``."""
    try:
        return _serve(request, program)
    except (NetworkManagerError, BusError) as error:
        return {"failed": True, "msg": str(error)}
    except PermissionError as error:
        return {
            "failed": True,
            "msg": f"{error.filename} cannot be written on this host; connect as root or set become: true",
        }
    except OSError as error:
        return {"failed": True, "msg": f"{error.filename or 'a system call'} failed on this host: {error.strerror}"}


def _serve(request: t.Mapping[str, t.Any], program: str) -> dict[str, t.Any]:
    check_request(request)
    operation = request["operation"]
    if operation == "render":
        return _serve_render(request)
    if operation == "confirm":
        return _serve_confirm(request)
    from .plan.inspection import host_identity
    from .transaction.stage import stage, stage_reset

    values = {name: request[name] for name in _COMMON}
    values["required"] = tuple(request["required"])
    values["identities"] = tuple(request.get("identities", ()))
    values["is_proven"] = request.get("is_proven", False)
    values["takes_over_files"] = request.get("takes_over_files", False)
    values["former"] = request.get("former", "")
    values["probes"] = tuple(Probe(**probe) for probe in request["probes"])
    values["knock"] = Knock.from_json(request["knock"])
    manager = NetworkManager.connect()
    if operation == "stage_reset":
        answer = stage_reset(manager, Request(**values), request["addresses"], program)
    else:
        profiles = tuple(WantedProfile(**profile) for profile in request["profiles"])
        answer = stage(manager, Request(**values), profiles, program)
    return {"host": host_identity(), **answer, "host_keys": host_keys()} if "changed" in answer else answer


def _serve_confirm(request: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    from .transaction.confirm import confirm

    values = {name: request[name] for name in ("token", "arrived_at", "fresh")}
    answer = confirm(NetworkManager.connect(), knock=Knock.from_json(request["knock"]), **values)
    return {**answer, "host_keys": host_keys()}


def _serve_render(request: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Nothing is changed, and NetworkManager is not needed; a host that took a claimed address is not asked, though."""
    from .state import records
    from .tools.run import serve_rendering
    from .transaction.preconditions import is_known_as

    is_known = is_known_as(
        records.load_managed(), request["machine"], request.get("former", ""), request.get("is_proven", False)
    )
    if request["only_known"] and not is_known:
        return {"stranger": True}
    return serve_rendering(request["configurator"], request["document"])
