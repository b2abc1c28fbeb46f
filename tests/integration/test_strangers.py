# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody else on a claimed address, who lets everybody in and answers everything, where the keys of hosts are not checked, as in AWX."""

from __future__ import annotations

import typing as t
from pathlib import Path

from tests.testbed import network

from .conftest import ETH1, ROUTED, Controller, PlayResult, claimed, inline_network, installed, pool

FIRST = "192.168.122.150"
POOL = pool("192.168.122.150-192.168.122.200", 24, "192.168.122.1")
NEW_KEYS = (
    "rm /etc/ssh/ssh_host_*; ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key; systemctl restart ssh"
)
# node2 hears whatever it is sent, says that all is well, and gives its own keys for those of the host
STRANGER = f"""
    {NEW_KEYS}
    echo 'ForceCommand /root/stranger' > /etc/ssh/sshd_config.d/stranger.conf
    cat > /root/stranger <<'END'
#!/bin/sh
said=$(timeout 20 cat)
printf '%s\\n' "$SSH_ORIGINAL_COMMAND" "$said" >> /root/heard
keys=$(cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub)
answer="{{\\"version\\": 1, \\"answer\\": \\"staged\\", \\"changed\\": false, \\"host_keys\\": [\\"$keys\\"]}}"
case "$said" in *'"operation": "confirm"'*) answer='{{"version": 1, "answer": "judgement", "state": "confirmed"}}';; esac
printf '\\nelemental-networking-answer:%s\\n' "$answer"
END
    chmod 755 /root/stranger; touch /root/heard
    echo 8 > /proc/sys/net/ipv4/conf/eth0/arp_ignore   # node1 shall not find out: who does not look cannot rely on that
    ip address add {FIRST}/32 dev eth0
    systemctl restart ssh
"""


def push(controller: Controller, config: t.Mapping[str, str] | None = None, **variables: t.Any) -> PlayResult:
    """Configure node1 only."""
    wanted = inline_network(config or {"eth0": ROUTED}, POOL)
    return controller.play("configure", machine_network_hosts="node1", **wanted, **variables)


def reset(controller: Controller) -> PlayResult:
    """Reset node1 only."""
    return controller.play("reset", machine_network_hosts="node1")


def take_over(controller: Controller) -> None:
    """node2 becomes the stranger on node1's address, as far as the controller can see."""
    done = controller.nodes.oob("node2", ["sh", "-ec", STRANGER])
    assert done.returncode == 0, done.stderr
    neighbour = [FIRST, "lladdr", network.mac(2, 0), "dev", "br0", "nud", "permanent"]
    network.in_infrastructure(["ip", "neighbour", "replace", *neighbour])


def heard(controller: Controller) -> str:
    """All that the stranger was sent."""
    return str(controller.nodes.oob("node2", ["cat", "/root/heard"]).stdout)


def recorded(controller: Controller) -> list[list[str]]:
    """The host keys with each claim."""
    return [claim["host_keys"] for claim in controller.claims()]


def own_key(controller: Controller) -> str:
    """The ed25519 key of node1."""
    return " ".join(controller.nodes.oob("node1", ["cat", "/etc/ssh/ssh_host_ed25519_key.pub"]).stdout.split()[:2])


def set_address(controller: Controller, address: str) -> None:
    """Let the inventory lead to node1 at another address."""
    inventory = controller.inventory / Path(controller.nodes.inventory_path).name
    inventory.write_text(inventory.read_text().replace(f"ansible_host={network.lease(1)}", f"ansible_host={address}"))


def test_a_stranger_on_the_address_of_a_host_that_is_off_hears_nothing(controller: Controller) -> None:
    configured = push(controller)
    assert configured.succeeded, configured.output
    assert own_key(controller) in recorded(controller)[0]
    again = push(controller)
    assert again.succeeded, again.output
    assert again.changed("node1") == 0
    controller.nodes.link("node1", "eth0", "down")
    take_over(controller)
    for play in (push, reset):
        result = play(controller)
        assert f"the host at {FIRST} does not have the ssh host keys of node1" in result.failure("node1")
    assert heard(controller) == ""
    assert len(controller.claims()) == 1


