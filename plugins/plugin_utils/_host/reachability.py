# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of a node's addresses answers: plain TCP from the controller, judged by the ssh banner."""

from __future__ import annotations

import errno
import os
import selectors
import socket
import time
import typing as t
from dataclasses import dataclass

_BANNER = b"SSH-"
# "Not allowed at this time": the penalty for connections that came to nothing (OpenSSH 9.8 and later); "Exceeded MaxStartups"
_COME_BACK = (b"Not ", b"Exce")
# seconds
_PUT_OFF = 1.0
# sshd greets later than its kernel accepts: a small or busy host, a line by satellite
_GREETING = 2.0
# so much longer than the first one's answer a better address may take to accept a connection, and in any case this long
_AS_LATE = 4.0
_LEAST_GRACE = 0.05
# a better address that accepts no connection is not waited for any longer
_MOST_GRACE = 1.0
# connections to one address that wait to be accepted: sshd counts those without a login as an attack (OpenSSH 9.8)
_MOST_TRIES = 4
# a resolver is asked again after so many times what it took
_SELDOM = 20.0
_NO_ANSWER = ""
_NEVER = float("inf")


@dataclass(frozen=True)
class Patience:
    """How long to look, in seconds: ``seconds`` for an answer, ``put_off`` where sshd puts off new connections.

    A better address than the one that answered first may accept a connection within ``grace`` of that (`to_connect`). Where no connection
    was accepted, a new one is tried each ``again`` seconds: an address may come up meanwhile, and the kernel itself tries again after a
    second, three and seven. An address whose kernel has accepted has `_GREETING` for its banner in any case.
    """

    seconds: float
    grace: float = 0.0
    put_off: float = 0.0
    again: float = _NEVER


def first_to_answer(
    addresses: t.Sequence[str],
    port: int,
    patience: Patience,
    silence: dict[str, str] | None = None,
    refuses_others_at: t.Callable[[str], bool] = lambda _address: False,
) -> str | None:
    """The address that shows an ssh banner first, or None where none does.

    All are tried at once, each with a fresh socket; of a name all that it stands for. ``addresses`` are in order of preference: one that
    answers is taken only if no better one answers in the time that it has, which is longer unless ssh refuses any other host at the one
    that answered (``refuses_others_at``). In ``silence`` each address that did not answer gets a few words that explain why, or none if
    it does not answer at all.
    """
    give_up = time.monotonic() + patience.put_off
    silence = {} if silence is None else silence
    found, left = None, list(dict.fromkeys(addresses))
    while True:
        silence.update(dict.fromkeys(left, _NO_ANSWER))
        with _Race(left, port, patience, silence, refuses_others_at) as race:
            better = race.winner()
        found = better or found
        # who is asked again and again counts it as an attack: not the one that has answered
        if better:
            left = [address for address in left[: left.index(better)] if address in race.putting_off]
        if not race.putting_off.intersection(left) or time.monotonic() > give_up:
            return found
        time.sleep(_PUT_OFF)


def to_connect(waited: float, grace: float, is_proven: bool) -> float:
    """In how many seconds a better address must accept a connection once the first one answered, ``waited`` seconds after it was tried.

    It may be another host that answered, unless ssh refuses that: then the better one has longer.
    """
    in_proportion = _AS_LATE * waited
    if is_proven:
        return min(grace, max(_LEAST_GRACE, in_proportion))
    return max(grace, min(_MOST_GRACE, in_proportion)) if grace else 0.0


class _Try(t.NamedTuple):
    """One connection: to which of the addresses of a host, and what the resolver made of that."""

    address: str
    target: t.Any


