# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the hosts of a batch are for the rest of the play, once they were pushed or reset."""

from __future__ import annotations

import typing as t

from ansible import constants
from ansible.plugins.loader import connection_loader
from ansible_collections.elemental.networking.plugins.plugin_utils._request.host_variables import Variables

_Record = t.Mapping[str, t.Any]
_SSH_ARGS = "ansible_ssh_args"
# the variables of a host that are read
NAMES = ("ansible_host", _SSH_ARGS)


def moved_hosts(results: t.Mapping[str, _Record], variables: t.Mapping[str, Variables]) -> list[dict[str, t.Any]]:
    """Those of the hosts that are somewhere else now, by the results of their pushes or resets; ``variables`` are those of each."""
    usual = _usual_ssh_args()
    places = (
        moved(
            host,
            result,
            variables[host].text("ansible_host") or host,
            usual if not variables[host].raw(_SSH_ARGS) else None,
        )
        for host, result in results.items()
    )
    return [each for each in places if each]


def moved(host: str, result: _Record, connected_at: str, own_ssh_args: str | None) -> dict[str, t.Any] | None:
    """Where a host is for the rest of the play, if it is somewhere else now, or must be asked for by another name (pure).

    ``connected_at`` is the address that its variables have. The arguments of ssh are what it needs beside those of the user;
    ``all_ssh_args`` has both, where ``own_ssh_args`` are known to hold no password: None where they may. Those in other variables than
    ``ansible_ssh_args`` are left alone: they may hold templates that mean something else later in the play.
    """
    if result.get("address") is None:
        return None
    more = str(result.get("ssh_args") or "")
    if result["address"] == connected_at and not more:
        return None
    is_public = own_ssh_args is not None or not more
    whole = " ".join(filter(None, [more, own_ssh_args])) if is_public and more else ""
    place = {"host": host, "ansible_host": str(result["address"])}
    return {**place, "ssh_args": more, "all_ssh_args": whole, "is_public": is_public}


def _usual_ssh_args() -> str | None:
    """Ansible's own default of the option ssh_args; None where the configuration has another one, which may hold a password."""
    connection_loader.get("ssh", class_only=True)  # makes the option known
    value, origin = constants.config.get_config_value_and_origin(
        "ssh_args", plugin_type="connection", plugin_name="ssh"
    )
    return str(value) if origin == "default" else None
