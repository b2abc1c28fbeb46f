# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What make test-cold leaves behind: nothing, whatever is in its folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.elemental.networking.tests.stages import cold


def test_what_go_has_made_read_only_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "cold"
    inner = folder / "go/mod/example.com/module@v1"
    inner.mkdir(parents=True)
    (inner / "file.go").write_text("package module")
    (folder / "link").symlink_to(tmp_path)
    for path in (inner / "file.go", inner, inner.parent):
        path.chmod(0o444 if path.is_file() else 0o555)
    cold.remove(folder)
    assert list(tmp_path.iterdir()) == []


def test_every_cache_is_in_the_folder_and_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home of the user"
    (home / ".cargo").mkdir(parents=True)
    (home / ".cargo/config.toml").write_text("[source]")
    (home / ".rustup").mkdir()
    for name in ("CARGO_HOME", "RUSTUP_HOME"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "cold"
    variables = cold.empty(folder, home)
    names = ("HOME", "XDG_CACHE_HOME", "PIP_CACHE_DIR", "GOPATH", "GOMODCACHE", "GOCACHE", "CARGO_HOME", "ANSIBLE_HOME")
    assert all(variables[name].startswith(f"{folder}/") for name in names)
    assert variables["RUSTUP_HOME"] == str(home / ".rustup")
    assert [path for path in folder.rglob("*") if path.is_file()] == [folder / "cargo/config.toml"]


def test_a_step_that_fails_is_shown_and_the_others_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cold.tempfile, "mkdtemp", lambda prefix: str(_made(tmp_path / "cold")))
    monkeypatch.setattr(cold, "_STEPS", (("bad", ("sh", "-c", "echo why; exit 1")), ("good", ("true",))))
    monkeypatch.setattr(cold, "_TO_END", ())
    monkeypatch.setattr(cold, "end_as_interrupt", lambda *numbers: None)
    monkeypatch.setattr(cold.signal, "signal", lambda *arguments: None)
    assert cold.main() == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [["FAILED", "bad"], ["why"], ["passed", "good"], ["cold:", "1"]]
    assert not (tmp_path / "cold").exists()


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
