# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody changed on the device alone: the files are right, and the device does not run as they say."""

from __future__ import annotations

import typing as t

import pytest

from .conftest import ETH1, Controller, PlayResult, claimed

pytestmark = pytest.mark.variants

FILE = "/etc/NetworkManager/system-connections/eth1.nmconnection"
# without a port: its own is the management card
BRIDGE = "[connection]\nid=br1\ntype=bridge\ninterface-name=br1\n[bridge]\nstp=false\n[ipv4]\nmethod=manual\naddress1=172.16.0.180/24\n"
PORT = "[connection]\nid=port1\ntype=ethernet\ninterface-name=eth1\nmaster=br1\nslave-type=bridge\n"
RICH = """[connection]
id=eth1
type=ethernet
interface-name=eth1
zone=
mdns=2
[ethernet]
mtu=1400
cloned-mac-address=permanent
[ipv4]
method=manual
address1=172.16.0.170/24,172.16.0.1
address2=172.16.0.171/24
route1=10.1.0.0/16,172.16.0.1,5
route1_options=mtu=1300
routing-rule1=priority 5 from 172.16.0.170 table 100
dns=172.16.0.1;
dns-search=a.test;b.test;
dad-timeout=0
[ipv6]
method=manual
address1=2001:db8::5/64
addr-gen-mode=eui64
"""
DHCP = "[connection]\nid=eth1\ntype=ethernet\ninterface-name=eth1\n[ipv4]\nmethod=auto\n[ipv6]\nmethod=auto\n"
BY_MAC = ETH1.replace("interface-name=eth1", "[ethernet]\nmac-address=02:4E:4D:00:01:01")


def push(controller: Controller, config: t.Mapping[str, str], arguments: str = "") -> PlayResult:
    options = {"configurator": "nmconnections", "config": dict(config), "deadline": 30}
    return controller.tasks({"elemental.networking.network_config": options}, hosts="node1", arguments=arguments)


def eth1(result: PlayResult) -> tuple[t.Mapping[str, str], str]:
    """The difference of the profile, and why it differs."""
    answer = result.task_result("elemental.networking.network_config", "node1")
    (difference,) = answer["diff"]
    return difference, answer["profiles"][0]["reason"]


@pytest.mark.parametrize(
    ("command", "setting"),
    [
        ("nmcli device modify eth1 ipv4.route-metric 50", "ipv4.route-metric"),
        ("nmcli device modify eth1 +ipv4.addresses 172.16.0.99/24", "ipv4.address-data"),
        ("nmcli device modify eth1 ipv4.method auto", "ipv4.method"),
    ],
)
def test_a_device_that_was_modified_is_brought_back(controller: Controller, command: str, setting: str) -> None:
    assert push(controller, {"eth1": ETH1}).changed("node1") == 1
    assert push(controller, {"eth1": ETH1}).changed("node1") == 0
    assert controller.nodes.oob("node1", command.split()).returncode == 0
    dry = push(controller, {"eth1": ETH1}, "--check --diff")
    assert dry.changed("node1") == 1, dry.output
    difference, reason = eth1(dry)
    assert reason.startswith("the device runs with other settings than the profile (")
    assert setting in reason
    assert difference == {
        "before_header": FILE,
        "after_header": FILE,
        "before": f"# {reason}\n",
        "after": "# active, as in the file\n",
    }
    again = push(controller, {"eth1": ETH1})
    assert again.succeeded, again.output
    assert again.changed("node1") == 1
    assert claimed(controller, "node1", "eth1") == "172.16.0.170/24"
    assert "metric 50" not in controller.nodes.oob("node1", ["ip", "route"]).stdout
    assert push(controller, {"eth1": ETH1}).changed("node1") == 0


def test_what_is_not_active_is_seen_in_a_difference(controller: Controller) -> None:
    push(controller, {"eth1": ETH1})
    assert controller.nodes.oob("node1", ["nmcli", "connection", "down", "eth1"]).returncode == 0
    difference, reason = eth1(push(controller, {"eth1": ETH1}, "--check --diff"))
    assert (reason, difference["before"], difference["after"]) == (
        "not active",
        "# not active\n",
        "# active, as in the file\n",
    )


@pytest.mark.parametrize(
    "config",
    [{"br1": BRIDGE, "port1": PORT}, {"eth1": RICH}, {"eth1": DHCP}, {"eth1": BY_MAC}],
    ids=["bridge", "many settings", "DHCP", "by MAC"],
)
def test_what_nobody_changed_has_not_drifted(controller: Controller, config: t.Mapping[str, str]) -> None:
    """Not after NetworkManager was restarted, either: it takes over what is there."""
    first = push(controller, config)
    assert first.succeeded, first.output
    second = push(controller, config, "--diff")
    assert second.changed("node1") == 0, second.output
    assert controller.nodes.oob("node1", ["systemctl", "restart", "NetworkManager"]).returncode == 0
    third = push(controller, config, "--diff")
    assert third.changed("node1") == 0, third.output
