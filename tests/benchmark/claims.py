# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare claims with the floor of the API and with kubernetes.core: python3 -m tests.benchmark.claims. Measures, never fails.

On one control plane, alternating: our module; the floor (parallel POSTs over kept-alive connections and one watch, a bare HTTP
client in one process); and the usual loop of kubernetes.core's modules, for fewer claims, compared by the claim.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import queue
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import typing as t
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.objects import claim_object
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import Claim, PoolReference

from tests.stages.machine import REPOSITORY
from tests.testbed.controlplane import places
from tests.testbed.controlplane.fixtures import Space, asked, empty_space
from tests.testbed.controlplane.plane import Plane, running

_THREADS = 8
_LOOP = REPOSITORY / "tests/benchmark/kubernetes_core.yml"


@dataclass(frozen=True)
class Row:
    """What one round of one number of claims came to; seconds, requests, and MB of memory."""

    count: int
    floor_sent: float
    floor_all: float
    sent: float
    all: float
    requests: int
    again: float
    again_requests: int
    memory: int

    @property
    def pace(self) -> float:
        """Ours to the floor, until all have their addresses."""
        return self.all / self.floor_all


class Bare:
    """One kept-alive connection, nothing else."""

    def __init__(self, plane: Plane, user: str) -> None:
        server = urllib.parse.urlparse(plane.server)
        context = ssl.create_default_context(cafile=str(plane.folder / "pki/ca.crt"))
        self._headers = {"Authorization": f"Bearer {plane.token(user)}", "Content-Type": "application/json"}
        self._connection = http.client.HTTPSConnection(str(server.hostname), server.port, context=context, timeout=300)

    def call(self, method: str, path: str, body: object = None) -> t.Any:
        """One request, read to its end."""
        response = self.open(method, path, body)
        return json.loads(response.read())

    def open(self, method: str, path: str, body: object = None) -> http.client.HTTPResponse:
        """One request."""
        self._connection.request(method, path, None if body is None else json.dumps(body), self._headers)
        return self._connection.getresponse()


