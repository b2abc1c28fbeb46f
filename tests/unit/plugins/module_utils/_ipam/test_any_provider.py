# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kubernetes backend with pools of any kind, where a real API server is not needed; the stand-in of Metal3 is in tests/cluster."""

from __future__ import annotations

import datetime
import types
import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.addresses import checked_address
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.backend import KubernetesBackend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.conditions import not_served
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.connection import Connection
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.pacing import seconds_left
from ansible_collections.elemental.networking.plugins.module_utils._ipam.manifest import pool_from_manifest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import Address, IpamError
from ansible_collections.elemental.networking.plugins.module_utils._placeholders import (
    PlaceholderError,
    resolve_placeholders,
)
from ansible_collections.elemental.networking.plugins.modules import ip_pool_info
from ansible_collections.elemental.networking.tests.unit.borders.api_server import (
    GROUP,
    MANIFEST,
    POOL_KIND,
    Server,
    asked,
    impatient,
    kubernetes,
    serve,
)

pytest.importorskip("urllib3")

PAUSED = {"cluster.x-k8s.io/paused": "true"}
EXHAUSTED = {"reason": "PoolExhausted", "message": "Exhausted IP Pools"}
REFUSALS = [
    {"conditions": [{"type": "Ready", "status": "False", **EXHAUSTED}]},
    {"v1beta2": {"conditions": [{"type": "Ready", "status": "False", **EXHAUSTED}]}, "addressRef": {}},
    {"deprecated": {"v1beta1": {"conditions": [{"type": "ErrorMessage", "status": "True", "reason": "ErrorMessage"}]}}},
    {"conditions": [{"type": "ErrorMessage", "status": "True", "severity": "Error", "message": "Exhausted IP Pools"}]},
    {"conditions": [{"type": "Ready", "status": "False"}, {"type": "ErrorMessage", "status": "True"}]},
]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    impatient(monkeypatch)


@pytest.mark.parametrize("status", REFUSALS)
def test_a_refusal_is_read_wherever_a_version_writes_it(status: dict[str, t.Any]) -> None:
    assert not_served(status, "it").final


def test_a_condition_that_went_is_no_refusal() -> None:
    served = {"conditions": [{"type": "ErrorMessage", "status": "False"}, {"type": "Ready", "status": "True"}]}
    assert not not_served(served, "it").final
    waiting = {"conditions": [{"type": "Ready", "status": "False", "reason": "PoolNotReady", "message": "asleep"}]}
    assert str(not_served(waiting, "it")) == "PoolNotReady: asleep"
    assert not not_served(waiting, "it").final


class Refusing(Server):
    """Refuses every claim while it is full, as Metal3 does, and never looks at one again."""

    is_full = True

    def _serve(self, claim: t.Any) -> None:
        if not self.is_full:
            super()._serve(claim)
            return
        claim["status"] = REFUSALS[0]
        self._tell("MODIFIED", claim)


def kept_pending(server: Server) -> None:
    """Two claims that wait, refused."""
    with KubernetesBackend(lambda: Connection("https://h", server, dict), 0.05, True, lambda _line: None) as opened:
        from ansible_collections.elemental.networking.plugins.module_utils import _ipam_module

        params = {"namespace": "ns", "state": "present", "pools": [], "backend": "kubernetes"}
        module = types.SimpleNamespace(params=params, check_mode=False, warn=lambda _line: None)
        with pytest.raises(IpamError, match="claim [ab]-ip is not served by pool p: PoolExhausted: Exhausted IP Pools"):
            _ipam_module.serve_claims(t.cast(t.Any, module), opened, [asked("a"), asked("b")])
    assert set(server.objects["ipaddressclaims"]) == {"a-ip", "b-ip"}


def test_claims_of_ours_that_were_refused_once_are_made_again() -> None:
    server = Refusing()
    kept_pending(server)
    server.is_full = False
    tried = serve(server, [asked("a"), asked("b")], check_mode=True)
    assert (tried["changed"], tried["msg"]) == (True, "would claim a-ip, b-ip")
    result = serve(server, [asked("a"), asked("b")])
    assert result["changed"]
    assert [each["address"] for each in result["claims"]] == ["10.0.0.10", "10.0.0.11"]
    assert not serve(server, [asked("a"), asked("b")])["changed"]


