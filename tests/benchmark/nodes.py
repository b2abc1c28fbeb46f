# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare ways to give nodes their addresses: python3 -m tests.benchmark.nodes. Prints medians of ratios to a play with one ping."""

from __future__ import annotations

import argparse
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

from tests.stages import machine
from tests.testbed import bed, cgroups, nat, places, rootfs
from tests.testbed.interrupts import end_as_interrupt
from tests.testbed.tools import TestBedError, find

from .contenders import CONTENDERS, Contender, Workshop


@dataclass(frozen=True)
class Measured:
    """What one run took, in seconds."""

    wall: float
    cpu: float


def main() -> int:
    """Measure; the table goes to standard output, progress to standard error."""
    options = _options()
    end_as_interrupt(signal.SIGTERM)
    try:
        machine.install({**machine.NODE_PACKAGES, **(machine.NAT_PACKAGES if options.nat else {})})
        machine.environment("benchmark")
        bed.down()
        for count in options.nodes:
            _print(count, options, _measure(count, options))
    except (TestBedError, machine.Missing) as error:
        print(f"bench-nodes: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench-nodes: interrupted, everything is taken down", file=sys.stderr)
        return 130
    finally:
        bed.down()
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-nodes", description=__doc__)
    parser.add_argument("--nodes", type=int, nargs="+", default=[3, 10, 20], help="how many nodes, 3 10 20")
    parser.add_argument("--rounds", type=int, default=3, help="how often each way is measured, in turns, 3")
    parser.add_argument("--suite", choices=sorted(rootfs.SUITES), default="bookworm", help="Debian release, bookworm")
    parser.add_argument("--nat", action="store_true", help="run behind slirp4netns, as jobs of AWX do")
    parser.add_argument("--way", default="", help="only ways whose name holds these words, and the ping")
    return parser.parse_args()


# the second run logs in where the first one has moved a host, the third one finds that connection
_RUNS = ("first run", "second run", "third run")
Results = t.Dict[Contender, t.List[t.Tuple[Measured, ...]]]


def _measure(count: int, options: argparse.Namespace) -> Results:
    contenders = [each for each in CONTENDERS if options.way in each.title or each is CONTENDERS[0]]
    results: Results = {contender: [] for contender in contenders}
    with tempfile.TemporaryDirectory(prefix="elemental-networking-bench-") as folder:
        workshop = Workshop(
            Path(folder), machine.environment("benchmark") / "bin/ansible-playbook", range(1, count + 1)
        )
        for number in range(options.rounds):
            for contender in contenders:
                bed.up(count, options.suite)
                if options.nat:
                    nat.make()
                command = contender.command(workshop)
                place = places.BEHIND_NAT if options.nat else places.INFRASTRUCTURE
                runs = tuple(_run(command, workshop, place) for _run_of_it in _RUNS)
                bed.down()
                results[contender].append(runs)
                walls = ", ".join(f"{each.wall:.2f} s" for each in runs)
                print(f"{count} nodes, round {number + 1}: {contender.title}: {walls}", file=sys.stderr, flush=True)
    return results


def _run(command: t.Sequence[str], workshop: Workshop, place: str) -> Measured:
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(machine.collection()),
        "ANSIBLE_HOST_KEY_CHECKING": "False",
        "ANSIBLE_PIPELINING": "True",
        "ANSIBLE_LOCALHOST_WARNING": "False",
        "PATH": f"{workshop.ansible_playbook.parent}:{os.environ['PATH']}",
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # few users have it; with it modules are compiled at every start
    inside = [find("nsenter") or "nsenter", f"--net=/run/netns/{place}"]
    before, started = _cpu(), time.monotonic()
    run = subprocess.run([*inside, *command], env=environment, capture_output=True, text=True, check=False)
    wall = time.monotonic() - started
    if run.returncode:
        raise TestBedError(f"{command[0]} failed: {(run.stdout + run.stderr)[-1500:]}")
    return Measured(wall, _cpu() - before)


def _cpu() -> float:
    """Processor time of the controller's processes that ended and of all nodes, in seconds."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    text = (cgroups.UNIFIED / places.PREFIX / "cpu.stat").read_text()
    nodes = dict(line.split() for line in text.splitlines())
    return children.ru_utime + children.ru_stime + int(nodes["usage_usec"]) / 1e6


def _print(count: int, options: argparse.Namespace, results: Results) -> None:
    """Ratios within a round, then their medians: a busy machine is busy for all that run in it."""
    ping = results[CONTENDERS[0]]
    print(
        f"\n{count} nodes, {rootfs.SUITES[options.suite]}, {options.rounds} rounds, medians of ratios to the ping play of the same round\n"
    )
    print(f"| way | undoes itself | {' | '.join((*_RUNS, *(f'{each}, CPU' for each in _RUNS)))} |")
    print("|---|---|---|---|---|---|---|---|")
    for contender in results:
        ratios = [
            [of(mine[turn]) / of(theirs[turn]) for mine, theirs in zip(results[contender], ping)]
            for of in (lambda each: each.wall, lambda each: each.cpu)
            for turn in range(len(_RUNS))
        ]
        figures = " | ".join(f"{statistics.median(each):.2f}" for each in ratios)
        print(f"| {contender.title} | {'yes' if contender.protected else 'no'} | {figures} |", flush=True)
    walls = [f"{statistics.median(each[turn].wall for each in ping):.2f} s" for turn in range(len(_RUNS))]
    print(f"\nThe ping play took {', '.join(walls)}.", flush=True)


if __name__ == "__main__":
    sys.exit(main())
