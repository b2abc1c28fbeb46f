# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims through the modules, on the real in-cluster provider."""

from __future__ import annotations

import threading
import time
import typing as t

import pytest

from tests.testbed.controlplane import users
from tests.testbed.controlplane.fixtures import Space, asked, empty_space

# seconds; longer than anything takes beside other work, where nothing is waited for
_LONG = 200


def machines(count: int, beginning: str = "m") -> list[str]:
    return [f"{beginning}{number:03}" for number in range(count)]


def named(result: t.Mapping[str, t.Any]) -> dict[str, str]:
    return {claim["name"]: claim["address"] for claim in result["claims"]}


def say_not_ready(space: Space, claim: str, reason: str, message: str) -> None:
    """What a provider that sets conditions would write on a claim."""
    condition = {"type": "Ready", "status": "False", "reason": reason, "message": message}
    conditions = [{**condition, "lastTransitionTime": "2026-01-01T00:00:00Z"}]
    path = f"{space.path('ipaddressclaims', claim)}/status"
    space.admin.call("PATCH", path, {"status": {"conditions": conditions}}, "application/merge-patch+json")


def test_a_bulk_is_claimed_and_stays(space: Space) -> None:
    first = space.claims(*machines(20))
    assert first["changed"], first
    assert sorted(named(first).values()) == sorted(f"10.0.0.{10 + number}" for number in range(20))
    assert named(first) == space.addresses()
    assert first["claims"][0]["prefix"] == 24
    second = space.claims(*machines(20))
    assert not second["changed"]
    assert second["claims"] == first["claims"]


def test_a_claim_says_whose_it_is_and_names_no_cluster(space: Space) -> None:
    space.claims("node1")
    metadata = space.items("ipaddressclaims")[0]["metadata"]
    assert metadata["name"] == "node1-ip"
    assert metadata["labels"] == {
        "app.kubernetes.io/managed-by": "elemental.networking",
        "elemental.networking/machine": "node1",
        "elemental.networking/key": "ip",
    }
    assert "ownerReferences" not in metadata


def test_another_run_costs_at_most_four_requests(space: Space) -> None:
    """But for the first one after the claims were made, which marks them as ones that it counts on."""
    for _run in range(2):
        space.claims(*machines(30))
    before = len(space.plane.requests(space.user))
    assert not space.claims(*machines(30))["changed"]
    # the audit log has the IPAM group only, without discovery: one more request
    space.admin.until("the audit", lambda: len(space.plane.requests(space.user)) > before)
    assert len(space.plane.requests(space.user)) - before + 1 <= 4


def test_check_mode_says_what_would_be_claimed_and_creates_nothing(space: Space) -> None:
    result = space.claims("a", "b", check=True)
    assert result["changed"]
    assert result["msg"] == "would claim a-ip, b-ip"
    assert [claim["address"] for claim in result["claims"]] == [None, None]
    assert space.items("ipaddressclaims") == []


def test_release_gives_the_address_back(space: Space) -> None:
    space.claims("a", "b")
    held = space.addresses()["a-ip"]
    released = space.module("ip_address_claim", machine="a", key="ip", state="absent")
    assert (released["changed"], released["address"]) == (True, held)
    assert list(space.addresses()) == ["b-ip"]
    assert not space.module("ip_address_claim", machine="a", key="ip", state="absent")["changed"]
    assert named(space.claims("c"))["c-ip"] == held


def test_check_mode_says_what_would_be_released_and_releases_nothing(space: Space) -> None:
    space.claims("a", "b")
    held = {item["metadata"]["name"]: item["metadata"]["uid"] for item in space.items("ipaddressclaims")}
    one = space.module("ip_address_claim", check=True, machine="a", key="ip", state="absent")
    assert one["changed"], one
    assert space.module("ip_address_claims", check=True, selector={"machine": "b"}, state="absent")["changed"]
    items = space.items("ipaddressclaims")
    assert {item["metadata"]["name"]: item["metadata"]["uid"] for item in items} == held
    assert not [item for item in items if "deletionTimestamp" in item["metadata"]]


