# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lookups on a real API server, as a user with the least rights: what they ask for is selected by the server."""

from __future__ import annotations

import json
import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_backend

from tests.testbed.controlplane.fixtures import Space

MACHINES = ("node1", "node2", "node3", "node4", "node5")


@pytest.mark.parametrize("machine", MACHINES)
def test_a_machine_takes_two_requests(space: Space, machine: str) -> None:
    space.claims(*MACHINES)
    with open_backend(BackendOptions("kubernetes", kubernetes=space.options)) as backend:
        (found,) = backend.claims_of(machine, ["ip"], space.name)
        assert t.cast(t.Any, backend).api.requests == 2
    assert found.address
    assert found.address.address == space.addresses()[f"{machine}-ip"]


def test_a_claim_of_another_tool_is_found_by_its_name(space: Space) -> None:
    space.claims(*MACHINES)
    space.foreign_claim("far-ip")
    space.admin.until("the address of the other claim", lambda: "far-ip" in space.addresses())
    with open_backend(BackendOptions("kubernetes", kubernetes=space.options)) as backend:
        (found,) = backend.claims_of("far", ["ip"], space.name)
    assert (found.claim.machine, found.claim.key) == ("far", "ip")


def test_a_play_of_many_hosts_looks_up_their_addresses(space: Space, tmp_path: Path) -> None:
    space.claims(*MACHINES)
    variables = {
        "machine_network_ipam_backend": "kubernetes",
        "machine_network_kubernetes": space.options,
        "machine_network_ipam_namespace": space.name,
    }
    (tmp_path / "inventory.json").write_text(
        json.dumps({"all": {"hosts": dict.fromkeys(MACHINES, {}), "vars": variables}})
    )
    message = "{{ inventory_hostname }} has {{ lookup('elemental.networking.ip_address', 'ip') }}"
    play = {"hosts": "all", "gather_facts": False, "tasks": [{"ansible.builtin.debug": {"msg": message}}] * 2}
    (tmp_path / "play.json").write_text(json.dumps([play]))
    command = ["ansible-playbook", "-i", "inventory.json", "play.json"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    for claim, address in space.addresses().items():
        shown = f"{claim.removesuffix('-ip')} has {address}"
        assert run.stdout.count(f'"{shown}"') == 2, run.stdout + run.stderr
