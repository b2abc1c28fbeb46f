# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way that Ansible has into a node: jump hosts, become, without pipelining, other Pythons, without systemd."""

from __future__ import annotations

import re
import subprocess
import time
import typing as t
from pathlib import Path

import pytest

from tests.testbed import network, places

from .conftest import ETH0, ETH1, ROUTED, Controller, claimed, inline_network, inside, installed, pool, wait_until

pytestmark = pytest.mark.variants

FIRST = "192.168.122.150"


def push(controller: Controller, **variables: t.Any) -> t.Any:
    """Configure node1 only, and reset nobody."""
    wanted = inline_network({"eth0": ROUTED}, pool("192.168.122.150-192.168.122.200", 24, "192.168.122.1"))
    return controller.play("configure", machine_network_hosts="node1", **wanted, **variables)


def there_and_back(controller: Controller) -> None:
    """A push that moves the address, a second one that changes nothing, and a reset."""
    lease = claimed(controller, "node1", "eth0")
    first = push(controller)
    assert first.succeeded, first.output
    assert claimed(controller, "node1", "eth0") == f"{FIRST}/24"
    second = push(controller)
    assert second.succeeded, second.output
    assert second.changed("node1") == 0
    reset = controller.play("reset", machine_network_hosts="node1")
    assert reset.succeeded, reset.output
    assert claimed(controller, "node1", "eth0") == lease


@pytest.fixture
def only_through_node2(nodes: t.Any, tmp_path: Path) -> t.Iterator[str]:
    """An ssh configuration with node2 as the jump host of node1, which cannot be reached directly."""
    routes = [f"{address}/32" for address in (network.lease(1), FIRST)]
    for route in routes:
        network.in_infrastructure(["ip", "route", "add", "unreachable", route])
    common = (
        "  IdentityFile {}\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n  User root\n"
    )
    hosts = f"Host {network.lease(1)} {FIRST}\n  ProxyJump jump\nHost jump\n  HostName {network.lease(2)}\nHost *\n"
    file = tmp_path / "ssh_config"
    file.write_text(hosts + common.format(places.KEY))
    yield f"-F {file}"
    for route in routes:
        network.in_infrastructure(["ip", "route", "del", "unreachable", route])


@pytest.fixture
def checks_keys(controller: Controller, tmp_path: Path) -> None:
    """A controller that knows node1 by the address of the inventory alone; the address that node1 will claim was another machine's."""
    own = controller.nodes.oob("node1", ["cat", "/etc/ssh/ssh_host_ed25519_key.pub"]).stdout
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "other")], check=True)
    known = tmp_path / "known_hosts"
    known.write_text(f"{network.lease(1)} {own}\n{FIRST} {(tmp_path / 'other.pub').read_text()}\n")
    ssh = f"-o UserKnownHostsFile={known} -o StrictHostKeyChecking=yes -o LogLevel=ERROR"
    controller.set_hosts(ansible_host_key_checking=True, ansible_ssh_common_args=ssh)


@pytest.mark.usefixtures("checks_keys")
def test_where_ssh_checks_the_keys_of_hosts(controller: Controller) -> None:
    """As it does by default: the key to expect at a new address is the one that it has for the node."""
    there_and_back(controller)


@pytest.mark.usefixtures("checks_keys")
def test_where_ssh_checks_keys_the_rest_of_the_play_comes_in_anew(controller: Controller) -> None:
    role = {"ansible.builtin.include_role": {"name": "elemental.networking.machine_network"}}
    wanted = inline_network({"eth0": ROUTED}, pool("192.168.122.150-192.168.122.200", 24, "192.168.122.1"))
    rest = [{"ansible.builtin.meta": "reset_connection"}, {"ansible.builtin.ping": {}}]
    result = controller.tasks(role, *rest, hosts="node1", **wanted)
    assert result.succeeded, result.output
    assert claimed(controller, "node1", "eth0") == f"{FIRST}/24"


@pytest.mark.parametrize("word", ["-F", "-4F"])
def test_through_a_jump_host(controller: Controller, only_through_node2: str, word: str) -> None:
    """Also where options of ssh share a word."""
    controller.set_hosts(ansible_ssh_common_args=only_through_node2.replace("-F", word))
    there_and_back(controller)


def test_through_a_jump_host_an_unreachable_subnet_rolls_back(controller: Controller, only_through_node2: str) -> None:
    controller.set_hosts(ansible_ssh_common_args=only_through_node2)
    before = claimed(controller, "node1", "eth0"), installed(controller, "node1")
    wanted = inline_network({"eth0": ROUTED}, pool("10.99.0.10-10.99.0.20", 24, "10.99.0.1"))
    result = controller.play("configure", machine_network_hosts="node1", machine_network_rollback_timeout=8, **wanted)
    assert "rolled back" in result.failure("node1")
    assert (claimed(controller, "node1", "eth0"), installed(controller, "node1")) == before


