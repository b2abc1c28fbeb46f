# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A play of a user in which some hosts are not configured: they keep what they have, and nothing is claimed for them."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.tests.unit.roles.test_machine_network_role import (
    FINE,
    POOLS,
    REFUSES,
    Play,
    Site,
    network_of,
)

_HOSTS = ("n1", "n2", "n3")
_ALL = {f"{host}-{key}" for host in _HOSTS for key in ("ip", "old")}
_SILENT = ["", "ssh: connect to host 192.0.2.3 port 22: No route to host", 255]
_ROLE = {"name": "elemental.networking.machine_network", "tasks_from": "configure"}
_IMPORT, _INCLUDE = {"ansible.builtin.import_role": _ROLE}, {"ansible.builtin.include_role": _ROLE}
_ONLY_LAST = {"when": "inventory_hostname == 'n3'"}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def _claims(site: Site) -> set[str]:
    """The names of the claims; none where nothing was ever kept."""
    with contextlib.closing(sqlite3.connect(site.database)) as database:
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'claims'").fetchone():
            return set()
        return {name for (name,) in database.execute("SELECT name FROM claims")}


def _play(
    site: Site,
    plays: t.Sequence[t.Mapping[str, t.Any]],
    keys: t.Sequence[str],
    answers: t.Mapping[str, t.Sequence[t.Any]] | None = None,
) -> Play:
    """Run plays of a user for three hosts that ask for these keys."""
    (site.folder / "own.json").write_text(
        json.dumps([{"hosts": "all", "gather_facts": False, **each} for each in plays])
    )
    variables = {"machine_network": network_of(*keys), "machine_network_pools": POOLS}
    asked = dict.fromkeys(_HOSTS, variables)
    return site.play(f"--limit={','.join(_HOSTS)}", playbook="own.json", hosts=asked, answers=answers)


@pytest.fixture
def configured(site: Site) -> Site:
    """Each host has two addresses."""
    assert _play(site, [{"tasks": [_IMPORT]}], ["ip", "old"]).fine == set(_HOSTS)
    assert _claims(site) == _ALL
    return site


@pytest.mark.parametrize(
    ("keywords", "task", "answer"),
    [
        ({"ignore_unreachable": True}, _IMPORT, _SILENT),
        ({}, {**_IMPORT, "ignore_errors": True}, REFUSES),
        ({}, {**_INCLUDE, **_ONLY_LAST}, FINE),
    ],
    ids=["not reached", "refused", "left out"],
)
def test_a_host_that_was_not_pushed_keeps_what_it_does_not_ask_for(
    configured: Site, keywords: dict[str, t.Any], task: dict[str, t.Any], answer: list[t.Any]
) -> None:
    """It has the address still, and another machine would get it."""
    _play(configured, [{"tasks": [task], **keywords}], ["ip"], {"n1": answer, "n2": answer})
    assert _claims(configured) == _ALL - {"n3-old"}


def test_a_result_of_an_earlier_play_is_not_one_of_this(configured: Site) -> None:
    """Nor is what a play has set as a fact of that name."""
    fact = {"ansible.builtin.set_fact": {"machine_network_result": {"changed": False, "address": "192.0.2.1"}}}
    without = {"vars": {"machine_network": network_of("ip")}, "tasks": [fact, {**_INCLUDE, **_ONLY_LAST}]}
    played = _play(configured, [{"tasks": [_IMPORT]}, without], ["ip", "old"])
    assert played.fine == set(_HOSTS), played.output
    assert _claims(configured) == _ALL - {"n3-old"}


@pytest.mark.parametrize("task", [_IMPORT, _INCLUDE], ids=["import", "include"])
def test_what_is_tried_instead_is_for_the_hosts_that_failed(configured: Site, task: dict[str, t.Any]) -> None:
    """The others have what the first attempt gave them, and claim nothing of the second."""
    instead = {**task, "vars": {"machine_network": network_of("ip", "new")}}
    _play(configured, [{"tasks": [{"block": [_IMPORT], "rescue": [instead]}]}], ["ip", "old"], {"n3": REFUSES})
    assert _claims(configured) == _ALL | {"n3-new"}


