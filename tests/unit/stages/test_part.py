# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of the fault matrix and of tests: together they are the whole, and each has every fault, every phase, every function."""

from __future__ import annotations

import pytest
from ansible_collections.elemental.networking.tests.stages.part import Part

# as many as there are faults that strike in a phase, after three that have none, and phases
_ROWS, _COLUMNS = range(3, 18), range(12)


def _cells(part: Part) -> set[tuple[int, int]]:
    return {(row, column) for row in _ROWS for column in _COLUMNS if part.holds(row, column)}


def test_the_parts_are_the_whole_and_none_lacks_a_fault_or_a_phase() -> None:
    parts = [_cells(Part.of(f"{number}/3")) for number in (1, 2, 3)]
    assert set.union(*parts) == _cells(Part.of("1/1"))
    assert sum(map(len, parts)) == len(_ROWS) * len(_COLUMNS)
    for cells in parts:
        assert {row for row, _column in cells} == set(_ROWS)
        assert {column for _row, column in cells} == set(_COLUMNS)


def test_a_part_says_what_it_is() -> None:
    said = "part 2 of 3, as commit abc123 has it; make test-faults runs all of them"
    assert Part(2, 3, "abc123").of_all("make test-faults") == said
    assert Part.of("1/1").of_all("make test-faults") == ""


# function, whether it is a variant: in the order in which pytest finds them, functions with one, two and four cases
_TESTS = [("a", False), *[("b", False)] * 2, *[("c", False)] * 4, ("d", False), *[("v", True)] * 2, *[("w", True)] * 5]


@pytest.mark.parametrize("parts", [1, 2, 3, 7])
def test_the_parts_of_tests_are_the_whole_and_each_has_every_function_that_is_no_variant(parts: int) -> None:
    chosen = [Part(number, parts).chooses(_TESTS) for number in range(1, parts + 1)]
    assert all(any(each) for each in zip(*chosen, strict=True))
    for part in chosen:
        assert {function for (function, _variant), is_in in zip(_TESTS, part, strict=True) if is_in} >= set("abcd")
    variants = [
        [is_in for (_function, is_variant), is_in in zip(_TESTS, part, strict=True) if is_variant] for part in chosen
    ]
    assert [sum(each) for each in zip(*variants, strict=True)] == [1] * 7
    assert max(map(sum, variants)) - min(map(sum, variants)) <= 1


@pytest.mark.parametrize("text", ["", "3", "0/3", "4/3", "x/3", "1/0", "1/x"])
def test_what_is_no_part_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no part; give one as 2/3, or as commit/3"):
        Part.of(text)
