# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""In the place of podman, where it cannot run: the command of a container in namespaces of its own, with /runner and the volumes bound.

A double: the files are those of this machine, or of the image that is mounted at CONTAINER_ROOTFS. What a job can see is as in a
container: its processes, its hostname, a root file system in memory, and a private folder at /runner. ``podman run`` as ansible-runner
calls it, ``podman kill`` and ``podman rm``; nothing else.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import signal
import sys
import typing as t
from pathlib import Path

_WITH_A_VALUE = ("--workdir", "-v", "--env-file", "--name", "--network", "--user", "--pull")
# made anew in each container
_OWN = ("proc", "dev", "runner", "container-home")


class Run(t.NamedTuple):
    """A call of podman run."""

    workdir: str
    volumes: tuple[str, ...]
    env_file: str
    name: str
    command: tuple[str, ...]


def parsed(arguments: t.Sequence[str]) -> Run:
    """The call that these arguments are (pure)."""
    values: dict[str, list[str]] = {}
    rest = list(arguments)
    while rest and rest[0].startswith("-"):
        name, _is, value = rest.pop(0).partition("=")
        if name in _WITH_A_VALUE:
            values.setdefault(name, []).append(value or rest.pop(0))
    _image, *command = rest
    last = {name: found[-1] for name, found in values.items()}
    return Run(
        last.get("--workdir", "/"),
        tuple(values.get("-v", [])),
        last.get("--env-file", ""),
        last["--name"],
        tuple(command),
    )


def script(run: Run, root: str, files: str) -> str:
    """The shell script that becomes the container with these files, in its namespaces (pure)."""
    quoted = shlex.quote
    # an image is mounted for reading
    own = _OWN if files == "/" else (*_OWN, "tmp", "run", "root")
    lines = [
        "set -e",
        "mount --make-rprivate /",
        f"mount -t tmpfs tmpfs {root}",
        f"for each in {files.rstrip('/')}/*; do name=${{each##*/}}; case $name in {'|'.join(own)}) continue;; esac",
        f'if [ -L "$each" ]; then cp -a "$each" {root}/',
        f'elif [ -d "$each" ]; then mkdir "{root}/$name"; mount --rbind "$each" "{root}/$name"; fi',
        "done",
        *(f"mkdir {root}/{name}" for name in own),
        f"mount --rbind /dev {root}/dev",
        f"mount -t proc proc {root}/proc",
    ]
    for volume in run.volumes:
        source, target, *options = volume.split(":")
        place = quoted(f"{root}{target}")
        lines.append(f"mkdir -p {place}")
        # podman keeps what is written to a volume with O in a layer of the container
        lines.append(f"mount -t tmpfs tmpfs {place}" if options == ["O"] else f"mount --bind {quoted(source)} {place}")
    lines.append(f"hostname {hashlib.sha256(run.name.encode()).hexdigest()[:12]}")
    lines.append(f"cd {root}")
    inside = f"cd {quoted(run.workdir)} && exec {shlex.join(run.command)}"
    lines.append(f"exec /usr/sbin/chroot {root} /bin/sh -c {quoted(inside)}")
    return "\n".join(lines)


def _environment(file: str, path: str) -> dict[str, str]:
    """A container gets what the file lists; PATH is the image's."""
    listed = [line.partition("=") for line in Path(file).read_text().splitlines()] if file else []
    names = {name: value if is_set else os.environ.get(name, "") for name, is_set, value in listed if name}
    return {**names, "PATH": path, "HOME": "/container-home", "container": "podman"}


def main(arguments: t.Sequence[str]) -> int:
    """Serve one call of podman, after the folder that knows the containers."""
    containers, arguments = Path(arguments[0]), arguments[1:]
    # each container mounts its own files there, in its own namespace
    root = containers / "files"
    root.mkdir(parents=True, exist_ok=True)
    if arguments[:1] == ["kill"]:
        pid = containers / arguments[-1]
        if pid.exists():
            os.kill(int(pid.read_text()), signal.SIGKILL)
        return 0
    if arguments[:1] != ["run"]:
        return 0
    run = parsed(arguments[1:])
    (containers / run.name).write_text(str(os.getpid()))
    files = os.environ.get("CONTAINER_ROOTFS", "/")
    path = os.environ["PATH"] if files == "/" else "/usr/local/bin:/usr/bin:/bin"
    isolated = [
        "unshare",
        "--mount",
        "--pid",
        "--uts",
        "--ipc",
        "--fork",
        "--kill-child",
        "/bin/sh",
        "-c",
        script(run, str(root), files),
    ]
    os.execvpe(isolated[0], isolated, _environment(run.env_file, path))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
