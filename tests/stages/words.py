# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain English: words and phrases that neither documentation, messages nor comments use, and what to write instead.

python3 -m tests.stages.words prints each place. To check more files, add a source of `Passage`s to `passages`.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
import typing as t
from dataclasses import dataclass
from pathlib import Path

from .machine import REPOSITORY

# what is not written -> what is written instead
WORDS = {
    r"ha(?:s|ve|d) to|having to|shall": "must, or the imperative",
    r"(?<!there\s)(?:is|are) (?:no(?!\s(?:longer|more|less|one)\b)|(?-i:none))": "is not a valid ..., is not set, there is no ...",
    r"an? (?:empty )?text|texts": "a string, strings",
    r"(?:come|comes|came|coming) (?:in|through)": "connect, reconnect, open a new connection",
    r"anew": "again, a new ...",
    r"whoever|nobody|somebody|anybody|whatever": "a sentence with the thing that acts as its subject",
    r"who has (?:what|which)": "which machine holds which address",
    r"say|says|said|tell|tells|told": "report, state, show, specify",
    r"see to|sees to": "check, or the thing itself",
    r"not come to an end": "the outcome is still unknown",
    r"undoes itself": "is rolled back automatically",
    r"puts? together|see that|finds? out|found out": "determine, verify",
    r"bulks?": "a batch",
    r"(?:is|are|was) (?:still there|there still)": "stays in place",
    r"so it is (?:with|when|where)": "the same applies to ...",
    r"pace of the provider|provider's (?:own )?pace": "the rate of the provider",
    r"dead-m[ae]n": "watchdog",
    r"knocks?|bells?|rings?|strangers?": "inbound check, signal, other host",
    r"ways? in(?=\s(?:is|was|of|over)\b|[.,;:])": "the management connection",
    r"mend|mends|mended": "fix, fixed",
}
# file, words in it, and why they stay
EXCEPTIONS: tuple[tuple[str, str, str], ...] = (
    ("plugins/module_utils/_node/dbus/connection.py", "come in", "an answer does that in time, not a controller"),
    (
        "plugins/module_utils/_node/admission.py",
        "knock bell",
        "keys of a request, which nodes with an older program know",
    ),
)


@dataclass(frozen=True)
class Passage:
    """Text to check: of one file, from one line on."""

    file: str
    line: int
    text: str


def passages(root: Path = REPOSITORY) -> t.Iterator[Passage]:
    """What users read: pages, YAML of roles and playbooks, each string of plugins; and the comments there."""
    for pattern in (
        "README.md",
        "docs/*.md",
        "docs/docsite/rst/*.rst",
        "roles/*/README.md",
        "roles/**/*.yml",
        "playbooks/**/*.y*ml",
    ):
        for file in sorted(root.glob(pattern)):
            yield Passage(str(file.relative_to(root)), 1, file.read_text())
    for file in sorted((root / "plugins").rglob("*.py")):
        source, name = file.read_text(), str(file.relative_to(root))
        yield from _strings(ast.parse(source), name)
        yield from _comments(source, name)


def _strings(node: ast.AST, name: str) -> t.Iterator[Passage]:
    """Each string: documentation, messages and docstrings; the parts of one with values in it are one."""
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
        yield Passage(name, node.lineno, "".join(map(str, parts)))
        for part in node.values:  # what is in the braces may have strings, too
            if not isinstance(part, ast.Constant):
                yield from _strings(part, name)
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield Passage(name, node.lineno, node.value)
    for child in ast.iter_child_nodes(node):
        yield from _strings(child, name)


def _comments(source: str, name: str) -> t.Iterator[Passage]:
    """Each comment; those in lines one below another are one."""
    before: Passage | None = None
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        row, text = token.start[0], token.string.lstrip("# ")
        if before and row == before.line + before.text.count("\n") + 1:
            before = Passage(name, before.line, f"{before.text}\n{text}")
            continue
        if before:
            yield before
        before = Passage(name, row, text)
    if before:
        yield before


def found(passage: Passage) -> t.Iterator[str]:
    """A line for each word in a passage that it should not have."""
    # a phrase may go on in the next line; a code block is what a program reads or writes
    text = re.sub(r"^```.*?^```$|``[^`\n]*``|`[^`\n]*`", _blank, passage.text, flags=re.DOTALL | re.MULTILINE)
    for words, better in WORDS.items():
        pattern = rf"\b(?:{words})\b".replace(" ", r"\s+(?:-\s+)?")
        for match in re.finditer(pattern, text, re.IGNORECASE):
            line = passage.line + text.count("\n", 0, match.start())
            hit = " ".join(match.group().split())
            if not any(passage.file == file and hit.lower() in text_of for file, text_of, _why in EXCEPTIONS):
                yield f"{passage.file}:{line}: {hit!r}; write: {better}"


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", "x", match.group())


def main() -> int:
    """Print what is found; 1 where there is something."""
    lines = [line for passage in passages() for line in found(passage)]
    print("\n".join(lines))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
