# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""API server -> controller: whatever it answers is one sentence or right, and no name of anybody's leads a request elsewhere."""

from __future__ import annotations

import copy
import functools
import ipaddress
import re
import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes import connection as kubernetes_core
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.backend import KubernetesBackend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.manifest import pool_from_manifest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.model import Query
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.reading import machines
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.sources import of_elemental
from ansible_collections.elemental.networking.plugins.plugin_utils._request.claim_lookup import claimed_addresses
from ansible_collections.elemental.networking.plugins.plugin_utils._request.machine_network import Given
from ansible_collections.elemental.networking.plugins.plugin_utils._request.shared_claims import forget
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
from ansible_collections.elemental.networking.tests.unit.borders.bounds import bounded
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("urllib3")

_PATHS = re.compile(r"/apis?(/[a-z0-9]([-a-z0-9.]*[a-z0-9])?)+\Z")
_ZONE = "fe80::1%x\n[connection]\nzone=trusted"
_PROXY = "-oProxyCommand=touch /tmp/pwned"
_HOSTILE = [
    *("", _ZONE, _PROXY, "../../../../api/v1/namespaces/kube-system/secrets", "a/b", "a?b", "a%2fb", "..", "a\x00b"),
    *("\x1b[31m", "a\nb", "{{ lookup('pipe', 'id') }}", "\ud800", "A", "x" * 100_000, "10.0.0.10", "False", "NaN"),
    *(
        [],
        {},
        [[]],
        [None],
        [{}],
        {"": None},
        {"name": []},
        [1] * 10_000,
        0,
        -1,
        2**63,
        10**40,
        float("nan"),
        float("inf"),
    ),
]
_VALUES = st.one_of(
    st.sampled_from(_HOSTILE),
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
        max_leaves=5,
    ),
)
_RAW = [b"", b"{", b"<html>", b"\xff\xfe", b"null", b"[]", b"1", b"[" * 100_000, b'{"a":' * 100_000, b"{}\n" * 1000]
_CODES = [101, 204, 301, 307, 400, 401, 403, 404, 409, 410, 418, 422, 429, 500, 503]
_DROP = object()


class Change(t.NamedTuple):
    """What happens to answers from ``number`` on, or to that one only: other bytes, another code, or one value in them changed."""

    number: int
    only: bool
    raw: bytes | None
    code: int | None
    steps: tuple[int, ...]
    value: object

    def __call__(self, number: int, status: int, content: t.Any) -> Sent:
        """The answer to send."""
        if number < self.number or (self.only and number > self.number):
            return status, content
        if self.raw is not None:
            return status, self.raw
        return self.code or status, changed(content, self.steps, self.value)


def changed(content: t.Any, steps: t.Sequence[int], value: object) -> t.Any:
    """The content with one value in it replaced or dropped, that to which the steps lead; none lead anywhere else."""
    if not steps or not isinstance(content, (dict, list)) or not content:
        return {} if value is _DROP else value
    keys = list(content) if isinstance(content, dict) else list(range(len(content)))
    key = keys[steps[0] % len(keys)]
    found = copy.copy(content)
    if value is _DROP and (len(steps) == 1 or not isinstance(content[key], (dict, list))):
        del found[key]
    else:
        found[key] = changed(content[key], steps[1:], value)
    return found


_CHANGES = st.builds(
    Change,
    st.integers(0, 9),
    st.booleans(),
    st.one_of(st.none(), st.none(), st.none(), st.none(), st.none(), st.sampled_from(_RAW)),
    st.one_of(st.none(), st.none(), st.none(), st.sampled_from(_CODES)),
    st.lists(st.integers(0, 7), max_size=7).map(tuple),
    st.one_of(st.just(_DROP), _VALUES),
)


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    impatient(monkeypatch)


pytestmark = pytest.mark.usefixtures("_impatient")


def right(address: str, prefix: int, gateway: str | None) -> None:
    """Assert that these are what a keyfile and ssh may get."""
    found = ipaddress.ip_address(address)
    assert (str(found), "%" in address) == (address, False)
    assert 0 <= prefix <= found.max_prefixlen
    assert gateway is None or ipaddress.ip_address(gateway).version == found.version
    assert "%" not in (gateway or "")


