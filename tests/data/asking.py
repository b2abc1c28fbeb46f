# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host asks for in unit tests: one address, in one keyfile, of one pool."""

from __future__ import annotations

import typing as t

REFERENCE = {"apiGroup": "ipam.cluster.x-k8s.io", "kind": "InClusterIPPool", "name": "p"}
KEYFILE = """[connection]
id=eth0
type=ethernet
interface-name=eth0
[ipv4]
method=manual
address1={ip}/{ip.prefix},{ip.gateway}
"""
NETWORK = {"configurator": "nmconnections", "ipAddresses": {"ip": REFERENCE}, "config": {"eth0": KEYFILE}}


def pool(**spec: t.Any) -> dict[str, t.Any]:
    """The manifest of the pool."""
    given = {"addresses": ["10.0.0.10-10.0.0.12"], "prefix": 24, "gateway": "10.0.0.1", **spec}
    version = "ipam.cluster.x-k8s.io/v1alpha2"
    return {"apiVersion": version, "kind": "InClusterIPPool", "metadata": {"name": "p"}, "spec": given}