def test_an_exhausted_pool_is_said_at_once_and_leaves_nothing(space: Space) -> None:
    space.pool("10.0.1.1-10.0.1.51", "small")
    space.claims(*machines(48), pool="small")
    began = time.monotonic()
    result = space.claims(*machines(40, "more"), pool="small", wait_grace=_LONG)
    assert time.monotonic() - began < _LONG, "it waited until its timeout"
    assert result["msg"] == "pool small has 3 free of 51, 40 claims ask; release claims or widen the pool"
    assert len(space.items("ipaddressclaims")) == 48


def test_two_calls_that_race_for_the_last_addresses_leave_no_claim_that_waits(space: Space) -> None:
    space.pool("10.0.1.1-10.0.1.30", "small")
    running = [space.start("ip_address_claims", claims=asked(*machines(20, each), pool="small")) for each in ("x", "y")]
    results = [space.answer(each) for each in running]
    failed = [result["msg"] for result in results if result.get("failed")]
    assert failed
    assert all("claims ask; release claims or widen the pool" in message for message in failed)
    waiting = [item for item in space.items("ipaddressclaims") if "addressRef" not in item.get("status", {})]
    assert waiting == []
    assert len(space.items("ipaddressclaims")) == 20 * (2 - len(failed))


def test_claims_can_be_kept_waiting_until_the_pool_is_widened(space: Space) -> None:
    space.pool("10.0.1.1-10.0.1.2", "small")
    result = space.claims(*machines(4), pool="small", keep_pending=True)
    assert "claims ask" in result["msg"]
    assert len(space.items("ipaddressclaims")) == 4
    space.pool("10.0.1.1-10.0.1.9", "small")
    result = space.claims(*machines(4), pool="small")
    assert len(set(named(result).values())) == 4
    assert not result["changed"]


def test_a_claim_that_elemental_made_is_adopted(space: Space) -> None:
    space.foreign_claim("node1-ip")
    for check in (True, False, False):
        result = space.claims("node1", check=check)
        assert not result["changed"], result
    assert named(result) == space.addresses()


def test_a_claim_on_another_pool_is_refused_and_what_was_made_beside_it_is_taken_back(space: Space) -> None:
    space.pool("10.0.2.1-10.0.2.9", "other")
    space.foreign_claim("node1-ip", "other")
    result = space.claims("node1", "node2")
    assert (
        "claim node1-ip exists with an address from pool InClusterIPPool.ipam.cluster.x-k8s.io/other" in result["msg"]
    )
    space.admin.until("no more claims", lambda: len(space.items("ipaddressclaims")) == 1)


def test_a_claim_that_is_being_released_is_waited_out(space: Space) -> None:
    space.foreign_claim("node1-ip", finalizers=["example.test/hold"])
    path = space.path("ipaddressclaims", "node1-ip")
    old = space.admin.call("GET", path)["metadata"]["uid"]
    space.admin.call("DELETE", path)
    running = space.start("ip_address_claims", claims=asked("node1"))
    watches = f"/namespaces/{space.name}/ipaddressclaims?watch"
    space.admin.until(
        "the wait for its end",
        lambda: any(watches in event["requestURI"] for event in space.plane.requests(space.user)),
    )
    space.admin.call("PATCH", path, {"metadata": {"finalizers": None}}, "application/merge-patch+json")
    result = space.answer(running)
    assert result["changed"], result
    assert space.items("ipaddressclaims")[0]["metadata"]["uid"] != old


def test_plays_that_claim_the_same_at_once_get_the_same_answer(space: Space) -> None:
    running = [space.start("ip_address_claims", claims=asked(*machines(20))) for _play in range(4)]
    results = [space.answer(each) for each in running]
    assert all(named(result) == space.addresses() for result in results), results
    assert len(space.items("ipaddressclaims")) == 20


def test_a_claim_goes_with_its_owner(space: Space) -> None:
    maps = f"/api/v1/namespaces/{space.name}/configmaps"
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "machine"}}
    uid = space.admin.call("POST", maps, body)["metadata"]["uid"]
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "machine"}
    claim = {**asked("node1")[0], "owner": {**owner, "uid": uid}}
    assert "address" in space.module("ip_address_claims", claims=[claim])["claims"][0]
    other = {**claim, "owner": {**owner, "name": "else", "uid": uid}}
    assert "exists with the owner ConfigMap machine (v1)" in space.module("ip_address_claims", claims=[other])["msg"]
    space.admin.call("DELETE", f"{maps}/machine")
    space.admin.until("garbage collection", lambda: not space.addresses())


