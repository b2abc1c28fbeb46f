# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the backend postgresql needs no server: options, statements, and what a SQLSTATE means."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.database.postgresql.options import (
    OPTIONS,
    empty_variables,
    parameters,
    place,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.database.postgresql.sql import (
    PostgresqlRow,
    table,
    translated,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.errors import InvalidInput

OURS = {
    "application_name": "elemental.networking",
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25000,
}


@pytest.mark.parametrize(
    ("options", "environment", "expected"),
    [
        ({}, {}, OURS),
        ({"host": "db", "port": 5433}, {"PGHOST": "other"}, {**OURS, "host": "db", "port": "5433"}),
        # an empty string is none, wherever it is
        ({"host": "", "port": None}, {"PGCONNECT_TIMEOUT": ""}, OURS),
        ({"connect_timeout": 60}, {"PGCONNECT_TIMEOUT": "3"}, {**OURS, "connect_timeout": "60"}),
        # libpq reads its own environment
        ({}, {"PGCONNECT_TIMEOUT": "3"}, {name: value for name, value in OURS.items() if name != "connect_timeout"}),
    ],
)
def test_what_is_given_to_libpq(
    options: dict[str, t.Any], environment: dict[str, str], expected: dict[str, t.Any]
) -> None:
    assert parameters(options, environment) == expected


def test_variables_that_are_empty_are_none() -> None:
    assert empty_variables({"PGHOST": "db", "PGSERVICE": "", "HOME": "", "PGSSLMODE": ""}) == ["PGSERVICE", "PGSSLMODE"]


def test_files_may_be_in_the_home_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/user")
    given = {"sslrootcert": "~/ca.pem", "sslcert": "/etc/crt", "passfile": "~/.pw", "host": "~"}
    assert {name: parameters(given, {})[name] for name in given} == {
        "sslrootcert": "/home/user/ca.pem",
        "sslcert": "/etc/crt",
        "passfile": "/home/user/.pw",
        "host": "~",
    }
    assert parameters({"sslrootcert": "system"}, {})["sslrootcert"] == "system"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"dsn": "postgresql://u:p@db/x"}, "postgresql has no option dsn; use host, hostaddr, "),
        ({"host": True}, "host of postgresql must be a string or a number"),
        ({"host": {"a": 1}}, "host of postgresql must be a string or a number"),
        ({"host": "a\0b"}, "host of postgresql has a character that no option may have"),
    ],
)
def test_what_cannot_be_an_option_is_named(options: dict[str, t.Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        parameters(options, {})


def test_secrets_are_hidden() -> None:
    assert [name for name, spec in OPTIONS.items() if spec.get("no_log")] == ["password"]


@pytest.mark.parametrize(
    ("known", "environment", "expected"),
    [
        ({"dbname": "ipam", "host": "db", "port": "5433"}, {"PGDATABASE": "no"}, "ipam on db port 5433"),
        ({}, {"PGDATABASE": "ipam", "PGSERVICE": "site"}, "ipam of service site"),
        ({"user": "u", "password": "secret"}, {}, "that libpq's defaults name"),
    ],
)
def test_a_database_has_a_name_in_sentences(known: dict[str, str], environment: dict[str, str], expected: str) -> None:
    assert place(known, environment) == expected


def test_statements_are_spelled_for_the_server() -> None:
    assert translated("UPDATE t SET a = ? WHERE b IS ? AND c LIKE '%:%'") == (
        b"UPDATE t SET a = %s WHERE b = %s AND c LIKE '%%:%%'"
    )
    assert table("CREATE TABLE t (a TEXT NOT NULL, CONTEXT INTEGER)") == (
        b'CREATE TABLE t (a TEXT COLLATE "C" NOT NULL, CONTEXT INTEGER)'
    )


def test_a_row_is_read_by_column_and_in_order() -> None:
    class Named(PostgresqlRow):
        columns = ("a", "b")

    row = Named((1, 2))
    assert (row["b"], row[0], list(row), row.keys()) == (2, 1, [1, 2], ("a", "b"))


def test_a_sqlstate_decides_what_a_failure_is() -> None:
    psycopg = pytest.importorskip("psycopg")
    from ansible_collections.elemental.networking.plugins.module_utils._ipam.database.postgresql import failures

    cases = {
        "AdminShutdown": ("unavailable", True),
        "ConnectionFailure": ("unavailable", True),
        "SerializationFailure": ("failed", True),
        "DeadlockDetected": ("failed", True),
        "InsufficientPrivilege": ("forbidden", False),
        "ReadOnlySqlTransaction": ("forbidden", False),
        "LockNotAvailable": ("timed_out", False),
        "DiskFull": ("failed", False),
        "UniqueViolation": ("failed", False),
    }
    for name, (code, is_again) in cases.items():
        error = getattr(psycopg.errors, name)("any words")
        found = failures.failure("ipam on db", error)
        assert (found.code, failures.may_run_again(error)) == (code, is_again), name
        assert "ipam on db" in str(found)
        assert found.details == {"database": "ipam on db"}
    lost = psycopg.OperationalError("server closed the connection unexpectedly\n\tThis probably means")
    assert failures.is_lost(lost)
    assert "\n" not in str(failures.failure("x", lost))
