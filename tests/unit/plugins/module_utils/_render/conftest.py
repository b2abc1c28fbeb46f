# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tools that renderers need, in the tests: the real nmstatectl where it is built, and the stand-in for nmc."""

from __future__ import annotations

import os
import shutil
import typing as t
from pathlib import Path

import pytest

_STANDIN = Path(__file__).parents[4] / "standins/nmc.py"


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with nmc in front of PATH, which has nmstatectl; skips where that is not built."""
    if shutil.which("nmstatectl") is None:
        pytest.skip("nmstatectl is not built here: python3 -m tests.stages.nmstatectl builds it")
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "nmc").symlink_to(_STANDIN)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> t.Callable[[str, str], None]:
    """Make a tool of this name out of a shell script; PATH has it, and neither real one."""
    folder = tmp_path / "fakes"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")

    def make(name: str, script: str) -> None:
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)

    return make
