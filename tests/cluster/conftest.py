# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims on a real control plane, as a user with the least verbs."""

from __future__ import annotations

import os

import pytest

from tests.stages.part import Part
from tests.testbed.controlplane.fixtures import bare, plane, space

__all__ = ["bare", "plane", "space"]  # fixtures are found here

# PART=2/3 in the environment, or commit/3
_PART = Part.of(os.environ.get("PART") or "1/1")
# what has many variants that differ in one field or one version
_VARIANTS = ("test_metal3", "test_pools_as_they_are")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the variants that another part has."""
    variants = [item for item in items if item.path.stem in _VARIANTS]
    turn = dict(zip(variants, _PART.chooses([(item.nodeid, True) for item in variants])))
    config.hook.pytest_deselected(items=[item for item, is_in in turn.items() if not is_in])
    items[:] = [item for item in items if turn.get(item, True)]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say that it was a part."""
    if _PART.parts > 1:
        terminalreporter.write_line(_PART.of_all("make test-cluster"))
