# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action elemental.networking.machine_network_report: which machine holds which address, determined once for all hosts."""

from __future__ import annotations

import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_backend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import BoundClaim
from ansible_collections.elemental.networking.plugins.module_utils._ipam.reporting import Wanted, gather, lines
from ansible_collections.elemental.networking.plugins.module_utils._ipam_module import held_result
from ansible_collections.elemental.networking.plugins.module_utils._report_options import ARGUMENTS
from ansible_collections.elemental.networking.plugins.plugin_utils._action import NetworkAction
from ansible_collections.elemental.networking.plugins.plugin_utils._failures import InvalidInput
from ansible_collections.elemental.networking.plugins.plugin_utils._host.play import refuse_running_ahead
from ansible_collections.elemental.networking.plugins.plugin_utils._play.claims_here import cluster, server
from ansible_collections.elemental.networking.plugins.plugin_utils._request.all_hosts import NAMES, all_asked, one_place
from ansible_collections.elemental.networking.plugins.plugin_utils._request.artifacts import (
    artifacts,
    of_claims,
    statistics,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._request.grouping import grouped
from ansible_collections.elemental.networking.plugins.plugin_utils._request.host_variables import HostVariables
from ansible_collections.elemental.networking.plugins.plugin_utils._request.job_slice import UNKNOWN, is_job_slice
from ansible_collections.elemental.networking.plugins.plugin_utils._request.machine_network import (
    MachineNetwork,
    ip_addresses,
)


class ActionModule(NetworkAction):
    """Look at the variables of all hosts of the play, then at the claims and the pools."""

    _requires_connection = False
    _supports_check_mode = True

    def perform(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """See the documentation of the module."""
        options = self.options(ARGUMENTS)
        refuse_running_ahead(self._task.get_play())
        hosts, inventory = task_vars["ansible_play_hosts"], task_vars["groups"]["all"]
        found = all_asked(HostVariables(self._task, task_vars, self._loader, NAMES), hosts, inventory)
        if not found.asked:
            raise InvalidInput(next(iter(found.refused.values()), "this play has no host that could be reported"))
        place = one_place(found.asked)
        unknown = UNKNOWN if is_job_slice(task_vars) else ""
        with open_backend(_backend_options(place, options)) as backend:
            # a user of a cluster may see one namespace, as a rule
            namespace = place.namespace if place.backend == "kubernetes" else None
            holdings = gather(backend, namespace, found.names, place.site, unknown)
        return {
            "changed": False,
            "lines": lines(holdings, filter(None, map(_wanted, found.asked))),
            # not in a task of its own: Ansible would look through thousands of claims once more
            **({"ansible_stats": _artifacts(holdings.claims, task_vars)} if options["leave_artifacts"] else {}),
            "not_in_inventory": [claim.name for claim in holdings.orphans],
            "refused": dict(found.refused),
            "warnings": list(holdings.warnings),
        }


def _artifacts(claims: t.Sequence[BoundClaim], task_vars: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What each host of the play holds, for the next job."""
    by_host = grouped(({**held_result(bound), "confirmed": bound.claim.confirmed or None} for bound in claims), "host")
    hosts = task_vars.get("ansible_play_hosts_all") or task_vars["ansible_play_hosts"]
    return statistics(artifacts({host: of_claims(host, by_host.get(host, ())) for host in hosts}))


def _backend_options(place: MachineNetwork, options: t.Mapping[str, t.Any]) -> BackendOptions:
    if place.backend == "kubernetes":
        return BackendOptions(place.backend, kubernetes=cluster(options["kubernetes"]))
    if place.backend == "postgresql":
        return BackendOptions(place.backend, postgresql=server(options["postgresql"]))
    return BackendOptions(place.backend, place.database)


def _wanted(asked: MachineNetwork) -> Wanted | None:
    if asked.configurator == "none":
        return None
    keys = frozenset(ip_addresses(asked.network))
    return Wanted(asked.host, asked.machine, asked.namespace, asked.site, keys)