def attempt(work: t.Callable[[], t.Any]) -> t.Any:
    """What it returns; an error is one sentence."""
    try:
        return work()
    except IpamError as error:
        sentence = str(error)
        assert sentence.isprintable()
        assert 10 < len(sentence) <= 2000
        return None


def look_up(server: Server) -> None:
    """What the lookups read, now and not for another input."""
    forget()
    connection = kubernetes_core.Connection("https://h", server, dict)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(kubernetes_core, "connect", lambda _options: connection)
        found = claimed_addresses(Given("a", machine="a", backend="kubernetes", namespace="ns"), ["ip"])
    for address in found.values():
        right(address.address, address.prefix, address.gateway)


def read_inventory(server: Server) -> None:
    """What the inventory lists."""
    connection, query = kubernetes_core.Connection("https://h", server, dict), Query("machine_inventories", ("ns",))
    for each in machines(of_elemental(connection, query, lambda _line: None), query.source, "", "").machines:
        for held in each.held.values():
            if held.address:
                right(held.address, held.prefix, held.gateway or None)


def claim(server: Server, *machines: str, **options: t.Any) -> None:
    """What the modules claim."""
    result = serve(server, [asked(machine, owner={**OWNER, "name": machine}) for machine in machines], **options)
    for each in result["claims"]:
        if each["address"] is not None:
            right(each["address"], each["prefix"], each["gateway"])


def through_backend(server: Server, work: t.Callable[[KubernetesBackend], object]) -> None:
    with kubernetes(server) as backend:
        work(backend)


_POOL = pool_from_manifest(MANIFEST, "ns")
_WIDER = {**MANIFEST, "spec": {**t.cast("dict[str, t.Any]", MANIFEST["spec"]), "addresses": ["10.0.0.10-10.0.0.200"]}}
# all that is ever asked of an API server; a and b have their claims, new has none
_WORK: dict[str, t.Callable[[Server], None]] = {
    "claim": lambda server: claim(server, "new"),
    "claim in check mode": lambda server: claim(server, "a", "new", check_mode=True),
    "claim and widen the pool": lambda server: claim(server, "new", pools=[_WIDER]),
    "claim again": lambda server: claim(server, "a", "b"),
    "look up": look_up,
    "read an inventory": read_inventory,
    "release": lambda server: claim(server, "a", "b", state="absent"),
    "release what has something in common": lambda server: claim(server, state="absent", selector={"key": "ip"}),
    "list claims": lambda server: through_backend(server, lambda backend: backend.list_claims(None)),
    "list pools": lambda server: through_backend(server, lambda backend: backend.list_pools("ns")),
    "apply a pool": lambda server: through_backend(server, lambda backend: backend.apply_pool(_POOL, False)),
    "delete a pool": lambda server: through_backend(
        server, lambda backend: backend.delete_pool(_POOL.reference, "ns", False)
    ),
}


@functools.lru_cache(maxsize=1)
def _with_claims() -> Server:
    server = Server()
    claim(server, "a", "b")
    return server


def prepared() -> Server:
    """A server where a and b have their claims."""
    server, made = Server(), _with_claims()
    server.objects, server.events = copy.deepcopy(made.objects), copy.deepcopy(made.events)
    return server


@pytest.mark.parametrize("work", _WORK)
def test_the_conversation_as_it_should_be(work: str) -> None:
    server = prepared()
    _WORK[work](server)
    assert server.paths
    assert all(_PATHS.match(path) for path in server.paths)
    if work == "claim":
        assert server.objects["ipaddresses"]["new-ip"]["spec"]["address"] == "10.0.0.12"
        assert server.objects["ipaddressclaims"]["new-ip"]["metadata"]["ownerReferences"][0]["uid"] == "u-new"
    if work.startswith("release"):
        assert server.objects["ipaddressclaims"] == {}


@given(st.sampled_from(sorted(_WORK)), _CHANGES)
def test_whatever_an_api_server_says_is_one_sentence_or_right(work: str, change: Change) -> None:
    server = prepared()
    server._change = change
    with bounded():
        attempt(lambda: _WORK[work](server))
    assert all(_PATHS.match(path) and not {".", ".."} & set(path.split("/")) for path in server.paths), server.paths
