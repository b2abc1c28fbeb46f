# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change of one node by a real ansible-playbook."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
import subprocess
import typing as t
from pathlib import Path

from tests.stages import machine
from tests.testbed import node, places, tools
from tests.testbed.tools import find

from . import sets

DEADLINE = 12
_LONGEST = DEADLINE + 75.0


class Play:
    """A running play; ``said`` is what it printed in the end."""

    def __init__(
        self,
        number: int,
        task: dict[str, t.Any],
        tree: Path,
        folder: Path,
        verbosity: int = 0,
        variables: t.Mapping[str, t.Any] | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        playbook = folder / f"play-{number}.json"
        play = {"hosts": f"node{number}", "gather_facts": False, "vars": dict(variables or {}), "tasks": [task]}
        playbook.write_text(json.dumps([play]))
        environment = machine.environment("test")
        settings = {
            "PATH": f"{environment / 'bin'}:{os.environ['PATH']}",
            "ANSIBLE_COLLECTIONS_PATH": str(tree),
            "ANSIBLE_HOST_KEY_CHECKING": "False",
            "ANSIBLE_LOCALHOST_WARNING": "False",
            "ANSIBLE_NOCOLOR": "True",
            "ANSIBLE_VERBOSITY": str(verbosity),
        }
        command = [find("nsenter") or "nsenter", f"--net=/run/netns/{places.INFRASTRUCTURE}"]
        command += [str(environment / "bin/ansible-playbook"), "-i", str(places.INVENTORY), str(playbook)]
        self._log = folder / f"play-{number}-{os.urandom(3).hex()}.log"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                command,
                env={**os.environ, **settings},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> None:
        """As the power of the controller would: ansible, its workers and its ssh processes, at once."""
        for process in _family(self._process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self._process.wait()

    def wait(self) -> bool:
        """Whether it succeeded. Raises TimeoutError for a play that hangs."""
        try:
            return self._process.wait(_LONGEST) == 0
        except subprocess.TimeoutExpired:
            self.kill()
            raise TimeoutError(f"the play hangs: {self.said[-900:]}") from None

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    @property
    def said(self) -> str:
        """All that it printed."""
        return self._log.read_text()


def _family(first: int) -> list[int]:
    """A process and all that come from it: ansible-core puts its workers into sessions of their own."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
    found = [first]
    for process in found:
        found += [child for child, parent in parents.items() if parent == process]
    return found


def configure(number: int, wanted: sets.Network) -> dict[str, t.Any]:
    """A task that moves a node to a network."""
    known = {name: sets.network(name, number) for name in "abc"}
    addresses = {name: {"address": each.eth0, "prefix": 24} for name, each in known.items()}
    options = {"configurator": "nmconnections", "config": wanted.config(), "addresses": addresses, **_common(number)}
    return {"name": f"Move to network {wanted.name}", "elemental.networking.network_config": options}


def reset(number: int) -> dict[str, t.Any]:
    """A task that gives DHCP back to a node."""
    addresses = [sets.network(name, number).eth0 for name in "abc"]
    return {
        "name": "Give DHCP back",
        "elemental.networking.network_reset": {"addresses": addresses, **_common(number)},
    }


def _common(number: int) -> dict[str, t.Any]:
    return {"deadline": DEADLINE, "known_host_keys": host_keys(number)}


@functools.lru_cache(maxsize=None)
def host_keys(number: int) -> list[str]:
    """The keys of a node, as the first push of a machine records them with its claims."""
    keys = node.look(places.node_name(number), ["sh", "-c", "cat /etc/ssh/ssh_host_*_key.pub"]).stdout.splitlines()
    if not keys:
        raise tools.TestBedError(f"node{number} has no ssh host keys")
    return list(keys)
