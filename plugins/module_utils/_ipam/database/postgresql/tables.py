# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables on the server: made, or brought to the schema of this version, by the first transaction that keeps something.

They are in a PostgreSQL schema of their own, so that a database may be used for other things, too.
"""

from __future__ import annotations

import typing as t

from .. import schema
from .sql import SCHEMA, table

if t.TYPE_CHECKING:
    from .connection import Connection

# a call whose connection was lost while it was kept finds here whether it was
_CALLS = "CREATE TABLE calls (token TEXT PRIMARY KEY, made DOUBLE PRECISION NOT NULL)"
# of the catalogue itself: to_regclass may answer as it was before the lock was waited for
_EXIST = f"SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = '{SCHEMA}' AND tablename = 'schema_version'"
_HAS_SCHEMA = f"SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = '{SCHEMA}'"
_VERSION = f"SELECT version FROM {SCHEMA}.schema_version"


def exist(connection: Connection) -> bool:
    """Whether there are tables at all."""
    return connection.execute(_EXIST.encode()).fetchone() is not None


def are_older(connection: Connection, place: str) -> bool:
    """Whether an older version made them. Raises MissingRequirement where a newer one did."""
    version = _version(connection)
    if not 1 <= version <= schema.VERSION:
        raise schema.other_schema(place, version)
    return version != schema.VERSION


def catch_up(connection: Connection, place: str) -> None:
    """Inside of a transaction that no other call runs beside: make the tables, or bring them to this version."""
    if not exist(connection):
        _make(connection)
        return
    version = _version(connection)
    if version > schema.VERSION or version < 1:
        raise schema.other_schema(place, version, kept_nothing=True)
    if version != schema.VERSION:
        for statement in schema.changes_since(version):
            connection.execute(table(statement))
        connection.execute(f"UPDATE schema_version SET version = {schema.VERSION}".encode())


def _make(connection: Connection) -> None:
    # an administrator may have made it for a user who may make none
    if connection.execute(_HAS_SCHEMA.encode()).fetchone() is None:
        connection.execute(f"CREATE SCHEMA {SCHEMA}".encode())
    for statement in (*schema.TABLES, _CALLS):
        connection.execute(table(statement))
    connection.execute(b"CREATE TABLE schema_version (version INTEGER NOT NULL)")
    connection.execute(f"INSERT INTO schema_version VALUES ({schema.VERSION})".encode())


def _version(connection: Connection) -> int:
    row = connection.execute(_VERSION.encode()).fetchone()
    return int(row[0]) if row else 0
