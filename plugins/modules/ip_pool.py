#!/usr/bin/python
# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ip_pool
short_description: Register, update or delete a pool of IP addresses
version_added: 0.1.0
author:
  - elemental.networking contributors (@elemental-networking)
description:
  - Takes the manifest that a cluster takes, with the rules of the in-cluster provider.
  - A change that would leave an allocated address outside the pool is refused, and so is deleting a pool with allocated addresses.
  - Warns if two pools that one namespace can use overlap, because an address could be given out twice.
  - Addresses that are already claimed keep the prefix and the gateway that they were claimed with.
  - A released address rests for C(addressReuseGracePeriodSeconds) of its pool before another claim gets it.
  - On a cluster, a field that its definition of the pools does not have is an error; it would be dropped.
extends_documentation_fragment:
  - elemental.networking._attributes
  - elemental.networking._attributes.actiongroup_ipam
  - elemental.networking._ipam
seealso:
  - module: elemental.networking.ip_pool_info
  - module: elemental.networking.ip_address_claims
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  definition:
    description:
      - The manifest, C(InClusterIPPool) or C(GlobalInClusterIPPool) of C(ipam.cluster.x-k8s.io/v1alpha2), or a C(List) with one.
      - Labels and annotations are set as they are given; those that the manifest does not name stay.
      - Except with O(backend=kubernetes), C(spec) may also have C(preAllocations) as in Metal3's IPAM, a dictionary of the name of a
        claim to the address that is kept for it.
    type: dict
    required: true
  state:
    description: V(present) registers or updates, V(absent) deletes the pool. To delete it, C(definition.spec) may be left out.
    type: str
    default: present
    choices: [present, absent]
"""

EXAMPLES = r"""
- name: Register a pool
  elemental.networking.ip_pool:
    database: "{{ inventory_dir }}/.elemental-ipam.sqlite"
    definition:
      apiVersion: ipam.cluster.x-k8s.io/v1alpha2
      kind: InClusterIPPool
      metadata:
        name: elemental-inventory-pool
      spec:
        addresses: [192.168.122.150-192.168.122.200]
        prefix: 24
        gateway: 192.168.122.1
  delegate_to: localhost

- name: Delete a pool on a management cluster
  elemental.networking.ip_pool:
    backend: kubernetes
    kubernetes:
      kubeconfig: ~/.kube/config
    definition:
      apiVersion: ipam.cluster.x-k8s.io/v1alpha2
      kind: InClusterIPPool
      metadata:
        name: elemental-inventory-pool
        namespace: fleet-default
    state: absent
  delegate_to: localhost
  vars:
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
"""

RETURN = r"""
pool:
  description: The pool and how full it is; absent in check mode for a pool that does not exist yet.
  type: dict
  returned: with O(state=present)
  contains:
    name:
      description: The name of the pool.
      type: str
      returned: always
      sample: elemental-inventory-pool
    namespace:
      description: The namespace of the pool, null for a global one.
      type: str
      returned: always
      sample: default
    kind:
      description: The kind of the pool.
      type: str
      returned: always
      sample: InClusterIPPool
    apiGroup:
      description: The API group of the pool.
      type: str
      returned: always
      sample: ipam.cluster.x-k8s.io
    addresses:
      description: The addresses, ranges and subnets of the pool, as in its manifest.
      type: list
      elements: str
      returned: always
      sample: [192.168.122.150-192.168.122.200]
    prefix:
      description: The prefix length, in bits.
      type: int
      returned: always
      sample: 24
    gateway:
      description: The gateway, null if the pool has none.
      type: str
      returned: always
      sample: 192.168.122.1
    total:
      description: How many addresses the pool can give out.
      type: int
      returned: always
      sample: 51
    used:
      description: How many of them are claimed, or rest after their release.
      type: int
      returned: always
      sample: 3
    free:
      description: How many can still be claimed by any machine; addresses that C(preAllocations) keeps are not among them.
      type: int
      returned: always
      sample: 48
    out_of_range:
      description: Claimed addresses that the pool does not hold any more.
      type: int
      returned: always
      sample: 0
error:
  description:
    - What failed, for a workflow to branch on. C(code) is one of those in C(docs/errors.md), the other fields are the object and its
      numbers.
    - A mistake that Ansible itself finds in the options has none.
  type: dict
  returned: failure
  contains:
    code:
      description: The kind of failure. It is never renamed.
      type: str
      returned: always
      sample: conflict
  sample: {code: conflict, pool: p, namespace: default, allocated: 3}
"""

import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._ipam.manifest import (
    identity,
    one_manifest,
    pool_from_manifest,
    pool_to_manifest,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam_module import (
    STATE_SPEC,
    Result,
    pool_result,
    run,
    warn_of_sharing,
)

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.elemental.networking.plugins.module_utils._ipam.backend import IpamBackend


def serve(module: AnsibleModule, backend: IpamBackend) -> Result:
    """Apply or delete."""
    definition, default_namespace = one_manifest(module.params["definition"]), module.params["namespace"] or "default"
    reference, namespace = identity(definition, default_namespace)
    if module.params["state"] == "absent":
        change = backend.delete_pool(reference, namespace, module.check_mode)
    else:
        change = backend.apply_pool(pool_from_manifest(definition, default_namespace), module.check_mode)
        warn_of_sharing(module, backend, [change.after] if change.after else [])
    diff = {
        "before": pool_to_manifest(change.before) if change.before else {},
        "after": pool_to_manifest(change.after) if change.after else {},
    }
    states = [
        state
        for state in backend.list_pools(namespace or default_namespace)
        if (state.pool.reference, state.pool.namespace) == (reference, namespace)
    ]
    result: Result = {"changed": change.changed, "diff": diff}
    if states and module.params["state"] == "present":
        result["pool"] = pool_result(states[0])
    return result


def main() -> None:
    """Run the module."""
    run({"definition": {"type": "dict", "required": True}, **STATE_SPEC}, serve)


if __name__ == "__main__":
    main()
