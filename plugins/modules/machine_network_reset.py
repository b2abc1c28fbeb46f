#!/usr/bin/python
# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: machine_network_reset
short_description: Give DHCP back to a machine whose claims were found
version_added: 0.1.0
author:
  - elemental.networking contributors (@elemental-networking)
description:
  - Does for one host what M(elemental.networking.network_reset) does, with the claims that
    M(elemental.networking.machine_network_held_info) has found and the C(machine_network_*) variables of the host.
  - A host that cannot be reached has failed. It is not unreachable in the sense of Ansible, which would do nothing more for it.
  - A host that was reset has failed, too, where one of its claims is recorded with another machine.
  - Its result is that of M(elemental.networking.network_reset) and the values below. Register it as C(machine_network_result).
  - It is a step of the role P(elemental.networking.machine_network#role). In a play of your own use the role, or the modules below.
extends_documentation_fragment:
  - elemental.networking._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
seealso:
  - module: elemental.networking.ip_address_claims
  - module: elemental.networking.network_reset
options:
  repeat_failure:
    description: Fail as the reset of this host did in a task before, and do nothing else. The role ends with that in its C(rescue).
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Look up the claims of the machines
  elemental.networking.machine_network_held_info:
  register: _machine_network_held
  run_once: true
  delegate_to: localhost

- name: Give DHCP back
  elemental.networking.machine_network_reset:
  register: machine_network_result
  ignore_errors: true

- name: Release the addresses of the machines that run on DHCP
  elemental.networking.machine_network_release:
  register: _machine_network_released
  run_once: true
  delegate_to: localhost
"""

RETURN = r"""
is_reset:
  description: Whether the host runs on DHCP, so that its addresses can be released.
  type: bool
  returned: if the reset was tried
  sample: true
reset_id:
  description: That of RV(elemental.networking.machine_network_held_info#module:reset_id).
  type: str
  returned: if the reset was tried
  sample: 5b2a0f6d9c8e4f0c8f7f8d1f2a3b4c5d
is_rehearsed:
  description: Whether nothing was changed, since the task ran in check mode.
  type: bool
  returned: if the reset was tried
  sample: false
releases_by_force:
  description: Whether the addresses are to be released although the host was not reset.
  type: bool
  returned: if the host could not be reset
  sample: false
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

from ansible_collections.elemental.networking.plugins.module_utils._network_module import refuse


def main() -> None:
    """Report that the action plugin of the same name must run."""
    refuse({"repeat_failure": {"type": "bool", "default": False}})


if __name__ == "__main__":
    main()
