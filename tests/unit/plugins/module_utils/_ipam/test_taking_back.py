# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A call that fails takes back what it made, and never what another play counts on by now."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.backend import KubernetesBackend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.connection import Connection
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError
from ansible_collections.elemental.networking.tests.unit.borders.api_server import (
    Response,
    Server,
    asked,
    impatient,
    serve,
)

pytest.importorskip("urllib3")

CLAIMS = "/apis/ipam.cluster.x-k8s.io/v1beta2/namespaces/ns/ipaddressclaims"


class Interrupted(Server):
    """Something else happens once, just before a request is served; ``refused`` is a claim that nobody may make."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: dict[tuple[str, str], t.Callable[[], object]] = {}
        self.patches = 0
        self.may_patch = True

    def request(self, method: str, url: str, **options: t.Any) -> Response:
        """Answer one request, after what happens meanwhile."""
        path = url.partition("?")[0].removeprefix("https://h")
        is_refused = method == "POST" and b'"name": "refused-ip"' in options["body"]
        event = self.meanwhile.pop((method, f"{path}/refused-ip" if is_refused else path), None)
        if event:
            event()
        if is_refused:
            return Response(403, b'{"message": "forbidden: by policy"}', {})
        if method == "PATCH":
            self.patches += 1
            if not self.may_patch:
                return Response(403, b'{"message": "User \\"x\\" cannot patch resource \\"ipaddressclaims\\""}', {})
        return super().request(method, url, **options)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Interrupted:
    impatient(monkeypatch)
    return Interrupted()


def failing(server: Server) -> str:
    """A play that claims for a, then is refused."""
    with pytest.raises(IpamError) as error:
        serve(server, [asked("a"), asked("refused")])
    return str(error.value)


def address_of(result: dict[str, t.Any]) -> str:
    return str(result["addresses"]["a"]["ip"]["address"])


def held(server: Server) -> set[str]:
    return set(server.objects["ipaddressclaims"])


def test_what_nobody_else_counts_on_is_taken_back_although_its_provider_wrote_it(server: Interrupted) -> None:
    assert "by policy" in failing(server)
    assert held(server) == set()


def test_what_another_play_adopted_before_stays(server: Interrupted) -> None:
    other: list[dict[str, t.Any]] = []
    server.meanwhile["POST", f"{CLAIMS}/refused-ip"] = lambda: other.append(serve(server, [asked("a")]))
    message = failing(server)
    assert "by policy" in message
    assert "stay" not in message, "the user of the failed play has nothing to clean up"
    assert held(server) == {"a-ip"}
    assert address_of(serve(server, [asked("a")])) == address_of(other[0])


def test_what_another_play_adopts_between_a_look_and_the_delete_stays(server: Interrupted) -> None:
    """The delete carries the resourceVersion of the look."""
    server.meanwhile["DELETE", f"{CLAIMS}/a-ip"] = lambda: serve(server, [asked("a")])
    failing(server)
    assert held(server) == {"a-ip"}


def test_what_was_taken_back_before_it_could_be_adopted_is_made_again(server: Interrupted) -> None:
    def other() -> None:
        """It finds the claim in its list, and loses it before it has marked it."""
        uid = server.objects["ipaddressclaims"]["a-ip"]["metadata"]["uid"]
        precondition = json.dumps({"preconditions": {"uid": uid}}).encode()
        server.meanwhile["PATCH", f"{CLAIMS}/a-ip"] = lambda: server.request(
            "DELETE", f"{CLAIMS}/a-ip", body=precondition
        )
        found.append(serve(server, [asked("a")]))

    found: list[dict[str, t.Any]] = []
    server.meanwhile["POST", f"{CLAIMS}/refused-ip"] = other
    failing(server)
    assert found[0]["changed"], "its claim is a new one"
    assert address_of(found[0]) == server.objects["ipaddresses"]["a-ip"]["spec"]["address"]
    assert held(server) == {"a-ip"}


def test_a_claim_is_marked_once_and_not_in_check_mode(server: Interrupted) -> None:
    serve(server, [asked("a")])
    serve(server, [asked("a")], check_mode=True)
    assert server.patches == 0
    for _run in range(2):
        assert not serve(server, [asked("a")])["changed"]
    assert server.patches == 1


def test_without_the_right_to_mark_claims_they_are_used_as_before_and_that_is_said(server: Interrupted) -> None:
    serve(server, [asked("a")])
    server.may_patch = False
    said: list[str] = []
    with KubernetesBackend(lambda: Connection("https://h", server, dict), 0.05, False, said.append) as opened:
        found = opened.find_claims([("ns", "a-ip")])
        creation = opened.create_claims([found.found[0].claim], [], found, False)
        assert creation.created == ()
        assert creation.bound[0].address
    assert "a play that fails may take claims back that this one uses" in said[0]
    assert "apply playbooks/files/ipam-consumer.yaml" in said[0]
