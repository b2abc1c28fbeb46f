# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""psycopg, the driver, which is needed by this backend alone."""

from __future__ import annotations

import logging
import sys

from ...errors import MissingLibrary, MissingRequirement

try:
    import psycopg
    import psycopg.conninfo
    import psycopg.pq

    # what it logs of a connection that is lost is an error, or was made up for
    logging.getLogger("psycopg").addHandler(logging.NullHandler())
except ImportError:
    psycopg = None  # type: ignore[assignment]

__all__ = ["psycopg", "require"]
_OLDEST = (3, 1)


def require() -> None:
    """Raise MissingRequirement where it is missing, or too old."""
    if psycopg is None:
        raise MissingLibrary(
            f"the postgresql backend needs the Python library psycopg 3.1 or later for {sys.executable}, which runs it: "
            f"run {sys.executable} -m pip install 'psycopg[binary]'",
            requirement="psycopg",
        )
    if tuple(map(int, psycopg.__version__.split(".")[:2])) < _OLDEST:
        raise MissingRequirement(
            f"the postgresql backend needs psycopg 3.1 or later, and {sys.executable} has {psycopg.__version__}; upgrade it",
            requirement="psycopg",
        )
