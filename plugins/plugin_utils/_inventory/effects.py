# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the inventory file that have no effect with its source or its other options: an error, since one was expected (pure).

Only what is in the file counts. The environment and ansible.cfg are for many files.
"""

from __future__ import annotations

import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._ipam.errors import InvalidInput
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.addresses import (
    CLAIMED,
    LABELS,
    MACHINE,
    REGISTRATION_IP,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.model import (
    CLAIMS,
    DATABASE,
    MACHINE_INVENTORIES,
    Query,
    Rules,
)

_REMOVE = "remove it"
# the options that not every source uses: for which ones they are, and what to do
_SOURCES: dict[str, tuple[tuple[str, ...], str]] = {
    "label_selector": ((MACHINE_INVENTORIES,), "use include instead"),
    "clusters": ((MACHINE_INVENTORIES,), _REMOVE),
    "confirmations": ((MACHINE_INVENTORIES,), _REMOVE),
    "label_prefix": ((MACHINE_INVENTORIES,), _REMOVE),
    "kubernetes": ((MACHINE_INVENTORIES, CLAIMS), _REMOVE),
    "site": ((CLAIMS, DATABASE), _REMOVE),
    "backend": ((DATABASE,), f"write source: {DATABASE} or remove it"),
    "database": ((DATABASE,), f"write source: {DATABASE} or remove it"),
    "postgresql": ((DATABASE,), f"write source: {DATABASE} or remove it"),
}
# where a database is, by its backend
_BACKENDS = {"database": "embedded", "postgresql": "postgresql"}
# the items of lists that need MachineInventories, and those that need the objects of clusters, too
_OF_ELEMENTAL = {"addresses": (REGISTRATION_IP, *LABELS)}
_OF_CLUSTERS = {"addresses": (MACHINE,), "group_by": ("cluster", "role", "machine_pool")}


def check_effects(given: t.Mapping[t.Any, t.Any], query: Query, rules: Rules) -> None:
    """Raise InvalidInput for the first option of the file, or item of one, that has no effect."""
    written = {name for name, value in given.items() if value not in (None, "", [], {})}
    # these are not ignored: what they ask for is so
    written -= {
        name for name, is_so in (("clusters", not query.clusters), ("confirmations", query.confirmations)) if is_so
    }
    for clause in (*_options(written, query), *_items(written, query, rules)):
        raise InvalidInput(clause)


def _options(written: t.Collection[str], query: Query) -> t.Iterator[str]:
    for name, (sources, advice) in _SOURCES.items():
        if name in written and query.source not in sources:
            yield f"{name} is only for source {' or '.join(sources)}; {advice}"
    for name, backend in _BACKENDS.items():
        if name in written and query.backend != backend:
            yield f"{name} is only for backend {backend}; write backend: {backend} or remove it"


def _items(written: t.Collection[str], query: Query, rules: Rules) -> t.Iterator[str]:
    """Of a list, the first item, where no item has an effect: one list may be for several files."""
    for name, items in (("addresses", rules.addresses), ("group_by", rules.group_by)):
        of_clusters = [each for each in items if each in _OF_CLUSTERS[name]]
        of_elemental = [each for each in items if each in (*_OF_ELEMENTAL.get(name, ()), *of_clusters)]
        if name in written and query.source != MACHINE_INVENTORIES and items and of_elemental == list(items):
            yield f"{name} has {items[0]}, which is only for source {MACHINE_INVENTORIES}; remove it"
        elif name in written and not query.clusters and items and of_clusters == list(items):
            yield f"{name} has {items[0]}, which needs clusters: true; write that, too, or remove {items[0]}"
    if "address_keys" in written and CLAIMED not in rules.addresses:
        yield f"address_keys is only for claimed addresses; write {CLAIMED} into addresses, too, or remove address_keys"
