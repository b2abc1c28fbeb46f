# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connects to a server, and reports why that is not possible."""

from __future__ import annotations

import contextlib
import os
import typing as t

from ...errors import Forbidden, InvalidInput, MissingRequirement
from ...model import IpamError
from . import options as connection_options
from .driver import psycopg
from .failures import Unavailable, Unreachable, reason
from .sql import PostgresqlRow, row_factory

if t.TYPE_CHECKING:
    Connection = psycopg.Connection[PostgresqlRow]
# the oldest one that is maintained by its makers, and tried here
_OLDEST = 130000


class Server:
    """A server, and how to reach it. Raises InvalidInput for options that cannot be."""

    def __init__(self, options: t.Mapping[str, t.Any]) -> None:
        self._parameters = connection_options.parameters(options, os.environ)
        self.place = connection_options.place(self._parameters, os.environ)

    def connect(self) -> Connection:
        """A new connection. Raises IpamError with the reason."""
        with _without_empty_variables():
            connection = self._connected()
        if connection.info.server_version < _OLDEST:
            version = connection.info.server_version // 10000
            connection.close()
            raise MissingRequirement(
                f"the server of the database {self.place} is PostgreSQL {version}; use {_OLDEST // 10000} or later",
                requirement="postgresql",
            )
        return connection

    def _connected(self) -> Connection:
        try:
            # pgbouncer in front of a server knows no prepared statements before version 1.21
            return psycopg.Connection[PostgresqlRow].connect(
                **self._parameters,
                client_encoding="utf-8",
                autocommit=True,
                prepare_threshold=None,
                row_factory=row_factory,
            )
        except psycopg.Error as error:
            raise self._failure(error) from error

    def _failure(self, error: psycopg.Error) -> IpamError:
        """What it is that failed: libpq shows no SQLSTATE before there is a connection, but its ping does."""
        text = reason(error)
        try:
            conninfo = psycopg.conninfo.make_conninfo("", **self._parameters)
            answer = psycopg.pq.PGconn.ping(conninfo.encode())
        except psycopg.Error:
            answer = psycopg.pq.Ping.NO_ATTEMPT
        if answer == psycopg.pq.Ping.OK and self._answers_otherwise():
            return Unavailable(
                f"the database {self.place} has no host that is as target_session_attrs has it ({text}); run again when one has taken over",
                database=self.place,
            )
        if answer == psycopg.pq.Ping.OK:
            return Forbidden(
                f"the database {self.place} refuses the connection ({text}); check user, password, dbname, sslmode and pg_hba.conf",
                database=self.place,
            )
        if answer == psycopg.pq.Ping.REJECT:
            text = f"the server of the database {self.place} starts or stops ({text}); run again later"
            return Unavailable(text, database=self.place)
        if answer == psycopg.pq.Ping.NO_ATTEMPT:
            text = f"the options of the database {self.place} cannot be used ({text}); correct postgresql"
            return InvalidInput(text, database=self.place)
        text = (
            f"the database {self.place} cannot be reached ({text}); check host, port and sslmode in postgresql or PG*"
        )
        return Unreachable(text, database=self.place)

    def _answers_otherwise(self) -> bool:
        """Whether there are hosts that take this user, but none of the kind that is asked for: a standby that has not taken over yet."""
        try:
            psycopg.connect(**{**self._parameters, "target_session_attrs": "any"}).close()
        except psycopg.Error:
            return False
        return True


@contextlib.contextmanager
def _without_empty_variables() -> t.Iterator[None]:
    """AWX sets the variable of a credential's field that was left empty."""
    names = connection_options.empty_variables(os.environ)
    for name in names:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(dict.fromkeys(names, ""))
