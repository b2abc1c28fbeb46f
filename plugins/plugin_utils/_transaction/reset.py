# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Give DHCP back to one host: beside its static address, proved over the lease, and only then in its place."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase
from ansible_collections.elemental.networking.plugins.module_utils._network_module import COMMON_ARGUMENTS
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import StageReset
from ansible_collections.elemental.networking.plugins.plugin_utils._host.connection import Node
from ansible_collections.elemental.networking.plugins.plugin_utils._host.ssh_identity import HostIdentity
from ansible_collections.elemental.networking.plugins.plugin_utils._transaction.options import common_request
from ansible_collections.elemental.networking.plugins.plugin_utils._transaction.transaction import Transaction

ARGUMENTS = {
    "addresses": {"type": "list", "elements": "str", "default": []},
    **COMMON_ARGUMENTS,
}


def reset(action: ActionBase, task_vars: t.Mapping[str, t.Any], options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The result of the module network_reset, whose options these are.

    Raises Failure with one sentence, Unreached without an answer.
    """
    common = common_request(options, str(task_vars["inventory_hostname"]), bool(action._task.check_mode))
    identity = HostIdentity.of(options, options["addresses"])
    node = Node.of(action, task_vars, identity)
    request = StageReset(common._replace(identities=tuple(identity.machine_ids)), tuple(options["addresses"]))
    outcome = Transaction(node, request, options["addresses"]).carry_out()
    return {
        **outcome.result(bool(action._task.diff)),
        "removed": list(outcome.stale),
        "warnings": list(outcome.warnings),
    }
