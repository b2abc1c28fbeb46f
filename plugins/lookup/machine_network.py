# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lookup elemental.networking.machine_network."""

from __future__ import annotations

DOCUMENTATION = r"""
name: machine_network
short_description: The network of a host, and which claims it needs
version_added: 0.1.0
author:
  - elemental.networking contributors (@elemental-networking)
description:
  - Determines the network of a host, from the variable C(machine_network) or from the manifest of an Elemental user.
  - Reads only files of the controller, never claims an address and changes nothing. The module
    M(elemental.networking.machine_network_info) checks it, too.
extends_documentation_fragment:
  - elemental.networking._machine
  - elemental.networking._machine.network
seealso:
  - module: elemental.networking.machine_network_info
  - plugin: elemental.networking.resolved_network
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Claim the addresses that the hosts of this play need
  elemental.networking.ip_address_claims:
    database: "{{ mine.database }}"
    pools: "{{ mine.pools }}"
    claims: "{{ mine.claims }}"
  delegate_to: localhost
  vars:
    mine: "{{ lookup('elemental.networking.machine_network') }}"

- name: The same on a management cluster
  elemental.networking.ip_address_claims:
    backend: kubernetes
    kubernetes:
      kubeconfig: ~/.kube/config
    claims: "{{ lookup('elemental.networking.machine_network', namespace='fleet-default').claims }}"
  delegate_to: localhost
"""

RETURN = r"""
_list:
  description: One dictionary.
  type: list
  elements: dict
  contains:
    host:
      description: The name of the host in the inventory.
      type: str
      sample: node1
    machine:
      description: The name of the machine.
      type: str
      sample: node1
    namespace:
      description: The namespace of its claims.
      type: str
      sample: default
    site:
      description: The name of the inventory, empty if it has none.
      type: str
      sample: berlin
    backend:
      description: Where claims are kept.
      type: str
      sample: embedded
    database:
      description: The absolute path of the file of the embedded backend.
      type: str
    configurator:
      description: The form of the configuration.
      type: str
      sample: nmconnections
    config:
      description: The configuration, with its placeholders.
      type: dict
    claims:
      description: The claims, as M(elemental.networking.ip_address_claims) takes them.
      type: list
      elements: dict
    pools:
      description: The manifests of the pools that were given, each with its namespace.
      type: list
      elements: dict
"""

import typing as t

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.elemental.networking.plugins.plugin_utils._request.claim_lookup import given_to
from ansible_collections.elemental.networking.plugins.plugin_utils._request.lookup_options import refuse_unknown
from ansible_collections.elemental.networking.plugins.plugin_utils._request.machine_network import (
    described,
    machine_network,
)


class LookupModule(LookupBase):
    """The lookup for Ansible's loader."""

    def run(self, terms: list[t.Any], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        """What one host asks for; see the documentation."""
        self.set_options(var_options=variables, direct=kwargs)
        refuse_unknown(self, kwargs)
        if terms:
            raise AnsibleError("lookup elemental.networking.machine_network takes options only, no terms")
        asked = machine_network(given_to(self, variables or {}))
        return [wrap_var({"host": asked.host, "config": asked.network.get("config") or {}, **described(asked)})]
