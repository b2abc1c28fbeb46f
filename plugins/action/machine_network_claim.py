# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of elemental.networking.machine_network_claim."""

from __future__ import annotations

import typing as t

from ansible_collections.elemental.networking.plugins.plugin_utils._action import NetworkAction
from ansible_collections.elemental.networking.plugins.plugin_utils._host.play import refuse_running_ahead
from ansible_collections.elemental.networking.plugins.plugin_utils._play.claiming import claimed_for
from ansible_collections.elemental.networking.plugins.plugin_utils._request.host_variables import HostVariables
from ansible_collections.elemental.networking.plugins.plugin_utils._request.meant_hosts import hosts_of


class ActionModule(NetworkAction):
    """Look at the variables of all hosts of the batch, then claim for all of them in one call."""

    _requires_connection = False
    _supports_check_mode = True

    def perform(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """See the documentation of the module."""
        refuse_running_ahead(self._task.get_play())
        variables = HostVariables(self._task, task_vars, self._loader, ())
        hosts = hosts_of(self._task, task_vars["ansible_play_batch"], variables.everything_of, self._loader)
        return claimed_for(hosts, self._task, task_vars, self._loader, self._templar)
