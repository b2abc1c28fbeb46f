# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook report: one task for all hosts, whose variables count wherever they are set."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.claiming import ClaimRequest, ensure_claims
from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_backend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.manifest import pool_from_manifest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import Claim
from ansible_collections.elemental.networking.tests.unit.standin_hosts import run_playbook

POOL = {
    "apiVersion": "ipam.cluster.x-k8s.io/v1alpha2",
    "kind": "InClusterIPPool",
    "metadata": {"name": "p"},
    "spec": {"addresses": ["10.0.0.5-10.0.0.9"], "prefix": 24},
}
REFERENCE = {"apiGroup": "ipam.cluster.x-k8s.io", "kind": "InClusterIPPool", "name": "p"}
NETWORK = {"configurator": "nmconnections", "ipAddresses": {"ip": REFERENCE}, "config": {"eth0": "[connection]"}}
HEADER = "machine  placeholder       address             in use since          pool"
NOT_ASKED = "claim a-old is not asked for by a any more"


class Site:
    """An inventory with hosts a, b and c, and a database with a claim of a and one of b."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hosts: dict[str, dict[str, t.Any]] = {name: {} for name in "abc"}
        self.variables: dict[str, t.Any] = {"machine_network": NETWORK}
        pool = pool_from_manifest(POOL, "default")
        requests = [
            ClaimRequest(Claim("default", f"{machine}-{key}", machine, key, pool.reference, machine))
            for machine, key in (("a", "ip"), ("a", "old"), ("b", "ip"))
        ]
        with open_backend(BackendOptions("embedded", str(folder / ".elemental-ipam.sqlite"))) as backend:
            ensure_claims(backend, requests, [pool], False)

    def report(self, *arguments: str, playbook: str = "elemental.networking.report") -> str:
        """What the playbook prints, in one line."""
        inventory = {"all": {"hosts": self.hosts, "vars": self.variables}}
        (self.folder / "inventory.json").write_text(json.dumps(inventory))
        output = run_playbook(self.folder, *arguments, playbook)
        assert "Traceback" not in output, output
        return " ".join(output.split())

    def own(self, **keywords: t.Any) -> str:
        """A play of a user with the role."""
        role = {"name": "elemental.networking.machine_network", "tasks_from": "report"}
        tasks = [{"ansible.builtin.import_role": role}]
        play = {"hosts": "all", "gather_facts": False, "tasks": tasks, **keywords}
        (self.folder / "own.json").write_text(json.dumps([play]))
        return "own.json"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_one_host_reports_on_all(site: Site) -> None:
    shown = site.report()
    lines = [
        HEADER,
        "a        ip                10.0.0.5/24         promised              p",
        "a        old               10.0.0.6/24         promised              p",
        "b        ip                10.0.0.7/24         promised              p",
        "pool p: 3 of 5 in use, 2 free",
        NOT_ASKED,
    ]
    assert ", ".join(f'"{" ".join(line.split())}"' for line in lines) in shown
    assert re.search(r"PLAY RECAP \*+ a : ok=\d+ changed=0 unreachable=0 failed=0 \S+ \S+ \S+$", shown), shown


@pytest.mark.parametrize("keywords", [{}, {"serial": 2}, {"order": "reverse_inventory"}])
def test_a_play_of_a_user_reports_the_same(site: Site, keywords: dict[str, t.Any]) -> None:
    shown = site.report(playbook=site.own(**keywords))
    assert shown.count(NOT_ASKED) == (2 if "serial" in keywords else 1)
    assert "failed=1" not in shown


@pytest.mark.parametrize(
    ("of_host", "of_all", "arguments"),
    [
        ({"machine_network_machine_name": "far-{{ inventory_hostname }}"}, {}, ()),
        ({"prefix": "far"}, {"machine_network_machine_name": "{{ prefix | default('no') }}-{{ inventory_hostname }}"}, ()),
        ({}, {}, ("-emachine_network_machine_name=far-{{inventory_hostname}}",)),
        ({}, {"machine_network_machine_name": "far-{{ hostvars[inventory_hostname].inventory_hostname }}"}, ()),
    ],
    ids=["of the host", "of all hosts", "of the command line", "through hostvars"],
)  # fmt: skip
def test_variables_of_each_host_count(
    site: Site, of_host: dict[str, str], of_all: dict[str, str], arguments: tuple[str, ...]
) -> None:
    site.hosts["b"] = of_host
    site.variables.update(of_all)
    shown = site.report(*arguments)
    assert "claim b-ip is of b, whose machine is far-b now: set machine_network_former_name: b for it" in shown


def test_variables_of_a_play_and_of_the_role_count(site: Site) -> None:
    """They are more than those of the inventory."""
    site.hosts["b"] = {"machine_network_machine_name": "b"}
    shown = site.report(playbook=site.own(vars={"machine_network_machine_name": "far-{{ inventory_hostname }}"}))
    assert "claim b-ip is of b, whose machine is far-b now" in shown
    (site.folder / "far.json").write_text('{"machine_network_machine_name": "far"}')
    shown = site.report(playbook=site.own(vars_files=["far.json"]))
    assert "claim b-ip is of b, whose machine is far now" in shown


def test_variables_of_a_host_beside_the_playbook_count(site: Site) -> None:
    beside = site.folder / "plays"
    (beside / "host_vars").mkdir(parents=True)
    (beside / "host_vars/b.yml").write_text("machine_network_machine_name: far")
    (site.folder / site.own()).rename(beside / "own.json")
    assert "claim b-ip is of b, whose machine is far now" in site.report(playbook="plays/own.json")


def test_a_playbook_leaves_artifacts_and_a_play_of_a_user_does_not(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """They would be merged with those of a push in the same play."""
    monkeypatch.setenv("ANSIBLE_SHOW_CUSTOM_STATS", "true")
    left = '"machine_network_of_c": { "addresses": {}, "host": "c", "state": "without_address" }'
    assert left in site.report()
    assert "machine_network_of_" not in site.report(playbook=site.own())


def test_a_former_name_counts_also_where_its_host_is_not_in_the_play(site: Site) -> None:
    del site.hosts["b"]
    words = "claims of machines that are not in the inventory: b-ip"
    assert words in site.report("--limit=a")
    site.hosts["c"] = {"machine_network_former_name": "b"}
    assert words not in site.report("--limit=a")
    site.hosts["a"] = {"machine_network_former_name": "c"}
    assert "a has the former name c, which is in the inventory, too; remove c there" in site.report("--limit=a")


def test_a_host_whose_variables_are_wrong_is_named_after_the_report(site: Site) -> None:
    site.hosts["b"] = {"machine_network": "{{ nothing }}", "machine_network_machine_name": "far"}
    site.hosts["c"] = {"machine_network": {"configurator": "nmstate", "ipAddresses": "p"}}
    shown = site.report()
    assert "10.0.0.7/24" in shown
    assert NOT_ASKED in shown
    assert "claim b-ip" not in shown
    assert "c: ipAddresses of the network must be a dictionary of placeholder key to pool" in shown
    assert "b: " in shown
    assert "failed=1" in shown


@pytest.mark.parametrize(
    ("of_b", "words"),
    [
        ({"machine_network_ipam_backend": "kubernetes"}, "different backends (embedded, kubernetes): give all of them one"),
        ({"machine_network_ipam_database": "other.sqlite"}, "name different databases ("),
    ],
)  # fmt: skip
def test_hosts_that_name_different_places_are_refused(site: Site, of_b: dict[str, str], words: str) -> None:
    site.hosts["b"] = of_b
    shown = site.report()
    assert f"the hosts of this play name {words.removeprefix('name ')}" in shown
    assert "10.0.0.5" not in shown


def test_a_host_that_is_not_managed_keeps_what_it_holds(site: Site) -> None:
    site.hosts["a"] = {"machine_network": {"configurator": "none"}}
    assert NOT_ASKED not in site.report()


def test_the_keys_of_a_manifest_count(site: Site) -> None:
    registration = {"kind": "MachineRegistration", "metadata": {"name": "r", "namespace": "default"}}
    network = {"spec": {"config": {"network": NETWORK}}}
    (site.folder / "registration.yaml").write_text(json.dumps({**registration, **network}))
    site.variables = {"machine_network_manifest": "registration.yaml"}
    assert NOT_ASKED in site.report()
