#!/usr/bin/python
# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ip_address_claims
short_description: Claim IP addresses for many machines at once, or release them
version_added: 0.1.0
author:
  - elemental.networking contributors (@elemental-networking)
description:
  - Claiming is all-or-nothing, in one transaction. If a pool is too small, the task fails before it creates anything.
  - The same machine and key get the same address until the claim is released.
  - If the claim exists with an address from another pool, the task fails and names both pools.
  - If the provider of a cluster gave one address to two claims of a namespace, the claims of this task are deleted and created again. If
    both are older, the task fails and names them.
  - With O(state=absent) every option that you give must match the claim, or the task fails and releases nothing. A claim that another
    controller made for its own object is released only if C(owner) names that object.
  - In check mode, a claim that would be created has the address null.
extends_documentation_fragment:
  - elemental.networking._attributes
  - elemental.networking._attributes.actiongroup_ipam
  - elemental.networking._ipam
  - elemental.networking._ipam.claims
  - elemental.networking._ipam.pools
  - elemental.networking._ipam.patience
  - elemental.networking._ipam.owned
  - elemental.networking._ipam.selector
seealso:
  - module: elemental.networking.ip_address_claim
  - module: elemental.networking.ip_address_claim_info
  - module: elemental.networking.ip_pool
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
  machines:
    description:
      - Machines whose claims are considered as a whole, with O(state=present). The result then also has their claims for keys that are not
        in O(claims), in RV(unused), and the addresses at which they may answer, in RV(held).
    type: list
    elements: dict
    suboptions:
      machine:
        description: The name of the machine.
        type: str
        required: true
      host:
        description: The name that the inventory has for it.
        type: str
        required: true
      namespace:
        description: The namespace of its claims. The default is that of the task.
        type: str
      former_host:
        description:
          - The name that the inventory had for it before it was renamed, or the name that the machine had. Its claims are renamed, and keep
            their addresses.
          - It must not be the name of another host of the same call, and no two hosts may have the same former name.
          - On a cluster this needs C(playbooks/files/ipam-hand-over.yaml), and pools of the in-cluster provider.
        type: str
      renumber:
        description:
          - If a claim of the machine is from another pool than the one that is asked for, or O(pools) change the range of its pool,
            claim a new address beside the old one, as C(<machine>-<key>.renumbering). Without this option, that is an error.
          - RV(addresses) has the new address then. Push it, record that it is confirmed (M(elemental.networking.machine_host_keys)), and
            call this module with O(state=renumbered).
          - On a cluster this needs C(playbooks/files/ipam-hand-over.yaml), and pools of the in-cluster provider.
        type: bool
        default: false
      site:
        description: The name of its inventory. Claims that were made for another one are not the machine's.
        type: str
  state:
    description:
      - V(present) claims, V(absent) releases.
      - V(renumbered) finishes the renumbering of O(claims), with the same O(pools). If the new address is confirmed on its machine, the
        old one is released and the new one gets the name of the claim. Other claims are left alone. An old claim that another object uses,
        or that is recorded with another machine, stays, with a warning.
    type: str
    default: present
    choices: [present, absent, renumbered]
  required:
    description: V(false) turns every failure into a warning.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Claim an address for two machines
  elemental.networking.ip_address_claims:
    database: "{{ inventory_dir }}/.elemental-ipam.sqlite"
    claims:
      - machine: node1
        key: inventory-ip
        pool: &pool
          apiGroup: ipam.cluster.x-k8s.io
          kind: InClusterIPPool
          name: elemental-inventory-pool
      - machine: node2
        key: inventory-ip
        pool: *pool
  run_once: true
  delegate_to: localhost
  register: claimed

- name: Release by name
  elemental.networking.ip_address_claims:
    database: "{{ inventory_dir }}/.elemental-ipam.sqlite"
    claims:
      - name: node1-inventory-ip
      - machine: node2
        key: inventory-ip
    state: absent
  delegate_to: localhost

- name: Release all claims of one machine
  elemental.networking.ip_address_claims:
    database: "{{ inventory_dir }}/.elemental-ipam.sqlite"
    selector:
      machine: node1
    state: absent
  delegate_to: localhost

- name: Claim an address on a management cluster
  elemental.networking.ip_address_claims:
    backend: kubernetes
    namespace: fleet-default
    kubernetes:
      kubeconfig: ~/.kube/config
    claims:
      - machine: node1
        key: inventory-ip
        pool:
          apiGroup: ipam.cluster.x-k8s.io
          kind: InClusterIPPool
          name: elemental-inventory-pool
        # optional: the cluster releases the claim when this object is deleted
        owner:
          apiVersion: elemental.cattle.io/v1beta1
          kind: MachineInventory
          name: node1
  run_once: true
  delegate_to: localhost
  vars:
    ansible_python_interpreter: "{{ ansible_playbook_python }}"

- name: Release the claims of machines that are no longer in the inventory
  elemental.networking.ip_address_claims:
    backend: kubernetes
    namespace: fleet-default
    kubernetes:
      kubeconfig: ~/.kube/config
    selector:
      not_in_inventory: "{{ groups.all }}"  # every host of every inventory that shares the namespace
    state: absent
  run_once: true
  delegate_to: localhost
