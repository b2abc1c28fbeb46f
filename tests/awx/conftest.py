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

_DYING = ("overlay", "tmpfs")


def _kind_of(path: Path) -> str:
    """The file system that a path is on."""
    device = os.stat(path).st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        if line.split()[2] == wanted:
            return line.partition(" - ")[2].split()[0]
    return ""


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
