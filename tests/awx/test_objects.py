# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What extensions/awx ships keeps AWX's rules, fits the modules of awx.awx, and gives a job what the collection reads."""

from __future__ import annotations

import importlib
import re
import typing as t

import pytest
import yaml

from tests.awx.job import REPOSITORY
from tests.awx.rules import faults_of_survey, faults_of_type, injected
from tests.awx.shipped import EMBEDDED, FOLDER, KUBECONFIG, POSTGRESQL, TEMPLATES, TYPES, WORKFLOW, shipped


@pytest.mark.parametrize("name", TYPES)
def test_a_credential_type_keeps_the_rules(name: str) -> None:
    assert faults_of_type(TYPES[name]) == []
    injected(TYPES[name], {}, strict=True)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"kind": "ssh"}, "kind ssh is not cloud or net"),
        ({"inputs": {"fields": [{"id": "namespace", "label": "x"}]}}, "namespace means something else in a template"),
        ({"inputs": {"fields": [{"id": "tower", "label": "x"}]}}, "tower means something else in a template"),
        ({"inputs": {"fields": [], "dependencies": {}}}, "inputs has dependencies"),
        ({"inputs": {"fields": [{"id": "a", "label": "x", "type": "integer"}]}}, "a: type or format"),
        ({"inputs": {"fields": [{"id": "a", "label": "x", "type": "boolean", "secret": True}]}}, "a is a boolean with"),
        ({"injectors": {"env": {"ANSIBLE_HOST_KEY_CHECKING": "x"}}}, "ANSIBLE_HOST_KEY_CHECKING cannot be injected"),
        ({"injectors": {"env": {"JOB_ID": "x"}}}, "JOB_ID cannot be injected"),
        ({"injectors": {"file": {"kubeconfig": "x"}}}, "kubeconfig is not a name of a file"),
    ],
)
def test_a_rule_that_is_broken_is_seen(change: dict[str, t.Any], fault: str) -> None:
    inputs = {"fields": [{"id": "a", "label": "x"}]}
    assert any(
        each.startswith(fault)
        for each in faults_of_type({"kind": "cloud", "inputs": inputs, "injectors": {}, **change})
    )


@pytest.mark.parametrize(
    ("name", "given", "environment", "variables"),
    [
        (
            KUBECONFIG,
            {"kubeconfig": "k: {{ x }}"},
            {"K8S_AUTH_KUBECONFIG": "/runner/env/tmpkubeconfig", "K8S_AUTH_CONTEXT": ""},
            {"machine_network_ipam_backend": "kubernetes", "machine_network_ipam_namespace": ""},
        ),
        (
            KUBECONFIG,
            {"kubeconfig": "k", "context": "c", "claims_namespace": "n"},
            {"K8S_AUTH_KUBECONFIG": "/runner/env/tmpkubeconfig", "K8S_AUTH_CONTEXT": "c"},
            {"machine_network_ipam_backend": "kubernetes", "machine_network_ipam_namespace": "n"},
        ),
        (
            EMBEDDED,
            {"path": "/srv/e/ipam.sqlite"},
            {"ELEMENTAL_NETWORKING_DATABASE": "/srv/e/ipam.sqlite"},
            {"machine_network_ipam_backend": "embedded", "machine_network_ipam_database": "/srv/e/ipam.sqlite"},
        ),
        (
            POSTGRESQL,
            {"host": "h", "database": "d", "username": "u", "password": "p"},
            {
                **{"PGHOST": "h", "PGPORT": "5432", "PGDATABASE": "d", "PGUSER": "u", "PGPASSWORD": "p"},
                **{"PGSSLMODE": "verify-full", "PGSSLROOTCERT": ""},
            },
            {"machine_network_ipam_backend": "postgresql"},
        ),
    ],
)
def test_what_a_job_gets_of_a_credential(
    name: str, given: dict[str, str], environment: dict[str, str], variables: dict[str, str]
) -> None:
    found = injected(TYPES[name], given)
    assert (found.environment, found.variables) == (environment, variables)
    # what was entered is never a template
    assert found.files.get("kubeconfig", given.get("kubeconfig")) == given.get("kubeconfig")


def test_a_certificate_is_named_where_there_is_one() -> None:
    given = {"host": "h", "database": "d", "username": "u", "sslrootcert": "PEM"}
    found = injected(TYPES[POSTGRESQL], given)
    assert found.files == {"sslrootcert": "PEM"}
    assert found.environment["PGSSLROOTCERT"] == "/runner/env/tmpsslrootcert"


