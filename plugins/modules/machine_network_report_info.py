#!/usr/bin/python
# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: machine_network_report_info
short_description: Report which machine holds which address
version_added: 0.1.0
author:
  - elemental.networking contributors (@elemental-networking)
description:
  - Returns, line by line, which machine holds which address, how full each pool is, and which claims are not in order. It connects to no
    host and changes nothing.
  - Use M(elemental.networking.ip_address_claim_info) for the claims themselves.
  - Reads the C(machine_network_*) variables of all hosts of the play by itself, so that one task is enough for all of them. Use it with
    C(run_once).
  - All hosts of the play must name one backend and one database, and on a cluster one namespace.
  - The role P(elemental.networking.machine_network#role) shows the result (entry point C(report)).
extends_documentation_fragment:
  - elemental.networking._attributes
  - elemental.networking._attributes.info_module
seealso:
  - module: elemental.networking.ip_address_claim_info
  - module: elemental.networking.ip_pool_info
options:
  kubernetes:
    description:
      - How to reach the cluster, if the hosts name the backend V(kubernetes), with the names of C(kubernetes.core.k8s_auth_options).
      - What is not given comes from C(K8S_AUTH_*), then from C(~/.kube/config).
      - Needs the Python library C(kubernetes) for the Python that runs Ansible.
    type: raw
  postgresql:
    description:
      - How to reach the server, if the hosts name the backend V(postgresql), with the names of libpq's connection parameters.
      - What is not given comes from libpq's environment variables, such as C(PGHOST) and C(PGPASSWORD).
      - Needs the Python library C(psycopg) for the Python that runs Ansible.
    type: raw
  leave_artifacts:
    description:
      - Set what each host holds as artifacts of the job, as M(elemental.networking.job_artifacts) sets what became of it.
      - Leave it out in a play that has changed the hosts, because the artifacts have the same names.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Determine which machine holds which address
  elemental.networking.machine_network_report_info:
  run_once: true
  register: report

- name: The same on a management cluster
  elemental.networking.machine_network_report_info:
    kubernetes:
      kubeconfig: ~/.kube/config
  run_once: true
  register: report
  vars:
    # hosts name their backend with this variable, here all of them; it belongs in the inventory as a rule
    machine_network_ipam_backend: kubernetes

- name: Show it
  ansible.builtin.debug:
    msg: "{{ report.lines }}"
  run_once: true
"""

RETURN = r"""
lines:
  description: The report.
  type: list
  elements: str
  returned: success
  sample:
    - "machine  placeholder       address             in use since          pool"
    - "node1    inventory-ip      192.168.122.150/24  2026-11-29T12:00:00Z  elemental-inventory-pool"
    - "pool elemental-inventory-pool: 1 of 51 in use, 50 free"
ansible_stats:
  description:
    - What was set as artifacts of the job, in C(data), in the form of those of M(elemental.networking.job_artifacts).
      C(state) is V(in_use), V(promised) while nothing shows that the machine has its addresses, or V(without_address).
  type: dict
  returned: success, with O(leave_artifacts=true)
  sample:
    aggregate: true
    data:
      machine_network_of_node1:
        host: node1
        state: in_use
        addresses:
          inventory-ip: 192.168.122.150
    per_host: false
not_in_inventory:
  description: The names of the claims of machines that are not in the inventory.
  type: list
  elements: str
  returned: success
  sample: [node9-inventory-ip]
refused:
  description:
    - What is wrong with the variables of hosts, by host. Their claims are shown, but not compared with what they ask for.
    - If this applies to every host, the task fails.
  type: dict
  returned: success
  sample: {}
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
from ansible_collections.elemental.networking.plugins.module_utils._report_options import ARGUMENTS


def main() -> None:
    """Report that the action plugin of the same name must run."""
    refuse(ARGUMENTS)


if __name__ == "__main__":
    main()
