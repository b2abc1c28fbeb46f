# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An inventory of many machines, each with a claim, for benchmarks of what the controller does alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.elemental.networking.plugins.module_utils._ipam.backend import IpamBackend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.claiming import ClaimRequest, ensure_claims
from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_backend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.manifest import pool_from_manifest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import Claim

from tests.stages import machine

KEY = "inventory-ip"
GROUP = "ipam.cluster.x-k8s.io"
POOL = {
    "apiVersion": f"{GROUP}/v1alpha2",
    "kind": "InClusterIPPool",
    "metadata": {"name": "many"},
    "spec": {"addresses": ["10.9.0.2-10.9.255.254"], "prefix": 16, "gateway": "10.9.0.1"},
}
NETWORK = {
    "configurator": "nmconnections",
    "ipAddresses": {KEY: {"apiGroup": GROUP, "kind": "InClusterIPPool", "name": "many"}},
    "config": {
        "eth0": "[connection]\nid=eth0\ntype=ethernet\ninterface-name=eth0\n[ipv4]\nmethod=manual\n"
        f"address1={{{KEY}}}/{{{KEY}.prefix}},{{{KEY}.gateway}}\n"
    },
}


@dataclass(frozen=True)
class Run:
    """What one run of a playbook took: seconds, seconds of processor time, and MB of its largest process."""

    wall: float
    cpu: float
    memory: int
    output: str


@dataclass(frozen=True)
class Fleet:
    """A folder with the inventory of so many machines; ``variables`` are for all of them."""

    folder: Path
    count: int

    @property
    def names(self) -> list[str]:
        """The hosts."""
        return [f"node{number:04}" for number in range(self.count)]

    @property
    def inventory(self) -> Path:
        """The file that users would keep: one line for each host."""
        return self.folder / "hosts"

    def write(self, **variables: object) -> None:
        """Write the inventory."""
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "group_vars").mkdir(parents=True)
        self.inventory.write_text("".join(f"{name} literal={self.address(name)}\n" for name in self.names))
        (self.folder / "group_vars/all.json").write_text(json.dumps({"machine_network": NETWORK, **variables}))

    def address(self, name: str) -> str:
        """The address that a host gets: the lowest free one, one after the other."""
        number = int(name[-4:]) + 2
        return f"10.9.{number // 256}.{number % 256}"

    def claim(self, backend: IpamBackend, namespace: str) -> None:
        """Claim an address for each host, as the playbook configure does."""
        pool = pool_from_manifest(POOL, namespace)
        wanted = [
            ClaimRequest(Claim(namespace, f"{name}-{KEY}", name, KEY, pool.reference, name)) for name in self.names
        ]
        ensure_claims(backend, wanted, [pool], False)

    def claim_embedded(self) -> None:
        """Claim in the database beside the inventory."""
        with open_backend(BackendOptions("embedded", str(self.folder / ".elemental-ipam.sqlite"))) as backend:
            self.claim(backend, "default")

    def claim_on_server(self, options: t.Mapping[str, t.Any]) -> None:
        """Claim in a database of a PostgreSQL server."""
        with open_backend(BackendOptions("postgresql", postgresql=options)) as backend:
            self.claim(backend, "default")

    def play(self, playbook: str, *arguments: str, python: str = "", **environment: str) -> Run:
        """Run a playbook for all of them. Raises RuntimeError with what it printed where it fails."""
        ansible = Path(python or sys.executable).parent / "ansible-playbook"
        return measured([str(ansible), "-i", str(self.inventory), *arguments, playbook], self.folder, **environment)


def measured(command: t.Sequence[str], folder: Path, **environment: str) -> Run:
    """Run a command of Ansible there. Raises RuntimeError with what it printed where it fails."""
    variables = {"ANSIBLE_FORKS": "10", "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "0", **environment}
    all_variables = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(machine.collection()), **variables}
    all_variables.pop("PYTHONDONTWRITEBYTECODE", None)  # few users have it
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        began = time.monotonic()
        with subprocess.Popen(
            command, cwd=folder, env=all_variables, stdin=subprocess.DEVNULL, stdout=output, stderr=errors
        ) as process:
            try:
                # of this process and those that it has started and waited for, not of all that ever ran here
                _pid, status, used = os.wait4(process.pid, 0)
            except BaseException:
                process.terminate()
                raise
            process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - began
        output.seek(0)
        errors.seek(0)
        shown = output.read()
        if process.returncode:
            said = shown + errors.read()
            # the recap of a hundred hosts is long
            why = "\n".join(line for line in said.splitlines() if line.startswith(("fatal:", "[ERROR]")))
            raise RuntimeError(f"{command} failed: {why[:2000]} ... {said[-2000:]}")
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024, shown)


Turns = t.Sequence[t.Tuple[str, t.Callable[[], Run]]]


def in_turns(ways: Turns, rounds: int) -> dict[str, list[Run]]:
    """Run ways one after the other, again and again: a busy machine is busy for all of them."""
    found: dict[str, list[Run]] = {title: [] for title, _way in ways}
    for number in range(rounds):
        for title, way in ways:
            found[title].append(way())
            run = found[title][-1]
            print(f"round {number + 1}, {title}: {run.wall:.2f} s", file=sys.stderr, flush=True)
    return found
