# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter elemental.networking.placeholder_names."""

from __future__ import annotations

DOCUMENTATION = r"""
name: placeholder_names
short_description: List the placeholder keys that a network configuration uses
version_added: 0.1.0
author:
  - elemental.networking contributors (@elemental-networking)
description:
  - Finds C({key}), C({key.prefix}), C({key.gateway}) and C({key.family}) in a string, or in all strings of a list or
    dictionary.
  - An escaped C(\{word}) is not a placeholder.
positional: _input
options:
  _input:
    description: The string, list or dictionary, for example C(machine_network.config).
    type: raw
    required: true
seealso:
  - plugin: elemental.networking.resolve_placeholders
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Stop early when the configuration uses a key that no pool serves
  ansible.builtin.assert:
    that: unserved | length == 0
    fail_msg: "No pool for {{ unserved | join(', ') }}"
  vars:
    used: "{{ machine_network.config | elemental.networking.placeholder_names }}"
    unserved: "{{ used | difference(machine_network.ipAddresses) }}"
    machine_network:
      ipAddresses:
        inventory-ip:
          apiGroup: ipam.cluster.x-k8s.io
          kind: InClusterIPPool
          name: elemental-inventory-pool
      config:
        eth0: |
          [ipv4]
          address1={inventory-ip}/{inventory-ip.prefix}
"""

RETURN = r"""
_value:
  description: The keys, sorted, each once.
  type: list
  elements: str
  sample: [inventory-ip]
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.elemental.networking.plugins.module_utils._placeholders import placeholder_names
from ansible_collections.elemental.networking.plugins.module_utils._yaml import YamlError, checked


def _names(value: object) -> list[str]:
    try:
        return placeholder_names(checked(value))
    except YamlError as error:
        raise AnsibleFilterError(
            f"elemental.networking.placeholder_names: the configuration cannot be used ({error})"
        ) from None


class FilterModule:
    """The filter for Ansible's loader."""

    def filters(self) -> dict[str, t.Callable[..., object]]:
        """The filter by name."""
        return {"placeholder_names": _names}
