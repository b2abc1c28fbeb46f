# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values out of JSON that another program wrote, a controller or an earlier start of this program: each is what it must be, or Unfit."""

from __future__ import annotations

import math
import typing as t

# that of a file system
_LONGEST_NAME = 255
_LONGEST_TOKEN = 64
_TOKEN_LETTERS = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_")


class Unfit(ValueError):
    """A value is not what it must be; the text shows which and why, and not what it is: it may be a secret."""


def record(value: object, what: str) -> dict[str, object]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise Unfit(f"{what} is not an object")
    return value


def exactly(value: object, what: str, fields: t.Collection[str]) -> dict[str, object]:
    """A JSON object without fields of another name."""
    found = record(value, what)
    if not set(found) <= set(fields):
        raise Unfit(f"{what} has a field that this release does not know")
    return found


_Each = t.TypeVar("_Each")


def several(value: object, what: str, each: t.Callable[[object, str], _Each]) -> tuple[_Each, ...]:
    """A list, each of whose members ``each`` takes."""
    if not isinstance(value, (list, tuple)):
        raise Unfit(f"{what} is not a list")
    return tuple(each(member, f"{what}[{number}]") for number, member in enumerate(value))


def texts(value: object, what: str) -> tuple[str, ...]:
    """A list of strings."""
    return several(value, what, text)


def text(value: object, what: str) -> str:
    """A string."""
    if not isinstance(value, str):
        raise Unfit(f"{what} is not a string")
    _length(value, what)
    return value


def _length(value: str, what: str) -> int:
    """In bytes, as on a disk; a half of a pair of surrogates cannot be written there."""
    try:
        return len(value.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        raise Unfit(f"{what} is not valid Unicode") from None


def flag(value: object, what: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise Unfit(f"{what} is neither true nor false")
    return value


def integer(value: object, what: str, least: int, most: int) -> int:
    """A whole number in a range."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise Unfit(f"{what} is not a whole number from {least} to {most}")
    return value


def number(value: object, what: str, most: float) -> float:
    """A number above 0 and up to ``most``."""
    found = finite(value, what)
    if not 0 < found <= most:
        raise Unfit(f"{what} is not a number above 0 and up to {most:g}")
    return found


def finite(value: object, what: str) -> float:
    """A finite number."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            found = float(value)
        except OverflowError:  # a whole number of any length
            found = math.inf
        if math.isfinite(found):
            return found
    raise Unfit(f"{what} is not a number")


def name(value: object, what: str) -> str:
    """The name of a file in a folder, or of a network interface: no slash, no control character, not the folder itself."""
    found = text(value, what)
    is_plain = found not in ("", ".", "..") and not any(each in "/\x7f" or each < " " for each in found)
    if not is_plain or _length(found, what) > _LONGEST_NAME:
        raise Unfit(f"{what} is not a valid name")
    return found


def token(value: object, what: str) -> str:
    """What identifies a trial; empty for none."""
    found = text(value, what)
    if len(found) > _LONGEST_TOKEN or not _TOKEN_LETTERS.issuperset(found):
        raise Unfit(f"{what} is not a valid token")
    return found
