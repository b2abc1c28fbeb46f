# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables, and the versions that they had; the same ones in SQLite and in PostgreSQL."""

from __future__ import annotations

from ..errors import MissingRequirement
from . import resting

VERSION = 3
# what an older one has not; made up for by the first transaction that keeps something
_COLUMN = "ALTER TABLE claims ADD COLUMN {} TEXT NOT NULL DEFAULT ''"
_CHANGES = {
    1: (_COLUMN.format("host_keys"),),
    2: (*(_COLUMN.format(column) for column in ("machine_id", "site", "confirmed")), resting.TABLE),
}
TABLES = (
    """
CREATE TABLE pools (
    api_group TEXT NOT NULL, kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, manifest TEXT NOT NULL,
    PRIMARY KEY (api_group, kind, namespace, name)
)
""",
    """
CREATE TABLE claims (
    namespace TEXT NOT NULL, name TEXT NOT NULL, machine TEXT NOT NULL, key TEXT NOT NULL,
    api_group TEXT NOT NULL, kind TEXT NOT NULL, pool_namespace TEXT NOT NULL, pool TEXT NOT NULL,
    address TEXT NOT NULL, prefix INTEGER NOT NULL, gateway TEXT, host TEXT NOT NULL,
    host_keys TEXT NOT NULL DEFAULT '', machine_id TEXT NOT NULL DEFAULT '', site TEXT NOT NULL DEFAULT '',
    confirmed TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (namespace, name),
    UNIQUE (api_group, kind, pool_namespace, pool, address)
)
""",
    resting.TABLE,
)


def changes_since(version: int) -> list[str]:
    """The statements that bring a database of an older version to this one."""
    return [statement for older in range(version, VERSION) for statement in _CHANGES[older]]


def other_schema(database: str, version: int, *, kept_nothing: bool = False) -> MissingRequirement:
    """The error for a database of a version that this one does not know."""
    advice = "use a newer elemental.networking" if version > VERSION else "name another database"
    end = ", nothing was changed" if kept_nothing else ""
    text = f"the database {database} has schema {version}, this version knows {VERSION}; {advice}{end}"
    return MissingRequirement(text, database=database)
