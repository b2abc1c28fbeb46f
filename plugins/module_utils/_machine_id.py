# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The identity by which a machine is recorded: a digest of its machine-id, which is confidential (pure). PRIVATE to the collection."""

from __future__ import annotations

import re

_DIGEST = re.compile(r"[0-9a-f]{32}\Z")


def valid_identity(said: object) -> str:
    """The identity of a machine as it was given, empty where it is not a valid one."""
    return said if isinstance(said, str) and _DIGEST.match(said) else ""
