# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who has an address: of all that answers on a segment, only what was asked for, and never this node itself."""

from __future__ import annotations

import errno
import os
import select
import socket
import struct
import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.checks import arp

OUR_MAC, OTHER_MAC = "52:54:00:00:00:01", "52:54:00:12:34:56"
_REPLY = 2
_LOOPBACK = 772


def frame(address: str, mac: str = OTHER_MAC, operation: int = _REPLY) -> bytes:
    """An ARP packet of this sender."""
    sender = bytes.fromhex(mac.replace(":", ""))
    head = struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, operation)
    return b"\xff" * 6 + sender + head + sender + socket.inet_aton(address) + bytes(10)


class Segment:
    """A double of a packet socket: what arrives on the segment, and what was sent."""

    def __init__(
        self, arriving: t.Sequence[bytes] = (), hardware: int = 1, trouble: int = 0, bound: bool = True
    ) -> None:
        self._near, self._far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        for packet in arriving:
            self._far.send(packet)
        self._hardware, self._trouble, self._bound = hardware, trouble, bound
        self.sent: list[bytes] = []
        self.is_closed = False

    def bind(self, target: tuple[str, int]) -> None:
        if not self._bound:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))

    def getsockname(self) -> tuple[str, int, int, int, bytes]:
        return "eth0", 0x0806, 0, self._hardware, bytes.fromhex(OUR_MAC.replace(":", ""))

    def send(self, packet: bytes) -> None:
        if self._trouble:
            raise OSError(self._trouble, os.strerror(self._trouble))
        self.sent.append(packet)

    def recv(self, size: int) -> bytes:
        return self._near.recv(size)

    def fileno(self) -> int:
        return self._near.fileno()

    def close(self) -> None:
        self.is_closed = True


class Clock:
    """A double of the clock: time passes only where somebody waits for a packet, and only when none is there."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def select(self, readers: list[Segment], *others: t.Any) -> tuple[list[t.Any], list[t.Any], list[t.Any]]:
        found = select.select(readers, [], [], 0)
        self.now += 0.0 if found[0] else others[-1]
        return found


def on(segment: Segment, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Search on this segment from now on; sockets are closed at once."""
    clock = Clock()

    def opened(*_arguments: int) -> Segment:
        return segment

    for name, double in (("socket", opened), ("time", clock), ("select", clock)):
        monkeypatch.setattr(arp, name, double)
    monkeypatch.setattr(arp, "own_macs", lambda: {OUR_MAC})
    monkeypatch.setattr(arp, "_close_aside", lambda connection: connection.close())
    return clock


@pytest.mark.parametrize(
    ("arriving", "found"),
    [
        ([], {}),
        ([frame("192.0.2.1")], {"192.0.2.1": OTHER_MAC}),
        ([frame("192.0.2.1", operation=1)], {"192.0.2.1": OTHER_MAC}),
        ([frame("192.0.2.1", OUR_MAC)], {}),
        ([frame("192.0.2.1", OUR_MAC), frame("192.0.2.1")], {"192.0.2.1": OTHER_MAC}),
        ([frame("192.0.2.99")], {}),
        ([b"", b"x", frame("192.0.2.1")[:30]], {}),
        ([frame("192.0.2.2"), frame("192.0.2.1")], {"192.0.2.1": OTHER_MAC, "192.0.2.2": OTHER_MAC}),
    ],
    ids=[
        "silence",
        "a reply",
        "a request of its owner",
        "our own",
        "both",
        "of another address",
        "noise",
        "two owners",
    ],
)
def test_who_answers_has_the_address(
    arriving: list[bytes], found: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    segment = Segment(arriving)
    on(segment, monkeypatch)
    assert arp.ArpSearch("eth0", ["192.0.2.1", "192.0.2.2"]).finish(1.0) == found
    assert segment.is_closed


@pytest.mark.parametrize("sender", ["0.0.0.0", "192.0.2.7"], ids=["a probe", "from an address"])
def test_a_question_is_a_broadcast_that_names_the_address(sender: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the sender 0.0.0.0 it changes nobody's cache (RFC 5227)."""
    segment = Segment()
    on(segment, monkeypatch)
    arp.ArpSearch("eth0", ["192.0.2.1"], sender)
    (sent,) = segment.sent
    ours = bytes.fromhex(OUR_MAC.replace(":", ""))
    assert sent[:12] == b"\xff" * 6 + ours
    assert sent[12:22] == struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, 1)
    assert sent[22:] == ours + socket.inet_aton(sender) + bytes(6) + socket.inet_aton("192.0.2.1")


@pytest.mark.parametrize(
    ("passed", "seconds", "questions"),
    [(0.0, 0.05, 1), (0.0, 1.0, 2), (60.0, 1.0, 3)],
    ids=["no time left", "silence", "no one was listening in time"],
)
def test_a_question_that_may_have_been_lost_is_repeated(
    passed: float, seconds: float, questions: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    segment = Segment()
    clock = on(segment, monkeypatch)
    search = arp.ArpSearch("eth0", ["192.0.2.1"])
    clock.now += passed
    search.finish(seconds)
    assert len(segment.sent) == questions


@pytest.mark.parametrize(
    "segment",
    [lambda: Segment(bound=False), lambda: Segment(hardware=_LOOPBACK)],
    ids=["no such interface", "not Ethernet"],
)
def test_where_there_is_no_arp_nobody_answers(
    segment: t.Callable[[], Segment], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = segment()
    on(made, monkeypatch)
    assert arp.ArpSearch("eth0", ["192.0.2.1"]).finish(60) == {}
    assert (made.sent, made.is_closed) == ([], True)


@pytest.mark.parametrize("number", [errno.ENETDOWN, errno.ENOBUFS, errno.ENXIO])
def test_an_interface_that_goes_down_is_silent(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    on(Segment(trouble=number), monkeypatch)
    assert arp.ArpSearch("eth0", ["192.0.2.1"]).finish(1.0) == {}


def test_another_failure_is_not_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    on(Segment(trouble=errno.EPERM), monkeypatch)
    with pytest.raises(PermissionError):
        arp.ArpSearch("eth0", ["192.0.2.1"])


def test_an_interface_that_is_gone_has_nothing() -> None:
    assert not arp.is_ethernet("no-such-link")
    assert arp.address_of("no-such-link") == "0.0.0.0"
