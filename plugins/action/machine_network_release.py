# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of elemental.networking.machine_network_release."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleError
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError
from ansible_collections.elemental.networking.plugins.module_utils._ipam_module import BATCH_SPEC, Result, serve_claims
from ansible_collections.elemental.networking.plugins.plugin_utils._action import NetworkAction
from ansible_collections.elemental.networking.plugins.plugin_utils._failures import described
from ansible_collections.elemental.networking.plugins.plugin_utils._play.after_reset import (
    Release,
    releases,
    results_of,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._play.claims_here import backend_at, call, lazily
from ansible_collections.elemental.networking.plugins.plugin_utils._play.moving import NAMES, moved_hosts
from ansible_collections.elemental.networking.plugins.plugin_utils._request.host_variables import HostVariables
from ansible_collections.elemental.networking.plugins.plugin_utils._request.registered import claims_held, registered

_Record = t.Mapping[str, t.Any]
_RESULT, _RELEASED = "machine_network_result", "_machine_network_released"


class ActionModule(NetworkAction):
    """Release for all hosts of the batch at once what those hold that run on DHCP."""

    _requires_connection = False
    _supports_check_mode = True

    def perform(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """See the documentation of the module."""
        host = str(task_vars["inventory_hostname"])
        held = claims_held(self._task, host)
        done = {"changed": False, "reset_id": held["reset_id"], "moved": []}
        earlier = registered(self._task, host).get(_RELEASED)
        if isinstance(earlier, t.Mapping) and earlier.get("reset_id") == held["reset_id"]:
            return done
        # a host that failed is no more among those of the batch
        found = {each: registered(self._task, each).get(_RESULT) for each in held["hosts"]}
        results = results_of(held["reset_id"], found, bool(self._task.check_mode))
        return {**done, "moved": self._moved(results, task_vars), **self._released(held, results, task_vars)}

    def _moved(self, results: t.Mapping[str, _Record], task_vars: dict[str, t.Any]) -> list[dict[str, t.Any]]:
        """Where those that were reset are now."""
        variables = HostVariables(self._task, task_vars, self._loader, NAMES)
        reset = {host: each for host, each in results.items() if each.get("is_reset")}
        return moved_hosts(reset, {host: variables.of(host) for host in reset})

    def _released(
        self, held: _Record, results: t.Mapping[str, _Record], task_vars: dict[str, t.Any]
    ) -> dict[str, t.Any]:
        """What was released. A failure does not take away where the hosts are."""
        found = releases(held["hosts"], results)
        try:
            return self._carried_out(found, held, lazily(self._templar, task_vars)) if found else {}
        except (AnsibleError, IpamError) as error:
            return {"failed": True, "msg": str(error), "error": described(error)}

    def _carried_out(
        self, found: t.Sequence[Release], held: _Record, access: t.Callable[[str], object]
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
