# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which molecule scenarios run: all, or in a part the first one and some of the others."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.elemental.networking.tests.stages import molecule
from ansible_collections.elemental.networking.tests.stages.part import Part

_COLLECTION = Path(__file__).resolve().parents[3]


def test_a_part_has_configure_and_some_of_the_others_and_none_is_forgotten() -> None:
    assert molecule.chosen(_COLLECTION, Part.of("1/1")) == ["--all"]
    parts = [molecule.chosen(_COLLECTION, Part.of(f"{number}/3")) for number in (1, 2, 3)]
    assert all(part[:2] == ["-s", "configure"] and len(part) < 8 for part in parts)
    there = {file.parent.name for file in (_COLLECTION / "extensions/molecule").glob("*/molecule.yml")}
    assert {name for part in parts for name in part[1::2]} | {"default"} == there
