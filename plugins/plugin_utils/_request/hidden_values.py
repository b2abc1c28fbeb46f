# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory has for a variable that an extra variable hides with an empty string.

A survey of AWX sends one for each question without an answer, and nothing has precedence over an extra variable.
"""

from __future__ import annotations

import copy
import typing as t

_PREFIX = "machine_network"
# what `omit` is there; since 2.19 Ansible leaves the variable out itself
_OMIT = "__omit_place_holder__"
# option of what a host asks for -> variable
VARIABLES = {
    "network": _PREFIX,
    **{
        name: f"{_PREFIX}_{name}"
        for name in (
            "manifest",
            "pools",
            "pool_files",
            "kubernetes",
            "postgresql",
            "site",
            "former_name",
            "renumber",
            "probes",
        )
    },
    **{name: f"{_PREFIX}_ipam_{name}" for name in ("backend", "database", "namespace")},
    "machine": f"{_PREFIX}_machine_name",
    "deadline": f"{_PREFIX}_rollback_timeout",
}


def is_unset(value: object) -> bool:
    """Whether a value counts as not given: null, a string that is empty or blank, or ``omit`` before ansible-core 2.19."""
    return value is None or (isinstance(value, str) and (not value.strip() or value.startswith(_OMIT)))


def hidden_values(variables: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The values of the inventory behind empty extra variables of this collection, by variable, with their templates; mostly none.

    ``variables`` are those of a task. Ansible offers no public way to what an extra variable hides: where its variable manager is
    another one than expected, nothing is found, and the empty string counts as unset without that.
    """
    hostvars = variables.get("hostvars")
    manager: t.Any = getattr(hostvars, "_variable_manager", None)
    inventory: t.Any = getattr(hostvars, "_inventory", None)
    extra = getattr(manager, "extra_vars", None)
    names = [name for name, value in (extra or {}).items() if name.startswith(_PREFIX) and is_unset(value)]
    host = inventory.get_host(variables.get("inventory_hostname")) if names and inventory is not None else None
    if host is None:
        return {}
    without: t.Any = copy.copy(manager)
    # ansible-core 2.16 leaves the loader out of a copy
    without._extra_vars, without._loader = {}, getattr(manager, "_loader", None)
    known = without.get_vars(host=host, include_hostvars=False)
    return {name: known[name] for name in names if not is_unset(known.get(name))}
