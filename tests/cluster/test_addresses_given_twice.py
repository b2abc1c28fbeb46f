# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A provider whose cache is stale gives one address twice, as the in-cluster one does when the API server dies at the wrong moment.

That moment is rare: here the administrator writes the addresses that such a provider would write, and the real one goes on from them.
"""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from tests.cluster.playing import Double
from tests.testbed.controlplane import places
from tests.testbed.controlplane.admin import Object
from tests.testbed.controlplane.fixtures import Space, asked

_MERGE = "application/merge-patch+json"


def give(space: Space, claim: Object, address: str) -> None:
    """Write the address for a claim, as the provider does."""
    metadata = claim["metadata"]
    owner = {"apiVersion": claim["apiVersion"], "kind": claim["kind"], "name": metadata["name"], "uid": metadata["uid"]}
    body = {
        "apiVersion": f"{places.GROUP}/v1beta2",
        "kind": "IPAddress",
        "metadata": {"name": metadata["name"], "ownerReferences": [{**owner, "blockOwnerDeletion": True}]},
        "spec": {
            "claimRef": {"name": metadata["name"]},
            "poolRef": claim["spec"]["poolRef"],
            "address": address,
            "prefix": 24,
        },
    }
    space.admin.call("POST", space.path("ipaddresses"), body)


def give_to(space: Space, address: str, *names: str) -> None:
    for name in names:
        give(space, space.admin.call("GET", space.path("ipaddressclaims", name)), address)


def bound(space: Space) -> dict[str, str]:
    """The claims that point to their addresses, by name with their uids."""
    return {
        item["metadata"]["name"]: item["metadata"]["uid"]
        for item in space.items("ipaddressclaims")
        if item.get("status", {}).get("addressRef", {}).get("name")
    }


def claim_while_it_errs(
    space: Space, address: str, doubled: t.Sequence[str], *machines: str, **options: t.Any
) -> t.Any:
    """Claim for machines while the provider gives these claims of them one address."""
    space.plane.kill("provider")
    try:
        running = space.start("ip_address_claims", claims=asked(*machines), **options)
        space.admin.until("the claims", lambda: len(space.items("ipaddressclaims")) == len(machines))
        give_to(space, address, *doubled)
    finally:
        space.plane.start_again("provider")
    return space.answer(running)


def doubles_of_an_earlier_run(space: Space) -> None:
    """Two claims with one address that a run has left which was ended before it could see them."""
    space.plane.kill("provider")
    try:
        assert "have no address" in space.claims("a", "b", wait_grace=1)["msg"]
        give_to(space, "10.0.0.10", "a-ip", "b-ip")
    finally:
        space.plane.start_again("provider")
    space.admin.until("two bound claims", lambda: len(bound(space)) == 2)


def whole(space: Space, result: t.Mapping[str, t.Any], count: int) -> dict[str, str]:
    """Every claim has an address of its own, and the answer is what the cluster holds."""
    assert not result.get("failed"), result["msg"]
    held = {claim["name"]: claim["address"] for claim in result["claims"]}
    assert held == space.addresses()
    assert len(held) == len(set(held.values())) == count
    return held


def test_all_but_the_first_are_claimed_anew_and_whoever_waits_is_told(space: Space, tmp_path: Path) -> None:
    file = tmp_path / "progress"
    doubled = ["a-ip", "b-ip", "c-ip"]
    result = claim_while_it_errs(space, "10.0.0.10", doubled, "a", "b", "c", "d", "e", progress=file)
    assert whole(space, result, 5)["a-ip"] == "10.0.0.10"
    assert (
        "claims a-ip, b-ip and c-ip of pool p hold the same address 10.0.0.10, which the provider gave more than once; "
        "claiming again: b-ip, c-ip" in file.read_text()
    )
    assert not space.claims("a", "b", "c", "d", "e")["changed"]


def test_a_claim_that_was_there_before_keeps_its_address(space: Space) -> None:
    before = space.claims("b")["claims"][0]["address"]
    uid = bound(space)["b-ip"]
    result = claim_while_it_errs(space, before, ["a-ip"], "a", "b")
    assert whole(space, result, 2)["b-ip"] == before
    assert bound(space)["b-ip"] == uid


def test_one_claim_is_compared_with_those_that_nobody_asked_for(space: Space) -> None:
    before = space.claims("b")["claims"][0]["address"]
    space.plane.kill("provider")
    try:
        running = space.start("ip_address_claim", **asked("a")[0])
        space.admin.until("the claim", lambda: len(space.items("ipaddressclaims")) == 2)
        give_to(space, before, "a-ip")
    finally:
        space.plane.start_again("provider")
    assert space.answer(running)["address"] == space.addresses()["a-ip"] != before


@pytest.mark.parametrize("machines", [("a", "b"), ("b", "new")])
def test_claims_of_an_earlier_run_are_their_users_to_decide(space: Space, machines: tuple[str, ...]) -> None:
    doubles_of_an_earlier_run(space)
    before = bound(space)
    for check in (True, False):
        assert space.claims(*machines, check=check)["msg"] == (
            "claims a-ip and b-ip of pool p hold the same address 10.0.0.10, which the provider gave more than once: "
            "release one of them and claim again"
        )
        assert bound(space) == before
        assert len(space.items("ipaddressclaims")) == 2
    released = space.module("ip_address_claims", claims=[{"name": "b-ip"}], state="absent")
    assert released["changed"], released
    assert whole(space, space.claims("a", "b"), 2)["a-ip"] == "10.0.0.10"


def test_a_provider_that_goes_on_so_is_said_and_nothing_is_left(space: Space) -> None:
    """A double of a provider that gives every claim one address."""
    space.plane.kill("provider")

    def serve() -> None:
        held = {item["metadata"]["name"] for item in space.items("ipaddresses")}
        for claim in space.items("ipaddressclaims"):
            name = claim["metadata"]["name"]
            if name not in held:
                give(space, claim, "10.0.0.10")
            space.admin.call(
                "PATCH",
                f"{space.path('ipaddressclaims', name)}/status",
                {"status": {"addressRef": {"name": name}}},
                _MERGE,
            )

    try:
        with Double(serve):
            message = space.claims("a", "b")["msg"]
    finally:
        space.plane.start_again("provider")
    assert message == (
        "claims a-ip and b-ip of pool p hold the same address 10.0.0.10, although it was claimed again 3 times: "
        "check the IPAM provider, which gives addresses more than once, then claim again"
    )
    assert space.items("ipaddressclaims") == []
