# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One fault in one phase on one node: strike, mend, judge."""

from __future__ import annotations

import contextlib
import re
import shutil
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

from tests.testbed import node, tools

from . import judging, sets
from .faults import Fault, inside
from .phases import FOLDER, Phase
from .play import DEADLINE, Play, configure, reset

_REACH = 40.0
# a node may need this long after all is mended: the deadline, the dead-man behind it, a NetworkManager to revive
_SETTLE = DEADLINE + 45.0
# what a play says that leaves no doubt; with "unless" it does
_PROMISE_OF_THE_OLD = re.compile(r"(rolled\s+back|rolls\s+back\s+by\s+itself|nothing\s+was\s+changed)(?!,?\s+unless)")


@dataclass(frozen=True)
class Verdict:
    """``state`` is the network that the node is on in the end; ``trouble`` is empty when all is well."""

    state: str
    trouble: str
    seconds: float

    def __str__(self) -> str:
        return self.state if not self.trouble else "FAILED"


class World:
    """A node that the cells use one after the other, and the network that it is on."""

    def __init__(self, number: int, tree: Path, folder: Path, evidence: Path | None = None) -> None:
        self.number = number
        self._tree = tree
        self._folder = folder
        self._evidence = evidence
        self._current = sets.dhcp(number)
        self._files: dict[str, t.Any] = {}

    def judge(self, fault: Fault, phase: Phase | None) -> Verdict:
        """Run one cell."""
        started = time.monotonic()
        try:
            self._prepare(fault, phase)
            state, trouble = self._run(fault, phase)
        except (tools.TestBedError, TimeoutError) as error:
            state, trouble = "?", str(error)[-900:]
        if trouble:
            self._keep_evidence(f"{fault.title}, {phase.title if phase else 'the whole push'}", started)
            self._repair()
        return Verdict(state, trouble, time.monotonic() - started)

    def _keep_evidence(self, title: str, started: float) -> None:
        if self._evidence is None:
            return
        folder = self._evidence / title.replace("/", " ")
        folder.mkdir(parents=True, exist_ok=True)
        began = time.time() - (time.monotonic() - started)
        for log in self._folder.glob(f"play-{self.number}-*.log"):
            if log.stat().st_mtime >= began:
                shutil.copy(log, folder)
        with contextlib.suppress(tools.TestBedError):  # it is off
            (folder / "journal").write_text(
                inside(self.number, f"journalctl --no-pager -o short-precise --since=@{began:.0f}")
            )

    def _prepare(self, fault: Fault, phase: Phase | None) -> None:
        # sshd forgets what it holds against the controller for the faults of earlier cells: from OpenSSH 9.8 on it puts off for a minute,
        # two minutes after each connection that lost its address in a handshake
        inside(self.number, "systemctl try-restart ssh")
        judging.wait_for_answer(self.number, self._current.eth0)
        if self._current.name not in ("a", "b") or (fault.mistake and self._current.name != "a"):
            self._move(sets.network("a", self.number))
        if phase and not phase.is_reset and self._current.name == "b":
            self._move(sets.network("a", self.number))
        inside(self.number, f"rm -rf {FOLDER}; mkdir -p {FOLDER}")
        fault.prepare(self.number)

    def _move(self, wanted: sets.Network) -> None:
        """Get to a network without any fault, and learn its files."""
        play = self._play(configure(self.number, wanted))
        if not play.wait():
            # what an earlier cell did to the link may make sshd lock the controller out for a while (OpenSSH 9.8 and later)
            judging.wait_for_answer(self.number, self._current.eth0)
            play = self._play(configure(self.number, wanted))
        if not play.wait():
            raise TimeoutError(f"no way to network {wanted.name}: {play.said[-600:]}")
        self._current = wanted
        self._files[wanted.name] = judging.look(self.number)["files"]

    def _play(self, task: dict[str, t.Any]) -> Play:
        return Play(self.number, task, self._tree, self._folder, verbosity=3 if self._evidence else 0)

    def _run(self, fault: Fault, phase: Phase | None) -> tuple[str, str]:
        if phase is None:
            wanted = sets.wrong(fault.title, self.number)
            task = configure(self.number, wanted)
        elif phase.is_reset:
            wanted, task = sets.dhcp(self.number), reset(self.number)
        else:
            wanted = sets.beside_way_in(self.number) if phase.spares_way_in else sets.network("b", self.number)
            task = configure(self.number, wanted)
        others = [sets.network("c", self.number)] if fault.second_controller else []
        plays = self._strike(fault, phase, task)
        succeeded = [not fault.kills_controller and play.wait() for play in plays]
        fault.mend(self.number)
        candidates = [(each, self._files.get(each.name)) for each in (self._current, wanted, *others)]
        state, left = judging.wait_until_settled(self.number, candidates, _SETTLE)
        trouble = _trouble(state, left, wanted, others, succeeded, [play.said for play in plays])
        if not trouble:
            self._current = next(each for each, _files in candidates if each.name == state)
        return state, trouble

    def _strike(self, fault: Fault, phase: Phase | None, task: dict[str, t.Any]) -> list[Play]:
        point = phase.point if phase else ""
        if point:
            inside(self.number, f"touch {FOLDER}/hold-{point}")
        plays = [self._play(task)]
        if point:
            self._wait_for(point, plays[0])
            fault.strike(self.number)
            if fault.second_controller:
                plays.append(self._play(configure(self.number, sets.network("c", self.number))))
                time.sleep(1.0)  # let it come to the node while the first one is there
            if fault.kills_controller:
                plays[0].kill()
            inside(self.number, f"rm -f {FOLDER}/hold-*")
        return plays

    def _wait_for(self, point: str, play: Play) -> None:
        deadline = time.monotonic() + _REACH
        while "yes" not in inside(self.number, f"[ -e {FOLDER}/reached-{point} ] && echo yes"):
            if time.monotonic() > deadline or not play.is_running:
                raise TimeoutError(f"the play never came to {point}: {play.said[-600:]}")
            time.sleep(0.05)

    def _repair(self) -> None:
        """Back to DHCP by hand, so that the next cell has a fair start."""
        script = (
            "rm -rf /etc/NetworkManager/system-connections/* /run/NetworkManager/system-connections/elemental* "
            "/run/elemental-networking /var/lib/elemental-networking /filler*; systemctl stop 'elemental-networking*'; "
            "systemctl restart NetworkManager"
        )
        try:
            inside(self.number, script)
        except tools.TestBedError:
            pass  # it is off
        self._current = sets.dhcp(self.number)
        try:
            judging.wait_for_answer(self.number, self._current.eth0)
        except TimeoutError:
            node.cut_power(f"node{self.number}")
            judging.wait_for_answer(self.number, self._current.eth0)


def _trouble(
    state: str,
    left: t.Sequence[str],
    wanted: sets.Network,
    others: t.Sequence[sets.Network],
    succeeded: t.Sequence[bool],
    said: t.Sequence[str],
) -> str:
    """Why a cell failed; empty when it did not."""
    if state.startswith("mixed"):
        return f"{state} | {said[0][-400:]}"
    if left:
        return f"left behind: {', '.join(left)} | {said[0][-900:]}"
    if any("Traceback" in each for each in said):
        return f"a traceback: {said[0][-600:]}"
    promised = [name for name, done in zip([wanted.name, *[each.name for each in others]], succeeded) if done]
    if promised and state != promised[-1] and state not in promised:
        return f"the play promised {promised[-1]}, the node is on {state} | {said[0][-900:]}"
    for network, done, words in zip([wanted, *others], succeeded, said):
        promise = _PROMISE_OF_THE_OLD.search(words)
        if promise and not done and state == network.name:
            return f"the play says {promise[0]}, the node is on {state} | {words[-500:]}"
    return ""
