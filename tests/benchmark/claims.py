# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare claims with the floor of the API and with kubernetes.core: python3 -m tests.benchmark.claims. Measures, never fails.

On one control plane, alternating: our module; the floor (parallel POSTs over kept-alive connections and one watch, a bare HTTP
client in one process); and, for few claims, the usual loop of kubernetes.core's modules.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import queue
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import typing as t
import urllib.parse
from pathlib import Path

from tests.stages.machine import REPOSITORY
from tests.testbed.controlplane import places
from tests.testbed.controlplane.fixtures import Space, asked, empty_space
from tests.testbed.controlplane.plane import Plane, running

_THREADS = 8
_LOOP = REPOSITORY / "tests/benchmark/kubernetes_core.yml"


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
    bare = Bare(space.plane, space.user)
    reference = {"apiGroup": places.GROUP, "kind": "InClusterIPPool", "name": "wide"}
    with contextlib.suppress(queue.Empty):
        while True:
            metadata = {"name": waiting.get_nowait()}
            body = {"apiVersion": f"{places.GROUP}/v1beta2", "kind": "IPAddressClaim", "metadata": metadata}
            bare.call("POST", path, {**body, "spec": {"poolRef": reference}})


def _watch(space: Space, path: str, count: int, done: threading.Event) -> None:
    served = set()
    stream = Bare(space.plane, space.user).open("GET", path)
    while len(served) < count:
        item = json.loads(stream.readline())["object"]
        if item.get("status", {}).get("addressRef", {}).get("name"):
            served.add(item["metadata"]["name"])
    done.set()


def ours(space: Space, count: int) -> tuple[float, float, int, float]:
    """Seconds of creates, of the whole call, requests, and seconds of the same call again."""
    before = len(space.plane.requests(space.user))
    first, second = (_call(space, count) for _turn in range(2))
    events = space.plane.requests(space.user)[before:]
    requests = len([event for event in events if event["verb"] != "watch"]) + 1
    return first["sent"], first["seconds"], requests, second["seconds"]


def _call(space: Space, count: int) -> dict[str, float]:
    """The module's work without the start of Python and the import of the client, in a process of its own."""
    claims = asked(*(f"m{number:04}" for number in range(count)), pool="wide")
    given = json.dumps({"kubernetes": space.options, "namespace": space.name, "claims": claims})
    command = [sys.executable, "-m", "tests.benchmark.one_call"]
    run = subprocess.run(command, input=given, capture_output=True, text=True, check=True)
    return dict(json.loads(run.stdout))


def loop(space: Space, count: int) -> float:
    """Seconds of the kubernetes.core way: k8s, k8s_info until addressRef, k8s_info."""
    with tempfile.TemporaryDirectory() as folder:
        inventory = Path(folder) / "hosts"
        hosts = "\n".join(f"core{number:04}" for number in range(count))
        inventory.write_text(
            f"{hosts}\n[all:vars]\nansible_connection=local\nansible_python_interpreter={sys.executable}\n"
        )
        variables = json.dumps({"space": space.name, **space.options})
        environment = {**os.environ, "ANSIBLE_FORKS": "10", "HOME": folder}
        began = time.monotonic()
        command = ["ansible-playbook", "-i", str(inventory), "-e", variables, str(_LOOP)]
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
        return time.monotonic() - began


def measure(plane: Plane, count: int, with_loop: bool) -> str:
    """One line of the table."""
    spaces = [empty_space(plane) for _space in range(3)]
    for space in spaces:
        space.pool("10.9.0.0/16", "wide", prefix=16)
    floor_sent, floor_all = floor(spaces[0], count)
    sent, seconds, requests, again = ours(spaces[1], count)
    other = f"{loop(spaces[2], count) / seconds:.0f} x" if with_loop else "-"
    return (
        f"| {count} | {floor_sent:.2f} | {sent:.2f} | {sent / floor_sent:.2f} | {floor_all:.2f} | {seconds:.2f} | "
        f"{seconds / floor_all:.2f} | {requests} | {again:.2f} | {other} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("counts", nargs="*", type=int, default=[10, 100, 500])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--provider", default="1.1", choices=["1.1", "1.0"])
    parser.add_argument("--loop-up-to", type=int, default=10, help="the kubernetes.core loop takes 3 s per claim")
    options = parser.parse_args()
    columns = (
        "claims|floor: sent s|ours: sent s|ratio|floor: all s|ours: all s|ratio|requests of both|again s|core loop"
    )
    print(f"| {' | '.join(columns.split('|'))} |\n{'|---' * 10}|")
    with running(f"{places.PREFIX}-bench", options.provider) as plane:
        for _round in range(options.rounds):
            for count in options.counts:
                print(measure(plane, count, count <= options.loop_up_to), flush=True)


if __name__ == "__main__":
    main()
