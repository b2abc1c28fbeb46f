# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which variables are almost ones of the role machine_network, and have no effect."""

from __future__ import annotations

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible_collections.elemental.networking.plugins.plugin_utils._play.role_values import mistyped, specification


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("machine_network_rolback_timeout", "machine_network_rollback_timeout"),
        ("machine_network_pool", "machine_network_pools"),
        ("machine_network_ipam_name_space", "machine_network_ipam_namespace"),
        ("machine_network_force_relase", "machine_network_force_release"),
        ("machine_network", ""),
        ("machine_network_probes", ""),
        ("machine_network_result", ""),
        ("machine_network_hosts", ""),
        ("machine_network_serial", ""),
        ("machine_network_max_fail_percentage", ""),
        ("machine_network_of_node1", ""),
        ("machine_network_vlan_of_my_team", ""),
        ("my_machine_network_pool", ""),
    ],
)
def test_only_what_is_almost_a_variable_of_the_role_is_named(name: str, meant: str) -> None:
    sentence = f"{name} is not a variable of the role machine_network, did you mean {meant}?"
    assert mistyped(["inventory_hostname", name], specification(DataLoader())) == ([sentence] if meant else [])
