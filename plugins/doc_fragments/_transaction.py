# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What every change of a host's network has in common."""

    DOCUMENTATION = r"""
requirements:
  - On the host, NetworkManager 1.40 or later, Python 3.6 or later (standard library only), and root for the task.
options:
  machine:
    description:
      - The name of the machine. A host that was configured as another machine is refused.
      - The default is C(inventory_hostname) in lower case, with a dash for each character that a claim name cannot have. Dots stay.
    type: str
  former_machine:
    description:
      - The name of the machine before it was renamed. A host that was configured as that machine is accepted, and a configure gives it
        its new name.
    type: str
  deadline:
    description:
      - Seconds (5 to 3600) after which the host is rolled back unless the controller has connected to it again.
    type: int
    default: 60
  known_host_keys:
    description:
      - The recorded public ssh host keys of the host, that is, RV(elemental.networking.ip_address_claims#module:host_keys) of its machine.
        A key is written as in the C(.pub) files of sshd.
      - At an address that is not C(ansible_host), or that the machine claimed, the host must present one of them before anything is sent
        there, even if host key checking is disabled. If ssh itself knows a key of the host, it must present that one.
      - At C(ansible_host), unless it is a claimed address, ssh alone decides. A host that was installed again is accepted there, and
        RV(host_keys) are its new ones.
    type: list
    elements: str
    default: []
  known_machine_ids:
    description:
      - The recorded identities of the host, that is, RV(elemental.networking.ip_address_claims#module:machine_ids) of its machine.
      - A reset of a host with another identity is refused, because its addresses belong to another machine. It is also refused if
        another machine answers at C(ansible_host). For M(elemental.networking.network_config) both are a warning.
    type: list
    elements: str
    default: []
  take_over_elemental_os:
    description:
      - C(/oem/elemental-network.yaml) on the host may be replaced by O(elemental.networking.network_config#module:elemental_os), or
        removed by a reset, although the collection did not write it. For one run.
      - Elemental writes that file when a machine registers, and the host applies it at every boot. Without this option the task
        fails if the file would be replaced, or would bring its profiles back after a reset. It warns if profiles are installed beside it.
    type: bool
    default: false
  accept_host_keys:
    description:
      - Accept any machine that answers at a claimed address as the host, regardless of O(known_host_keys) and O(known_machine_ids). That
        machine gets the profiles, including secrets.
      - For one run, if a host was installed again and answers only at its claimed address, or if it got that address before keys were
        recorded.
    type: bool
    default: false
  probes:
    description:
      - What must work on the host. Each probe runs before the change. One that passed then must pass after it, or the host is rolled back
        at the deadline. A probe that failed before is ignored.
      - The default is one probe of type V(gateway) and one of type V(dns). Give a list of your own to replace them, or C([]) for none.
      - A static profile must name a DNS server if the host had one from DHCP, or V(dns) fails after the change.
    type: list
    elements: dict
    suboptions:
      type:
        description:
          - V(gateway), the default gateway answers (ARP, or ICMP where there is none).
          - V(dns), a name server of C(/etc/resolv.conf) answers.
          - V(ping), O(probes[].target) answers ICMP.
          - V(tcp), O(probes[].target) accepts a connection to O(probes[].port).
          - V(command), O(probes[].command) ends with exit code 0.
        type: str
        required: true
        choices: [gateway, dns, ping, tcp, command]
      name:
        description: Its name in results and messages. The default describes what it does.
        type: str
      target:
        description: An address or a name, for V(ping) and V(tcp).
        type: str
      port:
        description: A TCP port, 1 to 65535.
        type: int
      command:
        description: A command for the shell of the host; its output is dropped.
        type: str
      timeout:
        description:
          - Seconds that one run of the probe may take, at most half of O(deadline), since a probe runs before the change and after it.
          - The default is 1 to 10, by its type, or half of O(deadline) if that is less.
        type: float
"""