def test_a_stranger_on_an_address_that_a_host_is_about_to_get_is_not_taken_for_it(controller: Controller) -> None:
    """The claim is there and nothing is recorded, since no push has succeeded yet."""
    assert "eth7" in push(controller, {"eth0": ROUTED.replace("eth0", "eth7")}).failure("node1")
    before = claimed(controller, "node1", "eth0"), installed(controller, "node1")
    take_over(controller)
    result = push(controller)
    assert "rolled back" in result.failure("node1"), result.output
    assert f"ssh does not accept the key that it gets from {FIRST} as this host's" in result.failure("node1")
    assert (claimed(controller, "node1", "eth0"), installed(controller, "node1")) == before
    controller.nodes.link("node1", "eth0", "down")
    for play in (push, reset):
        failure = play(controller).failure("node1")
        assert f"nothing shows whether the host at {FIRST} is this one" in failure
        assert "accept_host_keys" in failure
    assert (heard(controller), recorded(controller)) == ("", [[]])


def test_an_inventory_that_leads_to_the_claimed_address_leads_no_stranger_in(controller: Controller) -> None:
    """Also over a connection that an earlier task has made without checks, and that is still open."""
    configured = push(controller)
    assert configured.succeeded, configured.output
    controller.nodes.link("node1", "eth0", "down")
    take_over(controller)
    set_address(controller, FIRST)
    role = {"ansible.builtin.include_role": {"name": "elemental.networking.machine_network"}}
    wanted = inline_network({"eth0": ROUTED}, POOL)
    result = controller.tasks({"ansible.builtin.raw": "unchecked"}, role, hosts="node1", **wanted)
    # on a slow machine ssh has closed the shared connection meanwhile, and refuses the key itself
    assert f"{FIRST} does not have the ssh host key" in result.failure("node1")
    assert "unchecked" in heard(controller)
    assert "operation" not in heard(controller)


def test_the_rest_of_a_play_demands_the_key_at_the_new_address(controller: Controller) -> None:
    role = {"ansible.builtin.include_role": {"name": "elemental.networking.machine_network"}}
    again = [{"ansible.builtin.meta": "reset_connection"}, {"ansible.builtin.ping": {}}]
    other = {"ansible.builtin.shell": NEW_KEYS}
    wanted = inline_network({"eth0": ROUTED}, POOL)
    result = controller.tasks(role, *again, other, *again, hosts="node1", **wanted)
    assert "Host key verification failed" in result.failure("node1"), result.output
    assert len([each for each in result.events if each["event"] == "runner_on_ok" and "ping" in str(each)]) >= 1


def install_anew(controller: Controller) -> None:
    """Other host keys, and no connection that was made before."""
    anew = f"{NEW_KEYS}; pkill -f '^sshd[-a-z]*: root' || true"
    assert controller.nodes.oob("node1", ["sh", "-ec", anew]).returncode == 0


def test_a_host_that_was_installed_anew_at_its_claimed_address_is_accepted_by_its_user(controller: Controller) -> None:
    configured = push(controller)
    assert configured.succeeded, configured.output
    install_anew(controller)
    refused = push(controller).failure("node1")
    assert f"the host at {FIRST} does not have the ssh host keys of node1" in refused
    accepted = push(controller, machine_network_accept_host_keys=True)
    assert accepted.succeeded, accepted.output
    assert recorded(controller) == [[own_key(controller)]]
    again = push(controller)
    assert again.succeeded, again.output
    assert again.changed("node1") == 0


def test_a_host_that_was_installed_anew_is_known_where_the_inventory_leads(controller: Controller) -> None:
    other_card = {"eth1": ETH1.replace("172.16.0.170/24", "{inventory-ip}/24")}
    assert push(controller, other_card).succeeded
    install_anew(controller)
    assert push(controller, other_card).succeeded
    assert recorded(controller) == [[own_key(controller)]]
    assert reset(controller).succeeded
