#!/usr/bin/python
# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: machine_network_record
short_description: Record and release for all machines of a play after their push
version_added: 0.1.0
author:
  - elemental.networking contributors (@elemental-networking)
description:
  - Records the ssh host keys of the machines that were pushed and which of their addresses are in use, ends renumberings, and releases the
    addresses of keys that a machine no longer asks for, unless C(machine_network_keep_unused_claims) is true for it.
  - A host that failed keeps what it has.
  - Ended renumberings and releases count as changed; what is recorded does not, because no machine and no address changes with it.
  - If something cannot be recorded, that is a warning, since the machines work. The next run records it.
  - It is a step of the role P(elemental.networking.machine_network#role). In a play of your own use the role, or the modules below.
extends_documentation_fragment:
  - elemental.networking._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
seealso:
  - module: elemental.networking.ip_address_claims
  - module: elemental.networking.network_config
  - module: elemental.networking.machine_host_keys
options: {}
"""

EXAMPLES = r"""
- name: Check what each machine asks for, and claim an address for every machine
  elemental.networking.machine_network_claim:
  register: _machine_network_claimed
  run_once: true

- name: Try, prove and persist the network of this machine
  elemental.networking.machine_network_push:
  register: machine_network_result

- name: Record what the machines showed of themselves, and release what they no longer ask for
  elemental.networking.machine_network_record:
  register: _machine_network_recorded
  run_once: true
"""

RETURN = r"""
moved:
  description: The hosts that are at another address now, with what ssh needs to get there beside the arguments of the user;
    C(all_ssh_args) has both, where the user's own are Ansible's default (C(is_public)).
  type: list
  elements: dict
  returned: success
  sample:
    - host: node1
      ansible_host: 192.168.122.150
      ssh_args: ""
      all_ssh_args: ""
      is_public: true
recorded:
  description: The names of the claims in which something was recorded.
  type: list
  elements: str
  returned: if there was something to do
  sample: [default/node1-inventory-ip]
released:
  description: The names of the claims that were released.
  type: list
  elements: str
  returned: if there was something to do
  sample: [node1-storage-ip]
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
