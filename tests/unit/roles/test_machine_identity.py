# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A claim belongs to the machine on which its address was confirmed, as that machine says itself, and to one inventory."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.database.backend import EmbeddedBackend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import Claim
from ansible_collections.elemental.networking.plugins.module_utils._node.paths import ANSWER_MARK
from ansible_collections.elemental.networking.plugins.module_utils._node.system.identity import digest
from ansible_collections.elemental.networking.tests.unit.roles.test_machine_network_role import Play, Site

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKsR1vhN5HTnbVBJbCwJgS6TTLwRMRrSbnHOjzWDJBq4"
OURS, OTHER = "0123456789abcdef" * 2, "fedcba9876543210" * 2


def machine(machine_id: str, **more: t.Any) -> list[t.Any]:
    """What a host says that has this machine-id and nothing to change."""
    answer = {"version": 1, "answer": "staged", "changed": False, "host": machine_id, "host_keys": [KEY], **more}
    return [f"{ANSWER_MARK}{json.dumps(answer)}\n", "", 0]


class Inventory(Site):
    """One host, n1, with this machine-id."""

    def run(self, playbook: str, machine_id: str = OURS, *arguments: str) -> Play:
        """Run a playbook of the collection for it."""
        return self.play(
            "--limit=n1", *arguments, playbook=f"elemental.networking.{playbook}", answers={"n1": machine(machine_id)}
        )

    def claims(self) -> list[Claim]:
        """What is in the database."""
        with EmbeddedBackend(str(self.database)) as backend:
            return [bound.claim for bound in backend.list_claims(None)]


@pytest.fixture
def inventory(tmp_path: Path) -> Inventory:
    return Inventory(tmp_path)


def test_the_identity_is_recorded_with_the_first_confirmed_push_and_once(inventory: Inventory) -> None:
    first = inventory.run("configure")
    assert first.fine == {"n1"}, first.output
    assert [claim.machine_id for claim in inventory.claims()] == [digest(OURS)]
    assert OURS not in inventory.database.read_bytes().decode(errors="replace"), "a machine-id is confidential"
    again = inventory.run("configure")
    assert "changed: [" not in again.output


def test_a_machine_that_was_replaced_is_recorded_again_with_a_warning(inventory: Inventory) -> None:
    inventory.run("configure")
    replaced = inventory.run("configure", OTHER)
    assert replaced.fine == {"n1"}
    assert (
        "this is another machine (by its machine-id) than the one that had the addresses of n1 before" in replaced.text
    )
    assert [claim.machine_id for claim in inventory.claims()] == [digest(OTHER)]


def test_a_reset_releases_only_claims_of_the_machine_that_it_reset(inventory: Inventory) -> None:
    inventory.run("configure")
    reset = inventory.run("reset", OTHER)
    assert reset.failed == {"n1"}
    assert "n1 runs on DHCP, but another machine has the addresses of n1-ip" in reset.text
    assert len(inventory.claims()) == 1
    accepted = inventory.run("reset", OTHER, "-emachine_network_accept_host_keys=true")
    assert accepted.fine == {"n1"}, accepted.output
    assert inventory.claims() == []


def test_a_reset_of_the_same_machine_releases_its_claims(inventory: Inventory) -> None:
    inventory.run("configure")
    reset = inventory.run("reset")
    assert reset.fine == {"n1"}, reset.output
    assert inventory.claims() == []


def test_a_host_without_a_machine_id_is_reset_as_before(inventory: Inventory) -> None:
    inventory.run("configure", "")
    assert [claim.machine_id for claim in inventory.claims()] == [""]
    assert inventory.run("reset", "").fine == {"n1"}
    assert inventory.claims() == []


def test_two_inventories_that_say_their_names_leave_each_others_machines_alone(inventory: Inventory) -> None:
    berlin, munich = ("-emachine_network_site=berlin", "-emachine_network_site=munich")
    assert inventory.run("configure", OURS, berlin).fine == {"n1"}
    for other in (munich, "-emachine_network_site="):
        configured = inventory.run("configure", OTHER, other)
        assert configured.failed == {"n1"}
        assert "claim n1-ip was made for an inventory of site berlin, and an inventory" in configured.text
        assert "too: give one of the machines another name (machine_network_machine_name)" in configured.text
        for forced in ("-emachine_network_force_release=true", ""):
            inventory.run("reset", OTHER, other, *filter(None, [forced]))
            assert len(inventory.claims()) == 1
    assert "site berlin" in inventory.run("report", OURS, berlin).text
    assert inventory.run("reset", OURS, berlin).fine == {"n1"}
    assert inventory.claims() == []


def test_a_key_that_went_leaves_claims_of_other_machines_and_inventories(inventory: Inventory) -> None:
    inventory.run("configure")
    with contextlib.closing(sqlite3.connect(inventory.database)) as database:
        columns = "namespace, machine, api_group, kind, pool_namespace, pool, prefix, gateway, host"
        for number, (key, identity, site) in enumerate(
            (("old", OTHER, ""), ("far", OURS, "munich"), ("own", OURS, ""))
        ):
            own = f"'n1-{key}', '{key}', '192.0.2.{230 + number}', '{digest(identity)}', '{site}'"
            database.execute(
                f"INSERT INTO claims ({columns}, name, key, address, machine_id, site) SELECT {columns}, {own} FROM claims LIMIT 1"
            )
        database.commit()
    for _run in range(2):
        play = inventory.run("configure")
        assert play.fine == {"n1"}, play.output
        found = {claim.name: claim.machine_id for claim in inventory.claims()}
        assert found == {"n1-ip": digest(OURS), "n1-old": digest(OTHER), "n1-far": digest(OURS)}


def test_an_inventory_that_gets_a_name_gives_it_to_its_claims(inventory: Inventory) -> None:
    inventory.run("configure")
    assert inventory.run("configure", OURS, "-emachine_network_site=berlin").fine == {"n1"}
    assert [claim.site for claim in inventory.claims()] == ["berlin"]


def test_a_site_that_is_not_a_name_is_refused(inventory: Inventory) -> None:
    refused = inventory.run("configure", OURS, "-emachine_network_site=Berlin/1")
    assert "the site Berlin/1 is not a valid name of an inventory" in refused.text
