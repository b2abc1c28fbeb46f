# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible gets has no cause: since 2.19 ansible-core appends its words, and ours quote them already."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

_PLUGINS = Path(__file__).parents[3] / "plugins"
_ROOMS = ("action", "filter", "inventory", "lookup", "plugin_utils")
FILES = sorted(str(path.relative_to(_PLUGINS)) for room in _ROOMS for path in (_PLUGINS / room).rglob("*.py"))


def causes(tree: ast.AST) -> list[int]:
    """The lines where an error is raised from another one."""
    raised = (node for node in ast.walk(tree) if isinstance(node, ast.Raise))
    return [each.lineno for each in raised if each.cause is not None and not isinstance(each.cause, ast.Constant)]


@pytest.mark.parametrize("file", FILES)
def test_no_error_has_a_cause(file: str) -> None:
    assert causes(ast.parse((_PLUGINS / file).read_text())) == []


@pytest.mark.parametrize(("text", "is_one"), [("raise A(str(b)) from b", True), ("raise A(str(b)) from None", False)])
def test_a_cause_is_seen(text: str, is_one: bool) -> None:
    assert bool(causes(ast.parse(text))) is is_one
