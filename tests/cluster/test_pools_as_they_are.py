# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools on a real API server: labels, fields that its definition does not have, what the provider refuses, pauses, and waiting for room."""

from __future__ import annotations

import tempfile
import typing as t
import urllib.error

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_backend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.manifest import pool_from_manifest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError

from tests.testbed.controlplane import users
from tests.testbed.controlplane.fixtures import PROVIDER, Space

MERGE = "application/merge-patch+json"
GRACE = "addressReuseGracePeriodSeconds"
DEFINITION = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/inclusterippools.ipam.cluster.x-k8s.io"
# seconds; longer than anything takes here, where nothing is waited for
_LONG = 200


def manifest(space: Space, name: str = "made", metadata: t.Mapping[str, t.Any] | None = None, **spec: t.Any) -> t.Any:
    defaults = {"addresses": ["10.5.0.10-10.5.0.20"], "prefix": 24, "gateway": "10.5.0.1"}
    return {
        "apiVersion": "ipam.cluster.x-k8s.io/v1alpha2",
        "kind": "InClusterIPPool",
        "metadata": {"name": name, "namespace": space.name, **(metadata or {})},
        "spec": {**defaults, **spec},
    }


@pytest.fixture
def managed(space: Space) -> Space:
    """A namespace whose consumer may make pools."""
    users.allow(space.admin, space.name, "ipam-pool-manager.yaml")
    space.admin.until("the role", lambda: not space.module("ip_pool", True, definition=manifest(space)).get("failed"))
    return space


def test_labels_and_annotations_are_set_and_those_of_others_stay(managed: Space) -> None:
    labels, annotations = {"cluster.x-k8s.io/cluster-name": "edge", "site": "harbour"}, {"contact": "netops"}
    wanted = manifest(managed, metadata={"labels": labels, "annotations": annotations})
    assert managed.module("ip_pool", definition=wanted)["changed"]
    assert not managed.module("ip_pool", definition=wanted)["changed"]
    path = managed.path("inclusterippools", "made")
    managed.admin.call("PATCH", path, {"metadata": {"labels": {"theirs": "x"}}}, MERGE)
    changed = managed.module("ip_pool", definition=manifest(managed, metadata={"labels": {"site": "hill"}}))
    assert changed["changed"], changed
    assert changed["diff"]["after"]["metadata"]["labels"] == {**labels, "site": "hill", "theirs": "x"}
    metadata = managed.admin.call("GET", path)["metadata"]
    assert metadata["labels"] == {**labels, "site": "hill", "theirs": "x"}
    assert metadata["annotations"] == annotations
    assert not managed.module("ip_pool", definition=manifest(managed))["changed"]


def test_a_field_that_the_definition_does_not_have_is_an_error(managed: Space) -> None:
    """That of an older provider, which dropped it: changed in every run."""
    before = managed.admin.call("GET", DEFINITION)["spec"]["versions"]
    older = [_without_grace_period(version) for version in before]
    managed.admin.call("PATCH", DEFINITION, {"spec": {"versions": older}}, MERGE)
    words = f"has no field spec.{GRACE} and would drop it; leave it out, or update the IPAM provider there"
    try:
        wanted = manifest(managed, **{GRACE: 900})
        managed.admin.until(
            "the older definition", lambda: words in managed.module("ip_pool", True, definition=wanted).get("msg", "")
        )
        assert words in managed.module("ip_pool", definition=wanted)["msg"]
        assert managed.module("ip_pool", definition=manifest(managed))["changed"]
        assert words in managed.module("ip_pool", definition=wanted)["msg"]
        assert words in managed.claims("a", pool="made", pools=[wanted])["msg"]
        assert not managed.module("ip_pool", definition=manifest(managed))["changed"]
    finally:
        managed.admin.call("PATCH", DEFINITION, {"spec": {"versions": before}}, MERGE)
    managed.admin.until("the definition", lambda: managed.module("ip_pool", True, definition=wanted).get("changed"))


def _without_grace_period(version: dict[str, t.Any]) -> dict[str, t.Any]:
    schema = version["schema"]["openAPIV3Schema"]
    spec = schema["properties"]["spec"]
    fields = {name: each for name, each in spec["properties"].items() if name != GRACE}
    properties = {**schema["properties"], "spec": {**spec, "properties": fields}}
    return {**version, "schema": {"openAPIV3Schema": {**schema, "properties": properties}}}


REFUSED: tuple[dict[str, t.Any], ...] = (
    {"addresses": ["192.0.2.10 - 192.0.2.20"]},
    {"addresses": [" 192.0.2.10"]},
    {"addresses": ["192.0.2.10-"]},
    {"addresses": ["192.0.2.20-192.0.2.10"]},
    {"addresses": ["192.0.2.010"]},
    {"addresses": ["192.0.2.0/33"]},
    {"addresses": ["192.0.2.0/024"]},
    {"addresses": ["192.0.2.0/255.255.255.0"]},
    {"addresses": [""]},
    {"addresses": []},
    {"addresses": ["192.0.2.10", "2001:db8::1"]},
    {"addresses": ["192.0.2.10", "192.0.3.10"]},
    {"addresses": ["192.0.2.10"], "prefix": 33},
    {"addresses": ["192.0.2.10"], "prefix": -1},
    {"addresses": ["192.0.2.10"], "gateway": "192.0.2.1 "},
    {"addresses": ["192.0.2.10"], "gateway": "2001:db8::1"},
    {"addresses": ["192.0.2.10"], "excludedAddresses": ["x"]},
    {"addresses": ["192.0.2.10"], "excludedAddresses": ["2001:db8::1"]},
    {"addresses": ["192.0.2.10"], GRACE: -1},
    {"addresses": ["192.0.2.10"], GRACE: 2**31},
    {"addresses": "192.0.2.10"},
    {"addresses": ["192.0.2.10"], "allocateReservedIPAddresses": "maybe"},
    {"addresses": ["192.0.2.10"], "excludeAddresses": ["192.0.2.11"]},
)
TAKEN: tuple[dict[str, t.Any], ...] = (
    {"addresses": ["192.0.2.10-192.0.2.20", "192.0.2.15"]},
    {"addresses": ["192.0.2.7/28"], "excludedAddresses": ["198.51.100.1"]},
    {"addresses": ["2001:DB8::10-2001:db8:0::20"], "prefix": 64, "gateway": "2001:db8::1"},
    {"addresses": ["192.0.2.10"], "gateway": "203.0.113.1", GRACE: 0},
)


