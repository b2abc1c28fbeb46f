# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL servers for pytest."""

from __future__ import annotations

import itertools
import os
import typing as t

import pytest

from .server import DATABASE, USER, Server, down

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server() -> t.Iterator[Server]:
    """A server; it is removed at the end, also after Ctrl-C."""
    down()
    made = Server("main")
    try:
        made.make()
        yield made
    finally:
        down()


@pytest.fixture
def options(server: Server, monkeypatch: pytest.MonkeyPatch) -> dict[str, t.Any]:
    """An empty database of this test's own."""
    for variable in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(variable)
    return empty_database(server)


def empty_database(server: Server) -> dict[str, t.Any]:
    """A database that has nothing in it, and how to reach it."""
    name = f"{DATABASE}{next(_numbers)}"
    server.admin(f"CREATE DATABASE {name} OWNER {USER}")
    return {**server.options, "dbname": name}
