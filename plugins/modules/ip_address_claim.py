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
  - The same machine and key get the same address until the claim is released.
  - If the claim exists with an address from another pool, the task fails and names both pools.
  - If the provider of a cluster gave one address to two claims of a namespace, the claims of this task are deleted and created again. If
    both are older, the task fails and names them.
  - In check mode, a claim that would be created has the address null.
  - With O(state=absent) every option that you give must match the claim, or the task fails and releases nothing. A claim that another
    controller made for its own object is released only if O(owner) names that object.
  - For many machines use M(elemental.networking.ip_address_claims), which needs one task and one transaction.
extends_documentation_fragment:
  - elemental.networking._attributes
  - elemental.networking._attributes.actiongroup_ipam
  - elemental.networking._ipam
  - elemental.networking._ipam.claim
  - elemental.networking._ipam.pools
  - elemental.networking._ipam.patience
  - elemental.networking._ipam.owned
seealso:
  - module: elemental.networking.ip_address_claims
  - module: elemental.networking.ip_address_claim_info
  - plugin: elemental.networking.ip_address
    plugin_type: lookup
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
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

- name: Claim an address on a management cluster
  elemental.networking.ip_address_claim:
    backend: kubernetes
    namespace: fleet-default
    kubernetes:
      kubeconfig: ~/.kube/config
    machine: node1
    key: inventory-ip
    pool:
      apiGroup: ipam.cluster.x-k8s.io
      kind: InClusterIPPool
      name: elemental-inventory-pool
  delegate_to: localhost
  vars:
    ansible_python_interpreter: "{{ ansible_playbook_python }}"

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
  description: The machine that it is for. Empty for a claim of another tool that shows none.
  type: str
  returned: always
  sample: node1
key:
  description: The placeholder that the address fills. Empty for a claim of another tool that shows none.
  type: str
  returned: always
  sample: inventory-ip
host:
  description: The name that the inventory has for the machine, or null if none was given.
  type: str
  returned: success, except with O(state=absent) for a claim that does not exist
  sample: node1
site:
  description: The name of the inventory that it was made for, or null if none was given.
  type: str
  returned: success, except with O(state=absent) for a claim that does not exist
  sample: berlin
machine_id:
  description:
    - The identity of the machine that has the address, a digest of its machine-id, as M(elemental.networking.machine_host_keys)
      recorded it. Null if none is recorded.
  type: str
  returned: success, except with O(state=absent) for a claim that does not exist
  sample: 7c0d1f3a5b9e4d2c8f6a7b1e0c3d5f90
owner:
  description:
    - The object that owns the claim, as C(apiVersion), C(kind), C(name) and C(uid), or null. The first one if there are several.
  type: dict
  returned: success, except with O(state=absent) for a claim that does not exist
  sample: {apiVersion: elemental.cattle.io/v1beta1, kind: MachineInventory, name: node1, uid: 6f3d6d1c-5b5a-4c1e-9a44-1c4b5f1c6f10}
held_by:
  description:
    - The object that uses the claim and is its controller, so that a release depends on O(if_owned). Null if there is none.
  type: str
  returned: success, except with O(state=absent) for a claim that does not exist
  sample: MachineInventory node1 (elemental.cattle.io/v1beta1)
managed:
  description: Whether this collection made the claim.
  type: bool
  returned: success, except with O(state=absent) for a claim that does not exist
  sample: true
host_keys:
  description:
    - The public ssh host keys by which the machine is known, as M(elemental.networking.machine_host_keys) recorded them. Empty
      if none are recorded.
  type: list
  elements: str
  returned: success, except with O(state=absent) for a claim that does not exist
  sample: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKsR1vhN5HTnbVBJbCwJgS6TTLwRMRrSbnHOjzWDJBq4]
confirmed:
  description:
    - When a push first confirmed the address on the machine, in UTC, as M(elemental.networking.machine_host_keys) recorded it.
    - Null while the address is only promised.
  type: str
  returned: success, except with O(state=absent) for a claim that does not exist
  sample: "2026-11-29T12:00:00Z"
pool:
  description: The pool that the address is from.
  type: dict
  returned: success, except with O(state=absent) for a claim that does not exist
  sample: {apiGroup: ipam.cluster.x-k8s.io, kind: InClusterIPPool, name: elemental-inventory-pool}
address:
  description: The address. Null in check mode for a claim that would be created, and for a claim that still waits.
  type: str
  returned: success, except with O(state=absent) for a claim that does not exist
  sample: 192.168.122.150
prefix:
  description: The prefix length, in bits. Null while there is no address.
  type: int
  returned: success, except with O(state=absent) for a claim that does not exist
  sample: 24
gateway:
  description: The gateway of the pool when the claim was created, or null.
  type: str
  returned: success, except with O(state=absent) for a claim that does not exist
  sample: 192.168.122.1
family:
  description: V(IPv4) or V(IPv6). Null while there is no address.
  type: str
  returned: success, except with O(state=absent) for a claim that does not exist
  sample: IPv4
kept:
  description: The claims that another object uses and that stay, each with the C(reason), as O(if_owned=keep) asks for.
  type: list
  elements: dict
  returned: with O(state=absent)
msg:
  description: What would be claimed.
  type: str
  returned: in check mode, when something would be claimed
error:
  description:
    - What failed, for a workflow to branch on. C(code) is one of those in C(docs/errors.md), the other fields are the object and its
      numbers.
    - A mistake that Ansible itself finds in the options is V(failed).
  type: dict
  returned: failure
  contains:
    code:
      description: The kind of failure. It is never renamed.
      type: str
      returned: always
      sample: pool_exhausted
  sample: {code: pool_exhausted, pool: p, namespace: default, free: 0, total: 51, requested: 1}
"""

import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._ipam_module import (
    CLAIM_SPEC,
    IF_OWNED_SPEC,
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
    """A batch of one, with the fields of its claim at the top."""
    asked = {**module.params, "namespace": None}
    result = serve_claims(module, backend, [asked])
    claims = result.pop("claims")
    result.pop("addresses")
    for name in ("host_keys", "machine_ids", "unused", "held", "renumbering"):
        result.pop(name, None)
    return {**(claims[0] if claims else named(asked, module.params["namespace"] or "default")), **result}


def main() -> None:
    """Run the module."""
    run({**CLAIM_SPEC, **POOLS_SPEC, **STATE_SPEC, **PATIENCE_SPEC, **IF_OWNED_SPEC}, serve)


if __name__ == "__main__":
    main()
