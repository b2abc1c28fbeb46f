# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts as the same network before and after a boot, and what does not."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.elemental.networking.tests.reboot import looking
from ansible_collections.elemental.networking.tests.reboot.configurations import CONFIGURATIONS

DEFAULT = {"dst": "default", "gateway": "192.168.122.1", "dev": "eth0", "protocol": "static", "metric": 100}
OTHER = {**DEFAULT, "gateway": "172.16.0.1", "dev": "eth1", "metric": 101}


def seen(*routes: t.Mapping[str, t.Any], **more: t.Sequence[str]) -> dict[str, t.Sequence[str]]:
    """A look with these routes."""
    return {"route": sorted(looking.routes(routes)), **more}


@pytest.mark.parametrize(
    ("after", "is_same"),
    [
        ([DEFAULT, OTHER], True),
        # NetworkManager counts metrics up as cards come up
        ([{**DEFAULT, "metric": 102}, {**OTHER, "metric": 103}], True),
        # the other default route is the better one now
        ([{**DEFAULT, "metric": 103}, {**OTHER, "metric": 102}], False),
        ([DEFAULT], False),
        ([DEFAULT, {**OTHER, "table": "200"}], False),
        ([DEFAULT, OTHER, {**DEFAULT, "table": "local"}], True),
    ],
)
def test_routes_are_compared_by_which_is_the_better_one(
    after: t.Sequence[t.Mapping[str, t.Any]], is_same: bool
) -> None:
    assert (looking.differences(seen(DEFAULT, OTHER), seen(*after)) == []) is is_same


def test_what_differs_is_named() -> None:
    before, after = {"address": ["eth1 172.16.0.11/24"]}, {"address": [], "link": ["eth1 mtu 1500 in none down"]}
    assert looking.differences(before, after) == [
        "address gone: eth1 172.16.0.11/24",
        "link new: eth1 mtu 1500 in none down",
    ]


def test_what_networkmanager_makes_of_its_own_accord_has_no_name() -> None:
    """Nor the link-local address that comes from its uuid; a profile in /etc has both."""
    generated = "/run/NetworkManager/system-connections/Wired connection {0}.nmconnection:eth1:Wired connection {0}:{0}:activated"
    installed = "/etc/NetworkManager/system-connections/eth0.nmconnection:eth0:eth0:1:activated"
    first, second = (
        looking.lasting(
            {
                "profile": [installed, generated.format(number)],
                "address": [f"eth1 fe80::{number}/64", "eth0 fe80::1/64"],
            }
        )
        for number in (1, 2)
    )
    assert first == second
    assert first["address"] == ["eth0 fe80::1/64"]
    assert installed in first["profile"]


def test_each_configuration_has_a_name_of_its_own() -> None:
    assert len({each.name for each in CONFIGURATIONS}) == len(CONFIGURATIONS)
    assert all(each.steps(1) for each in CONFIGURATIONS)
