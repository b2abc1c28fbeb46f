# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of claims: found, made, renamed, kept up to date."""

from __future__ import annotations

import typing as t

from ..._host_keys import joined
from ..allocation import IPAddress
from ..backend import HandOver
from ..errors import Conflict, claim_conflict
from ..model import BoundClaim, Claim, IpamError, Pool
from . import resting, rows
from .dialect import Database

# of a new claim; what is recorded later is not among them
_COLUMNS = "namespace, name, machine, key, api_group, kind, pool_namespace, pool, address, prefix, gateway, host, site"
# values of one query: SQLite takes 999 before version 3.32
_AT_ONCE = 500


def listed(database: Database, namespace: str | None) -> list[BoundClaim]:
    """The claims of a namespace, or of all when it is None."""
    where, values = ("", ()) if namespace is None else (" WHERE namespace = ?", (namespace,))
    found = database.execute(f"SELECT * FROM claims{where} ORDER BY namespace, name", values)
    return [rows.bound_claim(row) for row in found]


def of_machine(database: Database, machine: str, namespace: str | None) -> list[BoundClaim]:
    """The claims of a machine, and those that show none: it is theirs by their names."""
    where, values = ("", ()) if namespace is None else (" AND namespace = ?", (namespace,))
    query = f"SELECT * FROM claims WHERE machine IN (?, ''){where} ORDER BY namespace, name"
    return [rows.bound_claim(row) for row in database.execute(query, (machine, *values))]


def named(database: Database, names: t.Iterable[tuple[str, str]]) -> list[BoundClaim]:
    """Those of these claims that exist, each once."""
    by_namespace: dict[str, list[str]] = {}
    titles = list(dict.fromkeys(names))
    for namespace, name in titles:
        by_namespace.setdefault(namespace, []).append(name)
    found: dict[tuple[str, str], BoundClaim] = {}
    for namespace, asked in by_namespace.items():
        for first in range(0, len(asked), _AT_ONCE):
            found.update(_named(database, namespace, asked[first : first + _AT_ONCE]))
    return [found[each] for each in titles if each in found]


def _named(database: Database, namespace: str, names: t.Sequence[str]) -> dict[tuple[str, str], BoundClaim]:
    query = f"SELECT * FROM claims WHERE namespace = ? AND name IN ({', '.join('?' * len(names))})"
    found = [rows.bound_claim(row) for row in database.execute(query, (namespace, *names))]
    return {(bound.claim.namespace, bound.claim.name): bound for bound in found}


def all_bound(database: Database, claims: t.Sequence[Claim]) -> tuple[BoundClaim, ...]:
    """The claims with their addresses; they have them as soon as they exist."""
    held = named(database, map(_title, claims))
    found = {(bound.claim.namespace, bound.claim.name): bound for bound in held}
    for claim in claims:
        each = found.get((claim.namespace, claim.name))
        if each is None:
            raise claim_conflict(claim, f"claim {claim.name} was released by another user meanwhile; run again")
        if each.trouble:
            raise IpamError(each.trouble, claim=claim.name, namespace=claim.namespace)
    return tuple(found[claim.namespace, claim.name] for claim in claims)


def still_missing(database: Database, claims: t.Sequence[Claim]) -> list[Claim]:
    """Inside the transaction: another process may have made the same claims since we looked."""
    existing = {(each.claim.namespace, each.claim.name): each.claim for each in named(database, map(_title, claims))}
    missing = []
    for claim in claims:
        found = existing.get(_title(claim))
        if found is None:
            missing.append(claim)
            continue
        if found != claim or found.site not in ("", claim.site):
            raise claim_conflict(
                claim,
                f"claim {claim.name} was made with another pool, machine or site by another user meanwhile; run again",
            )
    return missing


def _title(claim: Claim) -> tuple[str, str]:
    return claim.namespace, claim.name


def insert(database: Database, pool: Pool, given: t.Mapping[Claim, IPAddress]) -> None:
    """Keep new claims of a pool with their addresses."""
    new = [
        (
            *(claim.namespace, claim.name, claim.machine, claim.key, *resting.key(pool)),
            *(str(address), pool.prefix, pool.gateway, claim.host, claim.site),
        )
        for claim, address in given.items()
    ]
    database.executemany(f"INSERT INTO claims ({_COLUMNS}) VALUES ({', '.join('?' * 13)})", new)


def rename(database: Database, move: HandOver) -> None:
    """Give a claim its new name, machine, key and host."""
    before, after = move.before.claim, move.after
    this = rows.identity(move.before)
    if not database.execute(f"SELECT 1 FROM claims WHERE {rows.THIS_CLAIM}", this).fetchone():
        raise claim_conflict(before, f"claim {before.name} was released by another user meanwhile; run again")
    other = "SELECT 1 FROM claims WHERE namespace = ? AND name = ?"
    if after.name != before.name and database.execute(other, (before.namespace, after.name)).fetchone():
        raise claim_conflict(
            before,
            f"claim {before.name} cannot become {after.name}, which holds another address: release the one of the two that is not used",
        )
    values = (after.name, after.machine, after.key, after.host, *this)
    database.execute(f"UPDATE claims SET name = ?, machine = ?, key = ?, host = ? WHERE {rows.THIS_CLAIM}", values)


def record(database: Database, claims: t.Sequence[BoundClaim]) -> None:
    """Keep what is known of the machines of these claims."""
    known = [
        (joined(each.claim.host_keys), *(each.claim.machine_id, each.claim.site, each.claim.confirmed))
        + rows.identity(each)
        for each in claims
    ]
    columns = "host_keys = ?, machine_id = ?, site = ?, confirmed = ?"
    database.executemany(f"UPDATE claims SET {columns} WHERE {rows.THIS_CLAIM}", known)


def check_shared(database: Database, asked: t.AbstractSet[tuple[str, str]]) -> None:
    """Refuse an address that two rows have: nothing here writes such rows, and the table's key knows only one spelling of each."""
    holders: dict[tuple[str, ...], tuple[str, str]] = {}
    # an IPv4 address has one spelling
    columns = "api_group, kind, pool_namespace, pool, address, namespace, name"
    for *pool, address, namespace, name in database.execute(f"SELECT {columns} FROM claims WHERE address LIKE '%:%'"):
        with rows.checked_row():
            place = (*map(rows.text, pool), str(rows.address_of(address)))
            claim = rows.text(namespace), rows.text(name)
        other = holders.setdefault(place, claim)
        if other != claim and asked & {other, claim} and rows.address_of(address):
            raise Conflict(
                f"claims {other[1]} and {claim[1]} of pool {pool[3]} hold the same address {place[4]}:"
                " release one of them and claim again",
                **{"pool": pool[3], "address": place[4], "claims": [other[1], claim[1]]},
            )
