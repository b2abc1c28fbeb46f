# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each cause for which a change cannot be proven has its own sentence."""

from __future__ import annotations

import threading
import typing as t

import pytest

from .conftest import Controller, PlayResult, claimed, installed

pytestmark = pytest.mark.variants

UNROUTED = "10.99.0.10"
STATIC = f"""[connection]
id=eth0
type=ethernet
interface-name=eth0
[ipv4]
method=manual
address1={UNROUTED}/24
"""
DHCP = "[connection]\nid=eth0\ntype=ethernet\ninterface-name=eth0\n[ipv4]\nmethod=auto\nmay-fail=false\n[ipv6]\nmethod=disabled\n"
BRIDGE = """[connection]
id=br0
type=bridge
interface-name=br0
[ipv4]
method=manual
address1=192.168.122.150/24
[ipv6]
method=disabled
"""
PORT = "[connection]\nid=port\ntype=ethernet\ninterface-name=eth0\nmaster=br0\nslave-type=bridge\n"
CLOSED = """
    cd /etc/NetworkManager/dispatcher.d/pre-up.d
    printf '#!/bin/sh\n[ "$CONNECTION_ID" = eth0 ] && systemctl stop ssh || systemctl start ssh\n' > 90-firewall
    chmod 755 90-firewall
"""


def push(controller: Controller, config: t.Mapping[str, str], deadline: int = 8, **variables: t.Any) -> PlayResult:
    """One change of node1 by the user's own task."""
    options = {"configurator": "nmconnections", "config": dict(config), "deadline": deadline, "probes": []}
    return controller.tasks({"elemental.networking.network_config": options}, hosts="node1", **variables)


def test_a_lease_that_does_not_come(controller: Controller) -> None:
    """Back to DHCP by a profile, and the server is gone."""
    first = push(controller, {"eth0": STATIC.replace(UNROUTED, "192.168.122.150")}, 30)
    assert first.succeeded, first.output
    before = installed(controller, "node1")
    controller.nodes.dhcp(False)
    try:
        result = push(controller, {"eth0": DHCP}, ansible_host="192.168.122.150")
    finally:
        controller.nodes.dhcp(True)
    message = result.failure("node1")
    assert "it waits for an address, and no DHCP server or router has answered" in message, result.output
    assert "the controller did not connect" not in message
    assert installed(controller, "node1") == before


def test_an_address_without_a_route(controller: Controller) -> None:
    """The host knows only that nobody came; the controller knows why."""
    message = push(controller, {"eth0": STATIC}).failure("node1")
    assert f"the controller did not connect to {UNROUTED} within 8 s" in message
    assert f"seen from the controller, {UNROUTED} does not answer (Network is unreachable)" in message


def test_a_cable_that_is_pulled_in_the_middle(controller: Controller) -> None:
    """New connections do not come through, so that the trial is still open then. A double for a firewall: sshd stops to listen."""
    assert controller.nodes.oob("node1", ["sh", "-ec", CLOSED]).returncode == 0
    nodes, done = controller.nodes, threading.Event()

    def trial_is_open() -> bool:
        return bool(nodes.oob("node1", ["test", "-e", "/run/elemental-networking/trial"]).returncode == 0)

    def pull_and_plug() -> None:
        while claimed(controller, "node1", "eth0") != "192.168.122.150/24" and not done.is_set():
            pass
        nodes.link("node1", "eth0", "down")
        while trial_is_open() and not done.is_set():
            pass
        nodes.link("node1", "eth0", "up")

    hand = threading.Thread(target=pull_and_plug)
    hand.start()
    try:
        result = push(controller, {"eth0": STATIC.replace(UNROUTED, "192.168.122.150")}, 12)
    finally:
        done.set()
        hand.join()
    message = result.failure("node1")
    assert "eth0 has no carrier" in message, result.output


def test_a_bridge_that_listens_for_longer_than_the_deadline(controller: Controller) -> None:
    config = {"br0": BRIDGE, "port": PORT}
    stp = "bridge br0 has STP and forwards nothing for its first 30 s"
    options = {"configurator": "nmconnections", "config": config, "deadline": 12, "probes": []}
    dry = controller.tasks({"elemental.networking.network_config": options}, hosts="node1", arguments="--check")
    assert dry.succeeded, dry.output
    assert stp in dry.output.replace("\n", " ")
    message = push(controller, config, 12).failure("node1")
    assert "rolled back" in message
    assert f"{stp} (twice its forward-delay), too long for the deadline of 12 s" in message
    longer = push(controller, config, 60)
    assert longer.succeeded, longer.output
    assert stp not in longer.output


def test_why_ssh_did_not_get_in(controller: Controller) -> None:
    """In the words of the real ssh, with -vvv too; where it ends before Ansible reads them, in those of a bare connection."""
    before = installed(controller, "node1")
    for variables, line in (
        ({"ansible_port": 2222}, "Connection refused)"),
        ({"ansible_user": "nobody"}, "Permission denied (publickey"),
        ({"ansible_host": "192.168.122.9"}, "No route to host)"),
        ({"ansible_host": "no-such-host.invalid"}, "Could not resolve hostname no-such-host.invalid"),
    ):
        for verbosity in (0, 3):
            message = push(controller, {"eth0": STATIC}, verbosity=verbosity, **variables).failure("node1")
            assert line in message, message
            assert message.endswith("nothing was sent to it and nothing was changed")
            assert "\n" not in message
    assert installed(controller, "node1") == before
