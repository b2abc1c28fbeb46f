# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Interrupted at any moment, neither the test nodes nor the demo leave anything behind on the machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

import pytest

from tests.testbed import bed, cgroups, places

from .conftest import REPOSITORY

pytestmark = pytest.mark.variants

_TEMPORARY = "elemental-networking-demo-*"


def left_behind() -> list[str]:
    """Everything of a test bed that is still on the machine."""
    found = [f"namespace {name}" for name in bed._namespaces()]
    found += [f"mount {line}" for line in Path("/proc/mounts").read_text().splitlines() if f"{places.PREFIX}-" in line]
    found += [f"cgroup {folder}" for folder in cgroups.UNIFIED.glob(places.PREFIX)]
    found += [f"folder {folder}" for folder in Path(tempfile.gettempdir()).glob(_TEMPORARY)]
    if places.RUN.exists():
        found.append(f"folder {places.RUN}")
    marks = (f"{places.RUN}/", f"--machine={places.PREFIX}-", f"-M {places.PREFIX}-")
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = command.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it ended
        if any(mark in line for mark in marks):
            found.append(f"process {line}")
    return found


def wait_for_line(run: subprocess.Popen[str], words: str) -> None:
    """Wait until the command prints a line with these words."""
    for line in t.cast(t.IO[str], run.stdout):
        if words in line:
            return
    raise AssertionError(f"ended with {run.wait()} before it printed {words}")


@pytest.fixture
def taken_down(nodes: t.Any) -> t.Iterator[None]:
    """No test nodes meanwhile."""
    bed.down()
    yield
    bed.down()
    nodes.start()


def start(module: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a command of the test bed in a process group of its own, as a shell does."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@pytest.mark.usefixtures("taken_down")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", ["booting", "elemental.networking.configure", "Try, prove and persist"])
def test_an_interrupted_demo_leaves_nothing_behind(number: signal.Signals, moment: str) -> None:
    """Ctrl-C (to the whole process group) and SIGTERM, while it boots and in the middle of a push."""
    with start("tests.testbed.demo") as run:
        wait_for_line(run, moment)
        os.killpg(run.pid, number)
        run.communicate(timeout=60)
    assert run.returncode == 130
    assert left_behind() == []


@pytest.mark.usefixtures("taken_down")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_nodes_leave_nothing_behind(number: signal.Signals) -> None:
    """As soon as the first namespace is there."""
    with start("tests.testbed.nodes", "up", "3") as run:
        deadline = time.monotonic() + 60
        while not bed.is_up() and time.monotonic() < deadline and run.poll() is None:
            pass
        os.killpg(run.pid, number)
        run.communicate(timeout=60)
    assert run.returncode == 130
    assert left_behind() == []