def test_claims_deleted_behind_our_back_are_made_anew(space: Space) -> None:
    space.claims(*machines(5))
    space.admin.call("DELETE", space.path("ipaddressclaims", "m002-ip"))
    result = space.claims(*machines(5))
    assert result["changed"]
    assert named(result) == space.addresses()


def test_an_older_cluster_api_is_served_in_v1beta1(space: Space) -> None:
    space.claims("a")
    known = {event["auditID"] for event in space.plane.requests(space.user)}  # of a watch, its end is told later
    from ansible_collections.elemental.networking.plugins.module_utils._ipam.claiming import ClaimRequest, ensure_claims
    from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_backend
    from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes import discovery
    from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import Claim, PoolReference

    versions, discovery._VERSIONS = discovery._VERSIONS, ("v1beta3", "v1beta1")
    try:
        pool = PoolReference("ipam.cluster.x-k8s.io", "InClusterIPPool", "p")
        wishes = [ClaimRequest(Claim(space.name, f"{name}-ip", name, "ip", pool)) for name in ("a", "b")]
        with open_backend(BackendOptions("kubernetes", kubernetes=space.options)) as backend:
            claiming = ensure_claims(backend, wishes, [], dry_run=False)
    finally:
        discovery._VERSIONS = versions
    assert [bound.address.address for bound in claiming.bound if bound.address] == ["10.0.0.10", "10.0.0.11"]
    uris = [event["requestURI"] for event in space.plane.requests(space.user) if event["auditID"] not in known]
    assert uris
    assert all("/v1beta1/" in uri for uri in uris if "ipaddress" in uri)


# --- what a user can meet ---------------------------------------------------------------------------------------


def test_a_pool_that_does_not_exist_names_the_namespace(space: Space) -> None:
    message = space.claims("a", pool="none")["msg"]
    assert f"pool InClusterIPPool.ipam.cluster.x-k8s.io/none does not exist in namespace {space.name}" in message
    assert space.items("ipaddressclaims") == []


def test_a_kind_of_pool_that_does_not_exist_is_said(space: Space) -> None:
    claim = {"machine": "a", "key": "ip", "pool": {"apiGroup": "ipam.metal3.io", "kind": "IPPool", "name": "p"}}
    message = space.module("ip_address_claims", claims=[claim])["msg"]
    assert "has no kind IPPool in ipam.metal3.io" in message
    assert "install its IPAM provider" in message


@pytest.mark.parametrize(
    ("kubernetes", "words"),
    [
        (
            {"host": "https://127.0.0.1:1", "api_key": "0123456789abcdef"},
            "127.0.0.1:1 cannot be reached: Connection refused",
        ),
        ({"host": "{server}", "api_key": "0123456789abcdef"}, "is not trusted; give the certificate of its authority"),
        (
            {"host": "{server}", "api_key": "0123456789abcdef", "ca_cert": "{ca}"},
            "refuses the credentials (401 Unauthorized)",
        ),
        ({"kubeconfig": "/no/such/file"}, "cannot be read: the kubeconfig /no/such/file does not exist"),
    ],
)
def test_an_api_that_is_not_there_or_not_ours(space: Space, kubernetes: dict[str, str], words: str) -> None:
    places = {"server": space.plane.server, "ca": str(space.plane.folder / "pki/ca.crt")}
    options = {name: value.format(**places) for name, value in kubernetes.items()}
    began = time.monotonic()
    message = space.claims("a", kubernetes=options, wait_grace=_LONG)["msg"]
    assert words in message
    assert "\n" not in message
    assert time.monotonic() - began < _LONG, "it waited until its timeout"


def test_a_forbidden_request_names_verb_resource_and_namespace(space: Space) -> None:
    user = Space(space.plane, space.name, "nobody")
    message = user.claims("a")["msg"]
    assert f"may not list ipaddressclaims in namespace {space.name} (403 Forbidden)" in message
    message = space.module("ip_address_claim_info", all_namespaces=True)["msg"]
    assert "may not list ipaddressclaims in all namespaces" in message


