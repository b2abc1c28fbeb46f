# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses that go from one claim to another on a control plane: the provider keeps an address that waits for its claim."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.backend import HandOver
from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_backend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.backend import KubernetesBackend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.handing import handing_of
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import BoundClaim

from tests.testbed.controlplane import users
from tests.testbed.controlplane.fixtures import PROVIDER, Space, asked

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKsR1vhN5HTnbVBJbCwJgS6TTLwRMRrSbnHOjzWDJBq4"


@pytest.fixture
def site(space: Space) -> Space:
    """A namespace with a second pool, where the consumer may hand addresses over."""
    users.allow(space.admin, space.name, "ipam-hand-over.yaml")
    space.pool("10.0.1.10-10.0.1.60", name="q")
    return space


def claim(space: Space, machine: str, pool: str = "p", check: bool = False, **more: t.Any) -> dict[str, t.Any]:
    """Claim key ip for a host of the inventory."""
    (wanted,) = asked(machine, pool=pool)
    machines = [{"machine": machine, "host": machine, **more}]
    return space.module("ip_address_claims", check, claims=[{**wanted, "host": machine}], machines=machines)


def confirm(space: Space, machine: str, address: str) -> None:
    """Record what a push of this address has proved."""
    known = {"machine": machine, "host": machine, "host_keys": [KEY], "confirmed_addresses": [address]}
    assert space.module("machine_host_keys", machines=[known])["recorded"]


def test_a_machine_is_renamed_and_keeps_its_address(site: Space) -> None:
    """Others claim before and after, so that the address is neither the lowest nor the highest."""
    claim(site, "low")
    before = claim(site, "node1")["claims"][0]
    confirm(site, "node1", before["address"])
    site.module("ip_address_claims", claims=[{"name": "low-ip"}], state="absent")
    shown = claim(site, "node2", check=True, former_host="node1")
    assert shown["msg"] == "would rename claim node1-ip to node2-ip", shown
    assert list(site.addresses()) == ["node1-ip"]
    (after,) = claim(site, "node2", former_host="node1")["claims"]
    assert site.addresses() == {"node2-ip": before["address"]}
    assert (after["host"], after["host_keys"], after["managed"]) == ("node2", [KEY], True)
    again = claim(site, "node2", former_host="node1")
    assert not again["changed"]
    assert again["claims"][0]["confirmed"]
    # nothing of the old claim is left to hold the address
    site.admin.until("the old claim is gone", lambda: len(site.items("ipaddressclaims")) == 1, 30)
    assert site.module("ip_address_claims", claims=[{"name": "node2-ip"}], state="absent")["changed"]
    assert site.addresses() == {}
    assert claim(site, "low")["claims"][0]["address"] == "10.0.0.10"


def test_a_machine_is_renumbered_and_gets_its_claim_name_back(site: Space) -> None:
    old = claim(site, "node1")["claims"][0]["address"]
    confirm(site, "node1", old)
    refused = claim(site, "node1", "q")
    assert "or set machine_network_renumber: true" in refused["msg"]
    under_way = claim(site, "node1", "q", renumber=True)
    new = under_way["addresses"]["node1"]["ip"]["address"]
    assert (new, sorted(under_way["held"]["node1"])) == ("10.0.1.10", [old, "10.0.1.10"])
    assert site.addresses() == {"node1-ip": old, "node1-ip.renumbering": new}
    wanted = [{**asked("node1", pool="q")[0], "host": "node1"}]
    assert not site.module("ip_address_claims", claims=wanted, state="renumbered")["changed"]
    confirm(site, "node1", new)
    done = site.module("ip_address_claims", claims=wanted, state="renumbered")
    assert done["changed"], done
    site.admin.until("the claim beside is gone", lambda: site.addresses() == {"node1-ip": new}, 30)
    settled = claim(site, "node1", "q", renumber=True)
    assert (settled["changed"], settled["renumbering"], settled["unused"]) == (False, [], [])
    assert settled["claims"][0]["confirmed"]


