# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing is decided by what a message of ours says: its words may change."""

from __future__ import annotations

import ast
import typing as t
from pathlib import Path

import pytest

_PLUGINS = Path(__file__).parents[3] / "plugins"
_ROOMS = ("module_utils/_node", "plugin_utils", "action")
# here the words of a foreign tool are read, each in one place
_OF_OTHERS = {"plugin_utils/_host/ssh_failure.py": "ssh", "module_utils/_node/plan/judging.py": "nmcli"}
FILES = sorted(
    str(path.relative_to(_PLUGINS))
    for room in _ROOMS
    for path in (_PLUGINS / room).rglob("*.py")
    if str(path.relative_to(_PLUGINS)) not in _OF_OTHERS
)
# what holds a sentence
_SENTENCES = ("msg", "message", "reason", "clause", "sentence")


def decisions_by_words(tree: ast.AST) -> list[int]:
    """The lines where a sentence is compared with words, or searched for them."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(
            isinstance(each, ast.Constant) and each.value for each in _sides(node)
        ):
            found += [node.lineno for each in _sides(node) if _is_sentence(each)]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            is_search = node.func.attr in ("startswith", "endswith", "find", "index", "count")
            found += [node.lineno] if is_search and _is_sentence(node.func.value) else []
    return found


def _sides(node: ast.Compare) -> t.Sequence[ast.expr]:
    return [node.left, *node.comparators]


def _is_sentence(node: ast.expr) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "str":
        return isinstance(node.args[0], ast.Name) and node.args[0].id in ("error", "failure", "exception")
    return isinstance(node, ast.Attribute) and node.attr in _SENTENCES


@pytest.mark.parametrize("file", FILES)
def test_nothing_is_decided_by_words(file: str) -> None:
    assert decisions_by_words(ast.parse((_PLUGINS / file).read_text())) == []


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ('"did not answer in time" in str(error)', True),
        ('str(error).startswith("rolled back")', True),
        ('answer.msg == "no"', True),
        ('answer.code == "busy"', False),
        ('answer.msg == ""', False),
        ("str(error)", False),
    ],
)
def test_a_decision_by_words_is_seen(text: str, is_one: bool) -> None:
    assert bool(decisions_by_words(ast.parse(text))) is is_one
