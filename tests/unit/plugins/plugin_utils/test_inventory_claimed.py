# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims of any backend become machines."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import (
    Address,
    BoundClaim,
    Claim,
    PoolReference,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.claimed import machines, record

POOL = PoolReference("ipam.cluster.x-k8s.io", "InClusterIPPool", "p")
NOW = "2026-11-29T12:00:00Z"


def claim(machine: str, key: str = "ip", address: str = "10.0.0.10", trouble: str = "", **more: t.Any) -> BoundClaim:
    given = Address(address, 24, "10.0.0.1") if address else None
    return BoundClaim(Claim("ns", f"{machine}-{key}", machine, key, POOL, **more), given, trouble)


def read(*claims: BoundClaim, site: str = "") -> t.Any:
    return machines([record(each) for each in claims], site)


def test_a_machine_has_its_claims_by_key() -> None:
    found = read(claim("b"), claim("a", "x", confirmed=NOW, host="A_1"), claim("a", "y", "10.0.0.11"))
    assert [each.name for each in found.machines] == ["a", "b"]
    first = found.machines[0]
    assert (first.host, first.settled, first.state, first.network) == ("A_1", True, "claimed", None)
    held = first.held["x"]
    assert (held.address, held.prefix, held.gateway, held.pool, held.in_use) == ("10.0.0.10", 24, "10.0.0.1", "p", True)
    assert first.held["y"].in_use is False


@pytest.mark.parametrize(
    ("claims", "state"),
    [
        ([claim("a", confirmed=NOW)], "ready"),
        ([claim("a", confirmed=NOW), claim("a", "y", "")], "waiting"),
        ([claim("a")], "claimed"),
    ],
)
def test_states(claims: list[BoundClaim], state: str) -> None:
    assert read(*claims).machines[0].state == state


def test_while_a_machine_is_renumbered_the_new_address_counts_once_it_is_confirmed() -> None:
    old, new = claim("a", confirmed=NOW), claim("a", "ip.renumbering", "10.0.0.99")
    assert read(old, new).machines[0].held["ip"].address == "10.0.0.10"
    proved = dataclasses.replace(new, claim=dataclasses.replace(new.claim, confirmed=NOW))
    assert {key: each.address for key, each in read(old, proved).machines[0].held.items()} == {"ip": "10.0.0.99"}
    assert read(new).machines[0].held["ip"].address == "10.0.0.99"


def test_claims_of_another_inventory_or_of_no_machine_are_left_out() -> None:
    found = read(claim("a", site="east"), claim("b", site="west"), claim("c"), claim(""), site="east")
    assert [each.name for each in found.machines] == ["a", "c"]


@pytest.mark.parametrize("address", ["127.0.0.1", "fe80::1%eth0", "-oProxyCommand=id", "10.0.0.1"])
def test_an_address_that_no_machine_can_have_is_left_out_and_named(address: str) -> None:
    broken = dataclasses.replace(
        claim("a"), address=dataclasses.replace(Address("10.0.0.9", 24, "10.0.0.1"), address=address)
    )
    found = read(broken, claim("b"))
    assert [(each.name, each.held["ip"].address) for each in found.machines] == [("a", ""), ("b", "10.0.0.10")]
    assert len(found.troubles) == 1
    assert "claim a-ip" in found.troubles[0]


def test_the_trouble_of_a_backend_is_passed_on() -> None:
    assert read(claim("a", address="", trouble="claim a-ip has no address")).troubles == ("claim a-ip has no address",)


def test_a_machine_with_two_hosts_is_called_by_its_own_name() -> None:
    assert read(claim("a", host="x"), claim("a", "y", host="z")).machines[0].host == ""
