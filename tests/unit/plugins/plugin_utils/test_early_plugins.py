# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible loads an action before it forks; the lookups of the collection are there then, too, with their options, and its own filters."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

_LOOK = """
import gc, json, sys
from ansible import constants
from ansible.plugins.loader import action_loader, init_plugin_loader
init_plugin_loader()
known = lambda: [
    name for name in json.loads(sys.argv[1])
    if constants.config.has_configuration_definition(
        "lookup", f"ansible_collections.elemental.networking.plugins.lookup.{name}"
    )
]
before = known()
assert action_loader.get("elemental.networking." + sys.argv[2], class_only=True)
has_filters = any("ansible.plugins.filter." in name and "core" in name for name in sys.modules)
print(json.dumps([before, known(), has_filters, gc.get_freeze_count() > 1000]))
"""
_LOOKUPS = ["ip_address", "machine_network", "nonempty_variable", "resolved_network"]


@pytest.mark.parametrize("action", ["machine_network_claim", "network_config", "job_artifacts"])
def test_what_each_task_needs_is_there_with_an_action(action: str) -> None:
    command = [sys.executable, "-c", _LOOK, json.dumps(_LOOKUPS), action]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == [[], _LOOKUPS, True, True]
