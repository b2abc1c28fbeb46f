# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lookup elemental.networking.resolved_network."""

from __future__ import annotations

DOCUMENTATION = r"""
name: resolved_network
short_description: Return the network of a host with its placeholders filled
version_added: 0.1.0
author:
  - elemental.networking contributors (@elemental-networking)
description:
  - Reads the addresses that a machine has claimed and fills them into its C(machine_network).
  - Changes nothing and never claims an address. A key that has no address yet is an error.
extends_documentation_fragment:
  - elemental.networking._machine
  - elemental.networking._machine.network
seealso:
  - plugin: elemental.networking.resolve_placeholders
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show the keyfile of eth0 as it will be on the host
  ansible.builtin.debug:
    msg: "{{ lookup('elemental.networking.resolved_network').config.eth0 }}"
  vars:
    machine_network:
      configurator: nmconnections
      ipAddresses:
        inventory-ip:
          apiGroup: ipam.cluster.x-k8s.io
          kind: InClusterIPPool
          name: elemental-inventory-pool
      config:
        eth0: |
          [connection]
          id=eth0
          type=ethernet
          interface-name=eth0
          [ipv4]
          method=manual
          address1={inventory-ip}/{inventory-ip.prefix},{inventory-ip.gateway}
          dns=192.168.122.1;

- name: Show the address of another host
  ansible.builtin.debug:
    msg: "{{ network.ipAddresses['inventory-ip'].address }}"
  vars:
    their: "{{ hostvars.node1.machine_network }}"
    network: "{{ lookup('elemental.networking.resolved_network', network=their, machine='node1') }}"

- name: Show the network of this host, with claims on a management cluster
  ansible.builtin.debug:
    msg: "{{ lookup('elemental.networking.resolved_network', backend='kubernetes', namespace='fleet-default', kubernetes=access).config }}"
  vars:
    access:
      kubeconfig: ~/.kube/config
"""

RETURN = r"""
_list:
  description: One dictionary.
  type: list
  elements: dict
  contains:
    configurator:
      description: The configurator of the network.
      type: str
      sample: nmconnections
    ipAddresses:
      description: The addresses by key, each with C(address), C(prefix), C(gateway) and C(family).
      type: dict
      sample:
        inventory-ip:
          address: 192.168.122.150
          prefix: 24
          gateway: 192.168.122.1
          family: IPv4
    config:
      description: The configuration with its placeholders filled.
      type: dict
"""

import typing as t
from dataclasses import replace

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import Address, IpamError
from ansible_collections.elemental.networking.plugins.module_utils._placeholders import (
    PlaceholderError,
    resolve_placeholders,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._request.claim_lookup import (
    claimed_addresses,
    given_to,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._request.lookup_options import refuse_unknown
from ansible_collections.elemental.networking.plugins.plugin_utils._request.machine_network import (
    ip_addresses,
    machine_network,
)


class LookupModule(LookupBase):
    """The lookup for Ansible's loader."""

    def run(self, terms: list[t.Any], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        """One resolved network; see the documentation."""
        self.set_options(var_options=variables, direct=kwargs)
        refuse_unknown(self, kwargs)
        if terms:
            raise AnsibleError("lookup elemental.networking.resolved_network takes options only, no terms")
        given = given_to(self, variables or {})
        asked = machine_network(given)
        try:
            keys = ip_addresses(asked.network)
            where = replace(given, namespace=asked.namespace) if given.manifest else given
            known = claimed_addresses(where, keys, required=True)
            addresses = {key: known[key] for key in keys}
            config = resolve_placeholders(asked.network.get("config") or {}, addresses)
        except (IpamError, PlaceholderError) as error:
            raise AnsibleError(f"{asked.machine}: {error}") from None
        described = {key: _described(address) for key, address in addresses.items()}
        return [wrap_var({"configurator": asked.configurator, "ipAddresses": described, "config": config})]


def _described(address: Address) -> dict[str, t.Any]:
    return {
        "address": address.address,
        "prefix": address.prefix,
        "gateway": address.gateway,
        "family": address.family,
    }
