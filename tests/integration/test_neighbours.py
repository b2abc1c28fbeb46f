# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What else is on a node and its network: duplicate addresses, other tools, other profiles, probes of the user's own."""

from __future__ import annotations

import contextlib
import json
import threading
import time
import typing as t
import uuid

import pytest
import yaml

from tests.testbed import network
from tests.testbed.tools import TestBedError

from .conftest import (
    ETH1,
    ROUTED,
    Controller,
    PlayResult,
    claimed,
    inline_network,
    inside,
    installed,
    pool,
    unplug,
    wait_until,
)

pytestmark = pytest.mark.variants

FIRST = "192.168.122.150"
BRIDGE = """[connection]
id=lan
type=bridge
interface-name=lan
[bridge]
stp=false
[ipv4]
method=manual
address1=172.16.0.160/24
"""
PORT = """[connection]
id=port
type=ethernet
interface-name=eth1
master=lan
slave-type=bridge
"""


def push(controller: Controller, config: t.Mapping[str, str] | None = None, **variables: t.Any) -> PlayResult:
    """Configure node1 only."""
    wanted = inline_network(config or {"eth0": ROUTED}, pool("192.168.122.150-192.168.122.200", 24, "192.168.122.1"))
    return controller.play("configure", machine_network_hosts="node1", **wanted, **variables)


def result_of(result: PlayResult, module: str = "") -> t.Mapping[str, t.Any]:
    """What the push returned, that of the role or that of a task of a user."""
    names = [module] if module else ["machine_network_push", "network_config"]
    return next(filter(None, (result.task_result(f"elemental.networking.{name}", "node1") for name in names)), {})


def warnings_of(result: PlayResult) -> str:
    """What the push warned of, empty when of nothing."""
    return " ".join(result_of(result).get("warnings", ()))


@pytest.fixture
def somebody_elses_address() -> t.Iterator[str]:
    """The first address of the pool is in use by another machine; gives its MAC address."""
    change = ["dev", "br0"]
    network.in_infrastructure(["ip", "address", "add", f"{FIRST}/32", *change])
    yield json.loads(network.in_infrastructure(["ip", "-j", "link", "show", "br0"]).stdout)[0]["address"]
    network.in_infrastructure(["ip", "address", "del", f"{FIRST}/32", *change])


def test_a_duplicate_address_is_refused_with_the_mac_of_its_owner(
    controller: Controller, somebody_elses_address: str
) -> None:
    before = claimed(controller, "node1", "eth0"), installed(controller, "node1")
    result = push(controller)
    expected = f"{FIRST} is used by the machine with MAC address {somebody_elses_address} on the same network"
    assert expected in result.failure("node1").replace(somebody_elses_address.upper(), somebody_elses_address)
    assert (claimed(controller, "node1", "eth0"), installed(controller, "node1")) == before


def test_a_duplicate_address_is_not_taken_where_nothing_else_is_active(controller: Controller) -> None:
    """There NetworkManager begins a profile as soon as it is loaded, and all neighbours believe what it says."""
    inside(controller, "node1", "nmcli connection delete 'Wired connection 2'")
    taken = claimed(controller, "node2", "eth1")
    address = taken.split("/", maxsplit=1)[0]
    owner = f"ping -c 1 -W 1 {address} >/dev/null; ip -j neighbour show {address}"
    before = json.loads(inside(controller, "node3", owner))[0]["lladdr"]
    config = {"eth0": ROUTED, "eth1": ETH1.replace("172.16.0.170/24", taken)}
    result = push(controller, config)
    assert f"{address} is used by the machine" in result.failure("node1"), result.output
    now = json.loads(inside(controller, "node3", f"ip -j neighbour show {address}"))[0]["lladdr"]
    assert now == before


CHECKPOINT = "busctl call org.freedesktop.NetworkManager /org/freedesktop/NetworkManager org.freedesktop.NetworkManager"


