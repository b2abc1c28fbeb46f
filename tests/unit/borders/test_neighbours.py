# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The border neighbour -> node: frames, datagrams, and what the kernel lists of connections; each is what it has to be, or says nothing."""

from __future__ import annotations

import socket
import struct
import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.checks import probing
from ansible_collections.elemental.networking.plugins.module_utils._node.checks.inbound import knocked_from
from ansible_collections.elemental.networking.plugins.module_utils._node.checks.packets import (
    arp_sender,
    dns_query,
    echo_request,
    is_dns_answer,
    is_echo_reply,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import (
    Knock,
)
from ansible_collections.elemental.networking.tests.unit.borders.bounds import bounded
from hypothesis import given
from hypothesis import strategies as st

if t.TYPE_CHECKING:
    from pathlib import Path

MAC = bytes.fromhex("525400123456")
NUMBER = 0x656C
TOKEN = b"0123456789"
REPLY = (
    b"\xff" * 6
    + MAC
    + struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, 2)
    + MAC
    + bytes([192, 0, 2, 7])
    + MAC
    + bytes(4)
)
ANSWER = struct.pack("!6H", NUMBER, 0x8180, 1, 1, 0, 0) + dns_query(NUMBER)[12:] + bytes(20)
HEADER = bytes([0x45, *range(19)])
ECHO = b"\0\0" + echo_request(socket.AF_INET, TOKEN)[2:]
FAMILIES = (socket.AF_INET, socket.AF_INET6)


def changed(real: bytes) -> st.SearchStrategy[bytes]:
    """A real packet with some bytes that are others, cut short or prolonged, or anything."""
    change = st.tuples(st.integers(0, len(real) - 1), st.integers(0, 255))

    def build(changes: list[tuple[int, int]], length: int, rest: bytes) -> bytes:
        packet = bytearray(real)
        for place, value in changes:
            packet[place] = value
        return bytes(packet[:length]) + rest

    mutated = st.builds(build, st.lists(change, max_size=3), st.integers(0, 2 * len(real)), st.binary(max_size=9))
    return st.one_of(mutated, st.binary(max_size=200))


@given(changed(REPLY))
def test_a_frame_names_its_sender_or_says_nothing(frame: bytes) -> None:
    with bounded():
        found = arp_sender(frame)
    if found is not None:
        socket.inet_aton(found[0])
        assert not int(found[1][:2], 16) & 1, "no machine has the address of a group"
        assert frame[12:14] == b"\x08\x06"


def test_who_asks_and_who_answers_has_the_address() -> None:
    assert arp_sender(REPLY) == arp_sender(REPLY[:21] + b"\1" + REPLY[22:]) == ("192.0.2.7", "52:54:00:12:34:56")


@pytest.mark.parametrize(
    ("place", "content"),
    [(12, b"\x81\0"), (14, b"\0\6"), (16, b"\x86\xdd"), (18, b"\x08"), (21, b"\3"), (22, bytes(6)), (22, b"\xff" * 6)],
    ids=["a tag", "no Ethernet", "no IPv4", "another length", "RARP", "no address", "everybody's address"],
)
def test_what_is_no_arp_packet_of_a_machine_says_nothing(place: int, content: bytes) -> None:
    assert arp_sender(REPLY[:place] + content + REPLY[place + len(content) :]) is None


@given(changed(ANSWER))
def test_a_datagram_answers_the_query_or_it_does_not(datagram: bytes) -> None:
    with bounded():
        if is_dns_answer(datagram, NUMBER):
            assert datagram[:2] == NUMBER.to_bytes(2, "big")
            assert datagram[2] & 0x80


@pytest.mark.parametrize(
    ("answer", "does"),
    [
        (ANSWER, True),
        (struct.pack("!6H", NUMBER, 0x8185, 1, 0, 0, 0) + ANSWER[12:17], True),
        (struct.pack("!6H", NUMBER, 0x8181, 0, 0, 0, 0), True),
        (struct.pack("!6H", NUMBER, 0x8182, 1, 0, 0, 0) + ANSWER[12:17], False),
        (struct.pack("!6H", NUMBER + 1, 0x8180, 1, 0, 0, 0) + ANSWER[12:17], False),
        (dns_query(NUMBER), False),
        (struct.pack("!6H", NUMBER, 0x8180, 0, 0, 0, 0), False),
        (ANSWER[:12] + b"\1a\0" + ANSWER[15:], False),
    ],
    ids=[
        "answers",
        "refuses",
        "does not understand",
        "is broken",
        "another number",
        "a query",
        "no question",
        "another one",
    ],
)
def test_an_answer_is_to_this_query(answer: bytes, does: bool) -> None:
    """A constant number would let anybody answer for a server that is gone."""
    assert is_dns_answer(answer, NUMBER) is does


