# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take together what belongs together (pure): what is done for all items at once grows with their number alone."""

from __future__ import annotations

import typing as t

Item = t.TypeVar("Item")
Key = t.TypeVar("Key")


def grouped(items: t.Iterable[Item], key: t.Callable[[Item], Key]) -> dict[Key, list[Item]]:
    """The items by their keys, in the order in which these come first."""
    groups: dict[Key, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups
