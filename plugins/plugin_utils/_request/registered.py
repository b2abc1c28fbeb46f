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


def with_id(results: t.Mapping[str, object], name: str, value: str) -> dict[str, _Record]:
    """Of what hosts have registered the results that have this id, by host (pure)."""
    return {
        host: result for host, result in results.items() if isinstance(result, t.Mapping) and result.get(name) == value
    }


def claims_held(task: t.Any, host: str) -> _Record:
    """What machine_network_held_info has found. Raises InvalidInput where it did not come before."""
    return _of_all(task, host, "_machine_network_held", "reset_id", "no claims were looked up", "network_reset")


def claims_made(task: t.Any, host: str) -> _Record:
    """What machine_network_claim has claimed. Raises InvalidInput where it did not come before."""
    return _of_all(task, host, "_machine_network_claimed", "claim_id", "nothing was claimed", "network_config")


def _of_all(task: t.Any, host: str, name: str, identity: str, missing: str, module: str) -> _Record:
    """The result of a task that one host ran for all; ``missing`` is what was not done without it, ``module`` what needs no such task."""
    found = registered(task, host).get(name)
    if isinstance(found, t.Mapping) and identity in found:
        return found
    if isinstance(found, t.Mapping) and found.get("skipped"):
        raise InvalidInput(
            f"{missing}: a condition (when) that does not hold for the first host of a play skips the task that this host runs for all; "
            "use include_role, whose condition is that of each host, or name the hosts in hosts of the play"
        )
    raise InvalidInput(
        f"{missing} in this play: this module is a step of the role machine_network; use that, or {module}"
    )
