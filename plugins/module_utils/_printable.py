# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words of others (a host, a tool, ssh, a provider, an API server) made fit to be shown: no terminal takes orders from them."""

from __future__ import annotations

import re

# a sentence that is longer was not meant for a reader
LONGEST_SENTENCE = 2000
# more of them are not worth their time, and become one sign
_MOST_ESCAPED = 1000
_REPLACEMENT = "\ufffd"
# control characters except tab and newline, what turns the direction of text or is not seen, halves of a character, separators of lines
# (the categories Cc, Cf, Cs, Zl and Zp of Unicode 14)
_HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U00013438\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0001\U000e0020-\U000e007f]+"
)


def one_line(text: object, most: int = LONGEST_SENTENCE) -> str:
    """A sentence in one line of about ``most`` characters at most; what a terminal would obey is escaped as Python does it."""
    given = str(text)
    shown = lines(" ".join(given[:most].split()))
    return shown if len(given) <= most and len(shown) <= most else shown[:most] + " ..."


def lines(text: str) -> str:
    """Text of several lines; newlines and tabs are kept, what else a terminal would obey is escaped."""
    if text.isprintable():
        return text
    return _HARMFUL.sub(_REPLACEMENT, _HARMFUL.sub(_escaped, text, count=_MOST_ESCAPED))


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")
