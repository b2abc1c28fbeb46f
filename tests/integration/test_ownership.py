# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose a host and its profiles are: two inventories with a host of one name, profiles that are right already, Elemental's own file."""

from __future__ import annotations

import typing as t
from pathlib import Path

from tests.testbed import network

from .conftest import ROUTED, Controller, PlayResult, claimed, inline_network, inside, installed, pool, wait_until

FIRST = "192.168.122.150"
POOL = pool("192.168.122.150-192.168.122.200", 24, "192.168.122.1")
THEIRS = "/oem/elemental-network.yaml"


def push(controller: Controller, **variables: t.Any) -> PlayResult:
    """Configure node1 only."""
    wanted = inline_network({"eth0": ROUTED}, POOL)
    return controller.play("configure", machine_network_hosts="node1", **wanted, **variables)


def reset(controller: Controller, **variables: t.Any) -> PlayResult:
    """Reset node1 only."""
    return controller.play("reset", machine_network_hosts="node1", **variables)


def lead_to_node2(controller: Controller) -> None:
    """Another inventory, whose node1 is what this one calls node2."""
    inventory = controller.inventory / Path(controller.nodes.inventory_path).name
    own, other = f"ansible_host={network.lease(1)}", f"ansible_host={network.lease(2)}"
    inventory.write_text(inventory.read_text().replace(own, other))


def test_profiles_that_are_right_already_are_ours_after_a_configure_that_changes_nothing(
    controller: Controller,
) -> None:
    """As on a disk that was restored, or after a bundle for the first boot: nothing on the host says whose they are."""
    assert push(controller).succeeded
    inside(controller, "node1", "rm -r /var/lib/elemental-networking")
    before = installed(controller, "node1")
    refused = reset(controller)
    assert "does not show which profile is ours" in refused.failure("node1"), refused.output
    again = push(controller)
    assert again.succeeded, again.output
    assert again.changed("node1") == 0
    assert installed(controller, "node1") == before
    done = reset(controller)
    assert done.succeeded, done.output
    assert claimed(controller, "node1", "eth0") == f"{network.lease(1)}/24"
    assert controller.claims() == []


def test_a_file_of_elemental_is_noticed_not_replaced_and_not_left_behind(controller: Controller) -> None:
    inside(controller, "node1", f"mkdir -p /oem && echo 'name: Apply network config' > {THEIRS}")
    try:
        pushed = push(controller)
        assert pushed.succeeded, pushed.output
        assert f"{THEIRS} on this host writes the profiles of Elemental at every boot" in pushed.output
        for play in (reset(controller), push(controller, machine_network_elemental_os=True)):
            assert f"{THEIRS} on this host is not the collection's" in play.failure("node1"), play.output
        assert inside(controller, "node1", f"cat {THEIRS}") == "name: Apply network config\n"
        taken = push(controller, machine_network_elemental_os=True, machine_network_take_over_elemental_os=True)
        assert taken.succeeded, taken.output
        assert "eth0.nmconnection" in inside(controller, "node1", f"cat {THEIRS}")
        again = push(controller, machine_network_elemental_os=True)
        assert (again.succeeded, again.changed("node1")) == (True, 0), again.output
        done = reset(controller)
        assert done.succeeded, done.output
        assert inside(controller, "node1", "ls /oem") == ""
    finally:
        inside(controller, "node1", "rm -rf /oem")


def test_a_second_inventory_with_a_host_of_that_name_does_not_reset_the_first_ones_machine(
    controller: Controller,
) -> None:
    assert push(controller).succeeded
    assert claimed(controller, "node1", "eth0") == f"{FIRST}/24"
    before = installed(controller, "node1"), installed(controller, "node2")
    lead_to_node2(controller)
    # both answer: it cannot be known which one is meant
    words = f"ansible_host of node1, {network.lease(2)}, leads to another machine than {FIRST}, which node1 claimed"
    # a push does not wait for its look at the other one
    wait_until(lambda: words in push(controller).output, "the warning")
    assert words in reset(controller).failure("node1")
    # the first one is off: what answers is not the machine that has the address
    controller.nodes.link("node1", "eth0", "down")
    refused = reset(controller)
    assert (
        "this host is another machine (by its machine-id) than the one that has the addresses of node1"
        in refused.failure("node1")
    ), refused.output
    controller.nodes.link("node1", "eth0", "up")
    assert (installed(controller, "node1"), installed(controller, "node2")) == before
    assert [claim["name"] for claim in controller.claims()] == ["node1-inventory-ip"]


def test_with_names_two_inventories_leave_each_others_machines_alone(controller: Controller) -> None:
    assert push(controller, machine_network_site="berlin").succeeded
    before = installed(controller, "node1"), installed(controller, "node2")
    lead_to_node2(controller)
    refused = push(controller, machine_network_site="munich")
    assert (
        "was made for an inventory of site berlin, and an inventory of site munich has a machine node1, too"
        in refused.output
    )
    reset(controller, machine_network_site="munich", machine_network_force_release=True)
    assert (installed(controller, "node1"), installed(controller, "node2")) == before
    assert [claim["site"] for claim in controller.claims()] == ["berlin"]
