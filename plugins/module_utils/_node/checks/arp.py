# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who has an IPv4 address on a segment: ARP requests of our own, because a cache may lie and NetworkManager names no owner."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import select
import struct
import threading
import time
import typing as t
from _socket import (  # socket, around it, would cost each start 3 ms
    AF_INET,
    AF_PACKET,
    SOCK_DGRAM,
    SOCK_RAW,
    inet_aton,
    inet_ntoa,
    socket,
)

from .packets import arp_sender

_ETHERNET, _IPV4, _ARP = 1, 0x0800, 0x0806
_REQUEST = 1
_SIOCGIFADDR = 0x8915
_REPEAT_AFTER = 0.1


class ArpSearch:
    """Requests for some addresses on one interface, on their way; ``finish`` collects who answered."""

    def __init__(self, interface: str, addresses: t.Collection[str], sender: str = "0.0.0.0") -> None:
        self._addresses = {inet_aton(address): address for address in addresses}
        self._sender = inet_aton(sender)
        self._started = time.monotonic()
        self._socket: socket | None = None
        # deaf until it is bound: else the kernel would wait until no processor is in the middle of a packet
        connection = socket(AF_PACKET, SOCK_RAW, 0)
        try:
            connection.bind((interface, _ARP))
            _name, _protocol, _kind, hardware, self._mac = connection.getsockname()
        except OSError:
            connection.close()
            return
        if hardware != _ETHERNET:
            connection.close()
            return
        self._socket = connection
        self._ask()

    def finish(self, seconds: float) -> dict[str, str]:
        """The MAC address of each address that answers within ``seconds`` of the start. Own answers do not count."""
        found: dict[str, str] = {}
        if self._socket is None:
            return found
        if time.monotonic() >= self._started + seconds:
            self._started = time.monotonic()  # other work took all of the time: no one was listening
            self._ask()
        deadline, repeat = self._started + seconds, self._started + _REPEAT_AFTER
        own = own_macs()
        while len(found) < len(self._addresses) and time.monotonic() < deadline:
            if repeat and time.monotonic() >= repeat:  # also where the neighbours are never silent
                repeat = 0.0
                self._ask()
            until = min(deadline, repeat) if repeat else deadline
            if select.select([self._socket], [], [], max(0.0, until - time.monotonic()))[0]:
                found.update(self._answer(own))
        _close_aside(self._socket)
        return found

    def _ask(self) -> None:
        head = b"\xff" * 6 + self._mac + struct.pack("!HHHBBH", _ARP, _ETHERNET, _IPV4, 6, 4, _REQUEST)
        for address in self._addresses:
            try:
                t.cast(socket, self._socket).send(head + self._mac + self._sender + bytes(6) + address)
            except OSError as error:
                if error.errno not in (errno.ENETDOWN, errno.ENOBUFS, errno.ENXIO):
                    raise

    def _answer(self, own: t.Collection[str]) -> dict[str, str]:
        try:
            sender = arp_sender(t.cast(socket, self._socket).recv(128))
        except OSError:
            return {}  # the interface went down
        if sender is None:
            return {}
        address, mac = sender
        asked = self._addresses.get(inet_aton(address))
        return {asked: mac} if asked and mac not in own else {}


def _close_aside(connection: socket) -> None:
    """Here the kernel waits itself: nothing else must."""
    try:
        threading.Thread(target=connection.close).start()
    except RuntimeError:  # the host lets us have no more of them
        connection.close()


def own_macs() -> set[str]:
    """The MAC addresses of all interfaces of this node: a second one on the same segment answers too."""
    macs = set()
    for interface in os.listdir("/sys/class/net"):
        try:
            with open(f"/sys/class/net/{interface}/address", encoding="ascii") as stream:
                macs.add(stream.read().strip())
        except OSError:
            continue
    return macs


def is_ethernet(interface: str) -> bool:
    """Whether an interface speaks ARP."""
    try:
        with open(f"/sys/class/net/{interface}/type", encoding="ascii") as stream:
            return int(stream.read()) == _ETHERNET
    except OSError:
        return False


def address_of(interface: str) -> str:
    """The first IPv4 address of an interface; 0.0.0.0 when it has none."""
    with contextlib.closing(socket(AF_INET, SOCK_DGRAM)) as connection:
        try:
            answer = fcntl.ioctl(connection.fileno(), _SIOCGIFADDR, struct.pack("256s", interface.encode()[:15]))
        except OSError:
            return "0.0.0.0"
    return inet_ntoa(answer[20:24])