def test_one_forbidden_namespace_of_two_creates_nothing_in_the_other(space: Space) -> None:
    space.admin.namespace("closed")
    claims = [{**each, "namespace": place} for each, place in zip(asked("a", "b"), (space.name, "closed"))]
    message = space.module("ip_address_claims", claims=claims)["msg"]
    assert "in namespace closed (403 Forbidden)" in message
    assert space.items("ipaddressclaims") == []


def test_a_name_that_is_too_long_says_how_long(space: Space) -> None:
    assert "has 263 characters, 253 are allowed" in space.claims("a" * 260)["msg"]


def test_a_provider_that_is_down_is_a_time_out_that_names_the_claims(space: Space) -> None:
    space.plane.kill("provider")
    try:
        message = space.claims(*machines(7), wait_grace=1)["msg"]
    finally:
        space.plane.start_again("provider")
    assert "7 of 7 claims have no address after" in message
    assert "m000-ip, m001-ip, m002-ip, m003-ip, m004-ip and 2 more" in message
    assert "run again to go on waiting" in message
    assert set(named(space.claims(*machines(7)))) == set(space.addresses())


def test_a_condition_is_shown_and_a_refusal_of_the_provider_fails_fast(space: Space) -> None:
    space.plane.kill("provider")
    try:
        running = space.start("ip_address_claims", claims=asked("a"))
        space.admin.until("the claim", lambda: space.items("ipaddressclaims"))
        say_not_ready(space, "a-ip", "PoolExhausted", "no address is left")
        message = space.answer(running)["msg"]
    finally:
        space.plane.start_again("provider")
    assert "claim a-ip is not served by pool p: PoolExhausted: no address is left" in message
    assert space.items("ipaddressclaims") == []


# --- pools ------------------------------------------------------------------------------------------------------


def manifest(space: Space, **spec: t.Any) -> dict[str, t.Any]:
    defaults = {"addresses": ["10.5.0.10-10.5.0.20"], "prefix": 24, "gateway": "10.5.0.1"}
    return {
        "apiVersion": "ipam.cluster.x-k8s.io/v1alpha2",
        "kind": "InClusterIPPool",
        "metadata": {"name": "made", "namespace": space.name},
        "spec": {**defaults, **spec},
    }


def test_a_pool_is_made_changed_and_deleted(space: Space) -> None:
    message = space.module("ip_pool", definition=manifest(space))["msg"]
    assert f"may not create inclusterippools in namespace {space.name}" in message
    users.allow(space.admin, space.name, "ipam-pool-manager.yaml")
    space.admin.until("the role", lambda: not space.module("ip_pool", True, definition=manifest(space)).get("failed"))
    assert space.module("ip_pool", check=True, definition=manifest(space))["changed"]
    assert len(space.items("inclusterippools")) == 1
    made = space.module("ip_pool", definition=manifest(space))
    assert (made["changed"], made["pool"]["total"], made["pool"]["free"]) == (True, 11, 11)
    assert not space.module("ip_pool", definition=manifest(space))["changed"]
    changed = space.module("ip_pool", definition=manifest(space, gateway=None, addressReuseGracePeriodSeconds=1))
    assert changed["changed"]
    assert "gateway" not in next(i for i in space.items("inclusterippools") if i["metadata"]["name"] == "made")["spec"]
    space.claims("a", pool="made")
    known = space.module("ip_pool_info", name="made")["pools"][0]
    assert (known["used"], known["free"]) == (1, 10)
    assert "has addresses allocated (1)" in space.module("ip_pool", definition=manifest(space), state="absent")["msg"]
    space.module("ip_address_claim", machine="a", key="ip", state="absent")
    space.admin.until("the end of the address's rest", lambda: not space.items("ipaddresses"))
    assert space.module("ip_pool", definition=manifest(space), state="absent")["changed"]
    assert not space.module("ip_pool", definition=manifest(space), state="absent")["changed"]


def test_controllers_that_make_one_pool_at_once_all_find_it(space: Space) -> None:
    """As the slices of a job of AWX do: only one of them can create it."""
    users.allow(space.admin, space.name, "ipam-pool-manager.yaml")
    space.admin.until("the role", lambda: not space.module("ip_pool", True, definition=manifest(space)).get("failed"))
    found = [space.answer(each) for each in [space.start("ip_pool", definition=manifest(space)) for _turn in range(8)]]
    assert [each.get("msg") for each in found if each.get("failed")] == []
    assert [each["changed"] for each in found].count(True) == 1


