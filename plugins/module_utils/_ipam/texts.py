# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from outside as a sentence may quote it: one line, bounded, and nothing that a terminal would obey (pure)."""

from __future__ import annotations

_LONGEST = 300
_LEFT_OUT = " […] "


def plain(value: object, longest: int = _LONGEST) -> str:
    """The value as text of one line, at most ``longest`` characters long; what cannot be printed becomes a question mark.

    The middle of a longer text is left out: its beginning says what it is about, its end often what to do.
    """
    text = value if isinstance(value, str) else _shown(value)
    if len(text) <= longest and text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    # blanks may shrink, so that a little more than is shown is looked at, never all of an endless text
    if len(text) > 4 * longest:
        text = f"{text[: 2 * longest]}{_LEFT_OUT}{text[-2 * longest :]}"
    words = "".join(each if each.isprintable() else " " if each.isspace() else "?" for each in text).split()
    line = " ".join(words)
    if len(line) <= longest:
        return line
    half = (longest - len(_LEFT_OUT)) // 2
    return f"{line[:half]}{_LEFT_OUT}{line[-half:]}"


def _shown(value: object) -> str:
    """Not what a list or a dictionary contains: it may be as large, or as deep, as its sender likes."""
    if value is None or isinstance(value, (bool, float)):
        return str(value)
    if isinstance(value, int):  # a huge one cannot be made a text of
        return str(value) if abs(value) < 10**30 else "a number of more than 30 digits"
    return "a list" if isinstance(value, (list, tuple)) else "a dictionary" if isinstance(value, dict) else str(value)
