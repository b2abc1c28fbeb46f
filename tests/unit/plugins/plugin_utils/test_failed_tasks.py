# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each task of an IPAM module with an action that fails in a real play has a code in its result, whoever refused it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

from ansible_collections.elemental.networking.plugins.module_utils._errors import CODES

_GROUP = "ipam.cluster.x-k8s.io"
_POOL = {
    "apiVersion": f"{_GROUP}/v1alpha2",
    "kind": "InClusterIPPool",
    "metadata": {"name": "p"},
    "spec": {"addresses": ["192.0.2.10"], "prefix": 24},
}
_REFERENCE = {"apiGroup": _GROUP, "kind": "InClusterIPPool", "name": "p"}
# of a job slice of AWX
_SLICE = {
    "awx_job_launch_type": "workflow",
    "awx_job_template_name": "release",
    "awx_workflow_job_id": 11,
    "awx_workflow_job_name": "release",
}
_NOT_ME = {"not_in_inventory": ["a"]}


def _one(**options: t.Any) -> dict[str, t.Any]:
    return {"machine": "node1", "key": "ip", "pool": _REFERENCE, **options}


def _two() -> list[dict[str, t.Any]]:
    return [_one(machine=name) for name in ("node1", "node2")]


# module, options, the code
_FAILING: tuple[tuple[str, dict[str, t.Any], str], ...] = (
    # the module itself
    ("ip_address_claims", {"claims": _two(), "pools": [_POOL]}, "pool_exhausted"),
    ("ip_address_claim", _one(), "pool_not_found"),
    ("ip_address_claim", _one(machine="Node 1", pools=[_POOL]), "invalid_input"),
    ("ip_address_claim", _one(pools=[_POOL], database="nowhere/ipam.sqlite"), "invalid_input"),
    ("ip_address_claim_info", {"database": "play.json"}, "failed"),
    # Ansible, which checks the options of a module on the host
    ("ip_address_claim", _one(colour="red"), "failed"),
    ("ip_address_claims", {"claims": "none"}, "failed"),
    ("ip_address_claims", {"claims": [], "state": "gone"}, "failed"),
    ("ip_address_claim_info", {"selector": "none"}, "failed"),
    # Ansible, which does not find a Python to run it with
    ("ip_address_claim_info", {"vars": {"ansible_python_interpreter": "/nowhere/python3"}}, "failed"),
    # the action
    ("ip_address_claims", {"selector": _NOT_ME, "state": "absent", "vars": _SLICE}, "invalid_input"),
    # Ansible, before there is a task to run
    ("ip_address_claim", {**_one(), "pools": "{{ nothing }}"}, ""),
)


def run(folder: Path) -> list[dict[str, t.Any]]:
    """What each of the tasks registers; ignored errors, as a user has them who looks at them later."""
    tasks: list[dict[str, t.Any]] = []
    for number, (module, given, _code) in enumerate(_FAILING):
        options = {"database": "ipam.sqlite", **given}
        variables = options.pop("vars", {})
        name = f"elemental.networking.{module}"
        tasks.append({name: options, "vars": variables, "register": f"result{number}", "ignore_errors": True})
    results = ", ".join(f"result{number}" for number in range(len(_FAILING)))
    tasks.append({"ansible.builtin.copy": {"content": f"{{{{ [{results}] | to_json }}}}", "dest": "results.json"}})
    play = {"hosts": "localhost", "gather_facts": False, "tasks": tasks}
    (folder / "play.json").write_text(json.dumps([play]))
    command = [str(Path(sys.executable).parent / "ansible-playbook"), "play.json"]
    environment = {**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "0"}
    played = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)
    assert played.returncode == 0, played.stdout + played.stderr
    return t.cast("list[dict[str, t.Any]]", json.loads((folder / "results.json").read_text()))


def test_a_failed_task_has_a_code_whoever_refused_it(tmp_path: Path) -> None:
    found = run(tmp_path)
    assert all(result["failed"] and result["msg"] for result in found)
    codes = [result.get("error", {}).get("code", "") for result in found]
    assert codes == [code for _module, _options, code in _FAILING]
    assert {*codes, ""} <= {*CODES, ""}
