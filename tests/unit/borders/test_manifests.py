# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The border between manifests and the controller: files, variables and the database's file, through all that reads them before a push.

Whatever they hold, there is an answer or one sentence, within bounds, and no value becomes more than its place in a line of a profile.
"""

from __future__ import annotations

import contextlib
import copy
import json
import os
import sqlite3
import string
import tempfile
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible_collections.elemental.networking.plugins.module_utils._ipam.claiming import ClaimRequest, ensure_claims
from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_backend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.manifest import pool_from_manifest, sharing
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import Claim, IpamError, PoolReference
from ansible_collections.elemental.networking.plugins.module_utils._ipam.names import claim_name
from ansible_collections.elemental.networking.plugins.module_utils._placeholders import (
    PlaceholderError,
    resolve_placeholders,
)
from ansible_collections.elemental.networking.plugins.module_utils._render import RenderError, render
from ansible_collections.elemental.networking.plugins.plugin_utils._request.files import read_manifests
from ansible_collections.elemental.networking.plugins.plugin_utils._request.machine_network import (
    Given,
    MachineNetwork,
    described,
    ip_addresses,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._request.preflight import checked
from ansible_collections.elemental.networking.tests.data.asking import KEYFILE, NETWORK, pool
from ansible_collections.elemental.networking.tests.unit.borders.bounds import bounded
from hypothesis import example, given
from hypothesis import strategies as st

# characters; a manifest has at most 4 million
_FAR_TOO_LONG = 40_000_000
_OURS = (AnsibleError, IpamError, PlaceholderError, RenderError)
_TEMPLATE = "{{ lookup('pipe', 'touch executed') }}"
_CONTROL = st.sampled_from(["\n", "\r", "\0", "\x1b[2J", "\x85", "\u2028", "\n[connection]\nzone=trusted\n"])
_ADDRESS = st.one_of(
    st.sampled_from(
        ["10.0.0.10", "10.0.0.0/24", "10.0.0.10-10.0.0.12", "fd00::/64", "fe80::1", "fe80::1%eth0", "::ffff:10.0.0.1"]
    ),
    st.ip_addresses().map(str),
    st.builds("{}%{}{}".format, st.ip_addresses(v=6), st.text(max_size=3), _CONTROL),
    st.builds(
        "{}{}{}".format, st.ip_addresses(v=4), st.sampled_from(["-", "/", " - ", "/2_", ""]), st.text(max_size=4)
    ),
)
_TEXT = st.one_of(
    st.text(max_size=8),
    _ADDRESS,
    st.just(_TEMPLATE),
    st.sampled_from(
        [
            "p",
            "ip",
            "{ip}",
            "{ip.gateway}",
            "default",
            "../../../secrets",
            "x" * 300,
            "InClusterIPPool",
            "none",
            "nmstate",
            KEYFILE,
        ]
    ),
)
_SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | _TEXT
_ANYTHING = st.recursive(
    _SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT | st.integers(), inner, max_size=3),
    max_leaves=6,
)
_REGISTRATION = {
    "apiVersion": "elemental.cattle.io/v1beta1",
    "kind": "MachineRegistration",
    "metadata": {"name": "fleet", "namespace": "default"},
    "spec": {"config": {"network": NETWORK}},
}
_BOND = {"interfaces": [{"name": "eth0", "type": "ethernet", "ipv4": {"enabled": True, "address": [{"ip": "{ip}"}]}}]}


def _places(value: object, path: tuple[t.Any, ...] = ()) -> list[tuple[t.Any, ...]]:
    """Every place in a document, the document itself included."""
    items: t.Iterable[tuple[t.Any, object]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value[:4])
    return [path, *(place for key, item in items for place in _places(item, (*path, key)))]


@st.composite
def _mutated(draw: st.DrawFn, document: t.Any) -> t.Any:
    """A document that is nearly right: some of its places hold something else, are gone, contain the whole, or are there often."""
    result = [copy.deepcopy(document)]
    for _change in range(draw(st.integers(0, 3))):
        *path, last = draw(st.sampled_from(_places(result)[1:]))
        parent: t.Any = result
        for key in path:
            parent = parent[key]
        deed = draw(st.integers(0, 9))
        if deed == 0 and isinstance(parent, dict):
            del parent[last]
        elif deed == 1:
            parent[last] = result[0]
            break  # the places of a document that contains itself cannot be listed
        elif deed == 2:
            parent[last] = [parent[last]] * draw(st.sampled_from([2, 2, 2, 3000]))
        elif deed == 3 and isinstance(parent, dict):
            parent[draw(_TEXT)] = parent[last]
        else:
            parent[last] = draw(_ADDRESS if deed < 8 else _ANYTHING)
    return result[0]


_POOLS = _mutated([pool(excludedAddresses=["10.0.0.11"])]) | _mutated(
    [pool(addresses=["fe80::10-fe80::20"], prefix=64, gateway="fe80::1")]
)
_NETWORKS = _mutated(NETWORK) | _mutated({**NETWORK, "configurator": "nmstate", "config": _BOND})


@contextlib.contextmanager
def _one_sentence() -> t.Iterator[None]:
    """Nothing but an error of ours leaves, in one line without anything that a terminal would obey."""
    try:
        with bounded():
            yield
    except _OURS as error:
        words = error.message if isinstance(error, AnsibleError) else str(error)
        assert words.strip()
        assert "\n" not in words
        assert not set(words) & set("\0\x1b\r\x85\u2028")


@pytest.fixture
def databases(tmp_path: Path) -> t.Iterator[Path]:
    """A folder for databases, in memory where that is possible: a database waits for its disk at every step."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else tmp_path) as folder:
        yield Path(folder)


