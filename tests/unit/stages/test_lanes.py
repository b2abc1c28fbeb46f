# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stages run in two lanes: what is printed of them, in which order they run, and what an interrupt leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.tests.stages import lanes
from ansible_collections.elemental.networking.tests.stages.machine import Missing

_DEADLINE = 60.0


def stage(name: str, script: str, folder: Path, **more: t.Any) -> lanes.Stage:
    """A stage that is a shell script."""
    return lanes.Stage(name, f"stage {name}", lambda: (["sh", "-c", script], folder, {}), **more)


def missing() -> lanes.Command:
    raise Missing("there is no tool here; install it")


def is_running(process: str) -> bool:
    """Whether there is such a process that is not dead already."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def ends(process: str) -> bool:
    """Whether a process that was killed is gone, or soon is: a kill does not wait."""
    deadline = time.monotonic() + _DEADLINE
    while is_running(process) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not is_running(process)


def wait_for(path: str) -> str:
    return f"for n in $(seq 3000); do [ -e {path} ] && break; sleep 0.01; done; [ -e {path} ]"


def test_a_stage_that_waits_runs_beside_those_that_compute(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each of the two ends when the other one has begun; those of one lane keep their order, and each has a log of its own."""
    meet = "touch {mine}; " + wait_for("{theirs}")
    stages = [
        stage("slow", meet.format(mine="slow", theirs="second"), tmp_path, waits=True),
        stage("first", "echo first >> order; echo said", tmp_path),
        stage("second", "echo second >> order; " + meet.format(mine="second", theirs="slow"), tmp_path),
    ]
    assert lanes.run_all(stages, tmp_path / "logs") == 0
    assert (tmp_path / "order").read_text().splitlines() == ["first", "second"]
    assert (tmp_path / "logs/first.log").read_text() == "said\n"
    shown = capsys.readouterr().out.splitlines()
    assert sorted(line.split()[2] for line in shown[:-1]) == ["first", "second", "slow"]
    assert shown[-1] == "3 passed, 0 failed, 0 skipped"


@pytest.mark.parametrize("waits", [False, True])
def test_a_lane_without_stages_takes_those_of_the_other_one(tmp_path: Path, waits: bool) -> None:
    """Each of the two ends when the other one has begun."""
    meet = "touch {mine}; " + wait_for("{theirs}")
    stages = [
        stage("a", meet.format(mine="a", theirs="b"), tmp_path, waits=waits),
        stage("b", meet.format(mine="b", theirs="a"), tmp_path, waits=waits),
    ]
    assert lanes.run_all(stages, tmp_path / "logs") == 0


def test_what_failed_is_shown_and_the_others_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stages = [
        stage("good", "echo nothing; echo run 1: fine", tmp_path, report=("run ",)),
        stage("bad", "echo why; exit 3", tmp_path),
        stage("later", "true", tmp_path),
    ]
    assert lanes.run_all(stages, tmp_path / "logs") == 1
    shown = capsys.readouterr().out.splitlines()
    first = [line.split("  ")[0].split()[0] for line in shown]
    assert sorted(first) == ["2", "FAILED", "passed", "passed", "run", "why"]
    assert first[first.index("FAILED") + 1] == "why"
    assert shown[first.index("run") - 1].startswith("passed   stage good")
    assert "nothing" not in shown


def test_what_failed_is_named_last_however_much_it_has_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reason = "fatal: [vm1]: FAILED! => " + "why" * 200
    script = f"echo FAILED test_a; echo '{reason}'; for i in $(seq 200); do printf '%0500d\\n' 0; done; exit 1"
    assert lanes.run_all([stage("bad", script, tmp_path)], tmp_path / "logs") == 1
    shown = capsys.readouterr().out.splitlines()
    assert shown[-3:] == ["FAILED test_a", reason, "0 passed, 1 failed, 0 skipped"]
    assert len(shown) < 100
    assert max(map(len, shown[:-3])) <= 200


@pytest.mark.parametrize(
    ("variables", "optional", "code", "said"),
    [({}, False, 0, "SKIPPED"), ({"CI": "true"}, False, 1, "FAILED"), ({"CI": "true"}, True, 0, "SKIPPED")],
    ids=["at a desk", "in CI", "optional in CI"],
)
def test_what_is_missing_is_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variables: dict[str, str],
    optional: bool,
    code: int,
    said: str,
) -> None:
    monkeypatch.delenv("CI", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    stages = [lanes.Stage("a", "stage a", missing, optional=optional), stage("b", "true", tmp_path)]
    assert lanes.run_all(stages, tmp_path / "logs") == code
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith(said)
    assert shown[0].endswith("there is no tool here; install it")
    assert shown[1].startswith("passed")


_INTERRUPTED = """
    import signal, sys
    from pathlib import Path
    from ansible_collections.elemental.networking.tests.stages import lanes
    from ansible_collections.elemental.networking.tests.testbed.interrupts import end_as_interrupt

    folder = Path(sys.argv[1])
    script = "trap 'touch $0.down; exit 1' INT; sleep 300 & echo $! > $0.child; touch $0.up; wait; sleep 300"
    def stage(name, waits):
        command = lambda: (["sh", "-c", script, str(folder / name)], folder, {})
        return lanes.Stage(name, name, command, waits=waits, take_down=lambda: (folder / f"{name}.removed").touch())
    end_as_interrupt(signal.SIGINT, signal.SIGTERM)
    stages = [stage("waits", True), stage("computes", False), stage("never", False)]
    try:
        lanes.run_all(stages, folder / "logs")
    except KeyboardInterrupt:
        sys.exit(130)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_both_lanes(tmp_path: Path, number: signal.Signals) -> None:
    """Each stage may take down what it has put up, what it left is taken down after it, and no other one is begun."""
    top = next(parent for parent in Path(__file__).resolve().parents if parent.name == "ansible_collections").parent
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(_INTERRUPTED), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(top)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        deadline = time.monotonic() + _DEADLINE
        while not all((tmp_path / f"{name}.up").exists() for name in ("waits", "computes")):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(number)
        assert process.communicate(timeout=_DEADLINE)[0] == ""
    assert process.returncode == 130
    for name in ("waits", "computes"):
        assert (tmp_path / f"{name}.down").exists()
        assert (tmp_path / f"{name}.removed").exists()
        assert ends((tmp_path / f"{name}.child").read_text().strip())
    assert not list(tmp_path.glob("never*"))


_HELD_BACK = """
    import os, signal
    from ansible_collections.elemental.networking.tests.testbed.interrupts import end_as_interrupt, held_back

    end_as_interrupt(signal.SIGINT, signal.SIGTERM)
    try:
        with held_back(signal.SIGINT, signal.SIGTERM):
            os.kill(os.getpid(), signal.SIGTERM)
            print("whole")
        print("never")
    except KeyboardInterrupt:
        print("ended")
"""


def test_an_interrupt_waits_until_what_is_started_is_noted() -> None:
    top = next(parent for parent in Path(__file__).resolve().parents if parent.name == "ansible_collections").parent
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_HELD_BACK)],
        env={**os.environ, "PYTHONPATH": str(top)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=_DEADLINE,
    )
    assert done.stdout.split() == ["whole", "ended"]