def test_a_checkpoint_of_another_tool_is_waited_for(controller: Controller) -> None:
    started = time.monotonic()
    controller.nodes.oob("node1", ["sh", "-c", f"{CHECKPOINT} CheckpointCreate aouu 0 20 0"])
    result = push(controller)
    assert result.succeeded, result.output
    assert "another tool with a NetworkManager checkpoint" in result.output
    assert time.monotonic() - started > 20
    assert claimed(controller, "node1", "eth0") == f"{FIRST}/24"


def test_a_checkpoint_that_never_ends_is_named(controller: Controller) -> None:
    controller.nodes.oob("node1", ["sh", "-c", f"{CHECKPOINT} CheckpointCreate aouu 0 0 0"])
    result = push(controller)
    assert "holds a NetworkManager checkpoint on this host that never ends by itself" in result.failure("node1")
    assert installed(controller, "node1") == ""


def add_their_profile(controller: Controller, priority: int) -> None:
    """A profile of somebody else for eth0, not active."""
    command = (
        f"nmcli connection add type ethernet ifname eth0 con-name theirs connection.autoconnect-priority {priority}"
    )
    assert controller.nodes.oob("node1", ["sh", "-c", command]).returncode == 0


def test_a_profile_of_others_stays_and_is_named(controller: Controller) -> None:
    add_their_profile(controller, 0)
    result = push(controller)
    assert result.succeeded, result.output
    assert "profile theirs" in warnings_of(result)
    assert "theirs.nmconnection" in installed(controller, "node1")
    reset = controller.play("reset", machine_network_hosts="node1")
    assert reset.succeeded, reset.output
    assert "theirs.nmconnection" in installed(controller, "node1")


def test_a_profile_of_others_that_would_win_at_boot_is_refused(controller: Controller) -> None:
    add_their_profile(controller, 10)
    before = installed(controller, "node1")
    result = push(controller)
    assert "theirs" in result.failure("node1")
    assert "would win at the next boot" in result.failure("node1")
    assert installed(controller, "node1") == before


def add_bound_profile(controller: Controller, card: int, priority: int) -> None:
    """What cloud-init writes for a network card that it knows by MAC address, loaded and not active."""
    text = f"""[connection]
id=cloud-init eth{card}
uuid=1dd9a779-d327-56e1-8454-c65e2556c12{card}
autoconnect-priority={priority}
type=ethernet

[user]
org.freedesktop.NetworkManager.origin=cloud-init

[ethernet]
mac-address={network.mac(1, card).upper()}

[ipv4]
method=auto
may-fail=false
"""
    file = f"/etc/NetworkManager/system-connections/cloud-init-eth{card}.nmconnection"
    command = f"umask 077; printf %s '{text}' > {file}; nmcli connection load {file}; nmcli connection | grep -q 'cloud-init eth{card}'"
    assert controller.nodes.oob("node1", ["sh", "-c", command]).returncode == 0


BY_MAC = ROUTED.replace("interface-name=eth0", "").replace(
    "[ipv4]", f"[ethernet]\nmac-address={network.mac(1, 0)}\n[ipv4]"
)


@pytest.mark.parametrize("ours", [ROUTED, BY_MAC], ids=["by name", "by MAC address"])
def test_a_profile_bound_by_mac_address_that_would_win_at_boot_is_refused(controller: Controller, ours: str) -> None:
    add_bound_profile(controller, 0, 120)
    before = claimed(controller, "node1", "eth0"), installed(controller, "node1")
    failure = push(controller, {"eth0": ours}).failure("node1")
    assert "profile cloud-init eth0 (/etc/NetworkManager/system-connections/cloud-init-eth0.nmconnection)" in failure
    assert "would win at the next boot: its autoconnect-priority is 120, ours 0" in failure
    assert (claimed(controller, "node1", "eth0"), installed(controller, "node1")) == before
    stronger = ours.replace("id=eth0", "id=eth0\nautoconnect-priority=121")
    result = push(controller, {"eth0": stronger})
    assert result.succeeded, result.output
    assert not warnings_of(result)
    reset = controller.play("reset", machine_network_hosts="node1")
    assert reset.succeeded, reset.output
    assert controller.claims() == []


