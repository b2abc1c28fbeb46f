# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The copy of the checkout: what it has of the checkout, and what it keeps of the stages that run in it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.tests.stages import machine


def test_the_copy_is_that_of_now_and_keeps_what_a_stage_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    subprocess.run(["git", "init", "-q", str(checkout)], check=True)
    for name in ("galaxy.yml", "gone.py"):
        (checkout / name).write_text(name)
    monkeypatch.setattr(machine, "REPOSITORY", checkout)
    monkeypatch.setattr(machine, "CACHE", tmp_path / "cache")
    copy = machine.collection() / "ansible_collections/elemental/networking"
    written = [copy / "tests/output/.tmp/list.json", copy / ".ansible/lock"]
    for file in written:
        file.parent.mkdir(parents=True)
        file.touch()
    (checkout / "gone.py").unlink()
    (checkout / "galaxy.yml").write_text("changed")
    machine.collection()
    assert all(file.exists() for file in written)
    assert not (copy / "gone.py").exists()
    assert (copy / "galaxy.yml").read_text() == "changed"
