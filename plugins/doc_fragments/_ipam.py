# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of everything that talks to an IPAM backend. PRIVATE to the collection."""

from __future__ import annotations

import re
import textwrap

_CLAIM = r"""
machine:
  description: The machine that the claim is for. Required to claim.
  type: str
key:
  description: The placeholder that the address will fill. Required to claim.
  type: str
name:
  description: The name of the claim, a DNS-1123 subdomain. The default is C(<machine>-<key>), as in Elemental.
  type: str
pool:
  description: The pool to claim from, as in C(MachineRegistration.spec.config.network.ipAddresses). Required to claim.
  type: dict
  suboptions:
    apiGroup:
      description: The API group of the pool, without a version. Required.
      type: str
    kind:
      description: The kind of the pool. Required.
      type: str
    name:
      description: The name of the pool. Required.
      type: str
host:
  description:
    - The name of the machine in the inventory. If the claim was made for another host, the task fails, because two hosts with one machine
      name would share the address.
  type: str
site:
  description:
    - The name of the inventory that the claim is made for, if several share a database or a namespace. If the claim was made for another
      inventory, the task fails and names both. The same applies if this inventory has no name.
  type: str
owner:
  description:
    - The object that owns the claim, in the namespace of the claim, for example a C(MachineInventory). The cluster releases
      the claim when that object is deleted, as in Elemental. Only with O(backend=kubernetes).
  type: dict
  suboptions:
    apiVersion:
      description: The API group and version of the object, for example C(elemental.cattle.io/v1beta1).
      type: str
      required: true
    kind:
      description: The kind of the object.
      type: str
      required: true
    name:
      description: The name of the object.
      type: str
      required: true
    uid:
      description: Its uid. It is looked up by default, which needs the verb C(list) on that kind.
      type: str
family:
  description: The family that the address must have. By default any.
  type: str
  choices: [IPv4, IPv6]
"""


