# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that takes long is heard while it runs."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

from ansible_collections.elemental.networking.plugins.plugin_utils._request.progress_action import Showing


def test_lines_are_shown_as_they_come_and_half_a_line_is_not(tmp_path: Path) -> None:
    file, lines, second = tmp_path / "progress", [], threading.Event()
    file.touch()

    def show(line: str) -> None:
        lines.append(line)
        second.set()

    with file.open("a") as stream, Showing(file, show):
        stream.write("1 of 3\n2 of")
        stream.flush()
        assert second.wait(10), "the module still runs"
        assert lines == ["1 of 3"]
        stream.write(" 3\n")
        stream.flush()
    assert lines == ["1 of 3", "2 of 3"]


def test_a_terminal_obeys_no_line(tmp_path: Path) -> None:
    file, lines = tmp_path / "progress", []
    file.write_text("1 of 3\x1b]0;owned\x07\n")
    with Showing(file, lines.append):
        pass
    assert lines == [r"1 of 3\x1b]0;owned\x07"]


_MODULE = """#!/usr/bin/python
import os, time
from ansible.module_utils.basic import AnsibleModule

module = AnsibleModule({"go": {"type": "path"}})
with open(os.environ["_ELEMENTAL_NETWORKING_PROGRESS_FILE"], "a") as stream:
    stream.write("1 of 2 claims served\\n")
deadline = time.monotonic() + 60
while not os.path.exists(module.params["go"]):
    if time.monotonic() > deadline:
        module.fail_json(msg="nobody saw the line")
    time.sleep(0.05)
module.exit_json()
"""
_ACTION = """
from ansible_collections.elemental.networking.plugins.plugin_utils._request.progress_action import ClaimingAction

class ActionModule(ClaimingAction):
    pass
"""


def test_a_play_shows_the_lines_while_the_task_runs(tmp_path: Path) -> None:
    """With a module of the test's own, which ends when its line was seen."""
    for folder, text in (("library", _MODULE), ("action_plugins", _ACTION)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "slow.py").write_text(text)
    go = tmp_path / "go"
    play = {"hosts": "localhost", "gather_facts": False, "tasks": [{"slow": {"go": str(go)}}]}
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    command = [str(Path(sys.executable).parent / "ansible-playbook"), "play.yml"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:
        assert run.stdout is not None
        seen = []
        for line in run.stdout:
            seen.append(line.strip())
            if "1 of 2 claims served" in line:
                go.touch()
    assert run.returncode == 0, seen
    assert "1 of 2 claims served" in seen
