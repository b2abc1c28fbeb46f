# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to an API server: retried while there is hope, over connections that are kept alive."""

from __future__ import annotations

import json
import random
import threading
import time
import typing as t
from dataclasses import dataclass
from urllib.parse import urlencode

from ..._in_time import begun, in_time
from .bodies import NoJson, TooLarge, parsed, whole
from .errors import (
    RequestTarget,
    Unreachable,
    Untrusted,
    may_pass,
    no_answer,
    parse_status,
    refusal,
    seconds_asked,
    unreachable,
)
from .paths import Path
from .progress import Progress
from .reading import Object, following, malformed, mappings, optional_mapping

if t.TYPE_CHECKING:
    from .connection import Connection

Query = t.Mapping[str, t.Union[str, int]]
# seconds; an API server that never answered is probably the wrong one, one that did is probably starting again
_FIRST_PATIENCE = 6.0
_PATIENCE = 60.0
_LONGEST_PAUSE = 2.0
# an API server that has just started answers 401 and 403 to everybody until it has read its users and roles
_STARTING = 15.0
_CONNECT, _READ = 5.0, 30.0
# for a whole answer: a server may send a byte now and then
_WHOLE = 120.0
# objects in a page, and in the smallest one where an answer is too large; pages and objects in a list
_PAGE, _SMALLEST_PAGE = 1000, 10
_PAGES, _OBJECTS = 2000, 200_000


@dataclass(frozen=True)
class Page:
    """A part of a list; ``following`` is what the next one is asked for with. Without items it shows only where to go on."""

    items: t.Sequence[Object]
    version: str
    following: str
    has_items: bool


