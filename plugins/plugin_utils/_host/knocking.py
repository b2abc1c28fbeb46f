# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bare TCP connections that a host was told of: that they arrive proves that the controller can still get there, without a login."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import threading
import time
import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import Knock

# so many datagrams that are neither of the host's two words
_FLOOD = 100
# a secret word that ends the wait for the signal
_END = os.urandom(16)
# seconds for the signal of a host that moves to another address: a firewall of the controller may keep it out
_UNTIL_IT_SIGNALS = 1.5


class Knocker:
    """What is ready for one request. ``knock`` is what the host recognises it by; None: no connection can be opened."""

    def __init__(self, stack: contextlib.ExitStack, address: str, port: int, moments: t.Sequence[float]) -> None:
        self.knock: Knock | None = None
        self._thread: threading.Thread | None = None
        try:
            family, _kind, _protocol, _name, target = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
            own_address = _source_address(family, target)
            bell = stack.enter_context(_bound_socket(family, socket.SOCK_DGRAM))
            # one more, for where the host moves to
            *connections, self._last = (stack.enter_context(_bound_socket(family)) for _each in (*moments, None))
        except OSError:
            return
        ports = tuple(int(connection.getsockname()[1]) for connection in (*connections, self._last))
        word, receipt = secrets.token_hex(8), secrets.token_hex(16)
        self.knock = Knock(own_address, ports, target=port, bell=bell.getsockname()[1], word=word, receipt=receipt)
        self._bell = _Bell(bell, word, receipt)
        self._thread = threading.Thread(target=_knock, args=(connections, moments, target, self._bell), daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Open no more connections at the moments."""
        if self._thread is not None:
            self._bell.end()
            self._thread.join()
            self._thread = None

    def fetch_receipt(self, address: str, seconds: float) -> bool:
        """Connect to an ``address`` that the host moves to, once it signals that it is there.

        Returns whether it reports within so many ``seconds`` that it has seen that and has persisted the change.
        """
        self.end()
        if self.knock is None or not self._bell.hears(self.knock.word, _UNTIL_IT_SIGNALS):
            return False
        try:
            kind, _type, _protocol, _name, target = socket.getaddrinfo(address, self.knock.target)[0]
            if kind != self._last.family:
                return False
            self._last.connect(target)
        except BlockingIOError:  # it is on its way
            pass
        except OSError:
            return False
        return self._bell.hears(self.knock.receipt, seconds)


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


def _bound_socket(family: int, kind: int = socket.SOCK_STREAM) -> socket.socket:
    connection = socket.socket(family, kind)
    try:
        connection.bind(("", 0))
        connection.setblocking(False)
    except OSError:
        connection.close()
        raise
    return connection


class _Bell:
    """A socket where the other side signals with a ``word``, and reports with a ``receipt``; any other datagram is ignored.

    Many other datagrams are a flood: nothing is read any more then, and the moments alone decide when to connect.
    """

    def __init__(self, connection: socket.socket, word: str, receipt: str) -> None:
        self._connection = connection
        self._word = word.encode()
        self._words = {self._word: word, receipt.encode(): receipt}
        self._heard: set[str] = set()
        self._strange = 0
        self._has_ended = threading.Event()

    def wait(self, until: float) -> bool:
        """Wait for the signal, at the longest until then (time.monotonic()). False: there is nothing to wait for any more."""
        while self._strange < _FLOOD and not self._has_ended.is_set():
            said = self._next(until)
            if said is None:  # the time is over
                return True
            if said in (self._word, _END):
                return said == self._word
        return not self._has_ended.wait(max(0.0, until - time.monotonic()))

    def hears(self, word: str, seconds: float) -> bool:
        """Whether one of the words was heard, or is within so many seconds."""
        until = time.monotonic() + seconds
        while word not in self._heard and self._strange < _FLOOD:
            if self._next(until) is None:
                break
        return word in self._heard

    def _next(self, until: float) -> bytes | None:
        """The next datagram, or how it begins; None where there is none until then."""
        left = until - time.monotonic()
        self._connection.settimeout(max(0.001, left))
        try:
            said = self._connection.recv(64)
        except OSError:
            return None
        if said in self._words:
            self._heard.add(self._words[said])
        elif said != _END:
            self._strange += 1
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