@pytest.mark.parametrize("plugin", ["paramiko", "local"])
def test_another_connection_plugin_changes_nothing_and_says_why(controller: Controller, plugin: str) -> None:
    before = claimed(controller, "node1", "eth0"), installed(controller, "node1")
    controller.set_hosts(ansible_connection=plugin)
    result = push(controller)
    assert not result.succeeded
    assert f"connection plugin {plugin}" in result.output
    assert "Traceback" not in result.output
    assert (claimed(controller, "node1", "eth0"), installed(controller, "node1")) == before


@pytest.fixture
def as_operator(controller: Controller) -> None:
    """A user who is not root on node1, may sudo, and knows root's password."""
    script = """
        useradd -m ops && echo 'root:secret' | chpasswd
        install -d -m 700 -o ops /home/ops/.ssh
        install -m 600 -o ops /root/.ssh/authorized_keys /home/ops/.ssh/
        echo 'ops ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/ops
    """
    done = controller.nodes.oob("node1", ["sh", "-ec", script])
    assert done.returncode == 0, done.stderr


def become_by(controller: Controller, method: str) -> None:
    """Connect as the operator."""
    variables = {"ansible_user": "ops", "ansible_become": True, "ansible_become_method": method}
    inventory = controller.inventory / Path(controller.nodes.inventory_path).name
    inventory.write_text(inventory.read_text().replace("ansible_user=root", "ansible_user=ops"))
    controller.set_hosts(**variables, ansible_become_password="secret")


@pytest.mark.usefixtures("as_operator")
@pytest.mark.parametrize("method", ["sudo", "su"])
def test_with_become(controller: Controller, method: str) -> None:
    """sudo takes the program through standard input; su asks on a terminal, so it waits in memory there."""
    become_by(controller, method)
    there_and_back(controller)


@pytest.mark.usefixtures("as_operator")
def test_with_su_nothing_is_logged_shown_or_left(controller: Controller) -> None:
    """Neither the program nor the keyfile with its secret, on the node or in the output."""
    inventory = controller.inventory / Path(controller.nodes.inventory_path).name
    inventory.write_text(inventory.read_text().replace("ansible_user=root", "ansible_user=ops"))
    variables = {"ansible_user": "ops", "ansible_become": True, "ansible_become_method": "su"}
    controller.set_hosts(**variables, ansible_become_password="secret")
    secure = f"{ETH1}[802-1x]\neap=peap;\nidentity=node\npassword=correct-horse-battery\nphase2-auth=mschapv2\n"
    options = {"configurator": "nmconnections", "config": {"eth1": secure}, "deadline": 8}
    result = controller.tasks(
        {"elemental.networking.network_config": options}, hosts="node1", verbosity=1, arguments="--check"
    )
    assert result.succeeded, result.output
    assert result.changed("node1") == 1
    assert len(result.output) < 10_000
    assert "correct-horse-battery" not in result.output
    journal = controller.nodes.oob("node1", ["journalctl", "--no-pager", "--all"]).stdout
    assert "correct-horse-battery" not in journal
    assert "SOURCES" not in journal
    left = controller.nodes.oob("node1", ["sh", "-c", "ls -A /dev/shm /home/ops/.ansible/tmp 2>/dev/null"]).stdout
    assert "elemental" not in left
    assert "ansible-tmp" not in left


@pytest.mark.usefixtures("as_operator")
def test_with_sudo_and_a_name_instead_of_an_address(controller: Controller) -> None:
    """A push of an interface that the controller cannot reach: sudo hides from the node where the controller came in."""
    inventory = controller.inventory / Path(controller.nodes.inventory_path).name
    text = inventory.read_text().replace("ansible_user=root", "ansible_user=ops")
    inventory.write_text(text.replace(f"ansible_host={network.lease(1)}", "ansible_host=rack7"))
    ssh = (
        f"-o HostName={network.lease(1)} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
    )
    controller.set_hosts(ansible_become=True, ansible_ssh_common_args=ssh)
    wanted = inline_network({"eth1": ETH0.replace("eth0", "eth1")}, pool("10.99.0.10-10.99.0.20", 24))
    result = controller.play("configure", machine_network_hosts="node1", **wanted)
    assert result.succeeded, result.output
    assert claimed(controller, "node1", "eth1") == "10.99.0.10/24"


@pytest.mark.usefixtures("as_operator")
def test_without_become_one_sentence_says_what_to_set(controller: Controller) -> None:
    inventory = controller.inventory / Path(controller.nodes.inventory_path).name
    inventory.write_text(inventory.read_text().replace("ansible_user=root", "ansible_user=ops"))
    result = push(controller)
    assert "become" in result.failure("node1"), result.output
    assert "Traceback" not in result.output


