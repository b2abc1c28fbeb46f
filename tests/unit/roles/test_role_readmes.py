# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The README.md of each role: its example runs, and it names only options that exist."""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.elemental.networking.plugins.module_utils._node.paths import ANSWER_MARK
from ansible_collections.elemental.networking.tests.unit.standin_hosts import (
    run_playbook,
    write_answers,
    write_inventory,
)

_ROLES = sorted(folder for folder in (Path(__file__).resolve().parents[3] / "roles").iterdir() if folder.is_dir())
_UNCHANGED = [f"{ANSWER_MARK}{json.dumps({'version': 1, 'answer': 'staged', 'changed': False})}\n", "", 0]
_FACTS = {"machine_network_result"}


def example(role: str) -> str:
    """The playbook in the README of a role; there is one."""
    (folder,) = (folder for folder in _ROLES if folder.name == role)
    (found,) = re.findall(r"^```yaml\n(.*?)^```$", (folder / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    return str(found)


def run_example(role: str, folder: Path, *arguments: str) -> str:
    """Run it for one host, n1; what was printed."""
    write_inventory(folder, {"n1": {}})
    answers = dict.fromkeys(("stage", "stage_reset", "confirm"), _UNCHANGED)
    write_answers(folder, {"n1": answers})
    (folder / "example.yml").write_text(example(role))
    return run_playbook(folder, *arguments, "example.yml")


@pytest.mark.parametrize("folder", _ROLES, ids=lambda folder: folder.name)
def test_each_variable_that_is_named_is_an_option(folder: Path) -> None:
    entries = yaml.safe_load((folder / "meta/argument_specs.yml").read_text())["argument_specs"].values()
    options = {name for entry in entries for name in entry["options"]} | _FACTS
    text = (folder / "README.md").read_text()
    named = set(re.findall(rf"(?<![.\w]){folder.name}_[a-z_0-9]+", text))
    assert named
    assert named <= options
    assert f"elemental.networking.{folder.name}" in example(folder.name)


def test_the_example_of_machine_network_claims_an_address_and_pushes(tmp_path: Path) -> None:
    output = run_example("machine_network", tmp_path, "-e", '{"ansible_become": false}')
    assert re.search(r"^n1 .*unreachable=0 +failed=0", output, re.MULTILINE), output
    with sqlite3.connect(tmp_path / "claims.sqlite") as database:
        assert "192.168.122.150" in "\n".join(database.iterdump())


@pytest.mark.parametrize("role", ["nmc", "nmstatectl"])
def test_the_example_of_a_role_that_installs_would_install(role: str, tmp_path: Path) -> None:
    here = {"ansible_connection": "local", "ansible_become": False, "ansible_python_interpreter": sys.executable}
    options = {f"{role}_path": str(tmp_path / role)}
    output = run_example(role, tmp_path, "--check", "-e", json.dumps({**here, **options}))
    assert re.search(r"^n1 .*changed=1 .*failed=0", output, re.MULTILINE), output
