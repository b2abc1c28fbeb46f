# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kinds of Elemental and of Cluster API, without their controllers: a test writes what these would."""

from __future__ import annotations

import contextlib
import http.client
import json
import queue
import ssl
import threading
import typing as t
import urllib.error
import urllib.parse

from ...stages.machine import REPOSITORY
from . import places, users
from .admin import Admin, Object
from .plane import Plane

_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_REAL = REPOSITORY / "tests/data/elemental/machineinventories-definition.manifest"
_THREADS = 4


def install(admin: Admin) -> None:
    """The real definition of MachineInventory, and loose ones of the kinds that own it."""
    admin.create(f"{_DEFINITIONS}?fieldValidation=Ignore", _REAL.read_bytes(), "application/yaml")
    admin.create(_DEFINITIONS, _loose(places.ELEMENTAL_GROUP, "MachineInventorySelector", "v1beta1"))
    admin.create(_DEFINITIONS, _loose(places.CLUSTER_GROUP, "Machine", "v1beta1"))
    admin.until("the kinds of Elemental", lambda: all(_is_served(admin, each) for each in _PATHS))


def remove(admin: Admin) -> None:
    """Remove the definitions, and all objects with them: other tests count on a cluster without Elemental."""
    for plural, version in _PATHS.items():
        with contextlib.suppress(urllib.error.HTTPError):
            admin.call("DELETE", f"{_DEFINITIONS}/{plural}.{version.partition('/')[0]}")
    admin.until("the end of the kinds of Elemental", lambda: not any(_is_served(admin, each) for each in _PATHS))


_PATHS = {
    "machineinventories": f"{places.ELEMENTAL_GROUP}/v1beta1",
    "machineinventoryselectors": f"{places.ELEMENTAL_GROUP}/v1beta1",
    "machines": f"{places.CLUSTER_GROUP}/v1beta1",
}


def path(plural: str, namespace: str, name: str = "") -> str:
    """The path of a list, or of an object."""
    return f"/apis/{_PATHS[plural]}/namespaces/{namespace}/{plural}{'/' + name if name else ''}"


def put(admin: Admin, item: Object, namespace: str, plural: str = "machineinventories") -> Object:
    """Create an object with its status, as two requests: the status is a resource of its own. Returns what the server has then."""
    made = t.cast(Object, admin.call("POST", path(plural, namespace), _body(item, namespace, plural)))
    if plural == "machineinventories" and item.get("status"):
        place = f"{path(plural, namespace, made['metadata']['name'])}/status"
        made = admin.call("PATCH", place, {"status": item["status"]}, "application/merge-patch+json")
    return made


def put_many(plane: Plane, items: t.Sequence[Object], namespace: str) -> None:
    """Create MachineInventories over a few connections that are kept alive."""
    waiting: queue.SimpleQueue[Object] = queue.SimpleQueue()
    for item in items:
        waiting.put(item)
    failures: list[BaseException] = []
    senders = [
        threading.Thread(target=_send, args=(plane, waiting, namespace, failures)) for _sender in range(_THREADS)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    if failures:
        raise failures[0]


def _send(plane: Plane, waiting: queue.SimpleQueue[Object], namespace: str, failures: list[BaseException]) -> None:
    server = urllib.parse.urlparse(plane.server)
    context = ssl.create_default_context(cafile=str(plane.folder / "pki/ca.crt"))
    connection = http.client.HTTPSConnection(str(server.hostname), server.port, context=context, timeout=60)
    token, collection = plane.token(users.ADMINISTRATOR), path("machineinventories", namespace)

    def call(method: str, place: str, body: Object, kind: str) -> None:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
        connection.request(method, place, json.dumps(body), headers)
        response = connection.getresponse()
        text = response.read()
        if response.status >= 300:
            raise AssertionError(text[:500])

    try:
        with contextlib.suppress(queue.Empty):
            while not failures:
                item = waiting.get_nowait()
                call("POST", collection, _body(item, namespace, "machineinventories"), "application/json")
                place = f"{collection}/{item['metadata']['name']}/status"
                call("PATCH", place, {"status": item["status"]}, "application/merge-patch+json")
    except BaseException as error:
        failures.append(error)


def _body(item: Object, namespace: str, plural: str) -> Object:
    """The object as one that does not exist yet."""
    kept = {
        name: value
        for name, value in item["metadata"].items()
        if name in ("name", "labels", "annotations", "ownerReferences")
    }
    kind = {"machineinventories": "MachineInventory", "machines": "Machine"}.get(plural, "MachineInventorySelector")
    return {**item, "apiVersion": _PATHS[plural], "kind": kind, "metadata": {**kept, "namespace": namespace}}


def _loose(group: str, kind: str, version: str) -> Object:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    names = {"plural": f"{kind.lower()}s", "singular": kind.lower(), "kind": kind}
    served = {"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.lower()}s.{group}"},
        "spec": {"group": group, "names": names, "scope": "Namespaced", "versions": [served]},
    }


def _is_served(admin: Admin, plural: str) -> bool:
    with contextlib.suppress(urllib.error.HTTPError):
        return any(each["name"] == plural for each in admin.call("GET", f"/apis/{_PATHS[plural]}")["resources"])
    return False
