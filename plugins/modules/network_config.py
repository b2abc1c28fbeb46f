#!/usr/bin/python
# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: network_config
short_description: Give a host its network in a transaction that cannot strand it
version_added: 0.1.0
author:
  - elemental.networking contributors (@elemental-networking)
description:
  - Resolves the C({placeholders}) of O(config), renders NetworkManager profiles and brings them onto the host.
  - The profiles are tried in memory first (C(/run/NetworkManager/system-connections)) under an open NetworkManager checkpoint.
    Then the controller must open a new connection to the address that the host has by then. Only after that the profiles are written to
    C(/etc/NetworkManager/system-connections).
  - If the controller does not connect within O(deadline) seconds, the host is rolled back automatically, even if Ansible, ssh or
    NetworkManager has died. A bridge with STP (the default of NetworkManager) forwards nothing for twice its C(forward-delay), 30 seconds
    if that is not set. A deadline that is too short for it is reported, in check mode too.
  - The address that Ansible itself uses may be moved. The tasks that follow need RV(address) as C(ansible_host).
  - A host where nothing differs costs one remote execution. A difference is a file, a profile that is not active, an address that is
    missing on the device, or a device that runs with other settings than its profile, for example after C(nmcli device modify).
  - The controller reconnects over its management connection, that is the interface and the family of its own session. Where that keeps
    DHCP, it uses the lease; where it moves, one of the new addresses of that interface, or of a bond, bridge or VLAN on top of it.
    All other changes are checked on the host, where every profile that can be up must be up.
  - Profiles that an earlier run installed and that O(config) no longer names are removed. Profiles of others stay. If one has
    the file name or the uuid of a profile of O(config) but another content, the change is refused, in check mode too. But a
    rollback deletes profiles that others added since the change began, and reverts what they changed in active ones.
notes:
  - Works over Ansible's P(ansible.builtin.ssh#connection) connection only, also through a jump host; any other one is refused
    before anything is changed.
  - This is an action plugin. Keyfiles are not written to the disk of the host before they are profiles. With a become method that takes
    standard input away, such as C(su), they wait for root in C(/dev/shm), which must be in memory (tmpfs); memory may be swapped.
extends_documentation_fragment:
  - elemental.networking._transaction
  - elemental.networking._attributes
