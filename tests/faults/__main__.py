# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the fault matrix: python3 -m tests.faults. Exit code 0 means that no node was stranded or left half-way.

PART=2/3 in the environment runs the second third of it, PART=commit/3 the third whose turn it is at this commit.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
import typing as t
from pathlib import Path

from tests.stages import machine
from tests.stages.part import parsed
from tests.testbed import bed, rootfs
from tests.testbed.interrupts import end_as_interrupt
from tests.testbed.tools import TestBedError
from tests.testbed.workers import share_out

from .cell import Verdict, World
from .faults import FAULTS, Fault
from .phases import PHASES, Phase, collection_with_pause_points

Cell = t.Tuple[Fault, t.Optional[Phase]]


def main() -> int:
    """Run it; the matrix goes to standard output, each cell's progress to standard error."""
    options = _options()
    end_as_interrupt(signal.SIGINT, signal.SIGTERM)  # a shell starts what is in the background with SIGINT ignored
    try:
        machine.install({**machine.NODE_PACKAGES, **machine.FAULT_PACKAGES})
        machine.environment("test")
        bed.down()
        failures = sum(_run(options, number) for number in range(1, options.runs + 1))
    except (TestBedError, machine.Missing) as error:
        print(f"faults: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("faults: interrupted, everything is taken down", file=sys.stderr)
        return 130
    return 1 if failures else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="faults", description=__doc__)
    suite = os.environ.get("TESTBED_SUITE", "bookworm")
    parser.add_argument("--suite", choices=sorted(rootfs.SUITES), default=suite, help=f"Debian release, {suite}")
    parser.add_argument("--nodes", type=int, default=6, help="how many nodes work in parallel, 6")
    parser.add_argument("--runs", type=int, default=1, help="how often to run the whole matrix, 1")
    parser.add_argument("--fault", help="only faults whose name holds these words")
    parser.add_argument("--phase", help="only phases whose name holds these words")
    parser.add_argument(
        "--evidence", type=Path, help="a folder for what a cell that fails leaves: its plays (-vvv) and the node's log"
    )
    parser.add_argument("--keep", action="store_true", help="leave the nodes up afterwards (make nodes-down)")
    return parsed(parser, "matrix")


def _cells(options: argparse.Namespace) -> list[Cell]:
    cells: list[Cell] = []
    for row, fault in enumerate(FAULTS):
        if options.fault and options.fault not in fault.title:
            continue
        if fault.mistake:
            cells.append((fault, None))
            continue
        cells += [
            (fault, phase)
            for column, phase in enumerate(PHASES)
            if options.part.holds(row, column) and not (options.phase and options.phase not in phase.title)
        ]
    return cells


def _run(options: argparse.Namespace, number: int) -> int:
    started = time.monotonic()
    cells = _cells(options)
    with tempfile.TemporaryDirectory(prefix="elemental-networking-faults-") as folder:
        tree = collection_with_pause_points(Path(folder))
        bed.up(min(options.nodes, len(cells)), options.suite)
        try:
            plays = Path(folder) / "plays"
            worlds = [World(index + 1, tree, plays, options.evidence) for index in range(len(bed.names()))]
            verdicts = _judge_all(cells, worlds)
        finally:
            if not options.keep:
                bed.down()
    _print(cells, verdicts)
    failed = [cell for cell in cells if verdicts[cell].trouble]
    part = options.part.of_all("make test-faults")
    print(
        f"run {number} on {rootfs.SUITES[options.suite]}: {len(cells)} cells{part and f' ({part})'}, {len(failed)} failed, "
        f"{time.monotonic() - started:.0f} s",
        flush=True,
    )
    return len(failed)


def _judge_all(cells: t.Sequence[Cell], worlds: t.Sequence[World]) -> dict[Cell, Verdict]:
    verdicts: dict[Cell, Verdict] = {}

    def judge(world: World, cell: Cell) -> None:
        fault, phase = cell
        verdict = verdicts[cell] = world.judge(fault, phase)
        title = f"{fault.title}, {phase.title if phase else 'the whole push'}"
        print(
            f"{len(verdicts):3}/{len(cells)} {title}: {verdict} ({verdict.seconds:.0f} s) {verdict.trouble}",
            file=sys.stderr,
        )

    share_out(cells, worlds, judge)
    return verdicts


def _print(cells: t.Sequence[Cell], verdicts: t.Mapping[Cell, Verdict]) -> None:
    """A Markdown table; ``old`` and ``new`` say on which network the node ended, whole."""
    phases = [phase for phase in PHASES if any(phase is each for _fault, each in cells)]
    print("| fault | whole push | " + " | ".join(phase.title for phase in phases) + " |")
    print("|---|" + "---|" * (len(phases) + 1))
    for fault in dict.fromkeys(fault for fault, _phase in cells):
        row = [_shown(verdicts.get((fault, phase))) for phase in (None, *phases)]
        print(f"| {fault.title} | " + " | ".join(row) + " |")


def _shown(verdict: Verdict | None) -> str:
    if verdict is None:
        return ""
    if verdict.trouble:
        return "FAILED"
    return {"a": "old", "b": "new", "c": "second's", "d": "new", "dhcp": "new"}.get(verdict.state, verdict.state)


if __name__ == "__main__":
    sys.exit(main())
