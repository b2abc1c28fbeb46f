# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims are forgotten, and their addresses begin to rest."""

from __future__ import annotations

import sqlite3
import typing as t

from ..model import BoundClaim
from . import pools, resting, rows


def release(database: sqlite3.Connection, claims: t.Sequence[BoundClaim]) -> None:
    """Forget exactly these claims: one that was made again since it was found stays."""
    for bound in claims:
        claim, identity = bound.claim, rows.identity(bound)
        row = database.execute(f"SELECT address FROM claims WHERE {rows.THIS_CLAIM}", identity).fetchone()
        pool = pools.stored_or_none(database, claim.pool, pools.namespace_of_pool(claim)) if row else None
        if pool is not None:
            resting.begin(database, pool, claim, row["address"])
        database.execute(f"DELETE FROM claims WHERE {rows.THIS_CLAIM}", identity)