seealso:
  - module: elemental.networking.network_reset
  - module: elemental.networking.machine_host_keys
  - module: elemental.networking.ip_address_claims
  - name: Reliability
    description: What is promised of a change, by what means, and how it was tested.
    link: https://github.com/elemental-networking/elemental.networking/blob/main/docs/reliability.md
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  configurator:
    description:
      - The form of O(config), as in C(MachineRegistration.spec.config.network).
      - With V(none) the network of the host is not managed and nothing is done.
      - V(nmstate) is rendered by C(nmstatectl gc), V(nmc) by C(nmc generate) in its unified form. Neither tool applies anything; what
        they render goes through the same transaction as V(nmconnections) and so has check mode, diff, rollback and reset.
      - Their tools are installed by the roles P(elemental.networking.nmstatectl#role) and P(elemental.networking.nmc#role).
    type: str
    default: none
    choices: [none, nmc, nmstate, nmconnections]
  config:
    description:
      - The network, in the form of O(configurator). For V(nmconnections) a dictionary of profile name to keyfile, for
        V(nmc) and V(nmstate) a state as nmstate documents it.
      - What those two cannot render is refused, with its path in O(config), and never dropped. This concerns C(state) other than C(up),
        dispatch scripts, C(hostname), unknown keys and types, and strings that a keyfile cannot hold.
      - C({key}), C({key.prefix}), C({key.gateway}) and C({key.family}) are replaced from O(addresses).
    type: dict
    default: {}
  addresses:
    description:
      - The addresses of the host by placeholder key, that is, RV(elemental.networking.ip_address_claims#module:addresses)
        of one machine.
    type: dict
    default: {}
  render_on:
    description:
      - Where the tool of V(nmc) or V(nmstate) runs. Ignored with O(configurator=nmconnections).
      - With V(node) it must be installed on the host, as in Elemental's images. This costs one more remote execution.
      - With V(controller) hosts need nothing but NetworkManager, and all hosts are rendered by the same version.
    type: str
    default: node
    choices: [node, controller]
  elemental_os:
    description:
      - Also write the profiles to C(/oem/elemental-network.yaml), for Elemental OS, which writes them from there at every boot because
        its C(/etc) does not survive one. M(elemental.networking.network_reset) removes the file again.
    type: bool
    default: false
  required:
    description:
      - The profiles of O(config), by C(id) or by name, that must be up. By default a profile that cannot come up yet is installed and
        waits, with a warning, for a cable, for a missing device, for a DHCP server on an interface that the controller does not
        need, or because it has C(autoconnect=false), is a VPN, or has a lower C(autoconnect-priority) than another one for its interface.
      - A required profile that would wait makes the task fail before anything is changed if that can be known then; otherwise the host is
        rolled back.
    type: list
    elements: str
    default: []
  held_addresses:
    description:
      - Addresses at which the host may answer besides those of O(addresses), such as one that it gives up with this change, that is,
        RV(elemental.networking.ip_address_claims#module:held) of its machine.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Give the host the address that it claimed
  elemental.networking.network_config:
    configurator: nmconnections
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
    addresses:
      inventory-ip:
        address: 192.168.122.150
        prefix: 24
        gateway: 192.168.122.1
  register: network

- name: Configure the same network as an nmstate document, rendered on the controller
  elemental.networking.network_config:
    configurator: nmstate
    render_on: controller
    config:
      interfaces:
        - name: eth0
          type: ethernet
          state: up
          ipv4:
            enabled: true
            address:
              - ip: "{inventory-ip}"
                prefix-length: "{inventory-ip.prefix}"
      routes:
        config:
          - destination: 0.0.0.0/0
            next-hop-address: "{inventory-ip.gateway}"
            next-hop-interface: eth0
      dns-resolver:
        config:
          server:
            - 192.168.122.1
    addresses:
      inventory-ip:
        address: 192.168.122.150
        prefix: 24
        gateway: 192.168.122.1
  register: network

- name: Continue at the new address
  ansible.builtin.set_fact:
    ansible_host: "{{ network.address }}"
    ansible_ssh_args: >-
      {{ network.ssh_args }} {{ lookup('ansible.builtin.config', 'ssh_args', plugin_type='connection', plugin_name='ssh') }}
"""

RETURN = r"""
address:
  description: The address over which the host answers now.
  type: str
  returned: success
  sample: 192.168.122.150
ssh_args:
  description:
    - Put this in front of C(ansible_ssh_args) in later tasks, so that ssh keeps demanding the key of this host at its new address. It may
      name a file that Ansible removes at its end.
    - Empty if it is not needed.
  type: str
  returned: success
  sample: -o StrictHostKeyChecking=yes -o HostKeyAlias=192.168.122.150
host_keys:
  description: The public ssh host keys of the host, for M(elemental.networking.machine_host_keys).
  type: list
  elements: str
  returned: success
  sample: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKsR1vhN5HTnbVBJbCwJgS6TTLwRMRrSbnHOjzWDJBq4]
rolled_back:
  description: True if the change failed and the host has its old profiles again.
  type: bool
  returned: when a change was rolled back
  sample: true
error:
  description:
    - The cause of a failure, for a workflow to branch on. C(code) is one of V(address_in_use), V(busy), V(conflict), V(failed),
      V(forbidden), V(invalid_input), V(missing_requirement), V(outcome_unknown), V(rolled_back), V(timed_out), V(unreachable) and
      V(wrong_host).
    - The objects and numbers of the message are beside it, as far as they are known. Examples are C(addresses), C(machine),
      C(profile), C(interface), C(holder) and C(seconds).
  type: dict
  returned: failure, or when the host cannot be reached
  sample:
    code: address_in_use
    addresses:
      192.168.122.150: 52:54:00:12:34:56
confirmed_addresses:
  description:
    - The addresses of O(addresses) that are confirmed on the host, for M(elemental.networking.machine_host_keys). They are in profiles that
      are up. Empty in check mode.
  type: list
  elements: str
  returned: success
  sample: [192.168.122.150]
profiles:
  description:
    - The profiles of the host. C(reason) states why one was changed, and is empty if it was not.
    - C(state) is V(up) or V(waiting); C(waiting_for) names what it waits for. A profile that waits is installed, and NetworkManager brings
      it up when what it waits for is there.
  type: list
  elements: dict
  returned: success
  sample:
    - file_name: eth0.nmconnection
      id: eth0
      uuid: 6a1a0c5e-6a4b-5d0a-8a39-0f1a3c2b9d77
      interface: eth0
      reason: not installed
      state: up
      waiting_for: ""
machine_id:
  description: The identity of the host, a digest of its machine-id, for M(elemental.networking.machine_host_keys). Empty if it has none.
  type: str
  returned: success
  sample: 7c0d1f3a5b9e4d2c8f6a7b1e0c3d5f90
probes:
  description: The probes of a change, each with what it found before and after. Empty if nothing was changed.
  type: list
  elements: dict
  returned: success
  sample:
    - name: gateway
      before: passed
      after: passed
removed:
  description: The files of profiles that were ours and are wanted no more.
  type: list
  elements: str
  returned: success
"""

from ansible_collections.elemental.networking.plugins.module_utils._network_module import COMMON_ARGUMENTS, refuse


def main() -> None:
    """Report that the action plugin of the same name must run."""
    refuse(
        {
            "configurator": {"type": "str", "default": "none", "choices": ["none", "nmc", "nmstate", "nmconnections"]},
            "config": {"type": "dict", "default": {}},
            "addresses": {"type": "dict", "default": {}},
            "render_on": {"type": "str", "default": "node", "choices": ["node", "controller"]},
            "elemental_os": {"type": "bool", "default": False},
            "required": {"type": "list", "elements": "str", "default": []},
            "held_addresses": {"type": "list", "elements": "str", "default": []},
            **COMMON_ARGUMENTS,
        }
    )


if __name__ == "__main__":
    main()
