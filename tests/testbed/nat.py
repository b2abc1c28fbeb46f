# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A place whose only way to the nodes is slirp4netns, as a job of AWX has it: a node sees neither its address nor its ports."""

from __future__ import annotations

import os
import select
import subprocess

from . import places
from .tools import TestBedError, find, ip_batch

# as podman starts it for a job
_OPTIONS = ("--configure", "--mtu=65520", "--disable-host-loopback", "--enable-ipv6", "--netns-type=path")
_DEVICE = "tap0"
# seconds
_START = 10


def make() -> None:
    """Make the place; the process that leads out of it ends with the infrastructure."""
    program = find("slirp4netns")
    if program is None:
        raise TestBedError("missing on this machine: apt-get install --no-install-recommends slirp4netns")
    ip_batch([f"netns add {places.BEHIND_NAT}"])
    ip_batch(["link set lo up"], places.BEHIND_NAT)
    inside = [find("nsenter") or "nsenter", f"--net=/run/netns/{places.INFRASTRUCTURE}"]
    is_ready, ready = os.pipe()
    try:
        way_out = [program, *_OPTIONS, f"--ready-fd={ready}"]
        with (places.RUN / "slirp4netns.log").open("w") as log:
            subprocess.Popen(
                [*inside, *way_out, f"/run/netns/{places.BEHIND_NAT}", _DEVICE],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(ready,),
                start_new_session=True,
            )
        os.close(ready)
        if not select.select([is_ready], [], [], _START)[0] or os.read(is_ready, 1) != b"1":
            raise TestBedError(f"slirp4netns does not start: {(places.RUN / 'slirp4netns.log').read_text()[-300:]}")
    finally:
        os.close(is_ready)
