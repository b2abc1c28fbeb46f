# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stage that runs the tests of what hosts run with the oldest Python there."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.elemental.networking.tests.stages import machine, older_python


def test_a_python_that_is_not_there_is_said_to_be_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """And nothing else is tried; the stage does not fail for it."""
    monkeypatch.setattr(machine, "collection", lambda: tmp_path)
    for variable in ("HOME", "PYENV_ROOT", "PATH"):
        monkeypatch.setenv(variable, str(tmp_path))
    assert older_python.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition("; ")[0] for line in lines] == [
        f"older Python: skipped: no Python {version} here" for version in older_python.VERSIONS
    ]
