# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is loaded before Ansible forks: nothing that is wrong there ends a play whose tasks do not need it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from standin_hosts import run_playbook


@pytest.mark.parametrize(
    "filters", ["    def filters(self):\n        return None\n", "    import sys\n    sys.exit(3)\n"]
)
def test_a_broken_filter_plugin_of_the_user_is_no_matter_of_a_task_without_filters(
    tmp_path: Path, filters: str
) -> None:
    (tmp_path / "filter_plugins").mkdir()
    (tmp_path / "filter_plugins" / "broken.py").write_text(f"class FilterModule:\n{filters}")
    (tmp_path / "inventory.json").write_text(json.dumps({"all": {"hosts": {"a": {"ansible_connection": "local"}}}}))
    ask = {"backend": "embedded", "database": str(tmp_path / "claims.sqlite")}
    tasks = [
        {"elemental.networking.ip_address_claim_info": {**ask, "machine": "a"}, "ignore_errors": True},
        {"ansible.builtin.assert": {"that": [True]}},
    ]
    (tmp_path / "own.json").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    output = run_playbook(tmp_path, "own.json")
    assert "All assertions passed" in output
    assert "PLAY RECAP" in output
