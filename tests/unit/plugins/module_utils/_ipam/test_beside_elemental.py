# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Beside Elemental, with objects as its operator wrote them: what it uses stays, and what it lost is named."""

from __future__ import annotations

import json
import types
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.inventories import inventory
from ansible_collections.elemental.networking.plugins.module_utils._ipam.releasing import Release, release_claims
from ansible_collections.elemental.networking.plugins.modules import ip_address_claim_info
from ansible_collections.elemental.networking.tests.unit.borders.api_server import (
    OWNER,
    Server,
    asked,
    impatient,
    kubernetes,
    serve,
)

pytest.importorskip("urllib3")

OBSERVED = Path(__file__).parents[4] / "data/elemental/observed"
FIRST = "m-00000000-0000-4000-8000-000000000001"
FOURTH = "m-00000000-0000-4000-8000-000000000004"
FIFTH = "m-00000000-0000-4000-8000-000000000005"


def observed(name: str) -> t.Any:
    """An object of Elemental's operator, in the namespace of the stand-in."""
    return json.loads((OBSERVED / f"{name}.json").read_text().replace('"fleet-default"', '"ns"'))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    """Elemental's machine 1 with its two claims; 4 and 5 registered when the collection held a claim of their name."""
    impatient(monkeypatch)
    server = Server()
    server.inventories = [
        observed(name)
        for name in ("m1-machineinventory", "m4-machineinventory-on-our-claims", "m5-machineinventory-on-our-claims")
    ]
    ours = [observed("m4-claim-ours-without-owner"), observed("m5-claim-ours-with-owner")]
    server.objects["ipaddressclaims"] = {
        each["metadata"]["name"]: each for each in [*observed("m1-claims-0")["items"], *ours]
    }
    server.objects["ipaddresses"] = {each["metadata"]["name"]: each for each in observed("m1-addresses-0")["items"]}
    return server


def reset(server: Server, machine: str, **options: t.Any) -> dict[str, t.Any]:
    """What a reset of a machine does: it names the owner that it has just read."""
    return serve(server, [release(each) for each in held(server, machine)], state="absent", **options)


def release(claim: dict[str, t.Any]) -> dict[str, t.Any]:
    return {name: claim[name] for name in ("name", "namespace", "machine", "key", "pool", "host", "owner")}


def info(server: Server, **options: t.Any) -> dict[str, t.Any]:
    """The result of ip_address_claim_info, with its warnings."""
    warnings: list[str] = []
    params = {
        "namespace": "ns",
        "all_namespaces": False,
        "backend": "kubernetes",
        "selector": None,
        **options,
    }
    module = types.SimpleNamespace(params=params, warn=warnings.append)
    with kubernetes(server) as opened:
        return {**ip_address_claim_info.serve(t.cast(t.Any, module), opened), "warnings": warnings}


def held(server: Server, machine: str) -> list[dict[str, t.Any]]:
    return list(info(server, selector={"machine": machine})["claims"])


@pytest.mark.parametrize("machine", [FIRST, FOURTH, FIFTH])
def test_a_reset_releases_nothing_that_a_machine_inventory_uses(server: Server, machine: str) -> None:
    before = set(server.objects["ipaddressclaims"])
    assert held(server, machine)
    result = reset(server, machine, if_owned="keep")
    assert set(server.objects["ipaddressclaims"]) == before
    assert (result["changed"], result["claims"]) == (False, [])
    assert {each["machine"] for each in result["kept"]} == {machine}
    for each in result["kept"]:
        words = "used by" if machine == FOURTH else "deleting that object releases the claim"
        assert words in each["reason"]
        assert f"MachineInventory {machine}" in each["reason"]


def test_a_release_that_names_such_a_claim_says_what_releases_it(server: Server) -> None:
    message = failure(lambda: reset(server, FIRST))
    assert f"claim {FIRST}-inventory-ip belongs to MachineInventory {FIRST}" in message
    assert "which exists: deleting that object releases the claim; nothing is released" in message


def failure(call: t.Callable[[], object]) -> str:
    with pytest.raises(Exception) as error:  # noqa: PT011 the text is what is asserted
        call()
    return str(error.value)


def test_released_all_the_same_the_record_that_stays_is_named(server: Server) -> None:
    name = f"{FIRST}-inventory-ip"
    with kubernetes(server) as opened:
        owner = opened.find_claims([("ns", name)]).found[0].claim.owner
        said = release_claims(opened, [Release("ns", name, owner=owner)], False, "release").warnings
    assert f"{FIRST}-inventory-ip" not in server.objects["ipaddressclaims"]
    (sentence,) = said
    assert "still records its address 192.168.122.150 as inventory-ip and never claims again" in sentence
    assert "delete that object before another machine gets the address" in sentence
    # from then on whoever asks is told
    (warning,) = [each for each in info(server, selector={"not_in_inventory": ["x"]})["warnings"] if FIRST in each]
    assert "records the address 192.168.122.150 as inventory-ip, but claim" in warning
    assert "is gone, so that another machine may get the address" in warning


@pytest.mark.parametrize("machine", [FIRST, FIFTH])
def test_a_machine_inventory_that_is_gone_holds_nothing(server: Server, machine: str) -> None:
    server.inventories = [each for each in server.inventories if each["metadata"]["name"] != machine]
    assert reset(server, machine, if_owned="keep")["kept"] == []
    assert not held(server, machine)


def test_a_claim_that_was_made_again_is_not_the_one_that_is_recorded(server: Server) -> None:
    server.objects["ipaddressclaims"][f"{FOURTH}-inventory-ip"]["metadata"]["uid"] = "another"
    assert reset(server, FOURTH, if_owned="keep")["kept"] == []


