# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lookups on a cluster: how many requests they take, and what the processes of one run know of each other."""

from __future__ import annotations

import contextlib
import os
import typing as t
from pathlib import Path

import pytest
from ansible import constants
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes import connection
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError
from ansible_collections.elemental.networking.plugins.plugin_utils._request import shared_claims
from ansible_collections.elemental.networking.plugins.plugin_utils._request.claim_lookup import claimed_addresses
from ansible_collections.elemental.networking.plugins.plugin_utils._request.machine_network import Given
from ansible_collections.elemental.networking.tests.unit.borders.api_server import (
    GROUP,
    Sent,
    Server,
    asked,
    impatient,
    serve,
)

pytest.importorskip("urllib3")

FLEET = tuple(f"m{number}" for number in range(20))


class Selecting(Server):
    """One that sends what it is asked for alone, as a real one does."""

    def _answer(self, method: str, path: str, query: dict[str, str], body: t.Any) -> Sent:
        status, content = super()._answer(method, path, query, body)
        if method == "GET" and "items" in content:
            content["items"] = [each for each in content["items"] if _is_selected(each["metadata"], query)]
        return status, content


def _is_selected(metadata: t.Mapping[str, t.Any], query: t.Mapping[str, str]) -> bool:
    label, _equals, value = query.get("labelSelector", "").partition("=")
    field, _equals, name = query.get("fieldSelector", "metadata.name=").partition("=")
    assert field == "metadata.name", "the only field of a custom resource that can be selected by"
    return (not label or metadata.get("labels", {}).get(label) == value) and name in ("", metadata["name"])


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    """An API server with the claims of a fleet; lookups reach it."""
    impatient(monkeypatch)
    server = Selecting()
    monkeypatch.setattr(connection, "connect", lambda _options: connection.Connection("https://h", server, dict))
    serve(server, [asked(machine) for machine in FLEET])
    server.paths.clear()
    return server


def look(machine: str, *keys: str, **more: t.Any) -> dict[str, str]:
    """The addresses of a machine, as a process of its own would look them up."""
    given = Given(machine, **{"machine": machine, "backend": "kubernetes", "namespace": "ns", **more})
    return {key: each.address for key, each in claimed_addresses(given, keys or ("ip",)).items()}


def test_a_machine_takes_two_requests_however_many_claims_there_are(server: Server) -> None:
    assert look("m7") == {"ip": "10.0.0.17"}
    assert [path.rpartition("/")[2] for path in server.paths] == ["ipaddressclaims", "ipaddresses"]


def test_what_was_asked_before_takes_none(server: Server) -> None:
    first = look("m7")
    server.paths.clear()
    assert look("m7") == first
    assert server.paths == []


def test_many_machines_are_read_with_one_list(server: Server) -> None:
    found = {machine: look(machine)["ip"] for machine in FLEET}
    assert len(set(found.values())) == len(FLEET)
    # two for each of the first machines, then which kinds there are, the claims and the addresses
    assert len(server.paths) == 2 * 3 + 3
    server.paths.clear()
    assert {machine: look(machine)["ip"] for machine in FLEET} == found
    assert server.paths == []


@pytest.mark.parametrize("before", [1, len(FLEET)], ids=["one by one", "a list"])
def test_what_this_run_has_changed_is_seen(server: Server, before: int) -> None:
    for machine in FLEET[:before]:
        look(machine)
    serve(server, [asked("m0")], state="absent")
    serve(server, [asked("new"), asked("m0")])
    shared_claims.forget()
    assert look("m0") == {"ip": "10.0.0.30"}
    assert look("new") == {"ip": "10.0.0.10"}


def test_what_was_read_before_a_change_and_written_after_it_is_for_no_other_process(server: Server) -> None:
    class Late(Server):
        """Claims are changed while the answer is on its way."""

        def request(self, method: str, url: str, **options: t.Any) -> t.Any:
            answer = server.request(method, url, **options)
            shared_claims.forget()
            return answer

    late = connection.Connection("https://h", Late(), dict)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(connection, "connect", lambda _options: late)
        assert look("m7") == {"ip": "10.0.0.17"}
    server.paths.clear()
    assert look("m7") == {"ip": "10.0.0.17"}
    assert len(server.paths) == 2


