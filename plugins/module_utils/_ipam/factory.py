# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens the backend that a user has chosen: the one place that knows all of them."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .backend import IpamBackend
from .errors import InvalidInput

if t.TYPE_CHECKING:
    from .database.backend import DatabaseBackend

Report = t.Callable[[str], None]


def _silence(_line: str) -> None:
    """Progress is not reported."""


@dataclass(frozen=True)
class BackendOptions:
    """How to open a backend. ``database`` is a path, for embedded; ``postgresql`` has the connection parameters of that backend, as libpq
    names them; the rest is for kubernetes.

    ``kubernetes`` has the authentication options, as kubernetes.core names them. ``timeout`` is how long to wait beyond what
    the number of claims and the rate of the provider explain, in seconds. ``keep_pending`` leaves claims that cannot be served.
    ``report`` is given a line of progress every few seconds.
    """

    backend: str
    database: str = ""
    kubernetes: t.Mapping[str, t.Any] = field(default_factory=dict)
    timeout: float = 60.0
    keep_pending: bool = False
    report: Report = _silence
    postgresql: t.Mapping[str, t.Any] = field(default_factory=dict)


def open_backend(options: BackendOptions) -> IpamBackend:
    """The backend that the options name; use it as a context manager."""
    # imported here, so that a backend does not need what another one imports
    if options.backend == "kubernetes":
        from .kubernetes.backend import KubernetesBackend
        from .kubernetes.connection import connect

        return KubernetesBackend(
            lambda: connect(options.kubernetes), options.timeout, options.keep_pending, options.report
        )
    if options.backend not in ("embedded", "postgresql"):
        raise InvalidInput(f"there is no IPAM backend {options.backend}; use embedded, kubernetes or postgresql")
    return open_database(options)


def open_database(options: BackendOptions) -> DatabaseBackend:
    """The backend embedded or postgresql; use it as a context manager."""
    if options.backend == "postgresql":
        from .database.postgresql.backend import PostgresqlBackend

        return PostgresqlBackend(options.postgresql)
    if not options.database:
        raise InvalidInput(
            "the embedded backend needs a database: give the path of its file, for example inventory/.elemental-ipam.sqlite"
        )
    from .database.backend import EmbeddedBackend

    return EmbeddedBackend(options.database)