def test_what_is_refused_again_is_removed_with_all_that_the_call_made() -> None:
    server = Refusing()
    kept_pending(server)
    with pytest.raises(IpamError, match="is not served by pool p: PoolExhausted: .*, then claim again"):
        serve(server, [asked("a"), asked("c")])
    assert set(server.objects["ipaddressclaims"]) == {"b-ip"}


def test_a_claim_of_something_else_that_was_refused_is_released_by_its_user() -> None:
    server = Refusing()
    kept_pending(server)
    server.is_full = False
    del server.objects["ipaddressclaims"]["a-ip"]["metadata"]["labels"]
    with pytest.raises(IpamError, match="claim a-ip, which something else made, was refused .*: release it first"):
        serve(server, [asked("a"), asked("c")])
    assert set(server.objects["ipaddressclaims"]) == {"a-ip", "b-ip"}


def test_a_family_is_compared_with_the_address_that_came() -> None:
    class Blind(Server):
        """Says nothing of its pools."""

        def _answer(self, method: str, path: str, query: dict[str, str], body: t.Any) -> tuple[int, t.Any]:
            if "pools" in path:
                return 403, {"message": "forbidden"}
            return super()._answer(method, path, query, body)

    server = Blind()
    words = "claim a-ip expects an IPv6 address, but pool .*/p gave it 10.0.0.10; name a pool of IPv6 addresses"
    with pytest.raises(IpamError, match=words):
        serve(server, [asked("a", family="IPv6")])
    assert server.objects["ipaddressclaims"] == {}
    assert serve(server, [asked("a", family="IPv4")])["changed"]
    with pytest.raises(IpamError, match=words):
        serve(server, [asked("a", family="IPv6")])
    assert set(server.objects["ipaddressclaims"]) == {"a-ip"}, "it was there before"


def test_a_gateway_is_no_address_of_a_machine() -> None:
    with pytest.raises(IpamError, match=r"it has the address fd00::1, which is the gateway of its pool, too"):
        checked_address("it", "fd00::1", 64, "fd00:0::1")


def test_a_prefix_that_a_pool_does_not_have_is_an_error_that_names_the_pool() -> None:
    words = r"\{ip.prefix\} in config cannot be filled: .* 10.0.0.9, has no prefix; give its pool metal one or write the prefix"
    with pytest.raises(PlaceholderError, match=words):
        resolve_placeholders("{ip}/{ip.prefix}", {"ip": Address("10.0.0.9", 0, pool="metal")})
    assert resolve_placeholders("{ip}/24", {"ip": Address("10.0.0.9", 0, pool="metal")}) == "10.0.0.9/24"


# --- pools ------------------------------------------------------------------------------------------------------


def info(server: Server, **params: t.Any) -> dict[str, t.Any]:
    """The result, with the warnings as Ansible adds them."""
    given = {"namespace": "ns", "name": None, "all_namespaces": False, "claims": True, **params}
    warnings: list[str] = []
    with kubernetes(server) as opened:
        module = types.SimpleNamespace(params=given, warn=warnings.append)
        return {**ip_pool_info.serve(t.cast(t.Any, module), opened), "warnings": warnings}


def test_a_cluster_that_does_not_define_pools_is_a_warning() -> None:
    class Bare(Server):
        """Cluster API without an in-cluster provider, or another cluster than the one that was meant."""

        def _answer(self, method: str, path: str, query: dict[str, str], body: t.Any) -> tuple[int, t.Any]:
            status, content = super()._answer(method, path, query, body)
            if "resources" in content:
                content = {"resources": [each for each in content["resources"] if each["kind"] != POOL_KIND]}
            return status, content

    found = info(Bare())
    assert found["pools"] == []
    (warning,) = found["warnings"]
    assert f"does not define {POOL_KIND}" in warning
    assert "check that it is the right cluster" in warning
    server = Server()
    server.objects["inclusterippools"].clear()
    assert info(server)["warnings"] == [], "a cluster that has no pool yet is a cluster like any other"