def test_a_claim_that_something_else_makes_meanwhile_is_seen_soon(server: Server) -> None:
    assert look("new") == {}
    serve(server, [asked("new")])
    _let_pass(6)
    assert look("new") == {"ip": "10.0.0.30"}
    for machine in FLEET:
        look(machine)
    serve(server, [asked("newer")])
    _let_pass(6)
    assert look("newer") == {"ip": "10.0.0.31"}


def test_what_something_else_changes_is_seen_later(server: Server) -> None:
    assert look("m0") == {"ip": "10.0.0.10"}
    serve(server, [asked("m0")], state="absent")
    serve(server, [asked("new"), asked("m0")])
    _let_pass(60)
    assert look("m0") == {"ip": "10.0.0.10"}
    _let_pass(61)
    assert look("m0") == {"ip": "10.0.0.30"}


def _let_pass(seconds: float) -> None:
    """Make all that was kept older."""
    for path in Path(constants.DEFAULT_LOCAL_TMP).rglob("*"):
        found = path.stat()
        os.utime(path, (found.st_atime - seconds, found.st_mtime - seconds))


@pytest.mark.parametrize("before", [0, len(FLEET)], ids=["one by one", "a list"])
def test_a_claim_of_another_tool_is_known_by_its_name(server: Server, before: int) -> None:
    spec = {"poolRef": {"apiGroup": GROUP, "kind": "InClusterIPPool", "name": "p"}}
    body = {"metadata": {"name": "far-ip", "namespace": "ns", "uid": "u"}, "spec": spec}
    server.objects["ipaddressclaims"]["far-ip"] = body
    server._serve(body)
    for machine in FLEET[:before]:
        look(machine)
    assert look("far") == {"ip": "10.0.0.30"}


@pytest.mark.parametrize("before", [0, len(FLEET)], ids=["one by one", "a list"])
def test_while_a_machine_is_renumbered_the_old_address_counts(server: Server, before: int) -> None:
    serve(server, [asked("m0", key="ip2", name="m0-ip.renumbering")])
    annotations = {"elemental.networking/key": "ip.renumbering"}
    claim = server.objects["ipaddressclaims"]["m0-ip.renumbering"]
    claim["metadata"].setdefault("annotations", {}).update(annotations)
    for machine in FLEET[:before]:
        look(machine)
    assert look("m0")["ip"] == "10.0.0.10"
    serve(server, [asked("m0")], state="absent")
    shared_claims.forget()
    assert look("m0")["ip"] == "10.0.0.30"


def test_an_older_version_of_the_kinds_is_found(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def older(_number: int, status: int, content: t.Any) -> Sent:
        return (404, {"reason": "NotFound"}) if "/v1beta2" in server.paths[-1] else (status, content)

    monkeypatch.setattr(server, "_change", older)
    assert look("m7") == {"ip": "10.0.0.17"}


def test_who_waits_for_a_look_that_fails_fails_with_it(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else hosts would wait for an API server that is away one after the other."""
    monkeypatch.setattr(server, "_change", lambda _number, _status, _content: (500, {"message": "out of order"}))
    with pytest.raises(IpamError, match="out of order"):
        look("m1")
    locked = shared_claims._locked

    @contextlib.contextmanager
    def while_another_fails(shelf: t.Any) -> t.Iterator[None]:
        shared_claims._write(shared_claims._failure(shelf), b"out of order, as the other one saw")
        os.utime(shared_claims._failure(shelf), (2**33, 2**33))
        with locked(shelf):
            yield

    server.paths.clear()
    monkeypatch.setattr(shared_claims, "_locked", while_another_fails)
    with pytest.raises(IpamError, match="as the other one saw"):
        look("m2")
    assert server.paths == []


def test_another_namespace_or_cluster_is_another_place(server: Server) -> None:
    look("m7")
    server.paths.clear()
    look("m7", kubernetes={"context": "other"})
    assert len(server.paths) == 2


def test_nothing_can_be_read_by_other_users(server: Server) -> None:
    for machine in FLEET:
        look(machine)
    kept = [path for path in Path(constants.DEFAULT_LOCAL_TMP).rglob("*") if path.name != "lock"]
    assert kept
    assert all(not path.stat().st_mode & 0o077 for path in kept if path.is_file())