def test_an_address_that_waits_for_its_claim_is_no_address_given_twice(site: Space) -> None:
    """As a run leaves it that was ended between the two."""
    address = claim(site, "node1")["claims"][0]["address"]
    (before,) = site.items("ipaddresses")
    body = {
        **{name: before[name] for name in ("apiVersion", "kind")},
        "metadata": {
            "name": "node2-ip",
            "annotations": {"elemental.networking/handed-over-from": before["metadata"]["uid"]},
        },
        "spec": {**before["spec"], "claimRef": {"name": "node2-ip"}},
    }
    site.admin.call("POST", site.path("ipaddresses"), body)
    assert not claim(site, "node1")["changed"]
    assert claim(site, "node2", former_host="node1")["claims"][0]["address"] == address
    site.admin.until("only the new one is left", lambda: site.addresses() == {"node2-ip": address}, 30)


def test_who_may_not_make_addresses_is_told_which_manifest_grants_it(space: Space) -> None:
    claim(space, "node1")
    refused = claim(space, "node2", former_host="node1")
    assert "may not create ipaddresses" in refused["msg"]
    assert "playbooks/files/ipam-hand-over.yaml" in refused["msg"]
    assert list(space.addresses()) == ["node1-ip"]


def test_many_machines_are_renamed_while_somebody_claims(site: Space) -> None:
    machines = [f"node{number}" for number in range(20)]
    old = [{**each, "host": each["machine"]} for each in asked(*machines)]
    claimed = site.module("ip_address_claims", claims=old)["claims"]
    before = {each["machine"]: each["address"] for each in claimed}
    wanted = [{**each, "host": each["machine"]} for each in asked(*(f"new-{machine}" for machine in machines))]
    holders = [{"machine": f"new-{each}", "host": f"new-{each}", "former_host": each} for each in machines]
    renaming = site.start("ip_address_claims", claims=wanted, machines=holders)
    others = [claim(site, f"other{number}")["claims"][0]["address"] for number in range(5)]
    renamed = site.answer(renaming)
    assert {each["machine"].removeprefix("new-"): each["address"] for each in renamed["claims"]} == before
    assert not set(others) & set(before.values())


def test_an_address_that_waits_in_vain_goes_with_the_claim_that_it_came_from(site: Space) -> None:
    """A run was ended before it made the new claim, and the old one is released by hand: no address is lost."""
    claim(site, "node1")
    (before,) = site.items("ipaddressclaims")
    options = BackendOptions("kubernetes", kubernetes=site.options)
    with open_backend(options) as backend:
        assert isinstance(backend, KubernetesBackend)
        (bound,) = backend.list_claims(site.name)
        after = dataclasses.replace(bound.claim, name="node2-ip", machine="node2", host="node2")
        backend.plane.claims.give_addresses([handing_of(HandOver(bound, after))], False)
    assert set(site.addresses()) == {"node1-ip", "node2-ip"}
    assert site.module("ip_address_claims", claims=[{"name": before["metadata"]["name"]}], state="absent")["changed"]
    site.admin.until("no address is left", lambda: site.addresses() == {}, 60)


