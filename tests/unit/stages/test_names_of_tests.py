# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""pytest imports the unit tests by their file's name alone, so no two may have the same one."""

from __future__ import annotations

import collections
from pathlib import Path


def test_no_two_files_of_unit_tests_have_one_name() -> None:
    counted = collections.Counter(path.name for path in Path(__file__).parents[1].rglob("test_*.py"))
    assert [name for name, count in counted.items() if count > 1] == []
