# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who answers for which address on the first segment, judged by ARP from outside: neither a node nor the database is asked."""

from __future__ import annotations

import contextlib
import ctypes
import socket
import struct
import threading
import time
import typing as t
from ipaddress import IPv4Address

from tests.testbed import network, places

_ARP = 0x0806
_REQUEST, _REPLY = 1, 2
_BRIDGE = network.SEGMENTS[0]
_OWN_ADDRESS = IPv4Address(f"{_BRIDGE.network}.1")
# how long answers to a round are waited for, in seconds
_ROUND = 0.7
_NETNS = 0x40000000

_B = t.TypeVar("_B", bound="Background")


class Background:
    """Work in a thread beside the test; what it fails with fails the test."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self.failure: BaseException | None = None

    def __enter__(self: _B) -> _B:
        self._thread.start()
        return self

    def __exit__(self, *_reason: object) -> None:
        self._over.set()
        self._thread.join()
        assert self.failure is None, self.failure

    def _work(self) -> None:
        try:
            self._go_on()
        except BaseException as error:  # noqa: BLE001 for the test to see
            self.failure = error

    def _go_on(self) -> None:
        """Work until it is over."""
        raise NotImplementedError


class Watcher(Background):
    """Asks for all addresses, round after round, from the bridge of the segment."""

    def __init__(self, addresses: t.Sequence[str]) -> None:
        super().__init__()
        self._addresses = addresses
        self._changed = threading.Condition()
        self.rounds = 0
        self.last: dict[str, set[str]] = {}
        # addresses that two machines answered for in one round, each with the MAC addresses
        self.twice: list[tuple[str, tuple[str, ...]]] = []

    def next_round(self) -> dict[str, set[str]]:
        """Who answers in a round that begins after this call: MAC addresses by address."""
        with self._changed:
            seen = self.rounds
            assert self._changed.wait_for(lambda: self.rounds > seen + 1 or self.failure, 30), "no round ends"
            return dict(self.last)

    def _work(self) -> None:
        super()._work()
        with self._changed:
            self._changed.notify_all()

    def _go_on(self) -> None:
        with open(f"/run/netns/{places.INFRASTRUCTURE}", "rb") as handle:
            if ctypes.CDLL(None, use_errno=True).setns(handle.fileno(), _NETNS):
                raise OSError(ctypes.get_errno(), "the namespace cannot be entered")
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ARP)) as wire:
            wire.bind((_BRIDGE.bridge, 0))
            own = wire.getsockname()[4]
            while not self._over.is_set():
                self._ask_all(wire, own)

    def _ask_all(self, wire: socket.socket, own: bytes) -> None:
        for address in self._addresses:
            wire.send(_question(own, IPv4Address(address)))
        found = dict(_answers(wire, time.monotonic() + _ROUND))
        with self._changed:
            self.twice += [(address, tuple(sorted(macs))) for address, macs in found.items() if len(macs) > 1]
            self.last = found
            self.rounds += 1
            self._changed.notify_all()


def _question(own: bytes, address: IPv4Address) -> bytes:
    header = b"\xff" * 6 + own + struct.pack("!H", _ARP)
    body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, _REQUEST)
    return header + body + own + _OWN_ADDRESS.packed + b"\0" * 6 + address.packed


def _answers(wire: socket.socket, until: float) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    while (left := until - time.monotonic()) > 0:
        wire.settimeout(left)
        with contextlib.suppress(TimeoutError):
            frame = wire.recv(2048)
            if len(frame) >= 42 and struct.unpack("!H", frame[20:22])[0] == _REPLY:
                found.setdefault(str(IPv4Address(frame[28:32])), set()).add(frame[22:28].hex(":"))
    return found
