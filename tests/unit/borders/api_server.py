# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An API server and a provider without a network: they answer at once, and a test may change what they say."""

from __future__ import annotations

import copy
import json
import time
import types
import typing as t
from urllib.parse import parse_qs, urlsplit

from ansible_collections.elemental.networking.plugins.module_utils import _ipam_module
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes import (
    api,
    backend,
    claiming,
    pacing,
    parallel,
    pools,
    waiting,
    watching,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.connection import Connection

GROUP = "ipam.cluster.x-k8s.io"
POOL_KIND = "InClusterIPPool"
KINDS = {"ipaddressclaims": "IPAddressClaim", "ipaddresses": "IPAddress", "inclusterippools": POOL_KIND}
MANIFEST = {
    "apiVersion": f"{GROUP}/v1alpha2",
    "kind": POOL_KIND,
    "metadata": {"name": "p", "namespace": "ns"},
    "spec": {"addresses": ["10.0.0.10-10.0.0.99"], "prefix": 24, "gateway": "10.0.0.1"},
}
OWNERS = ("a", "b", "new")
OWNER = {"apiVersion": "elemental.cattle.io/v1beta1", "kind": "MachineInventory", "name": "b", "uid": None}

Sent = t.Tuple[int, t.Any]


class Response:
    """What urllib3 gives; ``data`` is the body."""

    def __init__(self, status: int, data: bytes, headers: dict[str, str]) -> None:
        self.status, self._data, self.headers = status, data, headers

    def read(self, amount: int, decode_content: bool = False) -> bytes:
        """The beginning of what is left."""
        data, self._data = self._data[:amount], self._data[amount:]
        return data

    def stream(self, amount: int, decode_content: bool = False) -> t.Iterator[bytes]:
        """All of it, in pieces."""
        while self._data:
            yield self.read(amount)

    def release_conn(self) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """Nothing is open."""


class Server:
    """Claims are served as soon as they are made. ``change`` gets number, status and content of each answer; it gives the one to send.

    Content that is bytes is sent as it is; a watch is a list of events.
    """

    def __init__(
        self, change: t.Callable[[int, int, t.Any], Sent] = lambda _number, status, content: (status, content)
    ):
        self._change = change
        self.objects: dict[str, dict[str, t.Any]] = {plural: {} for plural in KINDS}
        self.objects["inclusterippools"]["p"] = copy.deepcopy(MANIFEST)
        self.events: list[t.Any] = []
        self.paths: list[str] = []
        self.used: set[tuple[str, str]] = set()
        self.headers: dict[str, str] = {}
        self.inventories: list[t.Any] = [
            {"metadata": {"name": name, "namespace": "ns", "uid": f"u-{name}"}} for name in OWNERS
        ]
        self.lists_owners = True
        # pools whose provider lets the addresses of released claims rest
        self.resting: set[str] = set()

    def request(self, method: str, url: str, **options: t.Any) -> Response:
        """Answer one request."""
        place = urlsplit(url)
        self.paths.append(place.path)
        query = {name: each[0] for name, each in parse_qs(place.query).items()}
        found = self._answer(method, place.path, query, json.loads(options.get("body") or "null"))
        status, content = self._change(len(self.paths) - 1, *copy.deepcopy(found))
        if isinstance(content, list):
            content = b"".join(json.dumps(each).encode() + b"\n" for each in content)
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        return Response(status, data, self.headers)

    def _answer(self, method: str, path: str, query: dict[str, str], body: t.Any) -> Sent:
        if path == f"/apis/{GROUP}":
            return 200, {"preferredVersion": {"version": "v1beta2"}, "versions": [{"version": "v1beta2"}]}
        if path.startswith("/apis/elemental.cattle.io/"):
            return self._owners(path)
        plural, _slash, name = path.partition("/namespaces/ns/")[2].partition("/")
        if not plural and path.rpartition("/")[2] in KINDS:
            plural = path.rpartition("/")[2]
        if not plural:
            kinds = [{"name": name, "kind": kind, "namespaced": True} for name, kind in KINDS.items()]
            return 200, {"resources": kinds}
        self.used.add((_verb(method, name, query), plural))
        if "watch" in query:
            return 200, self.events[int(query["resourceVersion"]) :] if query["resourceVersion"].isdigit() else []
        if method == "GET" and not name:
            version = {"resourceVersion": str(len(self.events))}
            return 200, {"metadata": version, "items": list(self.objects[plural].values())}
        is_dry = "dryRun" in query or (isinstance(body, dict) and "dryRun" in body)
        kept = copy.deepcopy((self.objects, self.events)) if is_dry else (self.objects, self.events)
        sent = self._changed(method, plural, name, body)
        self.objects, self.events = kept
        return sent

    def _owners(self, path: str) -> Sent:
        if path.endswith("machineinventories"):
            if not self.lists_owners:
                return 403, {"message": 'User "x" cannot list resource "machineinventories" in API group'}
            return 200, {"metadata": {}, "items": self.inventories}
        return 200, {"resources": [{"name": "machineinventories", "kind": "MachineInventory", "namespaced": True}]}

    def _changed(self, method: str, plural: str, name: str, body: t.Any) -> Sent:
        known = self.objects[plural]
        if method == "POST":
            name = body["metadata"]["name"]
            if name in known:
                return 409, {"reason": "AlreadyExists"}
            known[name] = body
            body["metadata"].update(
                uid=f"{plural[:3]}-{name}-{len(self.events)}", resourceVersion=str(len(self.events))
            )
            sent = copy.deepcopy(body)
            if plural == "ipaddressclaims":
                self._serve(body)
            return 201, sent
        if name not in known:
            return 404, {"reason": "NotFound"}
        if not _holds(body, known[name]["metadata"]):
            return 409, {"reason": "Conflict"}
        if method == "PATCH":
            known[name] = _merged(known[name], body)
        if method == "DELETE" and known[name]["spec"].get("poolRef", {}).get("name") in self.resting:
            known[name]["metadata"]["deletionTimestamp"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            self._tell("MODIFIED", known[name])
        elif method == "DELETE":
            self._tell("DELETED", known.pop(name))
            self.objects["ipaddresses"].pop(name, None)
        elif method == "PATCH" and plural == "ipaddressclaims":
            self._tell("MODIFIED", known[name])
        return 200, known.get(name, {})

    def _serve(self, claim: t.Any) -> None:
        """What a provider does."""
        name, addresses, pool = claim["metadata"]["name"], self.objects["ipaddresses"], claim["spec"]["poolRef"]
        if name not in addresses:  # one of the claim's name is kept
            subnet = f"10.0.{0 if pool['name'] == 'p' else 1}"
            used = {each["spec"]["address"] for each in addresses.values()}
            free = next(f"{subnet}.{number}" for number in range(10, 100) if f"{subnet}.{number}" not in used)
            spec = {"address": free, "prefix": 24, "gateway": f"{subnet}.1", "claimRef": {"name": name}}
            addresses[name] = {
                "metadata": {"name": name, "namespace": "ns", "uid": f"a-{name}"},
                "spec": {**spec, "poolRef": pool},
            }
        claim["status"] = {"addressRef": {"name": name}, "conditions": [{"type": "Ready", "status": "True"}]}
        self._tell("MODIFIED", claim)

    def _tell(self, kind: str, item: t.Any) -> None:
        if "uid" in item["metadata"]:
            item["metadata"]["resourceVersion"] = str(len(self.events) + 1)
            self.events.append({"type": kind, "object": copy.deepcopy(item)})


def _holds(body: t.Any, metadata: t.Mapping[str, t.Any]) -> bool:
    """Whether an object is the one that a delete or a patch is for."""
    conditions = (body or {}).get("preconditions") or {"uid": ((body or {}).get("metadata") or {}).get("uid")}
    return all(wanted in (None, metadata.get(field)) for field, wanted in conditions.items())


def _merged(before: t.Any, patch: t.Any) -> t.Any:
    """A merge patch (RFC 7386)."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(before) if isinstance(before, dict) else {}
    for name, value in patch.items():
        merged[name] = _merged(merged.get(name), value)
    return {name: value for name, value in merged.items() if value is not None}


def _verb(method: str, name: str, query: t.Mapping[str, str]) -> str:
    """What RBAC calls a request."""
    reading = "watch" if "watch" in query else "get" if name else "list"
    return {"POST": "create", "PATCH": "patch", "DELETE": "delete"}.get(method, reading)


def impatient(monkeypatch: t.Any) -> None:
    """Wait for nothing: this server answers at once, or never."""
    for module, name, seconds in (
        (api, "_FIRST_PATIENCE", 0.0),
        (api, "_PATIENCE", 0.0),
        (claiming, "_STATUS_LAG", 0.0),
        (claiming, "_TAKE_BACK", 0.0),
        (pacing, "_SECONDS_PER_CLAIM", 0.0),
        (parallel, "WIDTH", 1),
        (pools, "_STATUS_PATIENCE", 0.0),
        (waiting, "_TICK", 0.005),
        (waiting, "_QUIET", 0.01),
        (watching, "_PAUSE", 0.005),
    ):
        monkeypatch.setattr(module, name, seconds)


def kubernetes(server: Server) -> backend.KubernetesBackend:
    """The backend of this server."""
    return backend.KubernetesBackend(lambda: Connection("https://h", server, dict), 0.05, False, lambda _line: None)


def asked(machine: str, **more: t.Any) -> dict[str, t.Any]:
    """The options of a claim."""
    reference = {"apiGroup": GROUP, "kind": POOL_KIND, "name": "p"}
    return {"machine": machine, "key": "ip", "pool": reference, "host": machine, **more}


def serve(
    server: Server,
    claims: t.Sequence[t.Mapping[str, t.Any]],
    state: str = "present",
    check_mode: bool = False,
    selector: t.Mapping[str, t.Any] | None = None,
    **params: t.Any,
) -> dict[str, t.Any]:
    """What the module ip_address_claims returns."""
    given = {"namespace": "ns", "state": state, "pools": [], "backend": "kubernetes", **params}
    module = types.SimpleNamespace(params=given, check_mode=check_mode, warn=lambda _line: None)
    with kubernetes(server) as opened:
        return _ipam_module.serve_claims(t.cast(t.Any, module), opened, claims, selector)
