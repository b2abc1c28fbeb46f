# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims on pools of another provider: a double of Metal3 (tests/testbed/controlplane/metal3.py) on the real API server."""

from __future__ import annotations

import time
import typing as t

import pytest

from tests.cluster.playing import Double
from tests.testbed.controlplane import users
from tests.testbed.controlplane.fixtures import Space, asked
from tests.testbed.controlplane.metal3 import GROUP, Metal3

REFERENCE = {"apiGroup": GROUP, "kind": "IPPool", "name": "m"}
PART = {"start": "10.7.0.10", "end": "10.7.0.11", "prefix": 24, "gateway": "10.7.0.1"}
# seconds; longer than anything takes here, where nothing is waited for
_LONG = 200


@pytest.fixture(params=["1.12", "1.13"])
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def pace() -> float:
    """How many claims the double serves in a second at most; 0 for any number."""
    return 0


@pytest.fixture
def metal3(space: Space, version: str, pace: float) -> t.Iterator[Metal3]:
    """The double, at work, with a pool of two addresses."""
    double = Metal3(space.admin, space.name, version, pace)
    double.install()
    double.allow(space.user)
    double.pool(pools=[PART])
    with Double(double.reconcile):
        yield double
    double.remove()


def wanted(*machines: str, pool: str = "m", **more: t.Any) -> list[dict[str, t.Any]]:
    return [{**each, "pool": {**REFERENCE, "name": pool}, **more} for each in asked(*machines)]


def claims(space: Space, *machines: str, **options: t.Any) -> dict[str, t.Any]:
    more = {name: options.pop(name) for name in ("pool", "family") if name in options}
    return space.module("ip_address_claims", claims=wanted(*machines, **more), **options)


def names(space: Space) -> list[str]:
    return sorted(item["metadata"]["name"] for item in space.items("ipaddressclaims"))


def test_claims_are_served_kept_and_released(space: Space, metal3: Metal3) -> None:
    first = claims(space, "a", "b")
    assert [each["address"] for each in first["claims"]] == ["10.7.0.10", "10.7.0.11"], first
    assert [item["metadata"]["name"] for item in space.items("ipaddresses")] == ["m-10-7-0-10", "m-10-7-0-11"]
    assert not claims(space, "a", "b")["changed"]
    assert space.module("ip_address_claims", claims=wanted("a"), state="absent")["changed"]
    assert claims(space, "c")["claims"][0]["address"] == "10.7.0.10"


def test_a_full_pool_is_said_at_once_and_what_it_refused_is_served_once_it_is_widened(
    space: Space, metal3: Metal3
) -> None:
    began = time.monotonic()
    result = claims(space, "a", "b", "c", wait_grace=_LONG)
    assert time.monotonic() - began < _LONG, "it waited until its timeout"
    assert "is not served by pool m: " in result["msg"]
    assert "Exhausted IP Pools; check the pool and its provider, then claim again" in result["msg"]
    assert names(space) == []
    assert claims(space, "a", "b", "c", keep_pending=True).get("failed")
    assert names(space) == ["a-ip", "b-ip", "c-ip"]
    metal3.pool(pools=[{**PART, "end": "10.7.0.19"}])
    served = claims(space, "a", "b", "c")
    assert served["changed"], served
    assert len({each["address"] for each in served["claims"]}) == 3
    assert not claims(space, "a", "b", "c")["changed"]


def test_a_claim_of_something_else_that_was_refused_is_named(space: Space, metal3: Metal3) -> None:
    claims(space, "a", "b")
    body = {"apiVersion": "ipam.cluster.x-k8s.io/v1beta2", "kind": "IPAddressClaim", "metadata": {"name": "c-ip"}}
    space.admin.call("POST", space.path("ipaddressclaims"), {**body, "spec": {"poolRef": REFERENCE}})
    space.admin.until("the refusal", lambda: "Exhausted IP Pools" in str(space.items("ipaddressclaims")))
    result = claims(space, "c")
    assert "claim c-ip, which something else made, was refused by the provider of pool m" in result["msg"]
    assert "release it first, then claim again" in result["msg"]


def test_a_pool_without_a_prefix_gives_addresses_with_prefix_0(space: Space, metal3: Metal3) -> None:
    metal3.pool(pools=[{"start": "10.7.1.10", "end": "10.7.1.11"}])
    result = claims(space, "a")
    address = {"address": "10.7.1.10", "prefix": 0, "gateway": None, "family": "IPv4", "pool": "m"}
    assert result["addresses"] == {"a": {"ip": address}}


