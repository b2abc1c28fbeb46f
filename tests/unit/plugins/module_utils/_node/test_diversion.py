# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A profile that waits must not take the route to the controller when it comes up."""

from __future__ import annotations

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.keyfile import parse
from ansible_collections.elemental.networking.plugins.module_utils._node.plan.diversion import diverting_line, prefix_of
from ansible_collections.elemental.networking.plugins.module_utils._node.system import routes

CONTROLLER = "192.168.122.1"


@pytest.mark.parametrize(
    ("lines", "known", "found"),
    [
        ("[ipv4]\nroute1=192.168.122.1/32,172.16.0.77", 24, "route1=192.168.122.1/32,172.16.0.77"),
        ("[ipv4]\nroute1=192.168.122.1,172.16.0.77", 24, "route1=192.168.122.1,172.16.0.77"),
        ("[ipv4]\naddress1=192.168.122.100/25", 24, "address1=192.168.122.100/25"),
        ("[ipv4]\nroutes=10.0.0.0/8\nroute2=192.168.0.0/16,172.16.0.1,5", 0, "route2=192.168.0.0/16,172.16.0.1,5"),
        # a second card in the same network, and a default route: NetworkManager's metrics decide
        ("[ipv4]\naddress1=192.168.122.200/24", 24, ""),
        ("[ipv4]\nroute1=0.0.0.0/0,172.16.0.1\naddress1=172.16.0.5/24,172.16.0.1", 0, ""),
        ("[ipv4]\nroute1=192.168.0.0/16,172.16.0.1", 24, ""),
        # another table, another network, another family, and what cannot be read
        ("[ipv4]\nroute1=192.168.122.1/32,172.16.0.77\nroute1_options=table=200", 24, ""),
        ("[ipv4]\nroute-table=200\nroute1=192.168.122.1/32,172.16.0.77", 24, ""),
        ("[ipv4]\nroute-table=200\nroute1=192.168.122.1/32\nroute1_options=table=254", 24, "route1=192.168.122.1/32"),
        ("[ipv4]\nroute1=10.99.0.0/16,172.16.0.1\naddress1=10.99.7.21/24", 0, ""),
        ("[ipv6]\nroute1=::/1", 0, ""),
        ("[ipv4]\nroute1=nonsense/99\naddress1=", 0, ""),
    ],
)
def test_a_line_takes_the_route_to_the_controller(lines: str, known: int, found: str) -> None:
    assert diverting_line(parse(lines), CONTROLLER, known) == found


def test_ipv6_is_looked_at_by_its_own_section() -> None:
    keyfile = parse("[ipv4]\nroute1=0.0.0.0/1\n[ipv6]\nroute1=fd00:122::/64,fe80::1")
    assert diverting_line(keyfile, "fd00:122::9%eth0", 48) == "route1=fd00:122::/64,fe80::1"
    assert diverting_line(keyfile, "fd00:122::9", 64) == ""


@pytest.mark.parametrize(
    ("network", "peer", "length"),
    [
        ("0.0.0.0/0", CONTROLLER, 0),
        ("192.168.122.0/24", CONTROLLER, 24),
        ("192.168.122.0/33", CONTROLLER, -1),
        ("192.168.123.0/24", CONTROLLER, -1),
        ("::/0", CONTROLLER, -1),
        ("::/0", "fd00::1", 0),
        ("192.168.122.0/24", "", -1),
    ],
)
def test_how_long_a_prefix_is(network: str, peer: str, length: int) -> None:
    assert prefix_of(network, peer) == length


def test_the_kernels_tables() -> None:
    table = [
        "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT",
        "eth0 00000000 017AA8C0 0003 0 0 100 00000000 0 0 0",
        "eth0 007AA8C0 00000000 0001 0 0 100 00FFFFFF 0 0 0",
        "eth1 0000630A 00000000 0000 0 0 101 0000FFFF 0 0 0",
        "eth0 nonsense",
    ]
    assert routes.networks_in(table, routes._network) == ["0.0.0.0/0", "192.168.122.0/24"]
    zero = "00000000000000000000000000000000"
    line = f"fd000122000000000000000000000000 40 {zero} 00 {zero} 00000064 00000001 00000000 00000001 eth0"
    assert routes.networks_in([line, "short"], routes._network_ipv6) == ["fd00:122::/64"]
