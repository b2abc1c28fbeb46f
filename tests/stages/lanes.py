# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stages and how they run: in lanes side by side, each with a log of its own; one line for each, and what a failed one has said last."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import threading
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

from ..testbed.interrupts import held_back
from .machine import Missing

_LAST_LINES = 60
# how pytest's summary and Ansible name what has failed; ssh's lines of one failure may be longer than what is shown
_NAMES_A_FAILURE = ("FAILED ", "ERROR ", "fatal: [", "failed: [", "[ERROR]: ")
_LONGEST_LINE = 200
# of one that names a failure: Ansible has the whole reason in it
_LONGEST_NAME = 2000
# seconds
_TO_TAKE_DOWN = 60.0

Command = t.Tuple[t.Sequence[str], Path, t.Dict[str, str]]


@dataclass(frozen=True)
class Stage:
    """One check: ``command`` gives what to run, where and with which variables, or raises Missing."""

    name: str
    title: str
    command: t.Callable[[], Command]
    optional: bool = False
    # what begins so in the output is what the user asked for, and is shown
    report: tuple[str, ...] = ()
    # whether it runs when no stage is named
    by_default: bool = True
    # what narrows it down to one test, where it has many and they take long
    one: tuple[str, ...] = ()
    # the stages of a lane run one after another; one that often waits has a lane beside those that compute, until that is empty
    waits: bool = False
    # after an interrupt: what the stage has had no time for
    take_down: t.Callable[[], None] | None = None


@dataclass(frozen=True)
class _Running:
    stage: Stage
    process: subprocess.Popen[bytes]
    log: Path
    started: float


def run_all(stages: t.Sequence[Stage], logs: Path) -> int:
    """Run stages and print how they end; the exit code is 1 where one failed. KeyboardInterrupt comes when all of them have ended."""
    verdicts = _Lanes(stages, logs).run()
    counts = {verdict: verdicts.count(verdict) for verdict in ("passed", "failed", "skipped")}
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] else 0


class _Lanes:
    """Everything is prepared, started and printed by one thread: two stages never install at once, and no lines mix."""

    def __init__(self, stages: t.Sequence[Stage], logs: Path) -> None:
        self._logs = logs
        self._waiting = [[stage for stage in stages if stage.waits is waits] for waits in (True, False)]
        self._running: dict[int, _Running] = {}
        self._ended: queue.SimpleQueue[tuple[int, float]] = queue.SimpleQueue()
        self._verdicts: list[str] = []

    def run(self) -> list[str]:
        self._logs.mkdir(parents=True, exist_ok=True)
        try:
            while True:
                for lane in range(len(self._waiting)):
                    self._fill(lane)
                if not self._running:
                    return self._verdicts
                self._finish(*self._ended.get())
        except BaseException:
            self._end_all()
            raise

    def _fill(self, lane: int) -> None:
        """Start the next stage in a lane that is free: one of the other lane where it has none left itself."""
        while lane not in self._running and (waiting := self._waiting[lane] or self._waiting[1 - lane]):
            stage = waiting.pop(0)
            started = time.monotonic()
            try:
                command, folder, variables = stage.command()
            except Missing as error:
                failed = os.environ.get("CI") and not stage.optional
                self._say(stage, "failed" if failed else "skipped", started, time.monotonic(), str(error))
                continue
            log = self._logs / f"{stage.name}.log"
            with held_back(signal.SIGINT, signal.SIGTERM):  # one between the two lines would leave a stage behind
                process = _start([*command, *stage.one], folder, {**os.environ, **variables}, log)
                self._running[lane] = _Running(stage, process, log, started)
            threading.Thread(target=self._wait, args=(lane, process), daemon=True).start()

    def _wait(self, lane: int, process: subprocess.Popen[bytes]) -> None:
        process.wait()
        self._ended.put((lane, time.monotonic()))

    def _finish(self, lane: int, ended: float) -> None:
        running = self._running.pop(lane)
        verdict = "failed" if running.process.returncode else "passed"
        self._say(running.stage, verdict, running.started, ended)
        lines = running.log.read_text(errors="replace").splitlines()
        if running.stage.report:
            print("\n".join(line for line in lines if line.startswith(running.stage.report)), flush=True)
        if verdict == "failed":
            print("\n".join(_of_a_failure(lines)), flush=True)

    def _say(self, stage: Stage, verdict: str, started: float, ended: float, reason: str = "") -> None:
        shown = verdict if verdict == "passed" else verdict.upper()
        print(f"{shown:8} {stage.title:32} {ended - started:6.1f} s  {reason}", flush=True)
        self._verdicts.append(verdict)

    def _end_all(self) -> None:
        """Pass an interrupt on to all at once: each may take down what it has put up. A second one does not wait for that."""
        for running in self._running.values():
            _send(running.process, signal.SIGINT)
        deadline = time.monotonic() + _TO_TAKE_DOWN
        for running in self._running.values():
            with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
                running.process.wait(max(0.0, deadline - time.monotonic()))
            _send(running.process, signal.SIGKILL)  # also what it has left
        for running in self._running.values():
            if running.stage.take_down:
                running.stage.take_down()


def _of_a_failure(lines: t.Sequence[str]) -> list[str]:
    """The last lines, then what failed by name; none so long that it hides the others."""
    named = [line for line in lines if line.startswith(_NAMES_A_FAILURE)]
    last = [line for line in lines[-_LAST_LINES:] if line not in named]
    return [*(line[:_LONGEST_LINE] for line in last), *(line[:_LONGEST_NAME] for line in named)]


def _start(
    command: t.Sequence[str], folder: Path, variables: t.Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    """In a session of its own: an interrupt reaches it when we pass it on, and then all of it."""
    with log.open("w") as stream:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _send(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
