# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The embedded backend: pools and claims in one SQLite file, allocated by the in-cluster provider's rules.

Safe for any number of processes at once (forks, AWX slices): write-ahead log, and one immediate transaction per call.
"""

from __future__ import annotations

import contextlib
import dataclasses
import ipaddress
import itertools
import json
import os
import re
import sqlite3
import tempfile
import typing as t
import urllib.parse

from .._host_keys import joined, parted
from .._machine_id import valid_identity
from .._texts import moment, plain
from . import resting
from .addresses import checked_address
from .allocation import IPAddress, allocatable, lowest_free, preallocated, usage
from .backend import CreateResult, HandOver, IpamBackend, Observation, PoolChange, PoolState
from .errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    MissingRequirement,
    PoolExhausted,
    PoolNotFound,
    TimedOut,
    claim_conflict,
)
from .job_folder import refuse_dying_database
from .manifest import GLOBAL, applied, pool_from_manifest, pool_to_manifest
from .model import BoundClaim, Claim, IpamError, Pool, PoolReference
from .names import final_name

_SCHEMA_VERSION = 3
# what an older one has not; made up for by the first transaction that keeps something
_COLUMN = "ALTER TABLE claims ADD COLUMN {} TEXT NOT NULL DEFAULT ''"
_CHANGES = {
    1: (_COLUMN.format("host_keys"),),
    2: (*(_COLUMN.format(column) for column in ("machine_id", "site", "confirmed")), resting.TABLE),
}
_SCHEMA = f"""
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
# of a new claim; what is recorded later is not among them
_COLUMNS = "namespace, name, machine, key, api_group, kind, pool_namespace, pool, address, prefix, gateway, host, site"
# what was made again under the same name since we looked is not the same claim
_IDENTITY = ("namespace", "name", "machine", "key", "api_group", "kind", "pool", "host", "address")
_THIS_CLAIM = " AND ".join(f"{column} IS ?" for column in _IDENTITY)
# how long a call waits for the other processes, in seconds
_PATIENCE = 120.0
_FEW = 20
# characters; a manifest in a file may have as many
_LONGEST_TEXT = 4 * 1024 * 1024
_BLANKS = re.compile(r"\s*-\s*")


