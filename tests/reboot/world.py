# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One node that the configurations use one after the other: change, boot, compare, change again."""

from __future__ import annotations

import json
import re
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

from tests.faults.play import DEADLINE, Play, host_keys
from tests.testbed import cabling, network, node, tools

from . import looking
from .configurations import Configuration, Step, claimed, claimed_ipv6

_SETTLE = 60.0


@dataclass(frozen=True)
class Verdict:
    """``trouble`` has a line for each thing that is not as it has to be; none when all is well."""

    trouble: tuple[str, ...]
    seconds: float


class _Trouble(Exception):
    """What was found, a line each."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class World:
    """A node, and the controller's plays on it."""

    def __init__(self, number: int, tree: Path, folder: Path) -> None:
        self.number = number
        self._tree = tree
        self._folder = folder
        self._inventory_address = network.lease(number)

    def judge(self, configuration: Configuration) -> Verdict:
        """Run one configuration; the node is as on its first day afterwards."""
        started = time.monotonic()
        trouble = self._troubles(lambda: self._prepare(configuration), lambda: self._run(configuration))
        # a node that cannot be restored is no fair start for the next one, which will say so, too
        trouble += self._troubles(self._restore)
        return Verdict(trouble, time.monotonic() - started)

    def _troubles(self, *works: t.Callable[[], object]) -> tuple[str, ...]:
        try:
            for work in works:
                work()
        except _Trouble as error:
            return error.lines
        except (tools.TestBedError, TimeoutError) as error:
            return (str(error)[-900:],)
        return ()

    def _run(self, configuration: Configuration) -> None:
        steps = configuration.steps(self.number)
        answer: t.Mapping[str, t.Any] = {}
        for step in steps:
            answer = self._change(step)
        before = looking.settled(self.number)
        if configuration.is_by_router:
            self._inventory_address = self._address_by_router()
        address = configuration.found_at(self.number) or self._inventory_address
        self._check(before, address, "before the boot")
        node.boot_again(f"node{self.number}", orderly=True)
        self._check(before, address, "after a reboot")
        self._change_again(steps[-1], answer)
        self._check(before, address, "after the second run")
        node.boot_again(f"node{self.number}", orderly=False)
        self._check(before, address, "after a power cut")

    def _check(self, before: looking.Look, address: str, when: str) -> None:
        found = looking.wait_until_same(self.number, before, _SETTLE)
        if found:
            raise _Trouble(*(f"{when}, {line}" for line in found))
        if not looking.answers(self.number, address):
            raise _Trouble(f"{when}, nobody answers at {address}")

    def _change(self, step: Step) -> t.Mapping[str, t.Any]:
        """Make a change; what the task returned, nothing where it has to fail."""
        play = self._play(step)
        succeeded = play.wait()
        if "Traceback" in play.said:
            raise _Trouble(f"a traceback: {play.said[-900:]}")
        if succeeded == step.fails:
            raise _Trouble(f"the change {'succeeded' if succeeded else 'failed'}: {_failure(play.said)}")
        return {} if step.fails else _returned(play.said)

    def _change_again(self, step: Step, first: t.Mapping[str, t.Any]) -> None:
        """The same once more, after the boot: it changes nothing, and says the same of each profile."""
        again = self._change(step)
        if step.fails:
            return
        if again.get("changed"):
            reasons = [f"{each['id']}: {each['reason']}" for each in again.get("profiles", []) if each.get("reason")]
            raise _Trouble(f"the second run changed something: {', '.join(reasons) or again}")
        if _states(again) != _states(first):
            raise _Trouble(f"the second run says {_states(again)}, the first said {_states(first)}")

    def _play(self, step: Step) -> Play:
        known = {"inventory-ip": {"address": claimed(self.number), "prefix": 24}}
        if ":" in self._inventory_address:
            known = {"inventory-ip": {"address": claimed_ipv6(self.number), "prefix": 64}}
        options: dict[str, t.Any] = {"deadline": DEADLINE, "known_host_keys": host_keys(self.number), **step.options}
        if step.config is None:
            options["addresses"] = [each["address"] for each in known.values()]
            task = {"name": "Reset", "elemental.networking.network_reset": options}
        else:
            options.update(configurator=step.configurator, config=dict(step.config), addresses=known)
            if step.configurator != "nmconnections":
                options["render_on"] = "controller"
            task = {"name": "Push", "elemental.networking.network_config": options}
        variables = {"ansible_host": self._inventory_address}
        return Play(self.number, task, self._tree, self._folder, verbosity=1, variables=variables)

    def _prepare(self, configuration: Configuration) -> None:
        configuration.prepare(self.number)
        if not configuration.ipv6_alone:
            return
        node.look(f"node{self.number}", ["sh", "-c", "nmcli device disconnect eth0; nmcli device connect eth0"])
        self._inventory_address = self._address_by_router()

    def _address_by_router(self) -> str:
        """Which one it is, the profile decides."""
        command = ["ip", "-6", "-o", "address", "show", "eth0", "scope", "global", "dynamic", "-tentative"]
        deadline = time.monotonic() + _SETTLE
        while time.monotonic() < deadline:
            shown = node.look(f"node{self.number}", command).stdout
            if shown:
                return str(shown.split()[3].split("/", maxsplit=1)[0])
            time.sleep(0.2)
        raise tools.TestBedError(f"node{self.number} got no address from the router")

    def _restore(self) -> None:
        """As on the first day: no profile, the usual cables, booted."""
        script = (
            "rm -rf /etc/NetworkManager/system-connections/* /run/elemental-networking /var/lib/elemental-networking "
            "/var/lib/NetworkManager/*.lease /var/lib/NetworkManager/timestamps /var/lib/NetworkManager/no-auto-default.state"
        )
        name = f"node{self.number}"
        self._inventory_address = network.lease(self.number)
        node.look(name, ["sh", "-c", script])
        cabling.restore(self.number)
        node.boot_again(name, orderly=False)
        if not looking.answers(self.number, self._inventory_address):
            raise tools.TestBedError(f"{name} does not come back on DHCP")


def _returned(said: str) -> t.Mapping[str, t.Any]:
    found = re.search(r"^(?:ok|changed): \[node\d+\] => (\{.*\})$", said, re.M)
    if not found:
        raise _Trouble(f"the play returned nothing: {said[-600:]}")
    result: dict[str, t.Any] = json.loads(found.group(1))
    return result


def _failure(said: str) -> str:
    found = re.search(r'^fatal: .*"msg": "(.*)"', said, re.M)
    return found.group(1) if found else said[-600:]


def _states(answer: t.Mapping[str, t.Any]) -> dict[str, str]:
    return {each["id"]: each.get("waiting_for") or each.get("state", "") for each in answer.get("profiles", [])}
