# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Beside Elemental on a real API server: its MachineInventory, claims as its operator makes them, and the cluster's garbage collection."""

from __future__ import annotations

import contextlib
import json
import typing as t
import urllib.error
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_backend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.backend import KubernetesBackend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.claiming import ClaimCall
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import Claim, IpamError, PoolReference

from tests.data.asking import NETWORK
from tests.testbed.controlplane import places, users
from tests.testbed.controlplane.fixtures import Space, asked

from .test_role import Play, play

__all__ = ["play"]  # fixtures are found here

GROUP = "elemental.cattle.io"
KEY = next(iter(NETWORK["ipAddresses"]))
OBSERVED = Path(__file__).parents[1] / "data/elemental/observed"


@pytest.fixture
def elemental(space: Space) -> t.Iterator[Space]:
    """The kind MachineInventory, without its operator; it is gone again afterwards."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1beta1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": "machineinventories", "singular": "machineinventory", "kind": "MachineInventory"}
    body = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"machineinventories.{GROUP}"},
        "spec": {"group": GROUP, "names": names, "scope": "Namespaced", "versions": [version]},
    }
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    space.admin.call("POST", path, body)
    space.admin.until("the kind MachineInventory", lambda: is_served(space))
    yield space
    space.admin.call("DELETE", f"{path}/machineinventories.{GROUP}")
    space.admin.until("the end of the kind MachineInventory", lambda: not is_served(space))


def is_served(space: Space) -> bool:
    """Whether the server knows MachineInventories."""
    with contextlib.suppress(urllib.error.HTTPError):
        found = space.admin.call("GET", f"/apis/{GROUP}/v1beta1")
        return any(each["name"] == "machineinventories" for each in found["resources"])
    return False


def inventories(space: Space, name: str = "") -> str:
    return f"/apis/{GROUP}/v1beta1/namespaces/{space.name}/machineinventories{'/' + name if name else ''}"


def register(space: Space, machine: str, file: str = "m1-machineinventory") -> str:
    """A MachineInventory as it was observed, under this name, without claims; its uid."""
    item = json.loads((OBSERVED / f"{file}.json").read_text())
    item["metadata"] = {"name": machine, "namespace": space.name}
    item["spec"].pop("ipAddressClaims")
    del item["spec"]["network"]["ipAddresses"], item["status"]
    return str(space.admin.call("POST", inventories(space), item)["metadata"]["uid"])


def record(space: Space, machine: str, claim: str, key: str) -> str:
    """What the operator records of a claim; the address."""
    space.admin.until("the address", lambda: claim in space.addresses())
    address = space.addresses()[claim]
    uid = space.admin.call("GET", space.path("ipaddressclaims", claim))["metadata"]["uid"]
    reference = {"name": claim, "namespace": space.name, "uid": uid, "kind": "IPAddressClaim"}
    spec = {"ipAddressClaims": {key: reference}, "network": {"ipAddresses": {key: address}}}
    space.admin.call("PATCH", inventories(space, machine), {"spec": spec}, "application/merge-patch+json")
    return address


def names(space: Space) -> list[str]:
    return sorted(item["metadata"]["name"] for item in space.items("ipaddressclaims"))


def test_a_reset_beside_elemental_releases_nothing_of_its_own_until_its_object_is_deleted(
    elemental: Space, play: Play
) -> None:
    space, claim = elemental, f"node1-{KEY}"
    uid = register(space, "node1")
    owner = {
        "apiVersion": f"{GROUP}/v1beta1",
        "kind": "MachineInventory",
        "name": "node1",
        "uid": uid,
        "controller": True,
    }
    space.foreign_claim(claim, ownerReferences=[owner])
    address = record(space, "node1", claim, KEY)
    hosts = {"node1": {"machine_network": NETWORK}}
    for manifest in ("", "ipam-owner-reader.yaml"):  # the controller is on the claim: no right is needed to see it
        if manifest:
            users.allow(space.admin, space.name, manifest)
        played = play("reset", hosts, machine_network_force_release=True)
        words = f"claim {claim} belongs to MachineInventory node1 ({GROUP}/v1beta1), which exists: deleting that object releases"
        assert words in " ".join((played.stdout + played.stderr).split()), played.stdout + played.stderr
        assert "node1 could not be reset: " in played.stdout
        assert "released by force, except those that another object uses" in played.stdout
        assert space.addresses() == {claim: address}
    assert "(claim of MachineInventory node1 (elemental.cattle.io/v1beta1))" in play("report", hosts).stdout
    space.admin.call("DELETE", inventories(space, "node1"))
    space.admin.until("the cluster's garbage collection", lambda: not names(space))
    assert "no machine holds an address" in play("report", hosts).stdout


def test_what_elemental_reuses_is_its_own_and_what_it_lost_is_named(elemental: Space, play: Play) -> None:
    space, claim = elemental, f"node1-{KEY}"
    users.allow(space.admin, space.name, "ipam-owner-reader.yaml")
    reference = asked("node1")[0]["pool"]
    space.module("ip_address_claim", machine="node1", key=KEY, pool=reference)
    register(space, "node1")
    address = record(space, "node1", claim, KEY)
    hosts = {"node1": {"machine_network": NETWORK}}
    kept = play("reset", hosts, machine_network_force_release=True)
    assert f"claim {claim} is used by MachineInventory node1" in " ".join((kept.stdout + kept.stderr).split())
    orphans = space.module("ip_address_claim_info", selector={"not_in_inventory": ["other"]})
    assert (names(space), orphans["claims"]) == ([claim], [])
    released = play("reset", hosts, machine_network_force_release=True, machine_network_release_owned=True)
    words = f"still records its address {address} as {KEY} and never claims again: delete that object"
    assert words in " ".join((released.stdout + released.stderr).split()), released.stdout + released.stderr
    assert names(space) == []
    reported = play("report", hosts)
    assert f"records the address {address} as {KEY}, but claim {claim} that it was from is gone" in " ".join(
        (reported.stdout + reported.stderr).split()
    )


def test_an_owner_needs_the_uid_that_it_has(elemental: Space) -> None:
    space = elemental
    uid = register(space, "node1")
    owner = {"apiVersion": f"{GROUP}/v1beta1", "kind": "MachineInventory", "name": "node1"}
    stale = "11111111-2222-3333-4444-555555555555"

    def claim(**more: str) -> dict[str, t.Any]:
        return space.module(
            "ip_address_claims", claims=[{**asked("node1")[0], "owner": {**owner, **more}}], wait_grace=20
        )

    assert "may not list machineinventories" in claim()["msg"]
    assert "apply playbooks/files/ipam-owner-reader.yaml there" in claim()["msg"]
    users.allow(space.admin, space.name, "ipam-owner-reader.yaml")
    assert f"has the uid {uid}, not {stale}: it was made again since" in claim(uid=stale)["msg"]
    assert claim()["claims"][0]["owner"]["uid"] == uid
    space.admin.call("DELETE", inventories(space, "node1"))
    space.admin.until("the cluster's garbage collection", lambda: not names(space))


def test_a_removal_never_takes_a_claim_that_another_play_has_marked(space: Space) -> None:
    """A real server compares resourceVersions; a real provider has written each claim since it was made."""
    pool = PoolReference(places.GROUP, "InClusterIPPool", "p")
    made = [Claim(space.name, f"{machine}-ip", machine, "ip", pool) for machine in ("a", "b")]
    with open_backend(BackendOptions("kubernetes", kubernetes=space.options)) as failing:
        assert isinstance(failing, KubernetesBackend)
        call = ClaimCall(failing.plane, failing.find_claims([(each.namespace, each.name) for each in made]))
        call.make(made)
        space.admin.until("addresses", lambda: len(space.addresses()) == 2)
        other = space.claims("a")
        assert not other["changed"]
        call.take_back(IpamError("it failed"))
    assert names(space) == ["a-ip"]
    again = space.claims("a")
    assert (again["changed"], again["claims"][0]["address"]) == (False, other["claims"][0]["address"])