class EmbeddedBackend(IpamBackend):
    """One SQLite file; a file that does not exist yet is made by the first call that keeps something."""

    def __init__(self, path: str) -> None:
        self._path = os.path.abspath(os.path.expanduser(path))
        self._connection: sqlite3.Connection | None = None
        self._read_only = False
        # what dry runs have renamed: those that follow try what comes after it
        self._rehearsed: tuple[HandOver, ...] = ()

    def __enter__(self) -> EmbeddedBackend:
        with self._said_plainly():
            refuse_dying_database(self._path)
            if _exists(self._path):
                self._connection, self._read_only = _open(self._path)
            else:
                self._connection = _in_memory()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # --- claims -----------------------------------------------------------------------------------------------

    def list_claims(self, namespace: str | None) -> list[BoundClaim]:
        """The claims of a namespace, or of all when it is None."""
        with self._said_plainly():
            where, values = ("", ()) if namespace is None else (" WHERE namespace = ?", (namespace,))
            rows = self._database.execute(f"SELECT * FROM claims{where} ORDER BY namespace, name", values)
            return [_bound_claim(row) for row in rows]

    def find_claims(
        self, names: t.Sequence[tuple[str, str]], machines: t.Collection[tuple[str, str]] = ()
    ) -> Observation:
        """Those of these claims that exist, and those of these machines."""
        found = self._found(names)
        namespaces = dict.fromkeys(namespace for namespace, _machine in machines)
        listed = (bound for namespace in namespaces for bound in self.list_claims(namespace))
        held = tuple(bound for bound in listed if (bound.claim.namespace, bound.claim.machine) in machines)
        return Observation(tuple(found), held)

    def _found(self, names: t.Iterable[tuple[str, str]]) -> list[BoundClaim]:
        with self._said_plainly():
            query = "SELECT * FROM claims WHERE namespace = ? AND name = ?"
            rows = [self._database.execute(query, title).fetchone() for title in dict.fromkeys(names)]
            return [_bound_claim(row) for row in rows if row is not None]

    def hand_over(self, moves: t.Sequence[HandOver], dry_run: bool) -> list[BoundClaim]:
        """Rename the claims: all of them or none. No address is free meanwhile, so none rests."""
        if not moves:
            return []
        with self._transaction(dry_run) as database:
            for move in moves:
                _rename(database, move)
        if dry_run:
            self._rehearsed += tuple(moves)
        return [dataclasses.replace(move.done, handle=_renamed(move)) for move in moves]

    def check_addresses(self, claims: t.Sequence[BoundClaim]) -> None:
        """Refuse an address that two rows have: nothing here writes such rows, and the table's key knows only one spelling of each."""
        asked = {(bound.claim.namespace, bound.claim.name) for bound in claims}
        holders: dict[tuple[str, ...], tuple[str, str]] = {}
        with self._said_plainly():
            # an IPv4 address has one spelling
            columns = "api_group, kind, pool_namespace, pool, address, namespace, name"
            rows = self._database.execute(f"SELECT {columns} FROM claims WHERE instr(address, ':')")
            for *pool, address, namespace, name in rows:
                with _believed():
                    place = (*map(_text, pool), str(_address(address)))
                    claim = _text(namespace), _text(name)
                other = holders.setdefault(place, claim)
                if other != claim and asked & {other, claim} and _address(address):
                    raise Conflict(
                        f"claims {other[1]} and {claim[1]} of pool {pool[3]} hold the same address {place[4]}:"
                        " release one of them and claim again",
                        **{"pool": pool[3], "address": place[4], "claims": [other[1], claim[1]]},
                    )

    def create_claims(
        self, claims: t.Sequence[Claim], pools: t.Sequence[Pool], known: Observation, dry_run: bool
    ) -> CreateResult:
        """Apply pools, then allocate: lowest free first, in the order of the claims, all or none."""
        missing = known.missing(claims)
        for claim in missing:
            if claim.owner is not None:
                raise InvalidInput(
                    f"claim {claim.name} has the owner {claim.owner}; the embedded backend has no such objects, leave the owner out"
                )
        changes = tuple(self._change(pool) for pool in pools)
        made = self._created(missing, changes, dry_run)
        return CreateResult(
            tuple(claim for claim in missing if claim in made), changes, () if dry_run else self._all_bound(claims)
        )

    def _created(self, claims: t.Sequence[Claim], changes: t.Sequence[PoolChange], dry_run: bool) -> set[Claim]:
        if not claims and not any(change.changed for change in changes):
            return set()
        with self._transaction(dry_run) as database:
            for change in changes:
                if change.changed and change.after:
                    _put_pool(database, change.after)
            asking = self._by_pool(claims)
            return {claim for pool, group in asking.items() for claim in _allocate(database, pool, group)}

    def _all_bound(self, claims: t.Sequence[Claim]) -> tuple[BoundClaim, ...]:
        """The claims with their addresses; they have them as soon as they exist."""
        held = self._found([(claim.namespace, claim.name) for claim in claims])
        found = {(bound.claim.namespace, bound.claim.name): bound for bound in held}
        for claim in claims:
            each = found.get((claim.namespace, claim.name))
            if each is None:
                raise claim_conflict(claim, f"claim {claim.name} was released by another user meanwhile; run again")
            if each.trouble:
                raise IpamError(each.trouble, claim=claim.name, namespace=claim.namespace)
        return tuple(found[claim.namespace, claim.name] for claim in claims)

    def release_claims(self, claims: t.Sequence[BoundClaim], dry_run: bool) -> list[BoundClaim]:
        """Forget the claims; their addresses are the next ones given out, once they have rested as long as their pool says.

        Their names are free at once.
        """
        if not claims:
            return []
        with self._transaction(dry_run) as database:
            for claim, identity in ((bound.claim, _identity(bound)) for bound in claims):
                row = database.execute(f"SELECT address FROM claims WHERE {_THIS_CLAIM}", identity).fetchone()
                pool = self._pool_or_none(claim.pool, _pool_namespace(claim)) if row else None
                if pool is not None:
                    resting.begin(database, pool, claim, row["address"])
                database.execute(f"DELETE FROM claims WHERE {_THIS_CLAIM}", identity)
        return []

    def record(self, claims: t.Sequence[BoundClaim], dry_run: bool) -> None:
        """Keep what is known of the machines of these claims."""
        if not claims:
            return
        with self._transaction(dry_run) as database:
            rows = [
                (joined(each.claim.host_keys), *(each.claim.machine_id, each.claim.site, each.claim.confirmed))
                + _identity(each)
                for each in claims
            ]
            columns = "host_keys = ?, machine_id = ?, site = ?, confirmed = ?"
            database.executemany(f"UPDATE claims SET {columns} WHERE {_THIS_CLAIM}", rows)

    # --- pools ------------------------------------------------------------------------------------------------

    def list_pools(self, namespace: str | None) -> list[PoolState]:
        """The pools that a namespace can claim from, or all."""
        with self._said_plainly():
            rows = self._database.execute("SELECT * FROM pools ORDER BY namespace, kind, name").fetchall()
            pools = [_pool(row) for row in rows if namespace is None or _namespace(row) in ("", namespace)]
            return [PoolState(pool, usage(pool, _used(self._database, pool))) for pool in pools]

    def allocated(self, pool: Pool, _namespaces: t.Collection[str]) -> list[str]:
        """Those of all namespaces, and those that rest by the period that the pool has until now and by that of this one, too."""
        with self._said_plainly():
            known = self._pool_or_none(pool.reference, pool.namespace) or pool
            still = set(_used(self._database, pool))
            return [str(address) for address in _used(self._database, known) if address in still]

    def apply_pool(self, pool: Pool, dry_run: bool) -> PoolChange:
        """Create or update a pool."""
        change = self._change(pool)
        if change.changed and change.after:
            with self._transaction(dry_run) as database:
                _put_pool(database, change.after)
        return change

    def _change(self, pool: Pool) -> PoolChange:
        before = self._pool_before(pool.reference, pool.namespace)
        return PoolChange(before, applied(before, pool))

    def delete_pool(self, reference: PoolReference, namespace: str, dry_run: bool) -> PoolChange:
        """Delete a pool."""
        pool = self._pool_before(reference, namespace)
        if pool is not None:
            with self._transaction(dry_run) as database:
                condition = "api_group = ? AND kind = ? AND pool_namespace = ? AND pool = ?"
                key = resting.key(pool)
                used = database.execute(f"SELECT count(*) FROM claims WHERE {condition}", key).fetchone()[0]
                still = resting.resting(database, pool)
                if used or still:
                    raise Conflict(
                        f"pool {reference.name} has {used + len(still)} addresses allocated; release their claims before it is deleted"
                        f"{resting.next_free(still)}",
                        **{"pool": reference.name, "namespace": namespace, "allocated": used + len(still)},
                    )
                resting.forget_rested(database, pool)
                database.execute(
                    "DELETE FROM pools WHERE api_group = ? AND kind = ? AND namespace = ? AND name = ?", key
                )
        return PoolChange(pool, None)

    def _stored_pool(self, reference: PoolReference, namespace: str) -> Pool | None:
        with self._said_plainly():
            key = (reference.api_group, reference.kind, namespace, reference.name)
            condition = "api_group = ? AND kind = ? AND namespace = ? AND name = ?"
            row = self._database.execute(f"SELECT * FROM pools WHERE {condition}", key).fetchone()
            return _pool(row) if row else None

    def _pool_before(self, reference: PoolReference, namespace: str) -> Pool | None:
        """The stored pool that is replaced or deleted; one that this version cannot read has no addresses in it."""
        try:
            return self._stored_pool(reference, namespace)
        except _UnreadablePool:
            return Pool(reference, namespace, (), 0)

    def _pool_or_none(self, reference: PoolReference, namespace: str) -> Pool | None:
        """The stored pool; None where this version can read no such pool."""
        try:
            return self._stored_pool(reference, namespace)
        except _UnreadablePool:
            return None

    def _by_pool(self, claims: t.Sequence[Claim]) -> dict[Pool, list[Claim]]:
        asking: dict[Pool, list[Claim]] = {}
        known: dict[tuple[PoolReference, str], Pool] = {}
        for claim in claims:
            namespace = _pool_namespace(claim)
            pool = known.get((claim.pool, namespace)) or self._stored_pool(claim.pool, namespace)
            if pool is None:
                raise PoolNotFound(self._unknown_pool(claim), pool=claim.pool.name, namespace=claim.namespace)
            known[claim.pool, namespace] = pool
            asking.setdefault(pool, []).append(claim)
        return asking

    def _unknown_pool(self, claim: Claim) -> str:
        names = [str(state.pool.reference) for state in self.list_pools(claim.namespace)]
        known = (
            f"the pools that it can claim from are {', '.join(names)}"
            if names
            else "there are no pools yet, register one first"
        )
        return f"claim {claim.name} asks for pool {claim.pool}, which does not exist in namespace {claim.namespace}; {known}"

    # --- the file ---------------------------------------------------------------------------------------------

    @property
    def _database(self) -> sqlite3.Connection:
        if self._connection is None:
            raise RuntimeError("the backend is not open")
        return self._connection

    @contextlib.contextmanager
    def _transaction(self, dry_run: bool) -> t.Iterator[sqlite3.Connection]:
        with self._said_plainly():
            self._check_folder()
            if not dry_run:
                self._rehearsed = ()
                self._make_file()
            self._database.execute("BEGIN IMMEDIATE")
            try:
                _catch_up(self._path, self._database)
                for move in self._rehearsed:
                    _rename(self._database, move)
                yield self._database
                self._database.execute("ROLLBACK" if dry_run else "COMMIT")
            finally:
                # SQLite has rolled back by itself where the disk was full: a second time would hide that
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")

    def _check_folder(self) -> None:
        """Raise IpamError where there is none: where a disk is not mounted, or a path is mistyped, a new database would begin unnoticed."""
        if not os.path.isdir(os.path.dirname(self._path)):
            raise InvalidInput(
                f"the folder of the database {self._path} does not exist: create it, mount what should be there, or correct the path",
                database=self._path,
            )

    def _make_file(self) -> None:
        """Make the file when it is missing: complete under another name first, so that nobody ever sees half of it."""
        if self._read_only:
            raise _failure(self._path, sqlite3.OperationalError("readonly"))
        if _exists(self._path):
            if self._database.execute("PRAGMA database_list").fetchone()["file"] == "":
                self._reopen()
            return
        folder = os.path.dirname(self._path)
        with tempfile.TemporaryDirectory(prefix=".elemental-ipam-", dir=folder) as workshop:
            fresh = os.path.join(workshop, "fresh")
            _create(fresh)
            with contextlib.suppress(FileExistsError):  # another process was quicker
                os.link(fresh, self._path)
        self._reopen()

    def _reopen(self) -> None:
        self._database.close()
        self._connection, self._read_only = _open(self._path)
        if self._read_only:
            raise sqlite3.OperationalError("readonly")

    @contextlib.contextmanager
    def _said_plainly(self) -> t.Iterator[None]:
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise _failure(self._path, error) from error
        except OSError as error:
            raise Forbidden(
                f"the database {self._path} cannot be made: {error.strerror}; choose another path", database=self._path
            ) from error