class _Race:
    """Connections to several addresses at once; whichever is not needed any more is closed at the end."""

    def __init__(
        self,
        addresses: t.Sequence[str],
        port: int,
        patience: Patience,
        silence: dict[str, str],
        refuses_others_at: t.Callable[[str], bool],
    ) -> None:
        self._addresses = addresses
        self._port = port
        self._patience = patience
        self._silence = silence
        self._refuses_others_at = refuses_others_at
        self._selector = selectors.DefaultSelector()
        # what the resolver has made of each
        self._targets: dict[str, t.Sequence[t.Any]] = {}
        # when (time.monotonic())
        self._began = self._limit = 0.0
        self._accepted: dict[_Try, float] = {}
        self._answered: set[str] = set()
        # who spoke and did not greet
        self._strange: set[_Try] = set()
        self.putting_off: set[str] = set()

    def __enter__(self) -> _Race:
        return self

    def __exit__(self, *_error: object) -> None:
        for connection in self._connections(self._addresses):
            connection.close()
        self._selector.close()

    def winner(self) -> str | None:
        """The best address of those that answer in time."""
        # the resolver may be slow
        self._targets = {address: self._look_up(address) for address in self._addresses}
        self._began = time.monotonic()
        self._limit, again_at = self._began + self._patience.seconds, self._began + self._patience.again
        self._start(self._targets)
        while self._connections(self._better()):
            # once without a wait in any case: this process may have had no processor for longer than there was time
            self._listen(min(self._end(), again_at))
            if time.monotonic() >= self._end():
                break
            if time.monotonic() >= again_at:
                again_at = time.monotonic() + self._patience.again
                silent = self._silent_ones()
                self._make_room(silent)
                self._start(silent)
        return next((address for address in self._addresses if address in self._answered), None)

    def _listen(self, until: float) -> None:
        for key, _events in self._selector.select(max(0.0, until - time.monotonic())):
            self._notice(t.cast(socket.socket, key.fileobj), key.data)

    def _better(self) -> list[str]:
        """The addresses that are worth a wait: all, or, if there is a grace, those before the best one that has answered."""
        if not self._answered:
            return list(self._addresses)
        places = [self._addresses.index(address) for address in self._answered]
        return list(self._addresses[: min(places)]) if self._patience.grace else []

    def _end(self) -> float:
        """Until when to wait: a host that has accepted a connection is there, and its sshd may be slow."""
        better = self._better()
        return max([self._limit, *(at + _GREETING for tried, at in self._accepted.items() if tried.address in better)])

    def _silent_ones(self) -> dict[str, list[t.Any]]:
        """What to try again, by address: where no connection was accepted."""
        known = {*self._accepted, *self._strange}
        better = self._better()
        return {
            address: [each for each in targets if _Try(address, each[4]) not in known]
            for address, targets in self._targets.items()
            if address in better
        }

    def _connections(self, addresses: t.Collection[str]) -> list[socket.socket]:
        keys = self._selector.get_map().values()
        return [t.cast(socket.socket, key.fileobj) for key in keys if key.data.address in addresses]

    def _look_up(self, address: str) -> t.Sequence[t.Any]:
        targets, words = _resolved(address, self._port)
        if not targets:
            self._silence[address] = words
        return targets

    def _start(self, targets: t.Mapping[str, t.Sequence[t.Any]]) -> None:
        for address, each in targets.items():
            for family, kind, protocol, _name, target in each:
                try:
                    connection = socket.socket(family, kind, protocol)
                except OSError as error:  # for example a controller without IPv6
                    self._silence[address] = error.strerror or str(error)
                    continue
                connection.setblocking(False)
                code = connection.connect_ex(target)
                if code in (0, errno.EINPROGRESS):
                    both = selectors.EVENT_READ | selectors.EVENT_WRITE
                    self._selector.register(connection, both, _Try(address, target))
                else:
                    self._silence[address] = os.strerror(code)
                    connection.close()

    def _make_room(self, addresses: t.Collection[str]) -> None:
        """All tries would be accepted at once if the address comes up: keep the first, which suits the longest line, and the last ones."""
        tries: dict[_Try, list[socket.socket]] = {}
        for key in self._selector.get_map().values():
            tries.setdefault(key.data, []).append(t.cast(socket.socket, key.fileobj))
        for tried, connections in tries.items():
            if tried.address in addresses and len(connections) >= _MOST_TRIES:
                self._close(connections[1])

    def _notice(self, connection: socket.socket, tried: _Try) -> None:
        """Something happened: it was accepted or refused, or who is there speaks."""
        if connection.fileno() < 0:
            return  # another one to the same address was accepted in the same moment
        try:
            banner = connection.recv(4)
            words = "it is not ssh that answers there" if banner else "connections are closed at once"
        except BlockingIOError:
            self._note_accepted(connection, tried)
            return
        except OSError as error:
            self._end_of(connection, tried, error.strerror or str(error))
            return
        if banner == _BANNER:
            self._close(connection)
            self._note_answer(tried.address)
            return
        self._strange.add(tried)
        if banner in _COME_BACK:
            self.putting_off.add(tried.address)
            words = "sshd there puts off new connections"
        self._end_of(connection, tried, words)

    def _note_accepted(self, connection: socket.socket, tried: _Try) -> None:
        """The kernel of a host has accepted: its sshd need not see the other tries."""
        self._accepted[tried] = time.monotonic()
        self._selector.modify(connection, selectors.EVENT_READ, tried)
        for key in list(self._selector.get_map().values()):
            if key.data == tried and key.fileobj is not connection:
                self._close(t.cast(socket.socket, key.fileobj))

    def _note_answer(self, address: str) -> None:
        if not self._answered:
            waited = time.monotonic() - self._began
            grace = to_connect(waited, self._patience.grace, self._refuses_others_at(address))
            self._limit = min(self._limit, time.monotonic() + grace)
        self._answered.add(address)
        self._silence.pop(address, None)

    def _end_of(self, connection: socket.socket, tried: _Try, words: str) -> None:
        if tried.address not in self._answered:
            self._silence[tried.address] = words
        self._accepted.pop(tried, None)
        self._close(connection)

    def _close(self, connection: socket.socket) -> None:
        self._selector.unregister(connection)
        connection.close()


class _Lookup(t.NamedTuple):
    """What the resolver made of a name, or why nothing, and from when on it is asked again."""

    targets: t.Sequence[t.Any]
    words: str
    again_at: float


# by name and port
_lookups: dict[tuple[str, int], _Lookup] = {}


def _resolved(address: str, port: int) -> tuple[t.Sequence[t.Any], str]:
    """What the resolver makes of an address or a name, or why nothing.

    It may be what the change cuts off: a slow one is asked seldom, and what it answered last counts while it fails.
    """
    last = _lookups.get((address, port), _Lookup((), "", 0.0))
    began = time.monotonic()
    if began < last.again_at:
        return last.targets, last.words
    targets: t.Sequence[t.Any]
    try:
        targets, words = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM), ""
    except (OSError, UnicodeError) as error:
        targets, words = last.targets, getattr(error, "strerror", None) or str(error)
    ended = time.monotonic()
    _lookups[address, port] = _Lookup(targets, words, ended + _SELDOM * (ended - began))
    return targets, words
