# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The D-Bus wire format (D-Bus specification 0.41, "Marshaling"): values to bytes and back, little endian.

Written here because nodes offer Python's standard library only, and one process per call (busctl) costs 10 to 30 times as much.
"""

from __future__ import annotations

import struct
import typing as t

# type code -> (struct format, alignment and size in bytes)
_FIXED = {
    "y": ("B", 1),
    "b": ("I", 4),
    "n": ("h", 2),
    "q": ("H", 2),
    "i": ("i", 4),
    "u": ("I", 4),
    "h": ("I", 4),
    "x": ("q", 8),
    "t": ("Q", 8),
    "d": ("d", 8),
}


class Variant(t.NamedTuple):
    """A value that carries its own type: ``Variant("u", 5)``."""

    signature: str
    value: t.Any


def split_signature(signature: str) -> list[str]:
    """The complete types of a signature: ``"sa{sv}"`` gives ``["s", "a{sv}"]``."""
    types: list[str] = []
    start = 0
    while start < len(signature):
        end = _end_of_type(signature, start)
        types.append(signature[start:end])
        start = end
    return types


def _end_of_type(signature: str, start: int) -> int:
    code = signature[start]
    if code == "a":
        return _end_of_type(signature, start + 1)
    if code not in "({":
        return start + 1
    position = start + 1
    while signature[position] not in ")}":
        position = _end_of_type(signature, position)
    return position + 1


def _alignment(code: str) -> int:
    if code in "({":
        return 8
    if code in "gv":
        return 1
    if code in "soa":
        return 4
    return _FIXED[code][1]


def marshal(buffer: bytearray, signature: str, values: t.Sequence[t.Any]) -> None:
    """Append ``values`` to ``buffer``, which starts where the message starts (alignment counts from there)."""
    for one_type, value in zip(split_signature(signature), values):
        _put(buffer, one_type, value)


def _put(buffer: bytearray, one_type: str, value: t.Any) -> None:
    code = one_type[0]
    buffer.extend(bytes(-len(buffer) % _alignment(code)))
    if code in _FIXED:
        buffer.extend(struct.pack("<" + _FIXED[code][0], value))
    elif code in "so":
        raw = value.encode()
        buffer.extend(struct.pack("<I", len(raw)) + raw + b"\0")
    elif code == "g":
        buffer.extend(bytes([len(value)]) + value.encode() + b"\0")
    elif code == "v":
        _put(buffer, "g", value.signature)
        _put(buffer, value.signature, value.value)
    elif code in "({":
        marshal(buffer, one_type[1:-1], value)
    else:
        _put_array(buffer, one_type[1:], value)


def _put_array(buffer: bytearray, element: str, value: t.Any) -> None:
    length_at = len(buffer)
    buffer.extend(bytes(4))
    buffer.extend(bytes(-len(buffer) % _alignment(element[0])))
    start = len(buffer)
    for item in value.items() if isinstance(value, dict) else value:
        _put(buffer, element, item)
    buffer[length_at : length_at + 4] = struct.pack("<I", len(buffer) - start)


def unmarshal(buffer: bytes, offset: int, signature: str) -> tuple[list[t.Any], int]:
    """The values of ``signature`` at ``offset`` and the offset behind them; a variant becomes its bare value."""
    values = []
    for one_type in split_signature(signature):
        value, offset = _get(buffer, offset, one_type)
        values.append(value)
    return values, offset


def _get(buffer: bytes, offset: int, one_type: str) -> tuple[t.Any, int]:
    code = one_type[0]
    offset += -offset % _alignment(code)
    if code in _FIXED:
        value = struct.unpack_from("<" + _FIXED[code][0], buffer, offset)[0]
        return (bool(value) if code == "b" else value), offset + _FIXED[code][1]
    if code in "so":
        length = struct.unpack_from("<I", buffer, offset)[0]
        return buffer[offset + 4 : offset + 4 + length].decode(), offset + 5 + length
    if code == "g":
        length = buffer[offset]
        return buffer[offset + 1 : offset + 1 + length].decode(), offset + 2 + length
    if code == "v":
        inner, offset = _get(buffer, offset, "g")
        return _get(buffer, offset, inner)
    if code in "({":
        return unmarshal(buffer, offset, one_type[1:-1])
    return _get_array(buffer, offset, one_type[1:])


def _get_array(buffer: bytes, offset: int, element: str) -> tuple[t.Any, int]:
    length = struct.unpack_from("<I", buffer, offset)[0]
    offset += 4
    offset += -offset % _alignment(element[0])
    end = offset + length
    items = []
    while offset < end:
        item, offset = _get(buffer, offset, element)
        items.append(item)
    return (dict(items) if element[0] == "{" else items), offset
