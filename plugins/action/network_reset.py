# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of elemental.networking.network_reset."""

from __future__ import annotations

import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._network_module import COMMON_ARGUMENTS
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import StageReset
from ansible_collections.elemental.networking.plugins.plugin_utils._action import NetworkAction
from ansible_collections.elemental.networking.plugins.plugin_utils._host.connection import Node
from ansible_collections.elemental.networking.plugins.plugin_utils._host.ssh_identity import HostIdentity
from ansible_collections.elemental.networking.plugins.plugin_utils._transaction.options import (
    common_request,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._transaction.transaction import (
    Transaction,
)

_ARGUMENTS = {
    "addresses": {"type": "list", "elements": "str", "default": []},
    **COMMON_ARGUMENTS,
}


class ActionModule(NetworkAction):
    """DHCP beside the static address, connect over the lease, confirm."""

    _requires_connection = True
    _supports_check_mode = True

    def perform(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """See the documentation of the module."""
        options = self.options(_ARGUMENTS)
        common = common_request(options, str(task_vars["inventory_hostname"]), bool(self._task.check_mode))
        identity = HostIdentity.of(options, options["addresses"])
        node = Node.of(self, task_vars, identity)
        request = StageReset(common._replace(identities=tuple(identity.machine_ids)), tuple(options["addresses"]))
        outcome = Transaction(node, request, options["addresses"]).carry_out()
        return {
            **outcome.result(bool(self._task.diff)),
            "removed": list(outcome.stale),
            "warnings": list(outcome.warnings),
        }
