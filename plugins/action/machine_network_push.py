# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of elemental.networking.machine_network_push."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.utils.display import Display
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError
from ansible_collections.elemental.networking.plugins.module_utils._ipam_module import BATCH_SPEC, serve_claims
from ansible_collections.elemental.networking.plugins.module_utils._printable import one_line
from ansible_collections.elemental.networking.plugins.plugin_utils._action import NetworkAction
from ansible_collections.elemental.networking.plugins.plugin_utils._failures import (
    Refused,
    RolledBack,
    described,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._play.claiming import claimed_for
from ansible_collections.elemental.networking.plugins.plugin_utils._play.claims_here import backend_at, call, lazily
from ansible_collections.elemental.networking.plugins.plugin_utils._play.role_values import (
    given_of,
    given_values,
    reading,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._request.addresses import addresses_from_result
from ansible_collections.elemental.networking.plugins.plugin_utils._request.hidden_values import hidden_values
from ansible_collections.elemental.networking.plugins.plugin_utils._request.machine_network import machine_network
from ansible_collections.elemental.networking.plugins.plugin_utils._request.registered import claims_made
from ansible_collections.elemental.networking.plugins.plugin_utils._transaction.push import ARGUMENTS, push

_Record = t.Mapping[str, t.Any]


class ActionModule(NetworkAction):
    """Push what was claimed for this host by the task before: an option would be templated as a whole for each host."""

    _requires_connection = True
    _supports_check_mode = True

    def perform(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """See the documentation of the module."""
        host = str(task_vars["inventory_hostname"])
        claimed = claims_made(self._task, host)
        shown: dict[str, t.Any] = {"claim_id": claimed["claim_id"]}
        if host not in {*claimed["hosts"], *claimed["refused"]}:
            # not every host that a task is for can be known to the one that runs for all
            claimed = claimed_for([host], self._task, task_vars, self._loader, self._templar)
            shown["claimed"] = claimed
        refused = claimed["refused"].get(host)
        if refused:
            raise Refused.again(refused["msg"], refused["error"])
        asked = claimed["hosts"][host]
        if asked["is_pending"]:
            return {"changed": False, "skipped": True, "skip_reason": "its addresses are not claimed yet (check mode)"}
        try:
            result = push(self, task_vars, *self._order(host, asked, claimed, task_vars), asked["is_promised"])
        except AnsibleConnectionFailure:
            raise  # what became of the host is not known
        except AnsibleError as error:
            if not asked["renumbering"]:
                raise
            if isinstance(error, RolledBack):
                self._drop_new(asked, claimed, lazily(self._templar, task_vars))
            raise _not_renumbered(host, error) from None
        made = shown.get("claimed") or {}
        return {**result, **shown, "changed": bool(result["changed"] or made.get("changed"))}

    def _order(
        self, host: str, asked: _Record, claimed: _Record, task_vars: dict[str, t.Any]
    ) -> tuple[dict[str, t.Any], t.Any]:
        """The options of the push, and the addresses for the placeholders."""
        template = self._templar.template
        read = reading(lambda name: template(task_vars.get(name)), template, hidden_values(task_vars))
        network = machine_network(given_of(host, read("inventory_dir"), given_values(read))).network
        machine = asked["machine"]
        self._task.args = {
            "configurator": asked["configurator"],
            "config": network.get("config") or {},
            "machine": machine,
            "former_machine": asked["former_machine"],
            "held_addresses": claimed.get("held", {}).get(machine) or [],
            "known_host_keys": claimed.get("host_keys", {}).get(machine) or [],
            "known_machine_ids": claimed.get("machine_ids", {}).get(machine) or [],
            **asked["push"],
        }
        return self.options(ARGUMENTS), addresses_from_result(claimed.get("addresses", {}).get(machine) or {})

    def _drop_new(self, asked: _Record, claimed: _Record, access: t.Callable[[str], object]) -> None:
        """Release the new addresses of a host that was rolled back; one that an earlier run has pushed already it may have."""
        releases = [
            {"name": each["name"], "namespace": each["namespace"]} for each in asked["renumbering"] if each["created"]
        ]
        if not releases:
            return
        releasing = call(BATCH_SPEC, claimed["backend"], False, claims=releases, state="absent")
        try:
            with backend_at(claimed["backend"], claimed["database"], access) as backend:
                serve_claims(releasing, backend, releasing.params["claims"])
        except IpamError as error:
            names = ", ".join(each["name"] for each in releases)
            Display().warning(one_line(f"{names} could not be released ({error}); the next run uses it"))


def _not_renumbered(host: str, error: AnsibleError) -> AnsibleError:
    """The same failure, in a sentence that names what became of the addresses."""
    sentence = f"{host} was not renumbered and keeps its old address: {error}"
    if isinstance(error, RolledBack):
        return RolledBack(sentence, **error.details)
    return Refused.again(sentence, described(error))
