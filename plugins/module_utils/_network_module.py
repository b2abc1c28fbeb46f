# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules that change a node's network have in common. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule

# the options that every change of a node's network has
COMMON_ARGUMENTS: dict[str, dict[str, t.Any]] = {
    "machine": {"type": "str"},
    "former_machine": {"type": "str"},
    "deadline": {"type": "int", "default": 60},
    "known_host_keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "known_machine_ids": {"type": "list", "elements": "str", "default": []},
    "take_over_elemental_os": {"type": "bool", "default": False},
    "accept_host_keys": {"type": "bool", "default": False, "no_log": False},
    "probes": {
        "type": "list",
        "elements": "dict",
        "options": {
            "type": {"type": "str", "required": True, "choices": ["gateway", "dns", "ping", "tcp", "command"]},
            "name": {"type": "str"},
            "target": {"type": "str"},
            "port": {"type": "int"},
            "command": {"type": "str"},
            "timeout": {"type": "float"},
        },
    },
}


def refuse(arguments: t.Mapping[str, t.Any]) -> None:
    """End a module whose work is done by its action plugin; what is here documents it."""
    module = AnsibleModule(argument_spec=dict(arguments), supports_check_mode=True)
    module.fail_json(msg="this runs through the action plugin of the same name; call it as a task of a play")