class _UnreadablePool(IpamError):
    """A stored pool that an older version, or another hand, took and that is refused now."""


# words of SQLite, which has no codes before Python 3.11: what they mean, and what the user can do
_MEANINGS: tuple[tuple[tuple[str, ...], type[IpamError], str], ...] = (
    (
        ("not a database", "malformed", "UTF-8", "utf-8", "no such table", "no such column"),
        IpamError,
        "is no SQLite file or is damaged; restore it from a backup, or name another file",
    ),
    (("readonly", "read-only"), Forbidden, "is read-only; make the file and its folder writable for this user"),
    (
        ("unable to open",),
        Forbidden,
        "cannot be opened; check that its folder exists and that this user may write there",
    ),
    (
        ("locked",),
        TimedOut,
        f"was locked by another process for {_PATIENCE:.0f} s; end that process and run again",
    ),
)


def _failure(path: str, error: sqlite3.Error | UnicodeDecodeError) -> IpamError:
    """The error for what SQLite reports."""
    reason = str(error)
    if "full" in reason:
        text = f"the disk is full, so that nothing was kept in the database {path}; make room and run again"
        return IpamError(text, database=path)
    for words, failure, meaning in _MEANINGS:
        if any(word in reason for word in words):
            return failure(f"the database {path} {meaning}", database=path)
    return IpamError(f"the database {path} failed: {reason}", database=path)


