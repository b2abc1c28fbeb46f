# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which address answers, over real sockets on loopback."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.plugin_utils._host.reachability import (
    first_to_answer,
    to_connect,
)

# what a server says from now on, by its port
banners: dict[int, bytes] = {}


@contextlib.contextmanager
def server(address: str, port: int, banner: bytes, after: float = 0.0) -> t.Iterator[int]:
    """A server that greets everybody with ``banner``, ``after`` seconds."""
    with socket.create_server((address, port)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _peer = listener.accept()
                    is_over.wait(after)
                    with contextlib.suppress(OSError):
                        connection.sendall(banners.get(port, banner))
                    connection.close()

        is_over = threading.Event()
        port = int(listener.getsockname()[1])
        threading.Thread(target=serve, daemon=True).start()
        yield port
        is_over.set()
        listener.shutdown(socket.SHUT_RDWR)


def test_the_address_with_an_ssh_banner_wins() -> None:
    """A closed port is no answer."""
    with server("127.0.0.2", 0, b"SSH-2.0-test\r\n") as port:
        assert first_to_answer(["127.0.0.3", "127.0.0.2"], port, 5.0) == "127.0.0.2"


def test_an_open_port_without_ssh_is_no_answer() -> None:
    """Something else may have taken the address."""
    with server("127.0.0.2", 0, b"HTTP/1.1 400\r\n") as port:
        assert first_to_answer(["127.0.0.2"], port, 0.5) is None


@pytest.mark.parametrize("said", [b"Not allowed at this time\r\n", b"Exceeded MaxStartups\r\n"])
def test_a_host_that_puts_off_whoever_comes_is_asked_again(said: bytes) -> None:
    """OpenSSH's penalty is over after some seconds."""
    with server("127.0.0.2", 0, said) as port:
        later = threading.Timer(0.3, lambda: banners.__setitem__(port, b"SSH-2.0-test\r\n"))
        later.start()
        assert first_to_answer(["127.0.0.2"], port, 5.0, patience=10.0) == "127.0.0.2"
        assert first_to_answer(["127.0.0.2"], port, 5.0) == "127.0.0.2"


def test_a_host_that_puts_off_is_no_answer() -> None:
    with server("127.0.0.2", 0, b"Not allowed at this time\r\n") as port:
        assert first_to_answer(["127.0.0.2"], port, 5.0) is None


def test_the_preferred_address_wins_within_the_grace() -> None:
    """The claimed address is surer than the one of the inventory."""
    with server("127.0.0.2", 0, b"SSH-2.0-a\r\n") as port, server("127.0.0.3", port, b"SSH-2.0-b\r\n"):
        assert first_to_answer(["127.0.0.3", "127.0.0.2"], port, 5.0, grace=2.0) == "127.0.0.3"


@pytest.mark.parametrize(
    ("waited", "grace", "expected"),
    [(0.001, 0.2, 0.05), (0.02, 0.2, 0.08), (1.5, 0.2, 0.2), (0.02, 0.0, 0.0)],
    ids=["at once", "soon", "over a slow line", "none"],
)
def test_a_better_address_has_longer_where_the_first_one_was_slow(waited: float, grace: float, expected: float) -> None:
    assert to_connect(waited, grace) == pytest.approx(expected)


def test_a_slow_sshd_at_a_better_address_has_the_whole_grace() -> None:
    """It greets once the other one has answered and the time to connect is long over."""
    with server("127.0.0.2", 0, b"SSH-2.0-a\r\n") as port, server("127.0.0.3", port, b"SSH-2.0-b\r\n", 0.5):
        assert first_to_answer(["127.0.0.3", "127.0.0.2"], port, 5.0, grace=3.0) == "127.0.0.3"


def test_an_address_that_nobody_has_is_not_waited_for() -> None:
    """Nothing accepts connections there: a queue of connections that is full does not, either."""
    with server("127.0.0.2", 0, b"SSH-2.0-a\r\n") as port, socket.create_server(("127.0.0.3", port), backlog=0):
        full = [socket.socket() for _each in range(4)]
        for each in full:
            each.setblocking(False)
            each.connect_ex(("127.0.0.3", port))
        began = time.monotonic()
        assert first_to_answer(["127.0.0.3", "127.0.0.2"], port, 60.0, grace=60.0) == "127.0.0.2"
        assert time.monotonic() - began < 30.0
        for each in full:
            each.close()


def test_silence_ends_at_the_deadline() -> None:
    """None, not an exception."""
    assert first_to_answer(["127.0.0.4", "no-such-name.invalid"], 9, 0.3) is None


def test_why_nobody_answers_is_told_of_each_address() -> None:
    """Of one that does not answer at all there is nothing to tell."""
    silence: dict[str, str] = {}
    with server("127.0.0.2", 0, b"HTTP/1.1 400\r\n") as port, server("127.0.0.3", port, b""):
        addresses = ["127.0.0.2", "127.0.0.3", "127.0.0.4", "no-such-name.invalid"]
        assert first_to_answer(addresses, port, 2.0, silence=silence) is None
    assert silence.pop("no-such-name.invalid")
    assert silence == {
        "127.0.0.2": "it is not ssh that answers there",
        "127.0.0.3": "connections are closed at once",
        "127.0.0.4": "Connection refused",
    }