def test_a_shared_connection_that_died_does_not_hang_the_play(controller: Controller) -> None:
    """The user's own ssh options, which come before ours, neither notice a dead connection nor let anybody choose another one."""
    own = f"-o ControlMaster=auto -o ControlPersist=60 -o ControlPath={places.CONTROL_PATHS}/own-%h -o ServerAliveInterval=0"
    controller.set_hosts(ansible_ssh_args=own)
    cut = {"ansible.builtin.command": f"ip link set {network.plug(1, 0)} down", "delegate_to": "localhost"}
    eth1 = {"configurator": "nmconnections", "config": {"eth1": ETH1}, "deadline": 6}
    tasks = ({"ansible.builtin.raw": "true"}, cut, {"elemental.networking.network_config": eth1})
    began = time.monotonic()
    result = controller.tasks(*tasks, hosts="node1", ansible_timeout=3)
    assert time.monotonic() - began < 120, "TCP itself gives up after a quarter of an hour"
    assert "the host cannot be reached over ssh" in result.failure("node1"), result.output


def test_the_users_own_control_path_is_no_proof_of_a_new_connection(controller: Controller) -> None:
    own = f"-o ControlMaster=auto -o ControlPersist=60 -o ControlPath={places.CONTROL_PATHS}/own-%h"
    controller.set_hosts(ansible_ssh_args=own)
    there_and_back(controller)
    eth1 = {"configurator": "nmconnections", "config": {"eth1": ETH1}}
    result = controller.tasks({"elemental.networking.network_config": eth1}, hosts="node1")
    assert result.succeeded, result.output
    assert claimed(controller, "node1", "eth1") == "172.16.0.170/24"


def close_to_new_connections(controller: Controller, interface: str) -> None:
    """A double for a firewall that lets old connections through: sshd of node1 stops to listen when a profile comes up on the interface."""
    script = f"""
        cd /etc/NetworkManager/dispatcher.d/pre-up.d
        printf '#!/bin/sh\n[ "$CONNECTION_ID" = {interface} ] && systemctl stop ssh || systemctl start ssh\n' > 90-firewall
        chmod 755 90-firewall
    """
    assert controller.nodes.oob("node1", ["sh", "-ec", script]).returncode == 0


@pytest.mark.parametrize("interface", ["eth0", "eth1"])
def test_an_old_connection_that_lives_on_is_no_proof(controller: Controller, interface: str) -> None:
    """New connections do not come through the new network, those from before do."""
    close_to_new_connections(controller, interface)
    refuse_for_want_of_a_proof(controller, interface)


def refuse_for_want_of_a_proof(controller: Controller, interface: str) -> None:
    """A push to node1 is rolled back, since nobody can connect to it anew."""
    before = claimed(controller, "node1", interface), installed(controller, "node1")
    text = ROUTED.replace(
        "{inventory-ip}/{inventory-ip.prefix},{inventory-ip.gateway}", "192.168.122.11/24,192.168.122.1"
    )
    config = {interface: ETH1 if interface == "eth1" else text}
    options = {"configurator": "nmconnections", "config": config, "deadline": 8}
    result = controller.tasks({"elemental.networking.network_config": options}, hosts="node1")
    assert "rolled back" in result.failure("node1"), result.output
    assert "the controller did not connect" in result.failure("node1"), result.output
    assert "within 8 s" in result.failure("node1")
    assert (claimed(controller, "node1", interface), installed(controller, "node1")) == before


@pytest.fixture
def behind_nat(controller: Controller) -> None:
    """Ansible runs where a job of AWX does: node1 sees another address than the controller has, and other ports."""
    controller.nodes.go_behind_nat()


def callers(controller: Controller) -> dict[str, str]:
    """Who came to sshd of node1, as it has logged it: the last line of each port."""
    lines = inside(controller, "node1", "journalctl --no-pager -o cat -t sshd").splitlines()
    found = [(line, re.search(r" from (\S+) port (\d+)| by (\S+) port (\d+)", line)) for line in lines]
    return {" ".join(filter(None, each.groups())): line for line, each in found if each}


