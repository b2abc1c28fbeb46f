# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine that has never seen this project, as far as a folder can be one: python3 -m tests.stages.cold (make test-cold).

The demo on both backends, make prepare and one test of each stage, with a home and caches that are empty at first. The folder with them is
removed at the end, however the end comes. What apt-get installs stays: the programs of the system are no cache.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

from ..testbed.interrupts import end_as_interrupt
from .machine import REPOSITORY

# of a test bed beside the one that may be up; short, because it is part of the path of a socket
_NAME = "co"
_LAST_LINES = 40
# seconds
_TO_TAKE_DOWN = 90.0

_STEPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("make demo", ("make", "demo")),
    ("make demo IPAM=cluster", ("make", "demo", "IPAM=cluster")),
    ("make prepare", ("make", "prepare")),
    ("one test of each stage", (sys.executable, "-m", "tests.stages", "--one")),
)
_TO_END = (
    (sys.executable, "-m", "tests.testbed.nodes", "down"),
    (sys.executable, "-m", "tests.testbed.controlplane", "down"),
    ("make", "molecule-down"),
)


def main() -> int:
    """Run the steps, each also where one before it has failed; the exit code is 1 where one has."""
    end_as_interrupt(signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    folder = Path(tempfile.mkdtemp(prefix="elemental-networking-cold-"))
    environment = {**os.environ, **empty(folder)}
    try:
        failed = [title for title, command in _STEPS if not _run(title, command, environment, folder)]
    except KeyboardInterrupt:
        print("cold: interrupted, everything is taken down", file=sys.stderr)
        return 130
    finally:
        _clean(environment, folder)
    print(f"cold: {len(_STEPS) - len(failed)} of {len(_STEPS)} steps passed")
    return 1 if failed else 0


def empty(folder: Path, home: Path | None = None) -> dict[str, str]:
    """Variables that lead everything that keeps something into the folder; what says how to reach a registry stays as it is."""
    home = home or Path.home()
    variables = {
        "HOME": folder / "home",
        "XDG_CACHE_HOME": folder / "cache",
        "XDG_DATA_HOME": folder / "data",
        "PIP_CACHE_DIR": folder / "pip",
        "UV_CACHE_DIR": folder / "uv",
        "GOPATH": folder / "go",
        "GOMODCACHE": folder / "go/mod",
        "GOCACHE": folder / "go-build",
        "CARGO_HOME": folder / "cargo",
        "ANSIBLE_HOME": folder / "ansible",
    }
    kept = {"RUSTUP_HOME": home / ".rustup", "PYENV_ROOT": home / ".pyenv", "GOENV": home / ".config/go/env"}
    variables.update({name: place for name, place in kept.items() if name not in os.environ and place.exists()})
    for name in ("HOME", "XDG_CACHE_HOME", "CARGO_HOME"):
        variables[name].mkdir(parents=True)
    for name in ("config.toml", "config"):
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(
                Path(os.environ.get("CARGO_HOME") or home / ".cargo") / name, variables["CARGO_HOME"] / name
            )

    return {**{name: str(place) for name, place in variables.items()}, "TESTBED_NAME": _NAME}


def _run(title: str, command: t.Sequence[str], environment: t.Mapping[str, str], folder: Path) -> bool:
    """Run a step; its output is shown as it comes where it has lines for each stage, and at the end where it has failed."""
    started = time.monotonic()
    log = folder / f"{title.replace(' ', '-').replace('=', '-')}.log"
    shown = "--one" in command
    with log.open("w") as stream, subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=None if shown else stream,
        stderr=None if shown else subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            code = process.wait()
        except KeyboardInterrupt:
            _end(process)
            raise
    print(f"{'FAILED' if code else 'passed':8} {title:32} {time.monotonic() - started:6.1f} s", flush=True)
    if code and not shown:
        print("\n".join(log.read_text(errors="replace").splitlines()[-_LAST_LINES:]), flush=True)
    return code == 0


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let a step take down what it has put up; a second Ctrl-C does not wait for that."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(_TO_TAKE_DOWN)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _clean(environment: t.Mapping[str, str], folder: Path) -> None:
    """Take down what a step had no time for, and remove the folder; not to be interrupted."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for command in _TO_END:
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(
                command, cwd=REPOSITORY, env=environment, capture_output=True, check=False, timeout=_TO_TAKE_DOWN
            )
    remove(folder)
    if folder.exists():
        print(f"cold: {folder} is not removed completely; remove it", file=sys.stderr)


def remove(folder: Path) -> None:
    """Remove a folder with what Go has made read-only in it, and without what is mounted there."""
    inside = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for place in reversed([each for each in inside if each.startswith(f"{folder}/")]):
        subprocess.run(["umount", "--lazy", place], capture_output=True, check=False)
    for place, folders, _files in os.walk(folder):
        for name in folders:
            path = os.path.join(place, name)
            if not os.path.islink(path):
                os.chmod(path, 0o700)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
