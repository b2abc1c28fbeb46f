# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a keyfile says about whom it is for, and when it comes up."""

from __future__ import annotations

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.bindings import binding
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import (
    WantedProfile,
)


def wanted(text: str, interface: str | None = None, kind: str = "ethernet") -> WantedProfile:
    """A profile of ours."""
    return WantedProfile("uplink.nmconnection", "uuid", kind, interface, text)


@pytest.mark.parametrize("section", ["ethernet", "802-3-ethernet"])
@pytest.mark.parametrize(
    "address",
    ["52:54:00:12:34:56", "52-54-00-12-34-56", "52:54:00:12:34:56".upper(), "52:54:0:12:34:56", "82;84;0;18;52;86;"],
)
def test_a_keyfile_says_which_mac_address_it_is_for(section: str, address: str) -> None:
    found = binding(wanted(f"[connection]\nautoconnect-priority=7\n[{section}]\nmac-address={address}\n"))
    assert (found.mac_address, found.priority, found.interface) == ("52:54:00:12:34:56", 7, "")


@pytest.mark.parametrize(
    ("text", "kind", "interface"),
    [
        ("[vlan]\nparent=eth1\nid=10\n", "vlan", "eth1.10"),
        ("[vlan]\nparent=eth1\nid=0x10\n", "vlan", "eth1.16"),
        ("[vlan]\nparent=enp129s0f0np0\nid=4000\n", "vlan", "enp129s0f0.4000"),
        ("[vlan]\nparent=5e2b7c10-7c55-4e0b-8a57-0d6e1b1f4a11\nid=10\n", "vlan", ""),
        ("[vlan]\nid=10\n[ethernet]\nmac-address=52:54:00:12:34:56\n", "vlan", ""),
        ("[macvlan]\nparent=eth1\n", "macvlan", ""),
        ("[match]\ninterface-name=eth1;\n", "ethernet", "eth1"),
        ("[match]\ninterface-name=eth1\ndriver=virtio_net;\n", "ethernet", "eth1"),
        ("[match]\ninterface-name=eth1;eth2;\n", "ethernet", ""),
        ("[match]\ninterface-name=eth*;\n", "ethernet", ""),
        ("[match]\ninterface-name=!eth1;\n", "ethernet", ""),
    ],
)
def test_the_interface_of_a_profile_without_a_name(text: str, kind: str, interface: str) -> None:
    """And the MAC address in its keyfile is its parent's: it is not for that interface."""
    found = binding(wanted(f"[connection]\n{text}", None, kind))
    assert (found.interface, found.mac_address) == (interface, "")


@pytest.mark.parametrize(("number", "priority"), [("010", 8), ("0x10", 16), ("-5", -5)])
def test_a_priority_is_read_as_networkmanager_does(number: str, priority: int) -> None:
    assert binding(wanted(f"[connection]\nautoconnect-priority={number}\n", "eth0")).priority == priority


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[ipv4]\nmethod=manual\naddress1=192.0.2.5/24,192.0.2.1\n", True),
        ("[ipv4]\nmethod=manual\nroute1=0.0.0.0/0,192.0.2.1\nroute1_options=mtu=1400,table=254\n", True),
        ("[ipv4]\nmethod=manual\nroute1=0.0.0.0/0,192.0.2.1\nroute1_options=table=100\n", False),
        ("[ipv4]\nmethod=manual\nroute1=0.0.0.0/0,192.0.2.1\nroute1_options=mtu=1400,table=2540\n", False),
    ],
)
def test_the_interface_of_open_vswitch_may_give_the_gateway(text: str, expected: bool) -> None:
    text = f"[connection]\ncontroller=port0\nslave-type=ovs-port\n{text}[ipv6]\nmethod=disabled\n"
    assert binding(wanted(text, "iface0", "ovs-interface")).gives_gateway == expected


def test_a_port_of_a_vrf_gives_a_gateway_to_the_table_of_the_vrf_alone() -> None:
    text = "[connection]\ncontroller=red\nport-type=vrf\n[ipv4]\nmethod=manual\naddress1=192.0.2.5/24,192.0.2.1\n"
    assert not binding(wanted(text, "eth0")).gives_gateway


@pytest.mark.parametrize("number", ["", "high"])
def test_a_priority_that_is_none_is_networkmanagers_default(number: str) -> None:
    assert binding(wanted(f"[connection]\nautoconnect-priority={number}\n", "eth0")).priority == 0


@pytest.mark.parametrize(
    ("text", "kind", "asking"),
    [
        ("", "ethernet", ("ipv4", "ipv6")),
        ("[ipv4]\nmethod=manual\n", "ethernet", ("ipv6",)),
        ("[ipv4]\nmethod=auto\n[ipv6]\nmethod=disabled\n", "ethernet", ("ipv4",)),
        ("[ipv6]\nmethod=dhcp\n[ipv4]\nmethod=disabled\n", "ethernet", ("ipv6",)),
        ("controller=br0\n", "ethernet", ()),
        ("controller=red\nport-type=vrf\n", "ethernet", ("ipv4", "ipv6")),
        ("master=red\nslave-type=vrf\n[ipv4]\nmethod=manual\n", "ethernet", ("ipv6",)),
        ("controller=port0\nport-type=ovs-port\n", "ovs-interface", ("ipv4", "ipv6")),
        ("", "ovs-bridge", ()),
        ("", "wireguard", ()),
    ],
)
def test_the_families_that_ask_for_an_address(text: str, kind: str, asking: tuple[str, ...]) -> None:
    assert binding(wanted(f"[connection]\n{text}", "eth0", kind)).asking == asking


def test_a_text_that_cannot_be_read_says_nothing() -> None:
    assert binding(wanted("nonsense", "eth0")).autoconnect
