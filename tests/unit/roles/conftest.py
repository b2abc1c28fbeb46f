# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A part of the tests of the roles, where ROLES_PART=2/3 says so: each runs plays, and they take longer than all other unit tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.tests.stages.part import Part

_PART = Part.of(os.environ.get("ROLES_PART") or "1/1")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what another part has."""
    ours = [item for item in items if item.path.parent == Path(__file__).parent]
    chosen = _PART.chooses([(item.nodeid, True) for item in ours])
    others = [item for item, is_in in zip(ours, chosen) if not is_in]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in others]
