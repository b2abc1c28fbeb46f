# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a job leaves for the next one."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.plugin_utils._request.artifacts import (
    artifacts,
    of_claims,
    of_push,
    variable_of,
)

ASKED = {"machine": "m1"}
CLAIMED = {
    "addresses": {"m1": {"ip": {"address": "192.0.2.10", "prefix": 24}}, "m2": {"ip": {"address": "192.0.2.11"}}}
}
HELD = {"ip": "192.0.2.10"}


@pytest.mark.parametrize(
    ("asked", "result", "claimed", "expected"),
    [
        (ASKED, {"changed": True}, CLAIMED, {"state": "changed", "addresses": HELD}),
        (ASKED, {"changed": False}, CLAIMED, {"state": "unchanged", "addresses": HELD}),
        (
            ASKED,
            {"skipped": True, "changed": False},
            {},
            {"state": "changed", "addresses": {}},
        ),  # check mode, not claimed yet
        (
            ASKED,
            {"failed": True, "rolled_back": True, "msg": "psk of x", "error": {"code": "rolled_back", "probe": "x"}},
            CLAIMED,
            {"state": "rolled_back", "error": "rolled_back", "addresses": HELD},
        ),
        (
            ASKED,
            {"failed": True, "error": {"code": "busy"}},
            CLAIMED,
            {"state": "failed", "error": "busy", "addresses": HELD},
        ),
        (
            ASKED,
            {"unreachable": True, "error": {"code": "unreachable"}},
            CLAIMED,
            {"state": "unreachable", "error": "unreachable", "addresses": HELD},
        ),
        (
            ASKED,
            None,
            {"failed": True, "error": {"code": "pool_exhausted"}},
            {"state": "failed", "error": "pool_exhausted", "addresses": {}},
        ),
        (
            {"failed": True, "error": {"code": "invalid_input"}},
            None,
            None,
            {"state": "failed", "error": "invalid_input", "addresses": {}},
        ),
        (ASKED, None, CLAIMED, {"state": "not_reached", "addresses": HELD}),
        (ASKED, None, None, {"state": "not_reached", "addresses": {}}),
    ],
)
def test_what_became_of_a_machine(asked: t.Any, result: t.Any, claimed: t.Any, expected: dict[str, t.Any]) -> None:
    assert of_push("h1", asked, result, claimed) == {"host": "h1", **expected}


def test_what_a_machine_holds() -> None:
    in_use = {"host": "h1", "key": "ip", "address": "192.0.2.10", "confirmed": "2026-11-29T12:00:00Z"}
    promised = {"host": "h2", "key": "ip", "address": "192.0.2.11", "confirmed": None}
    waits = {"host": "h3", "key": "ip", "address": None}
    claims = [in_use, promised, waits]
    assert of_claims("h1", claims) == {"host": "h1", "state": "in_use", "addresses": HELD}
    assert of_claims("h2", claims) == {"host": "h2", "state": "promised", "addresses": {"ip": "192.0.2.11"}}
    assert of_claims("h3", claims) == {"host": "h3", "state": "without_address", "addresses": {}}


@pytest.mark.parametrize("host", ["node1", "node-1", "node.1", "node_1", "1", "ä", "a/b", "a b", "{{ x }}"])
def test_a_host_becomes_a_variable_that_ansible_takes(host: str) -> None:
    assert variable_of(host).isidentifier()
    assert variable_of(host).isascii()


def test_no_two_hosts_share_a_variable() -> None:
    hosts = ["node-1", "node.1", "node_1", "node 1", "node/1"]
    assert len({variable_of(host) for host in hosts}) == len(hosts)


def test_too_many_hosts_are_counted_and_the_first_ones_are_kept() -> None:
    """AWX cuts what is longer, so that the JSON in it cannot be read."""
    machines = {
        f"node{number:05}": {"host": f"node{number:05}", "state": "unchanged", "addresses": HELD}
        for number in range(6000)
    }
    found = artifacts(machines)
    kept = [name for name in found if name.startswith("machine_network_of_")]
    assert found["machine_network_left_out"] == 6000 - len(kept)
    assert len(kept) > 3000
    assert kept[0] == "machine_network_of_node00000"
    assert len(json.dumps(found)) < 700_000
    assert "machine_network_left_out" not in artifacts(dict(list(machines.items())[:500]))
