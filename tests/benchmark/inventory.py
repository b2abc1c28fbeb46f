# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the inventory: python3 -m tests.stages.bench_inventory --machines 5000. Measures, never fails.

MachineInventories on a real API server, read by ansible-inventory --list --export, and by Ansible's inventory alone, as a play does it:
without a cache, from the cache, and the lists that the API server was asked for. An inventory file of the same hosts and variables shows
what Ansible itself takes.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

from tests.data.machines import machine_inventory
from tests.stages import machine
from tests.testbed.controlplane import elemental, places, users
from tests.testbed.controlplane.plane import Plane, running

_NAMESPACE = "fleet-default"
# how long Ansible's inventory takes in a process of its own, beyond the imports
_ALONE = """
import json, resource, sys, time
from ansible.plugins.loader import init_plugin_loader
init_plugin_loader()
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
try:
    import kubernetes.client, kubernetes.config
except ImportError:
    pass
began = time.monotonic()
found = InventoryManager(loader=DataLoader(), sources=[sys.argv[1]])
print(json.dumps([time.monotonic() - began, len(found.hosts), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024]))
"""


def cores(libraries: Path) -> dict[str, tuple[Path, str]]:
    """The folder of programs and the Python path of two versions of ansible-core."""
    tree = os.environ["PYTHONPATH"]
    found = {"2.19": (Path(sys.executable).parent, tree)}
    # 2.21 has another Python, for which the library kubernetes has other compiled parts
    found["2.16"] = (machine.environment("core-2.16", machine.PYTHON) / "bin", f"{tree}:{libraries}")
    return dict(sorted(found.items()))


def linked(folder: Path) -> Path:
    """The library kubernetes and what it needs, without the ansible-core beside it."""
    import kubernetes

    folder.mkdir()
    others = (
        "ansible",
        "jinja2",
        "markupsafe",
        "yaml",
        "_yaml",
        "resolvelib",
        "packaging",
        "cryptography",
        "cffi",
        "_cffi",
        "pip",
    )
    for each in Path(kubernetes.__file__).parents[1].iterdir():
        if not each.name.lower().startswith(others):
            (folder / each.name).symlink_to(each)
    return folder


def listed(plane: Plane) -> int:
    """How many lists of machines the API server has answered."""
    uris = [each["requestURI"] for each in plane.requests(users.CONSUMER)]
    return sum("/machineinventories?" in uri for uri in uris)


def export(bin_: Path, path: str, file: Path, output: Path) -> float:
    """Seconds of ansible-inventory --list --export, as AWX starts it."""
    began = time.monotonic()
    command = [str(bin_ / "ansible-inventory"), "-i", str(file), "--list", "--export", "--output", str(output)]
    subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, check=True, capture_output=True)
    return time.monotonic() - began


def alone(bin_: Path, path: str, file: Path) -> tuple[float, int, int]:
    """Seconds of Ansible's inventory alone, number of hosts, and MiB of memory."""
    command = [str(bin_ / "python"), "-c", _ALONE, str(file)]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, check=True, capture_output=True, text=True)
    seconds, hosts, memory = json.loads(done.stdout)
    return float(seconds), int(hosts), int(memory)


def measure(plane: Plane, rounds: int, folder: Path) -> None:
    """Print a table: medians of the rounds."""
    options = {
        "plugin": "elemental.networking.machines",
        "kubernetes": {"kubeconfig": str(plane.kubeconfig(users.CONSUMER))},
    }
    plain, cached = folder / "plain.elemental.yml", folder / "cached.elemental.yml"
    plain.write_text(json.dumps({**options, "address_keys": ["inventory-ip"]}))
    cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(folder / "cache")}
    cached.write_text(json.dumps({**options, "address_keys": ["inventory-ip"], **cache}))
    print("| ansible-core | what | inventory alone | ansible-inventory --list --export | lists | memory |")
    print("|---|---|---|---|---|---|")
    for core, (bin_, path) in cores(linked(folder / "libraries")).items():
        output = folder / f"out-{core}.json"
        export(bin_, path, cached, output)
        static = folder / f"static-{core}.yml"
        hostvars = json.loads(output.read_text())["_meta"]["hostvars"]
        static.write_text(json.dumps({"all": {"hosts": hostvars}}))
        for what, file in (("read", plain), ("cached", cached), ("a file", static)):
            before = listed(plane)
            runs = [alone(bin_, path, file) for _round in range(rounds)]
            time.sleep(0.5)  # the audit log is written behind the answer
            lists = (listed(plane) - before) / rounds
            whole = statistics.median(export(bin_, path, file, output) for _round in range(rounds))
            seconds = statistics.median(run[0] for run in runs)
            print(
                f"| {core} | {what}, {runs[0][1]} hosts | {seconds:.2f} s | {whole:.2f} s | {lists:g} | {runs[0][2]} MiB |",
                flush=True,
            )


def main() -> None:
    """Start a control plane, register machines, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--machines", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running(f"{places.PREFIX}-bench", "none") as plane:
        elemental.install(plane.admin)
        plane.admin.namespace(_NAMESPACE)
        users.allow(plane.admin, _NAMESPACE, "machine-inventory-reader.yaml")
        began = time.monotonic()
        labels = {"site": "lab", "machineUUID": "00000000-0000-4000-8000-000000000001"}
        made: list[dict[str, t.Any]] = [
            machine_inventory(f"m-{number:05}", applied=True, labels=labels) for number in range(options.machines)
        ]
        elemental.put_many(plane, made, _NAMESPACE)
        print(f"{options.machines} machines registered in {time.monotonic() - began:.0f} s", flush=True)
        measure(plane, options.rounds, Path(folder))


if __name__ == "__main__":
    main()
