# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""extensions/awx/apply.yml with the real modules of awx.awx, against a double of AWX's API; a second run changes nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from tests.awx.api import Server
from tests.awx.job import REPOSITORY
from tests.awx.test_objects import TEMPLATES, TYPES


@pytest.fixture
def server() -> t.Iterator[Server]:
    with Server() as started:
        for name in ("machines", "claims"):
            started.api.add("credentials", {"name": name})
        yield started


def apply(server: Server, folder: Path, *more: str) -> str:
    """Run the playbook; what it printed."""
    given = {
        "scm_url": "https://git.example/network.git",
        "machine_credential": "machines",
        "ipam_credential": "claims",
    }
    options = [option for name, value in given.items() for option in ("-e", f"elemental_networking_{name}={value}")]
    command = [
        str(Path(sys.executable).parent / "ansible-playbook"),
        str(REPOSITORY / "extensions/awx/apply.yml"),
        *options,
        *more,
    ]
    environment = {
        **os.environ,
        "CONTROLLER_HOST": server.url,
        "CONTROLLER_OAUTH_TOKEN": "not-a-real-token",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_HOME": str(folder),
        "ANSIBLE_LOCALHOST_WARNING": "0",
    }
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return run.stdout + run.stderr


def _count(output: str, word: str) -> int:
    found = re.search(rf"localhost .*\b{word}=(\d+)", output)
    assert found, output
    return int(found[1])


def test_all_of_it_is_made_and_a_second_run_changes_nothing(server: Server, tmp_path: Path) -> None:
    output = apply(server, tmp_path)
    assert _count(output, "failed") == 0, output
    api = server.api
    assert set(api.named("credential_types")) == set(TYPES)
    assert set(api.named("job_templates")) == set(TEMPLATES)
    # a template of AWX's own is never rendered by Ansible
    kubeconfig = api.named("credential_types")["Elemental IPAM (kubeconfig)"]
    assert kubeconfig["injectors"]["file"] == {"template.kubeconfig": "{{ kubeconfig }}"}
    assert len(api.surveys) == len([each for each in TEMPLATES.values() if each.get("survey_spec")])
    assert (
        api.named("inventory_sources")["Elemental machines at their addresses"]["source_path"]
        == "inventory/machines.elemental.yml"
    )
    written = len(api.writes)
    again = apply(server, tmp_path)
    assert (_count(again, "failed"), _count(again, "changed")) == (0, 0), again
    assert api.writes[written:] == []


def test_the_steps_of_the_workflow_follow_each_other(server: Server, tmp_path: Path) -> None:
    output = apply(server, tmp_path)
    assert _count(output, "failed") == 0, output
    api = server.api
    steps = {each["id"]: name for name, each in api.named("workflow_job_template_nodes").items()}
    follows = {
        (steps[int(path.split("/")[-3])], path.split("/")[-2], steps[number])
        for path, numbers in api.associations.items()
        if "workflow_job_template_nodes" in path
        for number in numbers
        if number in steps
    }
    assert follows >= {
        ("sync", "success_nodes", "try"),
        ("try", "success_nodes", "approve"),
        ("approve", "success_nodes", "configure"),
        ("configure", "always_nodes", "report"),
    }
    assert set(api.named("workflow_approval_templates")) == {"Configure these machines?"}


def test_before_the_credentials_exist_the_types_are_made_and_the_next_step_is_named(
    server: Server, tmp_path: Path
) -> None:
    output = apply(server, tmp_path, "-e", "elemental_networking_ipam_credential=")
    assert set(server.api.named("credential_types")) == set(TYPES)
    assert "the credential types exist now, so that the credential of the claims can be made in AWX" in " ".join(
        output.split()
    )
    assert "job_templates" not in server.api.objects
