#!/usr/bin/python
# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: machine_network_push
short_description: Push the claimed network to a machine
version_added: 0.1.0
author:
  - elemental.networking contributors (@elemental-networking)
description:
  - Does for one host what M(elemental.networking.network_config) does, with the addresses that
    M(elemental.networking.machine_network_claim) has claimed and the C(machine_network_*) variables of the host.
  - A host that is to get a new address in the place of an old one, and is rolled back, gives up the new one.
  - Its result is that of M(elemental.networking.network_config). Register it as C(machine_network_result).
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
address:
  description: The address over which the host answers now.
  type: str
  returned: success
  sample: 192.168.122.150
claim_id:
  description: That of RV(elemental.networking.machine_network_claim#module:claim_id). Only a host with one gives up claims.
  type: str
  returned: success
  sample: 5b2a0f6d9c8e4f0c8f7f8d1f2a3b4c5d
claimed:
  description: The result of M(elemental.networking.machine_network_claim) for this host alone. Not each host of a role is known to the
    task that claims for all, for example where a play includes the role in a loop.
  type: dict
  returned: if the host was not among those
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