"""

RETURN = r"""
claims:
  description: The claims, in the order of O(claims); with O(state=absent) those that were released.
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
      returned: always
      sample: node1
    site:
      description: The name of the inventory that it was made for, or null if none was given.
      type: str
      returned: always
      sample: berlin
    machine_id:
      description:
        - The identity of the machine that has the address, a digest of its machine-id, as M(elemental.networking.machine_host_keys)
          recorded it. Null if none is recorded.
      type: str
      returned: always
      sample: 7c0d1f3a5b9e4d2c8f6a7b1e0c3d5f90
    owner:
      description:
        - The object that owns the claim, as C(apiVersion), C(kind), C(name) and C(uid), or null. The first one if there are several.
      type: dict
      returned: always
      sample: {apiVersion: elemental.cattle.io/v1beta1, kind: MachineInventory, name: node1, uid: 6f3d6d1c-5b5a-4c1e-9a44-1c4b5f1c6f10}
    held_by:
      description:
        - The object that uses the claim and is its controller, so that a release depends on O(if_owned). Null if there is none.
      type: str
      returned: always
      sample: MachineInventory node1 (elemental.cattle.io/v1beta1)
    managed:
      description: Whether this collection made the claim.
      type: bool
      returned: always
      sample: true
    host_keys:
      description:
        - The public ssh host keys by which the machine is known, as M(elemental.networking.machine_host_keys) recorded them. Empty
          if none are recorded.
      type: list
      elements: str
      returned: always
      sample: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKsR1vhN5HTnbVBJbCwJgS6TTLwRMRrSbnHOjzWDJBq4]
    confirmed:
      description:
        - When a push first confirmed the address on the machine, in UTC, as M(elemental.networking.machine_host_keys) recorded it.
        - Null while the address is only promised. No push of it has been confirmed yet, or the machine has not booted yet.
      type: str
      returned: always
      sample: "2026-11-29T12:00:00Z"
    pool:
      description: The pool that the address is from.
      type: dict
      returned: always
      sample: {apiGroup: ipam.cluster.x-k8s.io, kind: InClusterIPPool, name: elemental-inventory-pool}
    address:
      description: The address. Null in check mode for a claim that would be created, and for a claim that still waits.
      type: str
      returned: always
      sample: 192.168.122.150
    prefix:
      description: The prefix length, in bits. Null while there is no address.
      type: int
      returned: always
      sample: 24
    gateway:
      description: The gateway of the pool when the claim was created, or null.
      type: str
      returned: always
      sample: 192.168.122.1
    family:
      description: V(IPv4) or V(IPv6). Null while there is no address.
      type: str
      returned: always
      sample: IPv4
addresses:
  description:
    - Address, prefix, gateway, family and the name of the pool by machine and key, as the placeholders need them. The prefix is 0 if the
      pool of another provider has none.
  type: dict
  returned: success
  sample:
    node1:
      inventory-ip: {address: 192.168.122.150, prefix: 24, gateway: 192.168.122.1, family: IPv4, pool: elemental-inventory-pool}
machine_ids:
  description:
    - The recorded identities of each machine, digests of the machine-id of its host. A machine without one is left out.
  type: dict
  returned: success
  sample:
    node1: [7c0d1f3a5b9e4d2c8f6a7b1e0c3d5f90]
host_keys:
  description: The recorded public ssh host keys of each machine. A machine without any is left out.
  type: dict
  returned: success
  sample:
    node1: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKsR1vhN5HTnbVBJbCwJgS6TTLwRMRrSbnHOjzWDJBq4]
kept:
  description: The claims that another object uses and that stay, each with the C(reason), as O(if_owned=keep) asks for.
  type: list
  elements: dict
  returned: with O(state=absent)
unused:
  description:
    - The claims of the machines for keys that are not asked for, as in RV(claims). Only claims that this collection made for a host of the
      inventory, and that no other object uses, such as a C(MachineInventory).
  type: list
  elements: dict
  returned: with O(state=present)
held:
  description: All addresses that each machine holds, for all keys.
  type: dict
  returned: with O(state=present)
  sample:
    node1: [192.168.122.150]
renumbering:
  description: The claims whose machines get a new address now. C(created) is true if this task claimed it.
  type: list
  elements: dict
  returned: with O(state=present)
  sample:
    - {name: node1-inventory-ip.renumbering, machine: node1, host: node1, namespace: default, created: true}
msg:
  description: What would be claimed or renamed.
  type: str
  returned: in check mode, when something would be claimed
error:
  description:
    - What failed, for a workflow to branch on. C(code) is one of those in C(docs/errors.md), the other fields are the object and its
      numbers.
    - A mistake that Ansible itself finds in the options is V(failed).
  type: dict
  returned: failure, and where O(required=false) makes it a warning
  contains:
    code:
      description: The kind of failure. It is never renamed.
      type: str
      returned: always
      sample: pool_exhausted
  sample: {code: pool_exhausted, pool: p, namespace: default, free: 2, total: 51, requested: 3}
"""

import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._ipam_module import (
    BATCH_SPEC,
    PATIENCE_SPEC,
    Result,
    run,
    serve_claims,
)

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.elemental.networking.plugins.module_utils._ipam.backend import IpamBackend


def serve(module: AnsibleModule, backend: IpamBackend) -> Result:
    """Claim or release in batches."""
    return serve_claims(module, backend, module.params["claims"] or [], module.params["selector"])


def main() -> None:
    """Run the module."""
    run(
        {**BATCH_SPEC, "required": {"type": "bool", "default": True}, **PATIENCE_SPEC},
        serve,
        required_one_of=[("claims", "selector")],
    )


if __name__ == "__main__":
    main()