def test_a_pool_changes_its_range_under_claims_in_use(site: Space) -> None:
    """The provider takes no address away: the pool keeps the old one until the machine has left it."""
    users.allow(site.admin, site.name, "ipam-pool-manager.yaml")
    old = claim(site, "node1")["claims"][0]["address"]
    spec = {"addresses": ["10.0.0.30-10.0.0.60"], "prefix": 24}
    kind = {"apiVersion": "ipam.cluster.x-k8s.io/v1alpha2", "kind": "InClusterIPPool"}
    pools = [{**kind, "metadata": {"name": "p", "namespace": site.name}, "spec": spec}]
    wanted = [{**asked("node1")[0], "host": "node1"}]
    refused = site.module("ip_address_claims", claims=wanted, pools=pools)
    assert f"has the address {old}, which pool" in refused["msg"]
    machines = [{"machine": "node1", "host": "node1", "renumber": True}]
    under_way = site.module("ip_address_claims", claims=wanted, pools=pools, machines=machines)
    new = under_way["addresses"]["node1"]["ip"]["address"]
    assert new == "10.0.0.30", under_way
    (stored,) = (each for each in site.items("inclusterippools") if each["metadata"]["name"] == "p")
    assert stored["spec"]["addresses"] == ["10.0.0.30-10.0.0.60", old]
    confirm(site, "node1", new)
    done = site.module("ip_address_claims", claims=wanted, pools=pools, state="renumbered")
    assert done["changed"], done
    site.admin.until("the claim beside is gone", lambda: site.addresses() == {"node1-ip": new}, 30)
    (stored,) = (each for each in site.items("inclusterippools") if each["metadata"]["name"] == "p")
    assert stored["spec"]["addresses"] == ["10.0.0.30-10.0.0.60"]
    assert not site.module("ip_address_claims", claims=wanted, pools=pools, machines=machines)["changed"]


@pytest.mark.skipif(PROVIDER == "1.0", reason="released addresses rest since 1.1")
def test_a_renumbering_is_ended_after_the_old_address_has_rested(site: Space) -> None:
    """Until then the machine goes on with the claim beside."""
    site.pool("10.0.0.70-10.0.0.80", name="resting", addressReuseGracePeriodSeconds=20)
    old = claim(site, "node1", "resting")["claims"][0]["address"]
    new = claim(site, "node1", "q", renumber=True)["addresses"]["node1"]["ip"]["address"]
    confirm(site, "node1", new)
    wanted = [{**asked("node1", pool="q")[0], "host": "node1"}]
    early = site.module("ip_address_claims", claims=wanted, state="renumbered", wait_grace=1, required=False)
    assert "claim node1-ip is released and goes when its address has rested; run again then" in str(early["warnings"])
    assert set(site.addresses().values()) == {old, new}
    meanwhile = claim(site, "node1", "q", renumber=True)
    assert (meanwhile["claims"][0]["name"], meanwhile["claims"][0]["address"]) == ("node1-ip.renumbering", new)
    assert meanwhile["unused"] == []
    site.admin.until("the old address has rested", lambda: old not in site.addresses().values(), 60)
    assert claim(site, "node1", "q")["claims"][0]["name"] == "node1-ip"
    site.admin.until("the claim beside is gone", lambda: site.addresses() == {"node1-ip": new}, 30)


def test_a_backend_that_never_looked_changes_what_another_one_found(site: Space) -> None:
    claim(site, "node1")
    claim(site, "node2")
    before = site.addresses()
    options = BackendOptions("kubernetes", kubernetes=site.options, timeout=30)

    def listed() -> dict[str, BoundClaim]:
        with open_backend(options) as backend:
            return {bound.claim.name: bound for bound in backend.list_claims(site.name)}

    first = listed()["node1-ip"]
    with open_backend(options) as backend:
        backend.record([dataclasses.replace(first, claim=dataclasses.replace(first.claim, host_keys=(KEY,)))], False)
    assert listed()["node1-ip"].claim.host_keys == (KEY,)
    found = listed()
    after = dataclasses.replace(found["node1-ip"].claim, name="node3-ip", machine="node3", host="node3", uid="")
    with open_backend(options) as backend:
        (moved,) = backend.hand_over([HandOver(found["node1-ip"], after)], False)
    assert moved.address is not None
    assert moved.address.address == before["node1-ip"]
    site.admin.until("the old claim is gone", lambda: sorted(site.addresses()) == ["node2-ip", "node3-ip"], 30)
    with open_backend(options) as backend:
        assert backend.release_claims(list(listed().values()), False) == []
    assert listed() == {}