def test_pools_can_come_along_with_the_claims(space: Space) -> None:
    users.allow(space.admin, space.name, "ipam-pool-manager.yaml")
    space.admin.until("the role", lambda: not space.module("ip_pool", True, definition=manifest(space)).get("failed"))
    assert space.claims("a", pool="made", pools=[manifest(space)], check=True)["changed"]
    result = space.claims("a", pool="made", pools=[manifest(space)])
    assert named(result) == {"a-ip": "10.5.0.10"}
    assert not space.claims("a", pool="made", pools=[manifest(space)])["changed"]


def test_a_pool_may_appear_while_claims_are_kept_waiting(plane: t.Any) -> None:
    space = empty_space(plane)
    results: list[t.Any] = []
    thread = threading.Thread(target=lambda: results.append(space.claims("a", keep_pending=True)))
    thread.start()
    space.admin.until("the claim", lambda: space.items("ipaddressclaims"))
    space.pool()
    thread.join(60)
    assert named(results[0]) == {"a-ip": "10.0.0.10"}


# --- releasing --------------------------------------------------------------------------------------------------


def test_a_claim_of_somebody_else_is_not_released_by_its_name(space: Space) -> None:
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "machine"}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "machine"}}
    uid = space.admin.call("POST", f"/api/v1/namespaces/{space.name}/configmaps", body)["metadata"]["uid"]
    space.foreign_claim("machine-ip", ownerReferences=[{**owner, "uid": uid}])
    space.claims("node1")
    for refused in (
        {"claims": [{"name": "node1-ip"}, {"name": "machine-ip"}]},
        {"claims": [{"name": "node1-ip"}, {"name": "machine-ip", "owner": {**owner, "name": "other"}}]},
    ):
        assert "nothing is released" in space.module("ip_address_claims", state="absent", **refused)["msg"]
    assert len(space.items("ipaddressclaims")) == 2
    assert space.module("ip_address_claim", name="machine-ip", owner=owner, state="absent")["changed"]
    assert [item["metadata"]["name"] for item in space.items("ipaddressclaims")] == ["node1-ip"]


def test_claims_are_released_by_label_and_by_owner(space: Space) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "machine"}}
    uid = space.admin.call("POST", f"/api/v1/namespaces/{space.name}/configmaps", body)["metadata"]["uid"]
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "machine", "uid": uid}
    space.module("ip_address_claims", claims=[*asked("a", "b"), {**asked("c")[0], "owner": owner}])
    space.foreign_claim("foreign-ip", labels={"elemental.networking/machine": "a"})
    held = {claim["name"]: claim["owner"] for claim in space.module("ip_address_claim_info")["claims"]}
    assert held == {"a-ip": None, "b-ip": None, "c-ip": owner, "foreign-ip": None}
    by_label = {"labels": {"elemental.networking/machine": "a"}}
    for selector, name in ((by_label, "a-ip"), ({"owner": {"kind": "ConfigMap", "name": "machine"}}, "c-ip")):
        released = space.module("ip_address_claims", selector=selector, state="absent")
        assert [claim["name"] for claim in released["claims"]] == [name]
    assert sorted(space.addresses()) == ["b-ip", "foreign-ip"]


def test_orphans_are_found_and_released(space: Space) -> None:
    space.claims("a", "b")
    space.foreign_claim("foreign-ip")
    known = space.module("ip_address_claim_info", selector={"not_in_inventory": ["a"]})
    assert [each["name"] for each in known["claims"]] == ["b-ip"]
    assert space.module("ip_address_claims", selector={"not_in_inventory": ["a"]}, state="absent")["changed"]
    assert sorted(space.addresses()) == ["a-ip", "foreign-ip"]


# --- what somebody who waits sees, and how the cluster is found -------------------------------------------------


def test_progress_says_how_many_are_served_and_why_the_others_are_not(space: Space, tmp_path: t.Any) -> None:
    file = tmp_path / "progress"
    space.plane.kill("provider")
    try:
        running = space.start("ip_address_claims", claims=asked("a", "b"), progress=file)
        space.admin.until("the claims", lambda: len(space.items("ipaddressclaims")) == 2)
        say_not_ready(space, "a-ip", "PoolNotReady", "the pool is asleep")
        line = "0 of 2 claims served, 0.0 per second (PoolNotReady: the pool is asleep)"
        space.admin.until("a line of progress", lambda: file.exists() and line in file.read_text())
    finally:
        space.plane.start_again("provider")
    assert set(named(space.answer(running))) == {"a-ip", "b-ip"}


