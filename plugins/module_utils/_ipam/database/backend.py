# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools and claims in a database, allocated by the in-cluster provider's rules: the backends embedded and postgresql."""

from __future__ import annotations

import dataclasses
import os
import typing as t

from ..allocation import usage
from ..backend import CreateResult, HandOver, IpamBackend, Observation, PoolChange, PoolState
from ..holding import of_machine
from ..manifest import applied
from ..model import BoundClaim, Claim, Pool, PoolReference
from . import claims as claim_rows
from . import copying, file
from . import pools as pool_rows
from .allocating import allocate, refuse_owners
from .dialect import Database, Session
from .releasing import release
from .rows import renamed_handle
from .session import SqliteSession

_Result = t.TypeVar("_Result")


class DatabaseBackend(IpamBackend):
    """Tables of pools and claims; they are made by the first call that keeps something."""

    def __init__(self, session: Session) -> None:
        self._session = session
        # what dry runs have renamed: those that follow try what comes after it
        self._rehearsed: tuple[HandOver, ...] = ()

    def __enter__(self) -> DatabaseBackend:
        self._session.open()
        return self

    def __exit__(self, *exception: object) -> None:
        self._session.close()

    def _write(self, work: t.Callable[[Database], _Result], dry_run: bool) -> _Result:
        if not dry_run:
            self._rehearsed = ()
        rehearsed = self._rehearsed

        def whole(database: Database) -> _Result:
            for move in rehearsed:
                claim_rows.rename(database, move)
            return work(database)

        return self._session.write(whole, dry_run)

    # --- claims -----------------------------------------------------------------------------------------------

    def list_claims(self, namespace: str | None) -> list[BoundClaim]:
        """The claims of a namespace, or of all when it is None."""
        return self._session.read(lambda database: claim_rows.listed(database, namespace))

    def claims_of(self, machine: str, keys: t.Collection[str], namespace: str | None) -> list[BoundClaim]:
        """The claims of one machine."""
        found = self._session.read(lambda database: claim_rows.of_machine(database, machine, namespace))
        return of_machine(found, machine)

    def find_claims(
        self, names: t.Sequence[tuple[str, str]], machines: t.Collection[tuple[str, str]] = ()
    ) -> Observation:
        """Those of these claims that exist, and those of these machines."""
        namespaces = dict.fromkeys(namespace for namespace, _machine in machines)

        def look(database: Database) -> tuple[list[BoundClaim], list[BoundClaim]]:
            listed = [bound for namespace in namespaces for bound in claim_rows.listed(database, namespace)]
            return claim_rows.named(database, names), listed

        found, listed = self._session.read(look)
        held = tuple(bound for bound in listed if (bound.claim.namespace, bound.claim.machine) in machines)
        return Observation(tuple(found), held)

    def hand_over(self, moves: t.Sequence[HandOver], dry_run: bool) -> list[BoundClaim]:
        """Rename the claims: all of them or none. No address is free meanwhile, so none rests."""
        if not moves:
            return []

        def rename(database: Database) -> None:
            for move in moves:
                claim_rows.rename(database, move)

        self._write(rename, dry_run)
        if dry_run:
            self._rehearsed += tuple(moves)
        return [dataclasses.replace(move.done, handle=renamed_handle(move.before, move.after)) for move in moves]

    def check_addresses(self, claims: t.Sequence[BoundClaim]) -> None:
        """Refuse an address that two rows have."""
        asked = {(bound.claim.namespace, bound.claim.name) for bound in claims}
        self._session.read(lambda database: claim_rows.check_shared(database, asked))

    def create_claims(
        self, claims: t.Sequence[Claim], pools: t.Sequence[Pool], known: Observation, dry_run: bool
    ) -> CreateResult:
        """Apply pools, then allocate: lowest free first, in the order of the claims, all or none."""
        missing = known.missing(claims)
        refuse_owners(missing, self._session.name)
        changes = tuple(self._change(pool) for pool in pools)
        made = self._created(missing, changes, dry_run)
        created = tuple(claim for claim in missing if claim in made)
        if dry_run:
            return CreateResult(created, changes)
        bound = self._session.read(lambda database: claim_rows.all_bound(database, claims))
        return CreateResult(created, changes, bound)

    def _created(self, claims: t.Sequence[Claim], changes: t.Sequence[PoolChange], dry_run: bool) -> set[Claim]:
        if not claims and not any(change.changed for change in changes):
            return set()

        def create(database: Database) -> set[Claim]:
            for change in changes:
                if change.changed and change.after:
                    pool_rows.put(database, change.after)
            return allocate(database, claims)

        return self._write(create, dry_run)

    def release_claims(self, claims: t.Sequence[BoundClaim], dry_run: bool) -> list[BoundClaim]:
        """Forget the claims; their addresses are the next ones given out, after the rest that their pool sets.

        Their names are free at once.
        """
        if claims:
            self._write(lambda database: release(database, claims), dry_run)
        return []

    def record(self, claims: t.Sequence[BoundClaim], dry_run: bool) -> None:
        """Keep what is known of the machines of these claims."""
        if claims:
            self._write(lambda database: claim_rows.record(database, claims), dry_run)

    # --- all of it --------------------------------------------------------------------------------------------

    def content(self) -> copying.Content:
        """All that the database has, at one moment."""
        return self._session.write(copying.content, dry_run=True)

    def put(self, content: copying.Content, dry_run: bool) -> copying.Content:
        """Put what another database has into this one: all of it or nothing; returns what was missing."""
        return self._write(lambda database: copying.put(database, content), dry_run)

    # --- pools ------------------------------------------------------------------------------------------------

    def list_pools(self, namespace: str | None) -> list[PoolState]:
        """The pools that a namespace can claim from, or all."""
        return self._session.read(
            lambda database: [
                PoolState(pool, usage(pool, pool_rows.used(database, pool)))
                for pool in pool_rows.listed(database, namespace)
            ]
        )

    def allocated(self, pool: Pool, _namespaces: t.Collection[str]) -> list[str]:
        """Those of all namespaces, and those that rest by the period that the pool has until now and by that of this one, too."""

        def look(database: Database) -> list[str]:
            known = pool_rows.stored_or_none(database, pool.reference, pool.namespace) or pool
            still = set(pool_rows.used(database, pool))
            return [str(address) for address in pool_rows.used(database, known) if address in still]

        return self._session.read(look)

    def apply_pool(self, pool: Pool, dry_run: bool) -> PoolChange:
        """Create or update a pool."""
        change = self._change(pool)
        after = change.after
        if change.changed and after:
            self._write(lambda database: pool_rows.put(database, after), dry_run)
        return change

    def _change(self, pool: Pool) -> PoolChange:
        before = self._pool_before(pool.reference, pool.namespace)
        return PoolChange(before, applied(before, pool))

    def delete_pool(self, reference: PoolReference, namespace: str, dry_run: bool) -> PoolChange:
        """Delete a pool."""
        pool = self._pool_before(reference, namespace)
        if pool is not None:
            self._write(lambda database: pool_rows.delete(database, pool), dry_run)
        return PoolChange(pool, None)

    def _pool_before(self, reference: PoolReference, namespace: str) -> Pool | None:
        return self._session.read(lambda database: pool_rows.stored_before(database, reference, namespace))


class EmbeddedBackend(DatabaseBackend):
    """One SQLite file; a file that does not exist yet is made by the first call that keeps something."""

    def __init__(self, path: str) -> None:
        super().__init__(SqliteSession(path))
        self._path = path

    def why_no_pools(self) -> str:
        """A mistyped path looks like a pool that no one has used yet."""
        path = os.path.expanduser(self._path)
        if file.exists(path):
            return ""
        return f"the database {path} does not exist yet: the first claim makes it; if there are claims already, correct its path"