class ModuleDocFragment:
    """How to reach the claims and pools, and what a claim is."""

    CLAIM: str
    CLAIMS: str
    KUBERNETES: str
    POSTGRESQL: str

    DOCUMENTATION = r"""
options:
  backend:
    description:
      - Where claims and pools are kept. V(embedded) is one SQLite file.
      - V(kubernetes) is a Cluster API control plane, such as a Rancher management cluster, with any IPAM provider.
      - V(postgresql) is a database of a PostgreSQL server, with the rules of V(embedded), for any number of controllers at once.
    type: str
    default: embedded
    choices: [embedded, kubernetes, postgresql]
  database:
    description:
      - The file of the embedded backend. If it is missing, it is created with mode 0600. Its folder must exist.
      - Required with O(backend=embedded). Keep this file; it records which machine holds which address.
      - On the controller a relative path is in the folder of the playbook, not beside the inventory as in the role and in the lookups. Give
        C({{ inventory_dir }}/.elemental-ipam.sqlite) for the file that these use by default.
      - In an AWX job it must be on a path that outlives the job. One in the private folder of the job, or in the container, is refused.
    type: path
  kubernetes:
    description:
      - How to reach the cluster, for O(backend=kubernetes), with the names and meanings of C(kubernetes.core.k8s_auth_options).
      - What is not given comes from the environment variables C(K8S_AUTH_*), then from the pod that the module runs in, then from
        C(~/.kube/config), as with C(kubernetes.core).
      - A relative path is looked up in the folder of the playbook.
      - These are suboptions, because C(kubernetes.core)'s own C(host) would be taken for the host of a claim. Its C(module_defaults) group
        does not set them; use the group of this collection.
    type: dict
    suboptions:
      kubeconfig:
        description:
          - A kubeconfig file, or its content as a dictionary.
          - Give an absolute path, or one that begins with C(~).
        type: raw
      context:
        description: The context in the kubeconfig.
        type: str
      host:
        description: The URL of the API server.
        type: str
      api_key:
        description: A bearer token.
        type: str
      username:
        description: A user name, for a server or a proxy that takes one.
        type: str
      password:
        description: Its password.
        type: str
      validate_certs:
        description: Whether the server's certificate is verified. The default is that of the kubeconfig.
        type: bool
        aliases: [verify_ssl]
      ca_cert:
        description: A file with the certificate of the authority that signed the server's.
        type: path
        aliases: [ssl_ca_cert]
      client_cert:
        description: A file with a client certificate.
        type: path
        aliases: [cert_file]
      client_key:
        description: A file with the key of the client certificate.
        type: path
        aliases: [key_file]
      proxy:
        description: The URL of a proxy.
        type: str
      no_proxy:
        description: Hosts that are reached without the proxy, separated by commas.
        type: str
      proxy_headers:
        description: Headers for the proxy.
        type: dict
        suboptions:
          proxy_basic_auth:
            description: User and password for the proxy, as C(user:password).
            type: str
          basic_auth:
            description: User and password for the server behind it, as C(user:password).
            type: str
          user_agent:
            description: The user agent.
            type: str
      persist_config:
        description: Whether a token that was renewed is written back to the kubeconfig file. By default it is not.
        type: bool
      impersonate_user:
        description: The user to act as.
        type: str
      impersonate_groups:
        description: The groups to act as a member of.
        type: list
        elements: str
  postgresql:
    description:
      - How to reach the server, for O(backend=postgresql), with the names and meanings of libpq's connection parameters.
      - What is not given comes from the environment variables of libpq, such as C(PGHOST), C(PGDATABASE), C(PGUSER), C(PGPASSWORD),
        C(PGSSLMODE) and C(PGSERVICE), then from a service file and from C(~/.pgpass), as with C(psql). An empty string counts as unset.
      - The tables are made by the first call that keeps something.
    type: dict
    suboptions:
      host:
        description: The host of the server, or the folder of its socket. Several hosts are separated by commas and tried in turn.
        type: str
      hostaddr:
        description: The IP address of the server, if its name should not be resolved.
        type: str
      port:
        description: The port of the server, one for each host or one for all.
        type: str
      dbname:
        description: The name of the database.
        type: str
      user:
        description: The user.
        type: str
      password:
        description: Its password.
        type: str
      passfile:
        description: A file with passwords. The default is C(~/.pgpass).
        type: path
      sslmode:
        description:
          - Whether the connection is encrypted and the server's certificate verified. V(verify-full) does both and checks the name.
          - The default of libpq, V(prefer), verifies nothing.
        type: str
      sslrootcert:
        description: A file with the certificate of the authority that signed the server's, or V(system).
        type: path
      sslcert:
        description: A file with a client certificate.
        type: path
      sslkey:
        description: A file with the key of the client certificate.
        type: path
      service:
        description: The name of a service in C(~/.pg_service.conf) that has further parameters.
        type: str
      connect_timeout:
        description: How long to wait for each host, in seconds. The default is 10.
        type: int
      target_session_attrs:
        description: Which of several hosts is taken. V(read-write) is the primary of a replicated server, whichever host it is now.
        type: str
  namespace:
    description: The namespace of claims, and of namespaced pools whose manifests have none.
    type: str
    default: default
notes:
  - Runs beside the controller. In a play for other hosts, delegate it to C(localhost).
  - If C(localhost) is in the inventory with another Python, set C(ansible_python_interpreter) of the task to C({{ ansible_playbook_python
    }}), so that the libraries of the Python that runs Ansible are used.
requirements:
  - For O(backend=kubernetes), the Python library C(kubernetes) 24.2 or later, for the Python that runs the module.
  - For O(backend=postgresql), the Python library C(psycopg) 3.1 or later, for the Python that runs the module, and PostgreSQL 13 or later.
seealso:
  - name: Claims on a management cluster
    description: A guide with all steps, and with the manifests that grant the rights.
    link: https://github.com/elemental-networking/elemental.networking/blob/main/docs/docsite/rst/cluster.rst
  - name: Claims on a PostgreSQL server
    description: A guide with all steps, and with the SQL that grants the rights.
    link: https://github.com/elemental-networking/elemental.networking/blob/main/docs/postgresql.md
  - name: Claims
    description: Waiting, releasing, rights, and what happens if something fails.
    link: https://github.com/elemental-networking/elemental.networking/blob/main/docs/claims.md
"""

    POOLS = r"""
options:
  pools:
    description:
      - Pools to register or update in the same transaction, as C(InClusterIPPool) or C(GlobalInClusterIPPool) manifests.
    type: list
    elements: dict
    default: []
"""

    OWNED = r"""
options:
  if_owned:
    description:
      - What happens to a claim that is to be released although another object uses it. That is a claim whose controller owner exists
        (Elemental's C(MachineInventory), a machine of another provider), or one that a C(MachineInventory) records. Only with
        O(backend=kubernetes).
      - V(fail) releases nothing and names the object. Deleting that object releases the claim.
      - V(keep) releases the others; RV(kept) and a warning name the claim.
      - V(release) releases it nevertheless. A C(MachineInventory) goes on recording the address and never claims again, so delete it
        before another machine gets the address.
    type: str
    default: fail
    choices: [fail, keep, release]
"""

    PATIENCE = r"""
options:
  wait_grace:
    description:
      - Grace period in seconds, added to the time that the provider is expected to need for this number of claims, at least half a second
        for each. While the provider serves claims, the deadline moves on.
      - Only with O(backend=kubernetes); the other backend never waits.
    type: int
    default: 60
  keep_pending:
    description:
      - Keep claims that cannot be served, for example until a pool is widened. By default, a call that fails because a pool is exhausted or
        the provider refuses a claim deletes the claims that it created. After a time-out they stay in any case.
      - Only with O(backend=kubernetes).
    type: bool
    default: false
"""

    SELECTOR = r"""
options:
  selector:
    description:
      - What the claims have in common. A claim is selected if everything that is given applies to it; give at least one of the suboptions.
      - M(elemental.networking.ip_address_claims) with C(state=absent) releases the selected claims of O(namespace), but only those that
        this collection made. M(elemental.networking.ip_address_claim_info) returns the selected claims, including those of other tools.
    type: dict
    suboptions:
      machine:
        description: Claims of this machine.
        type: str
      key:
        description: Claims for this placeholder.
        type: str
      pool:
        description: Claims from the pool of this name.
        type: str
      host:
        description: Claims that were made for this host of the inventory.
        type: str
      site:
        description:
          - Claims that were made for the inventory of this name.
          - With O(selector.not_in_inventory), set it to the name of your inventory. Without it, only claims that were made for an inventory
            without a name are selected.
        type: str
      owner:
        description: Claims that go with this object.
        type: dict
        suboptions:
          apiVersion:
            description: The API group and version of the object. By default any.
            type: str
          kind:
            description: The kind of the object.
            type: str
            required: true
          name:
            description: The name of the object.
            type: str
            required: true
          uid:
            description: Its uid. By default any.
            type: str
      labels:
        description: Claims that have all of these labels in the cluster. Only with O(backend=kubernetes).
        type: dict
      not_in_inventory:
        description:
          - Claims that this collection made for machines that are not in this list of hosts; give C(groups.all). An empty list is an error.
          - A claim that records its host (C(host)) is selected if that host is not in the list. One without is selected if its C(machine)
            is neither a name in the list nor the machine name derived from one.
          - Claims of machines that are registered with Elemental, in a C(MachineInventory) of the same name, are never selected.
          - Use it to release claims only if the list holds every host of every inventory that shares O(namespace), or if the inventories
            have names (O(selector.site)). Run the playbook C(elemental.networking.report), or check mode with diff, first to see these
            claims.
          - In a job slice of AWX C(groups.all) has the hosts of the slice only, so a job that looks like one is refused. Hosts that are
            disabled in AWX, or that a smart inventory leaves out, are not in it either, and this cannot be detected.
        type: list
        elements: str
      in_job_slice:
        description: Set this if O(selector.not_in_inventory) has every host, although the job looks like a job slice of AWX.
        type: bool
        default: false
"""


