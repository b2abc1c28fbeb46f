# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs in their containers, with stand-ins for hosts: what a job sees of its inventory, its database, answers and credentials."""

from __future__ import annotations

import json
import re
import shlex
import sqlite3
import sys
import typing as t

import pytest
import yaml

from tests.awx.job import REPOSITORY, Ended, Inventory, Site, Template

_SSH = REPOSITORY / "tests/standins/hostile_ssh.py"
_MARK = re.search(r'ANSWER_MARK = "(.*)"', (REPOSITORY / "plugins/module_utils/_node/paths.py").read_text())
_KEYFILE = "[connection]\nid=eth0\ntype=ethernet\ninterface-name=eth0\n[ipv4]\nmethod=manual\naddress1={ip}/24\n"
_REFERENCE = {"apiGroup": "ipam.cluster.x-k8s.io", "kind": "InClusterIPPool", "name": "pool"}
_POOL = {
    "apiVersion": "ipam.cluster.x-k8s.io/v1alpha2",
    "kind": "InClusterIPPool",
    "metadata": {"name": "pool"},
    "spec": {"addresses": ["192.0.2.200-192.0.2.250"], "prefix": 24},
}
HOSTS = ("node0", "node1", "node2", "node3", "node4")
DATABASE = "/exposed/ipam.sqlite"


def _says(**answer: t.Any) -> list[t.Any]:
    assert _MARK
    return [f"{_MARK[1]}{json.dumps({'version': 1, **answer})}\n", "", 0]


FINE = _says(answer="staged", changed=False)
REFUSES = _says(answer="refusal", msg="it is out of order")
SILENT = ["", "ssh: connect to host 192.0.2.1 port 22: No route to host\n", 255]


class World:
    """An AWX, and hosts that answer as they are told."""

    def __init__(self, site: Site) -> None:
        self.site = site
        ssh = site.folder / "ssh"
        ssh.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(_SSH))} "$@"\n')
        ssh.chmod(0o755)
        self.answers = site.folder / "answers.json"
        self.hosts_say()

    def hosts_say(self, **answers: t.Sequence[t.Any]) -> None:
        """Tell hosts what to say; all others have nothing to change."""
        operations = ("stage", "stage_reset", "confirm")
        self.answers.write_text(
            json.dumps({name: dict.fromkeys(operations, answers.get(name, FINE)) for name in HOSTS})
        )

    def inventory(self, *names: str, **variables: t.Any) -> Inventory:
        """The inventory in AWX."""
        hosts = {
            name: {"ansible_host": f"192.0.2.{number}", "ansible_user": name} for number, name in enumerate(HOSTS, 1)
        }
        common = {
            "ansible_ssh_executable": str(self.site.folder / "ssh"),
            "ansible_ssh_common_args": "-o ProxyJump=jump",  # nothing but ssh is asked then
            "machine_network_rollback_timeout": 30,
            "machine_network_ipam_database": DATABASE,
            "machine_network_pools": [_POOL],
            "machine_network": {
                "configurator": "nmconnections",
                "ipAddresses": {"ip": _REFERENCE},
                "config": {"eth0": _KEYFILE},
            },
        }
        known = {name: value for name, value in {**common, **variables}.items() if value is not None}
        return Inventory({name: hosts[name] for name in names or HOSTS}, known)

    def template(self, book: str = "configure", **options: t.Any) -> Template:
        """A template with the folder of the database exposed."""
        volumes = options.pop("volumes", (f"{self.site.exposed}:/exposed:z",))
        environment = {"HOSTILE_ANSWERS": str(self.answers), **options.pop("environment", {})}
        return Template(f"{book}.yml", name=f"Network {book}", volumes=volumes, environment=environment, **options)

    def run(
        self, book: str = "configure", inventory: Inventory | None = None, workflow: int = 0, **options: t.Any
    ) -> Ended:
        """One job, of a slice where it has a workflow."""
        return self.site.job(inventory or self.inventory(), self.template(book, **options), workflow).run()

    def claims(self) -> dict[str, str]:
        """Who holds what, in the database that the jobs share."""
        with sqlite3.connect(self.site.exposed / "ipam.sqlite") as connection:
            return dict(connection.execute("SELECT machine, address FROM claims"))


def succeeded(ended: Ended) -> None:
    """The job was successful; its output shows what was not."""
    assert ended.status == "successful", ended.output


@pytest.fixture
def world(site: Site) -> World:
    return World(site)


