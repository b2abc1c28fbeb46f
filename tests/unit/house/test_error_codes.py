# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/errors.md is what users branch on: it lists exactly the codes that there are."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.elemental.networking.plugins.module_utils import _errors

_REPOSITORY = Path(__file__).parents[3]


def test_the_page_lists_exactly_the_codes() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", (_REPOSITORY / "docs/errors.md").read_text(), re.MULTILINE)
    assert listed == list(_errors.CODES)


def test_each_code_is_named_by_one_constant() -> None:
    named = {name: value for name, value in vars(_errors).items() if name.isupper() and isinstance(value, str)}
    assert {name.lower() for name in named} == set(named.values()) == set(_errors.CODES)
