# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an API server may cost: it decides neither how much is read, nor how often it is asked, nor where the credentials go."""

from __future__ import annotations

import http.server
import itertools
import json
import threading
import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes import api, bodies, watching
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.api import Api
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.connection import Connection
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.discovery import Resource
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.errors import (
    RequestTarget,
    seconds_asked,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.paths import path
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.progress import Progress
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.watching import Watch
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError
from ansible_collections.elemental.networking.tests.unit.borders.api_server import (
    Response,
    Server,
    asked,
    impatient,
    serve,
)
from ansible_collections.elemental.networking.tests.unit.borders.bounds import bounded

urllib3 = pytest.importorskip("urllib3")

CLAIMS = Resource("ipam.cluster.x-k8s.io", "v1beta2", "ipaddressclaims", "IPAddressClaim", True)
PLACE = RequestTarget("list", "ipaddressclaims", "ns")
MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    impatient(monkeypatch)


class Answers:
    """A pool of connections that answers what ``answer`` gives, from the URL."""

    def __init__(self, answer: t.Callable[[str], Response]) -> None:
        self._answer = answer
        self.count = 0

    def request(self, _method: str, url: str, **_options: t.Any) -> Response:
        """Answer one request."""
        self.count += 1
        return self._answer(url)


def asking(answers: t.Any) -> Api:
    return Api(Connection("https://h", answers, dict), Progress(lambda _line: None))


def told(content: object, status: int = 200) -> Response:
    return Response(status, json.dumps(content).encode(), {})


def test_a_list_without_an_end_is_refused() -> None:
    tokens = itertools.count(1)
    endless = Answers(lambda _url: told({"metadata": {"continue": str(next(tokens))}, "items": []}))
    with bounded(), pytest.raises(IpamError, match="the list to list ipaddressclaims in namespace ns without an end"):
        list(asking(endless).pages(path("p"), PLACE))
    again = Answers(lambda _url: told({"metadata": {"continue": "same"}, "items": []}))
    with pytest.raises(IpamError, match="without an end"):
        list(asking(again).pages(path("p"), PLACE))
    assert again.count == 2


def test_a_list_of_more_objects_than_there_can_be_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "_OBJECTS", 2500)
    tokens = itertools.count(1)
    many = Answers(lambda _url: told({"metadata": {"continue": str(next(tokens))}, "items": [{}] * 1000}))
    with pytest.raises(IpamError, match="without an end"):
        list(asking(many).pages(path("p"), PLACE))
    assert many.count == 3


def said(work: t.Callable[[], t.Any]) -> str:
    """The sentence of its IpamError."""
    return str(pytest.raises(IpamError, work).value)


@pytest.mark.parametrize(
    "data",
    [
        b" " * (bodies.LARGEST + 1),
        b"[" + b"{}," * (4 * MIB) + b"{}]",
        b'{"a": [' + b"1," * (7 * MIB) + b"1]}",
        b'{"a": ' + b"[" * (2 * MIB),
        b'{"a": ' * 100_000,
        b'["' + "😀".encode() + b"x" * (15 * MIB) + b'"]',
        b'{"a": ' + b"1" * MIB + b"}",
    ],
    ids=["blanks", "dictionaries", "numbers", "nested lists", "nested dictionaries", "one wide text", "one number"],
)
def test_an_answer_without_an_end_is_bounded(data: bytes) -> None:
    huge = Answers(lambda _url: Response(200, data, {}))
    with bounded():
        assert said(lambda: asking(huge).get(path("p"), PLACE)).startswith("the Kubernetes API ")