@pytest.mark.parametrize("spec", [*REFUSED, *TAKEN], ids=str)
def test_what_the_provider_refuses_the_embedded_backend_refuses(space: Space, spec: dict[str, t.Any]) -> None:
    """Asked directly: our own module looks at a pool before the provider does."""
    if PROVIDER == "1.0" and GRACE in spec:
        pytest.skip("this version of the provider knows no grace period")
    wanted = manifest(space, **{"gateway": None, **spec})
    wanted["spec"] = {name: value for name, value in wanted["spec"].items() if value is not None}
    taken = spec in TAKEN
    path = f"{space.path('inclusterippools')}?fieldValidation=Strict"
    if taken:
        space.admin.call("POST", path, wanted)
    else:
        with pytest.raises(urllib.error.HTTPError):
            space.admin.call("POST", path, wanted)
    with tempfile.TemporaryDirectory() as folder, open_backend(
        BackendOptions("embedded", f"{folder}/i.sqlite")
    ) as ours:
        if taken:
            assert ours.apply_pool(pool_from_manifest(wanted, space.name), False).changed
        else:
            with pytest.raises(IpamError):
                ours.apply_pool(pool_from_manifest(wanted, space.name), False)


# --- paused -----------------------------------------------------------------------------------------------------


def test_a_paused_pool_is_named_at_once_and_serves_when_it_goes_on(space: Space) -> None:
    path, pause = space.path("inclusterippools", "p"), {"cluster.x-k8s.io/paused": "true"}
    space.admin.call("PATCH", path, {"metadata": {"annotations": pause}}, MERGE)
    result = space.claims("a", wait_grace=_LONG)
    assert "is paused (annotation cluster.x-k8s.io/paused)" in result["msg"]
    assert space.items("ipaddressclaims") == []
    assert "is paused" in space.claims("a", keep_pending=True, wait_grace=1)["msg"]
    space.admin.call("PATCH", path, {"metadata": {"annotations": None}}, MERGE)
    result = space.claims("a")
    assert [each["address"] for each in result["claims"]] == ["10.0.0.10"]


def test_a_cluster_that_is_missing_or_paused_is_named(space: Space) -> None:
    space.foreign_claim("node1-ip", labels={"cluster.x-k8s.io/cluster-name": "edge"})
    message = space.claims("node1", wait_grace=1)["msg"]
    assert "claim node1-ip names the Cluster edge: see whether it exists and is not paused" in message


# --- room again -------------------------------------------------------------------------------------------------


def test_claims_that_met_a_full_pool_are_served_when_others_are_released(space: Space) -> None:
    space.pool("10.0.1.1-10.0.1.2", "small")
    space.claims("a", "b", pool="small")
    assert "claims ask" in space.claims("c", "d", pool="small", keep_pending=True)["msg"]
    # the provider tries again by itself, ever more slowly
    space.admin.until("some tries in vain", lambda: _tries(space, "c-ip") > 9)
    space.module("ip_address_claims", selector={"pool": "small", "machine": "a"}, state="absent")
    space.admin.until("the first of them", lambda: len(space.addresses()) == 2)
    space.pool("10.0.1.1-10.0.1.9", "small")
    result = space.claims("b", "c", "d", pool="small")
    assert len({each["address"] for each in result["claims"]}) == 3
    assert not result["changed"]


def _tries(space: Space, claim: str) -> int:
    """How often the provider found no address for a claim."""
    lines = (space.plane.folder / "provider.log").read_text().splitlines()
    return sum("no address available" in line and claim in line and space.name in line for line in lines)


# --- addresses that rest ----------------------------------------------------------------------------------------


@pytest.mark.skipif(PROVIDER == "1.0", reason="the field came with version 1.1")
def test_a_released_address_rests_and_the_release_does_not_wait_for_it(space: Space) -> None:
    space.pool("10.0.1.1-10.0.1.2", "small", **{GRACE: 600})
    space.claims("a", "b", pool="small")
    released = space.module("ip_address_claims", selector={"machine": "a"}, state="absent", wait_grace=_LONG)
    assert released["changed"], released
    space.admin.until(
        "its rest", lambda: any("deletionTimestamp" in each["metadata"] for each in space.items("ipaddressclaims"))
    )
    message = space.claims("a", pool="small")["msg"]
    assert "claim a-ip was released, and its address rests for" in message
    assert "pool small has 0 free of 2, 1 claims ask" in space.claims("c", pool="small")["msg"]
    space.pool("10.0.1.1-10.0.1.2", "small", **{GRACE: 0})