def test_a_profile_of_ours_bound_by_mac_address_meets_one_with_a_name(controller: Controller) -> None:
    add_their_profile(controller, 10)
    assert "profile theirs" in push(controller, {"eth0": BY_MAC}).failure("node1")


def test_a_profile_bound_by_mac_address_is_found_without_a_carrier(controller: Controller) -> None:
    add_bound_profile(controller, 1, 120)
    unplug(controller, "node1", "eth1")
    assert "profile cloud-init eth1" in push(controller, {"eth0": ROUTED, "eth1": ETH1}).failure("node1")


@pytest.mark.parametrize(("priority", "is_named"), [(-1, False), (0, True)])
def test_a_profile_bound_by_mac_address_that_loses_at_boot_stays(
    controller: Controller, priority: int, is_named: bool
) -> None:
    add_bound_profile(controller, 0, priority)
    result = push(controller)
    assert result.succeeded, result.output
    assert ("profile cloud-init eth0" in warnings_of(result)) is is_named
    boot(controller)
    assert claimed(controller, "node1", "eth0") == f"{FIRST}/24"
    assert "cloud-init-eth0.nmconnection" in installed(controller, "node1")


def test_a_profile_that_ours_replaces_is_no_contender(controller: Controller) -> None:
    """The same file under another uuid: NetworkManager knows the old one until ours is persisted."""
    earlier = "id=eth0\nuuid=7a1c59ab-2f4b-4f0e-9c6d-0d5f3d0d8b01\nautoconnect-priority=10"
    assert push(controller, {"eth0": ROUTED.replace("id=eth0", earlier)}).succeeded
    result = push(controller)
    assert result.succeeded, result.output
    assert not warnings_of(result)
    boot(controller)
    assert claimed(controller, "node1", "eth0") == f"{FIRST}/24"


THEIRS = """[connection]
id=theirs
uuid={uuid}
type=ethernet
interface-name=eth1

[ipv4]
method=disabled

[ipv6]
method=disabled
"""
# nothing is claimed for it, and eth0 is left without a static address
KEPT = """[connection]
id=eth0
type=ethernet
interface-name=eth0
[ipv4]
method=auto
"""
# what the controller derives from the name eth0.nmconnection
OUR_UUID = str(uuid.uuid5(uuid.UUID("7d0a2b3e-5f0c-5a57-9c0e-3c5f4b1d8a61"), "eth0.nmconnection"))


def install_theirs(controller: Controller, name: str, text: str) -> str:
    """A profile file that this collection did not install, loaded; gives what is in /etc then."""
    file = f"/etc/NetworkManager/system-connections/{name}.nmconnection"
    command = f"umask 077; printf %s '{text}' > {file}; nmcli connection load {file}"
    assert controller.nodes.oob("node1", ["sh", "-c", command]).returncode == 0
    return installed(controller, "node1")


@pytest.mark.parametrize(
    ("name", "identity", "words"),
    [
        ("eth0", "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d", "eth0.nmconnection was not installed by this collection"),
        (
            "theirs",
            OUR_UUID,
            "theirs.nmconnection was not installed by this collection and has the uuid of profile eth0",
        ),
    ],
    ids=["our file name", "our uuid"],
)
def test_a_profile_file_of_others_is_neither_overwritten_nor_deleted(
    controller: Controller, name: str, identity: str, words: str
) -> None:
    before = install_theirs(controller, name, THEIRS.format(uuid=identity))
    task = {"elemental.networking.network_config": {"configurator": "nmconnections", "config": {"eth0": KEPT}}}
    for arguments in ("--check", ""):
        result = controller.tasks(task, hosts="node1", arguments=arguments)
        assert words in result.failure("node1"), result.output
        assert installed(controller, "node1") == before
    assert controller.nodes.oob("node1", ["ls", "/run/elemental-networking/trial"]).returncode != 0


def test_the_way_out_of_a_file_of_others_works(controller: Controller) -> None:
    """Renamed and reloaded as the message says, it stays, after the reset too."""
    install_theirs(controller, "eth0", THEIRS.format(uuid="9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"))
    rename = "cd /etc/NetworkManager/system-connections && mv eth0.nmconnection before.nmconnection && nmcli connection reload"
    assert controller.nodes.oob("node1", ["sh", "-c", rename]).returncode == 0
    result = push(controller)
    assert result.succeeded, result.output
    reset = controller.play("reset", machine_network_hosts="node1")
    assert reset.succeeded, reset.output
    assert "before.nmconnection" in installed(controller, "node1")


