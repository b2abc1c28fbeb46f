# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of elemental.networking.machine_network_held_info."""

from __future__ import annotations

import typing as t

from ansible_collections.elemental.networking.plugins.plugin_utils._action import NetworkAction
from ansible_collections.elemental.networking.plugins.plugin_utils._failures import InvalidInput
from ansible_collections.elemental.networking.plugins.plugin_utils._play.held import Holder, held_by
from ansible_collections.elemental.networking.plugins.plugin_utils._play.role_values import reading
from ansible_collections.elemental.networking.plugins.plugin_utils._request.hidden_values import hidden_values

# what the tasks before were registered as; templates over the claims of all machines, for each of them, would take hours for thousands
_ASKED, _LOOKED_UP = "_machine_network_asked", "_machine_network_held_by_all"
_PLACES = ("machine_network_ipam_namespace", "machine_network_manifest")


class ActionModule(NetworkAction):
    """Find the claims of this host among those of all machines."""

    _requires_connection = False
    _supports_check_mode = True

    def perform(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """See the documentation of the module."""
        asked, looked_up = task_vars.get(_ASKED), task_vars.get(_LOOKED_UP)
        if not isinstance(asked, t.Mapping) or not isinstance(looked_up, t.Mapping):
            raise InvalidInput(
                "no claims were looked up in this play: this module is a step of the role machine_network; use that, "
                "or ip_address_claim_info"
            )
        template = self._templar.template
        read = reading(lambda name: template(task_vars.get(name)), template, hidden_values(task_vars))
        holder = Holder(
            host=str(task_vars["inventory_hostname"]),
            asked=asked,
            former_host=str(read("machine_network_former_name") or ""),
            any_namespace=not any(str(read(name) or "") for name in _PLACES),
        )
        return {"changed": False, "claims": [dict(each) for each in held_by(holder, looked_up["claims"])]}