@pytest.fixture(autouse=True)
def _somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> t.Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    assert not (tmp_path / "executed").exists()


def _claim_and_render(asked: MachineNetwork, folder: Path) -> None:
    """What a run does with it, without a node: claim in a new database, fill, render; and what was filled is looked at."""
    pools = [pool_from_manifest(manifest, asked.namespace) for manifest in asked.pools]
    sharing(pools, [])
    wishes = [
        ClaimRequest(
            Claim(
                asked.namespace, claim_name(asked.machine, key), asked.machine, key, PoolReference(**_named(reference))
            )
        )
        for key, reference in ip_addresses(asked.network).items()
    ]
    database = folder / "ipam.sqlite"
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    with open_backend(BackendOptions("embedded", str(database))) as backend:
        bound = ensure_claims(backend, wishes, pools, dry_run=False).bound
        addresses = {each.claim.key: each.address for each in bound}
    config = asked.network.get("config") or {}
    filled = t.cast("dict[str, object]", resolve_placeholders(config, addresses))
    for address in addresses.values():
        assert address is not None
        assert set(f"{address.address}{address.prefix}{address.gateway or ''}") <= set(string.hexdigits + ":.")
    if asked.configurator == "nmconnections":
        for profile in render("nmconnections", filled).profiles:
            template = next(str(text) for name, text in config.items() if f"{name}.nmconnection" == profile.file_name)
            added = 0 if "uuid=" in template else 1
            assert profile.text.count("\n") <= template.count("\n") + added + 1


def _named(reference: t.Any) -> dict[str, str]:
    return {"api_group": reference["apiGroup"], "kind": reference["kind"], "name": reference["name"]}


@given(_NETWORKS, _POOLS)
def test_variables(tmp_path: Path, databases: Path, network: object, pools: object) -> None:
    with _one_sentence():
        asked = checked(Given("node1", inventory_folder=str(tmp_path), network=network, pools=pools))
        described(asked)
        if asked.configurator != "none":
            _claim_and_render(asked, databases)


@given(_ANYTHING, _ANYTHING, _TEXT, _TEXT, _ANYTHING)
def test_any_variables(
    tmp_path: Path, network: object, pools: object, namespace: str, machine: str, files: object
) -> None:
    given_to = Given(
        "node1", str(tmp_path), network=network, pools=pools, pool_files=files, namespace=namespace, machine=machine
    )
    with _one_sentence():
        described(checked(given_to))


