# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON on a host is that of the module `json`, without its imports."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.system import json_text

TEXTS = [
    '{"a": [1, -2.5, 1e3, true, false, null, "\\u00fc\\ud800"], "": {}}',
    " \t\r\n[]\n",
    '"text"',
    "NaN",
    "-Infinity",
    "[1,]",
    "{'a': 1}",
    "[1] 2",
    "",
    "   ",
    "\ufeff{}",
    '"\x01"',
    '{"a": 1, "a": 2}',
    "\xa0[]",
    "1.",
    "01",
    "[" * 50,
]


def _outcome(read: t.Callable[[str], object], text: str) -> str:
    try:
        return repr(read(text))
    except ValueError:
        return "refused"


@pytest.mark.parametrize("text", TEXTS)
def test_texts_are_read_alike(text: str) -> None:
    assert _outcome(json_text.read, text) == _outcome(json.loads, text)


def test_lists_in_lists_end_in_an_error() -> None:
    with pytest.raises((RecursionError, ValueError)):
        json_text.read("[" * 100000)


def test_numbers_and_constants_can_be_refused() -> None:
    def refused(text: str) -> t.NoReturn:
        raise ValueError(text)

    for text in ("[1]", "[NaN]"):
        with pytest.raises(ValueError, match=r"1|NaN"):
            json_text.read(text, parse_int=refused, parse_constant=refused)


class _Point(t.NamedTuple):
    x: int
    y: int


@pytest.mark.parametrize(
    "value",
    [{"a": (1, 2.5, None, True, 'ü\n"\\\ud800')}, [], "x", 1, None, {1: {"b": [_Point(1, 2)]}}, float("inf"), {"": {}}],
)
def test_values_are_written_alike(value: object) -> None:
    assert json_text.write(value) == json.dumps(value)


def test_what_has_no_json_is_refused() -> None:
    with pytest.raises(TypeError, match="set"):
        json_text.write({"a": {1}})
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(ValueError, match="Circular"):
        json_text.write(endless)
