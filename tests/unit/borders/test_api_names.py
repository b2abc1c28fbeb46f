# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No name, whether a manifest, a user or the server itself gave it, leads a request to anything but what it is the name of."""

from __future__ import annotations

import contextlib
import copy
import re
import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.paths import path
from ansible_collections.elemental.networking.plugins.module_utils._ipam.manifest import pool_from_manifest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError
from ansible_collections.elemental.networking.tests.unit.borders.api_server import (
    MANIFEST,
    OWNER,
    Sent,
    Server,
    asked,
    impatient,
    kubernetes,
    serve,
)

pytest.importorskip("urllib3")

_OTHERS = [
    "../../../../api/v1/namespaces/kube-system/secrets",
    "p/../../../../../api/v1/secrets",
    "p/status",
    "..%2f..%2fapi",
    "p?watch=1",
    "p#x",
    "p;x",
    "p\\x",
    "..",
    ".",
    "p%00",
    "p\n",
    "p q",
    "@evil.example",
    "P",
    "ä",
    "p" * 254,
]
_NAMES = [*_OTHERS, ""]
_GOOD = re.compile(
    r"/apis/ipam\.cluster\.x-k8s\.io(/v1(beta2|alpha2)(/namespaces/ns/(ipaddressclaims|ipaddresses|inclusterippools)(/[-a-z.]+)?)?)?\Z"
    r"|/apis/elemental\.cattle\.io/v1beta1(/namespaces/ns/machineinventories)?\Z"
)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    impatient(monkeypatch)


def refused(work: t.Callable[[], t.Any]) -> None:
    """Assert that it is refused in a sentence that is not as long as the name."""
    with pytest.raises(IpamError) as error:
        work()
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 600


@pytest.mark.parametrize("name", _OTHERS)
@pytest.mark.parametrize("field", ["apiGroup", "kind", "name"])
@pytest.mark.parametrize(("state", "check_mode"), [("present", False), ("present", True), ("absent", False)])
def test_the_pool_of_a_claim(name: str, field: str, state: str, check_mode: bool) -> None:
    if (field, name) == ("kind", "P"):
        return  # a kind has capital letters
    server, claim = Server(), asked("a")
    claim["pool"][field] = name
    refused(lambda: serve(server, [claim], state, check_mode))
    assert server.paths == []


@pytest.mark.parametrize("name", _OTHERS)
@pytest.mark.parametrize("field", ["namespace", "name", "machine", "key"])
def test_the_claim_itself(name: str, field: str) -> None:
    for state in ("present", "absent"):
        server = Server()
        refused(lambda server=server, state=state: serve(server, [{**asked("a"), field: name}], state))  # type: ignore[misc]
        assert server.paths == []


@pytest.mark.parametrize("name", _OTHERS)
@pytest.mark.parametrize("field", ["apiVersion", "kind", "name"])
def test_the_owner_of_a_claim(name: str, field: str) -> None:
    if (field, name) in (("kind", "P"), ("apiVersion", "p/status")):
        return  # a kind has capital letters, and an apiVersion a slash
    server = Server()
    refused(lambda: serve(server, [asked("a", owner={**OWNER, field: name})]))
    refused(lambda: serve(server, [], "absent", selector={"owner": {**OWNER, field: name}}))
    assert server.paths == []


@pytest.mark.parametrize("name", _OTHERS)
@pytest.mark.parametrize("field", ["name", "namespace"])
def test_the_manifest_of_a_pool(name: str, field: str) -> None:
    server = Server()
    manifest = {**copy.deepcopy(MANIFEST), "metadata": {"name": "p", field: name}}
    refused(lambda: serve(server, [asked("a")], pools=[manifest]))
    assert server.paths == []


@pytest.mark.parametrize("name", _NAMES)
def test_whatever_reaches_the_backend(name: str) -> None:
    server = Server()
    pool = pool_from_manifest(MANIFEST, "ns")
    with kubernetes(server) as backend:
        if name:  # an empty one is all namespaces
            refused(lambda: backend.list_claims(name))
            refused(lambda: backend.list_pools(name))
            refused(lambda: backend.find_claims([(name, "a-ip")]))
            refused(lambda: backend.delete_pool(pool.reference, name, False))
    assert all(_GOOD.match(each) for each in server.paths), server.paths


@pytest.mark.parametrize("name", _NAMES)
def test_the_path_itself(name: str) -> None:
    assert path("apis", "g.example", "v1", "namespaces", "ns") == "/apis/g.example/v1/namespaces/ns"
    refused(lambda: path("apis", name))


def _with(change: t.Callable[[t.Any], None], *keys: str) -> t.Callable[[int, int, t.Any], Sent]:
    """Change the answers that have one of these keys."""

    def apply(_number: int, status: int, content: t.Any) -> Sent:
        if isinstance(content, dict) and any(key in content for key in keys):
            change(content)
        return status, content

    return apply


@pytest.mark.parametrize("name", _NAMES)
def test_what_the_server_says_of_itself(name: str) -> None:
    """Plural names and versions of its discovery, and names of its objects, are data from outside as well."""

    def plurals(content: t.Any) -> None:
        content["resources"] += [{"name": name, "kind": "InClusterIPPool", "namespaced": True}]
        content["resources"].sort(key=lambda each: each["name"] != name)

    def versions(content: t.Any) -> None:
        content.update(preferredVersion={"version": name}, versions=[{"version": name}])

    def names(content: t.Any) -> None:
        for item in content["items"]:
            item["metadata"]["name"] = name

    def namespaces(content: t.Any) -> None:
        for item in content["items"]:
            item["metadata"]["namespace"] = name

    for change in (
        _with(plurals, "resources"),
        _with(versions, "versions"),
        _with(names, "items"),
        _with(namespaces, "items"),
    ):
        server = Server()
        serve(server, [asked("a"), asked("b", owner=OWNER)])
        server._change = change
        server.paths.clear()
        for state in ("present", "absent"):
            with contextlib.suppress(IpamError):
                serve(server, [asked("a"), asked("b", owner=OWNER)], state)
        assert server.paths
        assert all(_GOOD.match(each) for each in server.paths), server.paths