def test_the_environment_says_where_the_cluster_is(space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K8S_AUTH_KUBECONFIG", str(space.plane.kubeconfig(space.user)))
    assert space.claims("a", kubernetes={})["changed"]
    monkeypatch.delenv("K8S_AUTH_KUBECONFIG")
    monkeypatch.setenv("K8S_AUTH_HOST", space.plane.server)
    monkeypatch.setenv("K8S_AUTH_API_KEY", space.plane.token(space.user))
    monkeypatch.setenv("K8S_AUTH_SSL_CA_CERT", str(space.plane.folder / "pki/ca.crt"))
    result = space.claims("a", kubernetes={})
    assert (result.get("msg"), result["changed"]) == (None, False)


def test_a_cluster_without_the_api_is_told_how_to_get_it(bare: Space) -> None:
    message = bare.claims("a")["msg"]
    assert "lacks ipaddressclaims.ipam.cluster.x-k8s.io and ipaddresses.ipam.cluster.x-k8s.io" in message
    assert "install Cluster API, which defines them" in message


def test_pool_usage_says_by_whom_and_shared_addresses_are_a_warning(space: Space) -> None:
    users.allow(space.admin, space.name, "ipam-pool-manager.yaml")
    space.admin.until("the role", lambda: not space.module("ip_pool", True, definition=manifest(space)).get("failed"))
    space.claims("a")
    (pool,) = space.module("ip_pool_info", name="p")["pools"]
    assert [(each["machine"], each["address"]) for each in pool["claims"]] == [("a", "10.0.0.10")]
    shared = manifest(space, addresses=["10.0.0.60-10.0.0.70"], gateway="10.0.0.1")
    assert "share 10.0.0.60:" in str(space.module("ip_pool", definition=shared)["warnings"])


def test_a_claim_of_ours_that_is_still_being_released_is_waited_out(space: Space) -> None:
    """The watch shows how the old claim ends, after the new one was made."""
    space.claims("node1", "node2")
    path = space.path("ipaddressclaims", "node1-ip")
    space.admin.call("PATCH", path, {"metadata": {"finalizers": ["example.test/hold"]}}, "application/merge-patch+json")
    space.admin.call("DELETE", path)
    running = space.start("ip_address_claims", claims=asked("node1", "node2"))
    watches = f"/namespaces/{space.name}/ipaddressclaims?watch"
    space.admin.until(
        "the wait", lambda: any(watches in each["requestURI"] for each in space.plane.requests(space.user))
    )
    space.admin.call("PATCH", path, {"metadata": {"finalizers": None}}, "application/merge-patch+json")
    result = space.answer(running)
    assert result["changed"], result
    assert named(result) == space.addresses()


KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKsR1vhN5HTnbVBJbCwJgS6TTLwRMRrSbnHOjzWDJBq4"


def test_host_keys_are_kept_with_claims_by_who_may_claim(space: Space) -> None:
    space.claims("a", "b")
    machines = [{"machine": "a", "host_keys": [KEY]}]
    checked = space.module("machine_host_keys", machines=machines, check=True)
    assert (checked["changed"], space.claims("a")["host_keys"]) == (True, {}), checked
    assert space.module("machine_host_keys", machines=machines)["recorded"] == [f"{space.name}/a-ip"]
    assert not space.module("machine_host_keys", machines=machines)["changed"]
    annotations = {item["metadata"]["name"]: item["metadata"]["annotations"] for item in space.items("ipaddressclaims")}
    assert annotations["a-ip"]["elemental.networking/ssh-host-keys"] == KEY
    assert "elemental.networking/ssh-host-keys" not in annotations["b-ip"]
    assert space.claims("a", "b")["host_keys"] == {"a": [KEY]}
    # the address is the same one, and the keys go with the claim
    assert space.module("ip_address_claims", selector={"machine": "a"}, state="absent")["changed"]
    assert space.claims("a")["host_keys"] == {}
