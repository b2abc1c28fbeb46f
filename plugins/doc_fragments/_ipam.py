# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of everything that talks to an IPAM backend. PRIVATE to the collection."""

from __future__ import annotations


class ModuleDocFragment:
    """How to reach the claims and pools."""

    DOCUMENTATION = r"""
options:
  backend:
    description:
      - Where claims and pools are kept. V(embedded) is one SQLite file.
      - V(kubernetes) is a Cluster API control plane, such as a Rancher management cluster, with any IPAM provider. It needs the
        collection C(kubernetes.core) 5.0.0 or later and the Python library C(kubernetes) 24.2 or later beside the controller.
    type: str
    default: embedded
    choices: [embedded, kubernetes]
  database:
    description:
      - The file of the embedded backend. It is made when missing, with mode 0600.
      - Required with O(backend=embedded).
    type: path
  kubernetes:
    description:
      - How to reach the cluster, for O(backend=kubernetes), with the names and meanings of C(kubernetes.core.k8s_auth_options).
      - What is not given comes from the environment variables C(K8S_AUTH_*), then from the pod that this runs in, then from
        C(~/.kube/config), as with C(kubernetes.core).
    type: dict
    suboptions:
      kubeconfig:
        description: A kubeconfig file, or its content as a dictionary.
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
      impersonate_user:
        description: The user to act as.
        type: str
      impersonate_groups:
        description: The groups to act as a member of.
        type: list
        elements: str
  namespace:
    description: The namespace of claims and of namespaced pools that do not say theirs.
    type: str
    default: default
notes:
  - Runs beside the controller. Delegate it to C(localhost) in a play for other hosts.
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

    PATIENCE = r"""
options:
  timeout:
    description:
      - How long to wait for addresses beyond what the number of claims and the pace of the provider explain, in seconds. The real
        deadline is later by a fifth of a second for each claim, and moves on while the provider serves.
      - Only with O(backend=kubernetes); the other backend never waits.
    type: int
    default: 60
  keep_pending:
    description:
      - Whether claims that cannot be served stay and wait, for example for a pool that is widened later. By default a call that fails
        because of an exhausted pool or a refusal removes the claims that it created. After a time-out they stay in any case.
      - Only with O(backend=kubernetes).
    type: bool
    default: false
"""
