# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lookups cost in a play of many hosts and tasks: python3 -m tests.benchmark.lookups. Measures; nothing passes or fails by it.

The same play runs in turns with the addresses as literals, and with the lookup ip_address.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import typing as t
from pathlib import Path

from tests.testbed.controlplane import places
from tests.testbed.controlplane.fixtures import empty_space
from tests.testbed.controlplane.plane import running

from .claim_on_cluster import claim_on_cluster
from .fleet import KEY, Fleet, Run, in_turns

_LITERAL = "{{ literal }}"
_LOOKUP = "{{ lookup('elemental.networking.ip_address', '%s') }}" % KEY
# what is asked of a host: nothing at all, the least that a connection can do, or the smallest module
_TASKS: dict[str, dict[str, t.Any]] = {
    "debug": {"ansible.builtin.debug": {"msg": "{{ ansible_host }}"}},
    "raw": {"ansible.builtin.raw": "true"},
    "ping": {"ansible.builtin.ping": None},
}


# what a play with lookups comes after, as a rule: the first task of the collection loads them for all processes
_BEFORE = {
    "hosts": "localhost",
    "gather_facts": False,
    "tasks": [{"elemental.networking.job_artifacts": {}}],
}


def play(address: str, task: str, tasks: int, is_alone: bool) -> str:
    """A play of so many tasks whose hosts have this address, after another one unless it ``is_alone``."""
    variables = {"ansible_host": address, "ansible_connection": "local"}
    more = {"hosts": "all", "gather_facts": False, "vars": variables}
    return json.dumps([*([] if is_alone else [_BEFORE]), {**more, "tasks": [_TASKS[task]] * tasks}])


def measure(fleet: Fleet, options: argparse.Namespace) -> str:
    """A row of the table."""
    ways: list[tuple[str, t.Callable[[], Run]]] = []
    for title, address in (("literal", _LITERAL), ("lookup", _LOOKUP)):
        book = fleet.folder / f"{title}.yml"
        book.write_text(play(address, options.task, options.tasks, options.alone))
        ways.append((title, lambda book=book: fleet.play(str(book))))  # type: ignore[misc]
    found = in_turns(ways, options.rounds)
    literal, looked = (found[title] for title in ("literal", "lookup"))
    if options.task == "debug":
        shown = looked[0].output.count('"msg": "10.9.')
        assert shown == fleet.count * options.tasks, f"{shown} addresses were shown"
    ratios = [
        statistics.median(of(mine) / of(theirs) for mine, theirs in zip(looked, literal))
        for of in (lambda run: run.wall, lambda run: run.cpu)
    ]
    walls = [f"{statistics.median(run.wall for run in runs):.1f}" for runs in (literal, looked)]
    cells = (options.backend, options.task, fleet.count, options.tasks, *walls, *(f"{ratio:.2f}" for ratio in ratios))
    return f"| {' | '.join(map(str, cells))} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("counts", nargs="*", type=int, default=[500], help="hosts, 500")
    parser.add_argument("--tasks", type=int, default=10)
    parser.add_argument("--task", choices=sorted(_TASKS), default="raw", help="what each task is")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--alone", action="store_true", help="in a run without any task of the collection")
    parser.add_argument("--backend", choices=["embedded", "kubernetes"], default="embedded")
    options = parser.parse_args()
    print(
        "| backend | task | hosts | tasks | literal s | lookup s | ratio | ratio of CPU |\n|---|---|---|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory(prefix="elemental-networking-bench-") as folder:
        fleets = [Fleet(Path(folder) / str(count), count) for count in options.counts]
        if options.backend == "embedded":
            for fleet in fleets:
                fleet.write()
                fleet.claim_embedded()
                print(measure(fleet, options), flush=True)
            return
        with running(f"{places.PREFIX}-bench", "1.1") as plane:
            for fleet in fleets:
                claim_on_cluster(fleet, empty_space(plane))
                print(measure(fleet, options), flush=True)


if __name__ == "__main__":
    main()
