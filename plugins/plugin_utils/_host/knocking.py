# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bare TCP connections that were announced to a host: that they arrive proves that the controller can still get there, without a login."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import threading
import time
import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import SAME_WAY, Knock

# so many datagrams that are not the signal
_FLOOD = 100
# a secret word that ends the wait for the signal
_END = os.urandom(16)


class Knocker:
    """What is ready for one request. ``knock`` is what the host recognises it by; None: no connection can be opened."""

    def __init__(self, stack: contextlib.ExitStack, address: str, port: int, moments: t.Sequence[float]) -> None:
        self.knock: Knock | None = None
        self._thread: threading.Thread | None = None
        try:
            family, _kind, _protocol, _name, target = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
            own_address = _source_address(family, target)
            bell = stack.enter_context(_bound_socket(family, socket.SOCK_DGRAM))
            connections = [stack.enter_context(_bound_socket(family, socket.SOCK_STREAM)) for _moment in moments]
        except (OSError, UnicodeError):  # no valid name
            return
        ports = tuple(int(connection.getsockname()[1]) for connection in connections)
        word = secrets.token_hex(8)
        self.knock = Knock(own_address, ports, target=port, bell=bell.getsockname()[1], word=word)
        self._bell = _Bell(bell, word)
        self._thread = threading.Thread(target=_knock, args=(connections, moments, target, self._bell), daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Open no more connections at the moments."""
        if self._thread is not None:
            self._bell.end()
            self._thread.join()
            self._thread = None

    def is_signalled(self, seconds: float) -> bool:
        """Whether the host has signalled, or does within so many seconds; it is not waited for any more after that."""
        self.end()
        return self.knock is not None and self._bell.has_rung(seconds)

    @property
    def is_same_way(self) -> bool:
        """Whether the host has signalled that packets leave it as they did before the change."""
        return self.knock is not None and self._bell.is_same_way


@contextlib.contextmanager
def knocking(address: str, port: int, moments: t.Sequence[float]) -> t.Iterator[Knocker]:
    """While this lasts, open a new connection at each signal of the other side, else at the ``moments`` (seconds from the start).

    Each connection stays open until the end, so that the other side has time to see it.
    """
    with contextlib.ExitStack() as stack:
        knocker = Knocker(stack, address, port, moments)
        try:
            yield knocker
        finally:
            knocker.end()


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


class _Bell:
    """A socket where the other side signals with a word; any other datagram is ignored.

    Many other datagrams are a flood: nothing is read any more then, and the moments alone decide when to connect.
    """

    def __init__(self, connection: socket.socket, word: str) -> None:
        self._connection = connection
        self._word = word.encode()
        self._signals = (self._word, self._word + SAME_WAY.encode())
        self._has_rung = False
        self.is_same_way = False
        self._strange = 0
        self._has_ended = threading.Event()

    def wait(self, until: float) -> bool:
        """Wait for the signal, at the longest until then (time.monotonic()). False: there is nothing to wait for any more."""
        while self._strange < _FLOOD and not self._has_ended.is_set():
            said = self._next(until)
            if said is None:  # the time is over
                return True
            if said in (*self._signals, _END):
                return said != _END
        return not self._has_ended.wait(max(0.0, until - time.monotonic()))

    def has_rung(self, seconds: float) -> bool:
        """Whether the signal has come, or does within so many seconds."""
        until = time.monotonic() + seconds
        while not self._has_rung and self._strange < _FLOOD:
            if self._next(until) is None:
                break
        return self._has_rung

    def _next(self, until: float) -> bytes | None:
        """The next datagram, or how it begins; None if no datagram comes until then."""
        self._connection.settimeout(max(0.001, until - time.monotonic()))
        try:
            said = self._connection.recv(64)
        except OSError:
            return None
        self._has_rung = self._has_rung or said in self._signals
        self.is_same_way = self.is_same_way or said == self._signals[1]
        self._strange += said not in (*self._signals, _END)
        return said

    def end(self) -> None:
        """Wake the thread that waits."""
        self._has_ended.set()
        with contextlib.suppress(OSError):
            host = "::1" if self._connection.family == socket.AF_INET6 else "127.0.0.1"
            self._connection.sendto(_END, (host, self._connection.getsockname()[1]))


def _knock(connections: t.Iterable[socket.socket], moments: t.Iterable[float], target: t.Any, bell: _Bell) -> None:
    began = time.monotonic()
    for connection, moment in zip(connections, moments):
        if not bell.wait(began + moment):
            return
        with contextlib.suppress(OSError):  # unreachable: the other side notices that there is no connection
            connection.connect(target)
