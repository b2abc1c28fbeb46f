# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tasks of this play have registered: results alone, which no variable of the same name hides."""

from __future__ import annotations

import typing as t

from ansible_collections.elemental.networking.plugins.plugin_utils._failures import InvalidInput

_Record = t.Mapping[str, t.Any]


def registered(task: t.Any, host: str) -> _Record:
    """Of a host what its tasks have registered and set as facts, by name.

    Ansible offers no other way to it than through all variables of a host, of which users may set any; those of many hosts take long, too.
    """
    found: _Record = task.get_variable_manager()._nonpersistent_fact_cache.get(host) or {}
    return found


def claims_held(task: t.Any, host: str) -> _Record:
    """What machine_network_held_info has found. Raises InvalidInput where it did not come before."""
    found = registered(task, host).get("_machine_network_held")
    if not isinstance(found, t.Mapping) or "reset_id" not in found:
        raise InvalidInput(
            "no claims were looked up in this play: this module is a step of the role machine_network; use that, or network_reset"
        )
    return found
