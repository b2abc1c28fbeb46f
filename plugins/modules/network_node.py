#!/usr/bin/python
# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: network_node
short_description: The node's half of a network transaction
version_added: 0.1.0
author:
  - elemental.networking contributors (@elemental-networking)
description:
  - Called by M(elemental.networking.network_config) and M(elemental.networking.network_reset) where their program cannot be fed through
    standard input, for example with C(become_method=su). Not meant for a task of your own, and its options may change with any version.
extends_documentation_fragment:
  - elemental.networking._attributes
  - elemental.networking._attributes.actiongroup_networking
attributes:
  check_mode:
    support: full
    details:
      - The request says whether it is one.
  diff_mode:
    support: none
    details:
      - The calling action shows the difference.
  idempotent:
    support: none
    details:
      - The request says what to do.
options:
  request:
    description: The request, as JSON.
    type: str
    required: true
  program:
    description: The program that the node keeps for its dead-man's timers.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Let the module network_config call it where it has to
  elemental.networking.network_config:
    configurator: none
  become: true
  become_method: su
"""

RETURN = r"""
answer:
  description: The answer, as JSON.
  type: str
  returned: success
"""

import json

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.elemental.networking.plugins.module_utils._networkmanager.node import serve_controller


def main() -> None:
    """Serve one request of the action plugins."""
    options = {
        "request": {"type": "str", "required": True, "no_log": True},
        "program": {"type": "str", "required": True},
    }
    module = AnsibleModule(argument_spec=options, supports_check_mode=True)
    answer = serve_controller(json.loads(module.params["request"]), module.params["program"])
    module.exit_json(changed=False, answer=json.dumps(answer))


if __name__ == "__main__":
    main()
