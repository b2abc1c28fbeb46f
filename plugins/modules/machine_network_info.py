#!/usr/bin/python
# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: machine_network_info
short_description: Check the network of a host, and which claims it needs
version_added: 0.1.0
author:
  - elemental.networking contributors (@elemental-networking)
description:
  - Determines the network and the pools of a host, from a network or from the manifest of an Elemental user, and checks them before
    anything is claimed or sent. The placeholders and the profiles are tried with stand-ins for the addresses.
  - Reads only files of the controller, never claims an address and does not connect to the host.
  - The role P(elemental.networking.machine_network#role) begins with it. The lookup P(elemental.networking.machine_network#lookup)
    returns the same and also the configuration, which may hold secrets and is therefore not part of the result of this module.
extends_documentation_fragment:
  - elemental.networking._attributes
  - elemental.networking._attributes.info_module
seealso:
  - module: elemental.networking.ip_address_claims
  - module: elemental.networking.network_config
  - plugin: elemental.networking.machine_network
    plugin_type: lookup
options:
  network:
    description:
      - The network in the shape of C(MachineRegistration.spec.config.network), or a string with it in YAML.
      - C(configurator) is the form of C(config), V(nmconnections), V(nmstate), V(nmc) or V(none).
      - C(ipAddresses) is a dictionary of placeholder key to pool, each with C(apiGroup), C(kind) and C(name).
      - C(config) is the configuration with placeholders, as O(elemental.networking.network_config#module:config) takes it.
      - Any other field is an error.
      - Ignored if O(manifest) is given.
    type: raw
  manifest:
    description:
      - A file on the controller with the manifests of an Elemental user. Its pools and the network section of its
        MachineRegistration are used as they are, in the namespace of the MachineRegistration.
      - A relative path is looked up where ansible-playbook was started, then beside the inventory.
    type: str
  pools:
    description: Pools, as C(InClusterIPPool) or C(GlobalInClusterIPPool) manifests, or a string with them in YAML.
    type: raw
  pool_files:
    description:
      - Files on the controller that hold such manifests; paths are as for O(manifest). They may hold other objects, too, and lists as
        C(kubectl get -o yaml) writes them.
    type: raw
  backend:
    description: Where claims and pools are kept, V(embedded), V(kubernetes) or V(postgresql). The default is V(embedded), one SQLite file.
    type: str
  database:
    description:
      - The file of the embedded backend. The default is C(.elemental-ipam.sqlite). The default and a relative path are beside the
        inventory or, if the inventory is not a file, in the folder where ansible-playbook was started.
    type: str
  namespace:
    description: The namespace of the claims. The default is that of the MachineRegistration, else V(default).
    type: str
  site:
    description:
      - The name of this inventory, if several share a database or a namespace. It is recorded with the claims, and a claim that was made
        for another inventory is an error.
      - By default the inventory has no name.
    type: str
  machine:
    description:
      - The name of the machine.
      - The default is C(inventory_hostname) in lower case, with a dash for each character that a claim name cannot have. Dots stay.
    type: str
  former_name:
    description:
      - The name that the inventory had for the host before it was renamed, or the name that its machine had. It must not be that of another
        host in the inventory.
    type: str
  renumber:
    description: Whether the machine may get other addresses, as O(elemental.networking.ip_address_claims#module:machines[].renumber).
    type: bool
    default: false
  deadline:
    description:
      - The O(elemental.networking.network_config#module:deadline) that the change will have, checked before anything is claimed.
    type: raw
  probes:
    description:
      - The O(elemental.networking.network_config#module:probes) that the change will have, or a string with them in YAML, checked before
        anything is claimed.
    type: raw
  check:
    description:
      - Refuse a host without a network, and a network that can never become profiles.
      - With V(false) the network is not checked, which is enough for a reset.
    type: bool
    default: true
  in_step:
    description:
      - Refuse a play whose strategy lets each host run ahead of the others, as C(ansible.builtin.free) and
        C(ansible.builtin.host_pinned) do.
      - Set it if a later task of the play needs the results of all hosts, such as one that claims for all of them.
      - An option that is empty because an extra variable of the role is an empty string gets the value that the inventory has.
    type: bool
    default: false
  connected:
    description:
      - Refuse a host whose connection plugin M(elemental.networking.network_config) does not support, before anything is claimed for it. A
        host whose network is not managed may have any.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Check the network of the hosts
  elemental.networking.machine_network_info:
    network: "{{ machine_network }}"
    pool_files: [pools.yaml]
  register: asked

- name: Claim the addresses
  elemental.networking.ip_address_claims:
    database: "{{ asked.database }}"
    pools: "{{ asked.pools }}"
    claims: "{{ asked.claims }}"
  delegate_to: localhost
"""

RETURN = r"""
machine:
  description: The name of the machine.
  type: str
  returned: success
  sample: node1
namespace:
  description: The namespace of its claims.
  type: str
  returned: success
  sample: default
site:
  description: The name of the inventory, empty if it has none.
  type: str
  returned: success
  sample: berlin
backend:
  description: Where claims are kept.
  type: str
  returned: success
  sample: embedded
database:
  description: The absolute path of the file of the embedded backend.
  type: str
  returned: success
  sample: /srv/site/inventory/.elemental-ipam.sqlite
configurator:
  description: The form of the configuration.
  type: str
  returned: success
  sample: nmconnections
claims:
  description: The claims, as M(elemental.networking.ip_address_claims) takes them.
  type: list
  elements: dict
  returned: success
  sample:
    - machine: node1
      host: node1
      namespace: default
      key: inventory-ip
      pool: {apiGroup: ipam.cluster.x-k8s.io, kind: InClusterIPPool, name: elemental-inventory-pool}
machines:
  description: The machine, as M(elemental.networking.ip_address_claims) takes it. Empty for a host that is not managed.
  type: list
  elements: dict
  returned: success
  sample:
    - {machine: node1, host: node1, namespace: default, former_host: "", renumber: false}
former_machine:
  description:
    - The name of the machine before it was renamed, for M(elemental.networking.network_config) and M(elemental.networking.network_reset).
    - Usually empty.
  type: str
  returned: success
  sample: ""
pools:
  description: The manifests of the pools that were given, each with its namespace.
  type: list
  elements: dict
  returned: success
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

from ansible_collections.elemental.networking.plugins.module_utils._machine_network_options import ARGUMENTS
from ansible_collections.elemental.networking.plugins.module_utils._network_module import refuse


def main() -> None:
    """Report that the action plugin of the same name must run."""
    refuse(ARGUMENTS)


if __name__ == "__main__":
    main()
