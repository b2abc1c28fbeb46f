# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release takes what it was told of, and never something else of the same name."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import (
    Claim,
    IpamError,
    Owner,
    PoolReference,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.releasing import (
    Release,
    Selection,
    compare,
    is_orphan,
)

POOL = PoolReference("ipam.cluster.x-k8s.io", "InClusterIPPool", "p")
OTHER_POOL = dataclasses.replace(POOL, name="q")
INVENTORY = Owner("elemental.cattle.io/v1beta1", "MachineInventory", "a", "uid1")
CLAIM = Claim("ns", "a-b-c", "a", "b-c", POOL, "host1")
FOREIGN = dataclasses.replace(CLAIM, host="", owner=INVENTORY, managed=False)


@pytest.mark.parametrize(
    ("knowledge", "words"),
    [
        ({"pool": OTHER_POOL}, "p, not from pool InClusterIPPool.ipam.cluster.x-k8s.io/q"),
        ({"machine": "a-b", "key": "c"}, "belongs to machine a with key b-c, not to machine a-b with key c"),
        ({"host": "host2"}, "was made for host host1, not for host host2"),
        ({"owner": INVENTORY}, "has no owner, not MachineInventory a"),
    ],
)
def test_a_claim_that_is_something_else_stays(knowledge: dict[str, t.Any], words: str) -> None:
    with pytest.raises(IpamError) as error:
        compare(Release("ns", "a-b-c", **knowledge), CLAIM)
    assert words in str(error.value)
    assert "nothing is released" in str(error.value)


def test_what_nobody_says_is_not_compared() -> None:
    compare(Release("ns", "a-b-c"), CLAIM)
    compare(Release("ns", "a-b-c", "a", "b-c", POOL, "host1"), CLAIM)


def test_a_claim_that_something_else_made_for_its_object_goes_only_by_naming_the_object() -> None:
    with pytest.raises(IpamError, match="made by something else for MachineInventory a"):
        compare(Release("ns", "a-b-c"), FOREIGN)
    compare(Release("ns", "a-b-c", owner=dataclasses.replace(INVENTORY, uid="")), FOREIGN)
    with pytest.raises(IpamError, match="has the owner"):
        compare(Release("ns", "a-b-c", owner=dataclasses.replace(INVENTORY, uid="uid2")), FOREIGN)


@pytest.mark.parametrize(
    ("selection", "takes"),
    [
        (Selection(machine="a"), True),
        (Selection(machine="b"), False),
        (Selection(machine="a", pool="q"), False),
        (Selection(pool="p", host="host1", key="b-c"), True),
        (Selection(owner=INVENTORY), False),
        (Selection(labels=(("rack", "1"),)), True),
        (Selection(labels=(("rack", "1"), ("row", "2"))), False),
        (Selection(hosts=frozenset({"host2"})), True),
        (Selection(hosts=frozenset({"host1", "host2"})), False),
    ],
)
def test_a_selection_takes_what_has_all_of_it(selection: Selection, takes: bool) -> None:
    assert selection.takes(dataclasses.replace(CLAIM, labels=(("rack", "1"), ("x", "y")))) == takes


def test_claims_are_found_by_their_owner_in_whatever_version() -> None:
    claim = dataclasses.replace(CLAIM, owner=INVENTORY)
    assert Selection(owner=Owner("", "MachineInventory", "a")).takes(claim)
    assert Selection(owner=Owner("elemental.cattle.io/v1", "MachineInventory", "a")).takes(claim)
    assert not Selection(owner=Owner("", "MachineInventory", "b")).takes(claim)


def test_what_something_else_made_is_never_selected_and_is_no_orphan() -> None:
    assert not Selection(machine="a").takes(FOREIGN)
    assert not is_orphan(FOREIGN, frozenset({"host9"}))


@pytest.mark.parametrize(
    ("of_claim", "of_inventory", "expected"),
    [("", "", True), ("a", "a", True), ("a", "b", False), ("a", "", False), ("", "a", False)],
)
def test_orphans_are_those_of_the_own_inventory(of_claim: str, of_inventory: str, expected: bool) -> None:
    claim = dataclasses.replace(CLAIM, site=of_claim)
    assert is_orphan(claim, frozenset({"host2"}), site=of_inventory) == expected
    assert Selection(hosts=frozenset({"host2"}), site=of_inventory).takes(claim) == expected


def test_a_machine_is_known_by_its_host_or_by_the_name_that_is_made_of_one() -> None:
    assert not is_orphan(CLAIM, frozenset({"host1"}))
    assert is_orphan(CLAIM, frozenset({"a"})), "the host is what it was made for"
    nobody_said = dataclasses.replace(CLAIM, host="", machine="node-1")
    assert not is_orphan(nobody_said, frozenset({"Node_1"}))
    assert not is_orphan(nobody_said, frozenset({"node-1"}))
    assert is_orphan(nobody_said, frozenset({"node-2"}))
