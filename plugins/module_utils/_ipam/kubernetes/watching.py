# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One watch on the claims of a namespace, in a thread: resumed when it breaks, started from a new list when it expired."""

from __future__ import annotations

import json
import queue
import threading
import typing as t
from dataclasses import dataclass

from ..model import IpamError
from .api import Api, Object
from .discovery import Resource
from .errors import Place, parse_status, refusal
from .objects import Found, found

# the server ends a watch that is older; a silent one is broken when even its bookmarks (one a minute) stay out
_WATCH_SECONDS = 300
_SILENCE = 90.0
_PAUSE = 0.5


@dataclass(frozen=True)
class Change:
    """``claims`` are new or changed, ``gone`` are deleted ones; with ``complete`` what is not named is gone, too."""

    claims: tuple[Found, ...] = ()
    gone: tuple[Found, ...] = ()
    complete: bool = False


class Watch:
    """Changes since a resource version. Use it as a context manager."""

    def __init__(self, api: Api, resource: Resource, namespace: str, version: str, selector: str) -> None:
        self._api, self._resource, self._namespace, self._selector = api, resource, namespace, selector
        self._version = version
        self._queue: queue.SimpleQueue[Change | Exception] = queue.SimpleQueue()
        self._ended = threading.Event()
        self.trouble = ""

    def __enter__(self) -> Watch:
        threading.Thread(target=self._run, name="claims", daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        # the thread ends with its next line; it is a daemon and holds nothing that anybody waits for
        self._ended.set()

    def next(self, seconds: float) -> Change | None:
        """The next change, or None when there is none for that long. Raises IpamError when the watch is refused."""
        try:
            change = self._queue.get(timeout=seconds)
        except queue.Empty:
            return None
        if isinstance(change, Exception):
            raise change
        return change

    def look(self) -> Change:
        """All claims as they are now: a watch that says nothing may be a connection that is dead on the other side."""
        return self._listed()[0]

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self._follow()
                self.trouble = ""
            except IpamError as error:
                self._queue.put(error)
                return
            except Exception as error:  # whatever breaks a stream: look again from where we are
                self.trouble = str(self._api.lost(error))
                self._ended.wait(_PAUSE)

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
            for line in _lines(response):
                if self._ended.is_set() or not self._event(json.loads(line)):
                    return
        finally:
            response.close()

    def _refused(self, response: t.Any) -> None:
        status = parse_status(response.read())
        if response.status == 410:
            self._list_again()
            return
        place = Place("watch", self._resource.plural, self._namespace)
        error = refusal(self._api.host, response.status, status, place)
        if not self._api.may_pass(response.status):
            raise error
        self.trouble = str(error)
        self._ended.wait(_PAUSE)

    def _event(self, event: Object) -> bool:
        """Take one event in; False when the watch has to be opened again."""
        kind, item = event["type"], event["object"]
        if kind == "ERROR":
            if item.get("code") == 410:
                self._list_again()
            else:
                self._ended.wait(_PAUSE)
            return False
        self._version = item["metadata"]["resourceVersion"]
        if kind == "DELETED":
            self._queue.put(Change(gone=(found(item),)))
        elif kind != "BOOKMARK":
            self._queue.put(Change(claims=(found(item),)))
        return True

    def _list_again(self) -> None:
        """The server has forgotten what happened since our version."""
        change, self._version = self._listed()
        self._queue.put(change)

    def _listed(self) -> tuple[Change, str]:
        claims: list[Found] = []
        version = ""
        place = Place("list", self._resource.plural, self._namespace)
        for page in self._api.pages(self._resource.path(self._namespace), place, self._selector):
            claims += [found(item) for item in page["items"]]
            version = version or page["metadata"]["resourceVersion"]
        return Change(claims=tuple(claims), complete=True), version


def _lines(response: t.Any) -> t.Iterator[bytes]:
    """The lines of a stream; urllib3 gives chunks."""
    rest = b""
    for chunk in response.stream(amt=None, decode_content=True):
        *complete, rest = (rest + chunk).split(b"\n")
        yield from (line for line in complete if line)
