# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit tests of the embedded backend, and those that all backends share, on the server: what users see is the same."""

from __future__ import annotations

import json
import types
import typing as t
from pathlib import Path

import psycopg
import pytest
from ansible_collections.elemental.networking.plugins.module_utils import _ipam_module
from ansible_collections.elemental.networking.plugins.module_utils._ipam.backend import IpamBackend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.database.backend import DatabaseBackend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.database.postgresql.backend import (
    PostgresqlBackend,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.database.postgresql.sql import (
    SCHEMA,
    PostgresqlDatabase,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_backend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.manifest import pool_from_manifest
from ansible_collections.elemental.networking.tests.unit.borders.api_server import MANIFEST
from ansible_collections.elemental.networking.tests.unit.plugins.module_utils._ipam import (
    test_embedded,
    test_handles,
    test_moving,
    test_resting,
    test_what_stays,
)

from tests.testbed.postgresql.fixtures import empty_database
from tests.testbed.postgresql.server import Server

# about a file, or about what SQLite takes and PostgreSQL's types do not
_OF_FILES = (
    "test_a_dry_run_checks_everything_and_leaves_no_file",
    "test_the_file_is_private",
    "test_a_damaged_file_is_one_sentence",
    "test_damage_anywhere_is_one_sentence_or_harmless",
    "test_a_newer_schema_is_not_touched",
    "test_a_schema_that_became_newer_while_the_database_was_open_is_not_touched",
    "test_a_file_that_cannot_be_written_is_one_sentence",
    "test_a_link_to_nothing_is_refused_and_what_it_names_is_not_made",
    "test_a_link_to_a_database_is_followed",
    "test_a_database_that_may_not_be_seen_is_not_taken_for_none",
    "test_a_database_that_may_only_be_read_can_be_read",
    "test_a_full_disk_is_one_true_sentence",
    "test_a_row_that_is_no_address_is_the_trouble_of_its_claim_alone",
    "test_a_database_of_an_older_version_is_read_as_it_is",
    "test_a_database_of_an_older_version_is_changed_by_what_is_kept_in_it",
    "test_keys_are_recorded_in_a_database_of_an_older_version",
    "test_a_database_of_an_older_version_lets_addresses_rest_once_something_is_kept",
)
# about a cluster
_OF_CLUSTERS = ("test_an_address_outside_of_a_pool_that_stays_as_it_is_stays_too",)


def _tests_of(module: types.ModuleType) -> dict[str, t.Any]:
    """The tests of a module that need neither a file nor a cluster."""
    found = {name: value for name, value in vars(module).items() if name.startswith("test_") and callable(value)}
    return {
        name: value
        for name, value in found.items()
        if name not in (*_OF_FILES, *_OF_CLUSTERS) and "cluster" not in _arguments(value)
    }


def _arguments(function: t.Any) -> tuple[str, ...]:
    code = getattr(function, "__code__", None)
    return tuple(code.co_varnames[: code.co_argcount]) if code else ()


for _module in (test_embedded, test_handles, test_moving, test_resting, test_what_stays):
    globals().update(_tests_of(_module))


@pytest.fixture
def path(options: dict[str, t.Any]) -> str:
    """In the place of a file: how to reach an empty database."""
    return json.dumps(options)


@pytest.fixture(autouse=True)
def on_the_server(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the tests open, and what they change behind the backend's back, is on the server."""
    monkeypatch.setattr(test_embedded, "opened", lambda path: PostgresqlBackend(json.loads(path)))
    monkeypatch.setattr(test_embedded, "change", change)
    monkeypatch.setattr(
        test_embedded,
        "_WORKER",
        test_embedded._WORKER.replace('"embedded", path', '"postgresql", postgresql=json.loads(path)'),
    )

    class OnTheServer(PostgresqlSite):
        def __init__(self, _folder: object, patch: pytest.MonkeyPatch) -> None:
            super().__init__(empty_database(server), patch)

    monkeypatch.setattr(test_moving, "EmbeddedSite", OnTheServer)


def change(path: str, statement: str, *values: object) -> None:
    """Change rows by hand."""
    with psycopg.connect(**json.loads(path), autocommit=True, options=f"-c search_path={SCHEMA}") as connection:
        connection.execute(statement.replace("?", "%s").encode(), values or None)


@pytest.fixture
def fresh(options: dict[str, t.Any]) -> test_handles.Open:
    """A backend object that has seen nothing, for the same claims each time."""
    with PostgresqlBackend(options) as backend:
        backend.apply_pool(pool_from_manifest(MANIFEST, "ns"), False)
    return lambda: PostgresqlBackend(options)


class PostgresqlSite(test_moving.Site):
    """A database on the server; a step is a transaction."""

    def __init__(self, options: t.Mapping[str, t.Any], monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self.options = options
        write = DatabaseBackend._write

        def ticking(backend: DatabaseBackend, work: t.Any, dry_run: bool) -> t.Any:
            result = write(backend, work, dry_run)
            self.clock.tick()
            return result

        monkeypatch.setattr(DatabaseBackend, "_write", ticking)
        with self.opened() as backend:
            for name in ("p", "q"):
                backend.apply_pool(_ipam_module.pool_from_manifest(test_moving.manifest(name), "ns"), False)

    def opened(self) -> t.ContextManager[IpamBackend]:
        return PostgresqlBackend(self.options)


@pytest.fixture
def make(server: Server, monkeypatch: pytest.MonkeyPatch) -> t.Callable[[], test_moving.Site]:
    """Make a site, a new one each time."""

    def site() -> test_moving.Site:
        return PostgresqlSite(empty_database(server), monkeypatch)

    return site


class RestingSite(test_resting.Site):
    """A database on the server, and a clock that a test moves; the server's own does not move."""

    def __init__(self, options: dict[str, t.Any], monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(Path("/nonexistent"), monkeypatch)
        monkeypatch.setattr(PostgresqlDatabase, "now", lambda _database: self.now)
        monkeypatch.setattr(
            test_resting,
            "open_backend",
            lambda _options: open_backend(BackendOptions("postgresql", postgresql=options)),
        )


@pytest.fixture
def site(
    request: pytest.FixtureRequest, options: dict[str, t.Any], monkeypatch: pytest.MonkeyPatch
) -> test_resting.Site | test_moving.Site:
    """What the module of a test calls a site."""
    if request.function.__module__ == test_resting.__name__:
        return RestingSite(options, monkeypatch)
    return test_moving.EmbeddedSite(Path("/nonexistent"), monkeypatch)


@pytest.fixture
def embedded(options: dict[str, t.Any], monkeypatch: pytest.MonkeyPatch) -> test_moving.Site:
    """A site."""
    return PostgresqlSite(options, monkeypatch)
