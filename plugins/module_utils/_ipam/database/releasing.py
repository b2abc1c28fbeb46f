# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims are forgotten, and their addresses begin to rest."""

from __future__ import annotations

import typing as t

from ..model import BoundClaim, Pool, PoolReference
from . import claims as claim_rows
from . import pools, resting, rows
from .dialect import Database


def release(database: Database, claims: t.Sequence[BoundClaim]) -> None:
    """Forget exactly these claims: one that was made again since it was found stays."""
    names = [(bound.claim.namespace, bound.claim.name) for bound in claims]
    there_are = {rows.identity(bound) for bound in claim_rows.named(database, names)}
    known: dict[tuple[PoolReference, str], Pool | None] = {}
    begin = []
    for bound in claims:
        if rows.identity(bound) not in there_are:
            continue
        place = bound.claim.pool, pools.namespace_of_pool(bound.claim)
        pool = known[place] if place in known else known.setdefault(place, pools.stored_or_none(database, *place))
        if pool is not None:
            begin.append((pool, bound.claim, rows.address_in(bound)))
    resting.begin(database, begin)
    database.executemany(f"DELETE FROM claims WHERE {rows.THIS_CLAIM}", [rows.identity(bound) for bound in claims])
