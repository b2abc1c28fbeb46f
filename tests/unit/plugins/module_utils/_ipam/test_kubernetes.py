# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kubernetes backend decides without an API server."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.api import Api
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.discovery import Discovery
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.errors import (
    RequestTarget,
    may_pass,
    parse_status,
    refusal,
    seconds_asked,
    unreachable,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.objects import (
    claim_object,
    found,
    label_value,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.pacing import (
    AdaptiveDeadline,
    names,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.paths import Path
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import Claim, IpamError, PoolReference

CLAIM = Claim("ns", "node1-ip", "node1", "ip", PoolReference("ipam.cluster.x-k8s.io", "InClusterIPPool", "p"), "host1")
NOT_READY = {"type": "Ready", "status": "False", "reason": "PoolExhausted", "message": "none left"}


def item(**status: t.Any) -> dict[str, t.Any]:
    sent = claim_object(CLAIM, "v1beta2", "call")
    sent["metadata"]["uid"] = "u"
    return {**sent, "status": status}


def test_a_claim_comes_back_as_it_was_sent() -> None:
    back = found(item())
    assert (back.claim, back.call, back.claim.managed) == (CLAIM, "call", True)


@pytest.mark.parametrize("status", [{}, {"addressRef": {}}])
def test_a_claim_that_waits_has_no_address_in_either_version(status: dict[str, t.Any]) -> None:
    assert found(item(**status)).address_name == ""


@pytest.mark.parametrize(
    "status",
    [
        {"conditions": [NOT_READY]},
        {"v1beta2": {"conditions": [NOT_READY]}, "addressRef": {}},
        {"deprecated": {"v1beta1": {"conditions": [NOT_READY]}}},
    ],
)
def test_a_refusal_is_found_wherever_the_versions_put_it(status: dict[str, t.Any]) -> None:
    claim = found(item(**status))
    assert (claim.hopeless, str(claim.condition)) == (True, "PoolExhausted: none left")


def test_a_claim_with_an_address_is_served_whatever_its_conditions_say() -> None:
    assert not found(item(addressRef={"name": "a"}, conditions=[NOT_READY])).hopeless


def test_a_claim_that_elemental_made_tells_its_machine() -> None:
    owner = {"apiVersion": "elemental.cattle.io/v1beta1", "kind": "MachineInventory", "name": "node1", "uid": "x"}
    made = item()
    made["metadata"] = {"name": "node1-inventory-ip", "namespace": "ns", "uid": "u", "ownerReferences": [owner]}
    claim = found(made)
    assert (claim.claim.machine, claim.claim.key, claim.claim.managed) == ("node1", "inventory-ip", False)


@pytest.mark.parametrize("text", ["a" * 64, "a b", "-a", "Ä"])
def test_a_label_holds_what_is_no_label_value(text: str) -> None:
    value = label_value(text)
    assert len(value) <= 63
    assert value == label_value(value)
    assert label_value(text + "x") != value


def test_a_label_is_the_text_where_it_can_be() -> None:
    assert label_value("node1.example") == "node1.example"


def test_overload_and_failure_may_pass_and_refusals_stay() -> None:
    assert [code for code in (400, 401, 403, 404, 409, 422, 429, 500, 503) if may_pass(code)] == [429, 500, 503]


def test_how_long_to_wait_is_read_from_the_header_or_the_status() -> None:
    plain = parse_status(b"Too many requests, please try again later.")
    assert seconds_asked("4", plain) == 4
    assert seconds_asked(None, parse_status(b'{"details": {"retryAfterSeconds": 2}}')) == 2
    assert seconds_asked(None, plain) == 0
    assert plain["message"].startswith("Too many requests")


def test_a_webhook_that_denies_is_no_question_of_rights() -> None:
    text = 'admission webhook "validation" denied the request: spec: Forbidden:\n IPAddressClaim spec is immutable.'
    message = str(refusal("h", 403, {"message": text}, RequestTarget("create", "ipaddressclaims", "ns")))
    assert "spec is immutable" in message
    assert "may not" not in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "text",
    [
        'ipaddressclaims "a" is forbidden: exceeded quota: few, requested: 1, used: 5, limited: 5',
        'ipaddressclaims "a" is forbidden: unable to create new content in namespace ns because it is being terminated',
        'ipaddressclaims "a" is forbidden: ValidatingAdmissionPolicy "names" denied request: too short',
    ],
)
def test_a_refusal_that_is_not_about_rights_says_what_the_server_says(text: str) -> None:
    message = str(refusal("h", 403, {"message": text}, RequestTarget("create", "ipaddressclaims", "ns")))
    assert text in message
    assert "may not" not in message


def without_right(verb: str, resource: str, namespace: str) -> str:
    text = f'{resource} is forbidden: User "u" cannot {verb} resource "{resource}" in API group "g"'
    return str(refusal("h", 403, {"message": text}, RequestTarget(verb, resource, namespace)))


@pytest.mark.parametrize(
    ("verb", "resource", "namespace", "place", "advice"),
    [
        (
            "create",
            "ipaddressclaims",
            "ns",
            " in namespace ns",
            "apply playbooks/files/ipam-consumer.yaml there, or name another",
        ),
        (
            "get",
            "inclusterippools",
            "ns",
            " in namespace ns",
            "apply playbooks/files/ipam-consumer.yaml there, or name another",
        ),
        (
            "patch",
            "inclusterippools",
            "ns",
            " in namespace ns",
            "apply playbooks/files/ipam-pool-manager.yaml there, or name another",
        ),
        (
            "get",
            "ippools",
            "ns",
            " in namespace ns",
            "grant get on ippools as playbooks/files/ipam-consumer.yaml shows it for other kinds there",
        ),
        # an owner is in the namespace of its claim, and a kind that no manifest names is not granted by one
        ("list", "machineinventories", "ns", " in namespace ns", "apply playbooks/files/ipam-owner-reader.yaml there"),
        (
            "list",
            "configmaps",
            "ns",
            " in namespace ns",
            "grant list on configmaps as playbooks/files/ipam-owner-reader.yaml shows it for other kinds there",
        ),
        # a Role does not hold in all namespaces
        (
            "list",
            "ipaddressclaims",
            "",
            " in all namespaces",
            "name one with namespace (in the role with machine_network_ipam_namespace), "
            "or let an administrator grant list on ipaddressclaims in a ClusterRole",
        ),
        # a global pool is in no namespace
        ("create", "globalinclusterippools", "", "", "apply playbooks/files/ipam-global-pool-manager.yaml"),
        ("delete", "globalinclusterippools", "ns", "", "apply playbooks/files/ipam-global-pool-manager.yaml"),
    ],
)
def test_a_missing_right_comes_with_what_grants_it(
    verb: str, resource: str, namespace: str, place: str, advice: str
) -> None:
    begin, _colon, end = without_right(verb, resource, namespace).partition("; ")
    assert begin == f"this user may not {verb} {resource}{place} (403 Forbidden)"
    assert end.removeprefix("let an administrator ").startswith(advice)
    assert end.endswith(("another namespace", advice))


class Definitions:
    """An API server that knows some kinds of Cluster API's IPAM."""

    host = "h"

    def __init__(self, *plurals: str) -> None:
        self._plurals = plurals

    def get(self, where: Path, _place: RequestTarget) -> dict[str, t.Any]:
        """The kinds of a version; the older one has none."""
        known = [{"name": name, "kind": "K", "namespaced": True} for name in self._plurals]
        return {"resources": known if "v1beta2" in str(where) else []}


@pytest.mark.parametrize(
    ("known", "lacking"),
    [
        (("ipaddresses",), "ipaddressclaims.ipam.cluster.x-k8s.io"),
        ((), "ipaddressclaims.ipam.cluster.x-k8s.io and ipaddresses.ipam.cluster.x-k8s.io"),
    ],
)
def test_the_definitions_that_a_cluster_lacks_come_with_cluster_api(known: tuple[str, ...], lacking: str) -> None:
    with pytest.raises(IpamError) as error:
        Discovery(t.cast(Api, Definitions(*known))).claims()
    assert str(error.value).startswith(f"the cluster h lacks {lacking} (v1beta2 or v1beta1): install Cluster API")
    assert error.value.result["requirement"] == lacking


def test_the_innermost_cause_is_what_a_user_reads() -> None:
    error = RuntimeError("<HTTPSConnection object at 0x7f>: Failed")
    error.__cause__ = ConnectionRefusedError(111, "Connection refused")
    assert "cannot be reached: Connection refused;" in str(unreachable("https://h:1", error))


def test_a_slow_provider_is_waited_for_and_one_that_stopped_is_not() -> None:
    patience = AdaptiveDeadline(1000, 60.0, began=0.0)
    for second in range(1, 100):  # 10 in a second: what v1.0.3 does
        assert not patience.is_over(second)
        patience.served(second * 10, second)
    stopped = patience.deadline
    patience.served(990, 99.5)
    assert patience.deadline == stopped
    assert patience.is_over(99 + 600)


def test_many_names_are_not_all_said() -> None:
    assert names(["b", "a"]) == "a, b"
    assert names(map(str, range(7))) == "0, 1, 2, 3, 4 and 2 more"
