# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of change, each followed by a reboot, the same change again, and a power cut: python3 -m tests.reboot.

Exit code 0 means that each node was the same each time: addresses, routes, rules, name servers, links, active profiles, files; that the
controller reached it where it had; and that the second run changed nothing.
PART=2/3 in the environment runs the second third of them.
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

from tests.stages import machine, nmstatectl
from tests.stages.part import parsed
from tests.testbed import bed, rootfs
from tests.testbed.interrupts import end_as_interrupt
from tests.testbed.tools import TestBedError
from tests.testbed.workers import share_out

from .configurations import CONFIGURATIONS, Configuration
from .world import Verdict, World


def main() -> int:
    """Run it; a line for each configuration goes to standard output as soon as it is known."""
    options = _options()
    end_as_interrupt(signal.SIGINT, signal.SIGTERM)  # a shell starts what is in the background with SIGINT ignored
    try:
        machine.install(machine.NODE_PACKAGES)
        machine.environment("test")
        bed.down()
        return 1 if _run(options) else 0
    except (TestBedError, machine.Missing) as error:
        print(f"reboot: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("reboot: interrupted, everything is taken down", file=sys.stderr)
        return 130


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="reboot", description=__doc__)
    suite = os.environ.get("TESTBED_SUITE", "bookworm")
    parser.add_argument("--suite", choices=sorted(rootfs.SUITES), default=suite, help=f"Debian release, {suite}")
    parser.add_argument("--nodes", type=int, default=4, help="how many nodes work in parallel, 4")
    parser.add_argument("--name", help="only configurations whose name holds these words")
    return parsed(parser, "list")


def _chosen(options: argparse.Namespace) -> list[Configuration]:
    return [
        each
        for row, each in enumerate(CONFIGURATIONS)
        if options.part.holds(row, 0) and (options.name or "") in each.name
    ]


def _run(options: argparse.Namespace) -> int:
    """How many configurations failed."""
    started = time.monotonic()
    chosen = _chosen(options)
    if not chosen:
        raise TestBedError("there is no such configuration")
    with tempfile.TemporaryDirectory(prefix="elemental-networking-reboot-") as folder:
        _provide_tools(Path(folder) / "bin")
        bed.up(min(options.nodes, len(chosen)), options.suite)
        try:
            worlds = [World(number, machine.collection(), Path(folder)) for number in range(1, len(bed.names()) + 1)]
            verdicts = _judge_all(chosen, worlds)
        finally:
            bed.down()
    failed = [each for each in chosen if verdicts[each.name].trouble]
    part = options.part.of_all("make test-reboot")
    print(
        f"run on {rootfs.SUITES[options.suite]}: {len(chosen)} configurations{part and f' ({part})'}, {len(failed)} failed, "
        f"{time.monotonic() - started:.0f} s",
        flush=True,
    )
    return len(failed)


def _provide_tools(folder: Path) -> None:
    """nmstatectl and the stand-in for nmc, for what the controller renders."""
    folder.mkdir()
    (folder / "nmc").symlink_to(machine.REPOSITORY / "tests/standins/nmc.py")
    os.environ["PATH"] = f"{folder}:{nmstatectl.build().parent}:{os.environ['PATH']}"


def _judge_all(chosen: t.Sequence[Configuration], worlds: t.Sequence[World]) -> dict[str, Verdict]:
    verdicts: dict[str, Verdict] = {}

    def judge(world: World, configuration: Configuration) -> None:
        verdict = verdicts[configuration.name] = world.judge(configuration)
        shown = "FAILED" if verdict.trouble else "same"
        lines = [f"reboot {configuration.name}: {shown} ({verdict.seconds:.0f} s)"]
        print("\n".join([*lines, *(f"reboot     {line}" for line in verdict.trouble)]), flush=True)

    share_out(chosen, worlds, judge)
    return verdicts


if __name__ == "__main__":
    sys.exit(main())
