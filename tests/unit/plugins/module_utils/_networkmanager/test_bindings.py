# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a keyfile says about whom it is for, and when it comes up."""

from __future__ import annotations

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._networkmanager.bindings import binding
from ansible_collections.elemental.networking.plugins.module_utils._networkmanager.model import WantedProfile


def wanted(text: str, interface: str | None = None, kind: str = "ethernet") -> WantedProfile:
    """A profile of ours."""
    return WantedProfile("uplink.nmconnection", "uuid", kind, interface, text)


@pytest.mark.parametrize("section", ["ethernet", "802-3-ethernet"])
@pytest.mark.parametrize("address", ["52:54:00:12:34:56", "52-54-00-12-34-56", "52:54:00:12:34:56".upper()])
def test_a_keyfile_says_which_mac_address_it_is_for(section: str, address: str) -> None:
    found = binding(wanted(f"[connection]\nautoconnect-priority=7\n[{section}]\nmac-address={address}\n"))
    assert (found.mac_address, found.priority, found.interface) == ("52:54:00:12:34:56", 7, "")


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
        ("", "wireguard", ()),
    ],
)
def test_the_families_that_ask_for_an_address(text: str, kind: str, asking: tuple[str, ...]) -> None:
    assert binding(wanted(f"[connection]\n{text}", "eth0", kind)).asking == asking


def test_a_text_that_cannot_be_read_says_nothing() -> None:
    assert binding(wanted("nonsense", "eth0")).autoconnect
