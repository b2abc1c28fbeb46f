# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One watch on the claims of a namespace, in a thread: resumed when it breaks, started from a new list when it expired."""

from __future__ import annotations

import queue
import threading
import time
import typing as t
from dataclasses import dataclass

from ..model import IpamError
from .api import Api
from .bodies import lines, parsed, whole
from .claims import inside
from .discovery import Resource
from .errors import RequestTarget, parse_status, refusal
from .objects import ObservedClaim, found
from .reading import Object, malformed, mapping, text

# the server ends a watch that is older; a silent one is broken when even its bookmarks (one a minute) stay out
_WATCH_SECONDS = 300
_SILENCE = 90.0
# between two openings: a watch may end as soon as it began, time and again
_PAUSE = 0.5
# changes that wait to be taken; a server may send them faster than that
_AHEAD = 1000


@dataclass(frozen=True)
class Change:
    """``claims`` are new or changed, ``gone`` are deleted ones; with ``complete`` what is not named is gone, too."""

    claims: tuple[ObservedClaim, ...] = ()
    gone: tuple[ObservedClaim, ...] = ()
    complete: bool = False


class Watch:
    """Changes since a resource version. Use it as a context manager."""

    def __init__(self, api: Api, resource: Resource, namespace: str, version: str, selector: str) -> None:
        self._api, self._resource, self._namespace, self._selector = api, resource, namespace, selector
        self._version = version
        self._queue: queue.Queue[Change | IpamError] = queue.Queue(_AHEAD)
        self._ended = threading.Event()
        self.trouble = ""

    def __enter__(self) -> Watch:
        threading.Thread(target=self._run, name="claims", daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        # the thread ends with its next line; it is a daemon and holds nothing that is waited for
        self._ended.set()

    def next(self, seconds: float) -> Change | None:
        """The next change, or None when there is none for that long. Raises IpamError when the watch is refused."""
        try:
            change = self._queue.get(timeout=seconds)
        except queue.Empty:
            return None
        if isinstance(change, IpamError):
            raise change
        return change

    def look(self) -> Change:
        """All claims as they are now: a watch that reports nothing may be a connection that is dead on the other side."""
        return self._listed()[0]

    def _run(self) -> None:
        while not self._ended.is_set():
            opened = time.monotonic()
            try:
                self._follow()
            except IpamError as error:
                self._put(error)
                return
            except Exception as error:  # anything that breaks a stream: look again from where we are
                self.trouble = str(self._api.lost(error))
            self._ended.wait(max(0.0, opened + _PAUSE - time.monotonic()))

    def _put(self, change: Change | IpamError) -> None:
        """Hand a change over, as soon as there is room for it; no one takes what comes after the end."""
        while not self._ended.is_set():
            try:
                self._queue.put(change, timeout=_PAUSE)
            except queue.Full:
                continue
            return

    def _follow(self) -> None:
        query: dict[str, str | int] = {
            "watch": 1,
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version,
            "timeoutSeconds": _WATCH_SECONDS,
        }
        if self._selector:
            query["labelSelector"] = self._selector
        response = self._api.stream(self._resource.path(self._namespace), query, _SILENCE)
        try:
            if response.status != 200:
                self._refused(response)
                return
            self.trouble = ""
            what = f"watch {self._resource.plural} in namespace {self._namespace}"
            for line in lines(response, self._api.host, what):
                if self._ended.is_set() or not self._event(parsed(line, self._api.host, what)):
                    return
        finally:
            response.close()

    def _refused(self, response: t.Any) -> None:
        place = RequestTarget("watch", self._resource.plural, self._namespace)
        status = parse_status(whole(response, self._api.host, str(place)))
        if response.status == 410:
            self._list_again()
            return
        error = refusal(self._api.host, response.status, status, place)
        if not self._api.may_pass(response.status):
            raise error
        self.trouble = str(error)

    def _event(self, event: Object) -> bool:
        """Take one event in; False when the watch must be opened again. Raises Malformed."""
        kind, item = event.get("type"), mapping(event.get("object"), "a change in a watch", "object")
        if kind == "ERROR":
            if item.get("code") == 410:
                self._list_again()
            return False
        if kind not in ("ADDED", "MODIFIED", "DELETED", "BOOKMARK"):
            raise malformed("a change in a watch", "of no type that there is")
        metadata = mapping(item.get("metadata"), "a change in a watch", "object.metadata")
        self._version = text(metadata, "resourceVersion", "a change in a watch", "object.metadata")
        if kind == "DELETED":
            self._put(Change(gone=(inside(found(item), self._namespace),)))
        elif kind != "BOOKMARK":
            self._put(Change(claims=(inside(found(item), self._namespace),)))
        return True

    def _list_again(self) -> None:
        """The server has forgotten what happened since our version."""
        change, self._version = self._listed()
        self._put(change)

    def _listed(self) -> tuple[Change, str]:
        claims: list[ObservedClaim] = []
        version = ""
        place = RequestTarget("list", self._resource.plural, self._namespace)
        for page in self._api.pages(self._resource.path(self._namespace), place, self._selector):
            claims += [inside(found(item), self._namespace) for item in page.items]
            version = version or page.version
        return Change(claims=tuple(claims), complete=True), version
