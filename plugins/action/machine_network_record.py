# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of elemental.networking.machine_network_record."""

from __future__ import annotations

import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._ipam.backend import IpamBackend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError
from ansible_collections.elemental.networking.plugins.module_utils._ipam_module import (
    BATCH_SPEC,
    RECORD_SPEC,
    Result,
    serve_claims,
    serve_record,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._action import NetworkAction
from ansible_collections.elemental.networking.plugins.plugin_utils._play.after_push import (
    Left,
    Pushed,
    left_of,
    results_of,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._play.claims_here import (
    Call,
    backend_at,
    call,
    lazily,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._play.moving import NAMES, moved_hosts
from ansible_collections.elemental.networking.plugins.plugin_utils._request.grouping import grouped
from ansible_collections.elemental.networking.plugins.plugin_utils._request.host_variables import HostVariables
from ansible_collections.elemental.networking.plugins.plugin_utils._request.registered import claims_made, registered

_RESULT = "machine_network_result"


class ActionModule(NetworkAction):
    """Do for all hosts of the batch at once what their pushes have left to do."""

    _requires_connection = False
    _supports_check_mode = True

    def perform(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """See the documentation of the module."""
        claimed = claims_made(self._task, str(task_vars["inventory_hostname"]))
        hosts = dict.fromkeys([*claimed["hosts"], *task_vars["ansible_play_hosts_all"]])
        found = {host: registered(self._task, host).get(_RESULT) for host in hosts}
        results = results_of(claimed["claim_id"], found)
        # a host that the claiming task did not know of has claimed for itself
        origins = [claimed, *(each["claimed"] for each in results.values() if "claimed" in each)]
        pushed: list[Pushed] = []
        ended: list[dict[str, t.Any]] = []
        for origin in origins:
            of_origin = _pushed(origin, results)
            pushed += of_origin
            left = left_of(of_origin, bool(self._task.check_mode))
            if left.to_record or left.renumbered or left.to_release:
                ended.append(self._carried_out(left, origin, lazily(self._templar, task_vars)))
        variables = HostVariables(self._task, task_vars, self._loader, NAMES)
        places = moved_hosts(
            {each.host: each.result for each in pushed}, {each.host: variables.of(each.host) for each in pushed}
        )
        return {"changed": any(each.pop("changed") for each in ended), **_joined(ended), "moved": places}

    def _carried_out(
        self, left: Left, claimed: t.Mapping[str, t.Any], access: t.Callable[[str], object]
    ) -> dict[str, t.Any]:
        """Record, end renumberings and release, in this order; the machines work, and the next run ends what fails in the first two.

        What is recorded changes no machine and no address: a network that is there already is not ``changed`` by it.
        """
        check, place = bool(self._task.check_mode), claimed["backend"]
        warnings: list[str] = []
        results: list[Result] = []
        recorded: list[Result] = []
        with backend_at(place, claimed["database"], access) as backend:
            if left.to_record:
                recording = call(RECORD_SPEC, place, check, machines=list(left.to_record))
                recorded = _or_warning(lambda: serve_record(recording, backend), recording, warnings)
            if left.renumbered:
                ending = call(
                    BATCH_SPEC,
                    place,
                    check,
                    claims=list(left.renumbered),
                    pools=claimed["pools"],
                    state="renumbered",
                )
                results += _or_warning(lambda: _served(ending, backend), ending, warnings)
            if left.to_release:
                releasing = call(
                    BATCH_SPEC,
                    place,
                    check,
                    claims=list(left.to_release),
                    state="absent",
                    if_owned="keep",
                )
                results.append(_served(releasing, backend))
                warnings += releasing.warnings
        return {
            "changed": any(each["changed"] for each in results),
            "recorded": [name for each in recorded for name in each["recorded"]],
            "released": [claim["name"] for each in results for claim in each.get("claims", ())],
            "diff": [each["diff"] for each in results if each["changed"] and "diff" in each],
            "warnings": warnings,
        }


def _served(asking: Call, backend: IpamBackend) -> Result:
    return serve_claims(asking, backend, asking.params["claims"])


def _or_warning(serve: t.Callable[[], Result], asking: Call, warnings: list[str]) -> list[Result]:
    try:
        return [serve()]
    except IpamError as error:
        warnings.append(str(error))
        return []
    finally:
        warnings += asking.warnings


def _pushed(claimed: t.Mapping[str, t.Any], results: t.Mapping[str, t.Any]) -> list[Pushed]:
    claims, unused = (
        grouped(claimed.get(what) or (), name) for what, name in (("claims", "machine"), ("unused", "host"))
    )
    return [
        Pushed(
            host=host,
            asked=claimed["hosts"][host],
            result=result,
            claims=tuple(claims.get(claimed["hosts"][host]["machine"], ())),
            unused=tuple(unused.get(host, ())),
            is_renumbered=bool(claimed["hosts"][host]["renumbering"]),
        )
        for host, result in results.items()
        if host in claimed["hosts"]
    ]


def _joined(results: t.Iterable[dict[str, t.Any]]) -> dict[str, list[t.Any]]:
    """The lists of several results."""
    found: dict[str, list[t.Any]] = {}
    for name, values in (pair for each in results for pair in each.items()):
        found.setdefault(name, []).extend(values)
    return found