def _create(path: str) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        _make_tables(database)


def _in_memory() -> sqlite3.Connection:
    database = sqlite3.connect(":memory:", isolation_level=None)
    database.row_factory = sqlite3.Row
    _make_tables(database)
    return database


def _make_tables(database: sqlite3.Connection) -> None:
    database.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {_SCHEMA_VERSION}; COMMIT;")


def _exists(path: str) -> bool:
    """Whether there is a file. Raises IpamError for a link to nothing: what it should lead to may only be missing just now."""
    if "\0" in path:
        raise InvalidInput(f"{path!r} is no path; give that of the database")
    if os.path.islink(path) and not os.path.exists(path):
        raise InvalidInput(
            f"the database {path} is a link to {os.readlink(path)}, which does not exist; correct the link, or mount what it leads to",
            database=path,
        )
    try:
        os.stat(path)
    except PermissionError:  # it may be there, with claims: that is not the same as no database
        raise Forbidden(
            f"the folder of the database {path} may not be read by this user; change its mode or owner", database=path
        ) from None
    except OSError:
        return False
    return True


def _open(path: str) -> tuple[sqlite3.Connection, bool]:
    """The file, or a copy of it in memory and True where this user may only read it."""
    if not _writable(path):
        return _copy(path), True
    try:
        return _checked_schema(path, _connected(path, "mode=rw")), False
    except sqlite3.OperationalError:
        if _writable(os.path.dirname(path)):
            raise
        return _copy(path), True


