# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of elemental.networking.machine_network_held_info."""

from __future__ import annotations

import typing as t
import uuid
from dataclasses import asdict

from ansible_collections.elemental.networking.plugins.module_utils._ipam_module import claim_result
from ansible_collections.elemental.networking.plugins.plugin_utils._action import NetworkAction
from ansible_collections.elemental.networking.plugins.plugin_utils._host.play import refuse_running_ahead
from ansible_collections.elemental.networking.plugins.plugin_utils._play.asking import ResetAsked, resets_asked
from ansible_collections.elemental.networking.plugins.plugin_utils._play.claims_here import backend_at, lazily
from ansible_collections.elemental.networking.plugins.plugin_utils._play.held import Held, Holder
from ansible_collections.elemental.networking.plugins.plugin_utils._play.role_values import mistyped, specification
from ansible_collections.elemental.networking.plugins.plugin_utils._request.all_hosts import one_place
from ansible_collections.elemental.networking.plugins.plugin_utils._request.host_variables import HostVariables
from ansible_collections.elemental.networking.plugins.plugin_utils._request.machine_network import MachineNetwork


class ActionModule(NetworkAction):
    """Look at the variables of all hosts of the batch, then at all claims once."""

    _requires_connection = False
    _supports_check_mode = True

    def perform(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """See the documentation of the module."""
        refuse_running_ahead(self._task.get_play())
        entry_points = specification(self._loader)
        options = entry_points["reset"]
        variables = HostVariables(self._task, task_vars, self._loader, (*options, "inventory_dir"))
        found = resets_asked(
            task_vars["ansible_play_batch"],
            task_vars["groups"]["all"],
            lambda host: variables.of(host).value,
            options,
        )
        result: dict[str, t.Any] = {"hosts": {}}
        warnings = mistyped(task_vars, entry_points)
        if found.hosts:
            place = one_place([each.asked for each in found.hosts.values()])
            claims, missing = _claims(place, lazily(self._templar, task_vars))
            held = Held(claims)
            warnings += missing
            hosts = {host: _about(each, held) for host, each in found.hosts.items()}
            result = {"hosts": hosts, "backend": place.backend, "database": place.database}
        return {
            **result,
            "changed": False,
            # a result that a host has from an earlier reset of the same play has another one
            "reset_id": uuid.uuid4().hex,
            "refused": {host: asdict(each) for host, each in found.refused.items()},
            "warnings": warnings,
        }


def _claims(place: MachineNetwork, access: t.Callable[[str], object]) -> tuple[list[dict[str, t.Any]], list[str]]:
    """All claims that there are, of a cluster those of one namespace, which a user may see, as a rule; and why there may be none."""
    with backend_at(place.backend, place.database, access) as backend:
        listed = backend.list_claims(place.namespace if place.backend == "kubernetes" else None)
        # on a cluster not every user may list pools
        why = "" if listed or place.backend == "kubernetes" else backend.why_no_pools()
    return [claim_result(each) for each in listed], [why] if why else []


def _about(each: ResetAsked, held: Held) -> dict[str, t.Any]:
    """What the reset of a host needs to know, and what is released after it."""
    return {
        "machine": each.asked.machine,
        "former_machine": each.asked.former_machine,
        "reset": dict(each.reset),
        "is_forced": each.is_forced,
        "releases_owned": each.releases_owned,
        "claims": [dict(claim) for claim in held.by(Holder(each.asked, each.any_namespace))],
    }
