# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How all that the collection does grows with the number of hosts: make bench-scale. Measures; nothing passes or fails by it.

The parts of the controller run for hosts that a stand-in for ssh answers for, after a while and without processor time of its own. The part
``configure`` has real nodes, as many as the machine holds.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import statistics
import sys
import tempfile
import time
import typing as t
from pathlib import Path

from ansible_collections.elemental.networking.plugins.module_utils._node.paths import ANSWER_MARK

from tests.testbed.controlplane import places, users
from tests.testbed.controlplane.plane import Plane, running
from tests.testbed.interrupts import end_as_interrupt

from .fleet import KEY, Fleet, Run, measured

_HEADER = "| part | backend | hosts | wall s | CPU s | CPU ms per host | memory MB | API requests |\n|---|---|---|---|---|---|---|---|"
_INVENTORY = "machines.elemental.yml"
# what Ansible itself takes for a play of one task whose hosts answer as slowly
_RAW = "- {hosts: all, gather_facts: false, tasks: [{ansible.builtin.raw: 'true'}]}\n"
_STAND_IN = """#!/bin/sh
case " $* " in
*" -O "*) exit 0;;
*" -G "*) exec ssh "$@";;
*python*) cat > /dev/null;;  # of a raw task nothing comes, and no end either
esac
sleep {delay}
echo '{answer}'
"""
_ANSWER = f"{ANSWER_MARK}{json.dumps({'version': 1, 'answer': 'staged', 'changed': False})}"


class Place(t.NamedTuple):
    """Where claims are: the variables of the role, the options of the inventory, and how many requests were counted until now."""

    variables: dict[str, t.Any]
    inventory: dict[str, t.Any]
    claim: t.Callable[[Fleet], None]
    requests: t.Callable[[], int] | None = None


def _inventory(fleet: Fleet) -> Run:
    command = [str(Path(sys.executable).parent / "ansible-inventory"), "-i", str(fleet.folder / _INVENTORY)]
    run = measured([*command, "--list", "--export"], fleet.folder)
    found = len(json.loads(run.output)["_meta"]["hostvars"])
    assert found == fleet.count, f"{found} hosts, not {fleet.count}"
    return run


def _report(fleet: Fleet) -> Run:
    run = fleet.play("elemental.networking.report")
    lines = run.output.count(f"  {KEY.ljust(16)}  ")
    assert lines == fleet.count, f"{lines} lines of machines, not {fleet.count}"
    return run


def _check(fleet: Fleet) -> Run:
    return _whole(fleet, fleet.play("elemental.networking.configure", "--check"))


def _reset(fleet: Fleet) -> Run:
    return _whole(fleet, fleet.play("elemental.networking.reset", "--check"))


def _raw(fleet: Fleet) -> Run:
    book = fleet.folder / "raw.yml"
    book.write_text(_RAW)
    return _whole(fleet, fleet.play(str(book)))


def _whole(fleet: Fleet, run: Run) -> Run:
    """A run in which no host was left out."""
    fine = run.output.count("unreachable=0    failed=0")
    assert fine == fleet.count, f"{fine} hosts were fine, not {fleet.count}: {run.output[-2000:]}"
    return run


_PARTS: dict[str, t.Callable[[Fleet], Run]] = {
    "inventory": _inventory,
    "report": _report,
    "raw": _raw,
    "check": _check,
    "reset": _reset,
}
_NODES = "configure"


def _write(fleet: Fleet, place: Place, delay: float) -> None:
    """The inventory of a fleet whose hosts answer, each after so many seconds, that nothing differs."""
    ssh = fleet.folder / "ssh"
    access = {"ansible_ssh_executable": str(ssh), "ansible_ssh_common_args": "-o ProxyJump=jump"}
    fleet.write(**place.variables, **access)
    ssh.write_text(_STAND_IN.format(delay=delay, answer=_ANSWER))
    ssh.chmod(0o755)
    given = {"plugin": "elemental.networking.machines", "address_keys": [KEY], **place.inventory}
    (fleet.folder / _INVENTORY).write_text(json.dumps(given))


def _row(part: str, backend: str, count: int, runs: t.Sequence[Run], requests: float | None) -> str:
    wall, cpu = (statistics.median(of(run) for run in runs) for of in (lambda run: run.wall, lambda run: run.cpu))
    memory = max(run.memory for run in runs)
    shown = "" if requests is None else f"{requests:g}"
    cells = (part, backend, count, f"{wall:.1f}", f"{cpu:.1f}", f"{1000 * cpu / count:.1f}", memory, shown)
    return f"| {' | '.join(map(str, cells))} |"