@given(changed(HEADER + ECHO), st.sampled_from(FAMILIES))
def test_a_packet_is_the_echo_or_it_is_not(packet: bytes, family: socket.AddressFamily) -> None:
    with bounded():
        if is_echo_reply(packet, family, TOKEN):
            assert packet.endswith(TOKEN[2:])


def test_an_echo_comes_back_with_its_token() -> None:
    assert is_echo_reply(HEADER + ECHO, socket.AF_INET, TOKEN)
    assert not is_echo_reply(HEADER + ECHO, socket.AF_INET, TOKEN[::-1])
    assert not is_echo_reply(HEADER + echo_request(socket.AF_INET, TOKEN), socket.AF_INET, TOKEN), "that is the request"
    assert is_echo_reply(b"\x81" + echo_request(socket.AF_INET6, TOKEN)[1:], socket.AF_INET6, TOKEN)
    assert not is_echo_reply(b"", socket.AF_INET, TOKEN)


_REAL_LINES = [
    "eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0",
    f"{'0' * 32} 00 {'0' * 32} 00 fe80{'0' * 27}1 00000064 00000001 00000000 00000003     eth0",
    "   0: 0100007F:0016 0B7AA8C0:C350 01 00000000:00000000 00:00000000 00000000     0        0 1",
    "nameserver\t192.0.2.1",
]
_ANY_LINE = st.text("0123456789ABCDEFx:. \t#;-_nameserv\0\u00e4\u0663", max_size=60)
# one line of each kind with a few characters that are others, or anything
LINES = st.lists(
    st.one_of(
        _ANY_LINE,
        st.builds(
            lambda line, at, new: line[:at] + new + line[at + 1 :],
            st.sampled_from(_REAL_LINES),
            st.integers(0, 90),
            _ANY_LINE,
        ),
    ),
    max_size=3,
)


@given(LINES)
def test_any_lines_are_tables_of_routes(lines: list[str]) -> None:
    with bounded():
        for read in (probing._route, probing._route_ipv6):
            assert all(interface and gateway for interface, gateway in probing.routes_in(lines, read))


@given(LINES)
def test_any_lines_name_servers(lines: list[str]) -> None:
    with bounded():
        assert len(probing.name_servers(lines)) <= 3


@given(lines=LINES)
def test_any_lines_are_a_table_of_connections(tmp_path: Path, lines: list[str]) -> None:
    table = tmp_path / "tcp"
    table.write_text("\n".join(["sl local_address rem_address st", *lines]), encoding="utf-8", errors="replace")
    knock = Knock("192.168.122.11", (50000,), 22, 9, "word")
    with bounded():
        found, _tables = knocked_from(knock, [str(table)])
    assert found <= {50000}


@pytest.mark.parametrize(
    ("text", "servers"),
    [
        ("nameserver\t192.0.2.1\n", ["192.0.2.1"]),
        ("nameserver  192.0.2.1 \t# the first\nnameserver fe80::1%eth0\n", ["192.0.2.1", "fe80::1%eth0"]),
        ("# nameserver 192.0.2.1\n;nameserver 192.0.2.1\nsearch a\n nameserver 192.0.2.1\n", []),
        ("nameserver\nnameservers 192.0.2.1\n# K\u00f6ln\n", []),
        (
            "".join(f"nameserver 192.0.2.{number}\n" for number in range(5)),
            [f"192.0.2.{number}" for number in range(3)],
        ),
    ],
)
def test_resolv_conf_is_read_as_the_c_library_reads_it(text: str, servers: list[str]) -> None:
    """A tab after the keyword, too: without a server there is nothing that has to work after a change."""
    assert probing.name_servers(text.splitlines()) == servers


def test_resolv_conf_need_not_be_ascii(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text("# K\u00f6ln\nnameserver\t192.0.2.1\n", encoding="utf-8")
    monkeypatch.setattr(probing, "_ask_server", lambda _server, _number: None)
    monkeypatch.setattr(probing, "_RESOLVER_FILE", str(file))
    probe = probing.Probe("dns", "dns", timeout=0.01)
    assert probing._dns(probe) == "192.0.2.1 does not answer"
