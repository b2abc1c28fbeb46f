# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a reset releases: what a host held that runs on DHCP now, by the result of this very reset, and nothing else."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.tests.unit.roles.test_machine_network_role import (
    NODES,
    REFUSES,
    Play,
    Site,
)

_ROLE = {"name": "elemental.networking.machine_network"}

_SILENT = ["", "ssh: connect to host 192.0.2.3 port 22: No route to host", 255]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def _owners(site: Site) -> set[str]:
    """The hosts that hold a claim."""
    with contextlib.closing(sqlite3.connect(site.database)) as database:
        return {host for (host,) in database.execute("SELECT host FROM claims")}


def _reset(site: Site, *arguments: str, **given: t.Any) -> Play:
    return site.play(*arguments, playbook="elemental.networking.reset", **given)


def _tasks(site: Site, *tasks: t.Mapping[str, t.Any], **given: t.Any) -> Play:
    """A play of a user, of these tasks."""
    (site.folder / "own.json").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": list(tasks)}]))
    return site.play(playbook="own.json", **given)


@pytest.mark.parametrize("out_of_order", [("n1", "n3"), NODES], ids=["two of them", "all"])
def test_a_host_that_cannot_be_reset_keeps_its_claims_and_the_others_give_theirs_up(
    site: Site, out_of_order: t.Sequence[str]
) -> None:
    """One refuses, one is silent: each is named with its reason, and one more run ends what the first one could not."""
    site.play()
    answers = {name: _SILENT if name == "n3" else REFUSES for name in out_of_order}
    first = _reset(site, answers=answers)
    assert (first.failed, first.fine) == (set(out_of_order), set(NODES) - set(out_of_order)), first.output
    assert "n1 could not be reset and keeps its claims: it is out of order; run reset again" in first.text
    assert "n3 could not be reset and keeps its claims: the host cannot be reached over ssh" in first.text
    assert "run reset again, or set machine_network_force_release for one run" in first.text
    assert "out of order; run reset again, or" not in first.text
    assert _owners(site) == set(out_of_order)
    again = _reset(site)
    assert again.fine == set(NODES), again.output
    assert _owners(site) == set()
    assert "changed: [" not in _reset(site).output


def test_by_force_the_claims_of_a_host_that_is_gone_are_released(site: Site) -> None:
    """For the host for which that is set; in check mode nothing is."""
    site.play()
    given: dict[str, t.Any] = {
        "answers": {"n2": _SILENT, "n3": _SILENT},
        "hosts": {"n3": {"machine_network_force_release": "true"}},
    }
    assert _reset(site, "--check", **given).failed == {"n2", "n3"}
    assert _owners(site) == set(NODES)
    forced = _reset(site, **given)
    assert forced.failed == {"n2", "n3"}, forced.output
    assert "n3 could not be reset: the host cannot be reached" in forced.text
    assert "its claims are released by force, except those that another object uses, so that others may" in forced.text
    assert _owners(site) == {"n2"}
    assert _reset(site, "-emachine_network_force_release=true", **given).failed == {"n2", "n3"}
    assert _owners(site) == set()


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"machine_network_probes": [{"type": "no-such-probe"}]}, "machine_network_probes"),
        ({"machine_network_rollback_timeout": "soon"}, "machine_network_rollback_timeout"),
        ({"machine_network_former_name": "n2"}, "n1 has the former name n2, which is in the inventory, too"),
        ({"ansible_connection": "local"}, "n1 could not be reset and keeps its claims"),
    ],
)
def test_a_host_whose_variables_are_wrong_is_named_and_keeps_its_claims(
    site: Site, variables: dict[str, t.Any], sentence: str
) -> None:
    """Also by force: nothing shows what is meant."""
    site.play()
    played = _reset(site, hosts={"n1": variables})
    assert played.failed == {"n1"}, played.output
    assert sentence in played.text
    assert _owners(site) == {"n1"}


def test_a_wrong_pool_does_not_keep_a_host_from_its_reset(site: Site) -> None:
    site.play()
    assert _reset(site, "-emachine_network_pool_files=no-such-file.yaml").fine == set(NODES)
    assert _owners(site) == set()


def test_claims_in_two_namespaces_are_released_in_the_one_that_is_meant(site: Site) -> None:
    """Not by force either: the other one may be of another machine of that name."""
    site.play()
    site.play("--limit=n1", "-emachine_network_ipam_namespace=other")
    both = _reset(site, "-emachine_network_force_release=true")
    assert both.failed == {"n1"}, both.output
    assert "it holds claims in the namespaces default, other; set machine_network_ipam_namespace" in both.text
    assert _owners(site) == {"n1"}
    assert _reset(site, "-emachine_network_ipam_namespace=other").fine == set(NODES)
    assert _owners(site) == {"n1"}
    assert _reset(site).fine == set(NODES)
    assert _owners(site) == set()


def test_a_role_in_a_play_of_its_users_goes_on_where_the_hosts_are(site: Site) -> None:
    """Only with those that were reset; the recap counts the others as failed, also in a batch of their own."""
    site.play()
    own = site.own("reset", serial=3)
    played = site.play(playbook=own, answers=dict.fromkeys(NODES[:2], REFUSES))
    assert (played.failed, played.fine) == (set(NODES[:2]), set(NODES[2:])), played.output
    assert _owners(site) == set(NODES[:2])


