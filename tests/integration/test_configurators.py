# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""nmstate and nmc on real nodes: the documentation's registrations, switching, and everything that renders loads."""

from __future__ import annotations

import base64
import json
import os
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.data.cases import CASES
from tests.stages import nmstatectl

from .conftest import REPOSITORY, Controller, claimed, inline_network, installed, pool, profiles

_REGISTRATION = "tests/data/elemental/machineregistration-{}.manifest"
_PLACES = "/etc/NetworkManager/system-connections"
_SECRET = "correct-horse-battery"
_ADDRESS = {"ip": "{inventory-ip}", "prefix-length": "{inventory-ip.prefix}"}


@pytest.fixture
def tools(controller: Controller, monkeypatch: pytest.MonkeyPatch) -> Controller:
    """nmstatectl and the stand-in for nmc on every node, by the roles, and on the controller's PATH."""
    binary = nmstatectl.build()
    folder = controller.folder / "bin"
    folder.mkdir()
    (folder / "nmc").symlink_to(REPOSITORY / "tests/standins/nmc.py")
    monkeypatch.setenv("PATH", f"{folder}:{binary.parent}:{os.environ['PATH']}")
    for role, file in (("nmstatectl", binary), ("nmc", REPOSITORY / "tests/standins/nmc.py")):
        play_role(controller, role, {f"{role}_method": "file", f"{role}_file": str(file)})
    return controller


