# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A function is read at one glance: it has forty lines at most, without its docstring."""

from __future__ import annotations

import ast
import typing as t
from pathlib import Path

import pytest

_PLUGINS = Path(__file__).parents[3] / "plugins"
_LONGEST = 40
FILES = sorted(str(path.relative_to(_PLUGINS)) for path in _PLUGINS.rglob("*.py"))


def long_functions(tree: ast.AST) -> list[str]:
    """Names and lengths of the functions that are too long: from ``def`` to the last line, without the docstring."""
    functions = (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    return [f"{node.name}: {_length(node)} lines" for node in functions if _length(node) > _LONGEST]


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    docstring = node.body[0] if ast.get_docstring(node, clean=False) is not None else None
    return _lines(node) - (_lines(docstring) if docstring else 0)


def _lines(node: ast.stmt) -> int:
    return t.cast(int, node.end_lineno) - node.lineno + 1


@pytest.mark.parametrize("file", FILES)
def test_no_function_is_too_long(file: str) -> None:
    assert long_functions(ast.parse((_PLUGINS / file).read_text())) == []


@pytest.mark.parametrize(
    ("header", "lines", "expected"),
    [
        ("def f():", 39, []),
        ("def f():", 40, ["f: 41 lines"]),
        ("async def f():", 40, ["f: 41 lines"]),
        ('def f():\n    """One.\n\n    Two.\n    """', 39, []),
        ("class A:\n  def f(\n    self\n  ):", 38, ["f: 41 lines"]),
    ],
)
def test_a_long_function_is_seen_wherever_it_stands(header: str, lines: int, expected: list[str]) -> None:
    assert long_functions(ast.parse("\n".join([header, *["    pass"] * lines]))) == expected