def test_a_host_that_a_play_leaves_out_keeps_what_it_claimed_since_its_last_reset(site: Site) -> None:
    """It has the result of that one still; a task for all hosts at once looks at it, too."""
    site.play()
    played = _tasks(
        site,
        {"ansible.builtin.include_role": {**_ROLE, "tasks_from": "reset"}},
        {"ansible.builtin.set_fact": {"kept": "{{ machine_network_result }}"}},
        {"ansible.builtin.include_role": {**_ROLE, "tasks_from": "configure"}},
        {"ansible.builtin.set_fact": {"machine_network_result": "{{ kept }}"}},
        {"ansible.builtin.include_role": {**_ROLE, "tasks_from": "reset"}, "when": "inventory_hostname != 'n2'"},
    )
    assert played.fine == set(NODES), played.output
    assert _owners(site) == {"n2"}


def test_what_was_only_rehearsed_is_not_released(site: Site) -> None:
    """All hosts in check mode, and then one of them for real; the two in one go, too."""
    site.play()
    rehearsal = {**_ROLE, "tasks_from": "reset", "apply": {"check_mode": True}}
    for_real = {"ansible.builtin.include_role": {**_ROLE, "tasks_from": "reset"}, "when": "inventory_hostname == 'n3'"}
    assert _tasks(site, {"ansible.builtin.include_role": rehearsal}, for_real).fine == set(NODES)
    assert _owners(site) == set(NODES) - {"n3"}
    by_host = {**_ROLE, "tasks_from": "reset", "apply": {"check_mode": "{{ inventory_hostname != 'n4' }}"}}
    _tasks(site, {"ansible.builtin.include_role": by_host})
    # ansible-core 2.16 takes what is once for all as a rehearsal, too
    assert _owners(site) >= set(NODES) - {"n3", "n4"}


@pytest.mark.parametrize("where", ["the command line", "the inventory"])
def test_a_variable_with_the_name_of_the_result_proves_nothing(site: Site, where: str) -> None:
    """As a workflow of AWX may hand it on."""
    site.play()
    proof = {"is_reset": True, "address": "192.0.2.1", "machine_id": "", "reset_id": "x"}
    given = json.dumps({"machine_network_result": proof})
    arguments = ("-e", given) if where == "the command line" else ()
    hosts = {name: {"machine_network_result": proof} for name in NODES} if where == "the inventory" else {}
    played = _reset(site, *arguments, hosts=hosts, answers={"n1": REFUSES})
    assert (played.failed, played.fine) == ({"n1"}, set(NODES[1:])), played.output
    assert _owners(site) == {"n1"}


def test_hosts_are_found_where_they_are_also_if_the_release_fails(site: Site) -> None:
    """For what a user does then."""
    site.play()
    with contextlib.closing(sqlite3.connect(site.database)) as database:
        database.execute("CREATE TRIGGER no BEFORE DELETE ON claims BEGIN SELECT RAISE(ABORT, 'no delete'); END")
        database.commit()
    include = {"ansible.builtin.include_role": {**_ROLE, "tasks_from": "reset"}}
    shown = {
        "ansible.builtin.debug": {"msg": "{{ inventory_hostname }} is reset: {{ machine_network_result.is_reset }}"}
    }
    played = _tasks(site, {"block": [include], "rescue": [shown]})
    assert "no delete" in played.text
    assert "n2 is reset: True" in played.text
    assert _owners(site) == set(NODES)


def test_the_steps_say_what_comes_before_them(site: Site) -> None:
    for step in ("machine_network_reset", "machine_network_release"):
        played = _tasks(site, {f"elemental.networking.{step}": {}})
        assert played.failed == set(NODES), played.output
        assert "no claims were looked up in this play: this module is a step of the role machine_network" in played.text


def test_a_rescue_of_the_user_sees_why_a_host_was_not_reset(site: Site) -> None:
    site.play()
    shown = {
        "ansible.builtin.debug": {"msg": "<{{ ansible_failed_result.error.code }}> {{ ansible_failed_result.msg }}"}
    }
    role = {"ansible.builtin.include_role": {**_ROLE, "tasks_from": "reset"}}
    played = _tasks(site, {"block": [role], "rescue": [shown]}, answers={"n1": REFUSES, "n3": _SILENT})
    assert played.fine == set(NODES), played.output
    assert "<failed> n1 could not be reset and keeps its claims: it is out of order" in played.text
    assert "<unreachable> n3 could not be reset and keeps its claims" in played.text
    assert _owners(site) == {"n1", "n3"}


def test_a_host_without_claims_has_none_to_keep_or_to_release(site: Site) -> None:
    for forced in ("-emachine_network_force_release=false", "-emachine_network_force_release=true"):
        played = _reset(site, forced, answers={"n3": _SILENT})
        assert played.failed == {"n3"}, played.output
        assert "it holds no claims" in played.text
        # before ansible-core 2.19 a warning is broken in a path, too, at its hyphens
        sentence = f"the database {site.database} does not exist yet"
        assert sentence.replace(" ", "") in played.text.replace(" ", "")
        assert "keeps its claims" not in played.text
        assert "by force" not in played.text


def test_the_artifact_of_a_host_that_was_not_reached_has_what_it_keeps(site: Site) -> None:
    site.play()
    played = _reset(site, "-v", answers={"n3": _SILENT})
    kept = next(re.finditer(r'"machine_network_of_n3": \{.*?\}[^}]*\}', played.output, re.DOTALL))[0]
    found = json.loads("{" + kept + "}")["machine_network_of_n3"]
    assert (found["state"], found["error"]) == ("unreachable", "unreachable")
    assert list(found["addresses"].values()), found
