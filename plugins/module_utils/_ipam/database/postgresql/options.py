# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How to reach a server: options named as libpq's, and what the environment adds (pure)."""

from __future__ import annotations

import os
import typing as t

from ...._texts import plain
from ...errors import InvalidInput

# the connection parameters of libpq that the option postgresql takes
OPTIONS: dict[str, dict[str, t.Any]] = {
    "host": {"type": "str"},
    "hostaddr": {"type": "str"},
    "port": {"type": "str"},
    "dbname": {"type": "str"},
    "user": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "passfile": {"type": "path", "no_log": False},
    "sslmode": {"type": "str"},
    "sslrootcert": {"type": "path"},
    "sslcert": {"type": "path"},
    "sslkey": {"type": "path", "no_log": False},
    "service": {"type": "str"},
    "connect_timeout": {"type": "int"},
    "target_session_attrs": {"type": "str"},
}
# psycopg leaves the ~ in them to libpq, which does not know it
_PATHS = tuple(name for name, spec in OPTIONS.items() if spec["type"] == "path")
# what is set unless the option or the variable beside it is: a server that is cut off is noticed within half a minute, not after the two
# hours of the kernel
_DEFAULTS: t.Mapping[str, tuple[str, object]] = {
    "application_name": ("PGAPPNAME", "elemental.networking"),
    "connect_timeout": ("PGCONNECT_TIMEOUT", 10),
    "keepalives_idle": ("", 10),
    "keepalives_interval": ("", 5),
    "keepalives_count": ("", 3),
    "tcp_user_timeout": ("", 25000),
}


def parameters(options: t.Mapping[str, t.Any], environment: t.Mapping[str, str]) -> dict[str, t.Any]:
    """What to give to libpq, which adds what its environment and a service file have.

    An empty option, as surveys and credentials of AWX leave one, counts as unset. Raises InvalidInput.
    """
    given = {name: _checked(name, value) for name, value in options.items() if value not in (None, "")}
    defaults = {name: value for name, (variable, value) in _DEFAULTS.items() if not environment.get(variable)}
    return {**defaults, **given}


def empty_variables(environment: t.Mapping[str, str]) -> list[str]:
    """The variables of libpq that are set to an empty string, which libpq would take for a name."""
    return [name for name, value in environment.items() if name.startswith("PG") and not value]


def place(known: t.Mapping[str, t.Any], environment: t.Mapping[str, str]) -> str:
    """What a sentence calls the database before there is a connection."""
    named = {
        word: known.get(keyword) or environment.get(variable)
        for word, keyword, variable in (
            ("", "dbname", "PGDATABASE"),
            ("of service", "service", "PGSERVICE"),
            ("on", "host", "PGHOST"),
            ("port", "port", "PGPORT"),
        )
    }
    words = [f"{word} {plain(value, 80)}".strip() for word, value in named.items() if value]
    return " ".join(words) or "that libpq's defaults name"


def _checked(name: str, value: object) -> object:
    if name not in OPTIONS:
        raise InvalidInput(f"postgresql has no option {plain(name, 60)}; use {', '.join(OPTIONS)}")
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise InvalidInput(f"{name} of postgresql must be a string or a number; correct it")
    if "\0" in str(value):
        raise InvalidInput(f"{name} of postgresql has a character that no option may have; correct it")
    return os.path.expanduser(str(value)) if name in _PATHS else str(value)
