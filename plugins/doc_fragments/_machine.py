# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of lookups that look at one machine. PRIVATE to the collection."""

from __future__ import annotations


class ModuleDocFragment:
    """Which machine, and where its claims are."""

    DOCUMENTATION = r"""
options:
  machine:
    description:
      - The name of the machine.
      - The default is C(inventory_hostname) in lower case, with a dash for each character that a claim name cannot have. Dots stay.
    type: str
    vars:
      - name: machine_network_machine_name
  backend:
    description:
      - Where claims and pools are kept. V(embedded), the default, is one SQLite file, V(kubernetes) a cluster and V(postgresql) a server.
    type: str
    vars:
      - name: machine_network_ipam_backend
  kubernetes:
    description:
      - How to reach the cluster, for V(kubernetes), with the names of C(kubernetes.core.k8s_auth_options).
      - What is not given comes from C(K8S_AUTH_*), then from C(~/.kube/config).
    type: raw
    vars:
      - name: machine_network_kubernetes
  postgresql:
    description:
      - How to reach the server, for V(postgresql), with the names of libpq's connection parameters, such as C(host) and C(dbname).
      - What is not given comes from the environment variables of libpq, such as C(PGHOST), then from a service file and C(~/.pgpass).
    type: raw
    vars:
      - name: machine_network_postgresql
  database:
    description:
      - The file of the embedded backend. A missing file counts as empty and is not created.
      - The default is C(.elemental-ipam.sqlite). The default and a relative path are beside the inventory or, if the inventory is not a
        file, in the folder where ansible-playbook was started.
    type: str
    vars:
      - name: machine_network_ipam_database
  site:
    description: The name of the inventory. Claims that were made for an inventory with another name are ignored.
    type: str
    vars:
      - name: machine_network_site
  namespace:
    description:
      - The namespace of the claims. By default, all namespaces are searched.
      - Set it with V(kubernetes). Searching all namespaces needs the right to list claims and addresses in the whole cluster, which
        C(playbooks/files/ipam-consumer.yaml) does not grant.
    type: str
    vars:
      - name: machine_network_ipam_namespace
"""

    NETWORK = r"""
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
    vars:
      - name: machine_network
  manifest:
    description:
      - A file on the controller with the manifests of an Elemental user. Its pools and the network section of its
        MachineRegistration are used as they are, in the namespace of the MachineRegistration.
      - A relative path is looked up where ansible-playbook was started, then beside the inventory.
    type: str
    vars:
      - name: machine_network_manifest
  pools:
    description: Pools, as C(InClusterIPPool) or C(GlobalInClusterIPPool) manifests, or a string with them in YAML.
    type: raw
    vars:
      - name: machine_network_pools
  pool_files:
    description:
      - Files on the controller that hold such manifests; paths are as for O(manifest). They may hold other objects, too, and lists as
        C(kubectl get -o yaml) writes them.
    type: raw
    vars:
      - name: machine_network_pool_files
"""
