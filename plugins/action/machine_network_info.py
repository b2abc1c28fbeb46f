# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action elemental.networking.machine_network_info."""

from __future__ import annotations

import typing as t

from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.elemental.networking.plugins.module_utils._machine_network_options import ARGUMENTS
from ansible_collections.elemental.networking.plugins.plugin_utils._action import NetworkAction
from ansible_collections.elemental.networking.plugins.plugin_utils._host.play import (
    refuse_running_ahead,
    refuse_unsupported,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._request.all_hosts import (
    hosts_by_machine,
    refuse_name_in_use,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._request.hidden_values import (
    VARIABLES,
    hidden_values,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._request.machine_network import (
    Given,
    described,
    machine_network,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._request.preflight import checked
from ansible_collections.elemental.networking.plugins.plugin_utils._transaction.options import check_trial


class ActionModule(NetworkAction):
    """Determine what a host asks for, and check it; only files of the controller are read."""

    _requires_connection = False
    _supports_check_mode = True

    def perform(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """See the documentation of the module."""
        options = self.options(ARGUMENTS)
        rehearsed, in_step, connected = (options.pop(name) for name in ("check", "in_step", "connected"))
        if in_step:
            refuse_running_ahead(self._task.get_play())
        options = {name: "" if value is None else value for name, value in options.items()}
        if in_step:
            options = self._with_hidden(options, task_vars)
        trial = {name: options.pop(name) for name in ("probes", "deadline")}
        host, former = str(task_vars["inventory_hostname"]), str(options["former_name"])
        if former:
            refuse_name_in_use(host, former, hosts_by_machine(task_vars["groups"]["all"]))
        given = Given(host, task_vars.get("inventory_dir") or None, **options)
        asked = checked(given) if rehearsed else machine_network(given)
        if rehearsed and asked.configurator != "none":
            check_trial(**trial)
        if connected and asked.configurator != "none":
            refuse_unsupported(self._connection.transport)
        return {"changed": False, **described(asked)}

    def _with_hidden(self, options: t.Mapping[str, t.Any], task_vars: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """The options of the role, with what its empty variables hide in the inventory."""
        hidden = hidden_values(task_vars)
        found = {
            name: self._templar.template(hidden[variable]) for name, variable in VARIABLES.items() if variable in hidden
        }
        if "renumber" in found:
            found["renumber"] = boolean(found["renumber"], strict=False)
        return {**options, **found}
