# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A double of AWX's API: it keeps what it is given, finds it by its fields, and associates. It checks nothing but surveys and types."""

from __future__ import annotations

import json
import threading
import typing as t
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from tests.awx.rules import faults_of_survey, faults_of_type

_PREFIX = "/api/v2/"
_TYPES = {"inventories": "inventory"}
_TEMPLATES = ("job_templates", "inventory_sources", "projects", "workflow_job_templates", "workflow_approval_templates")


class Api:
    """The objects of an AWX, by endpoint, and how often something was written."""

    def __init__(self) -> None:
        self.objects: dict[str, list[dict[str, t.Any]]] = {}
        self.associations: dict[str, list[int]] = {}
        self.surveys: dict[int, t.Any] = {}
        self.writes: list[str] = []
        self._number = 0
        self.add("organizations", {"name": "Default"})

    def add(self, endpoint: str, values: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """A new object."""
        self._number += 1
        url = f"{_PREFIX}{endpoint}/{self._number}/"
        related = {"survey_spec": f"{url}survey_spec/"}
        made = {
            "id": self._number,
            "type": _TYPES.get(endpoint, endpoint[:-1]),
            "url": url,
            "related": related,
            "summary_fields": {},
        }
        more = {"scm_revision": ""} if endpoint == "projects" else {}
        self.objects.setdefault(endpoint, []).append({**made, **more, **values})
        return self.objects[endpoint][-1]

    def named(self, endpoint: str) -> dict[str, dict[str, t.Any]]:
        """The objects of an endpoint by name."""
        return {each.get("name") or each["identifier"]: each for each in self.objects.get(endpoint, [])}

    def get(self, path: str, query: t.Mapping[str, str]) -> t.Any:
        """What a GET answers."""
        endpoint, number, more = _parts(path)
        if number is None:
            names = _TEMPLATES if endpoint == "unified_job_templates" else (endpoint,)
            found = [each for name in names for each in self.objects.get(name, []) if _matches(each, query)]
            return _listed(found)
        if more == "survey_spec":
            return self.surveys.get(number, {})
        if more:
            every = {each["id"]: each for objects in self.objects.values() for each in objects}
            return _listed([every[each] for each in self.associations.get(path, [])])
        return self._object(endpoint, number)

    def post(self, path: str, values: dict[str, t.Any]) -> tuple[int, t.Any]:
        """What a POST answers."""
        self.writes.append(f"POST {path}")
        endpoint, number, more = _parts(path)
        if number is None:
            faults = faults_of_type(values) if endpoint == "credential_types" else []
            return (400, {"__all__": faults}) if faults else (201, self.add(endpoint, values))
        if more == "survey_spec":
            faults = faults_of_survey(values)
            self.surveys[number] = values
            return (400, {"error": faults}) if faults else (200, {})
        if more == "create_approval_template":
            made = self.add("workflow_approval_templates", values)
            node = self._object(endpoint, number)
            node["related"] = {**node["related"], "unified_job_template": made["url"]}
            return 201, made
        known = self.associations.setdefault(path, [])
        known.remove(values["id"]) if values.get("disassociate") else known.append(values["id"])
        return 204, None

    def patch(self, path: str, values: t.Mapping[str, t.Any]) -> t.Any:
        """What a PATCH answers."""
        self.writes.append(f"PATCH {path} {json.dumps(values)}")
        endpoint, number, _more = _parts(path)
        assert number is not None
        found = self._object(endpoint, number)
        found.update(values)
        return found

    def _object(self, endpoint: str, number: int) -> dict[str, t.Any]:
        return next(each for each in self.objects[endpoint] if each["id"] == number)


def _parts(path: str) -> tuple[str, int | None, str]:
    endpoint, _slash, rest = path.removeprefix(_PREFIX).strip("/").partition("/")
    number, _slash, more = rest.partition("/")
    return endpoint, int(number) if number else None, more


def _matches(found: t.Mapping[str, t.Any], query: t.Mapping[str, str]) -> bool:
    return all(str(found.get(name)) == value for name, value in query.items())


def _listed(found: list[dict[str, t.Any]]) -> dict[str, t.Any]:
    return {"count": len(found), "next": None, "previous": None, "results": found}


class Server:
    """The API on loopback, while this lasts."""

    def __init__(self) -> None:
        self.api = Api()

    def __enter__(self) -> Server:
        api = self.api

        class Handler(BaseHTTPRequestHandler):
            def _answer(self, status: int, content: t.Any) -> None:
                body = b"" if content is None else json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def _content(self) -> t.Any:
                return json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                self._answer(200, api.get(parts.path, dict(parse_qsl(parts.query))))

            def do_POST(self) -> None:
                self._answer(*api.post(urlsplit(self.path).path, self._content()))

            def do_PATCH(self) -> None:
                self._answer(200, api.patch(urlsplit(self.path).path, self._content()))

            def log_message(self, *_arguments: t.Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._server.server_port}"
