# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which part of a document a tool complains about: leave parts out until the complaint goes away.

Neither nmstatectl nor nmc reports it: an unknown key deep inside of an interface is reported at the start of ``interfaces``.
"""

from __future__ import annotations

import json
import re
import typing as t

# a tool's complaint about a document, empty when there is none
Complain = t.Callable[[str], str]

_Key = t.Union[str, int]
# how often the tool may run; a user waits for it, and it takes 6 to 15 ms
_LONGEST = 300
# a complaint that did not come back in so many runs is gone
_ATTEMPTS = 5
# without these a part is something else, for which the same mistake may be none
_SAYS_WHAT_IT_IS = frozenset(("name", "type"))
# without one more part something else is missing, and that shows nothing of the part
_OF_WHAT_IS_NOT_THERE = re.compile(r"missing|mandatory", re.IGNORECASE)


def culprit(document: str, complaint: str, complain: Complain) -> tuple[_Key, ...]:
    """The path to the smallest part of a JSON document whose absence changes the complaint; empty: all of it."""
    content = json.loads(document)
    path: list[_Key] = []
    left = _LONGEST
    while left >= len(_keys(_at(content, path))):
        left -= len(_keys(_at(content, path)))
        key = _suspect(content, path, complaint, complain)
        if key is None:
            break
        path.append(key)
    return tuple(path)


def _suspect(content: t.Any, path: t.Sequence[_Key], complaint: str, complain: Complain) -> _Key | None:
    """The one child without which the document is fine, or, when none is, without which something else is wrong."""
    cured, changed = [], []
    for key in _keys(_at(content, path)):
        remaining = _remaining(json.dumps(_without(content, [*path, key]), ensure_ascii=False), complaint, complain)
        if not remaining:
            cured.append(key)
        elif remaining != complaint:
            changed.append(key)
    for suspects in (cured, [] if _OF_WHAT_IS_NOT_THERE.search(complaint) else changed):
        telling = [key for key in suspects if key not in _SAYS_WHAT_IT_IS] or suspects
        if suspects:
            return telling[0] if len(telling) == 1 else None
    return None


def _remaining(document: str, complaint: str, complain: Complain) -> str:
    """What a tool complains about now: the same, if it does so once. Of two mistakes nmstatectl shows either, at random."""
    remaining = ""
    for _attempt in range(_ATTEMPTS):
        remaining = complain(document)
        if remaining in ("", complaint):
            break
    return remaining


def _keys(part: t.Any) -> list[_Key]:
    if isinstance(part, dict):
        return list(part)
    return list(range(len(part))) if isinstance(part, list) else []


def _at(content: t.Any, path: t.Sequence[_Key]) -> t.Any:
    for key in path:
        content = content[key]
    return content


def _without(part: t.Any, path: t.Sequence[_Key]) -> t.Any:
    """A copy that shares what is not on the path."""
    key, *rest = path
    copy = part.copy()
    if rest:
        copy[key] = _without(part[key], rest)
    else:
        del copy[key]
    return copy