def test_a_file_that_means_what_is_wanted_is_taken_over(controller: Controller) -> None:
    """Written by Elemental (without a uuid), from a bundle for the first boot, or by hand: a reset gives DHCP back."""
    values = {"{inventory-ip}": FIRST, "{inventory-ip.prefix}": "24", "{inventory-ip.gateway}": "192.168.122.1"}
    text = ROUTED
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    install_theirs(controller, "eth0", text)
    result = push(controller)
    assert result.succeeded, result.output
    assert push(controller).changed("node1") == 0
    assert controller.play("reset", machine_network_hosts="node1").succeeded


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("/etc/network/interfaces", "iface eth1 inet dhcp\n"),
        ("/etc/NetworkManager/conf.d/90-spare.conf", "[keyfile]\nunmanaged-devices=interface-name:eth1\n"),
    ],
    ids=["ifupdown", "unmanaged-devices"],
)
def test_an_interface_that_networkmanager_leaves_alone_is_refused(controller: Controller, file: str, text: str) -> None:
    """A trial would be rolled back, or no boot would bring it up; found in the dry run."""
    script = f"mkdir -p $(dirname {file}) && printf '{text}' >> {file} && systemctl restart NetworkManager"
    assert controller.nodes.oob("node1", ["sh", "-ec", script]).returncode == 0
    is_unmanaged = ["sh", "-c", "nmcli -g DEVICE,STATE device | grep -q eth1:unmanaged"]
    wait_until(
        lambda: controller.nodes.oob("node1", is_unmanaged).returncode == 0, "the interface is left alone", seconds=60.0
    )
    task = {"elemental.networking.network_config": {"configurator": "nmconnections", "config": {"eth1": ETH1}}}
    result = controller.tasks(task, hosts="node1", arguments="--check")
    assert f"eth1, which is unmanaged by NetworkManager on this host (by {file})" in result.failure("node1"), (
        result.output
    )


def test_a_profile_of_ours_that_no_boot_brings_up_does_not_take_the_way_in(controller: Controller) -> None:
    result = push(controller, {"eth0": ROUTED.replace("id=eth0", "id=eth0\nautoconnect=false")})
    assert "nothing would bring eth0 up, over which the controller connects; nothing was changed" in result.failure(
        "node1"
    )
    assert installed(controller, "node1") == ""


def boot(controller: Controller) -> None:
    """Cut the power of a node, and wait until NetworkManager has settled after the boot."""
    controller.nodes.oob("node1", ["touch", "/run/before-the-boot"])
    controller.nodes.power_cut("node1")
    settled = "test ! -e /run/before-the-boot && nm-online -s -q -t 1 && nmcli -g DEVICE,STATE device | grep -q eth0:connected"

    def is_settled() -> bool:
        with contextlib.suppress(TestBedError):  # it is off
            return bool(controller.nodes.oob("node1", ["sh", "-c", settled]).returncode == 0)
        return False

    wait_until(is_settled, "node1 has settled after its boot", seconds=60.0)


def test_a_probe_that_passed_before_has_to_pass_after(controller: Controller) -> None:
    lease = claimed(controller, "node1", "eth0")
    command = f"ip -4 -br address show eth0 | grep -qF {lease}"
    result = push(controller, machine_network_probes=[{"type": "command", "name": "old address", "command": command}])
    assert "rolled back" in result.failure("node1")
    assert "probe old address passed before and fails now" in result.failure("node1")
    assert claimed(controller, "node1", "eth0") == lease