@pytest.mark.parametrize("task", [_IMPORT, _INCLUDE], ids=["import", "include"])
def test_nothing_is_claimed_for_a_host_that_a_condition_leaves_out(site: Site, task: dict[str, t.Any]) -> None:
    played = _play(site, [{"tasks": [{**task, "when": "inventory_hostname != 'n2'"}]}], ["ip"])
    assert played.fine == set(_HOSTS), played.output
    assert _claims(site) == {"n1-ip", "n3-ip"}


def test_a_condition_around_an_include_counts(site: Site) -> None:
    (site.folder / "tasks.json").write_text(json.dumps([_IMPORT]))
    include = {"ansible.builtin.include_tasks": "tasks.json", "when": "inventory_hostname != 'n1'"}
    played = _play(site, [{"tasks": [{"block": [include], "when": "inventory_hostname != 'n2'"}]}], ["ip"])
    assert played.fine == set(_HOSTS), played.output
    assert _claims(site) == {"n3-ip"}


def test_a_condition_that_leaves_out_the_first_host_is_explained(site: Site) -> None:
    """One host runs a task for all, and Ansible asks that one alone for its condition."""
    played = _play(site, [{"tasks": [{**_IMPORT, **_ONLY_LAST}]}], ["ip"])
    assert played.failed == {"n3"}, played.output
    assert "a condition (when) that does not hold for the first host of a play skips the task" in played.text
    assert "use include_role, whose condition is that of each host" in played.text
    assert _claims(site) == set()


def test_a_play_that_starts_in_the_middle_is_explained(site: Site) -> None:
    (site.folder / "own.json").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [_IMPORT]}]))
    played = site.play("--start-at-task", "Record what the machines*", playbook="own.json")
    assert "nothing was claimed in this play: this module is a step of the role machine_network" in played.text


def _included(site: Site, *tasks: t.Mapping[str, t.Any], **keywords: t.Any) -> dict[str, t.Any]:
    """A task that includes these."""
    (site.folder / "inside.json").write_text(json.dumps(list(tasks)))
    return {"ansible.builtin.include_tasks": "inside.json", **keywords}


_TURN = {"loop": ["a"], "vars": {"mode": "inner"}}
_NOTE = {"ansible.builtin.set_fact": {"is_to_do": False}}


@pytest.mark.parametrize(
    ("inside", "keywords"),
    [
        ([{**_INCLUDE, **_TURN}], {"loop": [*_HOSTS], "when": "item == inventory_hostname"}),
        ([{**_INCLUDE, **_TURN}], {"when": "mode == 'outer'"}),
        ([_NOTE, _INCLUDE], {"when": "is_to_do | default(true)"}),
        ([_NOTE, _IMPORT], {"when": "is_to_do | default(true)"}),
    ],
    ids=["loop", "variable", "fact", "fact and import"],
)
def test_a_condition_that_held_when_the_role_was_included_counts(
    site: Site, inside: list[dict[str, t.Any]], keywords: dict[str, t.Any]
) -> None:
    """What it names may be something else by now."""
    task = _included(site, *inside, **keywords)
    played = _play(site, [{"vars": {"mode": "outer"}, "tasks": [task]}], ["ip"])
    assert played.fine == set(_HOSTS), played.output
    assert _claims(site) == {f"{host}-ip" for host in _HOSTS}
    # what such a host no longer asks for goes, too
    _play(site, [{"vars": {"mode": "outer"}, "tasks": [task]}], ["new"])
    assert _claims(site) == {f"{host}-new" for host in _HOSTS}


def test_hosts_that_come_to_a_rescue_with_another_are_configured(site: Site) -> None:
    """A claim that fails for all sends all of them there, of which Ansible shows the first."""
    full = {**_IMPORT, "vars": {"machine_network": network_of("ip", pool="no-such-pool")}}
    played = _play(site, [{"tasks": [{"block": [full], "rescue": [_IMPORT]}]}], ["ip"])
    assert played.fine == set(_HOSTS), played.output
    assert _claims(site) == {f"{host}-ip" for host in _HOSTS}