def test_without_an_exposed_path_the_job_is_refused_before_anything_is_claimed(world: World) -> None:
    """The default would be beside the inventory, which is in the private folder."""
    ended = world.run(inventory=world.inventory(machine_network_ipam_database=None))
    assert ended.status == "failed"
    assert "the database /runner/inventory/.elemental-ipam.sqlite dies with this AWX job" in ended.text
    assert "Paths to expose to isolated jobs" in ended.text
    assert not list(world.site.folder.rglob("*.sqlite"))


@pytest.mark.parametrize(
    ("volume", "database", "reason"),
    [
        ("{exposed}:/exposed:O", DATABASE, "on tmpfs (/exposed)"),
        ("{exposed}:/exposed:z", "/nowhere/ipam.sqlite", "on tmpfs (/)"),
    ],
)
def test_a_database_in_a_layer_of_the_container_is_refused(
    world: World, volume: str, database: str, reason: str
) -> None:
    volumes = (volume.format(exposed=world.site.exposed),)
    ended = world.run(inventory=world.inventory(machine_network_ipam_database=database), volumes=volumes)
    assert ended.status == "failed"
    assert f"the database {database} dies with this AWX job, since it is {reason}" in ended.text
    assert not list(world.site.exposed.iterdir())


def test_two_slices_at_once_claim_no_address_twice_and_their_artifacts_merge(world: World) -> None:
    slices = world.site.slices(world.inventory(), world.template(), 2)
    assert [each.status for each in slices] == ["successful"] * 2, slices[0].output + slices[1].output
    claims = world.claims()
    assert sorted(claims) == list(HOSTS)
    assert len(set(claims.values())) == len(HOSTS)
    merged = {**slices[0].artifacts, **slices[1].artifacts}  # as a workflow does
    assert {each["host"]: each["addresses"]["ip"] for each in merged.values()} == claims
    again = world.run()
    assert not any(again.changed.values())
    assert {each["state"] for each in again.artifacts.values()} == {"unchanged"}


def test_answers_of_the_shipped_surveys_are_strings_and_those_that_are_empty_hide_nothing(world: World) -> None:
    templates = yaml.load((REPOSITORY / "extensions/awx/vars/job_templates.yml").read_text(), yaml.SafeLoader)[
        "controller_templates"
    ]
    questions = [each for template in templates for each in template.get("survey_spec", {}).get("spec", [])]
    answers = {each["variable"]: each["default"] for each in questions}
    empty = dict.fromkeys(
        ("machine_network", "machine_network_pools", "machine_network_ipam_database", "machine_network_site"), ""
    )
    for book in ("configure", "reset"):
        ended = world.run(book, answers={**answers, **empty})
        assert ended.status == "successful", ended.output
        assert sorted(world.claims()) == (list(HOSTS) if book == "configure" else [])


def test_artifacts_name_what_became_of_each_machine_and_no_secret(world: World) -> None:
    world.hosts_say(node1=REFUSES, node3=SILENT)
    secret = f"{_KEYFILE}[802-1x]\neap=md5;\nidentity=a\npassword=not-a-real-secret\n"
    network = {"configurator": "nmconnections", "ipAddresses": {"ip": _REFERENCE}, "config": {"eth0": secret}}
    ended = world.run(inventory=world.inventory(machine_network=network))
    assert ended.status == "failed"
    states = {each["host"]: (each["state"], each.get("error")) for each in ended.artifacts.values()}
    assert states["node0"] == ("unchanged", None)
    assert states["node1"] == ("failed", "failed")
    assert states["node3"] == ("unreachable", "unreachable")
    assert not {"not-a-real-secret", "out of order"} & set(
        re.findall(r"not-a-real-secret|out of order", json.dumps(ended.artifacts))
    )
    assert ended.artifacts["machine_network_of_node1"]["addresses"] == {"ip": world.claims()["node1"]}


def test_a_report_in_a_slice_calls_nothing_left_over(world: World) -> None:
    succeeded(world.run())
    part = world.inventory().slice(1, 2)
    ended = world.run("report", inventory=part, workflow=90)
    assert "claims of machines that are not in the inventory are not known" in ended.text
    assert "claims of machines that are not in the inventory:" not in ended.text
    assert {each["host"]: each["state"] for each in ended.artifacts.values()} == dict.fromkeys(part.hosts, "in_use")
    # not in a slice, one that is disabled in AWX is missing in the inventory
    ended = world.run("report", inventory=part)
    assert "claims of machines that are not in the inventory: node1-ip, node3-ip" in ended.text