def _writable(path: str) -> bool:
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _copy(path: str) -> sqlite3.Connection:
    """The content of a database in memory."""
    memory = sqlite3.connect(":memory:", isolation_level=None)
    memory.row_factory = sqlite3.Row
    # where the write-ahead log is gone, so is its writer, and nothing changes while we look
    modes = ["mode=ro"] if _size(f"{path}-wal") else ["mode=ro", "mode=ro&immutable=1"]
    for number, mode in enumerate(modes, 1):
        try:
            with contextlib.closing(_connected(path, mode)) as database:
                database.backup(memory)
                break
        except sqlite3.OperationalError:
            if number == len(modes):
                memory.close()
                raise
    return _checked_schema(path, memory)


def _size(path: str) -> int:
    return os.path.getsize(path) if os.path.exists(path) else 0


def _connected(path: str, mode: str) -> sqlite3.Connection:
    """A connection that never makes a file."""
    uri = f"file:{urllib.parse.quote(path)}?{mode}"
    database = sqlite3.connect(uri, timeout=_PATIENCE, isolation_level=None, uri=True)
    database.row_factory = sqlite3.Row
    return database


def _checked_schema(path: str, database: sqlite3.Connection) -> sqlite3.Connection:
    try:
        version = database.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.Error:
        database.close()
        raise
    if not 1 <= version <= _SCHEMA_VERSION:
        database.close()
        raise MissingRequirement(_other_schema(path, version), database=path)
    return database