def test_pools_that_cannot_be_read_are_known_by_their_claims() -> None:
    class Closed(Server):
        """The Role is for pools of another provider."""

        def _answer(self, method: str, path: str, query: dict[str, str], body: t.Any) -> tuple[int, t.Any]:
            if path.rpartition("/")[2] == "inclusterippools":
                return 403, {"message": 'User "u" cannot list resource "inclusterippools"'}
            return super()._answer(method, path, query, body)

    server = Closed()
    serve(server, [asked("a"), asked("b")])
    found = info(server)
    assert found["pools"] == []
    (other,) = found["other_pools"]
    shown = {name: other[name] for name in ("name", "namespace", "kind", "apiGroup", "claimed")}
    assert shown == {"name": "p", "namespace": "ns", "kind": POOL_KIND, "apiGroup": GROUP, "claimed": 2}
    assert [each["address"] for each in other["claims"]] == ["10.0.0.10", "10.0.0.11"]
    assert info(server, name="else")["other_pools"] == []
    assert "other_pools" not in info(server, claims=False)


def test_a_paused_pool_is_named_before_anything_is_made() -> None:
    server = Server()
    server.objects["inclusterippools"]["p"]["metadata"]["annotations"] = PAUSED
    words = r"pool .*/p is paused \(annotation cluster.x-k8s.io/paused\)"
    for check_mode in (True, False):
        with pytest.raises(IpamError, match=words):
            serve(server, [asked("a")], check_mode=check_mode)
    assert server.objects["ipaddressclaims"] == {}


class Silent(Server):
    """A provider that serves nothing, and a Cluster beside it."""

    cluster: tuple[int, t.Any] = (404, {"reason": "NotFound"})
    claim: t.ClassVar[dict[str, t.Any]] = {}
    pools = 200

    def _serve(self, claim: t.Any) -> None:
        claim["spec"].update(self.claim.get("spec", {}))
        claim["metadata"]["annotations"].update(self.claim.get("annotations", {}))
        self._tell("MODIFIED", claim)

    def _answer(self, method: str, path: str, query: dict[str, str], body: t.Any) -> tuple[int, t.Any]:
        if path == "/apis/cluster.x-k8s.io":
            return 200, {"versions": [{"version": "v1beta2"}]}
        if path == "/apis/cluster.x-k8s.io/v1beta2":
            return 200, {"resources": [{"name": "clusters", "kind": "Cluster", "namespaced": True}]}
        if path.endswith("/clusters/c"):
            return self.cluster
        if "/inclusterippools/" in path and self.pools != 200:
            return self.pools, {"message": "forbidden"}
        return super()._answer(method, path, query, body)


def cause(server: Server) -> str:
    with pytest.raises(IpamError, match="1 of 1 claims have no address after") as error:
        serve(server, [asked("a")])
    return str(error.value)


@pytest.mark.parametrize(
    ("cluster", "words"),
    [
        ((404, {"reason": "NotFound"}), "claim a-ip names the Cluster c, which does not exist in namespace ns"),
        ((200, {"spec": {"paused": True}}), "claim a-ip names the Cluster c, which is paused"),
        ((200, {"metadata": {"annotations": PAUSED}}), "claim a-ip names the Cluster c, which is paused"),
        ((403, {"message": "forbidden"}), "claim a-ip names the Cluster c: see whether it exists and is not paused"),
    ],
)
def test_the_cluster_that_a_claim_names_is_looked_up_when_nothing_is_served(
    cluster: tuple[int, t.Any], words: str
) -> None:
    server = Silent()
    server.cluster, server.claim = cluster, {"spec": {"clusterName": "c"}}  # type: ignore[misc]
    assert words in cause(server)


def test_a_cluster_that_a_pool_of_another_provider_names_is_looked_up_too() -> None:
    server = Silent()
    server.objects["inclusterippools"]["p"]["spec"]["clusterName"] = "c"
    assert "pool p names the Cluster c, which does not exist" in cause(server)


def test_a_paused_claim_and_a_pool_that_cannot_be_read_are_named() -> None:
    server = Silent()
    server.claim = {"annotations": PAUSED}  # type: ignore[misc]
    assert "paused by the annotation cluster.x-k8s.io/paused: a-ip" in cause(server)
    unreadable = Silent()
    unreadable.pools = 403
    assert "whether the pool InClusterIPPool.ipam.cluster.x-k8s.io/p exists, is full or is paused is not" in cause(
        unreadable
    )


# --- pools as they are ------------------------------------------------------------------------------------------


