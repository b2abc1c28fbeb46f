# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place where paths of an API server are made: no name, no matter who gave it, leads a request to anything else (pure)."""

from __future__ import annotations

import typing as t
from urllib.parse import quote

from ..._texts import plain
from ..errors import InvalidInput
from ..names import is_subdomain

Path = t.NewType("Path", str)


def path(*segments: str) -> Path:
    """The path of these segments. Raises IpamError for one that no name of Kubernetes can be, an empty one too."""
    for segment in segments:
        if not is_subdomain(segment):
            raise InvalidInput(
                f"the name {plain(segment) or 'that is empty'} cannot be a part of a request to the Kubernetes API;"
                " correct the name of the namespace, the pool, its apiGroup or the owner that is called so"
            )
    return Path("".join(f"/{quote(segment, safe='')}" for segment in segments))
