#!/usr/bin/python
# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ip_address_claim
short_description: Claim one IP address for a machine, or release it
version_added: 0.1.0
author:
  - elemental.networking contributors (@elemental-networking)
description:
  - The same machine and key get the same address, for ever, until the claim is released.
  - An existing claim from another pool is an error that names both pools, never a silent reuse.
  - In check mode no address is invented. A claim that does not exist yet has none.
  - For many machines use M(elemental.networking.ip_address_claims), which needs one task and one transaction.
extends_documentation_fragment:
  - elemental.networking._attributes
  - elemental.networking._attributes.actiongroup_networking
  - elemental.networking._ipam
  - elemental.networking._ipam.pools
  - elemental.networking._ipam.patience
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  machine:
    description: The machine that the claim is for. Required to claim.
    type: str
  key:
    description: The placeholder that the address will fill. Required to claim.
    type: str
  name:
    description: The name of the claim, a DNS-1123 subdomain. The default is C(<machine>-<key>), as in Elemental.
    type: str
  pool:
    description: The pool to claim from, as in C(MachineRegistration.spec.config.network.ipAddresses). Required to claim.
    type: dict
    suboptions:
      apiGroup:
        description: The API group of the pool, without a version. Required.
        type: str
      kind:
        description: The kind of the pool. Required.
        type: str
      name:
        description: The name of the pool. Required.
        type: str
  host:
    description:
      - The name that the inventory has for the machine. A claim that was made for another host is an error that names both, since
        two hosts with one machine name would share one address.
    type: str
  owner:
    description:
      - The object that the claim goes with, in the namespace of the claim, for example a C(MachineInventory). The cluster releases
        the claim when that object is deleted, as in Elemental. Only with O(backend=kubernetes).
    type: dict
    suboptions:
      apiVersion:
        description: The API group and version of the object, for example C(elemental.cattle.io/v1beta1).
        type: str
        required: true
      kind:
        description: The kind of the object.
        type: str
        required: true
      name:
        description: The name of the object.
        type: str
        required: true
      uid:
        description: Its uid. It is looked up by default, which needs the verb C(list) on that kind.
        type: str
  family:
    description: The family that the address has to be of. Any will do by default.
    type: str
    choices: [IPv4, IPv6]
  state:
    description: V(present) claims, V(absent) releases.
    type: str
    default: present
    choices: [present, absent]
"""

EXAMPLES = r"""
- name: Claim an address
  elemental.networking.ip_address_claim:
    database: "{{ inventory_dir }}/.elemental-ipam.sqlite"
    machine: node1
    key: inventory-ip
    pool:
      apiGroup: ipam.cluster.x-k8s.io
      kind: InClusterIPPool
      name: elemental-inventory-pool
  delegate_to: localhost
  register: claimed

- name: Release it
  elemental.networking.ip_address_claim:
    database: "{{ inventory_dir }}/.elemental-ipam.sqlite"
    machine: node1
    key: inventory-ip
    state: absent
  delegate_to: localhost
"""

RETURN = r"""
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
  returned: success, unless a claim was to be released that does not exist
  sample: node1
pool:
  description: The pool that the address is from.
  type: dict
  returned: success, unless a claim was to be released that does not exist
  sample: {apiGroup: ipam.cluster.x-k8s.io, kind: InClusterIPPool, name: elemental-inventory-pool}
address:
  description: The address; null in check mode while there is none.
  type: str
  returned: success, unless a claim was to be released that does not exist
  sample: 192.168.122.150
prefix:
  description: The prefix length, in bits.
  type: int
  returned: success, unless a claim was to be released that does not exist
  sample: 24
gateway:
  description: The gateway of the pool when the claim was made, or null.
  type: str
  returned: success, unless a claim was to be released that does not exist
  sample: 192.168.122.1
family:
  description: V(IPv4) or V(IPv6).
  type: str
  returned: success, unless a claim was to be released that does not exist
  sample: IPv4
msg:
  description: What would be claimed.
  type: str
  returned: in check mode, when something would be claimed
"""

import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._ipam_module import (
    CLAIM_SPEC,
    PATIENCE_SPEC,
    POOLS_SPEC,
    STATE_SPEC,
    Result,
    named,
    run,
    serve_claims,
)

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.elemental.networking.plugins.module_utils._ipam.backend import IpamBackend


def serve(module: AnsibleModule, backend: IpamBackend) -> Result:
    """A bulk of one, with the fields of its claim at the top."""
    asked = {**module.params, "namespace": None}
    result = serve_claims(module, backend, [asked])
    claims = result.pop("claims")
    result.pop("addresses")
    return {**(claims[0] if claims else named(asked, module.params["namespace"] or "default")), **result}


def main() -> None:
    """Run the module."""
    run({**CLAIM_SPEC, **POOLS_SPEC, **STATE_SPEC, **PATIENCE_SPEC}, serve)


if __name__ == "__main__":
    main()
