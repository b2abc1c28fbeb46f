# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action elemental.networking.job_artifacts."""

from __future__ import annotations

import typing as t

from ansible_collections.elemental.networking.plugins.plugin_utils._action import NetworkAction
from ansible_collections.elemental.networking.plugins.plugin_utils._request.artifacts import (
    artifacts,
    of_push,
    statistics,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._request.registered import registered

_ARGUMENTS = {"hosts": {"type": "list", "elements": "str"}}
# variables of the role
_RESULT, _CLAIMED, _HELD = "machine_network_result", "_machine_network_claimed", "_machine_network_held"


class ActionModule(NetworkAction):
    """Set the artifacts; nothing but variables of this play is read."""

    _requires_connection = False
    _supports_check_mode = True

    def perform(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """See the documentation of the module."""
        options = self.options(_ARGUMENTS)
        hosts = options["hosts"] or task_vars.get("ansible_play_hosts_all") or []
        machines = {host: self._pushed(host) for host in hosts}
        data = artifacts({host: values for host, values in machines.items() if values})
        return {
            "changed": False,
            "artifacts": data,
            "ansible_stats": statistics(data),
        }

    def _pushed(self, host: str) -> dict[str, t.Any]:
        """What became of a host; empty for one whose batch has not begun."""
        known = registered(self._task, host)
        result, claimed, held = (known.get(name) for name in (_RESULT, _CLAIMED, _HELD))
        # a host may have claimed for itself
        claimed = result.get("claimed", claimed) if isinstance(result, t.Mapping) else claimed
        request = claimed if isinstance(claimed, t.Mapping) else held
        if not isinstance(request, t.Mapping):
            return {}
        return of_push(host, request.get("hosts", {}).get(host, {}), result, claimed)