def _dumped(documents: object) -> str:
    try:
        return yaml.dump_all(documents if isinstance(documents, list) else [documents], allow_unicode=True)
    except (yaml.YAMLError, RecursionError, UnicodeError):
        return "- &a [*a]"


def _dumped_json(document: object) -> str:
    """As JSON, cut off where it is far longer than a manifest may be: repeated places within repeated ones need gigabytes."""
    text, length = [], 0
    try:
        for part in json.JSONEncoder().iterencode(document):
            text.append(part)
            length += len(part)
            if length > _FAR_TOO_LONG:
                break
    except (ValueError, TypeError, RecursionError):
        return "[" * 100_000
    return "".join(text)


_ALIASES = st.integers(1, 30).flatmap(
    lambda depth: st.integers(1, 20).map(
        lambda width: (
            "a0: &a0 x\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * width)}]\n" for i in range(1, depth))
        )
    )
)
_YAML = st.one_of(
    _mutated([_REGISTRATION, pool()]).map(_dumped),
    st.text(),
    st.text("[]{}&*a:-!<>|%@\"'#? \n\t,0x1.e_", max_size=80),
    st.tuples(st.sampled_from(["[", "{a: ", "- ", "? ", "!x ", "&a ", "1:", "9"]), st.integers(1, 200_000)).map(
        lambda each: each[0] * each[1]
    ),
    _ALIASES,
)


@given(_YAML)
def test_files(tmp_path: Path, databases: Path, text: str) -> None:
    (tmp_path / "m.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
    with _one_sentence():
        read_manifests("m.yaml", str(tmp_path))
    with _one_sentence():
        asked = checked(Given("node1", str(tmp_path), manifest="m.yaml"))
        if asked.configurator != "none":
            _claim_and_render(asked, databases)
    with _one_sentence():
        checked(Given("node1", str(tmp_path), network=text, pools=text, pool_files=text))


@given(
    st.sampled_from(["claims", "pools"]),
    st.sampled_from(
        "namespace name machine key api_group kind pool_namespace pool address prefix gateway host manifest".split()
    ),
    _SCALAR | st.binary(max_size=8) | _mutated(pool()).map(_dumped_json),
)
@example("pools", "manifest", "[" * 100_000)
@example("pools", "manifest", "[" + "0," * 15_000_000 + "0]")
@example("pools", "manifest", "[" + '{"a":[]},' * 466_000 + "0]")
@example("claims", "key", "k" * 30_000_000)
def test_rows_of_the_database(tmp_path: Path, databases: Path, table: str, column: str, value: object) -> None:
    database = databases / "rows.sqlite"
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    asked = checked(Given("node1", str(tmp_path), network=NETWORK, pools=[pool()]))
    wish = ClaimRequest(
        Claim("default", "node1-ip", "node1", "ip", PoolReference("ipam.cluster.x-k8s.io", "InClusterIPPool", "p"))
    )
    pools = [pool_from_manifest(manifest, "default") for manifest in asked.pools]
    with open_backend(BackendOptions("embedded", str(database))) as backend:
        ensure_claims(backend, [wish], pools, dry_run=False)
    # some tables do not have the column, and some values do not fit
    with contextlib.closing(sqlite3.connect(database)) as rows, contextlib.suppress(
        sqlite3.Error, OverflowError, UnicodeError
    ), rows:
        rows.execute(f"UPDATE {table} SET {column} = ?", (value,))
    for deed in (
        lambda backend: [
            resolve_placeholders(KEYFILE, {each.claim.key: each.address}) for each in backend.list_claims(None)
        ],
        lambda backend: backend.list_pools(None),
        lambda backend: ensure_claims(backend, [wish], pools, dry_run=False),
        lambda backend: backend.delete_pool(pools[0].reference, "default", dry_run=True),
    ):
        with _one_sentence(), open_backend(BackendOptions("embedded", str(database))) as backend:
            found = deed(backend)  # type: ignore[no-untyped-call]
            if isinstance(found, list) and found and isinstance(found[0], str):
                assert found[0].count("\n") == KEYFILE.count("\n")
