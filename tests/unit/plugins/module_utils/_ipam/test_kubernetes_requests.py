# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kubernetes backend against answers that a real API server gives too seldom: the pool of connections is scripted."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
import typing as t
from urllib.parse import parse_qs, urlsplit

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes import api as requests
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.api import Api
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.connection import Connection
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.discovery import Resource
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.errors import Refused, RequestTarget
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.objects import (
    ObservedClaim,
    claim_object,
    found,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.pacing import (
    Capacity,
    Unsatisfiable,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.paths import path
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.progress import Progress
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.waiting import Waiting
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.watching import Watch
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import Claim, IpamError, PoolReference

urllib3 = pytest.importorskip("urllib3")

CLAIM = Claim("ns", "node1-ip", "node1", "ip", PoolReference("ipam.cluster.x-k8s.io", "InClusterIPPool", "p"))
CLAIMS = Resource("ipam.cluster.x-k8s.io", "v1beta2", "ipaddressclaims", "IPAddressClaim", True)
PLACE = RequestTarget("list", "ipaddressclaims", "ns")


class Answer:
    """A response; one to a watch says nothing until it is closed."""

    def __init__(self, status: int, content: t.Mapping[str, t.Any]) -> None:
        self.status, self.data, self.headers = status, json.dumps(content).encode(), {}
        self._closed = threading.Event()

    def read(self, amount: int, decode_content: bool) -> bytes:
        """The beginning."""
        return b"" if decode_content else self.data[:amount]

    def release_conn(self) -> None:
        """Nothing is kept."""

    def stream(self, _amount: int = 0, **_options: t.Any) -> t.Iterator[bytes]:
        """The silence of a watch."""
        self._closed.wait(30)
        yield b""

    def close(self) -> None:
        """End the silence."""
        self._closed.set()


class Script:
    """A pool of connections that answers as ``answer`` does, from the query."""

    def __init__(self, answer: t.Callable[[dict[str, str]], Answer]) -> None:
        self._answer = answer
        self.sent: list[tuple[str, t.Any]] = []

    def request(self, method: str, url: str, **options: t.Any) -> Answer:
        """Answer one request."""
        self.sent.append((method, json.loads(options.get("body") or "null")))
        return self._answer({name: each[0] for name, each in parse_qs(urlsplit(url).query).items()})


def api(answer: t.Callable[[dict[str, str]], Answer]) -> Api:
    return Api(Connection("https://h", Script(answer), dict), Progress(lambda _line: None))


def claim(**status: t.Any) -> dict[str, t.Any]:
    sent = claim_object(CLAIM, "v1beta2", "call")
    sent["metadata"].update(uid="u", resourceVersion="5")
    return {**sent, "status": status}


def listed(*items: t.Any, version: str = "9", following: str = "") -> Answer:
    return Answer(200, {"metadata": {"resourceVersion": version, "continue": following}, "items": items})


class FullPool:
    """A pool that is full, as far as its status says."""

    def room(self, _reference: PoolReference, _namespace: str) -> Capacity:
        """No room."""
        return Capacity(1, 0)


def waiting(grace: float) -> Waiting:
    known: dict[str, ObservedClaim] = {CLAIM.name: found(claim())}
    return Waiting([CLAIM], known, grace, Progress(lambda _line: None))


def watch(*items: t.Any) -> Watch:
    """A watch that is mute, where a list says this."""
    return Watch(api(lambda query: Answer(200, {}) if "watch" in query else listed(*items)), CLAIMS, "ns", "1", "")


@pytest.mark.parametrize("grace", [30.0, 0.0])
def test_a_claim_that_was_served_is_seen_although_the_watch_is_mute(grace: float) -> None:
    wait = waiting(grace)
    with watch(claim(addressRef={"name": "a"})) as mute:
        wait.until_bound(mute, FullPool())  # type: ignore[arg-type]
    assert wait.known[CLAIM.name].address_name == "a"


@pytest.mark.parametrize(("grace", "error"), [(30.0, Unsatisfiable), (0.0, IpamError)])
def test_a_claim_that_is_still_not_served_is_an_error(grace: float, error: type[Exception]) -> None:
    with watch(claim()) as mute, pytest.raises(error):
        waiting(grace).until_bound(mute, FullPool())  # type: ignore[arg-type]


def test_a_claim_that_is_gone_is_seen_although_the_watch_is_mute() -> None:
    with watch() as mute:
        waiting(0.0).until_gone(mute)
    with watch(claim()) as mute, pytest.raises(IpamError, match="deleted but not gone"):
        waiting(0.0).until_gone(mute)


def test_a_watch_that_works_again_says_no_trouble() -> None:
    calls: list[str] = []
    opened = threading.Event()

    def answer(_query: dict[str, str]) -> Answer:
        calls.append("")
        if len(calls) == 1:
            raise ConnectionResetError("lost")
        silent = Answer(200, {})
        silent.stream = lambda *_amount, **_options: iter(_until(opened))  # type: ignore[method-assign]
        return silent

    with Watch(api(answer), CLAIMS, "ns", "1", "") as flaky:
        assert opened.wait(10)
        assert flaky.trouble == ""


def _until(opened: threading.Event) -> t.Iterator[bytes]:
    opened.set()
    threading.Event().wait(5)
    yield b""


def test_a_list_that_expires_on_the_way_is_the_rest_at_the_first_version() -> None:
    expired = {"reason": "Expired", "metadata": {"continue": "new"}}
    answers = {
        "": listed(claim(), version="7", following="old"),
        "old": Answer(410, expired),
        "new": listed(version="8"),
    }
    server = api(lambda query: answers[query.get("continue", "")])
    assert [page.version for page in server.pages(path("p"), PLACE)] == ["7", "8"]
    again = Watch(server, CLAIMS, "ns", "1", "")
    again._list_again()
    change = again.next(0)
    assert change is not None
    assert (len(change.claims), change.complete, again._version) == (1, True, "7")


def test_the_next_page_of_a_list_is_asked_for_while_the_caller_works() -> None:
    asked = threading.Event()

    def answer(query: t.Mapping[str, str]) -> Answer:
        if not query.get("continue"):
            return listed(claim(), version="7", following="next")
        asked.set()
        return Answer(403, {"reason": "Forbidden", "message": "not any more"})

    pages = api(answer).pages(path("p"), PLACE)
    assert next(pages).version == "7"
    assert asked.wait(10)
    with pytest.raises(Refused, match="not any more"):
        next(pages)


class CutOffServer(http.server.ThreadingHTTPServer):
    """Answers of which the first ``cut`` end in the middle: of a length that was sent, or in a chunk."""

    cut, is_chunked = 1, False
    count = 0


class CutOffAnswer(http.server.BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: CutOffServer

    def do_GET(self) -> None:
        """Send an answer, or the first half of one."""
        self.server.count += 1
        body = json.dumps({"items": ["x" * 5000]}).encode()
        sent = body[: len(body) // 2] if self.server.count <= self.server.cut else body
        self.send_response(200)
        if self.server.is_chunked:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"%x\r\n%s" % (len(body), sent))
            if sent == body:
                self.wfile.write(b"\r\n0\r\n\r\n")
        else:
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(sent)
        self.close_connection = True

    def log_message(self, *_what: t.Any) -> None:
        """Nothing is of interest."""


@contextlib.contextmanager
def cut_off(cut: int, is_chunked: bool) -> t.Iterator[tuple[CutOffServer, Api]]:
    with CutOffServer(("127.0.0.1", 0), CutOffAnswer) as server:
        server.cut, server.is_chunked = cut, is_chunked
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        host = f"http://127.0.0.1:{server.server_address[1]}"
        with urllib3.PoolManager() as pool:
            yield server, Api(Connection(host, pool, dict), Progress(lambda _line: None))
        server.shutdown()


@pytest.mark.parametrize("is_chunked", [False, True])
def test_an_answer_that_is_cut_off_is_asked_for_again(is_chunked: bool) -> None:
    with cut_off(1, is_chunked) as (server, client):
        assert client.get(path("p"), PLACE) == {"items": ["x" * 5000]}
        assert server.count == 2


@pytest.mark.parametrize("is_chunked", [False, True])
def test_answers_that_are_always_cut_off_are_a_connection_that_breaks(
    monkeypatch: pytest.MonkeyPatch, is_chunked: bool
) -> None:
    monkeypatch.setattr(requests, "_FIRST_PATIENCE", 0.0)
    with cut_off(9, is_chunked) as (server, client), pytest.raises(IpamError) as error:
        client.get(path("p"), PLACE)
    words = f"the connection to the Kubernetes API {client.host} broke in the middle of an answer; run again, and check"
    assert words in str(error.value)
    assert (error.value.code, server.count) == ("unreachable", 1)
