# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of keyfiles that are written differently and mean the same (nm-settings-keyfile(5); tried with NetworkManager 1.42 and 1.52)."""

from __future__ import annotations

import re
from _socket import AF_INET, AF_INET6, inet_ntop, inet_pton  # socket, around it, would cost each start 3 ms

# strings, not patterns: each costs the start of this program 0.1 ms, and few of them are needed
_ESCAPE = r"\\(.)"
_ESCAPED = {"s": " ", "n": "\n", "t": "\t", "r": "\r", "\\": "\\"}
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_BYTES = r"(?:[0-9]{1,3};)*[0-9]{1,3};?\Z"
_MAC_ADDRESS = r"(?i)[0-9a-f]{1,2}(?:[:-][0-9a-f]{1,2}){5,}\Z"
_NUMBER = r"(?i)[-+]?(?:0x[0-9a-f]{1,16}|[0-9]{1,20})\Z"
_DECIMAL = r"[0-9]{1,20}\Z"
_FAMILIES = (AF_INET, AF_INET6)


def same(value: str, other: str) -> bool:
    """Whether two values mean the same, no matter what the type of the key is that has them."""
    return same_value(value, other) or _as_bytes(value) == _as_bytes(other) or _all_in(value, other)


def same_value(value: str, other: str) -> bool:
    """The same of values that are not lists."""
    return (
        value == other
        or unescaped(value) == unescaped(other)
        or (value in _BOOLEANS and other in _BOOLEANS and _BOOLEANS[value] == _BOOLEANS[other])
        or bool(_numbers(value) & _numbers(other))
    )


def _all_in(value: str, other: str) -> bool:
    """Whether two lists have the same elements; an element that is given twice may be there once."""
    elements, others = ({element(each) for each in items(text)} for text in (value, other))
    return bool(elements) and elements == others


def items(value: str) -> list[str]:
    """The elements of a list; nothing after the last semicolon."""
    return [each for each in re.split(r"(?<!\\);", value) if each]


def element(text: str) -> str:
    """An element of a list in the one form of all that mean the same: MAC and IP addresses have several."""
    if re.match(_MAC_ADDRESS, text):
        return ":".join(f"{int(byte, 16):02x}" for byte in re.split("[:-]", text))
    address, slash, prefix = text.partition("/")
    return f"{ip_address(address)}{slash}{prefix}" if ip_address(address) else unescaped(text.replace("\\;", ";"))


def mac_address(text: str) -> str:
    """A MAC address in the one form that the system writes: bytes, a list of numbers, for example; what is not one as it stands."""
    is_list = ";" in text and re.match(_BYTES, text)
    return ":".join(f"{byte:02x}" for byte in _as_bytes(text)) if is_list or re.match(_MAC_ADDRESS, text) else text


def ip_address(text: str) -> str:
    """An IP address in the one form that the system writes; empty for what is not one."""
    for family in _FAMILIES:
        try:
            return inet_ntop(family, inet_pton(family, text))
        except (OSError, ValueError):
            continue
    return ""


def _numbers(value: str) -> set[int | None]:
    """What a number may be: some settings are read as the C library does it, some with the base 10."""
    return {as_number(value), int(value) if re.match(_DECIMAL, value) else None} - {None}


def as_number(value: str) -> int | None:
    """A whole number as the C library reads it (``0x10`` is 16, ``010`` is 8); None for what is not one."""
    if not re.match(_NUMBER, value):
        return None
    digits = value.lstrip("+-")
    try:
        number = int(digits, 8) if re.match("0[0-9]", digits) else int(digits, 0)
    except ValueError:
        return None
    return -number if value.startswith("-") else number


def _as_bytes(value: str) -> bytes:
    """Bytes that are written as a list of numbers, ``65;66;``, as a MAC address or as a string."""
    if re.match(_MAC_ADDRESS, value):
        return bytes.fromhex(element(value).replace(":", ""))
    if ";" in value and re.match(_BYTES, value):
        numbers = [int(each) for each in items(value)]
        if max(numbers) < 256:
            return bytes(numbers)
    return unescaped(value).encode("utf-8", "surrogateescape")


def unescaped(value: str) -> str:
    r"""A string without the escapes of GLib's key files: ``\s`` is a blank; a backslash before anything else stands for itself."""
    return re.sub(_ESCAPE, lambda found: _ESCAPED.get(found.group(1), found.group(0)), value)
