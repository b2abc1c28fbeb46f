# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kubernetes backend where the server refuses in an order that a real one does not: its answers are scripted."""

from __future__ import annotations

import json
import threading
import types
import typing as t
from urllib.parse import urlsplit

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.claiming import Wish, ensure_claims
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.backend import KubernetesBackend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.objects import claim_object
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import Claim, IpamError, PoolReference
from ansible_collections.elemental.networking.plugins.module_utils._kubernetes_core import Connection

pytest.importorskip("urllib3")

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


def held(machine: str, address: str = "", **metadata: t.Any) -> dict[str, t.Any]:
    """A claim on the server; ``address`` is the name of the object that it points to."""
    item = claim_object(claim(machine), "v1beta2", "other call")
    item["metadata"].update(uid=machine, **metadata)
    return {**item, "status": {"addressRef": {"name": address}} if address else {}}


def backend(server: Server) -> KubernetesBackend:
    return KubernetesBackend(lambda: Connection("https://h", server, dict), 1.0, False, lambda _line: None)


def test_claims_that_cannot_be_taken_back_are_named() -> None:
    server = Server(deletes=False)
    with backend(server) as kubernetes, pytest.raises(IpamError) as error:
        kubernetes.create_claims([claim("made"), claim("refused")], [], False)
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
        assert [each.address is not None for each in found] == [True, False]
        assert kubernetes.wait_for_addresses([claim("a")])[0].address is not None
        with pytest.raises(IpamError, match="claim b-ip points to address x, which is for claim a-ip"):
            kubernetes.wait_for_addresses([claim("b")])


def test_check_mode_counts_a_claim_that_is_being_released_as_one_to_make() -> None:
    with backend(Server(held("a", deletionTimestamp="2026-01-01T00:00:00Z"), held("b"))) as kubernetes:
        assert kubernetes.create_claims([claim("a"), claim("b")], [], True).created == (claim("a"),)


@pytest.mark.parametrize("dry_run", [False, True])
def test_an_address_that_somebody_else_holds_too_is_never_handed_out(dry_run: bool) -> None:
    server = Server(held("a", "x"), held("b", "y"), addresses=[given("a", "x"), given("b", "y")])
    with backend(server) as kubernetes, pytest.raises(IpamError, match="a-ip and b-ip of pool p hold the same address"):
        ensure_claims(kubernetes, [Wish(claim("a")), Wish(claim("new"))], [], dry_run)
    assert set(server.claims) == {"a-ip", "b-ip"}


def test_a_shared_address_is_no_fault_of_other_claims_nor_of_one_that_is_being_released() -> None:
    leaving = given("b", "y", deletionTimestamp="2026-01-01T00:00:00Z")
    other = {**given("c", "z"), "spec": {**given("c", "z")["spec"], "address": "10.0.0.8"}}
    server = Server(held("a", "x"), held("c", "z"), addresses=[given("a", "x"), leaving, other])
    with backend(server) as kubernetes:
        assert ensure_claims(kubernetes, [Wish(claim("a"))], [], False).bound[0].address
        server.addresses = [given("a", "x"), given("b", "y"), other]
        assert ensure_claims(kubernetes, [Wish(claim("c"))], [], False).bound[0].address
