# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What SQLite and the disk report, as failures with a cause and a next step.

By words, because SQLite has no codes before Python 3.11.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import typing as t

from ..errors import Forbidden, InvalidInput, TimedOut
from ..model import IpamError
from .dialect import DamagedRow

# how long a call waits for the other processes, in seconds
PATIENCE = 120.0
# words of SQLite: what they mean, and what the user can do
_MEANINGS: tuple[tuple[tuple[str, ...], type[IpamError], str], ...] = (
    (
        ("not a database", "malformed", "UTF-8", "utf-8", "no such table", "no such column"),
        IpamError,
        "is not an SQLite file or is damaged; restore it from a backup, or name another file",
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
        f"was locked by another process for {PATIENCE:.0f} s; end that process and run again",
    ),
)


@contextlib.contextmanager
def translated(path: str) -> t.Iterator[None]:
    """Raise what SQLite and the system refuse inside as IpamError."""
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise failure(path, error) from error
    except DamagedRow as error:
        raise failure(path, sqlite3.DatabaseError("malformed")) from error
    except OSError as error:
        raise Forbidden(
            f"the database {path} cannot be made: {error.strerror}; choose another path", database=path
        ) from error


def failure(path: str, error: sqlite3.Error | UnicodeDecodeError) -> IpamError:
    """The error for what SQLite reports."""
    reason = str(error)
    if "full" in reason:
        text = f"the disk is full, so that nothing was kept in the database {path}; make room and run again"
        return IpamError(text, database=path)
    if os.path.isdir(path):
        return InvalidInput(f"the database {path} is a folder; give the path of a file in it", database=path)
    for words, kind, meaning in _MEANINGS:
        if any(word in reason for word in words):
            return kind(f"the database {path} {meaning}", database=path)
    return IpamError(f"the database {path} failed: {reason}", database=path)
