# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One server while it is open: looks, and transactions that keep everything or nothing, one at a time for all controllers.

A transaction takes one advisory lock in the place of SQLite's BEGIN IMMEDIATE. At READ COMMITTED each statement after it sees all that was
kept before, so that no transaction fails for another one's sake, as with SERIALIZABLE. The lock ends with its session.
"""

from __future__ import annotations

import contextlib
import time
import typing as t
import uuid

from ...model import IpamError
from .. import file
from ..dialect import Database, Session
from . import tables
from .connection import Server
from .driver import psycopg
from .failures import PATIENCE, RECOVERY, Unavailable, Unreachable, failure, may_run_again, translated
from .sql import SCHEMA, PostgresqlDatabase

if t.TYPE_CHECKING:
    from .connection import Connection

_Result = t.TypeVar("_Result")
# of all registries in one database of the server; any number that other programs do not lock
_LOCK = 0x656C656D656E7461
# a controller that stops in a transaction, or is cut off, blocks the other ones for as long
_IDLE = PATIENCE // 2
# what a site may have set otherwise for this user or database: these are of this transaction alone
_SETTINGS = (
    f"SET LOCAL search_path = {SCHEMA}, pg_temp; SET LOCAL lock_timeout = '{PATIENCE}s'; SET LOCAL statement_timeout = 0; "
    f"SET LOCAL idle_in_transaction_session_timeout = '{_IDLE}s'; "
    # what is reported as kept must outlive the server; where it also waits for standbys, that stays as it is
    "SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'; "
)
_WRITE = f"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; {_SETTINGS} SELECT pg_advisory_xact_lock({_LOCK})"
_READ = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {_SETTINGS}"
# seconds; the calls whose outcome may still be asked for are younger
_OLD_CALLS = 3600
_REMEMBER = (
    "WITH old AS (DELETE FROM calls WHERE made < extract(epoch FROM clock_timestamp()) - %s) "
    "INSERT INTO calls VALUES (%s, extract(epoch FROM clock_timestamp()))"
)
# in the log of the server, too: once this is kept, so is what was kept before it, on standbys as well
_KEEP_AGAIN = "UPDATE calls SET made = made WHERE token = %s"
_PAUSE, _LONGEST_PAUSE = 0.05, 1.0


class PostgresqlSession(Session):
    """A connection to the server, and a new one where it was lost."""

    name = "postgresql"

    def __init__(self, options: t.Mapping[str, t.Any]) -> None:
        self._server = Server(options)
        self._connection: Connection | None = None
        self._has_tables = False

    def open(self) -> None:
        """Connect; a server that starts or stops is waited for."""
        deadline, pause = time.monotonic() + RECOVERY, _PAUSE
        while True:
            try:
                self._connection = self._server.connect()
                return
            except Unavailable:
                if time.monotonic() > deadline:
                    raise
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def read(self, work: t.Callable[[Database], _Result]) -> _Result:
        """What ``work`` finds in the database as it is at one moment; where there are no tables yet, in an empty one."""
        return self._persistently(lambda connection: self._look(connection, work))

    def write(self, work: t.Callable[[Database], _Result], dry_run: bool) -> _Result:
        """Keep all that ``work`` does, or nothing: with ``dry_run``, or where it raises."""
        call = _Call(self._server.place, work, dry_run)
        result = self._persistently(call.attempt)
        self._has_tables = self._has_tables or not dry_run
        return result

    def _look(self, connection: Connection, work: t.Callable[[Database], _Result]) -> _Result:
        with _rolled_back(connection):
            connection.execute(_READ.encode())
            if not self._has_tables and not tables.exist(connection):
                with contextlib.closing(file.in_memory()) as empty:
                    return work(empty)
            self._has_tables = True
            if not tables.are_older(connection, self._server.place):
                return work(PostgresqlDatabase(connection))
        # as they will be once something is kept
        return _Call(self._server.place, work, dry_run=True).attempt(connection)

    def _persistently(self, attempt: t.Callable[[Connection], _Result]) -> _Result:
        """Attempt, and again where the connection is lost before the end: on a new one, until there was none for a while."""
        if self._connection is None:
            raise RuntimeError("the backend is not open")
        with translated(self._server.place):
            deadline, pause = 0.0, _PAUSE
            while True:
                try:
                    return attempt(self._connected())
                except psycopg.Error as error:
                    if not may_run_again(error):
                        raise
                    refused: IpamError = failure(self._server.place, error)
                except (Unavailable, Unreachable) as error:
                    refused = error
                deadline = deadline or time.monotonic() + RECOVERY
                if time.monotonic() > deadline:
                    raise refused
                time.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = self._server.connect()
        return self._connection


class _Call(t.Generic[_Result]):
    """One transaction, however often its connection is lost: it is kept once."""

    def __init__(self, place: str, work: t.Callable[[Database], _Result], dry_run: bool) -> None:
        self._place, self._work, self._dry_run = place, work, dry_run
        self._token = uuid.uuid4().hex
        # the result of an attempt whose end was not heard of
        self._unsure: list[_Result] = []

    def attempt(self, connection: Connection) -> _Result:
        """Run it; the lock shows that an earlier attempt has ended, one way or the other."""
        with _rolled_back(connection):
            connection.execute(_WRITE.encode())
            tables.catch_up(connection, self._place)
            if self._unsure and connection.execute(_KEEP_AGAIN.encode(), (self._token,)).rowcount:
                connection.execute(b"COMMIT")
                return self._unsure[0]
            result = self._work(PostgresqlDatabase(connection))
            if not self._dry_run:
                connection.execute(_REMEMBER.encode(), (_OLD_CALLS, self._token))
                self._unsure = [result]
                connection.execute(b"COMMIT")
            return result


@contextlib.contextmanager
def _rolled_back(connection: Connection) -> t.Iterator[None]:
    """Leave no transaction open; one that was committed is not open any more."""
    try:
        yield
    finally:
        if connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            try:
                connection.execute(b"ROLLBACK")
            except psycopg.Error:  # as good as rolled back: the server does that when a session ends
                connection.close()
