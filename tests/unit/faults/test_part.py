# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of the fault matrix: together they are the whole, and each has every fault and every phase."""

from __future__ import annotations

import pytest
from ansible_collections.elemental.networking.tests.faults.part import Part

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
    assert str(Part(2, 3, "abc123")) == " (part 2 of 3, as commit abc123 has it; make test-faults runs all of them)"
    assert str(Part.of("1/1")) == ""


@pytest.mark.parametrize("text", ["", "3", "0/3", "4/3", "x/3", "1/0", "1/x"])
def test_what_is_no_part_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no part; give one as 2/3, or as commit/3"):
        Part.of(text)
