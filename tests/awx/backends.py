# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the claims of jobs are kept, each as the credential of AWX gives it to a job."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
import typing as t
from dataclasses import dataclass

import psycopg
from ansible_collections.elemental.networking.plugins.module_utils._ipam.database.postgresql.sql import SCHEMA

from tests.testbed.controlplane import namespace, places, users
from tests.testbed.controlplane.plane import Plane, running
from tests.testbed.postgresql.fixtures import empty_database
from tests.testbed.postgresql.server import Server, down

from .rules import Injected, injected
from .shipped import TYPES

if t.TYPE_CHECKING:
    from .job import Site

KUBERNETES, EMBEDDED, POSTGRESQL = BACKENDS = ("kubernetes", "embedded", "postgresql")
_TYPES = dict(zip(BACKENDS, TYPES.values()))
_QUERY = "SELECT machine, address FROM {}claims"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Store:
    """An empty place for claims: what its credential injects, the volumes that it takes, and who holds what in it."""

    credential: Injected
    volumes: tuple[str, ...]
    claims: t.Callable[[], dict[str, str]]


Maker = t.Callable[["Site"], Store]


@contextlib.contextmanager
def started(backend: str) -> t.Iterator[Maker]:
    """What the backend needs is up while this lasts; yields what makes an empty place for the claims of one test."""
    with {KUBERNETES: _cluster, POSTGRESQL: _server, EMBEDDED: _nothing}[backend]() as make:
        yield make


@contextlib.contextmanager
def _nothing() -> t.Iterator[Maker]:
    yield _file


def _file(site: Site) -> Store:
    file = site.exposed / "ipam.sqlite"

    def claims() -> dict[str, str]:
        if not file.exists():
            return {}
        with contextlib.closing(sqlite3.connect(file)) as connection, contextlib.suppress(sqlite3.OperationalError):
            return dict(connection.execute(_QUERY.format("")))
        return {}  # its tables are not there yet

    return Store(_injected(EMBEDDED, path="/exposed/ipam.sqlite"), (f"{site.exposed}:/exposed:z",), claims)


@contextlib.contextmanager
def _server() -> t.Iterator[Maker]:
    down()
    server = Server("awx")

    def make(_site: Site) -> Store:
        options = {**server.tls, **{key: each for key, each in empty_database(server).items() if key == "dbname"}}
        names = {"dbname": "database", "user": "username", "sslrootcert": ""}
        given = {names.get(name, name): str(value) for name, value in options.items() if names.get(name, name)}
        with open(options["sslrootcert"], encoding="ascii") as stream:
            given["sslrootcert"] = stream.read()

        def claims() -> dict[str, str]:
            with psycopg.connect(**options) as connection, contextlib.suppress(psycopg.errors.UndefinedTable):
                return dict(connection.execute(_QUERY.format(f"{SCHEMA}.").encode()).fetchall())
            return {}

        return Store(_injected(POSTGRESQL, **given), (), claims)

    try:
        server.make()
        yield make
    finally:
        down()


@contextlib.contextmanager
def _cluster() -> t.Iterator[Maker]:
    """The control plane has a network namespace of its own, and this process is in it meanwhile."""
    with namespace.coming_back(), running(f"{places.PREFIX}-awx", "1.1") as plane:
        yield lambda _site: _namespace(plane)


def _namespace(plane: Plane) -> Store:
    name = f"jobs-{next(_numbers)}"
    plane.admin.namespace(name)
    for file in ("ipam-consumer.yaml", "ipam-pool-manager.yaml"):
        users.allow(plane.admin, name, file)

    def claims() -> dict[str, str]:
        found = plane.admin.ipam("ipaddresses", name)
        return {each["spec"]["claimRef"]["name"].rpartition("-")[0]: each["spec"]["address"] for each in found}

    kubeconfig = plane.kubeconfig(users.CONSUMER).read_text()
    return Store(_injected(KUBERNETES, kubeconfig=kubeconfig, claims_namespace=name), (), claims)


def _injected(backend: str, **given: str) -> Injected:
    return injected(_TYPES[backend], given)
