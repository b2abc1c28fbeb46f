# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What renaming, renumbering and keys that went leave alone: claims that Elemental uses, those of other inventories and machines, and
addresses that rest."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils import _ipam_module
from ansible_collections.elemental.networking.plugins.module_utils._ipam.backend import PoolState
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError
from ansible_collections.elemental.networking.tests.unit.plugins.module_utils._ipam import test_moving as moving

pytest.importorskip("urllib3")

ONE, OTHER = "0123456789abcdef" * 2, "fedcba9876543210" * 2
RESTS = {"addressReuseGracePeriodSeconds": 3600}


@pytest.fixture(params=[moving.EmbeddedSite, moving.ClusterSite], ids=["embedded", "cluster"])
def site(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> moving.Site:
    return t.cast(moving.Site, request.param(tmp_path, monkeypatch))


@pytest.fixture
def embedded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> moving.Site:
    return moving.EmbeddedSite(tmp_path, monkeypatch)


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> moving.ClusterSite:
    return moving.ClusterSite(tmp_path, monkeypatch)


def claim(site: moving.Site, key: str, place: str = "") -> None:
    """Claim for another key of node1."""
    more = {"site": place} if place else {}
    site.module(_ipam_module.serve_claims, [{**moving.asked("node1", "p"), "key": key, **more}])


def record(at: moving.Site, machine_id: str, address: str, **more: t.Any) -> moving.Result:
    known = {"machine": "node1", "host": "node1", "machine_id": machine_id, "confirmed_addresses": [address], **more}
    return at.module(_ipam_module.serve_record, machines=[known])


def claims(site: moving.Site) -> dict[str, t.Any]:
    with site.opened() as backend:
        return {bound.claim.name: bound.claim for bound in backend.list_claims("ns")}


def pool(site: moving.Site, name: str) -> PoolState:
    with site.opened() as backend:
        return next(state for state in backend.list_pools("ns") if state.pool.reference.name == name)


def elemental_uses(site: moving.ClusterSite, name: str) -> None:
    """A MachineInventory records the uid of a claim of ours."""
    uid = site.server.objects["ipaddressclaims"][name]["metadata"]["uid"]
    recorded = {"ipAddressClaims": {"inventory-ip": {"name": name, "uid": uid}}}
    recorded["network"] = {"ipAddresses": {"inventory-ip": "10.0.0.10"}}
    metadata = {"name": "m-1", "namespace": "ns", "uid": "u-m-1"}
    site.server.inventories.append({"metadata": metadata, "spec": recorded})


def test_a_key_that_went_leaves_what_elemental_uses(cluster: moving.ClusterSite) -> None:
    claim(cluster, "old")
    claim(cluster, "older")
    elemental_uses(cluster, "node1-old")
    claimed = cluster.claim("node1", "p")
    assert [each["name"] for each in claimed["unused"]] == ["node1-older"]
    assert len(claimed["held"]["node1"]) == 3


def test_a_key_that_went_stays_with_a_warning_where_elementals_machines_may_not_be_listed(
    cluster: moving.ClusterSite,
) -> None:
    claim(cluster, "old")
    cluster.server.lists_owners = False
    said: list[str] = []
    claimed = cluster.claim("node1", "p", warn=said.append)
    assert claimed["unused"] == []
    (sentence,) = said
    assert sentence.startswith(
        "claims that the machines do not ask for any more stay: it is not known which claims Elem"
    )
    assert "ipam-owner-reader.yaml" in sentence


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (("node1", "q", {"renumber": True}), "and it is not renumbered before"),
        (("node2", "p", {"former_host": "node1"}), "leave machine_network_former_name out"),
    ],
    ids=["renumber", "rename"],
)
def test_what_elemental_uses_is_neither_renumbered_nor_renamed(
    cluster: moving.ClusterSite, wanted: tuple[str, str, dict[str, t.Any]], words: str
) -> None:
    cluster.configure("node1", "node1", "p")
    elemental_uses(cluster, "node1-ip")
    machine, from_pool, options = wanted
    with pytest.raises(IpamError, match=f"claim node1-ip is used by MachineInventory m-1 .*{words}"):
        cluster.claim(machine, from_pool, **options)
    assert cluster.held() == {"node1-ip": "10.0.0.10"}


def test_what_elemental_uses_since_it_is_renumbered_is_not_released(cluster: moving.ClusterSite) -> None:
    cluster.configure("node1", "node1", "p")
    new = cluster.claim("node1", "q", renumber=True)["addresses"]["node1"]["ip"]["address"]
    record(cluster, ONE, new)
    elemental_uses(cluster, "node1-ip")
    said: list[str] = []
    cluster.module(_ipam_module.serve_claims, [moving.asked("node1", "q")], state="renumbered", warn=said.append)
    assert set(cluster.held()) == {"node1-ip", "node1-ip.renumbering"}
    assert "claim node1-ip is used by MachineInventory m-1" in said[0]


def test_claims_of_another_inventory_are_neither_unused_nor_renamed(site: moving.Site) -> None:
    claim(site, "old", "munich")
    claimed = site.claim("node1", "p", site="berlin")
    assert (claimed["unused"], claimed["held"]) == ([], {"node1": ["10.0.0.11"]})
    site.claim("node2", "p", former_host="node1", site="berlin")
    assert set(site.held()) == {"node1-old", "node2-ip"}


