# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""In a job slice of AWX groups.all is a part of the inventory, and no variable says so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.plugin_utils._request.job_slice import is_job_slice

# as AWX 24.6.1 gives them to a job of a template that is sliced
SLICE = {
    "awx_job_id": 12,
    "awx_job_launch_type": "workflow",
    "awx_job_template_name": "release",
    "awx_workflow_job_id": 11,
    "awx_workflow_job_name": "release",
}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        (SLICE, True),
        ({name.replace("awx", "tower"): value for name, value in SLICE.items()}, True),
        ({}, False),
        ({**SLICE, "awx_workflow_job_name": "nightly"}, False),  # a node of a workflow
        ({**SLICE, "awx_job_launch_type": "manual"}, False),
        ({**SLICE, "awx_workflow_job_id": ""}, False),
        ({name: value for name, value in SLICE.items() if "workflow_job_name" not in name}, False),
    ],
)
def test_the_signs_of_a_slice(variables: dict[str, t.Any], expected: bool) -> None:
    assert is_job_slice(variables) == expected


class Job:
    """A job of AWX with one host of two, both of which hold an address."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        pool = {
            "apiVersion": "ipam.cluster.x-k8s.io/v1alpha2",
            "kind": "InClusterIPPool",
            "metadata": {"name": "p"},
            "spec": {"addresses": ["192.0.2.10-192.0.2.20"], "prefix": 24},
        }
        reference = {"apiGroup": "ipam.cluster.x-k8s.io", "kind": "InClusterIPPool", "name": "p"}
        claims = [{"machine": name, "key": "ip", "pool": reference, "host": name} for name in ("a", "b")]
        assert "failed=0" in self.run("ip_address_claims", {"claims": claims, "pools": [pool]}, {})

    def run(self, module: str, options: dict[str, t.Any], variables: dict[str, t.Any]) -> str:
        """Run one task in it."""
        task = {f"elemental.networking.{module}": {"database": "ipam.sqlite", **options}, "register": "found"}
        show = {"ansible.builtin.debug": {"var": "found"}}
        play = {"hosts": "localhost", "gather_facts": False, "tasks": [task, show]}
        (self.folder / "play.json").write_text(json.dumps([play]))
        command = [str(Path(sys.executable).parent / "ansible-playbook"), "play.json", "-e", json.dumps(variables)]
        environment = {**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "0"}
        run = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False, env=environment)
        return " ".join((run.stdout + run.stderr).split())


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


def test_a_slice_releases_nothing_of_another_one(job: Job) -> None:
    selector: t.Any = {"not_in_inventory": ["a"]}
    for given in (selector, json.dumps(selector)):
        output = job.run("ip_address_claims", {"selector": given, "state": "absent"}, SLICE)
        assert "this looks like a job slice of AWX" in output
        assert "set in_job_slice; nothing was released" in output
    assert "changed=0" in job.run("ip_address_claims", {"selector": {"host": "c"}, "state": "absent"}, SLICE)
    assert "changed=1" in job.run(
        "ip_address_claims", {"selector": {**selector, "in_job_slice": True}, "state": "absent"}, SLICE
    )


def test_in_a_slice_orphans_are_not_known(job: Job) -> None:
    selector = {"not_in_inventory": ["a"]}
    output = job.run("ip_address_claim_info", {"selector": selector}, SLICE)
    assert '"claims": []' in output
    assert '"addresses": {}' in output
    assert '"not_in_inventory_unknown": "this looks like a job slice of AWX' in output
    for options, variables in (({}, {}), ({"in_job_slice": True}, SLICE)):
        output = job.run("ip_address_claim_info", {"selector": {**selector, **options}}, variables)
        assert '"name": "b-ip"' in output.partition('"claims"')[2]
        assert "not_in_inventory_unknown" not in output
