# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Claim for hosts of a batch in one call, once their variables are checked."""

from __future__ import annotations

import typing as t
import uuid
from dataclasses import asdict

from ansible import constants, context
from ansible_collections.elemental.networking.plugins.module_utils._ipam_module import BATCH_SPEC, serve_claims
from ansible_collections.elemental.networking.plugins.plugin_utils._play.asking import (
    BatchAsked,
    HostAsked,
    batch_asked,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._play.claims_here import backend_at, call, lazily
from ansible_collections.elemental.networking.plugins.plugin_utils._play.other_machines import (
    warnings_of_other_machines,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._play.role_values import mistyped, specification
from ansible_collections.elemental.networking.plugins.plugin_utils._request.all_hosts import one_backend
from ansible_collections.elemental.networking.plugins.plugin_utils._request.grouping import grouped
from ansible_collections.elemental.networking.plugins.plugin_utils._request.host_variables import HostVariables
from ansible_collections.elemental.networking.plugins.plugin_utils._request.machine_network import described

# what is read besides the options of the role
_MORE_NAMES = ("ansible_connection", "inventory_dir")


def claimed_for(
    hosts: t.Sequence[str], task: t.Any, task_vars: dict[str, t.Any], loader: t.Any, templar: t.Any
) -> dict[str, t.Any]:
    """What was claimed for these hosts, what the push of each needs, and what is wrong with the variables of others."""
    play = task.get_play()
    entry_points = specification(loader)
    options = entry_points["configure"]
    variables = HostVariables(task, task_vars, loader, (*options, *_MORE_NAMES))
    asked = batch_asked(
        hosts,
        task_vars["groups"]["all"],
        lambda host: variables.of(host).value,
        options,
        str(play.connection or context.CLIARGS.get("connection") or constants.DEFAULT_TRANSPORT),
    )
    claimed: dict[str, t.Any] = {"changed": False}
    if asked.hosts:
        claimed = _claimed(list(asked.hosts.values()), bool(task.check_mode), lazily(templar, task_vars))
    others = warnings_of_other_machines((each.asked for each in asked.hosts.values()), variables.own_of)
    warnings = [*claimed.get("warnings", ()), *others, *mistyped(task_vars, entry_points)]
    # a result that a host has from an earlier push of the same play has another id
    return {**claimed, **_by_host(asked, claimed), "claim_id": uuid.uuid4().hex, "warnings": warnings}


def _claimed(asked: list[HostAsked], check: bool, access: t.Callable[[str], object]) -> dict[str, t.Any]:
    networks = [each.asked for each in asked]
    place = one_backend(networks)
    pools: list[t.Any] = []
    for pool in (pool for each in networks for pool in each.pools):
        if pool not in pools:
            pools.append(pool)
    asking = call(
        BATCH_SPEC,
        place.backend,
        check,
        claims=[claim for each in networks for claim in each.claims],
        machines=[machine for each in networks for machine in each.machines],
        pools=pools,
    )
    with backend_at(place.backend, place.database, access) as backend:
        result = serve_claims(asking, backend, asking.params["claims"])
    return {
        **result,
        "warnings": asking.warnings,
        "backend": place.backend,
        "database": place.database,
        "pools": pools,
    }


def is_promised(claims: t.Sequence[t.Mapping[str, t.Any]], machine: str, claimed: t.Mapping[str, t.Any]) -> bool:
    """Whether nothing shows that a machine has ever answered at an address that it holds, also for a key that it asks for no more."""
    held = set((claimed.get("held") or {}).get(machine) or ())
    is_known = bool((claimed.get("host_keys") or {}).get(machine)) or any(claim.get("confirmed") for claim in claims)
    return bool(claims) and not is_known and held <= {claim.get("address") for claim in claims}


def _by_host(asked: BatchAsked[HostAsked], claimed: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What the push of each host needs, and why a host is not pushed."""
    claims, renumbering = (grouped(claimed.get(name) or (), "machine") for name in ("claims", "renumbering"))
    hosts = {}
    for host, each in asked.hosts.items():
        about = described(each.asked)
        del about["pools"]
        machine = each.asked.machine
        hosts[host] = {
            **about,
            "push": dict(each.push),
            "keeps_unused": each.keeps_unused,
            "is_promised": is_promised(claims.get(machine, []), machine, claimed),
            "is_pending": any(claim["address"] is None for claim in claims.get(machine, ())),
            "renumbering": renumbering.get(machine, []),
        }
    return {"hosts": hosts, "refused": {host: asdict(each) for host, each in asked.refused.items()}}
