# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that can break while claims are made: no duplicate, no leaked claim, no lost address."""

from __future__ import annotations

import os
import random
import threading
import time
import typing as t

import pytest

from tests.cluster.breaking import refusing_writes
from tests.testbed.controlplane import users
from tests.testbed.controlplane.admin import Admin
from tests.testbed.controlplane.fixtures import Space, asked

KILLS = int(os.environ.get("KILLS", "20"))
_FLOW = "/apis/flowcontrol.apiserver.k8s.io/v1"


def machines(count: int) -> list[str]:
    return [f"m{number:03}" for number in range(count)]


def whole(space: Space, result: t.Mapping[str, t.Any], count: int) -> None:
    """Every claim once, every address once, and the answer is what the cluster holds."""
    assert not result.get("failed"), result["msg"]
    held = space.addresses()
    assert {claim["name"]: claim["address"] for claim in result["claims"]} == held
    assert len(held) == len(set(held.values())) == count == len(space.items("ipaddressclaims"))


def later(seconds: float, work: t.Callable[[], object]) -> threading.Timer:
    timer = threading.Timer(seconds, work)
    timer.start()
    return timer


@pytest.fixture
def wide(space: Space) -> Space:
    space.pool("10.9.0.0/16", "wide", prefix=16)
    return space


def start(space: Space, count: int, **options: t.Any) -> t.Any:
    return space.start("ip_address_claims", claims=asked(*machines(count), pool="wide"), **options)


def some_claims(space: Space, count: int) -> None:
    space.admin.until("some claims", lambda: len(space.items("ipaddressclaims")) >= count)


def test_the_api_server_dies_while_claims_are_made(wide: Space) -> None:
    running = start(wide, 150)
    some_claims(wide, 30)
    wide.plane.kill("kube-apiserver")
    wide.plane.start_again("kube-apiserver")
    whole(wide, wide.answer(running), 150)


def test_the_watch_expires_because_the_store_forgot(wide: Space) -> None:
    wide.plane.kill("provider")
    running = start(wide, 40)
    some_claims(wide, 40)
    wide.plane.compact()
    wide.plane.kill("kube-apiserver")
    wide.plane.start_again("kube-apiserver")
    wide.plane.start_again("provider")
    whole(wide, wide.answer(running), 40)


def test_the_provider_is_down_for_ten_seconds(wide: Space) -> None:
    running = start(wide, 60)
    some_claims(wide, 20)
    wide.plane.kill("provider")
    timer = later(10, lambda: wide.plane.start_again("provider"))
    try:
        whole(wide, wide.answer(running), 60)
    finally:
        timer.join()


def test_the_webhooks_are_down_for_a_while(wide: Space) -> None:
    wide.plane.kill("capi-webhooks")
    timer = later(4, lambda: wide.plane.start_again("capi-webhooks"))
    try:
        whole(wide, wide.answer(start(wide, 30)), 30)
    finally:
        timer.join()


@pytest.mark.parametrize("code", [500, 429])
def test_writes_fail_again_and_again(wide: Space, code: int) -> None:
    with refusing_writes(wide, code, 25) as refused:
        whole(wide, wide.answer(start(wide, 30)), 30)
        assert refused() == 25


def test_an_overloaded_api_server_that_answers_in_plain_text(wide: Space) -> None:
    level = {
        "type": "Limited",
        "limited": {
            "nominalConcurrencyShares": 0,
            "lendablePercent": 0,
            "borrowingLimitPercent": 0,
            "limitResponse": {"type": "Reject"},
        },
    }
    rule = {
        "subjects": [{"kind": "User", "user": {"name": users.CONSUMER}}],
        "resourceRules": [
            {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "namespaces": ["*"], "clusterScope": True}
        ],
    }
    schema = {
        "priorityLevelConfiguration": {"name": "narrow"},
        "matchingPrecedence": 2,
        "rules": [rule],
        "distinguisherMethod": {"type": "ByUser"},
    }
    version = _FLOW.removeprefix("/apis/")
    body = {"apiVersion": version, "metadata": {"name": "narrow"}}
    wide.admin.call(
        "POST", f"{_FLOW}/prioritylevelconfigurations", {**body, "kind": "PriorityLevelConfiguration", "spec": level}
    )
    wide.admin.call("POST", f"{_FLOW}/flowschemas", {**body, "kind": "FlowSchema", "spec": schema})
    try:
        before = len(wide.plane.requests(wide.user))
        whole(wide, wide.answer(start(wide, 60)), 60)
        assert len(wide.plane.requests(wide.user)) > before
    finally:
        wide.admin.call("DELETE", f"{_FLOW}/flowschemas/narrow")
        wide.admin.call("DELETE", f"{_FLOW}/prioritylevelconfigurations/narrow")


