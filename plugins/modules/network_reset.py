#!/usr/bin/python
# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: network_reset
short_description: Give DHCP back to a host, confirmed before the static address is removed
version_added: 0.1.0
author:
  - elemental.networking contributors (@elemental-networking)
description:
  - Removes the profiles that M(elemental.networking.network_config) installed and leaves one DHCP profile on each of their interfaces.
  - Make before break. DHCP is activated beside the static address, the controller connects to the leased address, and only then the
    static address and the profiles are removed. A host without a lease stays as it was and the task fails.
  - Release the claims of a host only after this task succeeded for it.
  - A host without a profile of this collection, or that was reset before, is left alone.
notes:
  - Works over Ansible's P(ansible.builtin.ssh#connection) connection only, also through a jump host; any other one is refused
    before anything is changed.
  - This is an action plugin.
extends_documentation_fragment:
  - elemental.networking._transaction
  - elemental.networking._attributes
seealso:
  - module: elemental.networking.network_config
  - module: elemental.networking.ip_address_claims
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  addresses:
    description:
      - Addresses at which the host may answer besides C(ansible_host), that is, those that it claimed.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Give DHCP back
  elemental.networking.network_reset:
    addresses:
      - 192.168.122.150
  register: reset

- name: Continue at the leased address
  ansible.builtin.set_fact:
    ansible_host: "{{ reset.address }}"
    ansible_ssh_args: >-
      {{ reset.ssh_args }} {{ lookup('ansible.builtin.config', 'ssh_args', plugin_type='connection', plugin_name='ssh') }}
"""

RETURN = r"""
address:
  description: The address over which the host answers now.
  type: str
  returned: success
  sample: 192.168.122.11
ssh_args:
  description:
    - Put this in front of C(ansible_ssh_args) in later tasks, so that ssh keeps demanding the key of this host at its new address. It may
      name a file that Ansible removes at its end.
    - Empty if it is not needed.
  type: str
  returned: success
  sample: -o StrictHostKeyChecking=yes -o HostKeyAlias=192.168.122.150
host_keys:
  description: The public ssh host keys of the host, for M(elemental.networking.machine_host_keys).
  type: list
  elements: str
  returned: success
  sample: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKsR1vhN5HTnbVBJbCwJgS6TTLwRMRrSbnHOjzWDJBq4]
machine_id:
  description: The identity of the host, a digest of its machine-id, for M(elemental.networking.machine_host_keys). Empty if it has none.
  type: str
  returned: success
  sample: 7c0d1f3a5b9e4d2c8f6a7b1e0c3d5f90
probes:
  description: The probes of a change, each with what it found before and after. Empty if nothing was changed.
  type: list
  elements: dict
  returned: success
  sample:
    - name: gateway
      before: passed
      after: passed
error:
  description:
    - The cause of a failure, for a workflow to branch on. C(code) is one of V(address_in_use), V(busy), V(conflict), V(failed),
      V(forbidden), V(invalid_input), V(missing_requirement), V(outcome_unknown), V(rolled_back), V(timed_out), V(unreachable) and
      V(wrong_host).
    - The objects and numbers of the message are beside it, as far as they are known. Examples are C(addresses), C(machine),
      C(profile), C(interface), C(holder) and C(seconds).
  type: dict
  returned: failure, or when the host cannot be reached
  sample:
    code: address_in_use
    addresses:
      192.168.122.150: 52:54:00:12:34:56
removed:
  description: The files of the profiles that were removed.
  type: list
  elements: str
  returned: success
  sample: [eth0.nmconnection]
"""

from ansible_collections.elemental.networking.plugins.module_utils._network_module import COMMON_ARGUMENTS, refuse


def main() -> None:
    """Report that the action plugin of the same name must run."""
    refuse({"addresses": {"type": "list", "elements": "str", "default": []}, **COMMON_ARGUMENTS})


if __name__ == "__main__":
    main()
