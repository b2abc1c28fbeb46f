# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook configure on real nodes, as many as the machine holds: what the controller takes at first, and once nothing differs."""

from __future__ import annotations

import os
import tempfile
import typing as t
from pathlib import Path

from tests.stages import machine
from tests.testbed import bed, places
from tests.testbed.tools import find

from .contenders import CONTENDERS, Workshop
from .fleet import Run, measured

_PING, _CONFIGURE = "a play with one ping", "playbook configure, eth0, with claims"


def measure(count: int, rounds: int) -> dict[str, list[Run]]:
    """The runs by what they were."""
    machine.install(machine.NODE_PACKAGES)
    ansible = machine.environment("benchmark") / "bin/ansible-playbook"
    ways = {each.title: each for each in CONTENDERS}
    found: dict[str, list[Run]] = {}
    with tempfile.TemporaryDirectory(prefix="elemental-networking-bench-") as folder:
        workshop = Workshop(Path(folder), ansible, range(1, count + 1))
        for _round in range(rounds):
            try:
                bed.up(count, os.environ.get("TESTBED_SUITE") or "bookworm")
                for title, way in (
                    ("ping", _PING),
                    ("configure", _CONFIGURE),
                    ("configure, nothing differs", _CONFIGURE),
                ):
                    found.setdefault(title, []).append(_run(ways[way].command(workshop), workshop))
            finally:
                bed.down()
    return found


def _run(command: t.Sequence[str], workshop: Workshop) -> Run:
    inside = [find("nsenter") or "nsenter", f"--net=/run/netns/{places.INFRASTRUCTURE}", *command]
    path = f"{workshop.ansible_playbook.parent}:{os.environ['PATH']}"
    return measured(
        inside, workshop.folder, ANSIBLE_HOST_KEY_CHECKING="False", ANSIBLE_PIPELINING="True", PATH=path, PYTHONPATH=""
    )