def test_a_gateway_is_no_address_of_a_machine(space: Space, metal3: Metal3) -> None:
    metal3.pool(pools=[{"subnet": "10.7.3.0/29", "gateway": "10.7.3.1", "prefix": 29}])
    result = claims(space, "a")
    assert "has the address 10.7.3.1, which is the gateway of its pool, too" in result["msg"]
    assert claims(space, "b")["claims"][0]["address"] == "10.7.3.2"


def test_an_address_of_another_family_is_given_back(space: Space, metal3: Metal3) -> None:
    result = claims(space, "a", family="IPv6")
    assert f"claim a-ip expects an IPv6 address, but pool IPPool.{GROUP}/m gave it 10.7.0.10" in result["msg"]
    assert names(space) == []
    metal3.pool("six", pools=[{"start": "2001:db8::12", "end": "2001:db8::13", "prefix": 64}])
    assert claims(space, "a", family="IPv6", pool="six")["claims"][0]["address"] == "2001:db8::12"


@pytest.mark.parametrize("pace", [4.5])
def test_a_hundred_claims_at_the_pace_of_metal3_are_no_time_out(space: Space, metal3: Metal3) -> None:
    metal3.pool(pools=[{"start": "10.7.0.10", "end": "10.7.0.200", "prefix": 24}])
    machines = [f"m{number:03}" for number in range(100)]
    result = claims(space, *machines, wait_grace=5)
    assert len({each["address"] for each in result.get("claims", [])}) == 100, result
    released = space.module("ip_address_claims", claims=wanted(*machines), state="absent", wait_grace=5)
    assert released["changed"], released
    assert names(space) == []


def test_a_role_for_pools_of_another_provider_is_enough(space: Space, metal3: Metal3) -> None:
    """It has no right on the in-cluster provider's pools, whose definitions are there."""
    role = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{space.name}/roles/elemental-networking-ipam-consumer"
    rules = [rule for rule in space.admin.call("GET", role)["rules"] if rule["resources"] != ["inclusterippools"]]
    space.admin.call("PATCH", role, {"rules": rules}, "application/merge-patch+json")
    assert claims(space, "a", family="IPv4")["changed"]

    def known() -> dict[str, t.Any]:
        return space.module("ip_pool_info")

    space.admin.until("the smaller role", lambda: known().get("pools") == [])
    (other,) = known()["other_pools"]
    assert (other["kind"], other["name"], other["claimed"]) == ("IPPool", "m", 1)
    assert [each["address"] for each in other["claims"]] == ["10.7.0.10"]


def test_a_pool_that_does_not_exist_is_said_at_once_and_one_that_cannot_be_read_after_the_wait(
    space: Space, metal3: Metal3
) -> None:
    message = claims(space, "a", pool="typo", wait_grace=_LONG)["msg"]
    assert f"pool IPPool.{GROUP}/typo does not exist in namespace {space.name}" in message
    users.allow_also(space.admin, space.name, "nobody")
    blind = Space(space.plane, space.name, "nobody")
    space.admin.until("the role", lambda: not blind.module("ip_address_claim_info").get("failed"))
    message = claims(blind, "a", pool="typo", wait_grace=1)["msg"]
    assert f"whether the pool IPPool.{GROUP}/typo exists, is full or is paused is not known" in message


def test_a_paused_pool_and_one_of_a_missing_cluster_are_named(space: Space, metal3: Metal3) -> None:
    metal3.pool(pools=[PART], clusterName="edge")
    message = claims(space, "a", wait_grace=1)["msg"]
    assert "pool m names the Cluster edge" in message
    metal3.pool("asleep", pools=[PART])
    path = f"/apis/{GROUP}/v1alpha1/namespaces/{space.name}/ippools/asleep"
    paused = {"metadata": {"annotations": {"cluster.x-k8s.io/paused": ""}}}
    space.admin.call("PATCH", path, paused, "application/merge-patch+json")
    message = claims(space, "b", pool="asleep", wait_grace=_LONG)["msg"]
    assert f"pool IPPool.{GROUP}/asleep is paused (annotation cluster.x-k8s.io/paused)" in message
