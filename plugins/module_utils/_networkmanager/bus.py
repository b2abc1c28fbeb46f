# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection to the system bus: calls and properties, nothing else."""

from __future__ import annotations

import os
import select
import struct
import time
import typing as t
from _socket import AF_UNIX, socket  # the module around this part of it that is C would cost each start 3 ms

from .wire import Variant, marshal, unmarshal

SYSTEM_BUS_SOCKET = "/run/dbus/system_bus_socket"
_METHOD_CALL, _ERROR = 1, 3
# calls on their way at once: they and their answers have to fit what the bus keeps for a connection
_AT_ONCE = 32
_PATH, _INTERFACE, _MEMBER, _ERROR_NAME, _REPLY_SERIAL, _DESTINATION, _SIGNATURE = 1, 2, 3, 4, 5, 6, 8


class BusError(Exception):
    """A call that failed: ``name`` is the D-Bus error name (empty when the bus itself failed)."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class SystemBus:
    """One authenticated connection to the system bus."""

    def __init__(self, connection: socket) -> None:
        self._socket = connection
        self._received = b""
        self._serial = 0

    @classmethod
    def connect(cls, path: str = SYSTEM_BUS_SOCKET) -> SystemBus:
        """Connect as the current user. Raises BusError when no bus answers."""
        connection = socket(AF_UNIX)
        try:
            connection.connect(path)
        except OSError as error:
            connection.close()
            raise BusError("", f"no system D-Bus answers at {path} ({error.strerror})") from error
        bus = cls(connection)
        bus._authenticate()
        bus.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello")
        return bus

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _authenticate(self) -> None:
        user = str(os.geteuid()).encode().hex().encode()
        self._socket.sendall(b"\0AUTH EXTERNAL " + user + b"\r\nBEGIN\r\n")  # sent in one go: no round trip
        deadline = time.monotonic() + 10
        while b"\r\n" not in self._received:
            self._receive(deadline)
        line, self._received = self._received.split(b"\r\n", 1)
        if not line.startswith(b"OK"):
            raise BusError("", "the system D-Bus refused the connection")

    def call(
        self,
        destination: str,
        path: str,
        interface: str,
        member: str,
        signature: str = "",
        arguments: t.Sequence[t.Any] = (),
        timeout: float = 25.0,
    ) -> list[t.Any]:
        """Call a method and return its results; ``timeout`` is in seconds. Raises BusError."""
        (result,) = self.call_each(destination, [path], interface, member, signature, arguments, timeout)
        if isinstance(result, BusError):
            raise result
        return result

    def call_each(
        self,
        destination: str,
        paths: t.Sequence[str],
        interface: str,
        member: str,
        signature: str = "",
        arguments: t.Sequence[t.Any] = (),
        timeout: float = 25.0,
    ) -> list[list[t.Any] | BusError]:
        """Call one method of many objects without a round trip for each; the results, or the error, in the order of ``paths``.

        Raises BusError when the bus itself fails.
        """
        results: list[list[t.Any] | BusError] = []
        for start in range(0, len(paths), _AT_ONCE):
            some = paths[start : start + _AT_ONCE]
            serials = [self._send(destination, path, interface, member, signature, arguments) for path in some]
            answers = self._answers(set(serials), member, timeout)
            results += [answers[serial] for serial in serials]
        return results

    def _answers(self, awaited: set[int], member: str, timeout: float) -> dict[int, list[t.Any] | BusError]:
        """The answers by serial number; each may take ``timeout`` seconds after the one before."""
        answers: dict[int, list[t.Any] | BusError] = {}
        deadline = time.monotonic() + timeout
        while len(answers) < len(awaited):
            fields, kind, values = self._read(deadline)
            serial = fields.get(_REPLY_SERIAL)
            if serial not in awaited:
                continue
            deadline = time.monotonic() + timeout
            answers[serial] = values
            if kind == _ERROR:
                answers[serial] = BusError(fields.get(_ERROR_NAME, ""), str(values[0]) if values else member)
        return answers

    def _send(
        self, destination: str, path: str, interface: str, member: str, signature: str, arguments: t.Sequence[t.Any]
    ) -> int:
        self._serial += 1
        body = bytearray()
        marshal(body, signature, arguments)
        fields = [
            (_PATH, Variant("o", path)),
            (_INTERFACE, Variant("s", interface)),
            (_MEMBER, Variant("s", member)),
            (_DESTINATION, Variant("s", destination)),
        ]
        if signature:
            fields.append((_SIGNATURE, Variant("g", signature)))
        message = bytearray(struct.pack("<cBBBII", b"l", _METHOD_CALL, 0, 1, len(body), self._serial))
        marshal(message, "a(yv)", [fields])
        message.extend(bytes(-len(message) % 8))
        try:
            self._socket.sendall(bytes(message + body))
        except OSError as error:
            raise BusError("", f"the system D-Bus broke off ({error.strerror})") from error
        return self._serial

    def _read(self, deadline: float) -> tuple[dict[int, t.Any], int, list[t.Any]]:
        while len(self._received) < 16 or len(self._received) < self._message_length():
            self._receive(deadline)
        length = self._message_length()
        message, self._received = self._received[:length], self._received[length:]
        fields = dict(unmarshal(message, 12, "a(yv)")[0][0])
        body_length = struct.unpack_from("<I", message, 4)[0]
        body = message[length - body_length :]
        return fields, message[1], unmarshal(body, 0, fields.get(_SIGNATURE, ""))[0]

    def _message_length(self) -> int:
        body_length, _serial, fields_length = struct.unpack_from("<III", self._received, 4)
        return int(16 + fields_length + (-fields_length % 8) + body_length)

    def _receive(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([self._socket], [], [], left)[0]:
            raise BusError("", "the system D-Bus did not answer in time")
        try:
            chunk = self._socket.recv(65536)
        except OSError as error:
            raise BusError("", f"the system D-Bus broke off ({error.strerror})") from error
        if not chunk:
            raise BusError("", "the system D-Bus closed the connection")
        self._received += chunk
