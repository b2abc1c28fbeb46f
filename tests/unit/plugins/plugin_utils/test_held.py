# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which claims a reset of a host is about."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.plugin_utils._play.held import Held, Holder
from ansible_collections.elemental.networking.plugins.plugin_utils._request.machine_network import MachineNetwork

CLAIM = {"name": "n1-ip", "namespace": "default", "machine": "n1", "host": "n1", "site": None, "managed": True}
POOL = {"kind": "InClusterIPPool", "name": "pool"}


def holder(former: str = "", site: str = "", any_namespace: bool = False) -> Holder:
    """The host n1, which asks for one address; its name was ``former``."""
    network = {"configurator": "nmconnections", "ipAddresses": {"ip": POOL}}
    asked = MachineNetwork("n1", "n1", "default", "embedded", "", network, (), site=site, former_name=former)
    return Holder(asked, any_namespace)


@pytest.mark.parametrize(
    ("claim", "asked", "is_held"),
    [
        ({}, {}, True),
        ({"host": None}, {}, True),
        ({"host": "n2"}, {}, False),
        ({"machine": "n2"}, {}, False),
        ({"name": "n1-old"}, {}, True),
        ({"namespace": "other"}, {}, False),
        # another inventory's, and those of an inventory without a name
        ({"site": "oslo"}, {}, False),
        ({"site": "oslo"}, {"site": "oslo"}, True),
        ({"site": None}, {"site": "oslo"}, True),
        # made by kubectl, or by another provider for its machine of the same name
        ({"managed": False}, {}, True),
        ({"managed": False, "machine": "", "host": None}, {}, True),
        ({"managed": False, "machine": "", "host": None, "name": "n1-other"}, {}, False),
        ({"machine": "", "host": None}, {}, False),
        # a rename that was not run, or was ended
        ({"machine": "old", "host": "old"}, {}, False),
        ({"machine": "old", "host": "old"}, {"former": "old"}, True),
        ({"machine": "old", "host": None}, {"former": "old"}, True),
        ({"machine": "old", "host": "n1"}, {"former": "old"}, True),
        ({"machine": "old", "host": "n2"}, {"former": "old"}, False),
        ({"machine": "old", "host": "old", "managed": False}, {"former": "old"}, False),
        ({"host": "old"}, {"former": "old"}, True),
        ({"host": "old", "managed": False}, {"former": "old"}, False),
    ],
)
def test_what_a_machine_holds(claim: dict[str, t.Any], asked: dict[str, t.Any], is_held: bool) -> None:
    of_others = [{**CLAIM, "machine": f"m{number}", "name": f"m{number}-ip", "host": None} for number in range(2)]
    wanted = {**CLAIM, **claim}
    held = Held([of_others[0], wanted, of_others[1]]).by(holder(**asked))
    assert held == ([wanted] if is_held else [])


def test_without_a_namespace_it_may_be_in_any() -> None:
    elsewhere = {**CLAIM, "namespace": "other"}
    assert Held([CLAIM, elsewhere]).by(holder(any_namespace=True)) == [CLAIM, elsewhere]


def test_they_come_in_the_order_in_which_they_were_looked_up() -> None:
    claims = [
        {**CLAIM, "machine": "", "host": None, "managed": False},
        {**CLAIM, "machine": "old", "host": "old", "name": "old-ip"},
        {**CLAIM, "name": "n1-b"},
        {**CLAIM, "name": "n1-a"},
    ]
    assert Held(claims).by(holder(former="old")) == claims
