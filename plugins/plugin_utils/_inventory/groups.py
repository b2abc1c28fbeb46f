# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The groups of a host: by cluster, role, pool and state (pure)."""

from __future__ import annotations

import functools
import re
import typing as t

from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.model import Machine

GROUPS: dict[str, t.Callable[[Machine], t.Iterable[str]]] = {
    "cluster": lambda machine: [machine.membership.cluster],
    "role": lambda machine: machine.membership.roles,
    "machine_pool": lambda machine: [machine.membership.machine_pool],
    "pool": lambda machine: [each.pool for each in machine.held.values()],
    "state": lambda machine: [machine.state],
    "namespace": lambda machine: [machine.namespace],
}


def group_names(machine: Machine, group_by: t.Iterable[str], prefix: str) -> list[str]:
    """The names of its groups, such as elemental_cluster_east: letters, digits and underscores alone."""
    names = [f"{prefix}{kind}_{value}" for kind in group_by for value in GROUPS[kind](machine) if value]
    return list(dict.fromkeys(safe(name) for name in names))


@functools.lru_cache(maxsize=10_000)
def safe(name: str) -> str:
    """A name that every version of Ansible takes as that of a group, and that cannot be mistaken for a pattern."""
    return re.sub(r"^(?=[0-9])", "_", re.sub(r"[^A-Za-z0-9_]", "_", name))