def test_a_probe_that_failed_before_does_not_block_and_is_shown(controller: Controller) -> None:
    probes = [
        {"type": "tcp", "target": "192.168.122.1", "port": 9},
        {"type": "ping", "target": "192.168.122.1"},
        {"type": "command", "name": "own", "command": "true"},
    ]
    result = push(controller, machine_network_probes=probes)
    assert result.succeeded, result.output
    shown = {probe["name"]: (probe["before"], probe["after"]) for probe in result_of(result)["probes"]}
    assert shown["ping 192.168.122.1"] == shown["own"] == ("passed", "passed")
    assert "passed" not in shown["tcp 192.168.122.1:9"][0]


def test_profiles_for_elemental_os_are_kept_and_removed(controller: Controller) -> None:
    file = "/oem/elemental-network.yaml"
    controller.nodes.oob("node1", ["mkdir", "-p", "/oem"])
    result = push(controller, machine_network_elemental_os=True)
    assert result.succeeded, result.output
    kept = yaml.safe_load(controller.nodes.oob("node1", ["cat", file]).stdout)
    (step,) = [step for stage in kept["stages"].values() for step in stage]
    assert {each["path"] for each in step["files"]} == {"/etc/NetworkManager/system-connections/eth0.nmconnection"}
    assert f"address1={FIRST}/24" in step["files"][0]["content"]
    assert controller.nodes.oob("node1", ["stat", "-c", "%a", file]).stdout.strip() == "600"
    again = push(controller, machine_network_elemental_os=True)
    assert again.changed("node1") == 0, again.output
    assert controller.play("reset", machine_network_hosts="node1").succeeded
    assert controller.nodes.oob("node1", ["ls", file]).returncode != 0


def test_a_bridge_of_ours_goes_with_the_reset(controller: Controller) -> None:
    result = push(controller, {"eth0": ROUTED, "lan": BRIDGE, "port": PORT})
    assert result.succeeded, result.output
    assert claimed(controller, "node1", "lan") == "172.16.0.160/24"
    reset = controller.play("reset", machine_network_hosts="node1")
    assert reset.succeeded, reset.output
    assert controller.nodes.oob("node1", ["ip", "link", "show", "lan"]).returncode != 0
    assert claimed(controller, "node1", "eth1") == f"{network.lease(1, 1)}/24"
    files = installed(controller, "node1").split()[1::2]
    assert files == ["elemental-dhcp-eth0.nmconnection", "elemental-dhcp-eth1.nmconnection"]


def test_a_host_with_nothing_but_a_bridge_of_ours_is_reset(controller: Controller) -> None:
    """No interface of the machine itself carries a profile of ours: there is none to give DHCP back to."""
    alone = BRIDGE.replace("172.16.0.160/24", "{inventory-ip}/32")
    assert push(controller, {"lan": alone}).succeeded
    assert claimed(controller, "node1", "lan") == f"{FIRST}/32"
    reset = controller.play("reset", machine_network_hosts="node1")
    assert reset.succeeded, reset.output
    assert controller.nodes.oob("node1", ["ip", "link", "show", "lan"]).returncode != 0
    assert (installed(controller, "node1"), controller.claims()) == ("", [])


def test_a_card_without_a_network_is_reset_once(controller: Controller) -> None:
    """It waits for a DHCP server; another reset does not try it again."""
    assert push(controller, {"eth0": ROUTED, "eth1": ETH1}).succeeded
    unplug(controller, "node1", "eth1")
    first, second = (controller.play("reset", machine_network_hosts="node1") for _time in range(2))
    controller.nodes.link("node1", "eth1", "up")
    assert (first.succeeded, second.succeeded) == (True, True), first.output + second.output
    assert result_of(first, "machine_network_reset")["changed"]
    assert second.changed("node1") == 0


def test_an_ipv6_address_that_got_lost_is_put_back(controller: Controller) -> None:
    dual = ROUTED.replace("method=disabled", "method=manual\naddress1=fd00:16::7/64")
    assert push(controller, {"eth0": dual}).succeeded
    assert push(controller, {"eth0": dual}).changed("node1") == 0
    controller.nodes.oob("node1", ["ip", "address", "del", "fd00:16::7/64", "dev", "eth0"])
    again = push(controller, {"eth0": dual})
    assert again.changed("node1") == 1, again.output
    assert "fd00:16::7/64 missing on the device" in str(result_of(again)["profiles"])
    assert "fd00:16::7" in controller.nodes.oob("node1", ["ip", "-6", "address", "show", "eth0"]).stdout


