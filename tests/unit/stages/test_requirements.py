# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The locks of the Python requirements: nothing without a checksum, and nothing that their .in files do not say."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.elemental.networking.tests.stages.requirements import FOLDER, wanted, without_checksum

_SOURCES = sorted(FOLDER.glob("*.in"))


def test_each_file_is_a_pair() -> None:
    assert [file.stem for file in _SOURCES] == [file.stem for file in sorted(FOLDER.glob("*.txt"))]
    assert _SOURCES


@pytest.mark.parametrize("source", _SOURCES, ids=lambda file: file.stem)
def test_a_lock_is_of_today_and_each_requirement_has_a_checksum(source: Path) -> None:
    lock = source.with_suffix(".txt")
    assert without_checksum(lock) == []
    assert wanted(source).items() <= wanted(lock).items()
    assert len(wanted(source)) == sum(1 for line in source.read_text().splitlines() if not line.startswith("#"))
    assert "://" not in lock.read_text().split("# locked", 1)[1]


def test_a_requirement_without_a_checksum_is_noticed(tmp_path: Path) -> None:
    lock = tmp_path / "x.txt"
    lock.write_text("# via\nidna==3.20 \\\n    --hash=sha256:00\n    # via requests\nrequests==2 ; os_name == 'nt'\n")
    assert without_checksum(lock) == ["requests==2"]