def test_no_secret_of_a_credential_becomes_a_variable() -> None:
    for kind in TYPES.values():
        secrets = [each["id"] for each in kind["inputs"]["fields"] if each.get("secret")]
        text = str(kind["injectors"].get("extra_vars", {}))
        assert [name for name in secrets if re.search(rf"\b{name}\b", text)] == []


@pytest.mark.parametrize("name", [name for name, each in TEMPLATES.items() if each.get("survey_spec")])
def test_a_survey_keeps_the_rules(name: str) -> None:
    assert faults_of_survey(TEMPLATES[name]["survey_spec"]) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"type": "boolean"}, "x: there is no type boolean"),
        ({"type": "integer", "default": "60"}, "x: default is of another type"),
        ({"required": "yes"}, "x: required is missing or of another type"),
        ({"type": "multiplechoice"}, "x: choices"),
        ({"type": "multiplechoice", "choices": ["true", "false"], "default": "maybe"}, "x: choices"),
        ({"variable": "awx_x"}, "awx_x: reserved"),
        ({"variable": "a b"}, "a b: reserved, or not the name of a variable"),
    ],
)
def test_a_question_that_awx_refuses_is_seen(change: dict[str, t.Any], fault: str) -> None:
    question = {"type": "text", "question_name": "X", "variable": "x", "required": False, **change}
    spec = {"name": "", "description": "", "spec": [question]}
    assert any(each.startswith(fault) for each in faults_of_survey(spec))


def test_questions_ask_for_variables_that_the_role_or_the_playbooks_have() -> None:
    specs = yaml.safe_load((REPOSITORY / "roles/machine_network/meta/argument_specs.yml").read_text())["argument_specs"]
    of_playbooks = {"machine_network_hosts", "machine_network_serial", "machine_network_max_fail_percentage"}
    for name, template in TEMPLATES.items():
        entry = {"configure.yml": "configure", "reset.yml": "reset"}.get(template["playbook"])
        questions = template.get("survey_spec", {}).get("spec", [])
        assert not questions or entry, name
        known = {*specs[entry]["options"], *of_playbooks} if entry else set()
        assert {each["variable"] for each in questions} <= known


def test_every_template_has_its_playbook_and_what_sees_the_whole_inventory_is_not_sliced() -> None:
    for name, template in TEMPLATES.items():
        assert (FOLDER / "project" / template["playbook"]).exists(), name
        if template["playbook"] in ("report.yml", "release_left_over.yml"):
            assert template["job_slice_count"] == 1
            assert not template.get("ask_job_slice_count_on_launch")


def test_every_step_of_the_workflow_leads_to_one_that_exists() -> None:
    steps = {each["identifier"]: each for each in WORKFLOW["simplified_workflow_nodes"]}
    for each in steps.values():
        assert {*each.get("success_nodes", []), *each.get("always_nodes", [])} <= set(steps)
        assert each.get("approval_node") or each["unified_job_template"] in {
            *TEMPLATES,
            "{{ elemental_networking_inventory_source }}",
        }


@pytest.mark.parametrize(
    ("file", "variable", "module", "not_of_the_module"),
    [
        ("credential_types", "controller_credential_types", "credential_type", set()),
        ("project", "controller_projects", "project", set()),
        ("inventory_source", "controller_inventories", "inventory", set()),
        ("inventory_source", "controller_inventory_sources", "inventory_source", set()),
        ("job_templates", "controller_templates", "job_template", set()),
        ("workflow", "controller_workflows", "workflow_job_template", {"simplified_workflow_nodes"}),
        ("schedule", "controller_schedules", "schedule", set()),
    ],
)
def test_the_parameters_are_those_of_the_modules(
    file: str, variable: str, module: str, not_of_the_module: set[str]
) -> None:
    known = set(_documented(module))
    for each in shipped(file)[variable]:
        assert set(each) - not_of_the_module <= known
    if module == "workflow_job_template":
        steps = set(_documented("workflow_job_template_node"))
        assert all(set(each) <= steps for each in WORKFLOW["simplified_workflow_nodes"])


def _documented(module: str) -> dict[str, t.Any]:
    loaded = importlib.import_module(f"ansible_collections.awx.awx.plugins.modules.{module}")
    return t.cast("dict[str, t.Any]", yaml.safe_load(loaded.DOCUMENTATION)["options"])


def test_every_one_line_playbook_imports_one_of_the_collection() -> None:
    for path in sorted((FOLDER / "project").glob("*.yml")):
        for play in yaml.safe_load(path.read_text()):
            name = play.get("ansible.builtin.import_playbook")
            assert name is None or (REPOSITORY / "playbooks" / f"{name.rpartition('.')[2]}.yml").exists()
