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
  - Returns the claims of a namespace, or of all namespaces, with their addresses. It never claims anything.
  - A claim that shows no machine, as one made with kubectl or by GitOps, is known by its name, C(<machine>-<key>), if O(selector.machine)
    is given.
extends_documentation_fragment:
  - elemental.networking._attributes
  - elemental.networking._attributes.actiongroup_ipam
  - elemental.networking._attributes.info_module
  - elemental.networking._ipam
  - elemental.networking._ipam.selector
seealso:
  - module: elemental.networking.ip_address_claims
  - plugin: elemental.networking.ip_address
    plugin_type: lookup
options:
  all_namespaces:
    description: Look in all namespaces instead of O(namespace).
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Look up what a machine holds
  elemental.networking.ip_address_claim_info:
    database: "{{ inventory_dir }}/.elemental-ipam.sqlite"
    selector:
      machine: node1
  delegate_to: localhost
  register: held

- name: Find the claims of machines that are no longer in the inventory
  elemental.networking.ip_address_claim_info:
    database: "{{ inventory_dir }}/.elemental-ipam.sqlite"
    selector:
      not_in_inventory: "{{ groups.all }}"
  run_once: true
  delegate_to: localhost
  register: known

- name: Look up the claims on a management cluster
  elemental.networking.ip_address_claim_info:
    backend: kubernetes
    namespace: fleet-default
    kubernetes:
      kubeconfig: ~/.kube/config
  delegate_to: localhost
  vars:
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
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
        - The object that uses the claim, its controller or a C(MachineInventory) that records it. Null if there is none.
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
      description: The address. Null while the claim waits for one.
      type: str
      returned: always
      sample: 192.168.122.150
    prefix:
      description: The prefix length, in bits. Null while the claim waits.
      type: int
      returned: always
      sample: 24
    gateway:
      description: The gateway of the pool when the claim was created, or null.
      type: str
      returned: always
      sample: 192.168.122.1
    family:
      description: V(IPv4) or V(IPv6). Null while the claim waits.
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
not_in_inventory_unknown:
  description:
    - Why RV(claims) is empty with O(selector.not_in_inventory) although there may be such claims, for example because this user may not
      list C(MachineInventories), or because the job looks like a job slice of AWX.
  type: str
  returned: with O(selector.not_in_inventory), if it cannot be known which claims these are
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
      sample: forbidden
  sample: {code: forbidden, verb: list, resource: ipaddressclaims, namespace: fleet-default, status: 403}
"""

import typing as t
from dataclasses import replace

from ansible_collections.elemental.networking.plugins.module_utils._ipam.holding import (
    Inventories,
    lost_records,
    of_machine,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import BoundClaim
from ansible_collections.elemental.networking.plugins.module_utils._ipam.recording import (
    host_keys_by_machine,
    machine_ids_by_machine,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.releasing import Selection
from ansible_collections.elemental.networking.plugins.module_utils._ipam_module import (
    SELECTOR_SPEC,
    Result,
    addresses_result,
    claim_result,
    run,
    selection_of,
)

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.elemental.networking.plugins.module_utils._ipam.backend import IpamBackend


def serve(module: AnsibleModule, backend: IpamBackend) -> Result:
    """List and select."""
    options = module.params
    namespace = None if options["all_namespaces"] else options["namespace"] or "default"
    given = options["selector"]
    selection = Selection() if given is None else selection_of(given, options["backend"])
    listed = backend.list_claims(namespace)
    inventories = backend.inventories(namespace) if listed or selection.hosts else Inventories()
    trouble = inventories.trouble if selection.hosts else ""
    claims = [] if trouble else _selected(listed, selection, inventories)
    if selection.hosts:
        for sentence in lost_records(inventories, [bound.claim for bound in listed]):
            module.warn(sentence)
    result = {
        "changed": False,
        "claims": [_claim_result(bound, inventories) for bound in claims],
        "addresses": addresses_result(claims),
        "host_keys": host_keys_by_machine(claims),
        "machine_ids": machine_ids_by_machine(claims),
    }
    if trouble:
        result["not_in_inventory_unknown"] = f"it is not known which claims Elemental uses: {trouble}"
    return result


def _selected(listed: t.Sequence[BoundClaim], selection: Selection, inventories: Inventories) -> list[BoundClaim]:
    """The claims that a selection takes; without not_in_inventory those of other tools, too."""
    mine = of_machine(listed, selection.machine) if selection.machine else listed
    if not selection.hosts:
        return [bound for bound in mine if selection.takes(replace(bound.claim, managed=True))]
    return [bound for bound in mine if selection.takes(bound.claim) and not inventories.has_machine_of(bound.claim)]


def _claim_result(bound: BoundClaim, inventories: Inventories) -> Result:
    result = claim_result(bound)
    recording = inventories.recording(bound.claim)
    return {**result, "held_by": result["held_by"] or (str(recording[0].owner) if recording else None)}


def main() -> None:
    """Run the module."""
    selector = {"type": "dict", "options": SELECTOR_SPEC}
    run({"selector": selector, "all_namespaces": {"type": "bool", "default": False}}, serve)


if __name__ == "__main__":
    main()
