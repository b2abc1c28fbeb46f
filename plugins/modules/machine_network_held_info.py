#!/usr/bin/python
# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: machine_network_held_info
short_description: Find the claims of all machines of a play that are to be reset
version_added: 0.1.0
author:
  - elemental.networking contributors (@elemental-networking)
description:
  - Reads the C(machine_network_*) variables of all hosts of the batch, looks up the claims once, and finds those that a reset of each
    host is about. Nothing is changed.
  - A host whose variables are wrong is refused by the task after this one, M(elemental.networking.machine_network_reset).
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
  - module: elemental.networking.ip_address_claims
  - module: elemental.networking.network_reset
options: {}
"""

EXAMPLES = r"""
- name: Look up the claims of the machines
  elemental.networking.machine_network_held_info:
  register: _machine_network_held
  run_once: true
  delegate_to: localhost

- name: Give DHCP back
  elemental.networking.machine_network_reset:
  register: machine_network_result
  ignore_errors: true

- name: Release the addresses of the machines that run on DHCP
  elemental.networking.machine_network_release:
  register: _machine_network_released
  run_once: true
  delegate_to: localhost
"""

RETURN = r"""
hosts:
  description:
    - What is known of each host, by its name in the inventory.
    - The claims are as RV(elemental.networking.ip_address_claim_info#module:claims) has them, C(reset) has options of
      M(elemental.networking.network_reset).
  type: dict
  returned: success
  sample:
    node1:
      machine: node1
      former_machine: ""
      is_forced: false
      releases_owned: false
      reset: {deadline: 60, take_over_elemental_os: false, accept_host_keys: false}
      claims:
        - name: node1-inventory-ip
          namespace: default
          machine: node1
          key: inventory-ip
          host: node1
          address: 192.168.122.150
reset_id:
  description: What the results of the resets after this task have, and those of another reset do not.
  type: str
  returned: success
  sample: 5b2a0f6d9c8e4f0c8f7f8d1f2a3b4c5d
refused:
  description: What is wrong with the variables of a host, by its name in the inventory.
  type: dict
  returned: success
  sample: {}
backend:
  description: Where the claims are.
  type: str
  returned: if a host is not refused
  sample: embedded
database:
  description: The file of the embedded backend.
  type: str
  returned: if a host is not refused
  sample: /srv/site/.elemental-ipam.sqlite
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
