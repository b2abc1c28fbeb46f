# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Push the network of one host: resolve its placeholders, render its profiles, try, prove and persist them."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import Address
from ansible_collections.elemental.networking.plugins.module_utils._network_module import COMMON_ARGUMENTS
from ansible_collections.elemental.networking.plugins.module_utils._node.paths import profile_name
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import Stage, WantedProfile
from ansible_collections.elemental.networking.plugins.module_utils._placeholders import (
    PlaceholderError,
    resolve_placeholders,
)
from ansible_collections.elemental.networking.plugins.module_utils._printable import one_line
from ansible_collections.elemental.networking.plugins.module_utils._render import (
    Profile,
    RenderError,
    Rendering,
    ToolRefused,
    render,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._failures import InvalidInput, Refused
from ansible_collections.elemental.networking.plugins.plugin_utils._host.answer import addresses_in
from ansible_collections.elemental.networking.plugins.plugin_utils._host.connection import Node
from ansible_collections.elemental.networking.plugins.plugin_utils._host.ssh_identity import HostIdentity
from ansible_collections.elemental.networking.plugins.plugin_utils._transaction.elemental_os import (
    YIP_FILE,
    yip_text,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._transaction.options import (
    common_request,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._transaction.transaction import (
    Outcome,
    Transaction,
)

if t.TYPE_CHECKING:
    from ansible_collections.elemental.networking.plugins.module_utils._render.generated import RunTool

ARGUMENTS = {
    "configurator": {"type": "str", "default": "none"},
    "config": {"type": "dict", "default": {}},
    "addresses": {"type": "dict", "default": {}},
    "render_on": {"type": "str", "default": "node", "choices": ["node", "controller"]},
    "elemental_os": {"type": "bool", "default": False},
    "required": {"type": "list", "elements": "str", "default": []},
    "held_addresses": {"type": "list", "elements": "str", "default": []},
    **COMMON_ARGUMENTS,
}


def push(
    action: ActionBase,
    task_vars: t.Mapping[str, t.Any],
    options: t.Mapping[str, t.Any],
    addresses: t.Mapping[str, t.Union[Address, str, None]],
    is_promised: bool = False,
) -> dict[str, t.Any]:
    """The result of the module network_config, whose options these are; ``addresses`` are those for the placeholders, by key.

    Where they are only promised (``is_promised``), the host is not looked for there before it is silent where the inventory has it.

    Raises Failure with one sentence, Unreached without an answer.
    """
    common = common_request(options, str(task_vars["inventory_hostname"]), bool(action._task.check_mode))
    machine = common.machine
    if options["configurator"] == "none":
        return {"changed": False, "msg": "the network of this host is not managed (configurator: none)"}
    claimed = [each.address for each in addresses.values() if isinstance(each, Address)]
    # where it may answer: an address that it is to give up is still its own
    known = [*claimed, *options["held_addresses"]]
    node = Node.of(action, task_vars, HostIdentity.of(options, known))
    rendering = _rendered(node, options, addresses, machine, known, common.former)
    more_files = {YIP_FILE: yip_text(rendering.profiles)} if options["elemental_os"] else {}
    required = _required(machine, options["required"], rendering.profiles)
    request = Stage(
        common._replace(more_files=more_files, required=required),
        tuple(_wanted(profile) for profile in rendering.profiles),
    )
    outcome = _carried_out(Transaction(node, request, known, is_promised), machine, rendering)
    proved = [] if common.check else _proved(claimed, rendering, outcome)
    return {
        **_report(machine, rendering, outcome),
        **outcome.result(bool(action._task.diff)),
        "confirmed_addresses": proved,
    }


def _rendered(
    node: Node,
    options: t.Mapping[str, t.Any],
    addresses: t.Mapping[str, t.Union[Address, str, None]],
    machine: str,
    known: t.Sequence[str],
    former: str,
) -> Rendering:
    """The profiles, with the addresses in the place of the placeholders. Raises Refused or InvalidInput."""
    configurator = options["configurator"]
    try:
        resolved = resolve_placeholders(options["config"], addresses)
        tool = None if configurator == "nmconnections" else _tool(options["render_on"], node, machine, known, former)
        return render(configurator, t.cast("dict[str, object]", resolved), tool)
    except ToolRefused as error:
        raise Refused(f"{machine}: {error}", error.code, error.details) from None
    except (PlaceholderError, RenderError) as error:
        # no cause: its text would follow the sentence a second time
        raise InvalidInput(f"{machine}: {error}") from None


def _tool(place: str, node: Node, machine: str, known: t.Sequence[str], former: str) -> RunTool:
    # here: few hosts need it, and Ansible compiles what a play imports
    from ansible_collections.elemental.networking.plugins.plugin_utils._transaction.tool_runner import tool_on

    return tool_on(place, node, machine, known, former)


def _carried_out(transaction: Transaction, machine: str, rendering: Rendering) -> Outcome:
    try:
        return transaction.carry_out()
    except AnsibleError:
        # a result would have them; they may be the reason
        for warning in rendering.warnings:
            Display().warning(one_line(f"{machine}: {warning}"))
        raise


def _proved(claimed: t.Sequence[str], rendering: Rendering, outcome: Outcome) -> list[str]:
    """The claimed addresses that profiles carry which are up."""
    carried = addresses_in(each.text for each in rendering.profiles if each.file_name not in outcome.waiting)
    return [each for each in dict.fromkeys(claimed) if each in carried]


def _required(machine: str, names: t.Sequence[str], profiles: t.Sequence[Profile]) -> tuple[str, ...]:
    """The names of the files of the profiles that must not wait. Raises InvalidInput for a name that none has."""
    by_name = {
        name: each.file_name for each in profiles for name in (each.id, each.file_name, profile_name(each.file_name))
    }
    unknown = [name for name in names if name not in by_name]
    if unknown:
        known = ", ".join(profile_name(each.file_name) for each in profiles)
        raise InvalidInput(
            f"{machine}: required names profile {unknown[0]}, which config does not have; it has {known}"
        )
    return tuple(sorted({by_name[name] for name in names}))


def _wanted(profile: Profile) -> WantedProfile:
    return WantedProfile(profile.file_name, profile.uuid, profile.type, profile.interface, profile.text)


def _report(machine: str, rendering: Rendering, outcome: Outcome) -> dict[str, t.Any]:
    profiles = [
        {
            "file_name": profile.file_name,
            "id": profile.id,
            "uuid": profile.uuid,
            "interface": profile.interface,
            "reason": outcome.reasons.get(profile.file_name, ""),
            "state": "waiting" if profile.file_name in outcome.waiting else "up",
            "waiting_for": outcome.waiting.get(profile.file_name, ""),
        }
        for profile in rendering.profiles
    ]
    waits = [
        f"profile {profile_name(profile.file_name)} is installed and waits: {outcome.waiting[profile.file_name]}"
        for profile in rendering.profiles
        if profile.file_name in outcome.waiting
    ]
    return {
        "profiles": profiles,
        "removed": list(outcome.stale),
        "warnings": [f"{machine}: {warning}" for warning in (*rendering.warnings, *outcome.warnings, *waits)],
    }
