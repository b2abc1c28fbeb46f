# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the inventory become a query and rules, or one sentence."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.options import query_of, rules_of

DEFAULTS: dict[str, t.Any] = {
    "source": "machine_inventories",
    "namespaces": None,
    "confirmations": True,
    "addresses": ["claimed"],
    "group_by": ["state"],
}


def option(**given: t.Any) -> t.Callable[[str], t.Any]:
    return {**DEFAULTS, **given}.get


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ("fleet-default",)),
        ({"source": "claims"}, ("default",)),
        ({"source": "database"}, ()),
        ({"namespaces": ["a", "b", "a"]}, ("a", "b")),
        ({"namespaces": ["a", "*"]}, ()),
    ],
)
def test_namespaces(given: dict[str, t.Any], expected: tuple[str, ...]) -> None:
    assert query_of(option(**given), "/inventory").namespaces == expected


def test_a_database_is_beside_the_inventory(tmp_path: Path) -> None:
    assert query_of(option(source="database"), str(tmp_path)).database == str(tmp_path / ".elemental-ipam.sqlite")
    assert query_of(option(source="database", database="x.db"), str(tmp_path)).database == str(tmp_path / "x.db")
    assert query_of(option(), str(tmp_path)).database == ""


def test_a_database_of_the_environment_counts_where_the_file_names_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ELEMENTAL_NETWORKING_DATABASE", "/srv/ipam.sqlite")
    for unset in ("", None):
        assert query_of(option(source="database", database=unset), str(tmp_path)).database == "/srv/ipam.sqlite"
    assert query_of(option(source="database", database="x.db"), str(tmp_path)).database == str(tmp_path / "x.db")
    assert query_of(option(), str(tmp_path)).database == ""
    monkeypatch.setenv("ELEMENTAL_NETWORKING_DATABASE", "")
    assert query_of(option(source="database"), str(tmp_path)).database == str(tmp_path / ".elemental-ipam.sqlite")


def test_a_database_on_a_server() -> None:
    server = {
        "host": "db.example.com",
        "dbname": "ipam",
        "password": "s3cret",
        "port": 5432,
        "sslmode": "",
        "user": None,
    }
    query = query_of(option(source="database", backend="postgresql", postgresql=server), "/")
    known = {"host": "db.example.com", "dbname": "ipam", "password": "s3cret", "port": 5432}
    assert (query.backend, query.database, query.postgresql) == ("postgresql", "", known)
    assert "s3cret" not in repr(query)
    for unset in (None, {}):
        assert query_of(option(source="database", backend="postgresql", postgresql=unset), "/").postgresql == {}


@pytest.mark.parametrize("empty", ["", None])
def test_empty_options_count_as_unset(empty: str | None) -> None:
    assert query_of(option(source=empty), "/").source == "machine_inventories"
    assert query_of(option(source="database", backend=empty), "/").backend == "embedded"


@pytest.mark.parametrize(("given", "expected"), [(None, True), (True, True), (False, False)])
def test_claims_are_read_unless_that_is_switched_off(given: bool | None, expected: bool) -> None:
    assert query_of(option(confirmations=given), "/").confirmations is expected


def test_what_is_not_used_is_not_looked_at() -> None:
    asked = []
    given = option(source="database", backend="")
    query_of(lambda name: asked.append(name) or given(name), "/")  # type: ignore[func-returns-value]
    assert not {"kubernetes", "postgresql"} & set(asked)


def test_files_in_the_home_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    access = {"ssl_ca_cert": "~/ca.crt", "host": "https://h"}
    assert query_of(option(kubernetes=access), "/").kubernetes == {
        "ssl_ca_cert": "/home/me/ca.crt",
        "host": "https://h",
    }


@pytest.mark.parametrize("name", ["kubeconfig", "ca_cert", "ssl_ca_cert", "client_cert", "client_key"])
def test_a_relative_file_is_where_ansible_was_started_or_beside_the_inventory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "file").touch()
    monkeypatch.chdir(tmp_path / "here")
    given = option(kubernetes={name: "file"})
    assert query_of(given, str(tmp_path)).kubernetes == {name: str(tmp_path / "file")}
    (tmp_path / "here/file").touch()
    assert query_of(given, str(tmp_path)).kubernetes == {name: "file"}
    for unset in ("", " ", None):
        assert query_of(option(kubernetes={name: unset}), str(tmp_path)).kubernetes == {name: unset}


def test_a_kubeconfig_of_the_environment_is_found_beside_the_inventory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").touch()
    monkeypatch.setenv("K8S_AUTH_KUBECONFIG", "config")
    for access in (None, {}, {"kubeconfig": ""}):
        found = query_of(option(kubernetes=access), str(tmp_path)).kubernetes
        assert found == {"kubeconfig": str(tmp_path / "config")}
    assert query_of(option(kubernetes={"kubeconfig": "/x"}), str(tmp_path)).kubernetes == {"kubeconfig": "/x"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"source": "ldap"}, "there is no source ldap"),
        ({"namespaces": ["A/../b"]}, "namespace"),
        ({"kubernetes": "x"}, "kubernetes must be a dictionary"),
        ({"kubernetes": {"tokn": "x"}}, "kubernetes has no option tokn"),
        ({"source": "database", "backend": "oracle"}, "a database has no backend oracle; use embedded or postgresql"),
        ({"source": "database", "backend": "kubernetes"}, "or source claims for the claims on a cluster"),
        ({"source": "database", "backend": "postgresql", "postgresql": "x"}, "postgresql must be a dictionary"),
        (
            {"source": "database", "backend": "postgresql", "postgresql": {"hots": "x"}},
            "postgresql has no option hots; use host",
        ),
        ({"source": "database", "backend": "postgresql", "postgresql": {"port": True}}, "port of postgresql must be"),
        ({"addresses": ["dns"]}, "addresses has dns"),
        ({"group_by": ["rack"]}, "group_by has rack"),
        ({"site": "a b"}, "site"),
    ],
)
def test_what_is_wrong_is_one_sentence(given: dict[str, t.Any], words: str) -> None:
    with pytest.raises(IpamError, match=words):
        (query_of(option(**given), "/"), rules_of(option(**given), given))
