#!/usr/bin/python
# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: job_artifacts
short_description: Leave what became of each machine as artifacts of a job
version_added: 0.1.0
author:
  - elemental.networking contributors (@elemental-networking)
description:
  - Sets statistics as M(ansible.builtin.set_stats) does. AWX and AAP keep them as artifacts of the job, and give them to the next jobs of a
    workflow as extra variables.
  - Sets one variable for each host, C(machine_network_of_) with the name of the host, in which underscores take the place of
    characters that a variable cannot have, followed by eight digits of the SHA-256 of the name where there are such characters. So
    what several slices of a job set is merged without a loss.
  - Each is a dictionary with C(host), C(state), C(addresses) (by placeholder key), and C(error) with the code of a failure. Messages and
    configurations are left out, because they may quote others or hold secrets.
  - C(state) is V(changed), V(unchanged), V(rolled_back), V(failed), V(unreachable) or V(not_reached). In check mode V(changed)
    means that something would change. What M(elemental.networking.machine_network_report_info) sets has V(in_use), V(promised) or
    V(without_address) there.
  - What exceeds 400,000 characters is left out, and C(machine_network_left_out) is the number of these hosts, because AWX cuts longer
    artifacts.
  - The playbooks C(configure) and C(reset) of this collection end with it. Where every machine of the last batch failed, Ansible
    ends the play before that, and the job has no artifacts of that batch.
extends_documentation_fragment:
  - elemental.networking._attributes
  - elemental.networking._attributes.info_module
seealso:
  - module: elemental.networking.network_config
  - module: elemental.networking.machine_network_report_info
  - module: ansible.builtin.set_stats
options:
  hosts:
    description: The hosts. The default is all hosts of the play for which the role P(elemental.networking.machine_network#role) has begun.
    type: list
    elements: str
"""

EXAMPLES = r"""
- name: Configure the machines, and leave what became of them
  hosts: all
  gather_facts: false
  tasks:
    - name: Configure the network
      ansible.builtin.import_role:
        name: elemental.networking.machine_network
        tasks_from: configure

    - name: Leave what became of each machine for the next job
      elemental.networking.job_artifacts:
      run_once: true

- name: In a later job of the workflow, go on where something was changed
  hosts: all
  tasks:
    - name: Restart what listens on the address
      ansible.builtin.service:
        name: my-service
        state: restarted
      when: (vars['machine_network_of_' ~ inventory_hostname] | default({})).state | default('') == 'changed'
"""

RETURN = r"""
artifacts:
  description: What was set.
  type: dict
  returned: success
  sample:
    machine_network_of_node1:
      host: node1
      state: changed
      addresses:
        inventory-ip: 192.168.122.150
    machine_network_of_node2:
      host: node2
      state: rolled_back
      error: rolled_back
      addresses:
        inventory-ip: 192.168.122.151
"""

from ansible_collections.elemental.networking.plugins.module_utils._network_module import refuse


def main() -> None:
    """Refuse to run without the action plugin."""
    refuse({"hosts": {"type": "list", "elements": "str"}})


if __name__ == "__main__":
    main()
