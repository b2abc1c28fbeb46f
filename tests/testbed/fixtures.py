# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test nodes for pytest."""

from __future__ import annotations

import os
import subprocess
import typing as t
from pathlib import Path

import pytest

from . import bed, nat, network, node, places, slow_line


class Nodes:
    """Three nodes that are up."""

    def __init__(self, count: int, suite: str) -> None:
        self._count = count
        self._suite = suite
        # the network namespace that Ansible runs in
        self._place = places.INFRASTRUCTURE

    def start(self) -> None:
        """Boot the nodes."""
        bed.up(self._count, self._suite)

    def restore(self) -> None:
        """Nodes as on the first day: takes about a second."""
        bed.down()
        self._place = places.INFRASTRUCTURE
        self.start()

    def go_behind_nat(self) -> None:
        """Let Ansible run where a job of AWX does, until the nodes are restored."""
        nat.make()
        self._place = places.BEHIND_NAT

    def go_far_away(self, name: str, seconds: float) -> None:
        """Let everything take so long to a node, and so long back, until the nodes are restored."""
        slow_line.make(int(name.removeprefix("node")), seconds)

    @property
    def names(self) -> list[str]:
        """The names of the nodes, in order."""
        return bed.names()

    @property
    def inventory_path(self) -> Path:
        """The inventory with the DHCP addresses."""
        return places.INVENTORY

    def run(self, command: t.Sequence[str], **options: t.Any) -> subprocess.CompletedProcess[str]:
        """Run a command where Ansible runs."""
        result: subprocess.CompletedProcess[str] = network.run_in(self._place, command, check=False, **options)
        return result

    def oob(self, name: str, command: t.Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a command inside a node, whatever the state of its network."""
        return node.look(name, command)

    def link(self, name: str, card: str, state: str) -> None:
        """Pull (``down``) or plug (``up``) a cable."""
        network.set_link(int(name.removeprefix("node")), int(card.removeprefix("eth")), state == "up")

    def power_cut(self, name: str) -> None:
        """Kill a node at once; it starts again with its disk."""
        node.cut_power(name)

    def boot_again(self, name: str, orderly: bool = True) -> None:
        """Reboot a node, or cut its power, and wait until its network is up."""
        node.boot_again(name, orderly)

    def dhcp(self, running: bool) -> None:
        """Stop or start the DHCP server."""
        network.dhcp(running)


@pytest.fixture(scope="session")
def nodes() -> t.Iterator[Nodes]:
    """Three nodes, booted once; TESTBED_SUITE chooses the Debian release."""
    bed.down()  # what a killed run left behind
    started = Nodes(3, os.environ.get("TESTBED_SUITE", "bookworm"))
    started.start()
    try:
        yield started
    finally:
        bed.down()
