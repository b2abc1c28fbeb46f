#!/usr/bin/python
# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: machine_host_keys
short_description: Record by what machines are known, and which of their addresses are in use
version_added: 0.1.0
author:
  - elemental.networking contributors (@elemental-networking)
description:
  - Keeps the public host keys of machines with the claims that they hold. Where the keys of hosts are not checked otherwise, they tell a
    machine from a stranger that sits on its claimed address.
  - M(elemental.networking.ip_address_claims) and M(elemental.networking.ip_address_claim_info) give them back, for the option
    C(known_host_keys) of M(elemental.networking.network_config) and M(elemental.networking.network_reset).
  - Keeps with a claim when a push first proved its address on the machine, so that an address in use can be told from one that is only
    promised.
  - Never makes a claim. A machine without a claim is left out. The keys go when the claims are released.
  - On a cluster these are the annotations C(elemental.networking/ssh-host-keys), C(elemental.networking/machine-id),
    C(elemental.networking/site) and C(elemental.networking/confirmed) of each claim, and need the verb C(patch) on claims.
extends_documentation_fragment:
  - elemental.networking._attributes
  - elemental.networking._ipam
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details:
      - The result names the claims.
  idempotent:
    support: full
options:
  machines:
    description: The machines.
    type: list
    elements: dict
    required: true
    suboptions:
      machine:
        description: The name of the machine.
        type: str
        required: true
      host:
        description: The name that the inventory has for it. Claims that were made for another host are left alone.
        type: str
      namespace:
        description: The namespace of its claims. The default is that of the task.
        type: str
      host_keys:
        description: Its public host keys, as RV(elemental.networking.network_config#module:host_keys) has them.
        type: list
        elements: str
      machine_id:
        description:
          - Its identity, as RV(elemental.networking.network_config#module:machine_id) has it. M(elemental.networking.network_reset) refuses
            another machine then. What is recorded stays where it is not given.
        type: str
      site:
        description: The name of the inventory. Claims that were made for another one are left alone; one without a name gets this one.
        type: str
      confirmed_addresses:
        description:
          - The addresses that a push has proved on it, as RV(elemental.networking.network_config#module:confirmed_addresses) has them.
          - The time of the first record stays, unless another machine was recorded, or the machine has none of the recorded host keys, that
            is, was installed again.
          - A claim of another address that is recorded with another O(machines[].machine_id) stays as it is.
        type: list
        elements: str
  required:
    description: V(false) makes a warning of whatever keeps this from being done.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Push the network
  elemental.networking.network_config:
    configurator: nmconnections
    config: "{{ my_keyfiles }}"
    addresses: "{{ claimed.addresses.node1 }}"
    known_host_keys: "{{ claimed.host_keys.node1 | default([]) }}"
  register: network

- name: Record by which keys the machine is known from now on
  elemental.networking.machine_host_keys:
    database: "{{ inventory_dir }}/.elemental-ipam.sqlite"
    machines:
      - machine: node1
        host_keys: "{{ network.host_keys }}"
        machine_id: "{{ network.machine_id }}"
        confirmed_addresses: "{{ network.confirmed_addresses }}"
  delegate_to: localhost
"""

RETURN = r"""
recorded:
  description: The claims, with their namespaces, whose record was changed.
  type: list
  elements: str
  returned: success, unless there was a warning instead
  sample: [default/node1-inventory-ip]
msg:
  description: What kept the keys from being recorded.
  type: str
  returned: when they could not be and O(required=false)
"""

from ansible_collections.elemental.networking.plugins.module_utils._ipam_module import run, serve_record


def main() -> None:
    """Run the module."""
    machine = {
        "machine": {"type": "str", "required": True},
        "host": {"type": "str"},
        "namespace": {"type": "str"},
        "machine_id": {"type": "str"},
        "site": {"type": "str"},
        "host_keys": {"type": "list", "elements": "str", "no_log": False},
        "confirmed_addresses": {"type": "list", "elements": "str"},
    }
    machines = {"type": "list", "elements": "dict", "required": True, "options": machine}
    run({"machines": machines, "required": {"type": "bool", "default": True}}, serve_record)


if __name__ == "__main__":
    main()
