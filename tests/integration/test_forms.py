# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Forms of a configuration that are in the wild: right on the first run, unchanged on the second."""

from __future__ import annotations

import os

import pytest

from tests.data.keyfiles import keyfile
from tests.stages import nmstatectl

from .conftest import Controller, answer, claimed, inside, push_each, wishes

pytestmark = pytest.mark.variants

LIST = keyfile("eth0", "method=manual\naddresses={mgmt-ip};24;{mgmt-ip.gateway};\ndns=192.168.122.1;")
SEMICOLONS = keyfile("eth0", "method=manual\naddress1={mgmt-ip};24;{mgmt-ip.gateway}\ndns=192.168.122.1;")
ADDRESS = {"ip": "{mgmt-ip}", "prefix-length": "{mgmt-ip.prefix}"}
ROUTE = {"destination": "0.0.0.0/0", "next-hop-address": "{mgmt-ip.gateway}", "next-hop-interface": "eth0"}
RULES = {
    "interfaces": [{"name": "eth0", "type": "ethernet", "ipv4": {"enabled": True, "address": [ADDRESS]}}],
    "routes": {"config": [ROUTE, {**ROUTE, "table-id": 200}]},
    "route-rules": {
        "config": [
            {"ip-from": "192.168.122.0/24", "route-table": 200, "priority": 100},
            {"ip-to": "198.51.100.0/24", "route-table": 200, "priority": 101},
            {"ip-to": "203.0.113.0/24", "route-table": 200, "priority": 102},
        ]
    },
    "dns-resolver": {"config": {"server": ["192.168.122.1"]}},
}


def test_forms_of_an_address_and_rules_that_have_no_order(
    controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Addresses as old keyfiles write them; several route rules for nmstate, which gives them in another order each time."""
    monkeypatch.setenv("PATH", f"{nmstatectl.build().parent}:{os.environ['PATH']}")
    wanted = {
        "node1": wishes({"eth0": LIST}, "mgmt-ip"),
        "node2": wishes({"eth0": SEMICOLONS}, "mgmt-ip"),
        "node3": wishes(RULES, "mgmt-ip", configurator="nmstate"),
    }
    first = push_each(controller, wanted, machine_network_render_on="controller")
    assert {node: first.failure(node) for node in wanted} == dict.fromkeys(wanted, ""), first.output
    for number, node in enumerate(wanted):
        assert claimed(controller, node, "eth0") == f"192.168.122.{150 + number}/24"
        assert "default via 192.168.122.1 dev eth0" in inside(controller, node, "ip route")
    assert [f"{priority}:" in inside(controller, "node3", "ip rule") for priority in (100, 101, 102)] == [True] * 3
    for _run in range(3):
        again = push_each(controller, wanted, machine_network_render_on="controller")
        assert again.succeeded, again.output
        reasons = {node: [each["reason"] for each in answer(again, node)["profiles"]] for node in wanted}
        assert [again.changed(node) for node in wanted] == [0, 0, 0], reasons
