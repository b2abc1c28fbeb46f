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
    description:
      - Only claims of this machine. One that shows no machine, as kubectl or GitOps made it, is known by its name, C(<machine>-<key>).
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
  inventory:
    description:
      - The names of all hosts of the inventory, as in C(groups.all). With them the result has RV(orphans).
      - An empty list counts as not given.
      - In a job slice of AWX C(groups.all) has the hosts of the slice only. Where a job bears the signs of one, RV(orphans) is empty and
        RV(orphans_unknown) says why. Hosts that are disabled in AWX, or that a smart inventory leaves out, are not in it either.
    type: list
    elements: str
  site:
    description:
      - The name of the inventory. With O(inventory), claims that were made for one of another name are not orphans; where this one has no
        name, those that were made for one with any.
    type: str
  in_job_slice:
    description: O(inventory) has every host, even where this looks like a job slice of AWX.
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

- name: Find the claims of machines that are not in the inventory any more
  elemental.networking.ip_address_claim_info:
    database: "{{ inventory_dir }}/.elemental-ipam.sqlite"
    inventory: "{{ groups.all }}"
  run_once: true
  delegate_to: localhost
  register: known
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
    site:
      description: The name of the inventory that it was made for, or null.
      type: str
      returned: always
      sample: berlin
    machine_id:
      description:
        - The identity of the machine that has the address, a digest of its machine-id, as M(elemental.networking.machine_host_keys)
          recorded it; null where it did not yet.
      type: str
      returned: always
      sample: 7c0d1f3a5b9e4d2c8f6a7b1e0c3d5f90
    owner:
      description:
        - The object that the claim goes with, as C(apiVersion), C(kind), C(name) and C(uid), or null. The first one where there are more.
      type: dict
      returned: always
      sample: {apiVersion: elemental.cattle.io/v1beta1, kind: MachineInventory, name: node1, uid: 6f3d6d1c-5b5a-4c1e-9a44-1c4b5f1c6f10}
    held_by:
      description:
        - The object that uses the claim, its controller or, with O(inventory), a C(MachineInventory) that records it; else null.
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
        - The public ssh host keys by which the machine is known, as M(elemental.networking.machine_host_keys) recorded them; empty
          where it did not yet.
      type: list
      elements: str
      returned: always
      sample: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKsR1vhN5HTnbVBJbCwJgS6TTLwRMRrSbnHOjzWDJBq4]
    confirmed:
      description:
        - When a push first proved the address on the machine, in UTC, as M(elemental.networking.machine_host_keys) recorded it.
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
  description:
    - Address, prefix, gateway, family and the name of the pool by machine and key, as placeholders want them. The prefix is 0 where the
      pool of another provider has none.
  type: dict
  returned: success
  sample:
    node1:
      inventory-ip: {address: 192.168.122.150, prefix: 24, gateway: 192.168.122.1, family: IPv4, pool: elemental-inventory-pool}
machine_ids:
  description:
    - The identities that are recorded of each machine, digests of the machine-id that its host has. One without is left out.
  type: dict
  returned: success
  sample:
    node1: [7c0d1f3a5b9e4d2c8f6a7b1e0c3d5f90]
host_keys:
  description: The public ssh host keys that are recorded of each machine. One without is left out.
  type: dict
  returned: success
  sample:
    node1: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKsR1vhN5HTnbVBJbCwJgS6TTLwRMRrSbnHOjzWDJBq4]
orphans:
  description:
    - The claims among RV(claims) that this collection made for a machine that is none of the hosts in O(inventory), each in the form that
      M(elemental.networking.ip_address_claims) takes to release it.
    - A claim that says its host is known by that, another one by its machine, which may be called as a host is, or as the name of a
      machine is made of that of its host.
    - Claims of machines that are registered with Elemental, in a C(MachineInventory) of the same name, are never orphans.
  type: list
  elements: dict
  returned: with O(inventory)
  sample:
    - {name: node9-inventory-ip, namespace: default, machine: node9, key: inventory-ip, host: node9}
orphans_unknown:
  description: Why RV(orphans) is empty without an answer, for example because this user may not list C(MachineInventories).
  type: str
  returned: with O(inventory), where it cannot be known which claims are orphans
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
      sample: forbidden
  sample: {code: forbidden, verb: list, resource: ipaddressclaims, namespace: fleet-default, status: 403}
"""

import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._ipam.holding import (
    Inventories,
    lost_records,
    of_machine,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.recording import (
    host_keys_by_machine,
    machine_ids_by_machine,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.releasing import is_orphan
from ansible_collections.elemental.networking.plugins.module_utils._ipam_module import (
    Result,
    addresses_result,
    claim_result,
    release_options,
    run,
)

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.elemental.networking.plugins.module_utils._ipam.backend import IpamBackend
    from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import BoundClaim


def serve(module: AnsibleModule, backend: IpamBackend) -> Result:
    """List and filter."""
    options = module.params
    namespace = None if options["all_namespaces"] else options["namespace"] or "default"
    listed = backend.list_claims(namespace)
    claims = [
        bound
        for bound in (of_machine(listed, options["machine"]) if options["machine"] else listed)
        if (options["key"] or bound.claim.key) == bound.claim.key
        and (options["pool"] or bound.claim.pool.name) == bound.claim.pool.name
    ]
    result: Result = {
        "changed": False,
        "claims": [claim_result(bound) for bound in claims],
        "addresses": addresses_result(claims),
        "host_keys": host_keys_by_machine(claims),
        "machine_ids": machine_ids_by_machine(claims),
    }
    if options["inventory"]:
        inventories = backend.inventories(namespace)
        for each, bound in zip(result["claims"], claims):
            recording = inventories.recording(bound.claim)
            each["held_by"] = each["held_by"] or (str(recording[0].owner) if recording else None)
        for sentence in lost_records(inventories, [bound.claim for bound in listed]):
            module.warn(sentence)
        result.update(_orphans(claims, frozenset(options["inventory"]), inventories, options["site"] or ""))
    return result


def _orphans(claims: t.Sequence[BoundClaim], hosts: frozenset[str], inventories: Inventories, site: str) -> Result:
    if inventories.trouble:
        return {"orphans": [], "orphans_unknown": f"it is not known which claims Elemental uses: {inventories.trouble}"}
    lost = [bound.claim for bound in claims if is_orphan(bound.claim, hosts, inventories, site)]
    return {"orphans": [release_options(claim) for claim in lost]}


def main() -> None:
    """Run the module."""
    texts = {name: {"type": "str"} for name in ("machine", "pool", "site")}
    key = {"type": "str", "no_log": False}
    inventory = {"type": "list", "elements": "str"}
    flags = {name: {"type": "bool", "default": False} for name in ("all_namespaces", "in_job_slice")}
    run({**texts, "key": key, "inventory": inventory, **flags}, serve)


if __name__ == "__main__":
    main()
