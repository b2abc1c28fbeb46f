# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a call ends with: the answers in the order of the questions, an error of the other side, or one sentence about the bus."""

from __future__ import annotations

import contextlib
import socket
import threading
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.dbus import connection as bus
from ansible_collections.elemental.networking.plugins.module_utils._node.dbus.connection import (
    BusError,
    SystemBus,
    message_length,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.dbus.wire import BYTE_ORDERS, unmarshal
from ansible_collections.elemental.networking.tests.unit.borders.test_dbus import message

ORDER = "<"
_ERROR = 3
_SERIAL_AT = 8


class Asked(t.NamedTuple):
    """A call as it arrived."""

    serial: int
    path: str


class BusDouble:
    """A double of the system bus: ``answer`` says what it sends once it has read as many calls as ``at_once``."""

    def __init__(self, at_once: int, answer: t.Callable[[list[Asked]], bytes]) -> None:
        self._at_once, self._answer = at_once, answer
        self.batches: list[int] = []

    @contextlib.contextmanager
    def connected(self, calls: int) -> t.Iterator[SystemBus]:
        ours, theirs = socket.socketpair()
        server = threading.Thread(target=self._serve, args=(theirs, calls), daemon=True)
        with contextlib.closing(ours), contextlib.closing(theirs):
            server.start()
            yield SystemBus(t.cast(t.Any, ours))
            server.join()

    def _serve(self, connection: socket.socket, calls: int) -> None:
        received = b""
        while calls:
            asked: list[Asked] = []
            while len(asked) < min(self._at_once, calls):
                chunk = connection.recv(65536)
                if not chunk:
                    return
                received += chunk
                asked_now, received = read_calls(received)
                asked += asked_now
            self.batches.append(len(asked))
            calls -= len(asked)
            connection.sendall(self._answer(asked))
        connection.shutdown(socket.SHUT_WR)


def read_calls(received: bytes) -> tuple[list[Asked], bytes]:
    """The whole calls at the start, and the rest."""
    calls = []
    while len(received) >= 16 and len(received) >= message_length(received):
        call, received = received[: message_length(received)], received[message_length(received) :]
        order = BYTE_ORDERS[call[0]]
        fields = dict(unmarshal(call, 12, "a(yv)", order)[0][0])
        calls.append(Asked(unmarshal(call, _SERIAL_AT, "u", order)[0][0], fields[1]))
    return calls, received


def echo(call: Asked) -> bytes:
    return message(ORDER, "s", [call.path], serial=call.serial)


def refusal(call: Asked) -> bytes:
    return message(ORDER, "s", [f"no {call.path}"], _ERROR, serial=call.serial)


def foreign(call: Asked) -> bytes:
    """The answer to a call that was given up."""
    return message(ORDER, "s", ["late"], serial=call.serial + 1000) + echo(call)


def told(results: t.Iterable[t.Any]) -> list[str]:
    return [f"{each.name}: {each}" if isinstance(each, BusError) else each[0] for each in results]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (lambda calls: b"".join(map(echo, calls)), ["/0", "/1", "/2"]),
        (lambda calls: b"".join(map(echo, reversed(calls))), ["/0", "/1", "/2"]),
        (lambda calls: b"".join(map(foreign, calls)), ["/0", "/1", "/2"]),
        (
            lambda calls: echo(calls[2]) + refusal(calls[1]) + echo(calls[0]),
            ["/0", "org.example.Error.UnknownMethod: no /1", "/2"],
        ),
    ],
    ids=["in order", "the other way round", "others between them", "an object that is gone"],
)
def test_answers_are_in_the_order_of_the_questions(
    answer: t.Callable[[list[Asked]], bytes], expected: list[str]
) -> None:
    with BusDouble(3, answer).connected(3) as connection:
        assert told(connection.call_each("org.example", ["/0", "/1", "/2"], "org.example", "Ask")) == expected


def test_no_more_calls_are_on_their_way_than_the_bus_keeps() -> None:
    double = BusDouble(bus._AT_ONCE, lambda calls: b"".join(map(echo, calls)))
    paths = [f"/{number}" for number in range(2 * bus._AT_ONCE + 1)]
    with double.connected(len(paths)) as connection:
        assert told(connection.call_each("org.example", paths, "org.example", "Ask")) == paths
    assert double.batches == [bus._AT_ONCE, bus._AT_ONCE, 1]


def test_nothing_is_asked_of_no_object() -> None:
    ours, theirs = socket.socketpair()
    with contextlib.closing(ours), contextlib.closing(theirs):
        assert SystemBus(t.cast(t.Any, ours)).call_each("org.example", [], "org.example", "Ask") == []


@pytest.mark.parametrize(
    ("answer", "name", "sentence"),
    [
        (refusal, "org.example.Error.UnknownMethod", "no /"),
        (lambda call: message(ORDER, "", [], _ERROR, serial=call.serial), "org.example.Error.UnknownMethod", "Ask"),
        (lambda call: b"", "", "the system D-Bus closed the connection"),
        (lambda call: echo(call)[:-1], "", "the system D-Bus closed the connection"),
        (lambda call: b"HTTP/1.1 400 Bad Request\r\n", "", "the system D-Bus sent a message that cannot be read"),
    ],
    ids=["an error", "an error without words", "nothing", "half of an answer", "something else"],
)
def test_a_call_that_fails_says_why(answer: t.Callable[[Asked], bytes], name: str, sentence: str) -> None:
    with BusDouble(1, lambda calls: answer(calls[0])).connected(1) as connection:
        with pytest.raises(BusError) as error:
            connection.call("org.example", "/", "org.example", "Ask")
        assert (error.value.name, str(error.value)[: len(sentence)]) == (name, sentence)


def test_a_bus_that_hangs_is_not_waited_for() -> None:
    ours, theirs = socket.socketpair()
    with contextlib.closing(ours), contextlib.closing(theirs), pytest.raises(BusError, match="did not answer in time"):
        SystemBus(t.cast(t.Any, ours)).call("org.example", "/", "org.example", "Ask", timeout=0.0)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (b"REJECTED EXTERNAL\r\n", "the system D-Bus refused the connection"),
        (b"x" * 20000, "the system D-Bus sent something else than an answer to the authentication"),
        (b"OK 1234", "the system D-Bus closed the connection"),
    ],
    ids=["refused", "another program", "cut off"],
)
def test_an_authentication_that_fails_says_why(line: bytes, sentence: str) -> None:
    ours, theirs = socket.socketpair()
    with contextlib.closing(ours), contextlib.closing(theirs):
        theirs.sendall(line)
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises(BusError) as error:
            SystemBus(t.cast(t.Any, ours))._authenticate()
    assert (error.value.name, str(error.value)) == ("", sentence)


def test_what_comes_right_after_the_authentication_is_kept() -> None:
    ours, theirs = socket.socketpair()
    with contextlib.closing(ours), contextlib.closing(theirs):
        theirs.sendall(b"OK 1234\r\n" + message(ORDER, "s", ["early"]))
        connection = SystemBus(t.cast(t.Any, ours))
        connection._authenticate()
        assert connection.call("org.example", "/", "org.example", "Ask") == ["early"]


def test_a_host_without_a_bus_is_named(tmp_path: Path) -> None:
    with pytest.raises(BusError, match=r"no system D-Bus answers at .*/bus \(No such file or directory\)"):
        SystemBus.connect(str(tmp_path / "bus"))