def test_claims_of_registered_machines_are_never_orphans(server: Server) -> None:
    assert info(server, selector={"not_in_inventory": ["x"]})["claims"] == []
    assert serve(server, [], "absent", selector={"not_in_inventory": ["x"]})["claims"] == []
    server.inventories = []
    assert len(info(server, selector={"not_in_inventory": ["x"]})["claims"]) == 2
    assert len(serve(server, [], "absent", selector={"not_in_inventory": ["x"]})["claims"]) == 2


def test_without_the_right_to_see_them_orphans_are_not_known_and_none_is_released(server: Server) -> None:
    server.lists_owners = False
    known = info(server, selector={"not_in_inventory": ["x"]})
    assert known["claims"] == []
    assert "may not list machineinventories in namespace ns" in known["not_in_inventory_unknown"]
    message = failure(lambda: serve(server, [], "absent", selector={"not_in_inventory": ["x"]}))
    assert "it is not known which claims Elemental uses, so nothing is released" in message
    assert "apply playbooks/files/ipam-owner-reader.yaml there" in message
    assert len(server.objects["ipaddressclaims"]) == 4
    # what its controller holds stays in any case
    assert len(reset(server, FIRST, if_owned="keep")["kept"]) == 2


def test_the_report_can_mark_whose_a_claim_is(server: Server) -> None:
    holders = {each["name"]: each["held_by"] for each in info(server)["claims"]}
    for machine in (FIRST, FOURTH, FIFTH):
        assert holders[f"{machine}-inventory-ip"] == f"MachineInventory {machine} (elemental.cattle.io/v1beta1)"


@pytest.mark.parametrize("file", sorted(each.stem for each in OBSERVED.glob("*machineinventory*.json")))
def test_every_observed_machine_inventory_is_understood(file: str) -> None:
    found = inventory(observed(file))
    recorded = observed(file)["spec"].get("ipAddressClaims", {})
    assert {each.key: each.uid for each in found.records} == {key: each["uid"] for key, each in recorded.items()}


# --- claims of kubectl or GitOps ----------------------------------------------------------------------------------


def by_hand(server: Server, name: str) -> None:
    """A claim without labels and without an owner."""
    claim = observed("m4-claim-ours-without-owner")
    for field in ("labels", "annotations"):
        del claim["metadata"][field]
    claim["metadata"].update(name=name, uid=f"u-{name}")
    claim["spec"]["poolRef"]["name"] = "p"
    claim["status"]["addressRef"]["name"] = name
    server.objects["ipaddressclaims"][name] = claim
    spec = {"address": "10.0.0.77", "prefix": 24, "claimRef": {"name": name}, "poolRef": claim["spec"]["poolRef"]}
    server.objects["ipaddresses"][name] = {"metadata": {"name": name, "namespace": "ns"}, "spec": spec}


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_claim_without_labels_is_one_machines_by_its_name_everywhere(server: Server, check_mode: bool) -> None:
    by_hand(server, "node1-ip")
    adopted = serve(server, [asked("node1")], check_mode=check_mode)
    assert (adopted["changed"], adopted["addresses"]["node1"]["ip"]["address"]) == (False, "10.0.0.77")
    (claim,) = held(server, "node1")
    assert (claim["machine"], claim["key"], claim["managed"]) == ("node1", "ip", False)
    assert held(server, "node") == []
    assert reset(server, "node1", if_owned="keep")["claims"][0]["address"] == "10.0.0.77"
    assert "node1-ip" not in server.objects["ipaddressclaims"]


# --- owners -------------------------------------------------------------------------------------------------------


@pytest.fixture
def plain_server(monkeypatch: pytest.MonkeyPatch) -> Server:
    impatient(monkeypatch)
    return Server()


@pytest.mark.parametrize("check_mode", [False, True])
def test_results_hold_the_uid_of_the_owner(plain_server: Server, check_mode: bool) -> None:
    made = serve(plain_server, [asked("b", owner=OWNER)], check_mode=check_mode)
    assert made["claims"][0]["owner"]["uid"] == "u-b"


def test_an_owner_with_a_uid_of_before_is_named(plain_server: Server) -> None:
    message = failure(lambda: serve(plain_server, [asked("b", owner={**OWNER, "uid": "old"})]))
    assert "has the uid u-b, not old: it was made again since; correct the uid" in message
    assert plain_server.objects["ipaddressclaims"] == {}


def test_an_owner_without_a_uid_names_the_right_that_it_needs(plain_server: Server) -> None:
    plain_server.lists_owners = False
    message = failure(lambda: serve(plain_server, [asked("b", owner=OWNER)]))
    assert "may not list machineinventories in namespace ns" in message
    assert "ipam-owner-reader.yaml there" in message
    assert message.endswith("or give it with owner.uid")
    assert serve(plain_server, [asked("b", owner={**OWNER, "uid": "u-b"})])["claims"][0]["owner"]["uid"] == "u-b"


def test_a_claim_that_the_cluster_deletes_for_its_owner_says_so(plain_server: Server) -> None:
    """This user may not look at owners: only the cluster knows that there is none with that uid."""
    plain_server.lists_owners = False

    def collected(claim: t.Any) -> None:
        plain_server._tell("DELETED", plain_server.objects["ipaddressclaims"].pop(claim["metadata"]["name"]))

    plain_server._serve = collected  # type: ignore[method-assign]
    message = failure(lambda: serve(plain_server, [asked("b", owner={**OWNER, "uid": "old"})]))
    assert "claim b-ip was released meanwhile, as happens to each claim whose owner does not exist" in message
    assert "with uid old; check that this object exists and has that uid" in message