# the same options, once as those of the task and once as those of each element of a list
ModuleDocFragment.CLAIM = f"options:\n{textwrap.indent(_CLAIM, '  ')}"
ModuleDocFragment.CLAIMS = f"""
options:
  claims:
    description:
      - The claims. Either this or O(selector) is required.
      - To release a claim, give its name, or its machine and key. Every other option that you give must match the claim.
    type: list
    elements: dict
    suboptions:
{textwrap.indent(_CLAIM, "      ")}
      namespace:
        description: The namespace of this claim. The default is O(namespace).
        type: str
"""


# for an inventory, which is not a module: the suboptions are the same, up to the next option
def _suboptions(option: str) -> str:
    after = ModuleDocFragment.DOCUMENTATION.partition(f"\n  {option}:\n")[2].partition("\n    suboptions:\n")[2]
    return re.split(r"\n  (?=\w)|\n(?=\w)", after, maxsplit=1)[0]


ModuleDocFragment.KUBERNETES = f"""
options:
  kubernetes:
    description:
      - How to reach the cluster, with the names and meanings of C(kubernetes.core.k8s_auth_options).
      - What is not given is taken from the environment variables C(K8S_AUTH_*), then from the pod that Ansible runs in, then from
        C(~/.kube/config), as with C(kubernetes.core).
      - A relative path, also that in C(K8S_AUTH_KUBECONFIG), is looked up in the folder where Ansible was started, then beside the
        inventory file.
      - Values may be templates, for example with a lookup of a secret.
    type: dict
    suboptions:
{_suboptions("kubernetes")}
"""
ModuleDocFragment.POSTGRESQL = f"""
options:
  postgresql:
    description:
      - How to reach the server, for O(backend=postgresql), with the names and meanings of libpq's connection parameters.
      - What is not given is taken from the environment variables of libpq, such as C(PGHOST), C(PGDATABASE), C(PGUSER), C(PGPASSWORD),
        C(PGSSLMODE) and C(PGSERVICE), then from a service file and from C(~/.pgpass), as with C(psql). An empty string counts as unset.
      - Values may be templates, for example with a lookup of a secret.
    type: dict
    suboptions:
{_suboptions("postgresql")}
"""
