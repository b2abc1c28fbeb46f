# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the cache keeps is what was read, for the same query alone."""

from __future__ import annotations

import dataclasses
import json
import os
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.caching import kept, restored
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.hosts import candidates
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.model import (
    Candidates,
    Lists,
    Query,
    Rules,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.reading import machines
from ansible_collections.elemental.networking.tests.data.machines import machine_inventory

QUERY = Query("machine_inventories", ("fleet-default",), kubernetes={"host": "https://h", "api_key": "s3cret"})
RULES = Rules(group_by=("state",))
MADE = [machine_inventory("a", applied=True), machine_inventory("b", registration_ip="127.0.0.1")]
FOUND = candidates(machines(Lists(MADE, notes=["note"]), "machine_inventories", "", ""), "machine_inventories", RULES)


def keep(query: Query = QUERY, environment: t.Mapping[str, str] | None = None) -> dict[str, t.Any]:
    return kept(FOUND, query, RULES, environment or {})


def restore(
    value: object, query: Query = QUERY, rules: Rules = RULES, environment: t.Mapping[str, str] | None = None
) -> Candidates | None:
    return restored(value, query, rules, environment or {})


def test_what_was_kept_is_restored_and_no_secret_is_in_it() -> None:
    found = json.loads(json.dumps(keep()))
    assert restore(found) == FOUND
    assert FOUND.troubles[0] == "note"
    assert len(FOUND.troubles) == 2
    assert "s3cret" not in json.dumps(found)


@pytest.mark.parametrize(
    "change",
    [
        {"namespaces": ("other",)},
        {"label_selector": "a=b"},
        {"clusters": True},
        {"source": "claims"},
        {"database": "x"},
        {"kubernetes": {"host": "https://other"}},
        {"kubernetes": {"host": "https://h", "kubeconfig": "/etc/other"}},
        {"kubernetes": {"host": "https://h", "impersonate_groups": ["other"]}},
        {"kubernetes": {"host": "https://h", "kubeconfig": {"current-context": "other"}}},
    ],
)
def test_another_query_is_read_again(change: dict[str, t.Any]) -> None:
    assert restore(keep(), dataclasses.replace(QUERY, **change)) is None


def test_another_server_in_the_environment_is_read_again() -> None:
    assert restore(keep(), environment={"K8S_AUTH_HOST": "https://other"}) is None
    assert restore(keep(), environment={"HOME": "/root"}) == FOUND


def test_as_another_user_it_is_read_again() -> None:
    assert restore(keep(), environment={"K8S_AUTH_IMPERSONATE_USER": "other"}) is None


def inline(server: str, token: str) -> Query:
    content = {"clusters": [{"name": "c", "cluster": {"server": server}}], "users": [{"user": {"token": token}}]}
    return dataclasses.replace(QUERY, kubernetes={"kubeconfig": content})


def test_the_content_of_a_kubeconfig_decides_by_its_servers_alone() -> None:
    whole = keep(inline("https://a", "s3cret"))
    assert restore(whole, inline("https://b", "s3cret")) is None
    assert restore(whole, inline("https://a", "renewed")) == FOUND


def kubeconfig(current: str | None = "first", first: str = "https://a", second: str = "https://b", **more: str) -> str:
    servers = {"first": first, "second": second}
    content = {
        **({"current-context": current} if current else {}),
        "contexts": [{"name": each, "context": {"cluster": each, "user": more.get("user", "me")}} for each in servers],
        "clusters": [{"name": each, "cluster": {"server": servers[each]}} for each in servers],
        "users": [{"name": "me", "user": {"token": more.get("token", "s3cret")}}],
    }
    return json.dumps(content)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The usual kubeconfig."""
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / ".kube/config"
    path.parent.mkdir()
    path.write_text(kubeconfig())
    return path


USUAL: dict[str, t.Any] = {}
IN_CONTEXT = {"context": "first"}
TOKEN = {"host": "https://h", "api_key": "x"}


@pytest.mark.parametrize(
    ("options", "content", "is_same"),
    [
        (USUAL, kubeconfig("second"), False),
        (USUAL, kubeconfig(first="https://c"), False),
        (USUAL, kubeconfig(user="other"), False),
        (USUAL, kubeconfig(None), False),
        (USUAL, "", False),
        (USUAL, "no: [yaml", False),
        (USUAL, kubeconfig(second="https://c"), True),
        (USUAL, kubeconfig(token="renewed"), True),
        (USUAL, kubeconfig().replace(", ", ",\n  "), True),
        (IN_CONTEXT, kubeconfig("second"), True),
        (IN_CONTEXT, kubeconfig("second", first="https://c"), False),
        # no kubeconfig is read
        (TOKEN, kubeconfig("second"), True),
    ],
)
def test_another_context_or_server_in_a_kubeconfig_is_read_again(
    file: Path, options: dict[str, t.Any], content: str, is_same: bool
) -> None:
    for place in ({}, {"kubeconfig": str(file)}):
        query = dataclasses.replace(QUERY, kubernetes={**options, **place})
        file.write_text(kubeconfig())
        whole = keep(query)
        assert restore(whole, query) == FOUND
        file.write_text(content)
        assert (restore(whole, query) == FOUND) == is_same


@pytest.mark.parametrize("name", ["K8S_AUTH_KUBECONFIG", "KUBECONFIG"])
def test_a_kubeconfig_of_the_environment_is_looked_at(file: Path, tmp_path: Path, name: str) -> None:
    query = dataclasses.replace(QUERY, kubernetes={})
    other = tmp_path / "other"
    other.write_text(kubeconfig())
    environment = {name: f"/no/such/file{os.pathsep}{other}"}
    whole = keep(query, environment)
    file.write_text("not the one that counts")
    assert restore(whole, query, environment=environment) == FOUND
    other.write_text(kubeconfig("second"))
    assert restore(whole, query, environment=environment) is None


def test_the_context_of_the_environment_decides(file: Path) -> None:
    query = dataclasses.replace(QUERY, kubernetes={})
    environment = {"K8S_AUTH_CONTEXT": "first"}
    whole = keep(query, environment)
    file.write_text(kubeconfig("second"))
    assert restore(whole, query, environment=environment) == FOUND
    file.write_text(kubeconfig("second", first="https://c"))
    assert restore(whole, query, environment=environment) is None


def test_of_several_kubeconfigs_the_last_current_context_and_the_first_entry_count(file: Path, tmp_path: Path) -> None:
    second = tmp_path / "second"
    second.write_text(kubeconfig("second", second="https://hidden"))
    query = dataclasses.replace(QUERY, kubernetes={"kubeconfig": f"{file}{os.pathsep}{second}"})
    whole = keep(query)
    second.write_text(kubeconfig("second", second="https://hidden, too"))
    assert restore(whole, query) == FOUND
    second.write_text(kubeconfig("first"))
    assert restore(whole, query) is None


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "not readable", "junk", "list", "bytes"])
def test_what_is_not_a_kubeconfig_is_left_to_the_connection(file: Path, kind: str) -> None:
    file.unlink()
    if kind == "folder":
        file.mkdir()
    elif kind == "pipe":
        os.mkfifo(file)
    elif kind != "missing":
        file.write_bytes({"list": b"[1]", "bytes": b"\xff"}.get(kind, b"a: [{"))
        file.chmod(0o000 if kind == "not readable" else 0o600)
    query = dataclasses.replace(QUERY, kubernetes={})
    assert restore(keep(query), query) == FOUND


@pytest.mark.parametrize("entry", ["contexts", "clusters", "current-context"])
@pytest.mark.parametrize("value", [None, 7, "x", [], [1], [{}], [{"name": "first"}], [{"name": "first", "context": 1}]])
def test_junk_in_a_kubeconfig_is_no_error(file: Path, entry: str, value: object) -> None:
    file.write_text(json.dumps({**json.loads(kubeconfig()), entry: value}))
    query = dataclasses.replace(QUERY, kubernetes={})
    assert restore(keep(query), query) == FOUND


def test_the_kubeconfig_does_not_decide_about_a_database(file: Path) -> None:
    query = Query("database", database="x")
    whole = keep(query)
    file.write_text(kubeconfig("second"))
    assert restore(whole, query) == FOUND


def test_another_database_on_a_server_is_read_again_and_no_password_decides() -> None:
    query = Query("database", backend="postgresql", postgresql={"host": "db", "dbname": "ipam", "password": "s3cret"})
    whole = keep(query)
    other = dataclasses.replace(query, postgresql={"host": "db", "dbname": "other", "password": "s3cret"})
    assert restore(whole, other) is None
    assert restore(whole, query, environment={"PGPORT": "5433"}) is None
    renewed = dataclasses.replace(query, postgresql={"host": "db", "dbname": "ipam", "password": "new"})
    assert restore(whole, renewed, environment={"PGPASSWORD": "new"}) == FOUND


@pytest.mark.parametrize(
    ("change", "is_same"),
    [
        ({"addresses": ("registration-ip",)}, False),
        ({"address_keys": ("ip",)}, False),
        ({"group_by": ()}, False),
        ({"group_prefix": "x_"}, False),
        ({"label_prefix": "-"}, False),
        ({"site": "east"}, False),
        # what is evaluated of the variables of each machine
        ({"hostnames": ("elemental_name",), "include": ("true",), "exclude": ("false",)}, True),
    ],
)
def test_rules_that_decide_what_a_machine_is_are_applied_again(change: dict[str, t.Any], is_same: bool) -> None:
    assert (restore(keep(), rules=dataclasses.replace(RULES, **change)) == FOUND) == is_same


@pytest.mark.parametrize(
    "found",
    [
        *("", "{", "[]", "null", "[" * 100_000, "7", '{"machines": []}', '{"troubles": []}', 7),
        *('{"machines": 1, "troubles": []}', '{"machines": [], "troubles": [1]}', '{"machines": [], "troubles": 1}'),
        *('{"machines": {"a": 1}, "troubles": []}', '{"machines": [[]], "troubles": []}'),
    ],
)
def test_junk_in_the_cache_is_read_again(found: object) -> None:
    assert restore({**keep(), "found": found}) is None


GOOD = FOUND.machines[0].variables


@pytest.mark.parametrize(
    "change",
    [
        *({"name": 1}, {"host": None}, {"variables": []}, {"groups": [1]}, {"groups": {}}, {"groups": ["a:b"]}),
        *({"groups": [name]} for name in ("", "all", "mine", "elemental_pool_a", "elemental_state_a b")),
        {"variables": {"ansible_host": "192.0.2.1"}},
        *({"variables": {**GOOD, name: "/tmp/x"}} for name in ("ansible_ssh_executable", "inventory_dir", "x")),
        *({"variables": {**GOOD, name: 1}} for name in ("elemental_network", "elemental_state", "elemental_labels")),
        *(
            {"variables": {**GOOD, "ansible_host": where}}
            for where in (
                "-oProxyCommand=x",
                "a b",
                "",
                7,
                "a\n",
                "{{ 1 }}",
                "localhost",
                "127.0.0.1",
                "::1",
                "1.2.3.4%1",
            )
        ),
    ],
)
def test_a_machine_in_the_cache_that_none_can_be_is_read_again(change: dict[str, t.Any]) -> None:
    other = dataclasses.replace(FOUND.machines[0], **change)
    assert restore(kept(Candidates([*FOUND.machines, other]), QUERY, RULES, {})) is None


@pytest.mark.parametrize("value", [None, "", [], {}, {"form": 0}, 7])
def test_something_else_in_the_cache_is_read_again(value: object) -> None:
    assert restore(value) is None
