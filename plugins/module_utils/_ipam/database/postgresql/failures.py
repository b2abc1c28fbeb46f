# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server reports, as failures with a cause and a next step: by SQLSTATE, never by words, which may be in any language."""

from __future__ import annotations

import contextlib
import typing as t

from .... import _errors
from ...._texts import plain
from ...errors import Forbidden, InvalidInput, TimedOut
from ...model import IpamError
from ..dialect import DamagedRow
from .driver import psycopg

# how long a call waits for the other ones, in seconds
PATIENCE = 120
# how long a call waits for a server that restarts, or for another one that takes over, in seconds
RECOVERY = 30.0
_RIGHTS = "grant this user the rights that docs/postgresql.md lists"
# SQLSTATE (appendix A of PostgreSQL's manual): what it means, and what the user can do
_MEANINGS: t.Mapping[str, tuple[type[IpamError], str]] = {
    "25006": (
        Forbidden,
        "is read-only, as a standby is; name the primary, or all hosts with target_session_attrs: read-write",
    ),
    "25P03": (TimedOut, "ended this call, which paused for too long in a transaction; nothing was kept, run again"),
    "42501": (Forbidden, f"refuses what is needed; {_RIGHTS}"),
    "53100": (IpamError, "has no space left on its disk, so that nothing was kept; make room and run again"),
    "55P03": (
        TimedOut,
        f"was locked by another call for {PATIENCE} s; end that session (pg_stat_activity shows it) and run again",
    ),
    "57014": (TimedOut, "cancelled this call; nothing was kept, run again"),
    "42P01": (IpamError, "lacks a table of the schema elemental_networking; restore it from a backup"),
    "42703": (IpamError, "lacks a column in the schema elemental_networking; restore it from a backup"),
}
# the server ends, or begins; and the class of lost connections
_LOST = ("57P01", "57P02", "57P03", "57P05")
_LOST_CLASS = "08"
# two transactions were in each other's way: PostgreSQL asks to run one of them again
_AGAIN = ("40001", "40P01")


class Unreachable(_errors.Unreachable, IpamError):
    """No server answers."""


class Unavailable(IpamError):
    """The server starts, stops or is cut off, for longer than it is waited for."""

    code = _errors.UNAVAILABLE


@contextlib.contextmanager
def translated(place: str) -> t.Iterator[None]:
    """Raise what the server and the driver refuse inside as IpamError."""
    try:
        yield
    except psycopg.Error as error:
        raise failure(place, error) from error
    except DamagedRow as error:
        text = f"the database {place} has a row that was not written by this collection, or is damaged; restore it from a backup"
        raise IpamError(text, database=place) from error
    except UnicodeError as error:
        text = f"the database {place} cannot keep what is not UTF-8; correct the name, or make the database with ENCODING 'UTF8'"
        raise InvalidInput(text, database=place) from error


def failure(place: str, error: psycopg.Error) -> IpamError:
    """The error for what the server reports."""
    if is_lost(error):
        text = f"the connection to the database {place} was lost ({reason(error)}), and for {RECOVERY:.0f} s there was no other one"
        return Unavailable(f"{text}; check the server and run again", database=place)
    kind, meaning = _MEANINGS.get(error.sqlstate or "", (IpamError, "failed"))
    return kind(f"the database {place} {meaning} ({reason(error)})", database=place)


def reason(error: psycopg.Error) -> str:
    """The words of the server, or of libpq, in one line."""
    return plain(error.diag.message_primary or error) or type(error).__name__


def is_lost(error: psycopg.Error) -> bool:
    """Whether the connection is gone, or the server is: nothing of an open transaction is kept."""
    state = error.sqlstate or ""
    if state:
        return state in _LOST or state.startswith(_LOST_CLASS)
    return isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))


def may_run_again(error: psycopg.Error) -> bool:
    """Whether the same call may succeed when it is run again from its beginning."""
    return is_lost(error) or error.sqlstate in _AGAIN
