# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the cache keeps is what was read, for the same query alone."""

from __future__ import annotations

import dataclasses
import json
import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.caching import kept, restored
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.model import Lists, Query
from ansible_collections.elemental.networking.tests.data.machines import machine_inventory

QUERY = Query("machine_inventories", ("fleet-default",), kubernetes={"host": "https://h", "api_key": "s3cret"})
LISTS = Lists(machine_inventories=[machine_inventory("a")], confirmed={"u": "2026-11-29T12:00:00Z"}, notes=["note"])


def test_what_was_kept_is_restored_and_no_secret_is_in_it() -> None:
    found = json.loads(json.dumps(kept(LISTS, QUERY, {})))
    assert restored(found, QUERY, {}) == LISTS
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
    ],
)
def test_another_query_is_read_again(change: dict[str, t.Any]) -> None:
    assert restored(kept(LISTS, QUERY, {}), dataclasses.replace(QUERY, **change), {}) is None


def test_another_server_in_the_environment_is_read_again() -> None:
    assert restored(kept(LISTS, QUERY, {}), QUERY, {"K8S_AUTH_HOST": "https://other"}) is None
    assert restored(kept(LISTS, QUERY, {}), QUERY, {"HOME": "/root"}) == LISTS


def test_another_database_on_a_server_is_read_again_and_no_password_decides() -> None:
    query = Query("database", backend="postgresql", postgresql={"host": "db", "dbname": "ipam", "password": "s3cret"})
    whole = kept(LISTS, query, {})
    other = dataclasses.replace(query, postgresql={"host": "db", "dbname": "other", "password": "s3cret"})
    assert restored(whole, other, {}) is None
    assert restored(whole, query, {"PGPORT": "5433"}) is None
    renewed = dataclasses.replace(query, postgresql={"host": "db", "dbname": "ipam", "password": "new"})
    assert restored(whole, renewed, {"PGPASSWORD": "new"}) == LISTS


@pytest.mark.parametrize(
    "lists",
    [
        *(
            "",
            "{",
            "[]",
            "null",
            "[" * 100_000,
            '{"unknown": 1}',
            '{"machine_inventories": [1]}',
            '{"machine_inventories": 1}',
        ),
        *(
            '{"claims": [{}]}',
            '{"confirmed": []}',
            '{"confirmed": {"u": 1}}',
            '{"notes": [1]}',
            '{"machine_inventories": null}',
            7,
        ),
    ],
)
def test_junk_in_the_cache_is_read_again(lists: object) -> None:
    assert restored({**kept(LISTS, QUERY, {}), "lists": lists}, QUERY, {}) is None


@pytest.mark.parametrize("value", [None, "", [], {}, {"form": 0}, 7])
def test_something_else_in_the_cache_is_read_again(value: object) -> None:
    assert restored(value, QUERY, {}) is None
