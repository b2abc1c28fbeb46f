# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims live as long as their machine: renumbered, renamed, keys that went; on real nodes with pools of the embedded backend."""

from __future__ import annotations

import json
import re
import typing as t

from tests.testbed.network import lease

from .conftest import ETH1, LAB, ROUTED, Controller, answer, claimed, inside, pool, push_each, wishes

NEW = pool("192.168.122.170-192.168.122.180", 24, "192.168.122.1", name="new")
CONFIG = {"eth0": ROUTED}


def network(name: str, config: t.Mapping[str, str] | None = None, **more: str) -> dict[str, t.Any]:
    """``machine_network`` with one address from the pool of this name; ``more`` are other keys with their pools."""
    reference = {"apiGroup": "ipam.cluster.x-k8s.io", "kind": "InClusterIPPool"}
    pools = {"inventory-ip": name, **more}
    addresses = {key: {**reference, "name": each} for key, each in pools.items()}
    return {**wishes(config or CONFIG), "ipAddresses": addresses}


def held(controller: Controller) -> dict[str, str]:
    """Addresses by claim."""
    return {claim["name"]: claim["address"] for claim in controller.claims()}


def test_nodes_are_renumbered_and_one_that_cannot_be_keeps_its_old_address(controller: Controller) -> None:
    """The probe of node3 passes before and not with the new address: it rolls back."""
    names = controller.nodes.names
    pools = {"machine_network_pools": [LAB, NEW]}
    first = push_each(controller, {name: network("lab") for name in names}, **pools)
    assert first.succeeded, first.output
    old = {name: claimed(controller, name, "eth0").partition("/")[0] for name in names}
    confirmed = {claim["machine"]: claim["confirmed"] for claim in controller.claims()}
    assert all(confirmed.values())

    refused = push_each(controller, {"node1": network("new")}, **pools)
    assert "or set machine_network_renumber: true" in refused.failure("node1")
    assert claimed(controller, "node1", "eth0").startswith(old["node1"])

    probe = [{"type": "command", "command": f"ip -o -4 address | grep -q {old['node3']}/", "name": "old"}]
    variables = {"node3": {"machine_network_probes": probe}}
    moved = push_each(
        controller,
        {name: network("new") for name in names},
        variables=variables,
        machine_network_renumber=True,
        **pools,
    )
    assert "node3 was not renumbered and keeps its old address: rolled back" in moved.failure("node3"), moved.output
    expected = {"node1": "192.168.122.170", "node2": "192.168.122.171", "node3": old["node3"]}
    assert {name: claimed(controller, name, "eth0").partition("/")[0] for name in names} == expected
    assert held(controller) == {f"{name}-inventory-ip": address for name, address in expected.items()}

    again = push_each(controller, {"node1": network("new")}, machine_network_renumber=True, **pools)
    assert again.changed("node1") == 0, again.output


def test_a_controller_that_dies_after_the_push_leaves_what_the_next_run_ends(controller: Controller) -> None:
    """The push was confirmed at the new address, and nothing of that was recorded: the host is looked for at both."""
    pools = {"machine_network_pools": [LAB, NEW]}
    push_each(controller, {"node1": network("lab")}, **pools)
    # what the run would have done before it died: the claim, and the push
    asking = {
        "machine": "node1",
        "host": "node1",
        "key": "inventory-ip",
        "pool": network("new")["ipAddresses"]["inventory-ip"],
    }
    local = {"delegate_to": "localhost", "connection": "local", "register": "claimed"}
    claim = {
        "elemental.networking.ip_address_claims": {
            "database": str(controller.database),
            "pools": [LAB, NEW],
            "claims": [asking],
            "machines": [{"machine": "node1", "host": "node1", "renumber": True}],
        },
        **local,
    }
    push = {
        "elemental.networking.network_config": {
            "configurator": "nmconnections",
            "config": CONFIG,
            "addresses": "{{ claimed.addresses.node1 }}",
            "held_addresses": "{{ claimed.held.node1 }}",
            "known_host_keys": "{{ claimed.host_keys.node1 }}",
        }
    }
    pushed = controller.tasks(claim, push, hosts="node1")
    assert pushed.succeeded, pushed.output
    assert held(controller) == {
        "node1-inventory-ip": "192.168.122.150",
        "node1-inventory-ip.renumbering": "192.168.122.170",
    }
    ended = push_each(controller, {"node1": network("new")}, machine_network_renumber=True, **pools)
    assert ended.succeeded, ended.output
    assert not answer(ended, "node1").get("changed")
    assert held(controller) == {"node1-inventory-ip": "192.168.122.170"}
    assert claimed(controller, "node1", "eth0") == "192.168.122.170/24"


def test_a_host_is_renamed_and_keeps_its_address_and_its_record(controller: Controller) -> None:
    push_each(controller, {"node1": wishes(CONFIG, "inventory-ip")})
    inventory = controller.inventory / controller.nodes.inventory_path.name
    text = inventory.read_text().replace("node1 ", "server1 ")
    inventory.write_text(text.replace(f"ansible_host={lease(1)}", "ansible_host=192.168.122.150"))
    wanted = {"server1": wishes(CONFIG, "inventory-ip")}
    refused = push_each(controller, wanted)
    words = (
        "this host is configured as machine node1, not server1: .* set machine_network_former_name: node1 for server1"
    )
    assert_matches(words, refused.failure("server1"))
    # with the lease of its first day the inventory leads nowhere, and the claim still does
    inventory.write_text(text)
    renamed = push_each(controller, wanted, variables={"server1": {"machine_network_former_name": "node1"}})
    assert renamed.succeeded, renamed.output
    assert claimed(controller, "node1", "eth0") == "192.168.122.150/24"
    managed = json.loads(inside(controller, "node1", "cat /var/lib/elemental-networking/managed.json"))
    assert managed["machine"] == "server1"
    # without the former name, too
    (controller.inventory / "host_vars/server1.yml").unlink()
    again = push_each(controller, wanted)
    assert (again.succeeded, again.changed("server1")) == (True, 0), again.output
    report = controller.play("report")
    assert "server1  inventory-ip      192.168.122.150/24" in report.output
    assert "node1-" not in report.output


def test_a_key_that_went_gives_its_address_back(controller: Controller) -> None:
    both = {**CONFIG, "eth1": ETH1.replace("172.16.0.170", "{second-ip}")}
    push_each(controller, {"node1": network("lab", both, **{"second-ip": "lab"})})
    assert len(held(controller)) == 2
    shown = push_each(controller, {"node1": network("lab")}, arguments="--check --diff")
    assert '-    "default/node1-second-ip"' in shown.output
    gone = push_each(controller, {"node1": network("lab")})
    assert gone.succeeded, gone.output
    assert held(controller) == {"node1-inventory-ip": "192.168.122.150"}
    assert "192.168.122.151" not in inside(controller, "node1", "ip -o address")


def assert_matches(words: str, text: str) -> None:
    """The text says so."""
    assert re.search(words, " ".join(text.split())), text
