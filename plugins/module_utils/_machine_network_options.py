# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the action machine_network_info. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

_TEXTS = ("manifest", "backend", "database", "namespace", "machine", "site", "former_name")
_RAW = ("network", "pools", "pool_files", "probes", "deadline")
ARGUMENTS: t.Dict[str, t.Dict[str, t.Any]] = {
    **{name: {"type": "raw"} for name in _RAW},
    **{name: {"type": "str"} for name in _TEXTS},
    "renumber": {"type": "bool", "default": False},
    "check": {"type": "bool", "default": True},
    "in_step": {"type": "bool", "default": False},
    "connected": {"type": "bool", "default": False},
}
