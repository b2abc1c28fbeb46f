# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables, and the versions that they had."""

from __future__ import annotations

import sqlite3

from ..errors import MissingRequirement
from . import resting

_VERSION = 3
# what an older one has not; made up for by the first transaction that keeps something
_COLUMN = "ALTER TABLE claims ADD COLUMN {} TEXT NOT NULL DEFAULT ''"
_CHANGES = {
    1: (_COLUMN.format("host_keys"),),
    2: (*(_COLUMN.format(column) for column in ("machine_id", "site", "confirmed")), resting.TABLE),
}
_TABLES = f"""
CREATE TABLE pools (
    api_group TEXT NOT NULL, kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, manifest TEXT NOT NULL,
    PRIMARY KEY (api_group, kind, namespace, name)
);
CREATE TABLE claims (
    namespace TEXT NOT NULL, name TEXT NOT NULL, machine TEXT NOT NULL, key TEXT NOT NULL,
    api_group TEXT NOT NULL, kind TEXT NOT NULL, pool_namespace TEXT NOT NULL, pool TEXT NOT NULL,
    address TEXT NOT NULL, prefix INTEGER NOT NULL, gateway TEXT, host TEXT NOT NULL,
    host_keys TEXT NOT NULL DEFAULT '', machine_id TEXT NOT NULL DEFAULT '', site TEXT NOT NULL DEFAULT '',
    confirmed TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (namespace, name),
    UNIQUE (api_group, kind, pool_namespace, pool, address)
);
{resting.TABLE};
"""


def make_tables(database: sqlite3.Connection) -> None:
    """Fill a new database."""
    database.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {_VERSION}; COMMIT;")


def checked(path: str, database: sqlite3.Connection) -> sqlite3.Connection:
    """The connection, if this version can read its database; it is closed otherwise."""
    try:
        version = database.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.Error:
        database.close()
        raise
    if not 1 <= version <= _VERSION:
        database.close()
        raise MissingRequirement(_other_schema(path, version), database=path)
    return database


def catch_up(path: str, database: sqlite3.Connection) -> None:
    """Inside a transaction: bring a database of an older version to the schema of this one."""
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version > _VERSION:  # while it was open here
        raise MissingRequirement(f"{_other_schema(path, version)}, nothing was changed", database=path)
    for older in range(version, _VERSION):
        for statement in _CHANGES[older]:
            database.execute(statement)
    if version != _VERSION:
        database.execute(f"PRAGMA user_version = {_VERSION}")


def _other_schema(path: str, version: int) -> str:
    advice = "use a newer elemental.networking" if version > _VERSION else "name another file"
    return f"the database {path} has schema {version}, this version knows {_VERSION}; {advice}"
