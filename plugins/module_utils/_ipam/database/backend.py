# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The embedded backend: pools and claims in one SQLite file, allocated by the in-cluster provider's rules."""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
import typing as t

from ..allocation import usage
from ..backend import CreateResult, HandOver, IpamBackend, Observation, PoolChange, PoolState
from ..holding import of_machine
from ..manifest import applied
from ..model import BoundClaim, Claim, Pool, PoolReference
from . import claims as claim_rows
from . import pools as pool_rows
from .allocating import allocate, refuse_owners
from .releasing import release
from .rows import renamed_handle
from .session import Session


class EmbeddedBackend(IpamBackend):
    """One SQLite file; a file that does not exist yet is made by the first call that keeps something."""

    def __init__(self, path: str) -> None:
        self._session = Session(path)
        # what dry runs have renamed: those that follow try what comes after it
        self._rehearsed: tuple[HandOver, ...] = ()

    def __enter__(self) -> EmbeddedBackend:
        self._session.open()
        return self

    def __exit__(self, *exception: object) -> None:
        self._session.close()

    @contextlib.contextmanager
    def _transaction(self, dry_run: bool) -> t.Iterator[sqlite3.Connection]:
        if not dry_run:
            self._rehearsed = ()
        with self._session.transaction(dry_run) as database:
            for move in self._rehearsed:
                claim_rows.rename(database, move)
            yield database

    # --- claims -----------------------------------------------------------------------------------------------

    def list_claims(self, namespace: str | None) -> list[BoundClaim]:
        """The claims of a namespace, or of all when it is None."""
        with self._session.reading() as database:
            return claim_rows.listed(database, namespace)

    def claims_of(self, machine: str, keys: t.Collection[str], namespace: str | None) -> list[BoundClaim]:
        """The claims of one machine."""
        with self._session.reading() as database:
            return of_machine(claim_rows.of_machine(database, machine, namespace), machine)

    def find_claims(
        self, names: t.Sequence[tuple[str, str]], machines: t.Collection[tuple[str, str]] = ()
    ) -> Observation:
        """Those of these claims that exist, and those of these machines."""
        namespaces = dict.fromkeys(namespace for namespace, _machine in machines)
        with self._session.reading() as database:
            found = claim_rows.named(database, names)
            listed = [bound for namespace in namespaces for bound in claim_rows.listed(database, namespace)]
        held = tuple(bound for bound in listed if (bound.claim.namespace, bound.claim.machine) in machines)
        return Observation(tuple(found), held)

    def hand_over(self, moves: t.Sequence[HandOver], dry_run: bool) -> list[BoundClaim]:
        """Rename the claims: all of them or none. No address is free meanwhile, so none rests."""
        if not moves:
            return []
        with self._transaction(dry_run) as database:
            for move in moves:
                claim_rows.rename(database, move)
        if dry_run:
            self._rehearsed += tuple(moves)
        return [dataclasses.replace(move.done, handle=renamed_handle(move.before, move.after)) for move in moves]

    def check_addresses(self, claims: t.Sequence[BoundClaim]) -> None:
        """Refuse an address that two rows have."""
        with self._session.reading() as database:
            claim_rows.check_shared(database, {(bound.claim.namespace, bound.claim.name) for bound in claims})

    def create_claims(
        self, claims: t.Sequence[Claim], pools: t.Sequence[Pool], known: Observation, dry_run: bool
    ) -> CreateResult:
        """Apply pools, then allocate: lowest free first, in the order of the claims, all or none."""
        missing = known.missing(claims)
        refuse_owners(missing)
        changes = tuple(self._change(pool) for pool in pools)
        made = self._created(missing, changes, dry_run)
        created = tuple(claim for claim in missing if claim in made)
        if dry_run:
            return CreateResult(created, changes)
        with self._session.reading() as database:
            return CreateResult(created, changes, claim_rows.all_bound(database, claims))

    def _created(self, claims: t.Sequence[Claim], changes: t.Sequence[PoolChange], dry_run: bool) -> set[Claim]:
        if not claims and not any(change.changed for change in changes):
            return set()
        with self._transaction(dry_run) as database:
            for change in changes:
                if change.changed and change.after:
                    pool_rows.put(database, change.after)
            return allocate(database, claims)

    def release_claims(self, claims: t.Sequence[BoundClaim], dry_run: bool) -> list[BoundClaim]:
        """Forget the claims; their addresses are the next ones given out, after the rest that their pool sets.

        Their names are free at once.
        """
        if claims:
            with self._transaction(dry_run) as database:
                release(database, claims)
        return []

    def record(self, claims: t.Sequence[BoundClaim], dry_run: bool) -> None:
        """Keep what is known of the machines of these claims."""
        if claims:
            with self._transaction(dry_run) as database:
                claim_rows.record(database, claims)

    # --- pools ------------------------------------------------------------------------------------------------

    def list_pools(self, namespace: str | None) -> list[PoolState]:
        """The pools that a namespace can claim from, or all."""
        with self._session.reading() as database:
            return [
                PoolState(pool, usage(pool, pool_rows.used(database, pool)))
                for pool in pool_rows.listed(database, namespace)
            ]

    def allocated(self, pool: Pool, _namespaces: t.Collection[str]) -> list[str]:
        """Those of all namespaces, and those that rest by the period that the pool has until now and by that of this one, too."""
        with self._session.reading() as database:
            known = pool_rows.stored_or_none(database, pool.reference, pool.namespace) or pool
            still = set(pool_rows.used(database, pool))
            return [str(address) for address in pool_rows.used(database, known) if address in still]

    def apply_pool(self, pool: Pool, dry_run: bool) -> PoolChange:
        """Create or update a pool."""
        change = self._change(pool)
        if change.changed and change.after:
            with self._transaction(dry_run) as database:
                pool_rows.put(database, change.after)
        return change

    def _change(self, pool: Pool) -> PoolChange:
        before = self._pool_before(pool.reference, pool.namespace)
        return PoolChange(before, applied(before, pool))

    def delete_pool(self, reference: PoolReference, namespace: str, dry_run: bool) -> PoolChange:
        """Delete a pool."""
        pool = self._pool_before(reference, namespace)
        if pool is not None:
            with self._transaction(dry_run) as database:
                pool_rows.delete(database, pool)
        return PoolChange(pool, None)

    def _pool_before(self, reference: PoolReference, namespace: str) -> Pool | None:
        with self._session.reading() as database:
            return pool_rows.stored_before(database, reference, namespace)
