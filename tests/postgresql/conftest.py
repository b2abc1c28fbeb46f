# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real server for all tests, and an empty database for each of them."""

from __future__ import annotations

import os
import typing as t

import pytest

from tests.stages.part import Part
from tests.testbed.postgresql.fixtures import options, server

_UNIT = "ansible_collections.elemental.networking.tests.unit"
for _name in ("test_embedded", "test_handles", "test_moving", "test_resting", "test_what_stays"):
    pytest.register_assert_rewrite(f"{_UNIT}.plugins.module_utils._ipam.{_name}")

__all__ = ["options", "server"]  # fixtures are found here

# PART=2/3 in the environment, or commit/3
_PART = Part.of(os.environ.get("PART") or "1/1")


@pytest.fixture
def kills() -> t.Callable[[int], int]:
    """How many of so many kills this part makes; all of them without one."""
    return lambda whole: -(-whole // _PART.parts)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say that it was a part."""
    if _PART.parts > 1:
        terminalreporter.write_line(_PART.of_all("make test-postgresql"))
