# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The claims of many machines on a real control plane."""

from __future__ import annotations

import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_backend

from tests.testbed.controlplane.fixtures import Space

from .fleet import POOL, Fleet


def claim_on_cluster(fleet: Fleet, space: Space) -> None:
    """Write the inventory of a fleet whose claims are on a cluster, and claim them."""
    fleet.write(**variables(space))
    claim(fleet, space)


def variables(space: Space) -> dict[str, t.Any]:
    """Those of hosts whose claims are in this namespace."""
    return {
        "machine_network_ipam_backend": "kubernetes",
        "machine_network_kubernetes": space.options,
        "machine_network_ipam_namespace": space.name,
    }


def claim(fleet: Fleet, space: Space) -> None:
    """Make the pool, and claim for each host."""
    metadata, spec = POOL["metadata"], POOL["spec"]
    assert isinstance(metadata, dict)
    assert isinstance(spec, dict)
    space.pool(**spec, name=str(metadata["name"]))
    with open_backend(BackendOptions("kubernetes", kubernetes=space.options, timeout=600)) as backend:
        fleet.claim(backend, space.name)