def _measure(part: str, fleet: Fleet, place: Place, options: argparse.Namespace) -> str:
    before = place.requests() if place.requests else 0
    runs = []
    for number in range(options.rounds):
        runs.append(_PARTS[part](fleet))
        print(f"{part}, {fleet.count}, round {number + 1}: {runs[-1].wall:.1f} s", file=sys.stderr, flush=True)
    requests = (place.requests() - before) / options.rounds if place.requests else None
    return _row(part, options.backend, fleet.count, runs, requests)


@contextlib.contextmanager
def _place(backend: str, folder: Path) -> t.Iterator[t.Callable[[], Place]]:
    """What makes an empty place for claims; what it needs is there for as long as that."""
    if backend == "kubernetes":
        with running(f"{places.PREFIX}-bench", "1.1") as plane:
            yield lambda: _on_cluster(plane)
    elif backend == "postgresql":
        with _server() as empty:
            yield lambda: _on_server(empty())
    else:
        yield lambda: Place({}, {"source": "database"}, Fleet.claim_embedded)


def _on_cluster(plane: Plane) -> Place:
    # here: pytest and the library kubernetes are not in each environment
    from tests.testbed.controlplane.fixtures import empty_space

    from .claim_on_cluster import claim, variables

    space = empty_space(plane)
    inventory = {"source": "claims", "namespaces": [space.name], "kubernetes": space.options}

    def requests() -> int:
        time.sleep(0.5)  # the audit log is written behind the answer
        return len(plane.requests(users.CONSUMER))

    return Place(variables(space), inventory, lambda fleet: claim(fleet, space), requests)


@contextlib.contextmanager
def _server() -> t.Iterator[t.Callable[[], dict[str, t.Any]]]:
    from tests.testbed.postgresql.fixtures import empty_database
    from tests.testbed.postgresql.server import Server

    server = Server("scale")
    server.remove()
    try:
        server.make()
        yield lambda: empty_database(server)
    finally:
        server.remove()


def _on_server(options: dict[str, t.Any]) -> Place:
    variables = {"machine_network_ipam_backend": "postgresql", "machine_network_postgresql": options}
    inventory = {"source": "database", "backend": "postgresql", "postgresql": options}
    return Place(variables, inventory, lambda fleet: fleet.claim_on_server(options))


def _controller(parts: t.Sequence[str], options: argparse.Namespace) -> None:
    """What the controller does alone."""
    with tempfile.TemporaryDirectory(prefix="elemental-networking-bench-") as name, _place(
        options.backend, Path(name)
    ) as empty:
        for count in options.hosts:
            fleet, place = Fleet(Path(name) / str(count), count), empty()
            _write(fleet, place, options.delay)
            began = time.monotonic()
            place.claim(fleet)
            print(f"{count} claims in {time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)
            for part in parts:
                print(_measure(part, fleet, place, options), flush=True)


def _nodes(options: argparse.Namespace) -> None:
    """What real nodes take: at first, and once nothing differs; a play with one ping beside it."""
    from .real_nodes import measure

    for count in options.nodes:
        for title, runs in measure(count, options.rounds).items():
            print(_row(title, "embedded", count, runs, None), flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="make bench-scale", description=__doc__)
    parser.add_argument("--part", nargs="+", choices=[*_PARTS, _NODES], default=[*_PARTS, _NODES], help="all of them")
    parser.add_argument("--hosts", nargs="+", type=int, default=[500, 5000], help="of the controller's parts, 500 5000")
    parser.add_argument("--nodes", nargs="+", type=int, default=[20], help="real ones, for configure, 20; needs root")
    parser.add_argument("--backend", choices=["embedded", "postgresql", "kubernetes"], default="embedded")
    parser.add_argument("--delay", type=float, default=0.5, help="seconds after which a host answers, 0.5")
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    end_as_interrupt(signal.SIGTERM)
    print(_HEADER, flush=True)
    parts = [each for each in options.part if each != _NODES]
    if parts:
        _controller(parts, options)
    if _NODES in options.part:
        _nodes(options)


if __name__ == "__main__":
    main()
