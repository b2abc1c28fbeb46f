# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the controller has to come in after a change."""

from __future__ import annotations

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.plan.destination import (
    Destination,
    Target,
    destination,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.plan.planning import Plan, Session


def target(interface: str, *addresses: str, asking: tuple[str, ...] = (), is_changed: bool = True) -> Target:
    """What a profile gives an interface."""
    found = {family: [each for each in addresses if (":" in each) == (family == "ipv6")] for family in ("ipv4", "ipv6")}
    return Target(interface, is_changed, found, asking)


PLAN = Plan((), (), {}, {}, (), (), {})
OVER_ETH0 = Session("eth0", "192.0.2.11", "ipv4")
STORAGE = target("eth1", "10.99.7.21/24")


@pytest.mark.parametrize(
    ("targets", "way", "place"),
    [
        # it keeps DHCP, whatever else changes (cases 02 and 10)
        ([target("eth0", asking=("ipv4",)), STORAGE], {"eth0"}, Destination((), ("eth0",), ("ipv4",))),
        (
            [target("eth0", "fd00:77::21/64", asking=("ipv4",))],
            {"eth0"},
            Destination((), ("eth0",), ("ipv4",)),
        ),
        (
            [target("eth0", "10.77.0.21/24", asking=("ipv4",))],
            {"eth0"},
            Destination(("10.77.0.21",), ("eth0",), ("ipv4",)),
        ),
        # it moves
        (
            [target("eth0", "192.0.2.50/24", asking=("ipv6",)), STORAGE],
            {"eth0"},
            Destination(("192.0.2.50",), (), ("ipv4",)),
        ),
        (
            [target("eth0"), target("br0", "192.0.2.50/24")],
            {"eth0", "br0"},
            Destination(("192.0.2.50",), (), ("ipv4",)),
        ),
        (
            [target("eth0"), target("br0", "192.0.2.50/24", is_changed=False)],
            {"eth0", "br0"},
            Destination(("192.0.2.50",), (), ("ipv4",)),
        ),
        # to the other family, or to another interface
        ([target("eth0", "fd00::5/64"), STORAGE], {"eth0"}, Destination(("fd00::5",))),
        ([STORAGE], {"eth0"}, Destination(("10.99.7.21",))),
        ([target("eth0")], {"eth0"}, Destination()),
    ],
)
def test_where_the_controller_has_to_come_in(targets: list[Target], way: set[str], place: Destination) -> None:
    plan = PLAN._replace(session=OVER_ETH0, way=frozenset(way))
    assert destination(targets, plan, is_touched=True) == place


def test_a_way_in_that_is_not_touched_stays() -> None:
    assert destination([STORAGE], PLAN._replace(session=OVER_ETH0, way=frozenset({"eth0"})), False) == Destination()


def test_where_nobody_knows_the_way_in_every_new_address_will_do() -> None:
    targets = [
        target("eth0", "192.0.2.50/24", asking=("ipv6",)),
        STORAGE,
        target("eth2", "10.0.0.1/8", is_changed=False),
    ]
    assert destination(targets, PLAN, True) == Destination(("192.0.2.50", "10.99.7.21"))
    assert destination([target("eth0", asking=("ipv4",)), STORAGE], PLAN, True) == Destination()


def test_an_address_that_only_the_trial_has_is_no_place() -> None:
    plan = PLAN._replace(session=Session("eth0", "fd00::9", "ipv6"), way=frozenset({"eth0"}), kept="fd00::9")
    found = destination([target("eth0", "fd00::9/64", asking=("ipv6",))], plan, True)
    assert found == Destination((), ("eth0",), ("ipv6",))
