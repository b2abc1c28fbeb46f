# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter elemental.networking.bind_to_mac_addresses."""

from __future__ import annotations

DOCUMENTATION = r"""
name: bind_to_mac_addresses
short_description: Bind a network configuration to interfaces by MAC address
version_added: 0.1.0
author:
  - elemental.networking contributors (@elemental-networking)
description:
  - For hosts whose interface names are not stable. The names in the configuration become names of profiles only; NetworkManager finds the
    interface by its MAC address.
  - A configuration for V(nmc) or V(nmstate) gets C(identifier=mac-address) (nmc 0.3.3 or later); in one for V(nmconnections) the
    C(interface-name) of ethernet profiles is replaced by C(mac-address) in C([ethernet]).
  - Only whole names are replaced, so C(eth1) is never found in C(eth10), and swapped names do no harm.
  - Interfaces that are bound by an C(identifier) already, and those that profiles make (bonds, bridges, VLANs), stay as they are.
positional: _input, mac_addresses
options:
  _input:
    description: The configuration, for example C(machine_network.config); placeholders in it stay as they are.
    type: dict
    required: true
  mac_addresses:
    description:
      - The MAC address of each ethernet interface by the name that the configuration has for it.
      - Or C(ansible_facts) of the host, if the interfaces have these names now and are to be found by their addresses from then on.
    type: dict
    required: true
seealso:
  - module: elemental.networking.network_config
"""

EXAMPLES = r"""
- name: Configure interfaces that the inventory names by MAC address
  elemental.networking.network_config:
    configurator: nmstate
    config: "{{ network | elemental.networking.bind_to_mac_addresses(mac_addresses) }}"
  vars:
    mac_addresses:
      uplink: "52:54:00:12:34:56"
    network:
      interfaces:
        - name: uplink
          type: ethernet
          ipv4:
            enabled: true
            dhcp: true
"""

RETURN = r"""
_value:
  description: The configuration, bound.
  type: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.elemental.networking.plugins.module_utils._binding import (
    BindingError,
    bind_to_mac_addresses,
)
from ansible_collections.elemental.networking.plugins.module_utils._yaml import YamlError, checked


def _filter(config: t.Mapping[str, t.Any], mac_addresses: t.Mapping[str, t.Any] | None = None) -> dict[str, t.Any]:
    if mac_addresses is None:
        raise AnsibleFilterError(
            "elemental.networking.bind_to_mac_addresses needs the MAC addresses by name, "
            "such as bind_to_mac_addresses({'eth0': '52:54:00:12:34:56'})"
        )
    try:
        return bind_to_mac_addresses(t.cast("t.Mapping[str, t.Any]", checked(config)), mac_addresses)
    except YamlError as error:
        raise AnsibleFilterError(f"the configuration cannot be used ({error})") from None
    except BindingError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """The filter for Ansible's loader."""

    def filters(self) -> dict[str, t.Callable[..., object]]:
        """The filter by name."""
        return {"bind_to_mac_addresses": _filter}