def test_a_slice_releases_nothing_that_it_does_not_see(world: World) -> None:
    succeeded(world.run())
    part = world.inventory().slice(1, 2)
    ended = world.run("release_left_over", inventory=part, workflow=90)
    assert ended.status == "failed"
    assert "this looks like a job slice of AWX" in ended.text
    assert len(world.claims()) == len(HOSTS)
    succeeded(world.run("release_left_over", inventory=part, job_type="check"))
    assert len(world.claims()) == len(HOSTS)
    succeeded(world.run("release_left_over", inventory=part))
    assert sorted(world.claims()) == list(part.hosts)


def test_a_check_for_drift_fails_for_the_machines_that_differ(world: World) -> None:
    succeeded(world.run())
    assert world.run("drift", job_type="check").status == "successful"
    world.hosts_say(node2=_says(answer="staged", changed=True, reasons={"eth0.nmconnection": "it is new"}))
    ended = world.run("drift", job_type="check")
    assert ended.status == "failed"
    assert "node2 is not as the inventory describes it" in ended.text
    assert "node1 is not as" not in ended.text
    assert ended.artifacts["machine_network_of_node2"]["state"] == "changed"


def test_a_kubeconfig_comes_from_the_file_of_a_credential(world: World) -> None:
    """No API server is there: the message names the one in the file."""
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:9"}}],
        "users": [{"name": "u", "user": {"token": "not-a-real-token"}}],
    }
    ended = world.run(
        files={"tmpkubeconfig": json.dumps(kubeconfig)},
        environment={"K8S_AUTH_KUBECONFIG": "/runner/env/tmpkubeconfig", "K8S_AUTH_CONTEXT": ""},
        injected={"machine_network_ipam_backend": "kubernetes", "machine_network_ipam_namespace": ""},
        inventory=world.inventory(machine_network_ipam_namespace="fleet"),
    )
    assert ended.status == "failed"
    assert "127.0.0.1:9" in ended.text, ended.output
    assert "not-a-real-token" not in ended.text


def test_an_update_of_the_inventory_source_finds_the_machines(world: World) -> None:
    if not (REPOSITORY / "plugins/inventory/machines.py").exists():
        pytest.skip("THE UPDATE OF AN INVENTORY SOURCE WAS NOT TESTED: this checkout has no inventory plugin")
    succeeded(world.run())
    job = world.site.job(world.inventory(), world.template())
    shipped = yaml.safe_load((REPOSITORY / "extensions/awx/project/inventory/machines.elemental.yml").read_text())
    (job.private / "project/inventory").mkdir()
    source = {"plugin": shipped["plugin"], "source": "database", "database": DATABASE}
    (job.private / "project/inventory/machines.elemental.yml").write_text(json.dumps(source))
    found = job.update_inventory("inventory/machines.elemental.yml")
    assert sorted(found["_meta"]["hostvars"]) == list(HOSTS)


_SHOWS = """
import sys

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.elemental.networking.plugins.plugin_utils._progress_lines import show_line

plain = Display.display


def wrapped(self, *arguments, **more):
    sys.stdout.write("an event of AWX")
    return plain(self, *arguments, **more)


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        Display.display = wrapped
        (Display().display if self._task.args["plain"] else show_line)("a line of progress")
        return {"changed": False}
"""


@pytest.mark.parametrize("plain", [True, False], ids=["Display.display", "ours"])
def test_a_line_of_progress_is_shown_without_a_warning(world: World, plain: bool) -> None:
    """Display.display is wrapped as the ansible-runner of AWX 24.6.1 does it; the first case shows that ansible-core 2.19 warns of that."""
    job = world.site.job(world.inventory("node0"), world.template("progress"))
    project = job.private / "project"
    (project / "action_plugins").mkdir()
    (project / "library").mkdir()
    (project / "action_plugins/shows.py").write_text(_SHOWS)
    (project / "library/shows.py").write_text("")
    play = {"hosts": "all", "gather_facts": False, "tasks": [{"shows": {"plain": plain}}]}
    (project / "progress.yml").write_text(json.dumps([play]))
    ended = job.run()
    assert "a line of progress" in ended.text, ended.output
    assert ("errantly sent data directly to stdout" in ended.text) is plain, ended.output