def play_role(controller: Controller, role: str, variables: t.Mapping[str, t.Any]) -> None:
    """Run a role of the collection on every node."""
    book = controller.folder / f"{role}.json"
    book.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "roles": [f"elemental.networking.{role}"]}]))
    environment = {
        "ANSIBLE_COLLECTIONS_PATH": str(controller.folder / "collections"),
        "ANSIBLE_HOST_KEY_CHECKING": "False",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    command = ["env", *(f"{name}={value}" for name, value in environment.items()), "ansible-playbook"]
    command += ["-i", str(controller.inventory), "-e", json.dumps(variables), str(book)]
    run = controller.nodes.run(command)
    assert run.returncode == 0, run.stdout


def registration(configurator: str) -> dict[str, t.Any]:
    """The variables for the documentation's own registration, byte for byte as it is there."""
    return {"machine_network_manifest": str(REPOSITORY / _REGISTRATION.format(configurator))}


@pytest.mark.parametrize("place", ["node", "controller"])
@pytest.mark.parametrize("configurator", ["nmc", "nmstate"])
def test_the_registrations_of_the_documentation(tools: Controller, configurator: str, place: str) -> None:
    """Claims from both pools, both interfaces, routes and DNS as NetworkManager reports them; again: nothing; reset: DHCP."""
    variables = {**registration(configurator), "machine_network_render_on": place}
    first = tools.play("configure", **variables)
    assert first.succeeded, first.output
    for number, node in enumerate(tools.nodes.names):
        assert claimed(tools, node, "eth0") == f"192.168.122.{150 + number}/24"
        assert claimed(tools, node, "eth1") == f"172.16.0.{150 + number}/24"
        shown = tools.nodes.oob(node, ["nmcli", "-g", "IP4.ROUTE,IP4.DNS", "device", "show", "eth0"]).stdout
        assert "dst = 0.0.0.0/0, nh = 192.168.122.1, mt = 150" in shown
        assert "192.168.122.1" in shown.splitlines()
        shown = tools.nodes.oob(node, ["nmcli", "-g", "IP4.ROUTE", "device", "show", "eth1"]).stdout
        assert "dst = 172.16.0.0/24, nh = 172.16.0.1, mt = 150" in shown
    before = {node: (installed(tools, node), profiles(tools, node)) for node in tools.nodes.names}
    second = tools.play("configure", **variables)
    assert second.succeeded, second.output
    for node in tools.nodes.names:
        assert second.changed(node) == 0
        assert (installed(tools, node), profiles(tools, node)) == before[node]
    reset = tools.play("reset", **variables)
    assert reset.succeeded, reset.output
    for number, node in enumerate(tools.nodes.names):
        assert claimed(tools, node, "eth0") == f"192.168.122.{11 + number}/24"


def test_a_node_may_change_its_configurator(tools: Controller, manifest: Path) -> None:
    """In place, in any order, without a stale profile on the disk or in NetworkManager."""
    for variables in (
        {"machine_network_manifest": str(manifest)},
        registration("nmstate"),
        registration("nmc"),
        {"machine_network_manifest": str(manifest)},
    ):
        result = tools.play("configure", **variables)
        assert result.succeeded, result.output
        for number, node in enumerate(tools.nodes.names):
            assert claimed(tools, node, "eth0") == f"192.168.122.{150 + number}/24"
            ours = sorted(profile[2] for profile in profiles(tools, node) if "eth" in profile[0] or "eth" in profile[1])
            assert ours == [f"{_PLACES}/eth0.nmconnection", f"{_PLACES}/eth1.nmconnection"]
    assert "nmstate" not in installed(tools, tools.nodes.names[0])


def _asked(configurator: str, interface: t.Mapping[str, t.Any], addresses: str, gateway: str) -> dict[str, t.Any]:
    """Variables for one interface with a claimed address and a default route."""
    network = inline_network({}, pool(addresses, 24, gateway))
    family = {"enabled": True, "dhcp": False, "address": [_ADDRESS]}
    route = {"destination": "0.0.0.0/0", "next-hop-address": gateway, "next-hop-interface": interface["name"]}
    config = {
        "interfaces": [{"type": "ethernet", "ipv4": family, **interface}],
        "routes": {"config": [route]},
        "dns-resolver": {"config": {"server": ["192.168.122.1"]}},
    }
    network["machine_network"].update(configurator=configurator, config=config)
    return network


def test_an_interface_is_known_by_its_mac_address(tools: Controller) -> None:
    """By the filter, from addresses in the inventory; the profile has a name that no interface has."""
    network = _asked("nmstate", {"name": "uplink"}, "192.168.122.160-192.168.122.170", "192.168.122.1")
    cards = {
        node: tools.nodes.oob(node, ["cat", "/sys/class/net/eth0/address"]).stdout.strip() for node in tools.nodes.names
    }
    template = network["machine_network"].pop("config")
    bound = "{{ template | elemental.networking.bind_to_mac_addresses({'uplink': cards[inventory_hostname]}) }}"
    network["machine_network"]["config"] = bound
    result = tools.play("configure", template=template, cards=cards, **network)
    assert result.succeeded, result.output
    for number, node in enumerate(tools.nodes.names):
        assert claimed(tools, node, "eth0") == f"192.168.122.{160 + number}/24"
        assert ["uplink", "eth0", f"{_PLACES}/uplink.nmconnection"] in [each[:3] for each in profiles(tools, node)]
    again = tools.play("configure", template=template, cards=cards, **network)
    assert [again.changed(node) for node in tools.nodes.names] == [0, 0, 0]


def test_what_cuts_a_node_off_is_rolled_back(tools: Controller) -> None:
    """What neither tool has: the network is as it was, and no profile is left."""
    network = _asked("nmc", {"name": "eth0"}, "10.99.0.10-10.99.0.20", "10.99.0.1")
    before = {node: installed(tools, node) for node in tools.nodes.names}
    result = tools.play("configure", **network)
    assert not result.succeeded
    for number, node in enumerate(tools.nodes.names):
        assert "rolled back" in result.failure(node)
        assert claimed(tools, node, "eth0") == f"192.168.122.{11 + number}/24"
        assert installed(tools, node) == before[node]


@pytest.mark.parametrize("configurator", ["nmc", "nmstate"])
def test_check_mode_shows_the_profiles_and_no_secret(tools: Controller, configurator: str) -> None:
    """Nothing is changed, nothing is left behind on the node, and the password is in no output at any verbosity."""
    addresses = ("172.16.0.200-172.16.0.210", "172.16.0.1")
    first = tools.play("configure", **_asked(configurator, {"name": "eth1"}, *addresses))
    assert first.succeeded, first.output
    before = {node: installed(tools, node) for node in tools.nodes.names}
    secure = {"name": "eth1", "802.1x": {"identity": "node", "eap-methods": ["md5"], "password": _SECRET}}
    network = _asked(configurator, secure, *addresses)
    result = tools.play("configure", verbosity=5, arguments="--check --diff", **network)
    assert result.succeeded, result.output
    assert "802-1x" in result.output
    assert _SECRET not in result.output
    for node in tools.nodes.names:
        left = tools.nodes.oob(node, ["grep", "-rlsF", _SECRET, "/etc", "/home", "/root", "/run", "/tmp", "/var"])
        assert left.stdout == ""
        assert result.changed(node) == 1
        assert installed(tools, node) == before[node]


def test_a_node_without_the_tool_names_the_role(controller: Controller) -> None:
    result = controller.play("configure", **registration("nmstate"))
    for node in controller.nodes.names:
        assert "the role elemental.networking.nmstatectl installs it" in result.failure(node)


def test_what_renders_loads(controller: Controller) -> None:
    """NetworkManager takes every profile of every document, also of types that the kernel here does not have; none is activated."""
    node = controller.nodes.names[0]
    refused = {case["name"]: reason for case in CASES for reason in _refused(controller, node, case["config"])}
    assert refused == {}


def _refused(controller: Controller, node: str, config: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    """Load what nmstatectl makes of a document, one profile at a time, and take it out again."""
    output = controller.nodes.run([str(nmstatectl.build()), "gc", "-"], input=json.dumps(config)).stdout
    for name, text in yaml.safe_load(output)["NetworkManager"]:
        quiet = text.replace("autoconnect=true", "autoconnect=false")
        content = base64.b64encode(quiet.encode()).decode()
        file = f"{_PLACES}/{name}"
        script = f"""
            umask 077; echo {content} | base64 -d > {file}; nmcli connection load {file}
            nmcli -g FILENAME connection | tr -d '\\\\' | grep -qx {file} || echo "{name} is not there"
            rm {file}; nmcli connection load {file}
        """
        loaded = controller.nodes.oob(node, ["sh", "-c", script])
        if loaded.stdout + loaded.stderr:
            yield loaded.stdout + loaded.stderr
