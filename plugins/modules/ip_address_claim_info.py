#!/usr/bin/python
# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ip_address_claim_info
short_description: Look up claims and their addresses
version_added: 0.1.0
author:
  - elemental.networking contributors (@elemental-networking)
description:
  - Returns the claims of a namespace, or of all, with their addresses. Never claims anything.
extends_documentation_fragment:
  - elemental.networking._attributes
  - elemental.networking._attributes.actiongroup_networking
  - elemental.networking._attributes.info_module
  - elemental.networking._ipam
options:
  machine:
    description: Only claims of this machine.
    type: str
  key:
    description: Only claims for this placeholder.
    type: str
  pool:
    description: Only claims from the pool of this name.
    type: str
  all_namespaces:
    description: Look in all namespaces instead of O(namespace).
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Look up what a machine holds
  elemental.networking.ip_address_claim_info:
    database: "{{ inventory_dir }}/.elemental-ipam.sqlite"
    machine: node1
  delegate_to: localhost
  register: held
"""

RETURN = r"""
claims:
  description: The claims, sorted by namespace and name.
  type: list
  elements: dict
  returned: success
  contains:
    name:
      description: The name of the claim.
      type: str
      returned: always
      sample: node1-inventory-ip
    namespace:
      description: The namespace of the claim.
      type: str
      returned: always
      sample: default
    machine:
      description: The machine that it is for.
      type: str
      returned: always
      sample: node1
    key:
      description: The placeholder that the address fills.
      type: str
      returned: always
      sample: inventory-ip
    host:
      description: The name that the inventory has for the machine, or null when nobody said.
      type: str
      returned: always
      sample: node1
    pool:
      description: The pool that the address is from.
      type: dict
      returned: always
      sample: {apiGroup: ipam.cluster.x-k8s.io, kind: InClusterIPPool, name: elemental-inventory-pool}
    address:
      description: The address; null in check mode while there is none.
      type: str
      returned: always
      sample: 192.168.122.150
    prefix:
      description: The prefix length, in bits.
      type: int
      returned: always
      sample: 24
    gateway:
      description: The gateway of the pool when the claim was made, or null.
      type: str
      returned: always
      sample: 192.168.122.1
    family:
      description: V(IPv4) or V(IPv6).
      type: str
      returned: always
      sample: IPv4
addresses:
  description: Address, prefix, gateway and family by machine and key, as placeholders want them.
  type: dict
  returned: success
  sample:
    node1:
      inventory-ip: {address: 192.168.122.150, prefix: 24, gateway: 192.168.122.1, family: IPv4}
"""

import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._ipam_module import (
    Result,
    addresses_result,
    claim_result,
    run,
)

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.elemental.networking.plugins.module_utils._ipam.backend import IpamBackend


def serve(module: AnsibleModule, backend: IpamBackend) -> Result:
    """List and filter."""
    options = module.params
    claims = [
        bound
        for bound in backend.list_claims(None if options["all_namespaces"] else options["namespace"] or "default")
        if (options["machine"] or bound.claim.machine) == bound.claim.machine
        and (options["key"] or bound.claim.key) == bound.claim.key
        and (options["pool"] or bound.claim.pool.name) == bound.claim.pool.name
    ]
    return {
        "changed": False,
        "claims": [claim_result(bound) for bound in claims],
        "addresses": addresses_result(claims),
    }


def main() -> None:
    """Run the module."""
    texts = {name: {"type": "str"} for name in ("machine", "pool")}
    key = {"type": "str", "no_log": False}
    run({**texts, "key": key, "all_namespaces": {"type": "bool", "default": False}}, serve)


if __name__ == "__main__":
    main()
