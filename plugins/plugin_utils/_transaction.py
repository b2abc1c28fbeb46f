# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of a transaction: stage, come in over the address that the node has then, confirm."""

from __future__ import annotations

import time
import typing as t
from dataclasses import dataclass

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.utils.display import Display
from ansible_collections.elemental.networking.plugins.plugin_utils._controller import (
    is_dead,
    readable,
    this_controller,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._node import Node
from ansible_collections.elemental.networking.plugins.plugin_utils._reaching import first_to_answer

# how long a node's claimed address may answer after the inventory's one, and still be preferred
_PREFERENCE_GRACE = 0.2
_FIRST_CONTACT = 10.0
_ONE_RACE = 0.25
# the old address answers until the activation takes it away, in the middle of an ssh handshake if need be: leave it alone so long
_SETTLING = 2.0
# the node's own clean-up ends a little after the deadline, later when it has to revive NetworkManager first
_AFTER_DEADLINE = 30.0
_BETWEEN_QUESTIONS = 0.02
# a probe may need a moment (a route, a resolver); the node runs it again at each question
_BETWEEN_PROBES = 0.3
# how long a host may be busy with a change of somebody else, and how often to look whether it still is
_LONGEST_WAIT = 3700.0
_BETWEEN_LOOKS = 1.0
# tell the user what takes long
_QUIET = 5.0


@dataclass(frozen=True)
class Outcome:
    """How a transaction ended: ``address`` is where the node answers now."""

    changed: bool
    address: str
    reasons: t.Mapping[str, str]
    stale: tuple[str, ...]
    diff: tuple[t.Mapping[str, str], ...]
    warnings: tuple[str, ...]
    probes: tuple[t.Mapping[str, str], ...]

    def result(self, with_diff: bool) -> dict[str, t.Any]:
        """What a task returns of it."""
        result: dict[str, t.Any] = {"changed": self.changed, "address": self.address, "probes": list(self.probes)}
        return {**result, "diff": list(self.diff)} if with_diff else result


class Transaction:
    """One change of one node. ``known_addresses`` are where it may answer besides the address of the inventory."""

    def __init__(self, node: Node, request: t.Mapping[str, t.Any], known_addresses: t.Sequence[str]) -> None:
        self._node = node
        self._request = request
        self._known = list(dict.fromkeys([*known_addresses, node.address]))
        self._said = time.monotonic()

    def carry_out(self) -> Outcome:
        """Stage the request and see it through. Raises AnsibleActionFail when the node rolled back or cannot do it."""
        self._find()
        staged = self._stage()
        ended: t.Mapping[str, t.Any] = {}
        if staged["changed"] and not self._request["check"]:
            ended = self._see_through(staged, time.monotonic() + int(self._request["deadline"]))
        return Outcome(
            changed=bool(staged["changed"]),
            address=self._node.address,
            reasons=staged.get("reasons", {}),
            stale=tuple(staged.get("stale", ())),
            diff=tuple(staged.get("diff", ())),
            warnings=tuple(staged.get("warnings", ())),
            probes=_probe_results(staged.get("failed_before", {}), ended.get("failed_after", {})),
        )

    def _find(self) -> None:
        """Use the address that answers: an earlier run may have moved the node to one that the inventory does not know."""
        if len(self._known) == 1 or not self._node.is_direct:
            return
        found = first_to_answer(self._known, self._node.port, _FIRST_CONTACT, _PREFERENCE_GRACE)
        if found and found != self._node.address:
            self._node.move_to(found)

    def _stage(self) -> t.Mapping[str, t.Any]:
        """Ask until the host is free; what it says then."""
        request = {**self._request, "controller": this_controller(), "take_over": ""}
        deadline = time.monotonic() + _LONGEST_WAIT
        while True:
            answer = self._node.run({**request, "connected_address": self._node.address})
            if not answer.reached:
                raise AnsibleConnectionFailure(f"{self._node.address} does not answer over ssh, nothing was changed")
            content = answer.content
            if content.get("failed"):
                raise AnsibleActionFail(str(content["msg"]))
            if "busy" not in content:
                return content
            if is_dead(content["busy"]):
                request["take_over"] = content["token"]
                continue
            if time.monotonic() + content["seconds"] > deadline:
                raise AnsibleActionFail(f"the host is busy with {readable(content['busy'])}, nothing was changed")
            self._say(f"waits up to {content['seconds']:.0f} s for {readable(content['busy'])}", _QUIET)
            time.sleep(min(_BETWEEN_LOOKS, content["seconds"] + 0.1))

    def _see_through(self, staged: t.Mapping[str, t.Any], deadline: float) -> t.Mapping[str, t.Any]:
        """Ask whoever answers for the outcome until there is one; what the node said when it confirmed."""
        old, started = self._node.address, time.monotonic()
        wanted = list(staged["addresses"]) or [old]
        self._said = started
        self._node.expect_cuts()
        while time.monotonic() < deadline + _AFTER_DEADLINE:
            settled = time.monotonic() > started + _SETTLING
            address = self._next_address([*wanted, old, *self._known] if settled else wanted)
            if address is None:
                self._say(f"answers on none of {_listed([*wanted, old])} yet", _QUIET)
                continue
            self._node.move_to(address)
            answer = self._node.run({"operation": "confirm", "token": staged["token"], "arrived_at": address})
            content = answer.content
            if not answer.reached or content.get("failed") or content["state"] == "pending":
                self._say(content.get("reason") or content.get("msg") or f"is not ready yet on {address}", _QUIET)
                time.sleep(_BETWEEN_PROBES if content.get("reason") else _BETWEEN_QUESTIONS)
            elif content["state"] == "confirmed":
                return content
            elif content["state"] == "rolled_back":
                raise AnsibleActionFail(_rolled_back(address, staged, str(content["reason"])))
            else:
                wanted = list(content["addresses"])
        raise AnsibleActionFail(
            f"the host answers on none of {_listed([*wanted, old])} after the deadline; it rolls back by itself, "
            "its claims are kept: look at its console if it stays silent"
        )

    def _next_address(self, candidates: t.Sequence[str]) -> str | None:
        distinct = list(dict.fromkeys(candidates))
        if self._node.is_direct:
            return first_to_answer(distinct, self._node.port, _ONE_RACE)
        # behind a jump host only ssh itself can tell: take turns
        if self._node.address not in distinct:
            return distinct[0]
        return distinct[(distinct.index(self._node.address) + 1) % len(distinct)]

    def _say(self, sentence: str, after: float) -> None:
        """A line of progress when there was none for a while."""
        if time.monotonic() > self._said + after:
            self._said = time.monotonic()
            Display().display(f"{self._request['machine']}: {sentence}")


def _listed(addresses: t.Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(addresses))


def _probe_results(before: t.Mapping[str, str], after: t.Mapping[str, str]) -> tuple[t.Mapping[str, str], ...]:
    """Each probe with what it found before and after. What passed before has passed after, or there is no outcome."""
    return tuple(
        {"name": name, "before": failure or "passed", "after": after.get(name) or "passed"}
        for name, failure in before.items()
    )


def _rolled_back(address: str, staged: t.Mapping[str, t.Any], reason: str) -> str:
    tried = f" after trying {', '.join(staged['addresses'])}" if staged["addresses"] else ""
    return (
        f"rolled back{tried}: {reason}; the host answers on {address} with its old profiles and nothing was persisted"
    )