def _other_schema(path: str, version: int) -> str:
    advice = "use a newer elemental.networking" if version > _SCHEMA_VERSION else "name another file"
    return f"the database {path} has schema {version}, this version knows {_SCHEMA_VERSION}; {advice}"


def _catch_up(path: str, database: sqlite3.Connection) -> None:
    """Inside a transaction: bring a database of an older version to the schema of this one."""
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version > _SCHEMA_VERSION:  # while it was open here
        raise MissingRequirement(f"{_other_schema(path, version)}, nothing was changed", database=path)
    for older in range(version, _SCHEMA_VERSION):
        for statement in _CHANGES[older]:
            database.execute(statement)
    if version != _SCHEMA_VERSION:
        database.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")


def _allocate(database: sqlite3.Connection, pool: Pool, claims: t.Sequence[Claim]) -> list[Claim]:
    """Give the claims that do not exist yet their addresses; returns these."""
    asking = _still_missing(database, claims)
    still = resting.resting(database, pool)
    given = _kept_for(database, pool, asking, still)
    others = [claim for claim in asking if claim not in given]
    taken = {*_used(database, pool), *preallocated(pool).values(), *given.values()}
    free = list(itertools.islice(lowest_free(allocatable(pool), taken), len(others)))
    if len(free) < len(others):
        raise PoolExhausted(
            f"pool {pool.reference.name} has {len(free)} free of {allocatable(pool).size}, {len(others)} claims ask; "
            f"release claims or widen the pool{resting.next_free(still)}",
            **{"pool": pool.reference.name, "namespace": others[0].namespace},
            **{"free": len(free), "total": allocatable(pool).size, "requested": len(others)},
        )
    given.update(zip(others, free))
    resting.end(database, pool, map(str, given.values()))
    rows = [
        (
            *(claim.namespace, claim.name, claim.machine, claim.key, *resting.key(pool)),
            *(str(given[claim]), pool.prefix, pool.gateway, claim.host, claim.site),
        )
        for claim in asking
    ]
    database.executemany(f"INSERT INTO claims ({_COLUMNS}) VALUES ({', '.join('?' * 13)})", rows)
    return asking


def _kept_for(
    database: sqlite3.Connection, pool: Pool, claims: t.Sequence[Claim], still: t.Sequence[resting.Resting]
) -> dict[Claim, IPAddress]:
    """The addresses that are kept for some of these claims: by the pool's preAllocations, else since they rest after the same claim."""
    kept, addresses = preallocated(pool), allocatable(pool)
    rested = {each.claim: _address(each.address) for each in still}
    by_others = {_address(each.address): each for each in still}
    given: dict[Claim, IPAddress] = {}
    for claim in claims:
        address = kept.get(final_name(claim.name))
        if address is not None:
            _refuse_taken(database, pool, claim, address, by_others.get(address))
            given[claim] = address
            continue
        own = rested.get(resting.identity(claim))
        if own is not None and own in addresses and own not in kept.values():
            given[claim] = own
    return given


def _refuse_taken(
    database: sqlite3.Connection, pool: Pool, claim: Claim, address: IPAddress, rest: resting.Resting | None
) -> None:
    """Raise IpamError where the address that is kept for a claim is held by another one, or rests after another one."""
    holder = _holders(database, pool).get(address)
    if holder is not None:
        raise claim_conflict(
            claim,
            f"pool {pool.reference.name} keeps {address} for claim {claim.name} (preAllocations), but claim {holder} holds it;"
            " release that one, or correct preAllocations",
        )
    if rest is not None and rest.claim != resting.identity(claim):
        raise claim_conflict(
            claim,
            f"pool {pool.reference.name} keeps {address} for claim {claim.name} (preAllocations), but it rests after claim {rest.claim[1]}"
            f"{resting.next_free([rest])}",
        )