def test_a_token_is_revoked_on_the_way(wide: Space) -> None:
    """A service account's token dies with it; an open watch lives on, every new request is refused."""
    accounts = f"/api/v1/namespaces/{wide.name}/serviceaccounts"
    wide.admin.call("POST", accounts, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "short"}})
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
    token = wide.admin.call("POST", f"{accounts}/short/token", request)["status"]["token"]
    users.allow_also(wide.admin, wide.name, f"system:serviceaccount:{wide.name}:short")
    options = {"host": wide.plane.server, "api_key": token, "ca_cert": str(wide.plane.folder / "pki/ca.crt")}
    wide.plane.kill("provider")
    try:
        running = start(wide, 20, kubernetes=options)
        some_claims(wide, 20)
        wide.admin.call("DELETE", f"{accounts}/short")
        dead = Admin(wide.plane.folder, wide.plane.server, token)
        wide.admin.until("the token's end", lambda: _answer(dead, wide.path("ipaddressclaims")) == 401)
    finally:
        wide.plane.start_again("provider")
    output, errors = running.communicate(timeout=120)
    assert "refuses the credentials (401 Unauthorized); renew the token" in output
    assert token not in output + errors
    whole(wide, wide.answer(start(wide, 20)), 20)


def test_ansible_is_killed_at_random_points(wide: Space) -> None:
    """Whatever the moment, the next run finds the rest."""
    whole(wide, wide.answer(start(wide, 60)), 60)
    clean = time.monotonic()
    released = wide.answer(start(wide, 60, state="absent"))
    assert not released.get("failed"), released
    duration = time.monotonic() - clean
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    for _round in range(KILLS):
        for state, count in (("present", 60), ("absent", 0)):
            running = start(wide, 60, state=state)
            timer = later(chance.uniform(0.2, max(2.0, duration)), running.kill)
            running.communicate(timeout=120)
            timer.join()
            result = wide.answer(start(wide, 60, state=state))
            if count:
                whole(wide, result, count)
            else:
                assert not result.get("failed"), (seed, result)
                assert [wide.items(plural) for plural in ("ipaddressclaims", "ipaddresses")] == [[], []], seed


def test_claims_are_deleted_behind_our_back(wide: Space) -> None:
    wide.plane.kill("provider")
    try:
        running = start(wide, 10)
        some_claims(wide, 10)
        wide.admin.call("DELETE", wide.path("ipaddressclaims", "m003-ip"))
        result = wide.answer(running)
    finally:
        wide.plane.start_again("provider")
    assert result["msg"] == "claim m003-ip was released by another user meanwhile; run again"
    whole(wide, wide.answer(start(wide, 10)), 10)


def test_the_pool_is_deleted_under_claims(wide: Space) -> None:
    wide.plane.kill("provider")
    try:
        running = start(wide, 10)
        some_claims(wide, 10)
        path = wide.path("inclusterippools", "wide")
        # its finalizer waits for the provider, and its webhook is away: what is left when a namespace is torn down by force
        hooks = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/capi-ipam-in-cluster"
        saved = wide.admin.call("GET", hooks)
        wide.admin.call("DELETE", hooks)
        mutating = hooks.replace("validating", "mutating")
        also = wide.admin.call("GET", mutating)
        wide.admin.call("DELETE", mutating)
        try:
            wide.admin.until("the pool to go", lambda: _force(wide, path))
            result = wide.answer(running)
        finally:
            for url, configuration in ((hooks, saved), (mutating, also)):
                for field in ("resourceVersion", "uid", "creationTimestamp", "generation", "managedFields"):
                    configuration["metadata"].pop(field, None)
                wide.admin.call("POST", url.rpartition("/")[0], configuration)
    finally:
        wide.plane.start_again("provider")
    assert "/wide does not exist in namespace" in result["msg"]
    assert wide.items("ipaddressclaims") == []


def _answer(user: Admin, path: str) -> int:
    try:
        user.call("GET", path)
    except OSError as error:
        return int(getattr(error, "code", 0))
    return 200


def _force(space: Space, path: str) -> bool:
    try:
        space.admin.call("DELETE", path)
        space.admin.call("PATCH", path, {"metadata": {"finalizers": None}}, "application/merge-patch+json")
    except OSError as error:
        return getattr(error, "code", 0) == 404
    return False
