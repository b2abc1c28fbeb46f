# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines that got another name, and runs that end in the middle: what a reset and a report say of the claims of the former name."""

from __future__ import annotations

import contextlib
import sqlite3
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.tests.unit.roles.test_machine_network_role import Play, Site


class Controller(Site):
    """Runs playbooks for n1, whose claims can be given other names behind its back."""

    def run(self, playbook: str, *arguments: str, **variables: t.Any) -> Play:
        """Run a playbook of the collection for n1, with variables of its own."""
        return self.play("--limit=n1", *arguments, playbook=f"elemental.networking.{playbook}", hosts={"n1": variables})

    def change(self, statement: str) -> None:
        """Do something to the database."""
        with contextlib.closing(sqlite3.connect(self.database)) as database:
            database.execute(statement)
            database.commit()

    def held(self) -> list[str]:
        """The names of the claims."""
        with contextlib.closing(sqlite3.connect(self.database)) as database:
            return [name for (name,) in database.execute("SELECT name FROM claims ORDER BY name")]


@pytest.fixture
def controller(tmp_path: Path) -> Controller:
    made = Controller(tmp_path)
    assert made.run("configure").fine == {"n1"}
    return made


FORMER = "UPDATE claims SET name = 'old-ip', machine = 'old', host = 'old'"


def test_a_reset_takes_the_claims_of_the_former_name(controller: Controller) -> None:
    """The rename was ended before it renamed the claims: else they would stay, for a machine on DHCP."""
    controller.change(FORMER)
    assert controller.run("reset", machine_network_former_name="old").fine == {"n1"}
    assert controller.held() == []


def test_a_reset_without_the_former_name_takes_nothing_of_it(controller: Controller) -> None:
    controller.change(FORMER)
    controller.run("reset")
    assert controller.held() == ["old-ip"]


def test_a_report_knows_the_claims_of_a_machine_that_is_to_be_renamed(controller: Controller) -> None:
    controller.change(FORMER)
    words = "claims of machines that are not in the inventory: old-ip"
    assert words in controller.run("report").text
    assert words not in controller.run("report", machine_network_former_name="old").text


def test_a_machine_gets_another_name_and_its_host_keeps_its_own(controller: Controller) -> None:
    shown = controller.run("report", machine_network_machine_name="munich-n1").text
    assert "claim n1-ip is of n1, whose machine is munich-n1 now: set machine_network_former_name: n1 for it" in shown
    named = {"machine_network_machine_name": "munich-n1", "machine_network_former_name": "n1"}
    for _run in range(2):
        assert controller.run("configure", **named).fine == {"n1"}
        assert controller.held() == ["munich-n1-ip"]


def test_a_renumbering_that_was_taken_back_leaves_nothing_to_keep(controller: Controller) -> None:
    columns = "namespace, machine, api_group, kind, pool_namespace, pool, prefix, gateway, host"
    for name, address in (("ip.renumbering", 240), ("gone.renumbering", 241), ("gone", 242)):
        own = f"'n1-{name}', '{name}', '192.0.2.{address}'"
        controller.change(
            f"INSERT INTO claims ({columns}, name, key, address) SELECT {columns}, {own} FROM claims LIMIT 1"
        )
    shown = controller.run("report").text
    assert "claim n1-ip.renumbering is beside n1's own: its renumbering is not finished" in shown
    assert "claim n1-gone is not asked for by n1 any more" in shown
    assert controller.run("configure", "-emachine_network_keep_unused_claims=true").fine == {"n1"}
    assert controller.held() == ["n1-gone", "n1-gone.renumbering", "n1-ip"]


def test_a_host_whose_machine_has_claims_under_another_name_is_warned_of(controller: Controller) -> None:
    """The inventory of the machines of Elemental, with names of the user's own for the hosts."""
    known = {"elemental_name": "m-0000", "elemental_claims": {"ip": {"name": "m-0000-ip"}}}
    shown = controller.run("configure", **known).text
    assert (
        "host n1: the inventory has claims of machine m-0000, but this play claims other addresses for machine n1"
        in shown
    )
    assert "set machine_network_machine_name to {{ elemental_name }} to use those" in shown
    named = {**known, "machine_network_machine_name": "{{ elemental_name }}"}
    assert "the inventory has claims" not in controller.run("configure", **named).text
    assert controller.held() == ["m-0000-ip", "n1-ip"]
