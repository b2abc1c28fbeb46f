# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests as AWX runs the collection."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.awx.job import Site
from tests.stages.part import Part

# PART=2/3 in the environment, or commit/3
_PART = Part.of(os.environ.get("PART") or "1/1")
# the second one runs the image that the first one builds
_OF_THE_IMAGE = (
    "test_it_is_built_for_real_and_has_what_a_job_needs",
    "test_the_execution_environment_configures_nodes_with_nothing_but_what_is_in_it",
)
_DYING = ("overlay", "tmpfs")


def _kind_of(path: Path) -> str:
    """The file system that a path is on."""
    device = os.stat(path).st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        if line.split()[2] == wanted:
            return line.partition(" - ")[2].split()[0]
    return ""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The image takes minutes: of several parts, the first one builds it."""
    left_out = [item for item in items if item.name in _OF_THE_IMAGE] if _PART.number > 1 else []
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say that it was a part."""
    if _PART.parts > 1:
        terminalreporter.write_line(_PART.of_all("make test-awx"))


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """An AWX without jobs."""
    if os.geteuid() != 0:
        pytest.skip("a job runs in namespaces of its own: run this as root")
    if _kind_of(tmp_path) in _DYING:
        pytest.skip(
            f"{tmp_path} is on {_kind_of(tmp_path)}, where a database would be refused: set TMPDIR to a folder on a disk"
        )
    return Site(tmp_path)