class Api:
    """One API server; safe for threads."""

    def __init__(self, connection: Connection, progress: Progress) -> None:
        self.host = connection.host
        self._progress = progress
        self._connection = connection
        self._answered = threading.Event()
        self._lost = float("-inf")
        self.requests = 0

    def get(self, path: Path, place: RequestTarget, query: Query | None = None) -> Object:
        """One object, or a Status or a list; Refused and Unreachable are raised when the retries are over."""
        return self._request("GET", path, place, query)

    def post(
        self, path: Path, place: RequestTarget, body: Object, dry_run: bool = False, strict: bool = False
    ) -> Object:
        """Create an object. With ``strict`` a field that its definition does not have is refused, else the server drops it."""
        return self._request("POST", path, place, _writing(dry_run, strict), body)

    def patch(
        self, path: Path, place: RequestTarget, body: Object, dry_run: bool = False, strict: bool = False
    ) -> Object:
        """Change an object by a merge patch, the only one besides JSON patch that custom resources know."""
        return self._request("PATCH", path, place, _writing(dry_run, strict), body, "application/merge-patch+json")

    def delete(self, path: Path, place: RequestTarget, body: Object | None = None, dry_run: bool = False) -> Object:
        """Delete an object."""
        if dry_run and body is not None:  # the server reads no query where a delete has a body
            body = {**body, "dryRun": ["All"]}
        return self._request("DELETE", path, place, _writing(dry_run), body)

    def pages(
        self, path: Path, place: RequestTarget, selector: str = "", name: str = "", size: int = _PAGE
    ) -> t.Iterator[Page]:
        """All pages of a list, of objects with this label or this name where one is given.

        One that expired on the way (410) is followed by the newer rest that the server offers. The next page is asked for before one is
        given, so that the server works while the caller does.

        A page of ``size`` objects that is too large is asked for again with fewer; a list without an end is Malformed.
        """
        query: dict[str, str | int] = {"limit": size}
        if selector:
            query["labelSelector"] = selector
        if name:
            query["fieldSelector"] = f"metadata.name={name}"
        count = 0
        page = self._fitting(path, place, query)
        for _page in range(_PAGES):
            count += len(page.items)
            goes_on = bool(page.following) and count <= _OBJECTS and page.following != query.get("continue")
            if goes_on:
                query["continue"] = page.following
                coming = begun(lambda: self._fitting(path, place, query))
            if page.has_items:
                yield page
            if not page.following:
                return
            if not goes_on:
                break
            page = coming(None)
        raise malformed(f"the list to {place}", "without an end")

    def _fitting(self, path: Path, place: RequestTarget, query: dict[str, str | int]) -> Page:
        """A page; where it is too large, with fewer objects, as all that follow: the query is changed to that."""
        try:
            return self._page(path, place, query)
        except TooLarge:
            if query["limit"] == _SMALLEST_PAGE:
                raise
            query["limit"] = _SMALLEST_PAGE
            return self._page(path, place, query)

    def _page(self, path: Path, place: RequestTarget, query: Query) -> Page:
        what = f"the list to {place}"
        found = self._request("GET", path, place, query, expired_page=True)
        metadata = optional_mapping(found.get("metadata"), what, "metadata")
        version = metadata.get("resourceVersion")
        return Page(
            mappings(found.get("items"), what, "items"),
            version if isinstance(version, str) else "",
            following(metadata, what),
            "items" in found,
        )

    def stream(self, path: Path, query: Query, seconds: float) -> t.Any:
        """An open watch, for the caller to read lines of and to close; one attempt. ``seconds`` is how long it may be silent."""
        return self._send("GET", f"{path}?{urlencode(query)}", None, "", stream_seconds=seconds)

    def _request(
        self,
        method: str,
        path: Path,
        place: RequestTarget,
        query: Query | None,
        body: Object | None = None,
        kind: str = "application/json",
        expired_page: bool = False,
    ) -> Object:
        url = f"{path}?{urlencode(query)}" if query else path
        data = None if body is None else json.dumps(body).encode()
        began, attempt = time.monotonic(), 0
        while True:
            attempt += 1
            pause = min(_LONGEST_PAUSE, 0.1 * 2 ** min(attempt, 6)) * random.uniform(0.5, 1.0)
            failure: Exception
            try:
                response, answer = in_time(_WHOLE, lambda: self._exchanged(method, url, data, kind, place))
                if 200 <= response.status < 300:
                    return self._accepted(answer, place)
                self._answered.set()
                status = parse_status(answer)
                if expired_page and response.status == 410 and _goes_on(status):
                    return {"metadata": status["metadata"]}
                failure = refusal(self.host, response.status, status, place)
                if not self.may_pass(response.status):
                    raise failure
                pause = max(pause, seconds_asked(response.headers.get("Retry-After"), status))
            except NoJson as error:  # a connection that breaks may leave a part of an answer
                failure = no_answer(self.host, str(error))
            except (OSError, ValueError) + _network_errors() as error:
                failure = self.lost(error)
                if isinstance(failure, Untrusted):
                    raise failure from error
            if time.monotonic() - began + pause > self._patience(failure):
                raise failure
            self._progress.say(lambda reason=failure: f"trying again: {reason}")  # type: ignore[misc]
            time.sleep(pause)

    def _exchanged(
        self, method: str, url: str, data: bytes | None, kind: str, place: RequestTarget
    ) -> tuple[t.Any, bytes]:
        """A response and its whole content."""
        response = self._send(method, url, data, kind)
        return response, whole(response, self.host, str(place))

    def _accepted(self, answer: bytes, place: RequestTarget) -> Object:
        found = parsed(answer, self.host, str(place))
        self._answered.set()
        return found

    def may_pass(self, code: int) -> bool:
        """Whether the same request may succeed later; a refusal of rights may, soon after the server was away."""
        starting = self._answered.is_set() and time.monotonic() - self._lost < _STARTING
        return may_pass(code) or (starting and code in (401, 403))

    def lost(self, error: Exception) -> Unreachable:
        """Report that a connection broke; returns the sentence."""
        self._lost = time.monotonic()
        return unreachable(self.host, error)

    def _patience(self, failure: Exception) -> float:
        if isinstance(failure, Unreachable) and not self._answered.is_set():
            return _FIRST_PATIENCE
        return _PATIENCE

    def _send(self, method: str, path: str, data: bytes | None, kind: str, stream_seconds: float = 0.0) -> t.Any:
        self.requests += 1
        headers = _header_dict(self._connection.headers())
        headers["Accept"] = "application/json"
        headers["User-Agent"] = "elemental.networking"
        if data is not None:
            headers["Content-Type"] = kind
        return self._connection.pool.request(
            method,
            self.host + path,
            body=data,
            headers=headers,
            retries=False,
            redirect=False,  # the credentials are for this server
            timeout=_timeout(stream_seconds or _READ),
            preload_content=False,  # how much is read is ours to decide
        )


def _goes_on(status: Object) -> bool:
    """Whether the Status of a list that expired shows where its newer rest begins."""
    metadata = status.get("metadata")
    return isinstance(metadata, dict) and bool(metadata.get("continue"))


def _writing(dry_run: bool, strict: bool = False) -> dict[str, str | int] | None:
    query: dict[str, str | int] = {"fieldValidation": "Strict"} if strict else {}
    return {**query, "dryRun": "All"} if dry_run else query or None


def _network_errors() -> tuple[type[Exception], ...]:
    """urllib3 comes with the kubernetes library, which may be absent: imported late."""
    import urllib3

    return (urllib3.exceptions.HTTPError,)


def _timeout(read: float) -> t.Any:
    import urllib3

    return urllib3.Timeout(connect=_CONNECT, read=read)


def _header_dict(headers: t.Mapping[str, str | list[str]]) -> t.Any:
    """Groups to impersonate are one header each."""
    import urllib3

    found = urllib3.HTTPHeaderDict()
    for name, value in headers.items():
        for each in value if isinstance(value, list) else [value]:
            found.add(name, each)
    return found
