# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of a node's addresses answers: plain TCP from the controller, judged by the ssh banner."""

from __future__ import annotations

import contextlib
import glob
import os
import select
import selectors
import shlex
import socket
import subprocess
import threading
import time
import typing as t

# what nobody else knows ends the listening to a bell
_END = os.urandom(16)
_SSH_CONFIGURATIONS = ("~/.ssh/config", "/etc/ssh/ssh_config", "/etc/ssh/ssh_config.d/*")


def first_to_answer(addresses: t.Sequence[str], port: int, seconds: float, grace: float = 0.0) -> str | None:
    """The address that shows an ssh banner first, or None after ``seconds``.

    All are tried at once, each with a fresh socket. ``addresses`` come in order of preference: a better one may still answer
    within ``grace`` seconds of the first.
    """
    deadline = time.monotonic() + seconds
    answered: set[str] = set()
    with selectors.DefaultSelector() as selector:
        for address in dict.fromkeys(addresses):
            _start(selector, address, port)
        while selector.get_map() and time.monotonic() < deadline and addresses[0] not in answered:
            for key, _events in selector.select(max(0.0, deadline - time.monotonic())):
                if not _shows_banner(selector, key):
                    continue
                if not answered:
                    deadline = min(deadline, time.monotonic() + grace)
                answered.add(key.data)
        for key in list(selector.get_map().values()):
            t.cast(socket.socket, key.fileobj).close()
    return next((address for address in addresses if address in answered), None)


def _start(selector: selectors.BaseSelector, address: str, port: int) -> None:
    try:
        family, kind, protocol, _name, target = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
    except OSError:
        return
    connection = socket.socket(family, kind, protocol)
    connection.setblocking(False)
    connection.connect_ex(target)
    selector.register(connection, selectors.EVENT_READ, address)


def _shows_banner(selector: selectors.BaseSelector, key: selectors.SelectorKey) -> bool:
    connection = t.cast(socket.socket, key.fileobj)
    try:
        banner = connection.recv(4)
    except BlockingIOError:
        return False
    except OSError:
        banner = b""
    selector.unregister(connection)
    connection.close()
    return banner == b"SSH-"


@contextlib.contextmanager
def knocking(address: str, port: int, moments: t.Sequence[float]) -> t.Iterator[dict[str, t.Any] | None]:
    """While this lasts, come in anew when the other side rings, else at the ``moments`` (seconds from the start).

    Gives how, for the other side to recognise it; None: there is no way to do so. Each connection stays open until the end, so that the
    other side has time to see it.
    """
    with contextlib.ExitStack() as stack:
        try:
            family, _kind, _protocol, _name, target = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
            own_address = _source_address(family, target)
            bell = stack.enter_context(_bound_socket(family, socket.SOCK_DGRAM))
            connections = [stack.enter_context(_bound_socket(family, socket.SOCK_STREAM)) for _moment in moments]
        except OSError:
            yield None
            return
        thread = threading.Thread(target=_knock, args=(connections, moments, target, bell), daemon=True)
        thread.start()
        try:
            ports = [connection.getsockname()[1] for connection in connections]
            yield {"address": own_address, "ports": ports, "target": port, "bell": bell.getsockname()[1]}
        finally:
            _end(bell)
            thread.join()


def _source_address(family: int, target: t.Any) -> str:
    """The address that this machine uses to get there; nothing is sent."""
    with socket.socket(family, socket.SOCK_DGRAM) as connection:
        connection.connect(target)
        return str(connection.getsockname()[0])


def _bound_socket(family: int, kind: int) -> socket.socket:
    connection = socket.socket(family, kind)
    try:
        connection.bind(("", 0))
        connection.setblocking(False)
    except OSError:
        connection.close()
        raise
    return connection


def _knock(
    connections: t.Iterable[socket.socket], moments: t.Iterable[float], target: t.Any, bell: socket.socket
) -> None:
    began = time.monotonic()
    for connection, moment in zip(connections, moments):
        if _rings(bell, began + moment) == _END:
            return
        with contextlib.suppress(OSError):  # unreachable: the other side notices that nobody comes
            connection.connect(target)


def _rings(bell: socket.socket, until: float) -> bytes | None:
    """What came to the bell; None when nothing did in time."""
    left = max(0.0, until - time.monotonic())
    if not select.select([bell], [], [], left)[0]:
        return None
    try:
        return bell.recv(len(_END))
    except OSError:
        return None


def _end(bell: socket.socket) -> None:
    """Wake the thread that listens."""
    with contextlib.suppress(OSError):
        host = "::1" if bell.family == socket.AF_INET6 else "127.0.0.1"
        bell.sendto(_END, (host, bell.getsockname()[1]))


def goes_through_proxy(host: str, arguments: str) -> bool:
    """Whether ssh's own configuration leads to a host through another one. ``arguments`` are those that ssh is called with."""
    if "-F" not in arguments and not any(_mentions_proxy(file) for file in _configurations()):
        return False
    settings = _settings(host, arguments)
    return any(settings.get(name, "none") != "none" for name in ("proxyjump", "proxycommand"))


def _settings(host: str, arguments: str) -> dict[str, str]:
    """What ssh makes of its configuration for a host; nothing is connected."""
    command = ["ssh", "-G", *shlex.split(arguments), host]
    run = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    return dict(line.split(" ", 1) for line in run.stdout.lower().splitlines() if " " in line)


def _configurations() -> list[str]:
    return [file for pattern in _SSH_CONFIGURATIONS for file in glob.glob(os.path.expanduser(pattern))]


def _mentions_proxy(file: str) -> bool:
    try:
        with open(file, encoding="utf-8", errors="replace") as stream:
            lines = [line.strip().lower() for line in stream]
    except OSError:
        return False
    return any("proxy" in line or _includes_others(line) for line in lines if not line.startswith("#"))


def _includes_others(line: str) -> bool:
    """Whether a line brings in files that are not among those that are read anyway."""
    return line.startswith("include") and "/etc/ssh/ssh_config.d/" not in line
