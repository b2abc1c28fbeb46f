# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The border system bus -> node: whatever arrives is a message, or one sentence of our own."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.dbus.connection import (
    BusError,
    SystemBus,
    message_length,
    read_message,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.dbus.wire import (
    BYTE_ORDERS,
    Variant,
    WireError,
    marshal,
    unmarshal,
)
from ansible_collections.elemental.networking.tests.unit.borders.bounds import bounded
from hypothesis import given
from hypothesis import strategies as st

MARKS = {order: mark for mark, order in BYTE_ORDERS.items()}
_RETURN, _ERROR = 2, 3
_ERROR_NAME, _REPLY_SERIAL, _SIGNATURE = 4, 5, 8
# what GetSettings of a profile answers, in short
_SETTINGS = {
    "connection": {"id": Variant("s", "eth0"), "autoconnect-priority": Variant("i", -999)},
    "802-3-ethernet": {"mac-address": Variant("ay", b"\x52\x54\0\x12\x34\x56"), "mtu": Variant("u", 1500)},
    "ipv4": {
        "address-data": Variant("aa{sv}", [{"address": Variant("s", "192.0.2.1"), "prefix": Variant("u", 24)}]),
        "route-data": Variant("aa{sv}", []),
    },
}
_SIGNATURES = (
    "a{sa{sv}}",
    "as",
    "av",
    "aav",
    "a(yv)",
    "a{sv}",
    "(ss)",
    "v",
    "g",
    "aaaay",
    "a()",
    "()",
    "a{s}",
    "(" * 70,
    "a" * 70,
)


def message(order: str, signature: str, values: t.Sequence[t.Any], kind: int = _RETURN, serial: int = 1) -> bytes:
    """What a bus of this byte order answers to a call with this serial number."""
    body = bytearray()
    marshal(body, signature, values, order)
    fields: list[tuple[int, Variant]] = [(_REPLY_SERIAL, Variant("u", serial)), (_SIGNATURE, Variant("g", signature))]
    if kind == _ERROR:
        fields.append((_ERROR_NAME, Variant("s", "org.example.Error.UnknownMethod")))
    whole = bytearray(struct.pack(order + "BBBBII", MARKS[order], kind, 0, 1, len(body), 7))
    marshal(whole, "a(yv)", [fields], order)
    whole.extend(bytes(-len(whole) % 8))
    return bytes(whole + body)


REAL = [
    *(message(order, "a{sa{sv}}", [_SETTINGS]) for order in MARKS),
    *(message(order, "ao", [["/org/freedesktop/NetworkManager/Devices/1"]]) for order in MARKS),
    *(message(order, "s", ["no such object"], _ERROR) for order in MARKS),
]


@pytest.mark.parametrize("order", MARKS)
def test_the_sender_chooses_the_byte_order(order: str) -> None:
    """As the bus of a big-endian host (s390x) does."""
    fields, kind, values = read_message(message(order, "a{sa{sv}}", [_SETTINGS], serial=258))
    assert (fields[_REPLY_SERIAL], kind) == (258, _RETURN)
    assert values[0]["802-3-ethernet"] == {"mac-address": b"\x52\x54\0\x12\x34\x56", "mtu": 1500}
    assert values[0]["ipv4"]["address-data"] == [{"address": "192.0.2.1", "prefix": 24}]


@given(
    st.binary(max_size=300),
    st.one_of(st.sampled_from(_SIGNATURES), st.text("abgosvy(){}u", max_size=80)),
    st.sampled_from("<>"),
)
def test_arbitrary_bytes_are_values_or_our_own_error(content: bytes, signature: str, order: str) -> None:
    with bounded(), contextlib.suppress(WireError):
        unmarshal(content, 0, signature, order)


def mutations() -> st.SearchStrategy[bytes]:
    """Real messages with some bytes that are others, and cut short or prolonged."""
    change = st.tuples(st.integers(0, 500), st.integers(0, 255))
    return st.builds(
        _mutated, st.sampled_from(REAL), st.lists(change, max_size=6), st.integers(0, 500), st.binary(max_size=9)
    )


def _mutated(original: bytes, changes: t.Sequence[tuple[int, int]], length: int, rest: bytes) -> bytes:
    changed = bytearray(original)
    for place, value in changes:
        changed[place % len(changed)] = value
    return bytes(changed[:length] if length < 50 else changed) + rest


@given(mutations())
def test_a_mutated_message_is_read_or_our_own_error(content: bytes) -> None:
    with bounded(), contextlib.suppress(WireError):
        read_message(content)


@given(st.one_of(mutations(), st.binary(max_size=300)))
def test_a_call_ends_with_its_answer_or_one_sentence(content: bytes) -> None:
    """Over a connection that the other side closes after it."""
    ours, theirs = socket.socketpair()
    with contextlib.closing(theirs), contextlib.closing(ours):
        theirs.sendall(content)
        theirs.shutdown(socket.SHUT_WR)
        with bounded(), contextlib.suppress(BusError):
            SystemBus(t.cast(t.Any, ours)).call("org.example", "/", "org.example", "Ask", timeout=5.0)


@pytest.mark.parametrize("order", MARKS)
def test_a_bus_of_either_byte_order_is_understood(order: str) -> None:
    ours, theirs = socket.socketpair()

    def serve() -> None:
        asked = theirs.recv(4096)
        while len(asked) < 16 or len(asked) < message_length(asked):
            asked += theirs.recv(4096)
        theirs.sendall(message(order, "s", ["yes"]))

    server = threading.Thread(target=serve)
    server.start()
    with contextlib.closing(ours), contextlib.closing(theirs):
        assert SystemBus(t.cast(t.Any, ours)).call("org.example", "/", "org.example", "Ask", "s", ["?"]) == ["yes"]
        server.join()


@pytest.mark.parametrize("length", [0x7FFFFFFF, 0xFFFFFFFF])
def test_a_message_that_promises_more_than_any_may_have_is_not_waited_for(length: int) -> None:
    start = bytearray(REAL[0][:16])
    start[4:8] = struct.pack("<I", length)
    with pytest.raises(WireError, match="too long"):
        message_length(start)