def floor(space: Space, count: int) -> tuple[float, float]:
    """Seconds until all creates are sent, and until the last claim has its address."""
    path = space.path("ipaddressclaims")
    version = Bare(space.plane, space.user).call("GET", f"{path}?limit=1")["metadata"]["resourceVersion"]
    done = threading.Event()
    began = time.monotonic()
    threading.Thread(target=_watch, args=(space, f"{path}?watch=1&resourceVersion={version}", count, done)).start()
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for number in range(count):
        waiting.put(f"floor{number:04}")
    senders = [threading.Thread(target=_send, args=(space, path, waiting)) for _sender in range(_THREADS)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    sent = time.monotonic() - began
    done.wait(600)
    return sent, time.monotonic() - began


def _send(space: Space, path: str, waiting: queue.SimpleQueue[str]) -> None:
    """The same objects as ours: what a claim says of itself costs the provider, not the client."""
    bare = Bare(space.plane, space.user)
    pool = PoolReference(places.GROUP, "InClusterIPPool", "wide")
    with contextlib.suppress(queue.Empty):
        while True:
            name = waiting.get_nowait()
            claim = Claim(space.name, f"{name}-ip", name, "ip", pool)
            bare.call("POST", path, claim_object(claim, "v1beta2", "0" * 32))


def _watch(space: Space, path: str, count: int, done: threading.Event) -> None:
    served = set()
    stream = Bare(space.plane, space.user).open("GET", path)
    while len(served) < count:
        item = json.loads(stream.readline())["object"]
        if item.get("status", {}).get("addressRef", {}).get("name"):
            served.add(item["metadata"]["name"])
    done.set()


def ours(space: Space, count: int) -> tuple[dict[str, t.Any], dict[str, t.Any]]:
    """A call, and the same call again: seconds beyond the import of the client, requests of any kind, memory."""
    given = json.dumps({"kubernetes": space.options, "namespace": space.name, "claims": _asked(count)})
    command = [sys.executable, "-m", "tests.benchmark.one_call"]
    runs = [subprocess.run(command, input=given, capture_output=True, text=True, check=True) for _turn in range(2)]
    first, second = (dict(json.loads(run.stdout)) for run in runs)
    return first, second


def _asked(count: int) -> list[dict[str, t.Any]]:
    return asked(*(f"m{number:04}" for number in range(count)), pool="wide")


def module_memory(space: Space, count: int) -> int:
    """Memory of a process of the module itself, in MB, at its highest."""
    process = space.start("ip_address_claims", claims=_asked(count))
    assert process.stdout is not None
    result = json.loads(process.stdout.read())
    assert not result.get("failed"), result
    _pid, _status, usage = os.wait4(process.pid, 0)
    return usage.ru_maxrss // 1024


def loop(space: Space, count: int) -> float:
    """Seconds of the kubernetes.core way: k8s, k8s_info until addressRef, k8s_info."""
    with tempfile.TemporaryDirectory() as folder:
        inventory = Path(folder) / "hosts"
        hosts = "\n".join(f"core{number:04}" for number in range(count))
        inventory.write_text(
            f"{hosts}\n[all:vars]\nansible_connection=local\nansible_python_interpreter={sys.executable}\n"
        )
        variables = json.dumps({"space": space.name, **space.options})
        environment = {**os.environ, "ANSIBLE_FORKS": "1", "HOME": folder}
        began = time.monotonic()
        command = ["ansible-playbook", "-i", str(inventory), "-e", variables, str(_LOOP)]
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
        return time.monotonic() - began


def _space(plane: Plane) -> Space:
    space = empty_space(plane)
    space.pool("10.9.0.0/16", "wide", prefix=16)
    return space


def measure(plane: Plane, count: int) -> Row:
    """One round."""
    floor_sent, floor_all = floor(_space(plane), count)
    first, second = ours(_space(plane), count)
    return Row(
        count,
        *(floor_sent, floor_all, first["sent"], first["seconds"], first["requests"]),
        *(second["seconds"], second["requests"], max(first["memory"], second["memory"])),
    )


_COLUMNS = (
    "claims|floor: sent s|ours: sent s|ratio|floor: all s|ours: all s|ratio|requests|again: s|again: requests|memory MB"
).split("|")


def line(row: Row) -> str:
    """A row of the table."""
    cells = (
        row.count,
        *(f"{row.floor_sent:.2f}", f"{row.sent:.2f}", f"{row.sent / row.floor_sent:.2f}"),
        *(f"{row.floor_all:.2f}", f"{row.all:.2f}", f"{row.pace:.2f}"),
        *(row.requests, f"{row.again:.2f}", row.again_requests, row.memory),
    )
    return f"| {' | '.join(map(str, cells))} |"


def compare_with_loop(plane: Plane, count: int, row: Row) -> None:
    """Say how the kubernetes.core loop compares, by the claim."""
    each, mine = loop(_space(plane), count) / count, row.all / row.count
    print(
        f"kubernetes.core, {count} claims one after another: {each:.2f} s per claim; ours, {row.count} claims: {mine:.4f} s per claim; "
        f"{each / mine:.0f} times faster",
        flush=True,
    )


def _memory(plane: Plane, count: int) -> None:
    space = _space(plane)
    for turn in ("first call", "again"):
        print(f"memory of the module process, {count} claims, {turn}: {module_memory(space, count)} MB", flush=True)


def _table(plane: Plane, counts: t.Sequence[int], rounds: int, loop_count: int) -> None:
    rows: list[Row] = []
    print(f"| {' | '.join(_COLUMNS)} |\n{'|---' * len(_COLUMNS)}|", flush=True)
    for _round in range(rounds):
        for count in counts:
            rows.append(measure(plane, count))
            print(line(rows[-1]), flush=True)
    largest = [row for row in rows if row.count == max(counts)]
    median = sorted(largest, key=lambda row: row.pace)[len(largest) // 2]
    sent = statistics.median(row.sent / row.floor_sent for row in largest)
    print(
        f"\n{median.count} claims, medians of {len(largest)}: all {median.pace:.2f} x the floor, sent {sent:.2f} x the floor"
    )
    if loop_count:
        compare_with_loop(plane, loop_count, median)


def main() -> None:
    """Print the table, and the comparison with the loop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("counts", nargs="*", type=int, default=[10, 100, 500])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--provider", default="1.1", choices=["1.1", "1.0"])
    parser.add_argument(
        "--loop", type=int, default=20, help="claims of the kubernetes.core loop, 3 s each; 0 leaves it out"
    )
    parser.add_argument("--memory", type=int, default=0, help="only measure the module's memory at so many claims")
    options = parser.parse_args()
    with running(f"{places.PREFIX}-bench", options.provider) as plane:
        if options.memory:
            _memory(plane, options.memory)
        else:
            _table(plane, options.counts, options.rounds, options.loop)


if __name__ == "__main__":
    main()
