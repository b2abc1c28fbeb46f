# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The D-Bus wire format (D-Bus specification 0.41, "Marshaling"): values to bytes and back, in either byte order.

Written here because nodes offer Python's standard library only, and one process per call (busctl) costs 10 to 30 times as much.
"""

from __future__ import annotations

import struct
import sys
import typing as t

# the first byte of a message -> how `struct` calls its byte order
BYTE_ORDERS = {0x6C: "<", 0x42: ">"}
NATIVE_ORDER = "<" if sys.byteorder == "little" else ">"
# bytes
LONGEST_MESSAGE = 128 * 1024 * 1024
LONGEST_ARRAY = 64 * 1024 * 1024
_LONGEST_SIGNATURE = 255
_DEEPEST = 64  # all containers together, variants too
_DEEPEST_OF_A_KIND = 32  # arrays, and structs, within one signature

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
_ALIGNMENTS = {code: size for code, (_format, size) in _FIXED.items()}
_ALIGNMENTS.update({"(": 8, "{": 8, "g": 1, "v": 1, "s": 4, "o": 4, "a": 4})
# byte order and type code -> how to read one
_READERS = {
    order + code: struct.Struct(order + form).unpack_from for order in "<>" for code, (form, _size) in _FIXED.items()
}
_CLOSING = {"(": ")", "{": "}"}
# signatures that were read before, so that a long answer does not read the same ones again and again
_READ: dict[str, list[Type]] = {}
_MOST_READ = 1000


class WireError(ValueError):
    """Bytes that are not a message of this format; the text shows why in a few words."""


class Variant(t.NamedTuple):
    """A value that carries its own type: ``Variant("u", 5)``."""

    signature: str
    value: t.Any


class Type(t.NamedTuple):
    """One complete type: its code (``(`` for a struct, ``{`` for an entry of a dictionary) and what it is made of."""

    code: str
    parts: tuple[Type, ...] = ()


def types_of(signature: str) -> list[Type]:
    """The complete types of a signature: ``sa{sv}`` is a string and an array of dictionary entries. Raises WireError."""
    known = _READ.get(signature)
    if known is not None:
        return known
    if len(signature) > _LONGEST_SIGNATURE:
        raise WireError("a signature is too long")
    types = []
    position = 0
    while position < len(signature):
        one_type, position = _type_at(signature, position, 0, 0)
        types.append(one_type)
    if len(_READ) >= _MOST_READ:
        _READ.clear()
    _READ[signature] = types
    return types


def _type_at(signature: str, position: int, arrays: int, structs: int) -> tuple[Type, int]:
    """The type at a position, inside so many arrays and structs, and the position behind it."""
    code = signature[position : position + 1]
    if code not in _ALIGNMENTS or code == "{" or max(arrays, structs) > _DEEPEST_OF_A_KIND:
        raise WireError("a signature is not valid")
    if code == "a":
        if signature[position + 1 : position + 2] == "{":
            element, position = _entry_at(signature, position + 1, arrays + 1, structs)
        else:
            element, position = _type_at(signature, position + 1, arrays + 1, structs)
        return Type("a", (element,)), position
    return _container_at(signature, position, arrays, structs + 1) if code == "(" else (Type(code), position + 1)


def _entry_at(signature: str, position: int, arrays: int, structs: int) -> tuple[Type, int]:
    entry, position = _container_at(signature, position, arrays, structs + 1)
    if len(entry.parts) != 2 or entry.parts[0].code in "av(":
        raise WireError("a signature is not valid")
    return entry, position


def _container_at(signature: str, position: int, arrays: int, structs: int) -> tuple[Type, int]:
    """A struct or an entry of a dictionary; an empty one does not exist, which keeps every array finite."""
    code, parts = signature[position], []
    position += 1
    while signature[position : position + 1] != _CLOSING[code]:
        part, position = _type_at(signature, position, arrays, structs)
        parts.append(part)
    if not parts:
        raise WireError("a signature is not valid")
    return Type(code, tuple(parts)), position + 1


def marshal(buffer: bytearray, signature: str, values: t.Sequence[t.Any], order: str = NATIVE_ORDER) -> None:
    """Append ``values`` to ``buffer``, which starts where the message starts (alignment counts from there)."""
    for one_type, value in zip(types_of(signature), values):
        _put(buffer, one_type, value, order)


def _put(buffer: bytearray, one_type: Type, value: t.Any, order: str) -> None:
    code = one_type.code
    buffer.extend(bytes(-len(buffer) % _ALIGNMENTS[code]))
    if code in _FIXED:
        buffer.extend(struct.pack(order + _FIXED[code][0], value))
    elif code in "so":
        raw = value.encode()
        buffer.extend(struct.pack(order + "I", len(raw)) + raw + b"\0")
    elif code == "g":
        buffer.extend(bytes([len(value)]) + value.encode() + b"\0")
    elif code == "v":
        _put(buffer, Type("g"), value.signature, order)
        marshal(buffer, value.signature, [value.value], order)
    elif code in "({":
        for part, each in zip(one_type.parts, value):
            _put(buffer, part, each, order)
    else:
        _put_array(buffer, one_type.parts[0], value, order)


def _put_array(buffer: bytearray, element: Type, value: t.Any, order: str) -> None:
    length_at = len(buffer)
    buffer.extend(bytes(4))
    buffer.extend(bytes(-len(buffer) % _ALIGNMENTS[element.code]))
    start = len(buffer)
    for item in value.items() if isinstance(value, dict) else value:
        _put(buffer, element, item, order)
    buffer[length_at : length_at + 4] = struct.pack(order + "I", len(buffer) - start)


def unmarshal(buffer: bytes, offset: int, signature: str, order: str = NATIVE_ORDER) -> tuple[list[t.Any], int]:
    """The values of ``signature`` at ``offset`` and the offset behind them; a variant becomes its bare value.

    Raises WireError, and nothing else, for bytes that hold something else.
    """
    values = []
    for one_type in types_of(signature):
        value, offset = _get(buffer, offset, one_type, order, 0)
        values.append(value)
    return values, offset


def _get(buffer: bytes, offset: int, one_type: Type, order: str, depth: int) -> tuple[t.Any, int]:
    code = one_type.code
    offset += -offset % _ALIGNMENTS[code]
    if code in _FIXED:
        return _get_fixed(buffer, offset, code, order)
    if code in "so":
        length, offset = _get_fixed(buffer, offset, "u", order)
        return _get_text(buffer, offset, length)
    if code == "g":
        length, offset = _get_fixed(buffer, offset, "y", order)
        return _get_text(buffer, offset, length)
    if depth >= _DEEPEST:
        raise WireError("containers are nested too deep")
    if code == "v":
        signature, offset = _get(buffer, offset, Type("g"), order, depth)
        types = types_of(signature)
        if len(types) != 1:
            raise WireError("a variant is not of one type")
        return _get(buffer, offset, types[0], order, depth + 1)
    if code in "({":
        return _get_parts(buffer, offset, one_type.parts, order, depth + 1)
    return _get_array(buffer, offset, one_type.parts[0], order, depth + 1)


def _get_fixed(buffer: bytes, offset: int, code: str, order: str) -> tuple[t.Any, int]:
    end = offset + _ALIGNMENTS[code]
    if end > len(buffer):
        raise WireError("it is cut short")
    value = _READERS[order + code](buffer, offset)[0]
    return (bool(value) if code == "b" else value), end


def _get_text(buffer: bytes, offset: int, length: int) -> tuple[str, int]:
    end = offset + length
    if end >= len(buffer) or buffer[end]:
        raise WireError("a string has no end")
    try:
        return buffer[offset:end].decode(), end + 1
    except UnicodeDecodeError:
        raise WireError("a string is not UTF-8") from None


def _get_parts(buffer: bytes, offset: int, parts: t.Sequence[Type], order: str, depth: int) -> tuple[list[t.Any], int]:
    values = []
    for part in parts:
        value, offset = _get(buffer, offset, part, order, depth)
        values.append(value)
    return values, offset


def _get_array(buffer: bytes, offset: int, element: Type, order: str, depth: int) -> tuple[t.Any, int]:
    length, offset = _get_fixed(buffer, offset, "u", order)
    offset += -offset % _ALIGNMENTS[element.code]
    end = offset + length
    if length > LONGEST_ARRAY or end > len(buffer):
        raise WireError("an array is longer than its message")
    if element.code == "y":
        return buffer[offset:end], end
    items = []
    while offset < end:
        item, offset = _get(buffer, offset, element, order, depth)
        items.append(item)
    if offset != end:
        raise WireError("an array ends in the middle of an element")
    return (dict(items) if element.code == "{" else items), offset
