# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check of plain English: what it finds, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.elemental.networking.tests.stages import words
from ansible_collections.elemental.networking.tests.stages.words import Passage, found, passages


def lines(text: str) -> list[str]:
    return list(found(Passage("x.md", 7, text)))


@pytest.mark.parametrize(
    "text",
    [
        "A key has to be there.",
        "The list is no list.",
        "It is a text with YAML.",
        "The controller comes in.",
        "The controller comes\n  in.",
        "It was made anew.",
        "Whoever asks gets it.",
        "Show who has what.",
        "The manifest says so.",
        "- name: See that it works",
        "A bulk of claims",
        "The old program is still there.",
        "The second dead-man",
        "The controller's way in is kept.",
    ],
)
def test_a_word_that_is_not_used_is_found_with_its_line(text: str) -> None:
    (line,) = lines(f"First line.\n{text}")
    assert line.startswith("x.md:8: ")
    assert "write: " in line


@pytest.mark.parametrize(
    "text",
    [
        "There is no pool of this name.",
        "It is no longer there.",
        "Get the keyfile with `it says`.",
        "```\nit says so\n```",
        "Connect again; a machine in the network.",
        "Outcome of the task",
        "by two ways in the network",
        "Its address is None in check mode, and ``it says`` stays.",
    ],
)
def test_plain_english_is_left_alone(text: str) -> None:
    assert lines(text) == []


def test_an_exception_counts_for_its_file_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "EXCEPTIONS", (("x.md", "says", "it quotes a tool"),))
    assert lines("nmcli says so") == []
    assert len(list(found(Passage("y.md", 1, "nmcli says so")))) == 1


_CODE = '''"""A docstring."""
DOCUMENTATION = r"""
module docs
"""
code = f"message {code!r} of " "two" + g(f"{'inner'}")  # comment
# first line
# second line
'''


def test_pages_roles_and_each_string_and_comment_of_plugins_are_read_but_no_code(tmp_path: Path) -> None:
    files = {
        "README.md": "readme",
        "docs/docsite/rst/a.rst": "guide",
        "roles/r/tasks/main.yml": "tasks",
        "plugins/module_utils/_deep/m.py": _CODE,
        "plugins/doc_fragments/f.py": 'class ModuleDocFragment:\n    CLAIM = "fragment"\n',
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    read = list(passages(tmp_path))
    assert {passage.file for passage in read} == files.keys()
    assert [(passage.line, passage.text) for passage in read if passage.file.endswith("m.py")] == [
        (1, "A docstring."),
        (2, "\nmodule docs\n"),
        (5, "message {} of two"),
        (5, "{}"),
        (5, "inner"),
        (5, "comment\nfirst line\nsecond line"),
    ]


def test_a_word_in_a_message_a_docstring_or_a_comment_is_found(tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins/m.py").write_text('"""It says so."""\nx = f"{x} has to go"\n# made\n# anew\n')
    hits = [line for passage in passages(tmp_path) for line in found(passage)]
    assert [hit.partition("; ")[0] for hit in hits] == [
        "plugins/m.py:1: 'says'",
        "plugins/m.py:2: 'has to'",
        "plugins/m.py:4: 'anew'",
    ]
