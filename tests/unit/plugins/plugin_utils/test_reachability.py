# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which address answers, over real sockets on loopback."""

from __future__ import annotations

import contextlib
import errno
import socket
import threading
import time
import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.plugin_utils._host.reachability import (
    Patience,
    first_to_answer,
    to_connect,
)

# what a server says from now on, by its address and port
banners: dict[tuple[str, int], bytes] = {}


@contextlib.contextmanager
def server(
    address: str, port: int, banner: bytes, after: float = 0.0, greeted: list[str] | None = None
) -> t.Iterator[int]:
    """A server that greets everybody with ``banner``, ``after`` seconds; its address is added to ``greeted`` each time."""
    with socket.create_server((address, port)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _peer = listener.accept()
                    if greeted is not None:
                        greeted.append(address)
                    is_over.wait(after)
                    with contextlib.suppress(OSError):
                        connection.sendall(banners.get((address, port), banner))
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
        assert first_to_answer(["127.0.0.3", "127.0.0.2"], port, Patience(5.0)) == "127.0.0.2"


def test_an_open_port_without_ssh_is_no_answer() -> None:
    """Something else may have taken the address."""
    with server("127.0.0.2", 0, b"HTTP/1.1 400\r\n") as port:
        assert first_to_answer(["127.0.0.2"], port, Patience(0.5)) is None


@pytest.mark.parametrize("said", [b"Not allowed at this time\r\n", b"Exceeded MaxStartups\r\n"])
def test_a_host_that_puts_off_whoever_comes_is_asked_again(said: bytes) -> None:
    """OpenSSH's penalty is over after some seconds."""
    with server("127.0.0.2", 0, said) as port:
        later = threading.Timer(0.3, lambda: banners.__setitem__(("127.0.0.2", port), b"SSH-2.0-test\r\n"))
        later.start()
        assert first_to_answer(["127.0.0.2"], port, Patience(5.0, put_off=10.0)) == "127.0.0.2"
        assert first_to_answer(["127.0.0.2"], port, Patience(5.0)) == "127.0.0.2"


def test_a_host_that_puts_off_is_no_answer() -> None:
    with server("127.0.0.2", 0, b"Not allowed at this time\r\n") as port:
        assert first_to_answer(["127.0.0.2"], port, Patience(5.0)) is None


def test_the_preferred_address_wins_within_the_grace() -> None:
    """The claimed address is surer than the one of the inventory."""
    with server("127.0.0.2", 0, b"SSH-2.0-a\r\n") as port, server("127.0.0.3", port, b"SSH-2.0-b\r\n"):
        assert first_to_answer(["127.0.0.3", "127.0.0.2"], port, Patience(5.0, grace=2.0)) == "127.0.0.3"


@pytest.mark.parametrize(
    ("waited", "grace", "is_proven", "expected"),
    [
        (0.001, 0.2, True, 0.05),
        (0.02, 0.2, True, 0.08),
        (1.5, 0.2, True, 0.2),
        (0.02, 0.0, True, 0.0),
        # another host may have the other one's address
        (0.001, 0.2, False, 0.2),
        (0.1, 0.2, False, 0.4),
        (1.5, 0.2, False, 1.0),
        (0.1, 0.0, False, 0.0),
    ],
)
def test_a_better_address_has_longer_where_the_first_one_was_slow_or_may_be_a_stranger(
    waited: float, grace: float, is_proven: bool, expected: float
) -> None:
    assert to_connect(waited, grace, is_proven) == pytest.approx(expected)


def test_a_slow_sshd_at_a_better_address_has_the_whole_grace() -> None:
    """It greets once the other one has answered and the time to connect is long over."""
    with server("127.0.0.2", 0, b"SSH-2.0-a\r\n") as port, server("127.0.0.3", port, b"SSH-2.0-b\r\n", 0.5):
        assert first_to_answer(["127.0.0.3", "127.0.0.2"], port, Patience(5.0, grace=3.0)) == "127.0.0.3"


def test_an_address_that_nobody_has_is_not_waited_for() -> None:
    """Nothing accepts connections there: a queue of connections that is full does not, either."""
    with server("127.0.0.2", 0, b"SSH-2.0-a\r\n") as port, socket.create_server(("127.0.0.3", port), backlog=0):
        full = [socket.socket() for _each in range(4)]
        for each in full:
            each.setblocking(False)
            each.connect_ex(("127.0.0.3", port))
        began = time.monotonic()
        patience = Patience(60.0, grace=60.0)
        found = first_to_answer(
            ["127.0.0.3", "127.0.0.2"], port, patience, refuses_others_at=lambda address: address == "127.0.0.2"
        )
        assert found == "127.0.0.2"
        assert time.monotonic() - began < 30.0
        for each in full:
            each.close()


def test_a_better_address_that_puts_off_is_not_beaten_by_a_stranger_at_another_one() -> None:
    """Who answers instead may be another host at an old lease; that one is not asked again and again."""
    greeted: list[str] = []
    with contextlib.ExitStack() as running:
        port = running.enter_context(server("127.0.0.2", 0, b"SSH-2.0-stranger\r\n", greeted=greeted))
        running.enter_context(server("127.0.0.3", port, b"Not allowed at this time\r\n"))
        later = threading.Timer(0.3, lambda: banners.__setitem__(("127.0.0.3", port), b"SSH-2.0-test\r\n"))
        later.start()
        patience = Patience(5.0, grace=0.2, put_off=10.0)
        assert first_to_answer(["127.0.0.3", "127.0.0.2"], port, patience) == "127.0.0.3"
        assert greeted == ["127.0.0.2"]
        # nor waited for much longer than that
        banners["127.0.0.3", port] = b"Not allowed at this time\r\n"
        assert first_to_answer(["127.0.0.3", "127.0.0.2"], port, Patience(5.0, grace=0.2)) == "127.0.0.2"


def test_where_no_connection_was_accepted_new_ones_are_tried() -> None:
    """The kernel's own next try comes after a second; one that has accepted is not asked twice, however slow its sshd is."""
    greeted: list[str] = []
    with socket.create_server(("127.0.0.3", 0), backlog=0) as busy:
        port = int(busy.getsockname()[1])
        full = [socket.socket() for _each in range(4)]
        for each in full:
            each.setblocking(False)
            each.connect_ex(("127.0.0.3", port))

        def come_up() -> None:
            running.enter_context(server("127.0.0.4", port, b"SSH-2.0-x\r\n", 0.5, greeted))

        with contextlib.ExitStack() as running:
            later = threading.Timer(0.2, come_up)
            later.start()
            # the first one keeps the race from ending
            found = first_to_answer(["127.0.0.3", "127.0.0.4"], port, Patience(20.0, again=0.05))
            later.join()
        assert (found, greeted) == ("127.0.0.4", ["127.0.0.4"])
        for each in full:
            each.close()


def test_no_more_than_a_few_connections_wait_for_an_address_that_may_come_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would accept all of them at once then, and sshd takes those without a login for an attack."""
    is_open: set[int] = set()
    most: list[int] = []

    class Counted(socket.socket):
        """It counts those that are open."""

        def __init__(self, *given: t.Any) -> None:
            super().__init__(*given)
            is_open.add(id(self))
            most.append(len(is_open))

        def close(self) -> None:
            is_open.discard(id(self))
            super().close()

    with socket.create_server(("127.0.0.3", 0), backlog=0) as busy:
        full = [socket.socket() for _each in range(4)]
        for each in full:
            each.setblocking(False)
            each.connect_ex(busy.getsockname())
        monkeypatch.setattr(socket, "socket", Counted)
        assert first_to_answer(["127.0.0.3"], busy.getsockname()[1], Patience(0.5, again=0.01)) is None
        monkeypatch.undo()
        for each in full:
            each.close()
    assert (max(most), is_open) == (4, set())
    assert len(most) > 4


def test_an_sshd_that_is_slower_than_the_race_has_its_time() -> None:
    with server("127.0.0.2", 0, b"SSH-2.0-x\r\n", 0.5) as port:
        assert first_to_answer(["127.0.0.2"], port, Patience(0.1)) == "127.0.0.2"


def resolver(monkeypatch: pytest.MonkeyPatch, seconds: float, *addresses: str) -> list[object]:
    """A name stands for these addresses, and the resolver needs a while for that; the answer is what it was asked for."""
    asked: list[object] = []
    real = socket.getaddrinfo

    def resolve(host: str, port: int, **options: t.Any) -> t.Any:
        if host != "node1.example":
            return real(host, port, **options)
        asked.append(host)
        time.sleep(seconds)
        if not addresses:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return [found for address in addresses for found in real(address, port, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


def test_all_addresses_of_a_name_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """As ssh does: its sshd may listen at one of them only."""
    resolver(monkeypatch, 0.0, "127.0.0.3", "127.0.0.2")
    with server("127.0.0.2", 0, b"SSH-2.0-x\r\n") as port:
        assert first_to_answer(["node1.example"], port, Patience(5.0)) == "node1.example"


def test_a_slow_resolver_takes_no_time_from_an_address_and_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The change may cut the resolver off."""
    asked = resolver(monkeypatch, 0.3, "127.0.0.3")
    with server("127.0.0.2", 0, b"SSH-2.0-x\r\n") as port:
        for _each in range(3):
            assert first_to_answer(["node1.example", "127.0.0.2"], port, Patience(0.1)) == "127.0.0.2"
    assert len(asked) == 1


@pytest.mark.parametrize("before", [(), ("127.0.0.3",)])
def test_a_name_that_stands_for_another_address_by_now_leads_there(
    monkeypatch: pytest.MonkeyPatch, before: tuple[str, ...]
) -> None:
    """DNS follows a lease; and a resolver that failed once may answer the next time."""
    with server("127.0.0.2", 0, b"SSH-2.0-x\r\n") as port:
        resolver(monkeypatch, 0.0, *before)
        assert first_to_answer(["node1.example"], port, Patience(0.1)) is None
        monkeypatch.undo()
        resolver(monkeypatch, 0.0, "127.0.0.2")
        give_up = time.monotonic() + 30
        while first_to_answer(["node1.example"], port, Patience(1.0)) is None:
            assert time.monotonic() < give_up, "it is not asked again"


def test_a_controller_without_ipv6_tries_the_other_addresses_of_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver(monkeypatch, 0.0, "::1", "127.0.0.2")

    class WithoutIPv6(socket.socket):
        """As with ipv6.disable=1."""

        def __init__(self, family: int = -1, *given: t.Any, **options: t.Any) -> None:
            if family == socket.AF_INET6:
                raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
            super().__init__(family, *given, **options)

    with server("127.0.0.2", 0, b"SSH-2.0-x\r\n") as port:
        monkeypatch.setattr(socket, "socket", WithoutIPv6)
        assert first_to_answer(["node1.example"], port, Patience(5.0)) == "node1.example"
        silence: dict[str, str] = {}
        assert first_to_answer(["::1"], port, Patience(5.0), silence) is None
        assert silence == {"::1": "Address family not supported by protocol"}


def test_a_name_that_is_none_is_no_mistake_of_ours() -> None:
    silence: dict[str, str] = {}
    assert first_to_answer(["node1..example.com"], 9, Patience(0.3), silence) is None
    assert "label" in silence["node1..example.com"]


def test_silence_ends_at_the_deadline() -> None:
    """None, not an exception."""
    assert first_to_answer(["127.0.0.4", "no-such-name.invalid"], 9, Patience(0.3)) is None


def test_why_nobody_answers_is_told_of_each_address() -> None:
    """Of one that does not answer at all there is nothing to tell."""
    silence: dict[str, str] = {}
    with server("127.0.0.2", 0, b"HTTP/1.1 400\r\n") as port, server("127.0.0.3", port, b""):
        addresses = ["127.0.0.2", "127.0.0.3", "127.0.0.4", "no-such-name.invalid"]
        assert first_to_answer(addresses, port, Patience(2.0), silence) is None
    assert silence.pop("no-such-name.invalid")
    assert silence == {
        "127.0.0.2": "it is not ssh that answers there",
        "127.0.0.3": "connections are closed at once",
        "127.0.0.4": "Connection refused",
    }
