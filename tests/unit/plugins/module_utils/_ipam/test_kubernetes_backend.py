# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kubernetes backend where the server refuses in an order that a real one does not: its answers are scripted."""

from __future__ import annotations

import dataclasses
import json
import threading
import types
import typing as t
from urllib.parse import urlsplit

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.backend import Observation
from ansible_collections.elemental.networking.plugins.module_utils._ipam.claiming import ClaimRequest, ensure_claims
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes import (
    claiming as kubernetes_claiming,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes import connection as kubernetes_core
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.backend import KubernetesBackend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.connection import Connection
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.objects import claim_object
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import (
    Address,
    Claim,
    IpamError,
    Pool,
    PoolReference,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.recording import (
    KnownMachine,
    host_keys_by_machine,
    record_machines,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._request.claim_lookup import claimed_addresses
from ansible_collections.elemental.networking.plugins.plugin_utils._request.machine_network import Given

pytest.importorskip("urllib3")

NOW = "2026-11-29T12:00:00Z"
GROUP = "ipam.cluster.x-k8s.io"
POOL = PoolReference(GROUP, "InClusterIPPool", "p")
KINDS = {"ipaddressclaims": "IPAddressClaim", "ipaddresses": "IPAddress", "inclusterippools": "InClusterIPPool"}


def claim(machine: str) -> Claim:
    return Claim("ns", f"{machine}-ip", machine, "ip", POOL)


class Server:
    """Claims by name; creates of a claim called ``refused-ip`` and, where ``deletes`` is false, deletes are forbidden."""

    def __init__(self, *claims: dict[str, t.Any], addresses: t.Sequence[t.Any] = (), deletes: bool = True) -> None:
        self.claims = {each["metadata"]["name"]: each for each in claims}
        self.addresses, self.deletes = addresses, deletes
        self.made = threading.Event()
        self.patches: list[str] = []

    def request(self, method: str, url: str, **options: t.Any) -> t.Any:
        """Answer one request."""
        status, content = self._answer(method, urlsplit(url).path, json.loads(options.get("body") or "null"))
        data = json.dumps(content).encode()
        return types.SimpleNamespace(status=status, headers={}, read=lambda *_a, **_k: data, release_conn=lambda: None)

    def _answer(self, method: str, path: str, body: t.Any) -> tuple[int, t.Any]:
        plural, _slash, name = path.partition("/ns/")[2].partition("/")
        if not plural:
            kinds = [{"name": name, "kind": kind, "namespaced": True} for name, kind in KINDS.items()]
            return 200, {"resources": kinds}
        if method == "PATCH":
            return self._patch(name, body["metadata"])
        if method == "DELETE":
            return (200, self.claims.pop(name)) if self.deletes else (403, {"message": "forbidden: by policy"})
        if method == "POST":
            name = body["metadata"]["name"]
            if name == "refused-ip":
                self.made.wait(10)  # the creates go out side by side
                return 403, {"message": "forbidden: by policy"}
            if name in self.claims:
                return 409, {"reason": "AlreadyExists"}
            body["metadata"]["uid"] = name
            self.claims[name] = body
            self.made.set()
            return 201, body
        if plural == "inclusterippools":
            return 200, {"status": {"ipAddresses": {"total": 9, "free": 9}}}
        items = list(self.claims.values()) if plural == "ipaddressclaims" else list(self.addresses)
        if name:
            (found,) = [item for item in items if item["metadata"]["name"] == name]
            return 200, found
        return 200, {"metadata": {"resourceVersion": "1"}, "items": items}

    def _patch(self, name: str, metadata: t.Mapping[str, t.Any]) -> tuple[int, t.Any]:
        if name not in self.claims or self.claims[name]["metadata"]["uid"] != metadata["uid"]:
            return (409 if name in self.claims else 404), {"reason": "Conflict"}
        if name == "refused-ip":
            return 403, {"message": 'User "x" cannot patch resource "ipaddressclaims"'}
        self.claims[name]["metadata"]["annotations"].update(metadata["annotations"])
        self.patches.append(name)
        return 200, self.claims[name]


def held(machine: str, address: str = "", **metadata: t.Any) -> dict[str, t.Any]:
    """A claim on the server; ``address`` is the name of the object that it points to."""
    item = claim_object(claim(machine), "v1beta2", "other call")
    item["metadata"].update(uid=machine, **metadata)
    return {**item, "status": {"addressRef": {"name": address}} if address else {}}


def backend(server: Server, grace: float = 1.0) -> KubernetesBackend:
    return KubernetesBackend(lambda: Connection("https://h", server, dict), grace, False, lambda _line: None)


def test_claims_that_cannot_be_taken_back_are_named() -> None:
    server = Server(deletes=False)
    with backend(server) as kubernetes, pytest.raises(IpamError) as error:
        kubernetes.create_claims([claim("made"), claim("refused")], [], Observation(), False)
    assert str(error.value).startswith("the Kubernetes API refused to create ipaddressclaims in namespace ns")
    assert "of this call the claims made-ip stay, since the Kubernetes API refused to delete" in str(error.value)


def given(machine: str, name: str, **metadata: t.Any) -> dict[str, t.Any]:
    """The address 10.0.0.9 for the claim of a machine."""
    pool = held(machine)["spec"]["poolRef"]
    spec = {"claimRef": {"name": f"{machine}-ip"}, "poolRef": pool, "address": "10.0.0.9", "prefix": 24}
    return {"metadata": {"name": name, "namespace": "ns", **metadata}, "spec": spec}


def test_a_claim_with_the_address_of_another_one_blocks_nobody_else() -> None:
    server = Server(held("a", "x"), held("b", "x"), addresses=[given("a", "x")])
    with backend(server) as kubernetes:
        listed = {each.claim.machine: each.address for each in kubernetes.list_claims("ns")}
        assert [address is not None for address in listed.values()] == [True, False]
        found = kubernetes.find_claims([("ns", "a-ip"), ("ns", "b-ip")])
        assert [each.address is not None for each in found.found] == [True, False]
        assert kubernetes.create_claims([claim("a")], [], found, False).bound[0].address is not None
        with pytest.raises(IpamError, match="claim b-ip points to address x, which is for claim a-ip"):
            kubernetes.create_claims([claim("b")], [], found, False)


def test_check_mode_counts_a_claim_that_is_being_released_as_one_to_make() -> None:
    with backend(Server(held("a", deletionTimestamp="2026-01-01T00:00:00Z"), held("b"))) as kubernetes:
        assert kubernetes.create_claims([claim("a"), claim("b")], [], Observation(), True).created == (claim("a"),)


@pytest.mark.parametrize("dry_run", [False, True])
def test_an_address_that_somebody_else_holds_too_is_never_handed_out(dry_run: bool) -> None:
    server = Server(held("a", "x"), held("b", "y"), addresses=[given("a", "x"), given("b", "y")])
    with backend(server) as kubernetes, pytest.raises(IpamError, match="a-ip and b-ip of pool p hold the same address"):
        ensure_claims(kubernetes, [ClaimRequest(claim("a")), ClaimRequest(claim("new"))], [], dry_run)
    assert set(server.claims) == {"a-ip", "b-ip"}


def test_a_shared_address_is_no_fault_of_other_claims_nor_of_one_that_is_being_released() -> None:
    leaving = given("b", "y", deletionTimestamp="2026-01-01T00:00:00Z")
    other = {**given("c", "z"), "spec": {**given("c", "z")["spec"], "address": "10.0.0.8"}}
    server = Server(held("a", "x"), held("c", "z"), addresses=[given("a", "x"), leaving, other])
    with backend(server) as kubernetes:
        assert ensure_claims(kubernetes, [ClaimRequest(claim("a"))], [], False).bound[0].address
        server.addresses = [given("a", "x"), given("b", "y"), other]
        assert ensure_claims(kubernetes, [ClaimRequest(claim("c"))], [], False).bound[0].address


def hostile(machine: str, name: str, **spec: t.Any) -> dict[str, t.Any]:
    """The address of a machine, other than it should be."""
    item = given(machine, name)
    return {**item, "spec": {**item["spec"], **spec}}


_ADDRESSES = [
    {"address": "-oProxyCommand=touch /tmp/pwned"},
    {"address": "fe80::1%x\n[connection]\nzone=trusted", "prefix": 64},
    {"address": "127.0.0.1"},
    {"gateway": "fe80::1%x\n[connection]\nzone=trusted"},
    {"gateway": "fd00::1"},
    {"prefix": 33},
    {"prefix": "24\n"},
    {"address": None},
    {"claimRef": None},
    {"poolRef": []},
]


@pytest.mark.parametrize("spec", _ADDRESSES)
def test_what_is_no_address_is_never_handed_out_and_blocks_no_other_claim(spec: dict[str, t.Any]) -> None:
    good = hostile("a", "x", address="10.0.0.8")
    server = Server(held("a", "x"), held("b", "y"), addresses=[good, hostile("b", "y", **spec)])
    with backend(server) as kubernetes:
        listed = {each.claim.machine: each for each in kubernetes.list_claims("ns")}
        assert [listed[machine].address is not None for machine in "ab"] == [True, False]
        assert listed["b"].trouble.startswith(("IPAddress ns/y ", "the Kubernetes API sent IPAddress ns/y "))
        assert ensure_claims(kubernetes, [ClaimRequest(claim("a"))], [], False).bound[0].address
        with pytest.raises(IpamError, match="IPAddress ns/y "):
            ensure_claims(kubernetes, [ClaimRequest(claim("b"))], [], False)


@pytest.mark.parametrize("spec", _ADDRESSES)
def test_the_lookups_say_what_is_wrong_with_an_address(spec: dict[str, t.Any], monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(held("b", "y"), addresses=[hostile("b", "y", **spec)])
    monkeypatch.setattr(kubernetes_core, "connect", lambda _options: Connection("https://h", server, dict))
    with pytest.raises(IpamError, match="IPAddress ns/y "):
        claimed_addresses(Given("b", machine="b", backend="kubernetes", namespace="ns"), ["ip"])


@pytest.mark.parametrize("prefix", [{}, {"prefix": 0}, {"prefix": None}])
def test_an_address_of_metal3_may_have_no_prefix(prefix: dict[str, t.Any]) -> None:
    item = given("a", "p-10-0-0-9")
    del item["spec"]["prefix"]
    item["spec"].update(prefix)
    with backend(Server(held("a", "p-10-0-0-9"), addresses=[item])) as kubernetes:
        assert kubernetes.find_claims([("ns", "a-ip")]).found[0].address == Address("10.0.0.9", 0)


def test_one_address_in_two_spellings_is_shared() -> None:
    one = hostile("a", "x", address="fd00::A", prefix=64)
    other = hostile("b", "y", address="fd00:0:0::0a", prefix=64)
    said = "a-ip and b-ip of pool p hold the same address fd00::a"
    server = Server(held("a", "x"), held("b", "y"), addresses=[one, other])
    with backend(server) as kubernetes, pytest.raises(IpamError, match=said):
        ensure_claims(kubernetes, [ClaimRequest(claim("a"))], [], False)


def test_a_pool_that_was_widened_in_this_call_is_judged_by_its_new_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its status follows later, and may say for a while that nothing is free."""

    class Lagging(Server):
        """A pool that was full when its status was written."""

        def _answer(self, method: str, path: str, body: t.Any) -> tuple[int, t.Any]:
            if path.endswith("/inclusterippools/p"):
                return 200, pool
            return super()._answer(method, path, body)

    monkeypatch.setattr(kubernetes_claiming, "_STATUS_LAG", 0.0)
    pool = {
        "metadata": {"name": "p", "namespace": "ns"},
        "spec": {"addresses": ["10.0.0.10-10.0.0.11"], "prefix": 24},
        "status": {"ipAddresses": {"total": 2, "free": 0, "used": 2}},
    }
    before = Pool(POOL, "ns", ("10.0.0.10-10.0.0.11",), 24)
    wider = dataclasses.replace(before, addresses=("10.0.0.10-10.0.0.12",))
    server = Lagging()
    with backend(server, 0.0) as kubernetes, pytest.raises(IpamError, match="1 of 1 claims have no address"):
        kubernetes.create_claims([claim("a")], [wider], Observation(), False)
    assert list(server.claims) == ["a-ip"]
    for pools, asking in ([before], ["a"]), ([wider], ["a", "b"]):
        with backend(Lagging()) as kubernetes, pytest.raises(IpamError, match="pool p has . free of ., . claims ask"):
            kubernetes.create_claims([claim(machine) for machine in asking], pools, Observation(), False)


KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKsR1vhN5HTnbVBJbCwJgS6TTLwRMRrSbnHOjzWDJBq4"


def known(machine: str) -> KnownMachine:
    return KnownMachine("ns", machine, "", (KEY,))


def test_host_keys_are_an_annotation_that_is_written_once() -> None:
    server = Server(held("a", "x"), held("b"), addresses=[given("a", "x")])
    for _run in range(2):
        with backend(server) as kubernetes:
            record_machines(kubernetes, [known("a"), known("b")], NOW, False)
    assert sorted(server.patches) == ["a-ip", "b-ip"]
    annotations = server.claims["a-ip"]["metadata"]["annotations"]
    assert annotations["elemental.networking/ssh-host-keys"] == KEY
    with backend(server) as kubernetes:
        assert host_keys_by_machine(kubernetes.list_claims("ns")) == {"a": [KEY], "b": [KEY]}
        # what claims give back is what was recorded, too
        assert ensure_claims(kubernetes, [ClaimRequest(claim("a"))], [], False).bound[0].claim.host_keys == (KEY,)


def test_the_identity_of_a_machine_and_its_site_are_annotations_beside_the_keys() -> None:
    server, identity = Server(held("a"), held("b")), "0123456789abcdef" * 2
    for _run in range(2):
        with backend(server) as kubernetes:
            whole = dataclasses.replace(known("a"), machine_id=identity, site="berlin")
            record_machines(kubernetes, [whole, known("b")], NOW, False)
    assert sorted(server.patches) == ["a-ip", "b-ip"]
    annotations = server.claims["a-ip"]["metadata"]["annotations"]
    assert annotations["elemental.networking/machine-id"] == identity
    assert annotations["elemental.networking/site"] == "berlin"
    assert {"elemental.networking/machine-id", "elemental.networking/site"}.isdisjoint(
        server.claims["b-ip"]["metadata"]["annotations"]
    )
    with backend(server) as kubernetes:
        assert [each.claim.machine_id for each in kubernetes.list_claims("ns")] == [identity, ""]
        with pytest.raises(IpamError, match="claim a-ip was made for an inventory of site berlin"):
            ensure_claims(kubernetes, [ClaimRequest(claim("a"))], [], False)


def test_a_confirmed_address_is_one_annotation_in_the_same_patch() -> None:
    server = Server(held("a", "x"), held("b"), addresses=[given("a", "x")])
    proved = [dataclasses.replace(known(machine), addresses=("10.0.0.9",)) for machine in ("a", "b")]
    for now in (NOW, "2027-01-01T00:00:00Z"):
        with backend(server) as kubernetes:
            record_machines(kubernetes, proved, now, False)
    assert sorted(server.patches) == ["a-ip", "b-ip"]
    with backend(server) as kubernetes:
        assert [bound.claim.confirmed for bound in kubernetes.list_claims("ns")] == [NOW, ""]


def test_a_claim_that_was_made_anew_meanwhile_gets_no_keys_of_the_one_before() -> None:
    server = Server(held("a", "x"), held("gone"), addresses=[given("a", "x")])
    with backend(server) as kubernetes:
        listed = kubernetes.list_claims("ns")
        server.claims["a-ip"] = held("a")
        server.claims["a-ip"]["metadata"]["uid"] = "new"
        del server.claims["gone-ip"]
        wanted = [dataclasses.replace(b, claim=dataclasses.replace(b.claim, host_keys=(KEY,))) for b in listed]
        kubernetes.record(wanted, False)
    assert server.patches == []


def test_a_user_who_may_not_record_keys_is_told_which_right_is_missing() -> None:
    words = r"may not patch ipaddressclaims in namespace ns .* apply playbooks/files/ipam-consumer\.yaml"
    with backend(Server(held("refused"))) as kubernetes, pytest.raises(IpamError, match=words):
        record_machines(kubernetes, [known("refused")], NOW, False)


ZONED = {"addresses": ["fe80::10-fe80::20"], "prefix": 64, "gateway": "fe80::1%eth0"}


class Careless(Server):
    """Pool ``p``, and one of somebody else with a zone id, which the provider takes."""

    def __init__(self) -> None:
        super().__init__()
        right = {"addresses": ["10.0.0.10-10.0.0.20"], "prefix": 24}
        self.pools = {
            name: {"metadata": {"name": name, "namespace": "ns"}, "spec": spec}
            for name, spec in (("p", right), ("zoned", ZONED))
        }

    def _answer(self, method: str, path: str, body: t.Any) -> tuple[int, t.Any]:
        where, _slash, name = path.partition("/inclusterippools")
        if not _slash:
            return super()._answer(method, where, body)
        if not name:
            return 200, {"metadata": {"resourceVersion": "1"}, "items": list(self.pools.values())}
        if method == "PATCH":
            self.pools[name[1:]]["spec"] = body["spec"]
        found = self.pools.pop(name[1:], None) if method == "DELETE" else self.pools.get(name[1:])
        return (200, found) if found else (404, {"reason": "NotFound"})


def test_a_pool_that_cannot_be_used_stops_nobody_who_uses_another_one() -> None:
    said: list[str] = []
    with KubernetesBackend(lambda: Connection("https://h", Careless(), dict), 1.0, False, said.append) as kubernetes:
        assert [state.pool.reference.name for state in kubernetes.list_pools("ns")] == ["p"]
    assert said == [
        "left out: pool zoned: gateway fe80::1%eth0 is not an IP address; a zone (%) cannot be in one",
    ]


def test_a_pool_that_cannot_be_used_is_corrected_and_deleted() -> None:
    server, zoned = Careless(), dataclasses.replace(POOL, name="zoned")
    right = Pool(zoned, "ns", ("fe80::10-fe80::20",), 64, "fe80::1")
    with backend(server) as kubernetes:
        change = kubernetes.apply_pool(right, False)
        assert change.changed
        assert change.after == right
        assert server.pools["zoned"]["spec"]["gateway"] == "fe80::1"
        server.pools["zoned"]["spec"] = ZONED
        assert kubernetes.delete_pool(zoned, "ns", False).changed
    assert list(server.pools) == ["p"]
