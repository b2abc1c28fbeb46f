# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays on real NetworkManager nodes, driven through ansible-runner as AWX does."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sys
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.stages.part import Part
from tests.testbed.fixtures import nodes

__all__ = [
    "ETH0",
    "ETH1",
    "LAB",
    "ROUTED",
    "Controller",
    "PlayResult",
    "answer",
    "claimed",
    "controller",
    "inline_network",
    "inside",
    "installed",
    "manifest",
    "nodes",
    "pool",
    "profiles",
    "push_each",
    "states",
    "unplug",
    "wait_until",
    "warnings",
    "wishes",
]  # fixtures are found here

REPOSITORY = Path(__file__).resolve().parents[2]
DOCUMENTATION_MANIFEST = REPOSITORY / "tests/data/elemental/machineregistration-nmconnections.manifest"


# PART=2/3 in the environment, or commit/3
_PART = Part.of(os.environ.get("PART") or "1/1")


def pytest_configure(config: pytest.Config) -> None:
    """Name the mark of what differs in one way in, neighbour or moment of an interrupt."""
    config.addinivalue_line(
        "markers", "variants: each is in one part (PART=2/3); of other tests each part has at least a case"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what another part has."""
    tests = [(item.nodeid.partition("[")[0], item.get_closest_marker("variants") is not None) for item in items]
    chosen = _PART.chooses(tests)
    config.hook.pytest_deselected(items=[item for item, is_in in zip(items, chosen) if not is_in])
    items[:] = [item for item, is_in in zip(items, chosen) if is_in]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say that it was a part."""
    if _PART.parts > 1:
        terminalreporter.write_line(_PART.of_all("make test-nodes"))


@dataclass(frozen=True)
class PlayResult:
    """What ansible-runner recorded of a play. As a text it says what failed: pytest shows no more of it than some words."""

    succeeded: bool
    output: str
    stats: t.Mapping[str, t.Mapping[str, int]]
    events: tuple[t.Mapping[str, t.Any], ...]

    def __repr__(self) -> str:
        failures = {host: self.failure(host) for host in self.stats.get("failures", {})}
        unreachable = {host: self.failure(host) for host in self.stats.get("dark", {})}
        return f"<play: {failures=} {unreachable=} succeeded={self.succeeded}>"

    def changed(self, host: str) -> int:
        """How many tasks changed something on a host."""
        return self.stats.get("changed", {}).get(host, 0)

    def failure(self, host: str) -> str:
        """The message of the last task that failed for a host, in one line."""
        for event in reversed(self.events):
            data = event.get("event_data", {})
            if event["event"] in ("runner_on_failed", "runner_on_unreachable") and data.get("host") == host:
                return str(data["res"].get("msg", data["res"]))
        return ""

    def task_result(self, action: str, host: str) -> t.Mapping[str, t.Any]:
        """What the last task with this action returned for a host."""
        found = [
            event["event_data"]["res"]
            for event in self.events
            if event["event"] == "runner_on_ok"
            and event["event_data"].get("task_action") == action
            and event["event_data"].get("host") == host
        ]
        return found[-1] if found else {}


class Controller:
    """The machine that Ansible runs on: an inventory, a database, plays."""

    def __init__(self, nodes: t.Any, folder: Path) -> None:  # noqa: F811
        self.nodes = nodes
        self.folder = folder
        self.inventory = folder / "inventory"
        self.database = self.inventory / ".elemental-ipam.sqlite"
        collections = folder / "collections/ansible_collections/elemental"
        collections.mkdir(parents=True)
        (collections / "networking").symlink_to(REPOSITORY)
        self.inventory.mkdir()
        shutil.copy(nodes.inventory_path, self.inventory / Path(nodes.inventory_path).name)
        self.runs = 0

    def tasks(
        self,
        *tasks: t.Mapping[str, t.Any],
        hosts: str = "all",
        verbosity: int = 0,
        arguments: str = "",
        **variables: t.Any,
    ) -> PlayResult:
        """Run tasks of a user's own play."""
        playbook = self.folder / f"playbook{self.runs}.json"
        play = {"hosts": hosts, "gather_facts": False, "tasks": list(tasks)}
        playbook.write_text(json.dumps([play]))
        return self.play(str(playbook), verbosity=verbosity, arguments=arguments, **variables)

    def kill(self) -> None:
        """Kill -9 every play of this controller."""
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if str(self.folder).encode() in (process / "cmdline").read_bytes():
                    os.kill(int(process.name), signal.SIGKILL)

    def set_hosts(self, **variables: str) -> None:
        """Connection variables for every host, as a user has them in his inventory."""
        folder = self.inventory / "group_vars"
        folder.mkdir(exist_ok=True)
        (folder / "all.yml").write_text(yaml.safe_dump(variables))

    def play(self, playbook: str, verbosity: int = 0, arguments: str = "", **variables: t.Any) -> PlayResult:
        """Run a playbook: one of the collection by its short name, or a file."""
        self.runs += 1
        private = self.folder / f"run{self.runs}"
        (private / "env").mkdir(parents=True)
        (private / "env/extravars").write_text(json.dumps({"machine_network_rollback_timeout": 15, **variables}))
        environment = {
            "ANSIBLE_COLLECTIONS_PATH": str(self.folder / "collections"),
            "ANSIBLE_HOST_KEY_CHECKING": "False",
            "ANSIBLE_INJECT_FACT_VARS": "False",
            "ANSIBLE_LOCALHOST_WARNING": "False",
            "ANSIBLE_NOCOLOR": "True",
            "PYTHONPATH": str(self.folder / "collections"),
        }
        flags = [*arguments.split(), *(["-" + "v" * verbosity] if verbosity else [])]
        command = [
            *("env", *(f"{name}={value}" for name, value in environment.items())),
            f"PATH={Path(sys.executable).parent}:{os.environ['PATH']}",
            *(sys.executable, "-m", "ansible_runner", "run", str(private)),
            *(
                "--playbook",
                playbook if "/" in playbook else f"elemental.networking.{playbook}",
                "--inventory",
                str(self.inventory),
                "--ident",
                "play",
            ),
            *((f"--cmdline={' '.join(flags)}",) if flags else ()),
        ]
        run = self.nodes.run(command)
        assert (private / "artifacts/play/rc").exists(), run.stderr
        return _read_result(private / "artifacts/play", str(run.stdout))

    def claims(self) -> list[dict[str, t.Any]]:
        """All claims that there are."""
        name = "elemental.networking.ip_address_claim_info"
        task = {
            name: {"database": str(self.database), "all_namespaces": True},
            "run_once": True,
            "delegate_to": "localhost",
        }
        local = {"connection": "local", "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}}
        looked = self.tasks({**task, **local}, hosts="all")
        return list(looked.task_result(name, self.nodes.names[0]).get("claims", []))


def _read_result(artifacts: Path, output: str) -> PlayResult:
    events = []
    for file in (artifacts / "job_events").glob("*-*.json"):
        try:
            events.append(json.loads(file.read_text()))
        except ValueError:
            continue  # a partial event of a play that was killed
    events.sort(key=lambda event: event["counter"])
    stats = next((event["event_data"] for event in reversed(events) if event["event"] == "playbook_on_stats"), {})
    succeeded = (artifacts / "rc").read_text().strip() == "0"
    return PlayResult(succeeded, output, stats, tuple(events))


@pytest.fixture
def controller(nodes: t.Any, tmp_path: Path) -> t.Iterator[Controller]:  # noqa: F811
    """A controller with an inventory of the nodes; the nodes are on DHCP again afterwards."""
    controller = Controller(nodes, tmp_path)
    yield controller
    nodes.restore()


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """The documentation's nmconnections registration with its gateway corrected."""
    text = DOCUMENTATION_MANIFEST.read_text().replace("192.168.1.1", "192.168.122.1")
    file = tmp_path / "machineregistration.yaml"
    file.write_text(text)
    return file


def inline_network(config: t.Mapping[str, str], pool: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Extra variables for one pool, one placeholder ``inventory-ip`` and these keyfiles."""
    name = pool["metadata"]["name"]
    reference = {"apiGroup": "ipam.cluster.x-k8s.io", "kind": pool["kind"], "name": name}
    network = {"configurator": "nmconnections", "ipAddresses": {"inventory-ip": reference}, "config": dict(config)}
    return {"machine_network": network, "machine_network_pools": [dict(pool)]}


def pool(addresses: str, prefix: int, gateway: str | None = None, name: str = "test-pool") -> dict[str, t.Any]:
    """A pool manifest."""
    spec: dict[str, t.Any] = {"addresses": [addresses], "prefix": prefix}
    if gateway:
        spec["gateway"] = gateway
    text = {
        "apiVersion": "ipam.cluster.x-k8s.io/v1alpha2",
        "kind": "InClusterIPPool",
        "metadata": {"name": name},
        "spec": spec,
    }
    return t.cast("dict[str, t.Any]", yaml.safe_load(yaml.safe_dump(text)))


ETH0 = """[connection]
id=eth0
type=ethernet
interface-name=eth0
[ipv4]
method=manual
address1={inventory-ip}/{inventory-ip.prefix}
[ipv6]
method=disabled
"""
ETH1 = """[connection]
id=eth1
type=ethernet
interface-name=eth1
[ipv4]
method=manual
address1=172.16.0.170/24
"""
# keeps what the DHCP server gave: the gateway and the name server
ROUTED = ETH0.replace("{inventory-ip.prefix}", "{inventory-ip.prefix},{inventory-ip.gateway}\ndns=192.168.122.1;")


def claimed(controller: Controller, node: str, interface: str) -> str:
    """The IPv4 address of an interface, as the kernel has it."""
    line = controller.nodes.oob(node, ["ip", "-br", "-4", "address", "show", interface]).stdout.split()
    return str(line[2]) if len(line) > 2 else ""


def installed(controller: Controller, node: str) -> str:
    """Names and check sums of what is in /etc."""
    return str(
        controller.nodes.oob(
            node, ["sh", "-c", "cd /etc/NetworkManager/system-connections && md5sum * 2>/dev/null | sort"]
        ).stdout
    )


def profiles(controller: Controller, node: str) -> list[list[str]]:
    """What nmcli says of each profile: name, device, file, time of the last activation."""
    lines = controller.nodes.oob(
        node, ["nmcli", "-t", "-f", "NAME,DEVICE,FILENAME,TIMESTAMP", "connection"]
    ).stdout.splitlines()
    return [line.split(":") for line in lines]


LAB = pool("192.168.122.150-192.168.122.160", 24, "192.168.122.1", name="lab")


def wishes(config: t.Mapping[str, t.Any], *keys: str, configurator: str = "nmconnections") -> dict[str, t.Any]:
    """``machine_network`` of a host: these profiles, with a claim from the pool ``lab`` for each of these placeholders."""
    reference = {"apiGroup": "ipam.cluster.x-k8s.io", "kind": "InClusterIPPool", "name": "lab"}
    addresses = {key: reference for key in keys}
    return {"configurator": configurator, "ipAddresses": addresses, "config": dict(config)}


def push_each(
    controller: Controller,
    wanted: t.Mapping[str, t.Mapping[str, t.Any]],
    arguments: str = "",
    variables: t.Mapping[str, t.Mapping[str, t.Any]] | None = None,
    **common: t.Any,
) -> PlayResult:
    """Configure these nodes in one play, each with a network (and ``variables``) of its own."""
    folder = controller.inventory / "host_vars"
    folder.mkdir(exist_ok=True)
    for node, network in wanted.items():
        own = {"machine_network": dict(network), **(variables or {}).get(node, {})}
        (folder / f"{node}.yml").write_text(yaml.safe_dump(json.loads(json.dumps(own)), sort_keys=False))
    common = {"machine_network_hosts": ":".join(wanted), "machine_network_pools": [LAB], **common}
    return controller.play("configure", arguments=arguments, **common)


def answer(result: PlayResult, node: str) -> t.Mapping[str, t.Any]:
    """What the push of a node returned."""
    return result.task_result("elemental.networking.machine_network_push", node)


def states(result: PlayResult, node: str) -> dict[str, str]:
    """By profile: ``up``, or what it waits for."""
    found = answer(result, node).get("profiles", [])
    return {
        each["id"]: each["waiting_for"] if each.get("state") == "waiting" else each.get("state", "") for each in found
    }


def warnings(result: PlayResult, node: str) -> str:
    """What the push of a node warned of, in one text."""
    return " ".join(answer(result, node).get("warnings", ()))


def inside(controller: Controller, node: str, script: str) -> str:
    """Run a script on a node, whatever the state of its network; what it printed."""
    return str(controller.nodes.oob(node, ["sh", "-c", script]).stdout)


def unplug(controller: Controller, node: str, card: str) -> None:
    """Pull the cable of a card, and wait until NetworkManager takes it for pulled: it has some seconds of patience."""
    controller.nodes.link(node, card, "down")
    wait_until(
        lambda: f"{card}:unavailable" in inside(controller, node, "nmcli -t -f DEVICE,STATE device"),
        f"{node} without {card}",
    )


def wait_until(condition: t.Callable[[], bool], what: str, seconds: float = 45.0) -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.2)
