# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of elemental.networking.machine_network_release."""

from __future__ import annotations

import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._ipam_module import BATCH_SPEC, Result, serve_claims
from ansible_collections.elemental.networking.plugins.plugin_utils._action import NetworkAction
from ansible_collections.elemental.networking.plugins.plugin_utils._play.after_reset import (
    Release,
    releases,
    results_of,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._play.claims_here import backend_at, call, lazily
from ansible_collections.elemental.networking.plugins.plugin_utils._play.moving import NAMES, moved_hosts
from ansible_collections.elemental.networking.plugins.plugin_utils._request.host_variables import HostVariables

_HELD, _RESULT = "_machine_network_held", "machine_network_result"


class ActionModule(NetworkAction):
    """Release for all hosts of the batch at once what those hold that run on DHCP."""

    _requires_connection = False
    _supports_check_mode = True

    def perform(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """See the documentation of the module."""
        held = task_vars[_HELD]
        variables = HostVariables(self._task, task_vars, self._loader, (_RESULT, *NAMES))
        # a host that failed is no more among those of the batch
        of_hosts = {host: variables.of(host) for host in held["hosts"]}
        results = results_of(held["reset_id"], {host: each.raw(_RESULT) for host, each in of_hosts.items()})
        found = releases(held["hosts"], results)
        result = self._released(found, held, lazily(self._templar, task_vars)) if found else {"changed": False}
        reset = {host: each for host, each in results.items() if each.get("is_reset")}
        return {**result, "moved": moved_hosts(reset, of_hosts)}

    def _released(
        self, found: t.Sequence[Release], held: t.Mapping[str, t.Any], access: t.Callable[[str], object]
    ) -> dict[str, t.Any]:
        results: list[Result] = []
        warnings: list[str] = []
        with backend_at(held["backend"], held["database"], access) as backend:
            for each in found:
                releasing = call(
                    BATCH_SPEC,
                    held["backend"],
                    bool(self._task.check_mode),
                    claims=list(each.claims),
                    state="absent",
                    if_owned=each.if_owned,
                )
                results.append(serve_claims(releasing, backend, releasing.params["claims"]))
                warnings += releasing.warnings
        return {
            "changed": any(each["changed"] for each in results),
            "released": [claim["name"] for each in results for claim in each.get("claims", ())],
            "diff": [each["diff"] for each in results if each["changed"] and "diff" in each],
            "warnings": warnings,
        }
