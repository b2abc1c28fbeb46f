# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused before a trial, because nothing of it would come up."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.client import Device
from ansible_collections.elemental.networking.plugins.module_utils._node.plan.outlook import look_ahead
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import InvalidInput, WantedProfile

_KEYFILE = "[connection]\nid=up\ntype=ethernet\n{}\n[ipv4]\nmethod=auto\n"
_DEVICES = [
    Device(f"/{name}", name, "/", "", False, {}, (), "", kind=kind)
    for name, kind in (("lo", 32), ("eth0", 1), ("eth1", 1))
]


class _Manager:
    def permanent_address(self, device: Device) -> str:
        """That of an ethernet card."""
        return f"02:00:00:00:00:0{device.interface[-1]}" if device.kind == 1 else ""


@pytest.mark.parametrize(
    ("line", "interface", "sentence"),
    [
        ("interface-name=eth7", "eth7", "is for interface eth7, which this host does not have; it has eth0, eth1"),
        (
            "[ethernet]\nmac-address=52:54:00:12:34:56",
            None,
            "is for MAC address 52:54:00:12:34:56, which this host does not have; "
            "it has eth0 (02:00:00:00:00:00), eth1 (02:00:00:00:00:01)",
        ),
    ],
)
def test_a_host_without_the_card_names_those_that_it_has(line: str, interface: str | None, sentence: str) -> None:
    """By what the profile finds a card."""
    wanted = WantedProfile("up.nmconnection", "u", "ethernet", interface, _KEYFILE.format(line))
    with pytest.raises(InvalidInput) as refused:
        look_ahead(t.cast("t.Any", _Manager()), _DEVICES, t.cast("t.Any", None), [wanted])
    assert str(refused.value) == f"profile up.nmconnection {sentence}"