class Strict(Server):
    """A definition of pools that knows no grace period, and other people's labels on the pool."""

    queries: t.ClassVar[list[str]] = []

    def request(self, method: str, url: str, **options: t.Any) -> t.Any:
        """Note how it was asked."""
        if method in ("POST", "PATCH"):
            self.queries.append(url.partition("?")[2])
        return super().request(method, url, **options)

    def _changed(self, method: str, plural: str, name: str, body: t.Any) -> tuple[int, t.Any]:
        if plural == "inclusterippools" and "addressReuseGracePeriodSeconds" in (body or {}).get("spec", {}):
            known = "InClusterIPPool in version v1alpha2 cannot be handled as a InClusterIPPool: strict decoding error:"
            return 400, {"message": f'{known} unknown field "spec.addressReuseGracePeriodSeconds"'}
        if method == "PATCH":
            for field, each in body.get("metadata", {}).items():
                self.objects[plural][name]["metadata"].setdefault(field, {}).update(each)
            return 200, self.objects[plural][name]
        return super()._changed(method, plural, name, body)


@pytest.mark.parametrize("name", ["p", "new"])
def test_a_field_that_the_cluster_does_not_know_is_an_error_that_names_it(name: str) -> None:
    server = Strict()
    spec = {**MANIFEST["spec"], "addressReuseGracePeriodSeconds": 900}
    pool = pool_from_manifest({**MANIFEST, "metadata": {"name": name}, "spec": spec}, "ns")
    words = (
        rf"^pool {name}: the cluster's definition of InClusterIPPool \(inclusterippools.{GROUP}\) has no field"
        " spec.addressReuseGracePeriodSeconds and would drop it; leave it out, or update the IPAM provider there$"
    )
    for dry_run in (True, False):
        with kubernetes(server) as opened, pytest.raises(IpamError, match=words):
            opened.apply_pool(pool, dry_run)
    assert all("fieldValidation=Strict" in query for query in server.queries)


def test_labels_and_annotations_are_set_and_those_of_others_stay() -> None:
    server = Strict()
    metadata = server.objects["inclusterippools"]["p"]["metadata"]
    metadata["labels"] = {"site": "harbour", "other": "x"}
    given = {"name": "p", "labels": {"site": "hill", "cluster.x-k8s.io/cluster-name": "edge"}}
    pool = pool_from_manifest({**MANIFEST, "metadata": {**given, "annotations": {"contact": "netops"}}}, "ns")
    with kubernetes(server) as opened:
        assert opened.apply_pool(pool, False).changed
        assert metadata["labels"] == {"site": "hill", "other": "x", "cluster.x-k8s.io/cluster-name": "edge"}
        assert metadata["annotations"] == {"contact": "netops"}
        assert not opened.apply_pool(pool, False).changed
        assert not opened.apply_pool(pool_from_manifest(MANIFEST, "ns"), False).changed


# --- addresses that rest ----------------------------------------------------------------------------------------


def ago(seconds: float) -> str:
    then = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=seconds)
    return then.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_how_long_an_address_still_rests() -> None:
    assert 838 <= seconds_left(ago(60), 900) <= 841
    assert seconds_left(ago(1000), 900) == 0
    assert seconds_left("nonsense", 900) == seconds_left(ago(-9999), 900) == 900


class Resting(Server):
    """Provider 1.1: a released claim stays until its address has rested."""

    def _changed(self, method: str, plural: str, name: str, body: t.Any) -> tuple[int, t.Any]:
        if method == "DELETE" and name in self.objects[plural]:
            self.objects[plural][name]["metadata"]["deletionTimestamp"] = ago(0)
            return 200, {}
        return super()._changed(method, plural, name, body)


def test_a_release_does_not_wait_for_addresses_that_rest_and_the_next_claim_says_how_long() -> None:
    server = Resting()
    server.objects["inclusterippools"]["p"]["spec"]["addressReuseGracePeriodSeconds"] = 900
    serve(server, [asked("a")])
    assert serve(server, [asked("a")], state="absent")["changed"]
    words = (
        r"claim a-ip was released, and its address rests for \d{3} s more \(addressReuseGracePeriodSeconds of pool p\)"
    )
    with pytest.raises(IpamError, match=words):
        serve(server, [asked("a")])
