# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter elemental.networking.resolve_placeholders."""

from __future__ import annotations

DOCUMENTATION = r"""
name: resolve_placeholders
short_description: Fill the placeholders of a network configuration
version_added: 0.1.0
author:
  - elemental.networking contributors (@elemental-networking)
description:
  - Replaces C({key}), C({key.prefix}), C({key.gateway}) and C({key.family}) in a string, or in all strings of a list or
    dictionary.
  - C({key}) is the placeholder of Rancher Elemental. C(family) is V(IPv4) or V(IPv6).
  - A key that has a dot in it wins over an attribute of the same spelling.
  - C(\{word}) stands for the literal C({word}). A doubled brace is not the escape because Jinja2 would take it for a
    template.
  - Braces around anything that is not shaped like a key are left alone. Filled values are not searched
    again.
  - A placeholder that cannot be filled is an error that names the key, its place and the keys that exist.
positional: _input, addresses, place
options:
  _input:
    description: The string, list or dictionary, for example C(machine_network.config).
    type: raw
    required: true
  addresses:
    description:
      - The addresses by key. Each is a dictionary with C(address), C(prefix) and C(gateway), as in the return value
        RV(elemental.networking.ip_address_claims#module:addresses) of one machine, or just the address as a string.
      - A string fills C({key}) only; then C({key.prefix}), C({key.gateway}) and C({key.family}) are an error.
    type: dict
    required: true
  place:
    description: What error messages call the input.
    type: str
    default: config
seealso:
  - plugin: elemental.networking.placeholder_names
    plugin_type: filter
  - plugin: elemental.networking.resolved_network
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Show the keyfile line of an address
  ansible.builtin.debug:
    msg: "{{ line | elemental.networking.resolve_placeholders(addresses) }}"
  vars:
    line: address1={inventory-ip}/{inventory-ip.prefix},{inventory-ip.gateway}
    addresses:
      inventory-ip:
        address: 192.168.122.150
        prefix: 24
        gateway: 192.168.122.1
  # => address1=192.168.122.150/24,192.168.122.1

- name: Keep a literal brace pair
  ansible.builtin.debug:
    msg: "{{ line | elemental.networking.resolve_placeholders({'inventory-ip': '192.168.122.150'}) }}"
  vars:
    line: '{inventory-ip} fills \{inventory-ip}'
  # => 192.168.122.150 fills {inventory-ip}
"""

RETURN = r"""
_value:
  description: The input with its placeholders filled; what has none is unchanged.
  type: raw
"""

import typing as t

from ansible.errors import AnsibleError, AnsibleFilterError
from ansible_collections.elemental.networking.plugins.module_utils._placeholders import (
    PlaceholderError,
    resolve_placeholders,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._request.addresses import addresses_from_result


def _resolve(value: object, addresses: object = None, place: str = "config") -> object:
    if addresses is None:
        raise AnsibleFilterError(
            "elemental.networking.resolve_placeholders needs the addresses by key, "
            "such as resolve_placeholders({'inventory-ip': '192.168.122.150'})"
        )
    try:
        return resolve_placeholders(value, addresses_from_result(addresses), place)
    except (AnsibleError, PlaceholderError) as error:
        raise AnsibleFilterError(f"elemental.networking.resolve_placeholders: {error}") from None


class FilterModule:
    """The filter for Ansible's loader."""

    def filters(self) -> dict[str, t.Callable[..., object]]:
        """The filter by name."""
        return {"resolve_placeholders": _resolve}
