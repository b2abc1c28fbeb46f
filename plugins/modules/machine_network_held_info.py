#!/usr/bin/python
# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: machine_network_held_info
short_description: Find the claims of a machine among those of all machines of a play
version_added: 0.1.0
author:
  - elemental.networking contributors (@elemental-networking)
description:
  - Finds, among the claims that a task before has looked up once for all machines, those that a reset of this host is about.
  - It is a step of the role P(elemental.networking.machine_network#role). In a play of your own use the role, or the modules below.
extends_documentation_fragment:
  - elemental.networking._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
seealso:
  - module: elemental.networking.ip_address_claim_info
  - module: elemental.networking.network_reset
options: {}
"""

EXAMPLES = r"""
- name: Look up the claims of the machines
  elemental.networking.ip_address_claim_info:
    database: "{{ inventory_dir }}/.elemental-ipam.sqlite"
    all_namespaces: true
  register: _machine_network_held_by_all
  run_once: true
  delegate_to: localhost

- name: Find the claims of this machine
  elemental.networking.machine_network_held_info:
  register: _machine_network_found
"""

RETURN = r"""
claims:
  description: The claims of the machine, as RV(elemental.networking.ip_address_claim_info#module:claims) has them.
  type: list
  elements: dict
  returned: success
  sample:
    - name: node1-inventory-ip
      namespace: default
      machine: node1
      key: inventory-ip
      host: node1
      address: 192.168.122.150
error:
  description:
    - What failed, for a workflow to branch on. C(code) is one of those in C(docs/errors.md), the other fields are the object and its
      numbers.
  type: dict
  returned: failure
  contains:
    code:
      description: The kind of failure. It is never renamed.
      type: str
      returned: always
      sample: invalid_input
  sample: {code: invalid_input}
"""

from ansible_collections.elemental.networking.plugins.module_utils._network_module import refuse


def main() -> None:
    """Report that the action plugin of the same name must run."""
    refuse({})


if __name__ == "__main__":
    main()