@pytest.mark.usefixtures("as_operator", "behind_nat")
@pytest.mark.parametrize("method", ["", "sudo", "su"])
def test_behind_nat_a_new_connection_is_the_proof(controller: Controller, method: str) -> None:
    """The management connection is not touched, and a connection that logs in nobody has come through the new network."""
    if method:
        become_by(controller, method)
    eth1 = {"configurator": "nmconnections", "config": {"eth1": ETH1}}
    before = callers(controller)
    result = controller.tasks({"elemental.networking.network_config": eth1}, hosts="node1")
    assert result.succeeded, result.output
    assert result.changed("node1") == 1
    assert claimed(controller, "node1", "eth1") == "172.16.0.170/24"

    def proofs() -> list[str]:
        came = {caller: line for caller, line in callers(controller).items() if caller not in before}
        assert all(caller.startswith("192.168.122.1 ") for caller in came), (
            "the node sees the NAT, and nothing behind it"
        )
        return [line for line in came.values() if "Accepted" not in line]

    wait_until(lambda: bool(proofs()), "a connection that is no login")
    wait_until(
        lambda: not inside(controller, "node1", "ls /run/elemental-networking | grep answer; pgrep -f '[p]ython3 -I'"),
        "nothing is left on the node",
    )
    again = controller.tasks({"elemental.networking.network_config": eth1}, hosts="node1")
    assert (again.succeeded, again.changed("node1")) == (True, 0), again.output


@pytest.mark.usefixtures("behind_nat")
def test_behind_nat_the_address_moves_and_comes_back(controller: Controller) -> None:
    there_and_back(controller)


@pytest.mark.usefixtures("behind_nat")
@pytest.mark.parametrize("interface", ["eth0", "eth1"])
def test_behind_nat_an_old_connection_that_lives_on_is_no_proof(controller: Controller, interface: str) -> None:
    close_to_new_connections(controller, interface)
    refuse_for_want_of_a_proof(controller, interface)


@pytest.mark.usefixtures("behind_nat")
def test_behind_nat_a_host_that_cannot_judge_by_itself_is_asked(controller: Controller) -> None:
    """A double for a host on which no process outlives its session: the one that waits is killed when it begins."""
    script = """
        while sleep 0.01; do for pipe in /run/elemental-networking/answer-*; do
          [ -e "$pipe" ] && pkill -9 -P 1 -f '[p]ython3 -I' && echo killed > /run/killed
        done; done
    """
    start = ["systemd-run", "--quiet", "--unit=killer", "sh", "-c", script]
    assert controller.nodes.oob("node1", start).returncode == 0
    eth1 = {"configurator": "nmconnections", "config": {"eth1": ETH1}}
    result = controller.tasks({"elemental.networking.network_config": {**eth1, "deadline": 60}}, hosts="node1")
    assert inside(controller, "node1", "cat /run/killed") == "killed\n"
    assert result.succeeded, result.output
    assert claimed(controller, "node1", "eth1") == "172.16.0.170/24"


def test_without_pipelining(controller: Controller) -> None:
    controller.set_hosts(ansible_pipelining=False, ansible_ssh_pipelining=False)
    there_and_back(controller)


def test_in_a_task_that_localhost_delegates(controller: Controller) -> None:
    """Whose own Python is the controller's."""
    controller.set_hosts(ansible_python_interpreter="{{ own_folder }}/python3", own_folder="/usr/bin")
    options = {"machine": "node1", "configurator": "nmconnections", "config": {"eth1": ETH1}}
    task = {"elemental.networking.network_config": options, "delegate_to": "node1"}
    result = controller.tasks(task, hosts="localhost")
    assert result.succeeded, result.output
    assert claimed(controller, "node1", "eth1") == "172.16.0.170/24"


def test_on_a_node_that_has_only_platform_python(controller: Controller) -> None:
    """As Red Hat's minimal images: no python3 on PATH."""
    script = "mkdir -p /usr/libexec && ln -s $(readlink -f /usr/bin/python3) /usr/libexec/platform-python && rm /usr/bin/python3"
    assert controller.nodes.oob("node1", ["sh", "-ec", script]).returncode == 0
    inventory = controller.inventory / Path(controller.nodes.inventory_path).name
    inventory.write_text(inventory.read_text().replace("ansible_python_interpreter=/usr/bin/python3\n", ""))
    there_and_back(controller)


def test_without_systemd_a_detached_process_is_the_dead_man(controller: Controller) -> None:
    """A double for a node without systemd: the folder by which programs know it (sd_booted(3)) is taken away."""
    assert controller.nodes.oob("node1", ["mv", "/run/systemd/system", "/run/systemd/hidden"]).returncode == 0
    there_and_back(controller)
    before = claimed(controller, "node1", "eth0")
    wanted = inline_network({"eth0": ROUTED}, pool("10.99.0.10-10.99.0.20", 24, "10.99.0.1", "unreachable"))
    result = controller.play("configure", machine_network_hosts="node1", machine_network_rollback_timeout=8, **wanted)
    assert "rolled back" in result.failure("node1")
    assert claimed(controller, "node1", "eth0") == before
    assert "elemental-networking" not in controller.nodes.oob("node1", ["ps", "-eo", "args"]).stdout
