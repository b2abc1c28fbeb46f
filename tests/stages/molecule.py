# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All molecule scenarios, one after another on the same virtual machines: python3 -m tests.stages.molecule [ARGUMENTS OF MOLECULE TEST].

PART=2/3, or commit/3, runs `configure` and a third of the others.
IPAM=cluster makes the claims on a control plane of the test bed. Nothing is left behind, whatever ends it.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
import typing as t
from pathlib import Path

from ..testbed.controlplane import users
from ..testbed.controlplane.plane import Plane
from ..testbed.interrupts import end_as_interrupt
from ..testbed.tools import TestBedError
from . import machine, nmstatectl
from .part import Part

_NAMESPACE = "fleet-default"
_PLANE = "elmolecule"
# seconds
_TO_END = 30.0
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_STEP = re.compile(r"\[(\S+) > (\S+)\] (Executing|Executed: .*)")


class Scenarios:
    """What molecule says of its scenarios as it goes on, and how long each takes."""

    def __init__(self) -> None:
        self._steps: dict[str, list[str]] = {}
        self._seconds: dict[str, float] = {}
        self._began = time.monotonic()

    def hear(self, line: str) -> None:
        """One line of its output."""
        found = _STEP.search(_COLOURS.sub("", line))
        if not found:
            return
        scenario, step, event = found.groups()
        if event == "Executing":
            self._began = time.monotonic()
            return
        self._seconds[scenario] = self._seconds.get(scenario, 0.0) + time.monotonic() - self._began
        verdict = "" if "Successful" in event else f" {event.split()[1].upper()}"
        self._steps.setdefault(scenario, []).append(f"{step}{verdict}")

    def report(self) -> list[str]:
        """One line for each scenario."""
        return [
            f"scenario {name}: {', '.join(steps)} ({self._seconds[name]:.0f} s)" for name, steps in self._steps.items()
        ]


def main() -> int:
    """Run them; the exit code is molecule's."""
    end_as_interrupt(signal.SIGINT, signal.SIGTERM)
    part = Part.of(os.environ.get("PART") or "1/1")
    collection = machine.collection() / "ansible_collections/elemental/networking"
    environment = {**os.environ, "NMC": str(machine.REPOSITORY / "tests/standins/nmc.py"), "NO_COLOR": "1"}
    try:
        with contextlib.ExitStack() as stack:
            environment["NMSTATECTL"] = str(nmstatectl.build())
            if os.environ.get("IPAM") == "cluster":
                _build_image(collection)
                environment["K8S_AUTH_KUBECONFIG"] = str(_start_plane(stack))
            stack.callback(_take_down, collection)
            return _run(["molecule", "test", *(sys.argv[1:] or chosen(collection, part))], collection, environment)
    except (machine.Missing, TestBedError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted, everything is taken down", file=sys.stderr)
        return 130


def chosen(collection: Path, part: Part) -> list[str]:
    """Arguments for the scenarios of a part: `configure` and some of the others; of the whole: all."""
    if part.parts == 1:
        return ["--all"]
    print(f"scenario configure and {part.of_all('make test-molecule')}", flush=True)
    found = sorted(file.parent.name for file in (collection / "extensions/molecule").glob("*/molecule.yml"))
    others = [name for name in found if name not in ("default", "configure")]
    turn = part.chooses([(name, True) for name in others])
    names = ["configure", *(name for name, is_in in zip(others, turn) if is_in)]
    return [option for name in names for option in ("-s", name)]


def _build_image(collection: Path) -> None:
    """Before a control plane is there: its network namespace leads nowhere, and an image is made from packages."""
    if os.environ.get("MOLECULE_IMAGE"):
        return
    command = [sys.executable, "-m", "testbed", "image"]
    if subprocess.run(command, cwd=collection / "extensions/molecule", check=False).returncode:
        raise TestBedError("the image of the virtual machines cannot be built")


def _start_plane(stack: contextlib.ExitStack) -> Path:
    """A control plane in a network namespace, where this process and molecule are from now on; the kubeconfig with the least rights."""
    plane = Plane(_PLANE)
    stack.callback(plane.down)
    plane.up()
    plane.admin.namespace(_NAMESPACE)
    for file in ("ipam-consumer.yaml", "ipam-pool-manager.yaml"):
        users.apply_as_documented(plane.admin, file)
    return plane.kubeconfig(users.CONSUMER)


def _run(command: t.Sequence[str], folder: Path, environment: t.Mapping[str, str]) -> int:
    scenarios = Scenarios()
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        try:
            for line in t.cast(t.IO[str], process.stdout):
                sys.stdout.write(line)
                sys.stdout.flush()
                scenarios.hear(line)
        except KeyboardInterrupt:
            _end(process)
            raise
    print("\n".join(scenarios.report()), flush=True)
    return process.returncode


def _end(process: subprocess.Popen[str]) -> None:
    """An interrupt from a terminal has reached molecule, too; one that was sent to us alone has not."""
    process.send_signal(signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_TO_END)
    process.kill()


def _take_down(collection: Path) -> None:
    """What molecule had no time for; not the machines of another project."""
    environment = {**os.environ, "MOLECULE_PROJECT_DIRECTORY": str(collection)}
    command = [sys.executable, "-m", "testbed", "down"]
    subprocess.run(command, cwd=collection / "extensions/molecule", env=environment, check=False)


if __name__ == "__main__":
    sys.exit(main())
