# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From lists to machines: the one way for data of others into an inventory (pure)."""

from __future__ import annotations

import typing as t

from ansible_collections.elemental.networking.plugins.plugin_utils._inventory import claimed, clusters, elemental
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.addresses import REGISTRATION_IP
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.model import (
    MACHINE_INVENTORIES,
    Lists,
    Machine,
    Read,
)


def machines(lists: Lists, source: str, label_prefix: str, site: str, addresses: t.Collection[str] = ()) -> Read:
    """The machines in the order of their names, and a sentence for each part of their data that could not be used.

    ``addresses`` are the sources of addresses that count: what keeps one of them from being found is such a sentence, too.
    """
    if source != MACHINE_INVENTORIES:
        read = claimed.machines(lists.claims, site)
        return Read(read.machines, (*lists.notes, *read.troubles))
    membership, troubles = clusters.memberships(lists.selectors, lists.machines)
    found: list[Machine] = []
    for item in lists.machine_inventories:
        each, faults = elemental.machine(item, label_prefix, lists.confirmed, membership)
        troubles += faults
        if each is not None:
            found.append(each)
    if REGISTRATION_IP in addresses:
        troubles += elemental.prefix_troubles(found, label_prefix)
    return Read(tuple(sorted(found, key=lambda each: (each.namespace, each.name))), (*lists.notes, *troubles))
