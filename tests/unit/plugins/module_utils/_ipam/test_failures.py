# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a failed task returns beside its sentence: a code to branch on, the object and the numbers."""

from __future__ import annotations

import json
import ssl
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.database.backend import EmbeddedBackend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.errors import (
    Refused,
    RequestTarget,
    Untrusted,
    refusal,
    unreachable,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.manifest import pool_from_manifest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError, PoolReference
from ansible_collections.elemental.networking.tests.unit.borders.api_server import (
    GROUP,
    MANIFEST,
    Server,
    asked,
    impatient,
    kubernetes,
    serve,
)

pytest.importorskip("urllib3")

PLACE = RequestTarget("create", "ipaddressclaims", "ns")
WHERE = {"host": "https://h", "verb": "create", "resource": "ipaddressclaims", "namespace": "ns"}


@pytest.mark.parametrize(
    ("status", "message", "code", "is_missing_right"),
    [
        (400, "invalid", "invalid_input", False),
        (401, "Unauthorized", "forbidden", False),
        (403, 'User "x" cannot create resource "ipaddressclaims"', "forbidden", True),
        (403, "denied by a policy", "forbidden", False),
        (404, "not found", "invalid_input", False),
        (409, "changed", "conflict", False),
        (418, "a teapot", "failed", False),
        (422, "invalid", "invalid_input", False),
        (429, "slowly", "unavailable", False),
        (503, "no store", "unavailable", False),
    ],
)
def test_a_refusal_of_the_api(status: int, message: str, code: str, is_missing_right: bool) -> None:
    error = refusal("https://h", status, {"message": message}, PLACE)
    assert error.result == {"code": code, "status": status, **WHERE}
    assert error.is_missing_right == is_missing_right


def test_a_namespace_that_is_missing_is_known_by_the_details_of_the_answer() -> None:
    missing = {"message": "not found", "details": {"kind": "namespaces", "name": "ns"}}
    error = refusal("https://h", 404, missing, PLACE)
    assert str(error) == "namespace ns does not exist on https://h; create it or name another namespace"
    assert error.code == "invalid_input"
    other = {**missing, "message": "no namespaces here", "details": None}
    assert "does not exist on" not in str(refusal("https://h", 404, other, PLACE))


def test_no_answer_and_a_certificate_that_is_not_trusted() -> None:
    refused = unreachable("https://h", ConnectionRefusedError("Connection refused"))
    assert refused.result == {"code": "unreachable", "host": "https://h"}
    assert not isinstance(refused, Untrusted)
    wrapped = OSError("SSL")
    wrapped.__cause__ = ssl.SSLCertVerificationError("self-signed")
    assert isinstance(unreachable("https://h", wrapped), Untrusted)


def failure(server: Server, monkeypatch: pytest.MonkeyPatch, *claims: t.Any, **params: t.Any) -> dict[str, t.Any]:
    """What ip_address_claims returns where it fails."""
    impatient(monkeypatch)
    with pytest.raises(IpamError) as error:
        serve(server, claims, **params)
    return error.value.result


def test_an_exhausted_pool_has_its_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server()
    server.objects["inclusterippools"]["p"]["status"] = {"ipAddresses": {"total": 5, "free": 1, "used": 4}}
    assert failure(server, monkeypatch, asked("a"), asked("b")) == {
        **{"code": "pool_exhausted", "pool": "p", "namespace": "ns"},
        **{"free": 1, "total": 5, "requested": 2},
    }


def test_a_pool_that_is_missing_or_paused(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = {**asked("a")["pool"], "name": "q"}
    missing = failure(Server(), monkeypatch, asked("a", pool=pool))
    assert missing == {"code": "pool_not_found", "pool": "q", "namespace": "ns"}
    unknown = failure(Server(), monkeypatch, asked("a", pool={**pool, "kind": "Other"}))
    assert unknown == {"code": "pool_not_found", "pool": "q", "host": "https://h"}
    server = Server()
    server.objects["inclusterippools"]["p"]["metadata"]["annotations"] = {"cluster.x-k8s.io/paused": ""}
    assert failure(server, monkeypatch, asked("a")) == {"code": "pool_not_found", "pool": "p"}


def test_a_claim_of_another_host_and_a_right_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server()
    impatient(monkeypatch)
    serve(server, [asked("a")])
    other = failure(server, monkeypatch, {**asked("a"), "host": "other"})
    assert other == {"code": "conflict", "claim": "a-ip", "namespace": "ns"}
    server.lists_owners = False
    orphans = failure(server, monkeypatch, state="absent", selector={"not_in_inventory": ["x"]})
    assert (orphans["code"], orphans["verb"], orphans["resource"]) == ("forbidden", "list", "machineinventories")


def test_claims_that_are_not_served_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    class Asleep(Server):
        """A provider that does nothing."""

        def _serve(self, claim: t.Any) -> None:
            self._tell("ADDED", claim)

    late = failure(Asleep(), monkeypatch, asked("a"), asked("b"))
    assert (late["code"], late["claims"], late["waiting"], late["requested"]) == ("timed_out", ["a-ip", "b-ip"], 2, 2)


@pytest.mark.parametrize(("used", "code"), [(3, "conflict"), (0, "invalid_input")])
def test_a_pool_that_is_not_deleted_has_its_addresses_counted(
    monkeypatch: pytest.MonkeyPatch, used: int, code: str
) -> None:
    """Whatever words its webhook chooses."""
    impatient(monkeypatch)

    def refuse(_number: int, status: int, content: t.Any) -> tuple[int, t.Any]:
        return (
            (400, {"message": "denied the request: no"})
            if server.paths[-1].endswith("/p") and deleting
            else (status, content)
        )

    deleting = False
    server = Server(refuse)
    server.objects["inclusterippools"]["p"]["status"] = {"ipAddresses": {"used": used}}
    request = server.request

    def watched(method: str, url: str, **options: t.Any) -> t.Any:
        nonlocal deleting
        deleting = method == "DELETE"
        return request(method, url, **options)

    monkeypatch.setattr(server, "request", watched)
    with kubernetes(server) as backend, pytest.raises(IpamError) as error:
        backend.delete_pool(PoolReference(GROUP, "InClusterIPPool", "p"), "ns", False)
    assert error.value.code == code
    assert isinstance(error.value, Refused) == (code == "invalid_input")


def test_details_are_in_one_line_and_bounded() -> None:
    error = IpamError("no", claim="a\x1b[31m\n" * 10_000, namespace="", free=0, claims=["a\nb"])
    assert json.dumps(error.result).isprintable()
    assert len(str(error.result["claim"])) <= 300
    assert (error.result["free"], error.result["claims"], "namespace" in error.result) == (0, ["a b"], False)


def test_a_database_that_may_not_be_written_or_is_damaged(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.sqlite"
    damaged.write_text("this is not a database, although it is long enough for one" * 100)
    cases = {str(damaged): "failed", str(tmp_path / "missing/x.sqlite"): "invalid_input"}
    for path, code in cases.items():
        with pytest.raises(IpamError) as error, EmbeddedBackend(path) as backend:
            backend.apply_pool(_pool(), False)
        assert error.value.result == {"code": code, "database": path}


def _pool() -> t.Any:
    return pool_from_manifest(MANIFEST, "ns")
