# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""make demo: three real NetworkManager nodes get static addresses from a pool and give them back.

With IPAM=cluster the pool is on a real control plane, beside the controller in the network namespace of the test bed.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

from tests.stages import machine

from . import bed, places
from .controlplane import building, users
from .controlplane.plane import Plane
from .interrupts import end_as_interrupt
from .tools import TestBedError, find

_PROOF = str(machine.REPOSITORY / "tests/testbed/demo_play/demo.yml")
_MANIFEST = machine.REPOSITORY / "tests/data/elemental/machineregistration-nmconnections.manifest"
# the documentation's example names a gateway outside the subnet of its address
_CORRECTION = ("192.168.1.1", "192.168.122.1")
_NODES = 3
_NAMESPACE = "fleet-default"


class DemoError(Exception):
    """A step did not do what it promises."""


def main() -> int:
    """Run the demo; nothing is left behind, whatever happens."""
    end_as_interrupt(signal.SIGINT, signal.SIGTERM)  # a shell starts what is in the background with SIGINT ignored
    started = time.monotonic()
    try:
        on_cluster = _is_on_cluster()
        environment = _step("installing what is missing", lambda: _prepare(on_cluster))
        with tempfile.TemporaryDirectory(
            prefix="elemental-networking-demo-"
        ) as folder, contextlib.ExitStack() as stack:
            _step(f"booting {_NODES} nodes", lambda: bed.up(_NODES, "bookworm"))
            stack.callback(bed.down)
            plane = _start_plane(stack) if on_cluster else None
            _show(environment, Path(folder), plane)
    except (DemoError, TestBedError, machine.Missing) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("demo: interrupted, everything is taken down", file=sys.stderr)
        return 130
    print(f"done in {time.monotonic() - started:.0f} s, nothing is left behind")
    return 0


def _is_on_cluster() -> bool:
    ipam = os.environ.get("IPAM") or "embedded"
    if ipam not in ("embedded", "cluster"):
        raise DemoError(f"there is no IPAM={ipam}; use embedded or cluster")
    return ipam == "cluster"


def _prepare(on_cluster: bool) -> Path:
    machine.install({**machine.NODE_PACKAGES, **(machine.CLUSTER_PACKAGES if on_cluster else {})})
    if on_cluster:
        building.ensure()
    return machine.environment("cluster" if on_cluster else "test")


def _start_plane(stack: contextlib.ExitStack) -> Plane:
    """A control plane where the controller is; its user may do what the documented manifests let it do, and no more."""
    plane = Plane(places.INFRASTRUCTURE, guest=True)
    stack.callback(plane.down)
    _step("starting a control plane with Cluster API's IPAM", plane.up)
    plane.admin.namespace(_NAMESPACE)
    for file in ("ipam-consumer.yaml", "ipam-pool-manager.yaml"):
        users.apply_as_documented(plane.admin, file)
    return plane


def _step(title: str, work: t.Callable[[], t.Any]) -> t.Any:
    started = time.monotonic()
    print(f"-- {title} ...", flush=True)
    result = work()
    print(f"   {time.monotonic() - started:.1f} s", flush=True)
    return result


def _show(environment: Path, folder: Path, plane: Plane | None) -> None:
    inventory = folder / "inventory"
    inventory.mkdir()
    (inventory / "hosts").write_text(places.INVENTORY.read_text())
    manifest = folder / "machineregistration.yaml"
    manifest.write_text(_MANIFEST.read_text().replace(*_CORRECTION))
    variables: dict[str, t.Any] = {"machine_network_manifest": str(manifest)}
    if plane:
        access = {"kubeconfig": str(plane.kubeconfig(users.CONSUMER))}
        variables.update(machine_network_ipam_backend="kubernetes", machine_network_kubernetes=access)

    def play(playbook: str) -> str:
        return _play(playbook, environment, inventory, variables)

    _print_message(_step("claim, push, prove, persist: elemental.networking.configure", lambda: play(_PROOF)))
    again = _step("once more", lambda: play("elemental.networking.configure"))
    _require(_changed(again) == 0, "the second run changed something", again)
    print("   changed=0 on every node")
    if plane:
        held = plane.admin.ipam("ipaddresses", _NAMESPACE)
        _require(len(held) == 2 * _NODES, f"the cluster holds {len(held)} addresses", again)
        print(f"   the cluster holds {', '.join(sorted(each['spec']['address'] for each in held))}")
    _print_message(_step("who has what: elemental.networking.report", lambda: play("elemental.networking.report")))
    _step("DHCP back, then release: elemental.networking.reset", lambda: play("elemental.networking.reset"))
    report = _step("the pool afterwards", lambda: play("elemental.networking.report"))
    _print_message(report)
    _require("no machine holds an address" in report, "the pool is not empty", report)
    if plane:
        _require(not plane.admin.ipam("ipaddressclaims", _NAMESPACE), "the cluster holds claims", report)


def _play(playbook: str, environment: Path, inventory: Path, options: t.Mapping[str, t.Any]) -> str:
    variables = {
        "PATH": f"{environment / 'bin'}:{os.environ['PATH']}",
        "ANSIBLE_COLLECTIONS_PATH": str(machine.collection()),
        "ANSIBLE_HOST_KEY_CHECKING": "False",
        "ANSIBLE_LOCALHOST_WARNING": "False",
        "ANSIBLE_NOCOLOR": "True",
    }
    command = [str(environment / "bin/ansible-playbook"), "-i", str(inventory), playbook]
    command += ["-e", json.dumps(options)]
    entering = [find("nsenter") or "nsenter", f"--net=/run/netns/{places.INFRASTRUCTURE}"]
    lines: list[str] = []
    with subprocess.Popen(
        [*entering, *command],
        env={**os.environ, **variables},
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as run:
        for line in t.cast(t.IO[str], run.stdout):
            lines.append(line)
            if line.startswith("TASK [") and "Validating" not in line:
                print(f"   {line[6:].split(']')[0].split(' : ')[-1]}", flush=True)
    output = "".join(lines)
    _require(run.returncode == 0, f"the playbook {playbook} failed", output)
    return output


def _require(holds: bool, sentence: str, output: str) -> None:
    if not holds:
        print(output)
        raise DemoError(sentence)


def _changed(output: str) -> int:
    return sum(int(word.split("=")[1]) for word in output.split() if word.startswith("changed="))


def _print_message(output: str) -> None:
    """The lines of the play's last message."""
    message = output.split('"msg": [')[-1].split("]\n")[0]
    for line in message.splitlines():
        text = line.strip().rstrip(",").strip('"')
        if text:
            print(f"   {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