def _still_missing(database: sqlite3.Connection, claims: t.Sequence[Claim]) -> list[Claim]:
    """Inside the transaction: another process may have made the same claims since we looked."""
    missing = []
    for claim in claims:
        row = database.execute(
            "SELECT * FROM claims WHERE namespace = ? AND name = ?", (claim.namespace, claim.name)
        ).fetchone()
        if row is None:
            missing.append(claim)
            continue
        found = _bound_claim(row).claim
        if found != claim or found.site not in ("", claim.site):
            raise claim_conflict(
                claim,
                f"claim {claim.name} was made with another pool, machine or site by another user meanwhile; run again",
            )
    return missing


def _rename(database: sqlite3.Connection, move: HandOver) -> None:
    before, after = move.before.claim, move.after
    values = (after.name, after.machine, after.key, after.host, *_identity(move.before))
    try:
        renamed = database.execute(
            f"UPDATE claims SET name = ?, machine = ?, key = ?, host = ? WHERE {_THIS_CLAIM}", values
        )
    except sqlite3.IntegrityError:
        raise claim_conflict(
            before,
            f"claim {before.name} cannot become {after.name}, which holds another address: release the one of the two that is not used",
        ) from None
    if not renamed.rowcount:
        raise claim_conflict(before, f"claim {before.name} was released by another user meanwhile; run again")


def _renamed(move: HandOver) -> _Row:
    """The handle of a claim that was renamed."""
    row, after = dict(zip(_IDENTITY, _identity(move.before))), move.after
    row.update(name=after.name, machine=after.machine, key=after.key, host=after.host)
    return _Row(tuple(row.values()))


def _put_pool(database: sqlite3.Connection, pool: Pool) -> None:
    addresses, holders = allocatable(pool), _holders(database, pool)
    rests = {_address(each.address): each for each in _rests_until_now(database, pool)}
    in_use = {*holders, *(each for each in rests if each is not None)}
    outside = (each for each in in_use if each.version != addresses.version or each not in addresses)
    lost = sorted(outside, key=lambda each: (each.version, int(each)))
    if lost:
        raise Conflict(
            f"pool {pool.reference.name}: pool addresses do not contain allocated addresses: {_few(list(map(str, lost)))}; "
            f"release their claims first or keep them in the pool{resting.next_free([rests[each] for each in lost if each in rests])}",
            **{"pool": pool.reference.name, "namespace": pool.namespace, "addresses": list(map(str, lost[:_FEW]))},
        )
    for claim, address in preallocated(pool).items():
        if final_name(holders.get(address, claim)) != claim:
            raise Conflict(
                f"pool {pool.reference.name}: preAllocations keeps {address} for claim {claim}, but claim {holders[address]} holds it;"
                " release that one first, or keep another address"
            )
    manifest = json.dumps(pool_to_manifest(pool), sort_keys=True)
    database.execute("INSERT OR REPLACE INTO pools VALUES (?, ?, ?, ?, ?)", (*resting.key(pool), manifest))


def _rests_until_now(database: sqlite3.Connection, pool: Pool) -> list[resting.Resting]:
    """What rests by the period that the pool had until now; what has rested by it is free for good."""
    condition = "api_group = ? AND kind = ? AND namespace = ? AND name = ?"
    row = database.execute(f"SELECT * FROM pools WHERE {condition}", resting.key(pool)).fetchone()
    try:
        before = _pool(row) if row else pool
    except _UnreadablePool:
        before = pool
    resting.forget_rested(database, before)
    return resting.resting(database, before)


class _Row(t.NamedTuple):
    """The handle of a claim: the values of _IDENTITY, as its row has them."""

    values: tuple[t.Any, ...]


def _identity(bound: BoundClaim) -> tuple[t.Any, ...]:
    """The values of _THIS_CLAIM. Raises IpamError for a claim that was not looked up in a database."""
    if isinstance(bound.handle, _Row):
        return bound.handle.values
    raise IpamError(f"claim {bound.claim.name} was not looked up in this database; find it there before it is changed")


