# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A part of what takes long, for where there is no time for the whole: the parts together are the whole, and none lacks a subject."""

from __future__ import annotations

import argparse
import collections
import os
import subprocess
import typing as t
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Part:
    """The ``number``-th of ``parts``, from 1; ``commit`` says which commit has chosen it, if one has."""

    number: int
    parts: int
    commit: str = ""

    @classmethod
    def of(cls, text: str) -> Part:
        """From ``2/3``, or from ``commit/3``: what the commit that is checked out decides. Raises ValueError."""
        number, _slash, parts = text.partition("/")
        if not parts.isdecimal() or int(parts) < 1:
            raise ValueError(f"{text} is no part; give one as 2/3, or as commit/3")
        if number == "commit":
            commit = _commit()
            return cls(int(commit, 16) % int(parts) + 1, int(parts), commit)
        if not number.isdecimal() or not 1 <= int(number) <= int(parts):
            raise ValueError(f"{text} is no part; give one as 2/3, or as commit/3")
        return cls(int(number), int(parts))

    def holds(self, row: int, column: int) -> bool:
        """Whether this part has the cell. The parts are diagonals, so that none of them lacks a row or a column."""
        return (row + column) % self.parts == self.number - 1

    def of_all(self, target: str) -> str:
        """For a report; ``target`` is what runs the whole."""
        if self.parts == 1:
            return ""
        chosen = f", as commit {self.commit} has it" if self.commit else ""
        return f"part {self.number} of {self.parts}{chosen}; {target} runs all of them"

    def chooses(self, tests: t.Sequence[tuple[str, bool]]) -> list[bool]:
        """Which of these tests this part has, each given by the function that it is a case of, and whether it is a variant.

        A variant is in one part. Of what is none every part has at least one case of each function.
        """
        cases = collections.Counter(function for function, is_variant in tests if not is_variant)
        functions = {function: number for number, function in enumerate(cases)}
        seen: collections.Counter[str] = collections.Counter()
        chosen = []
        for function, is_variant in tests:
            of, turn = (self.parts, 0) if is_variant else (min(self.parts, cases[function]), functions[function])
            counted = "" if is_variant else function
            chosen.append((seen[counted] + turn) % of == (self.number - 1) % of)
            seen[counted] += 1
        return chosen


def _commit() -> str:
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short=12", "HEAD"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise ValueError("this is no checkout with a commit; give the part as a number, as 2/3")
    return run.stdout.strip()


def parsed(parser: argparse.ArgumentParser, whole: str) -> argparse.Namespace:
    """The options of a program that may run a part of ``whole``, which is its option ``part``, or PART in the environment."""
    default = os.environ.get("PART") or "1/1"
    parser.add_argument("--part", default=default, help=f"a part of the {whole}: 2/3, or commit/3")
    options = parser.parse_args()
    try:
        options.part = Part.of(options.part)
    except ValueError as error:
        parser.error(str(error))
    return options
