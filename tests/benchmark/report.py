# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a report takes for many machines: python3 -m tests.benchmark.report. Measures; nothing passes or fails by it."""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

from tests.testbed.controlplane import places
from tests.testbed.controlplane.fixtures import empty_space
from tests.testbed.controlplane.plane import running

from .claim_on_cluster import claim_on_cluster
from .fleet import Fleet, Run, in_turns

# what Ansible takes to read the inventory and to run one task on one host
_NOTHING = "- {hosts: localhost, gather_facts: false, tasks: [{ansible.builtin.debug: {msg: nothing}}]}\n"


def measure(fleet: Fleet, rounds: int, title: str) -> str:
    """A row of the table."""
    nothing = fleet.folder / "nothing.yml"
    nothing.write_text(_NOTHING)
    ways = [
        ("nothing", lambda: fleet.play(str(nothing))),
        ("report", lambda: fleet.play("elemental.networking.report")),
    ]
    found = in_turns(ways, rounds)
    lines = found["report"][0].output.count(f"  {'inventory-ip'.ljust(16)}  ")
    assert lines == fleet.count, f"{lines} lines of machines, not {fleet.count}"
    of_ansible, ours = found["nothing"], found["report"]
    cells = (title, fleet.count, _wall(of_ansible), _wall(ours), _cpu(ours), max(run.memory for run in ours))
    return f"| {' | '.join(map(str, cells))} |"


def _wall(runs: list[Run]) -> str:
    return f"{statistics.median(run.wall for run in runs):.2f}"


def _cpu(runs: list[Run]) -> str:
    return f"{statistics.median(run.cpu for run in runs):.2f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("counts", nargs="*", type=int, default=[500, 5000], help="machines, 500 5000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--backend", choices=["embedded", "kubernetes"], default="embedded")
    options = parser.parse_args()
    print(
        "| backend | machines | Ansible alone s | report s | report, CPU s | memory MB |\n|---|---|---|---|---|---|",
        flush=True,
    )
    with tempfile.TemporaryDirectory(prefix="elemental-networking-bench-") as folder:
        if options.backend == "embedded":
            for count in options.counts:
                fleet = Fleet(Path(folder) / str(count), count)
                fleet.write()
                fleet.claim_embedded()
                print(measure(fleet, options.rounds, "embedded"), flush=True)
            return
        with running(f"{places.PREFIX}-bench", "1.1") as plane:
            for count in options.counts:
                space = empty_space(plane)
                fleet = Fleet(Path(folder) / str(count), count)
                claim_on_cluster(fleet, space)
                print(measure(fleet, options.rounds, "kubernetes"), flush=True)


if __name__ == "__main__":
    main()