def open_trial_of_a_dead_controller(controller: Controller) -> None:
    """A trial that is up and cannot be confirmed, and the controller killed beside it."""
    probe = {"type": "command", "command": "! ip -4 address show eth1 | grep -q 172.16.0.170"}
    options = {"configurator": "nmconnections", "config": {"eth1": ETH1}, "deadline": 300, "probes": [probe]}
    task = {"elemental.networking.network_config": options}

    def play() -> None:
        with contextlib.suppress(AssertionError):  # it is killed: there is no result
            controller.tasks(task, hosts="node1")

    running = threading.Thread(target=play)
    running.start()
    is_up = ["grep", "-q", '"phase": "activated"', "/run/elemental-networking/trial/trial.json"]
    deadline = time.monotonic() + 60
    while controller.nodes.oob("node1", is_up).returncode and time.monotonic() < deadline:
        time.sleep(0.1)
    controller.kill()
    running.join(60)


def test_check_mode_leaves_the_trial_of_a_dead_controller_to_the_next_run(controller: Controller) -> None:
    open_trial_of_a_dead_controller(controller)
    task = {"elemental.networking.network_config": {"configurator": "nmconnections", "config": {"eth1": ETH1}}}
    checked = controller.tasks(task, hosts="node1", arguments="--check")
    assert checked.succeeded, checked.output
    assert checked.changed("node1") == 1
    assert "an earlier change of this host was not brought to its end" in warnings_of(checked)
    assert controller.nodes.oob("node1", ["ls", "/run/elemental-networking/trial/trial.json"]).returncode == 0
    assert installed(controller, "node1") == ""
    real = controller.tasks(task, hosts="node1")
    assert real.succeeded, real.output
    assert "eth1.nmconnection" in installed(controller, "node1")


def test_a_node_that_is_gone_is_released_only_by_force(controller: Controller) -> None:
    assert push(controller).succeeded
    controller.nodes.link("node1", "eth0", "down")
    kept = controller.play("reset", machine_network_hosts="node1")
    assert "keeps its claims" in kept.failure("node1")
    assert len(controller.claims()) == 1
    forced = controller.play("reset", machine_network_hosts="node1", machine_network_force_release=True)
    assert "released by force" in forced.failure("node1")
    assert controller.claims() == []


def test_without_a_dhcp_server_a_node_stays_as_it_was(controller: Controller) -> None:
    assert push(controller).succeeded
    before = installed(controller, "node1")
    controller.nodes.dhcp(False)
    result = controller.play("reset", machine_network_hosts="node1", machine_network_rollback_timeout=8)
    assert "keeps its claims" in result.failure("node1")
    assert (claimed(controller, "node1", "eth0"), installed(controller, "node1")) == (f"{FIRST}/24", before)
    assert len(controller.claims()) == 1
    controller.nodes.dhcp(True)
    assert controller.play("reset", machine_network_hosts="node1").succeeded
    assert controller.claims() == []


def test_hosts_with_different_databases_are_refused(controller: Controller) -> None:
    database = "{{ inventory_dir }}/.{{ inventory_hostname }}.sqlite"
    wanted = inline_network({"eth0": ROUTED}, pool("192.168.122.150-192.168.122.200", 24, "192.168.122.1"))
    result = controller.play("configure", machine_network_ipam_database=database, **wanted)
    assert "name different databases" in result.output
    assert list(controller.inventory.glob(".*.sqlite")) == []


def test_one_machine_name_in_two_batches_is_found_out(controller: Controller) -> None:
    wanted = inline_network({"eth0": ROUTED}, pool("192.168.122.150-192.168.122.200", 24, "192.168.122.1"))
    result = controller.play(
        "configure", machine_network_serial=1, machine_network_machine_name="one-for-all", **wanted
    )
    assert "made for host node1, and host node2 has the same machine name" in result.output
    assert [claim["host"] for claim in controller.claims()] == ["node1"]
