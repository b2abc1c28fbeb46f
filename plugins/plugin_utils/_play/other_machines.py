# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts whose inventory has the claims of one machine, while the play claims for a machine with another name (pure)."""

from __future__ import annotations

import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._texts import plain
from ansible_collections.elemental.networking.plugins.plugin_utils._request.host_variables import may_be_template
from ansible_collections.elemental.networking.plugins.plugin_utils._request.machine_network import MachineNetwork

# of a name, in characters
_SHOWN = 80

Variables = t.Mapping[str, t.Any]


def warnings_of_other_machines(
    asked: t.Iterable[MachineNetwork], own_variables: t.Callable[[str], Variables]
) -> list[str]:
    """One sentence, for all hosts that would get addresses beside those that they have; ``own_variables`` are those of a host alone."""
    found = [(each, known) for each, known in ((each, _other_machine(each, own_variables)) for each in asked) if known]
    if not found:
        return []
    (first, known), more = found[0], len(found) - 1
    others = f"; the same applies to {more} more host{'s' if more > 1 else ''}" if more else ""
    return [
        f"host {first.host}: the inventory has claims of machine {plain(known, _SHOWN)}, but this play claims other addresses for machine "
        f"{plain(first.machine, _SHOWN)}; set machine_network_machine_name to {{{{ elemental_name }}}} to use those that there are{others}"
    ]


def _other_machine(asked: MachineNetwork, own_variables: t.Callable[[str], Variables]) -> str:
    """The machine that the inventory has claims of, if it is another one than that for which is claimed; else empty."""
    variables = own_variables(asked.host)
    name = variables.get("elemental_name")
    # a variable of this name may be the user's own
    if not isinstance(name, str) or may_be_template(name) or not variables.get("elemental_claims"):
        return ""
    return "" if name in (asked.machine, asked.former_machine) or not asked.claims else name
