# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend postgresql: the embedded backend's model and rules on a server, for any number of controllers at once."""

from __future__ import annotations

import typing as t

from ..backend import DatabaseBackend
from .driver import require
from .session import PostgresqlSession


class PostgresqlBackend(DatabaseBackend):
    """Tables on a server; those that do not exist yet are made by the first call that keeps something."""

    def __init__(self, options: t.Mapping[str, t.Any]) -> None:
        require()
        super().__init__(PostgresqlSession(options))
