# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON by the part of the module `json` that is C: the part that is Python imports regular expressions, for 6 ms of each start."""

from __future__ import annotations

import typing as t

_SPACE = " \t\n\r"
_BYTE_ORDER_MARK = "\ufeff"


class _Reading:
    """What a scanner needs to know."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float = float

    def __init__(self, parse_int: t.Callable[[str], int], parse_constant: t.Callable[[str], object]) -> None:
        self.parse_int = parse_int
        self.parse_constant = parse_constant


def read(
    text: str, parse_int: t.Callable[[str], int] = int, parse_constant: t.Callable[[str], object] = float
) -> object:
    """The value that a string describes, as ``json.loads`` reads it. Raises ValueError, and RecursionError for lists in lists in lists."""
    try:
        from _json import make_scanner
    except ImportError:  # a Python that is not CPython
        import json

        return json.loads(text, parse_int=parse_int, parse_constant=parse_constant)
    stripped = text.strip(_SPACE)
    try:
        value, end = make_scanner(t.cast(t.Any, _Reading(parse_int, parse_constant)))(stripped, 0)
    except (StopIteration, SystemError, ValueError):
        end = -1  # some versions of the C part cannot report an error while the module itself is not imported
    if end == len(stripped) and not text.startswith(_BYTE_ORDER_MARK):
        return value
    import json

    return json.loads(text, parse_int=parse_int, parse_constant=parse_constant)


def write(value: object) -> str:
    """The string that describes a value, as ``json.dumps`` writes it. Raises TypeError or ValueError for what has none."""
    try:
        from _json import encode_basestring_ascii, make_encoder
    except ImportError:
        import json

        return json.dumps(value)
    encoder = make_encoder({}, _refuse, encode_basestring_ascii, None, ": ", ", ", False, False, True)
    return "".join(encoder(value, 0))


def _refuse(value: object) -> t.NoReturn:
    raise TypeError(f"{type(value).__name__} has no JSON")
