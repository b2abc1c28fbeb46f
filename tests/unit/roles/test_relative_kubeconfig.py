# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A relative kubeconfig is found where a relative manifest is: where ansible-playbook was started, then beside the inventory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

from ansible_collections.elemental.networking.tests.stages.machine import REPOSITORY

_VARIABLES = REPOSITORY / "roles/machine_network/vars/main.yml"


def seen(folder: Path, *given: object, **more: str) -> list[t.Any]:
    """What the modules of the role get for each of these; ``more`` is in the environment."""
    look = {
        "ansible.builtin.debug": {"msg": "SEEN{{ _machine_network_kubernetes | to_json }}END"},
        "vars": {"machine_network_kubernetes": "{{ item }}"},
        "loop": list(given),
    }
    tasks = [{"ansible.builtin.include_vars": str(_VARIABLES)}, look]
    (folder / "book").mkdir(exist_ok=True)
    (folder / "book/play.json").write_text(json.dumps([{"hosts": "n1", "gather_facts": False, "tasks": tasks}]))
    command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "inventory", "book/play.json"]
    environment = {**os.environ, "PWD": str(folder), "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml", **more}
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)
    assert run.returncode == 0, run.stdout + run.stderr
    return [json.loads(each.partition("END")[0]) for each in run.stdout.split("SEEN")[1:]]


def test_a_relative_kubeconfig_is_found(tmp_path: Path) -> None:
    inventory = tmp_path / "inventory"
    inventory.mkdir()
    (inventory / "hosts").write_text("n1 ansible_connection=local\n")
    for file in (tmp_path / "here", inventory / "here", inventory / "beside"):
        file.touch()
    inline = {"kubeconfig": {"apiVersion": "v1"}}
    untouched: list[object] = [{"kubeconfig": "missing"}, {"kubeconfig": "~/x"}, {"kubeconfig": "/x"}, inline, {}]
    found = seen(tmp_path, {"kubeconfig": "here", "context": "c"}, "kubeconfig: beside", *untouched)
    assert found[0] == {"kubeconfig": str(tmp_path / "here"), "context": "c"}
    assert found[1] == {"kubeconfig": str(inventory / "beside")}
    assert found[2:] == untouched
    found = seen(tmp_path, {"context": "c"}, {"kubeconfig": "beside"}, K8S_AUTH_KUBECONFIG="here")
    assert found == [{"kubeconfig": str(tmp_path / "here"), "context": "c"}, {"kubeconfig": str(inventory / "beside")}]
