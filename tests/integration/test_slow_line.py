# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host at the end of a long line: by satellite an answer takes more than half a second."""

from __future__ import annotations

import pytest

from .conftest import ROUTED, Controller, claimed, inline_network, pool

POOL = pool("192.168.122.150-192.168.122.200", 24, "192.168.122.1")


@pytest.mark.parametrize(
    ("seconds", "is_behind_nat"), [(0.15, False), (0.3, True)], ids=["another continent", "a satellite, as in AWX"]
)
def test_the_address_of_a_host_far_away_moves_and_comes_back(
    controller: Controller, seconds: float, is_behind_nat: bool
) -> None:
    """So many seconds in each direction. A lease may be any address, and behind NAT no signal of the host arrives: it is looked for."""
    controller.nodes.go_far_away("node1", seconds)
    if is_behind_nat:
        controller.nodes.go_behind_nat()
    wanted = inline_network({"eth0": ROUTED}, POOL)
    pushed = controller.play("configure", machine_network_hosts="node1", **wanted)
    assert pushed.succeeded, pushed.output
    assert claimed(controller, "node1", "eth0") == "192.168.122.150/24"
    again = controller.play("configure", machine_network_hosts="node1", **wanted)
    assert (again.succeeded, again.changed("node1")) == (True, 0), again.output
    back = controller.play("reset", machine_network_hosts="node1")
    assert back.succeeded, back.output
    assert controller.claims() == []