def _pool_namespace(claim: Claim) -> str:
    """Where the pool of a claim is; empty for a global one."""
    return "" if claim.pool.kind == GLOBAL else claim.namespace


def _holders(database: sqlite3.Connection, pool: Pool) -> dict[IPAddress, str]:
    """The name of the claim that holds each address of a pool; what is not an address is nobody's: its claim says so."""
    condition = "api_group = ? AND kind = ? AND pool_namespace = ? AND pool = ?"
    rows = database.execute(f"SELECT address, name FROM claims WHERE {condition}", resting.key(pool)).fetchall()
    held = ((_address(address), name) for address, name in rows)
    return {address: str(name) for address, name in held if address is not None}


def _used(database: sqlite3.Connection, pool: Pool) -> list[IPAddress]:
    """The addresses of a pool that claims hold, and those that rest."""
    rests = (_address(each.address) for each in resting.resting(database, pool))
    return [*_holders(database, pool), *(address for address in rests if address is not None)]


def _few(names: t.Sequence[str]) -> str:
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return ", ".join(names[:_FEW]) + more


def _pool(row: sqlite3.Row) -> Pool:
    """The pool in a row. Raises _UnreadablePool for one that is refused now."""
    with _believed():
        manifest, namespace, name = (_text(row[column]) for column in ("manifest", "namespace", "name"))
        content = json.loads(manifest)
        spec = content["spec"]
        for field in ("addresses", "excludedAddresses"):
            if field in spec:  # 0.1.0 took blanks
                spec[field] = [_BLANKS.sub("-", _text(each)) for each in spec[field]]
    try:
        return pool_from_manifest(content, namespace, stored=True)
    except IpamError as error:
        raise _UnreadablePool(
            f"{error}; this is what the database has of pool {plain(name, 80)}: register it again with a correct manifest, or delete it"
        ) from None


def _namespace(row: sqlite3.Row) -> str:
    with _believed():
        return _text(row["namespace"])


def _bound_claim(row: sqlite3.Row) -> BoundClaim:
    with _believed():
        texts = [
            _text(row[name]) for name in ("api_group", "kind", "pool", "namespace", "name", "machine", "key", "host")
        ]
        api_group, kind, pool, namespace, name, machine, key, host = texts
        claim = Claim(
            *(namespace, name, machine, key, PoolReference(api_group, kind, pool), host),
            host_keys=parted(_later(row, "host_keys")),
            machine_id=valid_identity(_later(row, "machine_id")),
            site=_later(row, "site"),
            confirmed=moment(_later(row, "confirmed")),
        )
        address, prefix, gateway = (row[column] for column in ("address", "prefix", "gateway"))
    try:
        found = checked_address(f"claim {name}", address, prefix, gateway)
        return BoundClaim(claim, dataclasses.replace(found, pool=pool), handle=_handle(row))
    except IpamError as error:
        return BoundClaim(claim, None, str(error), handle=_handle(row))


def _handle(row: sqlite3.Row) -> _Row:
    return _Row(tuple(row[column] for column in _IDENTITY))


def _later(row: sqlite3.Row, column: str) -> str:
    """A column that a database of an older version has not."""
    return _text(row[column]) if column in row.keys() else ""  # noqa: SIM118 a row is no mapping


def _address(value: object) -> IPAddress | None:
    """The address without its zone; None for what is none."""
    try:
        return ipaddress.ip_address(_text(value).partition("%")[0])
    except (TypeError, ValueError):
        return None


def _text(value: object) -> str:
    """A text no longer than the manifest that it may come from."""
    if not isinstance(value, str):
        raise TypeError("no text")
    if len(value) > _LONGEST_TEXT:
        raise ValueError("too long")
    return value


@contextlib.contextmanager
def _believed() -> t.Iterator[None]:
    """What is not what we wrote was damaged since, whatever SQLite thinks of the file."""
    try:
        yield
    except (TypeError, ValueError, LookupError, AttributeError, RecursionError, IpamError) as error:
        raise sqlite3.DatabaseError("database disk image is malformed") from error
