# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from outside as a sentence may quote it: one line, bounded, and nothing that a terminal would obey (pure)."""

from __future__ import annotations

import re
import typing as t

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z", re.ASCII)
_LONGEST = 300
_LONGEST_SENTENCE = 2000
_LEFT_OUT = " […] "


def plain(value: object, longest: int = _LONGEST) -> str:
    """The value as text of one line, at most ``longest`` characters long, with single blanks; what cannot be printed becomes ``?``.

    The middle of a longer text is left out: its beginning shows what it is about, its end often what to do. Of a list or a
    dictionary only that it is one is shown: it may be as large, or as deep, as its sender likes.
    """
    text = value if isinstance(value, str) else _shown(value)
    # blanks may shrink, so that more than is shown is looked at, but never all of an endless text
    return shortened(" ".join(one_line(shortened(text, 8 * longest)).split()), longest)


def did_you_mean(word: str, known: t.Collection[str], otherwise: str, likeness: float = 0.6) -> str:
    """A hint for a mistyped word: the known one that is like it (``likeness``, up to 1), or else this clause."""
    import difflib  # here: few runs have a mistake to explain

    near = difflib.get_close_matches(word, known, n=1, cutoff=likeness)
    return f"did you mean {near[0]}" if near else otherwise


def sentence(text: str) -> str:
    """What a user reads, no matter what it quotes."""
    return one_line(shortened(text, _LONGEST_SENTENCE))


def one_line(text: str) -> str:
    """The text with a blank for every line break or tab, and a question mark for anything else that cannot be printed."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else " " if each.isspace() else "?" for each in text)


def shortened(text: str, longest: int) -> str:
    """The text, without its middle where it is longer."""
    if len(text) <= longest:
        return text
    half = (longest - len(_LEFT_OUT)) // 2
    return f"{text[:half]}{_LEFT_OUT}{text[-half:]}"


def _shown(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, dict):
        return "a dictionary"
    if isinstance(value, int) and abs(value) >= 10**30:  # Python makes no text of a very long number
        return "a number of more than 30 digits"
    return str(value)


def moment(value: object) -> str:
    """A moment as RFC 3339 in UTC, to the second; empty for anything else: it is shown, and compared with nothing."""
    return value if isinstance(value, str) and _MOMENT.match(value) else ""
