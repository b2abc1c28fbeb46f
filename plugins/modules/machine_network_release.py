#!/usr/bin/python
# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: machine_network_release
short_description: Release the addresses of all machines of a play that run on DHCP
version_added: 0.1.0
author:
  - elemental.networking contributors (@elemental-networking)
description:
  - Releases the claims of the hosts that M(elemental.networking.machine_network_reset) has reset, and, where
    C(machine_network_force_release) is true for a host, of one that could not be reset. All others keep their claims.
  - Claims that another object uses stay, with a warning, unless C(machine_network_release_owned) is true for the host.
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
moved:
  description: The hosts that are at another address now, as RV(elemental.networking.machine_network_record#module:moved).
  type: list
  elements: dict
  returned: success
  sample:
    - host: node1
      ansible_host: 192.168.122.11
      ssh_args: ""
      all_ssh_args: ""
      is_public: true
reset_id:
  description: That of RV(elemental.networking.machine_network_held_info#module:reset_id). A second release of the same reset does nothing.
  type: str
  returned: success
  sample: 5b2a0f6d9c8e4f0c8f7f8d1f2a3b4c5d
released:
  description: The names of the claims that were released.
  type: list
  elements: str
  returned: if there was something to release
  sample: [node1-inventory-ip]
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