def test_an_answer_that_goes_on_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A time-out of a socket would not end it: each byte is in time."""
    monkeypatch.setattr(api, "_WHOLE", 0.01)
    monkeypatch.setattr(api, "_FIRST_PATIENCE", 0.0)
    dripping, end = told({}), threading.Event()
    dripping.read = lambda *_amount, **_options: bytes(end.wait(60))  # type: ignore[method-assign]
    try:
        assert "did not end within 0.01 s" in said(lambda: asking(Answers(lambda _url: dripping)).get(path("p"), PLACE))
    finally:
        end.set()


def test_a_page_that_is_too_large_is_asked_for_in_smaller_ones() -> None:
    def answer(url: str) -> Response:
        if "limit=1000" in url:
            return Response(200, b" " * (bodies.LARGEST + 1), {})
        following = {} if "continue=" in url else {"continue": "2"}
        return told({"metadata": {"resourceVersion": "1", **following}, "items": [{}]})

    pages = list(asking(Answers(answer)).pages(path("p"), PLACE))
    assert [len(page.items) for page in pages] == [1, 1]


def watched(answers: t.Any) -> Watch:
    return Watch(asking(answers), CLAIMS, "ns", "1", "")


def test_a_line_without_an_end_is_refused() -> None:
    endless = Response(200, b"", {})
    endless.stream = lambda *_amount, **_options: itertools.repeat(b"x" * 1000)  # type: ignore[method-assign]
    with bounded(), watched(Answers(lambda _url: endless)) as watch:
        failure = pytest.raises(IpamError, watch.next, 30)
    assert "a line of more than 4 MiB" in str(failure.value)


def test_lines_in_pieces_are_whole() -> None:
    pieces = Response(200, b"", {})
    pieces.stream = lambda *_amount, **_options: iter([b"ab", b"c\n\nd", b"", b"e\nf\n", b"rest"])  # type: ignore[method-assign]
    assert list(bodies.lines(pieces, "h", "watch")) == [b"abc", b"de", b"f"]


def test_a_watch_that_ends_at_once_is_no_busy_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it was accepted, refused for a while, or tells an error: there is a pause before the next one."""
    monkeypatch.setattr(watching, "_PAUSE", 30.0)
    failed = [{"type": "ERROR", "object": {"code": 500}}]
    bookmark = [{"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "2"}}}]
    expired = [{"type": "ERROR", "object": {"code": 410}}]
    for events in ([], failed, bookmark, expired):
        data = b"".join(json.dumps(event).encode() + b"\n" for event in events)
        ended = threading.Semaphore(0)

        def answer(url: str, data: bytes = data, ended: threading.Semaphore = ended) -> Response:
            if "watch=1" not in url:
                return told({"metadata": {"resourceVersion": "3"}, "items": []})
            response = Response(200, data, {})
            response.close = ended.release  # type: ignore[method-assign, assignment]
            return response

        answers = Answers(answer)
        with watched(answers) as watch:
            assert ended.acquire(timeout=10)
            assert not ended.acquire(timeout=0.2)
            assert answers.count == (2 if events is expired else 1)
            watch._ended.set()


def changed_claim() -> dict[str, t.Any]:
    """What a watch says of a claim."""
    metadata = {"resourceVersion": "2", "name": "a", "namespace": "ns", "uid": "u"}
    return {"metadata": metadata, "spec": {"poolRef": {"kind": "InClusterIPPool", "name": "p"}}}


def test_a_flood_of_changes_waits_until_it_is_taken() -> None:
    line = json.dumps({"type": "MODIFIED", "object": changed_claim()}).encode() + b"\n"
    read = itertools.count()
    flood = Response(200, b"", {})
    flood.stream = lambda *_amount, **_options: (line for _each in read)  # type: ignore[method-assign]
    with watched(Answers(lambda _url: flood)) as watch:
        assert watch.next(10) is not None
        while not watch._queue.full():
            assert threading.Event().wait(0.01) is False
        assert next(read) <= watching._AHEAD + 10


@pytest.mark.parametrize("header", ["9" * 400, "²", "-1", "nan", "1e9", "\x00"])
def test_how_long_to_wait_is_a_number(header: str) -> None:
    assert 0 <= seconds_asked(header, {}) <= 10**9
    assert 0 <= seconds_asked(None, {"details": {"retryAfterSeconds": 10**400}}) <= 10**9
    assert seconds_asked(None, {"details": {"retryAfterSeconds": float("nan")}}) == 0
    assert seconds_asked(None, {"details": {"retryAfterSeconds": True}}) == 0


class _Elsewhere(http.server.BaseHTTPRequestHandler):
    """Sends every request to ``place``, and remembers who came."""

    place = ""
    came: t.ClassVar[list[tuple[int, str | None]]] = []

    def do_GET(self) -> None:  # noqa: N802 as http.server wants it
        """One request."""
        self.came.append((self.server.server_address[1], self.headers.get("Authorization")))
        self.send_response(307)
        self.send_header("Location", self.place)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments: t.Any) -> None:
        """Say nothing."""


def test_credentials_do_not_follow_a_redirect() -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), _Elsewhere) as first, http.server.HTTPServer(
        ("127.0.0.1", 0), _Elsewhere
    ) as other:
        for each in (first, other):
            threading.Thread(target=each.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        _Elsewhere.place = f"http://localhost:{other.server_port}/"
        host = f"http://127.0.0.1:{first.server_port}"
        connection = Connection(host, urllib3.PoolManager(), lambda: {"authorization": "Bearer secret"})
        with pytest.raises(IpamError, match=r"to another address \(HTTP 307\), where the credentials do not go"):
            Api(connection, Progress(lambda _line: None)).get(path("p"), PLACE)
        assert _Elsewhere.came == [(first.server_port, "Bearer secret")]
        for each in (first, other):
            each.shutdown()


class _Watched(http.server.BaseHTTPRequestHandler):
    """Sends one change, and keeps the watch open."""

    protocol_version = "HTTP/1.1"
    done = threading.Event()

    def do_GET(self) -> None:  # noqa: N802 as http.server wants it
        """One request."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        line = json.dumps({"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "7"}}}).encode() + b"\n"
        line += json.dumps({"type": "MODIFIED", "object": changed_claim()}).encode() + b"\n"
        self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        self.wfile.flush()
        self.done.wait(30)

    def log_message(self, *_arguments: t.Any) -> None:
        """Say nothing."""


def test_a_change_is_seen_while_its_watch_goes_on() -> None:
    """What is read at once is bounded, and yet nothing waits until there is so much."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Watched) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        connection = Connection(f"http://127.0.0.1:{server.server_port}", urllib3.PoolManager(), dict)
        with Watch(Api(connection, Progress(lambda _line: None)), CLAIMS, "ns", "1", "") as watch:
            change = watch.next(20)
            assert not _Watched.done.is_set()
            _Watched.done.set()
        assert change is not None
        assert [each.claim.name for each in change.claims] == ["a"]
        server.shutdown()


@pytest.mark.parametrize("where", ["message", "reason"])
def test_what_a_provider_says_is_short_and_no_terminal_obeys_it(where: str) -> None:
    hostile = "\x1b]0;pwned\x07\n" + "x" * 100_000
    condition = {"type": "Ready", "status": "False", "reason": "PoolExhausted", "message": "none left", where: hostile}

    def refuses(_number: int, status: int, content: t.Any) -> tuple[int, t.Any]:
        for item in content if isinstance(content, list) else content.get("items", []):
            item.get("object", item)["status"] = {"conditions": [condition]}
        return status, content

    with pytest.raises(IpamError) as error:
        serve(Server(refuses), [asked("a")])
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 800
