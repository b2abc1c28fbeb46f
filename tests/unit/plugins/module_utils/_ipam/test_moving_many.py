# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several machines that are renamed or renumbered at once, by several runs, or with names that are not what the user thinks."""

from __future__ import annotations

import dataclasses
import itertools
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils import _ipam_module
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError
from ansible_collections.elemental.networking.plugins.plugin_utils._request.claim_lookup import claimed_addresses
from ansible_collections.elemental.networking.plugins.plugin_utils._request.machine_network import Given
from ansible_collections.elemental.networking.tests.unit.plugins.module_utils._ipam.test_moving import (
    ClusterSite,
    EmbeddedSite,
    Site,
    asked,
    manifest,
)


@pytest.fixture(params=[EmbeddedSite, ClusterSite], ids=["embedded", "cluster"])
def make(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> t.Callable[[], Site]:
    """Make a site, a new one each time."""
    numbers = itertools.count()

    def site() -> Site:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        return t.cast(Site, request.param(folder, monkeypatch))

    return site


def claim_all(site: Site, former: dict[str, str]) -> t.Any:
    """One call that claims for several machines with former names."""
    machines = [{"machine": each, "host": each, "former_host": before} for each, before in former.items()]
    return site.module(_ipam_module.serve_claims, [asked(each, "p") for each in former], machines=machines)


def test_two_hosts_are_never_the_same_former_one(make: t.Callable[[], Site]) -> None:
    """As with machine_network_former_name for all hosts of a play."""
    site = make()
    site.configure("host", "node1", "p")
    with pytest.raises(IpamError, match="hosts new1 and new2 both have the former name node1"):
        claim_all(site, {"new1": "node1", "new2": "node1"})
    assert site.held() == {"node1-ip": "10.0.0.10"}


def test_names_that_are_exchanged_at_once_are_refused_and_nothing_is_released(make: t.Callable[[], Site]) -> None:
    site = make()
    for machine in ("a", "b"):
        site.claim(machine, "p")
    with pytest.raises(IpamError, match="host a has the former name b, which is a host of the same call, too"):
        claim_all(site, {"a": "b", "b": "a"})
    assert site.held() == {"a-ip": "10.0.0.10", "b-ip": "10.0.0.11"}


def test_the_former_name_may_be_that_of_the_machine_as_its_host_states_it(make: t.Callable[[], Site]) -> None:
    """The host knows the name of its machine only, and its message names that."""
    site = make()
    machines = [{"machine": "node-1", "host": "Node_1"}]
    site.module(_ipam_module.serve_claims, [{**asked("node-1", "p"), "host": "Node_1"}], machines=machines)
    site.claim("new", "p", former_host="node-1")
    assert site.held() == {"new-ip": "10.0.0.10"}


def test_a_machine_gets_another_name_while_its_host_keeps_its_own(make: t.Callable[[], Site]) -> None:
    site = make()
    site.configure("host", "node1", "p")
    for before, after in (("node1", "munich-node1"), ("munich-node1", "berlin-node1")):
        machines = [{"machine": after, "host": "node1", "former_host": before}]
        wanted = {**asked(after, "p"), "host": "node1"}
        site.module(_ipam_module.serve_claims, [wanted], machines=machines)
        assert site.held() == {f"{after}-ip": "10.0.0.10"}


def test_a_former_name_that_is_the_machine_of_another_host_is_refused(make: t.Callable[[], Site]) -> None:
    site = make()
    wanted = {**asked("m1", "p"), "host": "node1"}
    site.module(_ipam_module.serve_claims, [wanted], machines=[{"machine": "m1", "host": "node1"}])
    words = "claim m1-ip of machine m1 was made for host node1: keep machine_network_machine_name: m1 for new, and set .*former_name: node1"
    with pytest.raises(IpamError, match=words):
        site.claim("new", "p", former_host="m1")
    assert site.held() == {"m1-ip": "10.0.0.10"}


def test_a_run_that_was_overtaken_releases_nothing_that_another_one_made(make: t.Callable[[], Site]) -> None:
    """The claim has the name, the pool and the machine of the one that was found, and another address."""
    site = make()
    site.configure("node1", "node1", "p")
    with site.opened() as slow:
        (found,) = slow.find_claims([("ns", "node1-ip")]).found
        site.release([{"name": "node1-ip"}])
        site.claim("other", "p")
        assert site.claim("node1", "p")["addresses"]["node1"]["ip"]["address"] == "10.0.0.11"
        slow.release_claims([found], dry_run=False)
        assert site.held()["node1-ip"] == "10.0.0.11"
        slow.record([_confirmed(found)], dry_run=False)
    assert site.claim("node1", "p")["claims"][0]["confirmed"] is None


def _confirmed(bound: t.Any) -> t.Any:
    return dataclasses.replace(bound, claim=dataclasses.replace(bound.claim, confirmed="2026-11-29T12:00:00Z"))


def test_check_mode_renames_a_machine_whose_address_its_pool_keeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = EmbeddedSite(tmp_path, monkeypatch)

    def pools(machine: str) -> list[t.Any]:
        pool = manifest("p")
        return [{**pool, "spec": {**pool["spec"], "preAllocations": {f"{machine}-ip": "10.0.0.55"}}}]

    site.claim("node1", "p", pools=pools("node1"))
    for check in (True, False):
        result = site.claim("node2", "p", pools=pools("node2"), former_host="node1", check=check)
        assert result["addresses"]["node2"]["ip"]["address"] == "10.0.0.55"
    assert site.held() == {"node2-ip": "10.0.0.55"}


@pytest.mark.parametrize("kept", [{}, {"node1-ip": "10.0.0.10"}], ids=["rests", "kept"])
def test_who_is_renumbered_back_gets_the_address_that_rests_after_him(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: dict[str, str]
) -> None:
    site = EmbeddedSite(tmp_path, monkeypatch)
    pool = manifest("p")
    pools = [{**pool, "spec": {**pool["spec"], "addressReuseGracePeriodSeconds": 600, "preAllocations": kept}}]
    site.configure("node1", "node1", "p", pools=pools)
    site.configure("node1", "node1", "q", pools=pools, renumber=True)
    assert site.held() == {"node1-ip": "10.0.1.10"}
    site.configure("node1", "node1", "p", pools=pools, renumber=True)
    assert site.held() == {"node1-ip": "10.0.0.10"}


def test_a_machine_whose_old_claim_is_going_still_gets_no_address_that_it_does_not_ask_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The in-cluster provider keeps the name of a released claim as long as its address rests."""
    site = ClusterSite(tmp_path, monkeypatch)
    site.configure("node1", "node1", "p")
    site.claim("node1", "q", renumber=True)
    with site.opened() as backend:
        (old,) = backend.find_claims([("ns", "node1-ip")]).found
    site.server.objects["ipaddressclaims"]["node1-ip"]["metadata"]["deletionTimestamp"] = "2026-11-29T12:00:00Z"
    assert old.claim.name == "node1-ip"
    assert site.claim("node1", "q")["addresses"]["node1"]["ip"]["address"] == "10.0.1.10"
    for renumber in (False, True):
        with pytest.raises(
            IpamError, match=r"was renumbered to pool .*/q for key ip, but pool .*/p is requested, while"
        ):
            site.claim("node1", "p", renumber=renumber)
    with pytest.raises(IpamError, match="was made for host node1, and host stranger has the same machine name node1"):
        site.module(_ipam_module.serve_claims, [{**asked("node1", "q"), "host": "stranger"}])


@pytest.mark.parametrize(("machine_id", "expected"), [("a" * 32, "10.0.0.10"), ("b" * 32, "10.0.1.10")])
def test_the_address_of_another_machine_is_not_given_out_by_lookups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine_id: str, expected: str
) -> None:
    """A machine was replaced and renumbered: the old claim stays, since the machine before may still have its address."""
    site = EmbeddedSite(tmp_path, monkeypatch)
    site.claim("node1", "p")
    known = {"machine": "node1", "host": "node1"}
    first = {**known, "machine_id": "a" * 32, "confirmed_addresses": ["10.0.0.10"]}
    site.module(_ipam_module.serve_record, machines=[first])
    site.claim("node1", "q", renumber=True)
    second = {**known, "machine_id": machine_id, "confirmed_addresses": ["10.0.1.10"]}
    site.module(_ipam_module.serve_record, machines=[second])
    found = claimed_addresses(Given(host="node1", database=site.path), ["ip"])
    assert found["ip"].address == expected


@pytest.mark.parametrize(
    "spec",
    [
        {"addresses": ["fd00::10-fd00::20"], "prefix": 64, "gateway": "fd00::1"},
        {"addresses": ["10.9.0.10-10.9.0.20"], "prefix": 24, "gateway": "10.9.0.1"},
    ],
    ids=["family", "subnet"],
)
def test_a_pool_that_cannot_keep_the_old_addresses_meanwhile_is_refused_with_the_way_out(
    make: t.Callable[[], Site], spec: dict[str, t.Any]
) -> None:
    site = make()
    site.configure("node1", "node1", "p")
    words = r"pool p cannot keep 10\.0\.0\.10, .* beside its new addresses .*: leave it as it was, give the new addresses a pool"
    with pytest.raises(IpamError, match=words):
        site.claim("node1", "p", pools=[{**manifest("p"), "spec": spec}], renumber=True)
    assert site.held() == {"node1-ip": "10.0.0.10"}
