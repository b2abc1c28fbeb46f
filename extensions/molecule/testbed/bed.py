# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A test bed: up, down, and what is in between."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import typing as t
from pathlib import Path

from . import accelerator, image, inside, places, processes
from .tools import FOR_DEBIAN_IMAGE, FOR_YOUR_IMAGE, TestBedError, find, require, run

# what molecule can be told to do; a scenario may have the name of one
_COMMANDS = (
    *("check", "cleanup", "converge", "create", "dependency", "destroy", "drivers", "idempotence", "init", "list"),
    *("login", "matrix", "prepare", "reset", "side-effect", "syntax", "test", "verify"),
)
# seconds
_TO_START = 60.0
_TO_END = 20.0


def up() -> dict[str, t.Any]:
    """Start libvirt where it is alone, and return the record of the test bed. One that this project has up already is left as it is."""
    own_image = _own_image()
    require(FOR_YOUR_IMAGE if own_image else FOR_DEBIAN_IMAGE)
    project = _project() or str(Path.cwd())
    with image.building():  # two at once: the second finds what the first has made
        record = current()
        if record and record["project"] != project:
            raise TestBedError(
                f"the virtual machines of {record['project']} are up: run `molecule destroy` there first"
            )
        return record or _up(own_image, project)


def _up(own_image: Path | None, project: str) -> dict[str, t.Any]:
    image.sweep()
    _end(_read())
    built = None if own_image else image.ensure()
    accel, why = accelerator.chosen(built)
    about = {"project": project, "accel": accel, "why": why, "own_image": own_image is not None}
    try:
        return _start(own_image or t.cast(Path, built), about)
    except BaseException:
        _end(_read())
        raise


def down() -> None:
    """End everything of a test bed, and remove what one that was killed has left. In molecule another project's is left alone."""
    record = _read()
    if _is_alive(record) and _project() not in (None, record["project"]):
        print(f"the virtual machines of {record['project']} stay")
        return
    _end(record)


def _end(record: t.Mapping[str, t.Any]) -> None:
    if _is_alive(record):
        os.kill(record["guard"], signal.SIGTERM)
        deadline = time.monotonic() + _TO_END
        while _is_alive(record) and time.monotonic() < deadline:
            time.sleep(0.05)
        if _is_alive(record):
            os.kill(record["guard"], signal.SIGKILL)
    shutil.rmtree(places.RUN, ignore_errors=True)


def _project() -> str | None:
    """The project that molecule works for."""
    return os.environ.get("MOLECULE_PROJECT_DIRECTORY")


def current() -> dict[str, t.Any]:
    """The record of the test bed that is up; empty when there is none."""
    record = _read()
    return record if _is_alive(record) else {}


def enter(command: t.Sequence[str]) -> t.NoReturn:
    """Become a command inside the test bed: all of its namespaces."""
    record = current()
    if not record:
        raise TestBedError("the virtual machines are not up: run `molecule create`")
    if not command:
        raise TestBedError("give a command behind --")
    entering = [find("nsenter") or "nsenter", f"--target={record['process']}", "--mount", "--net", "--pid", "--ipc"]
    os.execvp(entering[0], [*entering, "--", *command])


def _own_image() -> Path | None:
    given = os.environ.get("MOLECULE_IMAGE")
    if not given:
        return None
    path = Path(given).expanduser().resolve()
    if not path.is_file():
        raise TestBedError(f"there is no file {given}: MOLECULE_IMAGE is the path of a qcow2 image")
    return path


def _start(base: Path, about: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    for folder in (places.RUN, places.SOCKETS, places.MASTERS, places.CONSOLES):
        folder.mkdir(mode=0o700)
    _lay_out(base)
    guard = _start_guard(base, about)
    deadline = time.monotonic() + _TO_START
    while not (places.RECORD.exists() and _libvirt_answers()):
        if guard.poll() is not None or time.monotonic() > deadline:
            guard.terminate()
            raise TestBedError(f"libvirt does not start: {_last_words()}")
        time.sleep(0.1)
    return _read()


def _lay_out(base: Path) -> None:
    """What is used from outside: ssh's doorway and the key."""
    shutil.copy(Path(__file__).parent / "doorway.py", places.DOORWAY)
    if base.is_dir():
        shutil.copy(base / "id", places.KEY)
    else:
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "molecule", "-f", str(places.KEY))
    places.KEY.chmod(0o600)


def _start_guard(base: Path, about: t.Mapping[str, t.Any]) -> subprocess.Popen[bytes]:
    """In a session of its own: an interrupt reaches it as the end of the molecule that it watches."""
    command = [sys.executable, "-m", "testbed", "guard", str(base), json.dumps(about)]
    watched = _one_shot()
    if watched:
        command += ["--watched", str(watched)]
    if os.environ.get("MOLECULE_STATE_FILE"):
        command += ["--molecule-state", os.environ["MOLECULE_STATE_FILE"]]
    with places.LOG.open("wb") as log:
        return subprocess.Popen(
            command,
            cwd=places.SCENARIOS,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=inside.clean_environment(),
        )


def _one_shot() -> int | None:
    """The ``molecule test`` that we are a part of, if any: what it makes ends with it. Others leave machines to work with."""
    process = os.getppid()
    while process > 1:
        words = processes.words(process)
        if "molecule" in [Path(word).name for word in words[:3]]:
            command = next((word for word in words if word in _COMMANDS), "")
            return process if command == "test" and not _keeps(words) else None
        process = processes.parent(process)
    return None


def _keeps(words: t.Sequence[str]) -> bool:
    joined = " ".join(words)
    return "--destroy never" in joined or "--destroy=never" in joined


def _libvirt_answers() -> bool:
    if not (places.SOCKETS / "libvirt-sock").exists():
        return False
    return "hypervisor" in run("virsh", "-c", places.LIBVIRT, "version", check=False)


def _last_words() -> str:
    lines = [line for line in places.LOG.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else f"it says nothing in {places.LOG}"


def _read() -> dict[str, t.Any]:
    try:
        return dict(json.loads(places.RECORD.read_text()))
    except PermissionError:
        # no empty record: who may not look must not believe that there is nothing
        raise TestBedError("there are virtual machines, of root: use the same command as root or with sudo") from None
    except (OSError, ValueError):
        return {}


def _is_alive(record: t.Mapping[str, t.Any]) -> bool:
    return bool(record) and processes.started(record["guard"]) == record["started"]