def test_what_another_machine_has_stays_recorded_with_it(site: moving.Site) -> None:
    claim(site, "ip")
    claim(site, "old")
    record(site, OTHER, "10.0.0.11", host_keys=[moving.KEY])
    assert {each.machine_id for each in claims(site).values()} == {OTHER}
    before = claims(site)
    assert record(site, ONE, "10.0.0.10")["recorded"] == ["ns/node1-ip"]
    assert claims(site)["node1-ip"].machine_id == ONE
    assert claims(site)["node1-old"] == before["node1-old"]
    assert claims(site)["node1-old"].machine_id == OTHER
    assert record(site, ONE, "10.0.0.10")["recorded"] == []


def test_the_old_address_of_another_machine_is_not_released(site: moving.Site) -> None:
    site.configure("node1", "node1", "p")
    record(site, OTHER, "10.0.0.10")
    record(site, ONE, site.claim("node1", "q", renumber=True)["addresses"]["node1"]["ip"]["address"])
    said: list[str] = []
    site.module(_ipam_module.serve_claims, [moving.asked("node1", "q")], state="renumbered", warn=said.append)
    assert site.held() == {"node1-ip": "10.0.0.10", "node1-ip.renumbering": "10.0.1.10"}
    assert "claim node1-ip stays, since another machine (by its machine-id) had its address" in said[0]


def test_all_that_a_push_found_out_is_one_record(site: moving.Site) -> None:
    claim(site, "ip")
    before = site.clock.steps
    assert record(site, ONE, "10.0.0.10", host_keys=[moving.KEY], site="berlin")["recorded"] == ["ns/node1-ip"]
    found = claims(site)["node1-ip"]
    assert (found.host_keys, found.machine_id, found.site) == ((moving.KEY,), ONE, "berlin")
    assert found.confirmed
    if isinstance(site, moving.EmbeddedSite):
        assert site.clock.steps - before == 1


# --- addresses that rest ----------------------------------------------------------------------------------------


def resting(name: str, addresses: str = "", period: t.Mapping[str, int] | None = None) -> dict[str, t.Any]:
    manifest = moving.manifest(name, addresses)
    return {**manifest, "spec": {**manifest["spec"], **(RESTS if period is None else period)}}


def test_an_address_that_is_handed_over_does_not_rest(embedded: moving.Site) -> None:
    embedded.configure("node1", "node1", "p", pools=[resting("p")])
    embedded.configure("node1", "node2", "p", former_host="node1")
    usage = pool(embedded, "p").usage
    assert (usage.total, usage.used) == (90, 1)
    assert embedded.held() == {"node2-ip": "10.0.0.10"}


def test_the_old_address_of_a_renumbered_machine_rests(embedded: moving.Site) -> None:
    embedded.configure("node1", "node1", "p", pools=[resting("p")])
    embedded.configure("node1", "node1", "q", pools=[resting("q")], renumber=True)
    assert embedded.held() == {"node1-ip": "10.0.1.10"}
    assert [pool(embedded, name).usage.used for name in ("p", "q")] == [1, 1]
    embedded.claim("node2", "p")
    assert embedded.held()["node2-ip"] == "10.0.0.11"


def test_a_pool_keeps_what_rests_while_its_range_changes(embedded: moving.Site) -> None:
    embedded.claim("node0", "p", pools=[resting("p")])
    embedded.configure("node1", "node1", "p")
    embedded.release([{"name": "node0-ip"}])
    with pytest.raises(IpamError, match=r"do not contain allocated addresses: 10\.0\.0\.10;.* free again in"):
        embedded.claim("node1", "p", pools=[resting("p", "10.0.0.50-10.0.0.99", {})], renumber=True)
    new = resting("p", "10.0.0.50-10.0.0.99")
    embedded.configure("node1", "node1", "p", pools=[new], renumber=True)
    assert embedded.held() == {"node1-ip": "10.0.0.50"}
    assert pool(embedded, "p").pool.addresses == ("10.0.0.50-10.0.0.99", "10.0.0.10", "10.0.0.11")


def test_what_a_pool_keeps_for_a_claim_is_what_its_machine_is_renumbered_to(embedded: moving.Site) -> None:
    embedded.configure("node1", "node1", "p")
    kept = resting("q", period={})
    kept["spec"]["preAllocations"] = {"node1-ip": "10.0.1.50"}
    for _run in range(2):
        embedded.configure("node1", "node1", "q", pools=[kept], renumber=True)
        assert embedded.held() == {"node1-ip": "10.0.1.50"}


def test_the_name_of_a_claim_whose_address_rests_on_a_cluster_is_waited_for(cluster: moving.ClusterSite) -> None:
    """Its provider keeps the claim until its address has rested."""
    server = cluster.server
    server.objects["inclusterippools"]["p"] = resting("p")
    cluster.configure("node1", "node1", "p")
    server.resting = {"p"}
    said: list[str] = []
    new = cluster.claim("node1", "q", renumber=True)["addresses"]["node1"]["ip"]["address"]
    record(cluster, ONE, new)
    cluster.hosts["node1"] = new
    cluster.module(_ipam_module.serve_claims, [moving.asked("node1", "q")], state="renumbered", warn=said.append)
    assert cluster.held() == {"node1-ip.renumbering": new}
    assert "claim node1-ip is released and goes when its address has rested; run again then" in said[0]
    cluster.configure("node1", "node1", "q", renumber=True)
    assert cluster.held() == {"node1-ip.renumbering": new}
    server.resting = set()
    del server.objects["ipaddressclaims"]["node1-ip"], server.objects["ipaddresses"]["node1-ip"]
    cluster.configure("node1", "node1", "q", renumber=True)
    assert cluster.held() == {"node1-ip": new}
