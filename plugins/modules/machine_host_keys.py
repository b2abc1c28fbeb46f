#!/usr/bin/python
# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: machine_host_keys
short_description: Record the ssh host keys of machines, and which of their addresses are in use
version_added: 0.1.0
author:
  - elemental.networking contributors (@elemental-networking)
description:
  - Records the public host keys of machines with their claims. With them, a machine is distinguished from another host that uses its
    claimed address, even if host key checking is disabled.
  - M(elemental.networking.ip_address_claims) and M(elemental.networking.ip_address_claim_info) return them, for the option
    C(known_host_keys) of M(elemental.networking.network_config) and M(elemental.networking.network_reset).
  - Records with a claim when a push first confirmed its address on the machine. So addresses in use differ from addresses that are only
    promised.
  - Never creates a claim. A machine without a claim is left out. The keys are removed with the claims.
  - On a cluster these are the annotations C(elemental.networking/ssh-host-keys), C(elemental.networking/machine-id),
    C(elemental.networking/site) and C(elemental.networking/confirmed) of each claim, and need the verb C(patch) on claims.
extends_documentation_fragment:
  - elemental.networking._attributes
  - elemental.networking._ipam
seealso:
  - module: elemental.networking.network_config
  - module: elemental.networking.ip_address_claims
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
        description: The name of the machine in the inventory. Claims that were made for another host are left alone.
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
          - Its identity, as RV(elemental.networking.network_config#module:machine_id) has it. M(elemental.networking.network_reset) then
            refuses another machine. If it is not given, the recorded one stays.
        type: str
      site:
        description: The name of the inventory. Claims that were made for another one are left alone; one without a name gets this one.
        type: str
      confirmed_addresses:
        description:
          - The addresses that a push has confirmed on it, as RV(elemental.networking.network_config#module:confirmed_addresses) has them.
          - The time of the first record stays, unless another machine was recorded, or the machine has none of the recorded host keys, that
            is, was installed again.
          - A claim of another address that is recorded with another O(machines[].machine_id) stays as it is.
        type: list
        elements: str
  required:
    description: V(false) turns a failure into a warning.
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

- name: Record the keys of the machine
  elemental.networking.machine_host_keys:
    database: "{{ inventory_dir }}/.elemental-ipam.sqlite"
    machines:
      - machine: node1
        host_keys: "{{ network.host_keys }}"
        machine_id: "{{ network.machine_id }}"
        confirmed_addresses: "{{ network.confirmed_addresses }}"
  delegate_to: localhost

- name: Record the keys with claims on a management cluster
  elemental.networking.machine_host_keys:
    backend: kubernetes
    namespace: fleet-default
    kubernetes:
      kubeconfig: ~/.kube/config
    machines:
      - machine: node1
        host_keys: "{{ network.host_keys }}"
        confirmed_addresses: "{{ network.confirmed_addresses }}"
  delegate_to: localhost
  vars:
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
"""

RETURN = r"""
recorded:
  description: The claims, with their namespaces, whose record was changed.
  type: list
  elements: str
  returned: success, unless there was a warning instead
  sample: [default/node1-inventory-ip]
msg:
  description: Why the keys could not be recorded.
  type: str
  returned: with O(required=false), if they could not be recorded
error:
  description:
    - What failed, for a workflow to branch on. C(code) is one of those in C(docs/errors.md), the other fields are the object and its
      numbers.
    - A mistake that Ansible itself finds in the options is V(failed).
  type: dict
  returned: failure, and if O(required=false) makes it a warning
  contains:
    code:
      description: The kind of failure. It is never renamed.
      type: str
      returned: always
      sample: invalid_input
  sample: {code: invalid_input}
"""

from ansible_collections.elemental.networking.plugins.module_utils._ipam_module import RECORD_SPEC, run, serve_record


def main() -> None:
    """Run the module."""
    run({**RECORD_SPEC, "required": {"type": "bool", "default": True}}, serve_record)


if __name__ == "__main__":
    main()
