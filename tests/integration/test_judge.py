# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keyfiles as they are found in the wild: what NetworkManager takes is configured, what it would drop is said before a change."""

from __future__ import annotations

import typing as t

import pytest

from .conftest import ETH1, Controller, PlayResult, claimed, inline_network, installed, pool

pytestmark = pytest.mark.variants

POOL = pool("172.16.0.190-172.16.0.199", 24)
PROFILES = "/etc/NetworkManager/system-connections"
HEAD = "[connection]\nid=eth1\ntype=ethernet\ninterface-name=eth1\n"
DROPPED = f"""{HEAD}autoconnect=no
[ipv4]
method=manual
address1=172.16.0.193/24
route1=198.51.100.0/24,172.16.0.300
route2=default,172.16.0.1
routing-rule1=from 172.16.0.193 table 200
dns-serach=lab.test;
"""
MISTYPED = f"{HEAD}[ipv4]\nmethod=manual\naddress1=172.16.0.193/24\ndns-serach=lab.test;\n"


def push(controller: Controller, text: str, *, check: bool = False, **variables: t.Any) -> PlayResult:
    """Configure eth1 of node1, which is not where the controller comes in."""
    network = {"configurator": "nmconnections", "config": {"eth1": text}}
    arguments = "--check" if check else ""
    return controller.play(
        "configure", arguments=arguments, machine_network_hosts="node1", machine_network=network, **variables
    )


def warnings(result: PlayResult) -> str:
    """All that was worth one."""
    return " ".join(result.output.split())


@pytest.mark.parametrize("check", [True, False], ids=["dry run", "push"])
def test_lines_that_networkmanager_drops_are_named_and_nothing_is_touched(controller: Controller, check: bool) -> None:
    before = installed(controller, "node1"), claimed(controller, "node1", "eth1")
    failure = push(controller, DROPPED, check=check).failure("node1")
    assert "does not understand all of profile eth1.nmconnection" in failure
    for line in DROPPED.splitlines()[4:9]:
        assert line.startswith(("[", "method", "address")) or f"{line} was read as nothing" in failure
    assert failure.count("was read as nothing") == 4
    assert "nor does it know [ipv4] dns-serach=lab.test;" in failure
    assert (installed(controller, "node1"), claimed(controller, "node1", "eth1")) == before


def test_a_key_that_networkmanager_does_not_know_is_worth_a_warning(controller: Controller) -> None:
    dry, first, second = (push(controller, MISTYPED, check=check) for check in (True, False, False))
    assert first.succeeded, first.output
    for result in (dry, first):
        assert "does not know [ipv4] dns-serach=lab.test; in profile eth1.nmconnection" in warnings(result)
    assert claimed(controller, "node1", "eth1") == "172.16.0.193/24"
    assert second.changed("node1") == 0, second.output


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            "[ipv4]\nmethod=manual\naddress1={inventory-ip}/24\ndns=172.16.0.1,172.16.0.2\n",
            "separate name servers by semicolons",
        ),
        ("[ipv4]\nmethod=auto\n[ipv6]\nmethod=disabled\ndns=fd00::53;\n", "dns is not allowed beside method=disabled"),
        ("[ipv4]\nmethod=manual     # no DHCP there\naddress1={inventory-ip}/24\n", "line 6"),
    ],
    ids=["commas", "a disabled family", "a comment in a line"],
)
def test_what_the_controller_can_know_costs_no_claim(controller: Controller, lines: str, expected: str) -> None:
    before = installed(controller, "node1")
    wanted = inline_network({"eth1": HEAD + lines}, POOL)
    failure = controller.play("configure", machine_network_hosts="node1", **wanted).failure("node1")
    assert expected in failure
    assert controller.claims() == []
    assert installed(controller, "node1") == before


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}[ipv4]\nmethod=manual\naddress1=172.16.0.195\n",
        f"{HEAD}uuid=5E2B7C10-7C55-4E0B-8A57-0D6E1B1F4A11\n[ipv4]\nmethod=manual\naddress1=172.16.0.195/24\n",
        f"{HEAD}[ipv4]\nmethod=manual\naddress1=172.16.0.195/24\n[ethernet]\nmtu=1500\n".replace("type=ethernet\n", ""),
        f"{HEAD}uuid = 5e2b7c10-7c55-4e0b-8a57-0d6e1b1f4a11\n[ipv4]\nmethod = manual\naddress1 = 172.16.0.195/24\n".replace(
            "\n", "\r\n"
        ),
    ],
    ids=["no prefix", "capitals in the uuid", "no type", "lines of DOS"],
)
def test_what_networkmanager_takes_is_configured_and_stays(controller: Controller, text: str) -> None:
    dry, first, second = (push(controller, text, check=check) for check in (True, False, False))
    assert dry.succeeded, dry.output
    assert first.succeeded, first.output
    assert (dry.changed("node1"), first.changed("node1")) == (1, 1)
    assert claimed(controller, "node1", "eth1") == "172.16.0.195/24"
    assert (second.succeeded, second.changed("node1")) == (True, 0), second.output
    stored = controller.nodes.oob("node1", ["grep", "-c", "\r$", f"{PROFILES}/eth1.nmconnection"]).stdout.strip()
    assert stored == str(text.count("\r\n"))


def test_a_profile_of_dos_with_blanks_comes_back_byte_for_byte(controller: Controller) -> None:
    """Of somebody else, and active; a push that fails puts another one in its place meanwhile."""
    text = f"{HEAD}uuid = 5e2b7c10-7c55-4e0b-8a57-0d6e1b1f4a11\n[ipv4]\nmethod = manual\naddress1 = 172.16.0.195/24\n"
    text = text.replace("id=eth1", "id = storage").replace("\n", "\\r\\n")
    script = f"cd {PROFILES}; printf '{text}' > storage.nmconnection; chmod 600 *; nmcli connection reload; nmcli connection up storage"
    assert controller.nodes.oob("node1", ["sh", "-ec", script]).returncode == 0
    before = installed(controller, "node1")
    probe = {"type": "command", "command": "! ip -4 address | grep -q 170/24"}
    result = push(controller, ETH1, machine_network_rollback_timeout=8, machine_network_probes=[probe])
    assert "rolled back" in result.failure("node1"), result.output
    assert installed(controller, "node1") == before
    assert claimed(controller, "node1", "eth1") == "172.16.0.195/24"
    active = controller.nodes.oob(
        "node1", ["nmcli", "-t", "-f", "UUID,DEVICE", "connection", "show", "--active"]
    ).stdout
    assert "5e2b7c10-7c55-4e0b-8a57-0d6e1b1f4a11:eth1" in active
