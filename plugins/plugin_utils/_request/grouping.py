# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of many machines by what they are about: looked at once, and not once for each machine (pure)."""

from __future__ import annotations

import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._ipam.grouping import grouped as by_key

Record = t.Mapping[str, t.Any]


def grouped(records: t.Iterable[Record], name: str) -> dict[t.Any, list[Record]]:
    """Records by the value of one of their fields, in their order; one without it is under None."""
    return by_key(records, lambda each: each.get(name))
