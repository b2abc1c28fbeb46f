# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node's half of a transaction as a module, for connections where a program cannot be fed through standard input."""

from __future__ import annotations

import json
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.elemental.networking.plugins.module_utils._networkmanager.node import serve_controller

# the options that every change of a node's network has
COMMON_ARGUMENTS: dict[str, dict[str, t.Any]] = {
    "machine": {"type": "str"},
    "deadline": {"type": "int", "default": 60},
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
# what the action plugin of the same name hands over; users never see them
HANDED_OVER = {
    "_request": {"type": "str", "no_log": True},
    "_program": {"type": "str", "no_log": False},
}


def serve(module: AnsibleModule) -> None:
    """Serve one request of the action plugin."""
    if not module.params["_request"]:
        module.fail_json(msg="this runs through the action plugin of the same name; call it as a task of a play")
    answer = serve_controller(json.loads(module.params["_request"]), module.params["_program"])
    module.exit_json(changed=False, answer=json.dumps(answer))
