# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which TCP connections the kernel has, asked for by both their ends (sock_diag(7)): a walk through its tables costs 4 ms, this 0.1."""

from __future__ import annotations

import contextlib
import struct
import typing as t
from _socket import (  # socket, around it, would cost each start 3 ms
    AF_INET,
    AF_INET6,
    AF_NETLINK,
    IPPROTO_TCP,
    MSG_DONTWAIT,
    SOCK_RAW,
    socket,
)

from .tcp_table import NO_CONNECTION, Way, packed

# linux/netlink.h, linux/sock_diag.h
_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_REQUEST = 1
_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, port
# linux/inet_diag.h: of inet_diag_req_v2 the family, the protocol, extensions, padding and wanted states; then inet_diag_sockid
_QUESTION = struct.Struct("=BBBBI")
_ENDS = struct.Struct("!HH16s16s")
_ANY_INTERFACE_NO_COOKIE = struct.pack("=III", 0, 0xFFFFFFFF, 0xFFFFFFFF)
# of inet_diag_msg the family, the state and two bytes of timers come before the ends
_ANSWER = struct.Struct("=BBBB")
_ALL_STATES = 0xFFFFFFFF
_LONGEST_ANSWER = 8192


def connected_from(way: Way, ports: t.Iterable[int]) -> set[int]:
    """Those of the remote ``ports`` that are connected this way; none also where the kernel does not answer.

    It does not know of the interface: connections of a VRF are not found.
    """
    remote, local = packed(way.remote), packed(way.local)
    if not remote or len(remote) != len(local):
        return set()
    try:
        with contextlib.closing(socket(AF_NETLINK, SOCK_RAW, _NETLINK_SOCK_DIAG)) as kernel:
            return {port for port in ports if _is_connected(kernel, (way.port, port, local, remote))}
    except (OSError, struct.error):
        return set()


def _is_connected(kernel: socket, ends: tuple[int, int, bytes, bytes]) -> bool:
    """Whether a connection has these ends, the own one first; the kernel answers with the server where there is none."""
    own_port, port, local, remote = ends
    asked = _ENDS.pack(own_port, port, local, remote)
    family = AF_INET if len(local) == 4 else AF_INET6
    question = _QUESTION.pack(family, IPPROTO_TCP, 0, 0, _ALL_STATES) + asked + _ANY_INTERFACE_NO_COOKIE
    kernel.send(_HEADER.pack(_HEADER.size + len(question), _SOCK_DIAG_BY_FAMILY, _REQUEST, 0, 0) + question)
    answer = kernel.recv(_LONGEST_ANSWER, MSG_DONTWAIT)  # it is there when the question has been sent
    _length, kind, _flags, _sequence, _port = _HEADER.unpack_from(answer)
    if kind != _SOCK_DIAG_BY_FAMILY:
        return False
    _family, state, _timer, _retransmissions = _ANSWER.unpack_from(answer, _HEADER.size)
    has_ports = answer[_HEADER.size + _ANSWER.size :][:4] == asked[:4]
    return has_ports and state not in NO_CONNECTION
