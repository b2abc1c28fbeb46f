# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of ssh and lines of its configuration, as OpenSSH reads them: several options in one word, a keyword in any spelling (pure)."""

from __future__ import annotations

import getopt
import re
import typing as t

# in the words of getopt(3): a colon follows what has a value. Without -P, which has one in newer releases only (not in 9.2)
_OPTIONS = "1246AaB:b:Cc:D:E:e:F:fGgI:i:J:KkL:l:Mm:NnO:o:p:Q:qR:S:sTtVvW:w:XxYy"
# a keyword and its value, between which are spaces, one equals sign or both; each may be in quotes
_LINE = re.compile(r'[\s="]*(?P<keyword>[A-Za-z0-9]+)"?\s*=?\s*(?P<value>.*)', re.DOTALL)


def options(arguments: t.Iterable[str]) -> list[tuple[str, str]]:
    """The options with their values, which are empty for those that have none; a destination is left out.

    Raises ValueError for an option that some release of ssh does not have, or takes in another way.
    """
    try:
        return getopt.gnu_getopt(list(arguments), _OPTIONS)[0]
    except getopt.GetoptError as error:
        raise ValueError(str(error)) from None


def setting(line: str) -> tuple[str, str]:
    """The keyword in small letters and the value, as it is written, of a line or of an option ``-o``; both are empty where it has none."""
    found = _LINE.match(line)
    return (found["keyword"].lower(), found["value"].rstrip()) if found else ("", "")
