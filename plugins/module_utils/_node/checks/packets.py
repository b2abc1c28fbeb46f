# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What neighbours on the segment send: every packet of theirs is read here (pure), and one that is not valid counts as none.

Any of them may be forged. So an answer must match a random number of the question; an ARP answer cannot, and is only ever a reason to
change nothing.
"""

from __future__ import annotations

import struct
from _socket import AF_INET, AF_INET6, inet_ntoa  # socket, around it, would cost each start 3 ms

_ARP_HEAD = struct.pack(
    "!HHHBB", 0x0806, 1, 0x0800, 6, 4
)  # ARP of IPv4 over Ethernet (RFC 826), behind the addresses of the frame
_ARP_LENGTH = 42
_ARP_OPERATIONS = (1, 2)  # who asks has the address that it asks with, too (RFC 5227)
_GROUP = 1  # the bit of a MAC address that is not a machine's own
_NO_MAC = bytes(6)
# the name servers of the root, which every server answers for, if only by refusing
_DNS_QUESTION = b"\0" + struct.pack("!2H", 2, 1)
_DNS_HEADER = 12
_SERVER_FAILURE = 2
# family -> protocol, type of an echo request, type of an echo reply
_ICMP: dict[int, tuple[int, int, int]] = {AF_INET: (1, 8, 0), AF_INET6: (58, 128, 129)}
_ICMP_HEADER = 8


def arp_sender(frame: bytes) -> tuple[str, str] | None:
    """The IPv4 address that an ARP packet claims for its sender, and the MAC address; None for anything else."""
    if len(frame) < _ARP_LENGTH or frame[12:20] != _ARP_HEAD or frame[21] not in _ARP_OPERATIONS or frame[20]:
        return None
    mac = frame[22:28]
    if mac == _NO_MAC or mac[0] & _GROUP:
        return None
    return inet_ntoa(frame[28:32]), ":".join(f"{byte:02x}" for byte in mac)


def dns_query(number: int) -> bytes:
    """A query with this number (of 16 bits)."""
    return struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + _DNS_QUESTION


def is_dns_answer(answer: bytes, number: int) -> bool:
    """Whether a datagram answers the query with this number, by more than that the server is broken.

    A server that does not understand a query may leave the question out.
    """
    if len(answer) < _DNS_HEADER:
        return False
    head: tuple[int, int, int] = struct.unpack_from("!3H", answer)
    found, flags, questions = head
    code = flags & 0x000F
    is_reply_to_query = flags & 0xF800 == 0x8000
    question = answer[_DNS_HEADER : _DNS_HEADER + len(_DNS_QUESTION)]
    is_about_it = (questions, question) == (1, _DNS_QUESTION) or (questions == 0 and code != 0)
    return found == number and is_reply_to_query and is_about_it and code != _SERVER_FAILURE


def icmp_protocol(family: int) -> int:
    """The number of ICMP in this family."""
    return _ICMP[family][0]


def echo_request(family: int, token: bytes) -> bytes:
    """An ICMP echo request that carries ``token`` (10 bytes or more, an even number): its first two are the identifier."""
    body = bytes([_ICMP[family][1], 0, 0, 0]) + token[:2] + b"\0\1" + token[2:]
    checksum = struct.pack("!H", 0xFFFF - _sum(body)) if family == AF_INET else b"\0\0"  # IPv6: the kernel's
    return body[:2] + checksum + body[4:]


def _sum(body: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(body) // 2}H", body))
    total = (total >> 16) + (total & 0xFFFF)
    return (total >> 16) + (total & 0xFFFF)


def is_echo_reply(packet: bytes, family: int, token: bytes) -> bool:
    """Whether what a raw socket received is the reply to the request with this token; IPv4 comes with its header."""
    if family == AF_INET:
        packet = packet[(packet[0] & 15) * 4 :] if packet else b""
    body = packet[4:6] + packet[_ICMP_HEADER:]
    return packet[:2] == bytes([_ICMP[family][2], 0]) and body == token
