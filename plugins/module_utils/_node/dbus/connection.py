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

from .wire import BYTE_ORDERS, LONGEST_ARRAY, LONGEST_MESSAGE, NATIVE_ORDER, Variant, WireError, marshal, unmarshal

SYSTEM_BUS_SOCKET = "/run/dbus/system_bus_socket"
_METHOD_CALL, _ERROR = 1, 3
_PROTOCOL = 1  # its version
# bytes; what a message always begins with, and the longest line of the authentication (libdbus allows as much)
_HEADER = 16
_LONGEST_LINE = 16384
# the mark of this machine's byte order
_NATIVE_MARK = next(mark for mark, order in BYTE_ORDERS.items() if order == NATIVE_ORDER)
# calls on their way at once: they and their answers must fit what the bus keeps for a connection
_AT_ONCE = 32
_PATH, _INTERFACE, _MEMBER, _ERROR_NAME, _REPLY_SERIAL, _DESTINATION, _SIGNATURE = 1, 2, 3, 4, 5, 6, 8


class BusError(Exception):
    """A call that failed: ``name`` is the D-Bus error name (empty when the bus itself failed)."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class BusTimeout(BusError):
    """An answer that did not come in time."""


class SystemBus:
    """One authenticated connection to the system bus."""

    def __init__(self, connection: socket) -> None:
        self._socket = connection
        self._received = bytearray()
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
        self._send_all(b"\0AUTH EXTERNAL " + user + b"\r\nBEGIN\r\n")  # sent in one go: no round trip
        deadline = time.monotonic() + 10
        while b"\r\n" not in self._received:
            if len(self._received) > _LONGEST_LINE:
                raise BusError("", "the system D-Bus sent something else than an answer to the authentication")
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
                answers[serial] = BusError(str(fields.get(_ERROR_NAME, "")), str(values[0]) if values else member)
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
        head = (_NATIVE_MARK, _METHOD_CALL, 0, _PROTOCOL, len(body), self._serial)
        message = bytearray(struct.pack(NATIVE_ORDER + "BBBBII", *head))
        marshal(message, "a(yv)", [fields])
        message.extend(bytes(-len(message) % 8))
        self._send_all(bytes(message + body))
        return self._serial

    def _send_all(self, content: bytes) -> None:
        try:
            self._socket.sendall(content)
        except OSError as error:
            raise BusError("", f"the system D-Bus broke off ({error.strerror})") from error

    def _read(self, deadline: float) -> tuple[dict[int, t.Any], int, list[t.Any]]:
        try:
            while len(self._received) < _HEADER or len(self._received) < message_length(self._received):
                self._receive(deadline)
            length = message_length(self._received)
            message = bytes(self._received[:length])
            del self._received[:length]
            return read_message(message)
        except WireError as error:
            raise BusError("", f"the system D-Bus sent a message that cannot be read ({error})") from error

    def _receive(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([self._socket], [], [], left)[0]:
            raise BusTimeout("", "the system D-Bus did not answer in time")
        try:
            chunk = self._socket.recv(65536)
        except OSError as error:
            raise BusError("", f"the system D-Bus broke off ({error.strerror})") from error
        if not chunk:
            raise BusError("", "the system D-Bus closed the connection")
        self._received += chunk


def message_length(start: bytes | bytearray) -> int:
    """The length of a message in bytes, by its first 16. Raises WireError where that is not one of D-Bus."""
    order = BYTE_ORDERS.get(start[0])
    if order is None or start[3] != _PROTOCOL:
        raise WireError("it is not D-Bus 1")
    body_length, _serial, fields_length = struct.unpack_from(order + "III", start, 4)
    length = int(_HEADER + fields_length + (-fields_length % 8) + body_length)
    if fields_length > LONGEST_ARRAY or length > LONGEST_MESSAGE:
        raise WireError("a message is too long")
    return length


def read_message(message: bytes) -> tuple[dict[int, t.Any], int, list[t.Any]]:
    """Where all that the bus sends enters: the header fields by code, the kind of the message, and its values.

    The sender chose the byte order. Raises WireError.
    """
    if len(message) < _HEADER or len(message) != message_length(message):
        raise WireError("it is cut short")
    order = BYTE_ORDERS[message[0]]
    fields = dict(unmarshal(message, 12, "a(yv)", order)[0][0])
    body_length = struct.unpack_from(order + "I", message, 4)[0]
    signature = fields.get(_SIGNATURE, "")
    if not isinstance(signature, str) or not isinstance(fields.get(_REPLY_SERIAL, 0), int):
        raise WireError("a header field has another type")
    return fields, message[1], unmarshal(message[len(message) - body_length :], 0, signature, order)[0]
