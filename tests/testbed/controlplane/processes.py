# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes of a control plane, known by pid and start time, so that a recycled pid is never signalled."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import typing as t
from pathlib import Path

from ..tools import TestBedError


def start_time(pid: int) -> int | None:
    """When a process started, in clock ticks; None when it is gone, or is only waiting to be reaped."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None
    # the first thread may be gone while others still hold the process's ports
    waits_to_be_reaped = fields[0] == "Z" and int(fields[17]) <= 1
    return None if waits_to_be_reaped else int(fields[19])


class Processes:
    """Started, signalled and started again by name; the record is in a file, for the next command."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "processes.json"

    def start(self, name: str, command: t.Sequence[str]) -> None:
        """Start a process of its own session; its output goes to ``<name>.log``."""
        with (self._folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                start_new_session=True,
                env={"PATH": os.environ.get("PATH", ""), "HOME": str(self._folder)},
            )
        record = {"pid": process.pid, "started": start_time(process.pid), "command": list(command)}
        self._write({**self._read(), name: record})

    def start_again(self, name: str) -> None:
        """Start a process as it was started before."""
        self.start(name, self._read()[name]["command"])

    def names(self) -> list[str]:
        """All processes that were started, the latest first."""
        return list(reversed(self._read()))

    def pid(self, name: str) -> int:
        """The process id."""
        return int(self._read()[name]["pid"])

    def is_alive(self, name: str) -> bool:
        """Whether it runs."""
        record = self._read().get(name)
        if not record or record["started"] is None:
            return False
        try:
            os.waitpid(record["pid"], os.WNOHANG)  # reap our own child
        except ChildProcessError:
            pass
        return start_time(record["pid"]) == record["started"]

    def end(self, name: str, number: int = signal.SIGTERM, seconds: float = 10.0) -> None:
        """Signal a process and wait until it is gone."""
        deadline = time.monotonic() + seconds
        if self.is_alive(name):
            os.kill(self.pid(name), number)
        while self.is_alive(name):
            if time.monotonic() > deadline:
                os.kill(self.pid(name), signal.SIGKILL)
            time.sleep(0.02)

    def wait(self, what: str, probe: t.Callable[[], object], name: str = "", seconds: float = 90.0) -> None:
        """Wait until ``probe`` is true. Raises TestBedError when the process ends or the time is over."""
        deadline, last = time.monotonic() + seconds, ""
        while time.monotonic() < deadline:
            if name and not self.is_alive(name):
                raise TestBedError(f"{name} ended: {self._last_lines(name)}")
            try:
                if probe():
                    return
            except (OSError, ValueError, KeyError) as error:
                last = str(error)
            time.sleep(0.05)
        raise TestBedError(f"{what} was not ready after {seconds:.0f} s: {last}")

    def _last_lines(self, name: str) -> str:
        return " | ".join((self._folder / f"{name}.log").read_text(errors="replace").splitlines()[-5:])

    def _read(self) -> dict[str, t.Any]:
        return dict(json.loads(self._file.read_text())) if self._file.exists() else {}

    def _write(self, records: t.Mapping[str, t.Any]) -> None:
        partial = self._file.with_suffix(".partial")
        partial.write_text(json.dumps(records))
        partial.replace(self._file)
