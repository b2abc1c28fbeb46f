# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No address for two claims: who has to give one up, and where only the user can tell."""

from __future__ import annotations

import dataclasses

from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.sharing import (
    Allocation,
    SharedAddress,
    claims_to_recreate,
    refusal,
    shared_addresses,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import PoolReference
from hypothesis import given
from hypothesis import strategies as st

POOL = PoolReference("ipam.cluster.x-k8s.io", "InClusterIPPool", "p")
OTHER_POOL = dataclasses.replace(POOL, name="q")
CLAIMS = st.sampled_from([f"{letter}-ip" for letter in "abcdef"])
HOLDINGS = st.builds(
    Allocation,
    st.sampled_from(["ns", "other"]),
    st.sampled_from([POOL, OTHER_POOL]),
    st.sampled_from("123"),
    CLAIMS,
    uid=st.just(""),
    origin=st.just(""),
)
SHARED = st.sets(CLAIMS, min_size=2).map(lambda claims: SharedAddress("ns", POOL, "10.0.0.9", tuple(sorted(claims))))


@given(st.lists(HOLDINGS))
def test_an_address_is_shared_when_claims_of_one_pool_and_namespace_hold_it(holdings: list[Allocation]) -> None:
    shared = shared_addresses(holdings)
    said = {Allocation(each.namespace, each.pool, each.address, claim) for each in shared for claim in each.claims}
    for one in holdings:
        others = [other for other in holdings if other[:3] == one[:3] and other.claim != one.claim]
        assert (one in said) == bool(others)
    assert said <= set(holdings)
    assert len({(each.namespace, each.pool, each.address) for each in shared}) == len(shared)


def test_an_address_on_its_way_from_one_claim_to_another_is_shared_with_a_third_one_only() -> None:
    before = Allocation("ns", POOL, "1", "a-ip", "uid-a")
    after = Allocation("ns", POOL, "1", "b-ip", "uid-b", origin="uid-a")
    assert shared_addresses([before, after]) == []
    # one that was made again under the old name is another one
    for third in (before._replace(uid="uid-new"), Allocation("ns", POOL, "1", "c-ip", "uid-c")):
        (shared,) = shared_addresses([before, after, third])
        assert shared.claims == tuple(sorted(("b-ip", third.claim)))


@given(SHARED, st.sets(CLAIMS), st.sets(CLAIMS))
def test_it_is_healed_or_refused_and_never_taken_from_an_older_claim(
    shared: SharedAddress, asked: set[str], created: set[str]
) -> None:
    leaving = claims_to_recreate(shared, created)
    assert set(leaving) <= created & set(shared.claims)
    keeping = set(shared.claims) - set(leaving)
    assert keeping
    if refusal(shared, asked, created) is None:
        assert len(keeping) == 1 or not keeping & asked
    else:
        assert len(keeping - created) > 1


def test_the_oldest_keeps_the_address_and_among_those_of_one_call_the_first() -> None:
    shared = SharedAddress("ns", POOL, "10.0.0.9", ("a-ip", "b-ip", "c-ip"))
    assert claims_to_recreate(shared, {"a-ip", "b-ip", "c-ip"}) == ["b-ip", "c-ip"]
    assert claims_to_recreate(shared, {"a-ip", "c-ip"}) == ["a-ip", "c-ip"]


def test_whoever_asks_for_a_claim_of_an_earlier_call_is_told_what_to_do() -> None:
    shared = SharedAddress("ns", POOL, "10.0.0.9", ("a-ip", "b-ip"))
    assert str(refusal(shared, {"b-ip"}, ())) == (
        "claims a-ip and b-ip of pool p hold the same address 10.0.0.9, which the provider gave more than once: "
        "release one of them and claim again"
    )
    three = dataclasses.replace(shared, claims=("a-ip", "b-ip", "c-ip"))
    assert "a-ip, b-ip and c-ip of pool p" in str(refusal(three, {"b-ip"}, ()))
    assert "release all but one of them" in str(refusal(three, {"b-ip"}, ()))
    assert refusal(shared, {"c-ip"}, ()) is None
