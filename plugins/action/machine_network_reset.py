# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of elemental.networking.machine_network_reset."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible_collections.elemental.networking.plugins.plugin_utils._action import NetworkAction
from ansible_collections.elemental.networking.plugins.plugin_utils._failures import (
    InvalidInput,
    Refused,
    RolledBack,
    WrongHost,
    described,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._play.after_reset import (
    claims_of_another,
    not_reset,
    of_another,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._request.registered import claims_held, registered
from ansible_collections.elemental.networking.plugins.plugin_utils._transaction.reset import ARGUMENTS, reset

_Record = t.Mapping[str, t.Any]
_OPTIONS = {"repeat_failure": {"type": "bool", "default": False}}
_REPEATED = ("msg", "error", "rolled_back", "is_reset", "releases_by_force")


class ActionModule(NetworkAction):
    """Give DHCP back to this host, whose claims the task before has found: an option would be templated as a whole for each host."""

    _requires_connection = True
    _supports_check_mode = True

    def perform(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """See the documentation of the module."""
        host = str(task_vars["inventory_hostname"])
        held = claims_held(self._task, host)
        if self.options(_OPTIONS)["repeat_failure"]:
            return _again(registered(self._task, host), held["reset_id"])
        refused = held["refused"].get(host)
        if refused:
            raise Refused.again(refused["msg"], refused["error"])
        about = held["hosts"].get(host)
        if about is None:
            raise InvalidInput(
                f"no claims of {host} were looked up: run machine_network_held_info for all hosts of this play first"
            )
        _refuse_several_namespaces(host, about)
        self._task.args = _order(about)
        is_rehearsal = bool(self._task.check_mode)
        try:
            result = reset(self, task_vars, self.options(ARGUMENTS))
        except AnsibleError as error:  # unreachable, too: Ansible would do nothing more for such a host
            result = _not_reset(host, about, error, is_rehearsal)
        else:
            result = {**result, "is_reset": True, **_of_another(host, about, result)}
        return {**result, "reset_id": held["reset_id"], "is_rehearsed": is_rehearsal}


def _not_reset(host: str, about: _Record, error: AnsibleError, is_rehearsal: bool) -> dict[str, t.Any]:
    """The result for a host that has the network that it had."""
    return {
        "failed": True,
        "changed": False,
        # one that only looks like another host may have got the address of one that is gone
        "msg": not_reset(
            host, str(error), about, is_rehearsal, isinstance(error, (AnsibleConnectionFailure, WrongHost))
        ),
        "error": described(error),
        "is_reset": False,
        "releases_by_force": about["is_forced"],
        **({"rolled_back": True} if isinstance(error, RolledBack) else {}),
    }


def _again(known: _Record, reset_id: str) -> dict[str, t.Any]:
    """The failure of this host once more: that of its reset, or, where the reset was never begun, of the task that failed.

    With any_errors_fatal it may have none.
    """
    result = known.get("machine_network_result")
    is_of_this = isinstance(result, t.Mapping) and result.get("reset_id") == reset_id
    failure = result if is_of_this else known.get("ansible_failed_result")
    if isinstance(failure, t.Mapping) and failure.get("failed"):
        return {**{name: failure[name] for name in _REPEATED if name in failure}, "failed": True, "changed": False}
    return {"failed": True, "msg": "the play ends for this host, since another one could not be reset"}


def _order(about: _Record) -> dict[str, t.Any]:
    """The options of the reset."""
    claims = about["claims"]
    return {
        "machine": about["machine"],
        # a rename that was ended may have renamed the claims and not the host, or neither
        "former_machine": about["former_machine"],
        # a claim that was never served has no address of the host
        "addresses": [each["address"] for each in claims if each["address"]],
        "known_host_keys": list(dict.fromkeys(key for each in claims for key in each["host_keys"])),
        "known_machine_ids": list(dict.fromkeys(each["machine_id"] for each in claims if each["machine_id"])),
        **about["reset"],
    }


def _of_another(host: str, about: _Record, result: _Record) -> dict[str, t.Any]:
    """What makes the task fail where claims of the host are another machine's."""
    left = claims_of_another(about, result["machine_id"])
    if not left:
        return {}
    error = WrongHost(of_another(host, left), claims=[each["name"] for each in left])
    return {"failed": True, "msg": str(error), "error": described(error)}


def _refuse_several_namespaces(host: str, about: _Record) -> None:
    """Raise InvalidInput where it is not known which machine of that name is meant; nothing is released then, not even by force."""
    namespaces = list(dict.fromkeys(each["namespace"] for each in about["claims"]))
    if len(namespaces) > 1:
        raise InvalidInput(
            f"{host} could not be reset and keeps its claims: it holds claims in the namespaces {', '.join(namespaces)}; set "
            "machine_network_ipam_namespace to the one that is meant"
        )
