# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A long line between a node and everything else, as to a satellite: a double, for the kernels that tests run on have no netem.

The node's card is plugged into a bridge of its own. A process takes frames there and gives them to the usual bridge, later.
"""

from __future__ import annotations

import fcntl
import heapq
import os
import select
import struct
import subprocess
import sys
import time
import typing as t
from pathlib import Path

from . import network, places
from .tools import TestBedError, find, ip_batch, run

_BRIDGE = "br-far"
_NEAR, _FAR = "near0", "far0"
# from linux/if_tun.h
_TUNSETIFF = 0x400454CA
_TAP_WITHOUT_HEAD = 0x0002 | 0x1000
_LONGEST_FRAME = 65536
# seconds
_START = 10


def make(number: int, seconds: float) -> None:
    """Let frames of a node's first card take ``seconds`` in each direction; the process that carries them ends with the infrastructure."""
    ip_batch(
        [
            f"link add {_BRIDGE} type bridge forward_delay 0",
            f"link set {_BRIDGE} up",
            f"tuntap add {_NEAR} mode tap",
            f"tuntap add {_FAR} mode tap",
            f"link set {_NEAR} master {network.SEGMENTS[0].bridge} up",
            f"link set {_FAR} master {_BRIDGE} up",
            f"link set {network.plug(number, 0)} master {_BRIDGE} up",
        ],
        places.INFRASTRUCTURE,
    )
    # as usual: the bed's own is shorter than such a line
    retransmission = f"/proc/sys/net/ipv4/neigh/{network.SEGMENTS[0].bridge}/retrans_time_ms"
    network.in_infrastructure(["sh", "-c", f"echo 1000 > {retransmission}"])
    inside = [find("nsenter") or "nsenter", f"--net=/run/netns/{places.INFRASTRUCTURE}"]
    with (places.RUN / "slow-line.log").open("w") as log:
        subprocess.Popen(
            [*inside, sys.executable, "-m", __name__, str(seconds)],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    give_up = time.monotonic() + _START
    while not all(_is_carried(tap) for tap in (_NEAR, _FAR)):
        if time.monotonic() > give_up:
            raise TestBedError(f"the slow line does not start: {(places.RUN / 'slow-line.log').read_text()[-300:]}")
        time.sleep(0.01)


def _is_carried(tap: str) -> bool:
    """Whether a process has it open: it has a carrier then."""
    return "LOWER_UP" in run("ip", "-n", places.INFRASTRUCTURE, "link", "show", tap).stdout


def _open(tap: str) -> int:
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH22x", tap.encode(), _TAP_WITHOUT_HEAD))
    return descriptor


def carry(near: int, far: int, seconds: float) -> t.NoReturn:
    """Pass frames on, each ``seconds`` after it came."""
    other = {near: far, far: near}
    waiting: list[tuple[float, int, int, bytes]] = []
    count = 0
    while True:
        left = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        for descriptor in select.select([near, far], [], [], left)[0]:
            count += 1
            frame = os.read(descriptor, _LONGEST_FRAME)
            heapq.heappush(waiting, (time.monotonic() + seconds, count, other[descriptor], frame))
        while waiting and waiting[0][0] <= time.monotonic():
            _when, _number, descriptor, frame = heapq.heappop(waiting)
            os.write(descriptor, frame)


if __name__ == "__main__":
    carry(_open(_NEAR), _open(_FAR), float(sys.argv[1]))
