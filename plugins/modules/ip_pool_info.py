#!/usr/bin/python
# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ip_pool_info
short_description: Look up pools and how full they are
version_added: 0.1.0
author:
  - elemental.networking contributors (@elemental-networking)
description:
  - Returns the pools that one namespace can use, or all pools.
  - Pools of other providers than the in-cluster one, and pools that this user may not read, are known only by the claims on them.
  - On a cluster without the CRDs of the in-cluster provider, RV(pools) is empty.
extends_documentation_fragment:
  - elemental.networking._attributes
  - elemental.networking._attributes.actiongroup_ipam
  - elemental.networking._attributes.info_module
  - elemental.networking._ipam
seealso:
  - module: elemental.networking.ip_pool
  - module: elemental.networking.ip_address_claim_info
options:
  name:
    description: Only pools of this name.
    type: str
  all_namespaces:
    description: Return pools of all namespaces. By default those of O(namespace) and all global pools.
    type: bool
    default: false
  claims:
    description:
      - Include the claims on each pool, which costs one more list request. Of a global pool these are the claims of O(namespace), unless
        O(all_namespaces) is set.
      - Without the claims, RV(other_pools) is not returned.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Look up how full the pools are
  elemental.networking.ip_pool_info:
    database: "{{ inventory_dir }}/.elemental-ipam.sqlite"
  delegate_to: localhost
  register: known

- name: Look up the pools of a management cluster
  elemental.networking.ip_pool_info:
    backend: kubernetes
    namespace: fleet-default
    kubernetes:
      kubeconfig: ~/.kube/config
  delegate_to: localhost
  vars:
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
"""

RETURN = r"""
pools:
  description: The pools.
  type: list
  elements: dict
  returned: success
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
    claims:
      description: The claims on it, by namespace and name. The address of a claim that waits is null.
      type: list
      elements: dict
      returned: with O(claims=true)
      sample:
        - {name: node1-inventory-ip, namespace: default, machine: node1, key: inventory-ip, host: node1, address: 192.168.122.150}
other_pools:
  description:
    - The pools that claims name and that are not among RV(pools), which are those of other providers, and those that this user may not
      read. Their size is unknown.
  type: list
  elements: dict
  returned: with O(claims=true)
  contains:
    name:
      description: The name of the pool.
      type: str
      returned: always
      sample: metal-pool
    namespace:
      description: The namespace of the claims.
      type: str
      returned: always
      sample: default
    kind:
      description: The kind of the pool.
      type: str
      returned: always
      sample: IPPool
    apiGroup:
      description: The API group of the pool.
      type: str
      returned: always
      sample: ipam.metal3.io
    claimed:
      description: How many claims name it, including those that wait.
      type: int
      returned: always
      sample: 3
    claims:
      description: The claims on it, as in RV(pools).
      type: list
      elements: dict
      returned: always
      sample:
        - {name: node2-inventory-ip, namespace: default, machine: node2, key: inventory-ip, host: node2, address: 10.0.0.10}
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
      sample: unreachable
  sample: {code: unreachable, host: 'https://rancher.example.com:6443'}
"""

import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._ipam_module import (
    Result,
    held_result,
    pool_result,
    run,
)

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.elemental.networking.plugins.module_utils._ipam.backend import IpamBackend
    from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import BoundClaim, PoolReference


def serve(module: AnsibleModule, backend: IpamBackend) -> Result:
    """List and filter."""
    options = module.params
    namespace = None if options["all_namespaces"] else options["namespace"] or "default"
    states = [
        state
        for state in backend.list_pools(namespace)
        if (options["name"] or state.pool.reference.name) == state.pool.reference.name
    ]
    pools = [pool_result(state) for state in states]
    result: Result = {"changed": False, "pools": pools}
    if options["claims"]:
        claims = backend.list_claims(namespace)
        held = _by_pool(claims)
        for state, pool in zip(states, pools):
            place = state.pool.reference, state.pool.namespace
            pool["claims"] = [held_result(bound) for bound in held.get(place, ())]
        named = [each for each in claims if (options["name"] or each.claim.pool.name) == each.claim.pool.name]
        result["other_pools"] = _others(named, {(state.pool.reference, state.pool.namespace) for state in states})
    reason = "" if pools or result.get("other_pools") else backend.why_no_pools()
    if reason:
        module.warn(reason)
    return result


def _others(claims: t.Iterable[BoundClaim], known: t.Collection[tuple[PoolReference, str]]) -> list[Result]:
    """The pools that claims name beside those that are known."""
    found: dict[tuple[PoolReference, str], list[BoundClaim]] = {}
    for bound in claims:
        pool, namespace = bound.claim.pool, bound.claim.namespace
        if (pool, namespace) not in known and (pool, "") not in known:
            found.setdefault((pool, namespace), []).append(bound)
    return [
        {
            "name": pool.name,
            "namespace": namespace,
            "kind": pool.kind,
            "apiGroup": pool.api_group,
            "claimed": len(held),
            "claims": [held_result(bound) for bound in held],
        }
        for (pool, namespace), held in sorted(found.items(), key=lambda each: each[0])
    ]


def _by_pool(held: t.Iterable[BoundClaim]) -> dict[tuple[PoolReference, str], list[BoundClaim]]:
    """The claims of each pool and namespace; a global pool, whose namespace is empty, has those of every namespace."""
    found: dict[tuple[PoolReference, str], list[BoundClaim]] = {}
    for bound in held:
        for namespace in (bound.claim.namespace, ""):
            found.setdefault((bound.claim.pool, namespace), []).append(bound)
    return found


def main() -> None:
    """Run the module."""
    everywhere = {"type": "bool", "default": False}
    claims = {"type": "bool", "default": True}
    run({"name": {"type": "str"}, "all_namespaces": everywhere, "claims": claims}, serve)


if __name__ == "__main__":
    main()
