# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of a transaction: stage, come in over the address that the node has then, confirm."""

from __future__ import annotations

import time
import typing as t
import uuid
from dataclasses import dataclass

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.utils.display import Display
from ansible_collections.elemental.networking.plugins.plugin_utils._controller import (
    is_dead,
    readable,
    this_controller,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._node import Node
from ansible_collections.elemental.networking.plugins.plugin_utils._reaching import first_to_answer, knocking

# how long a node's claimed address may answer after the inventory's one, and still be preferred
_PREFERENCE_GRACE = 0.2
_FIRST_CONTACT = 10.0
_ONE_RACE = 0.25
# the old address answers until the activation takes it away, in the middle of an ssh handshake if need be: leave it alone so long
_SETTLING = 2.0
# a node answers a question after 2 s and its probes; a connection from before the change may be dead and never say so
_ANSWER = 6.0
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
# how often a connection may break before the host heard what it shall do: another controller may be moving it
_LOST_ANSWERS = 3
_NEVER_HEARD: t.Mapping[str, t.Any] = {"never heard": True}
_RESTARTED = "the host was restarted, its trial is gone"


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
        self._inventory_address = node.inventory_address
        self._known = list(dict.fromkeys([*known_addresses, node.inventory_address]))
        self._token = uuid.uuid4().hex
        self._lost = 0
        self._said = self._asked_at = time.monotonic()

    def carry_out(self) -> Outcome:
        """Stage the request and see it through. Raises AnsibleActionFail when the node rolled back or cannot do it."""
        self._node.notice_cuts()
        find(self._node, self._known)
        staged = self._stage()
        ended: t.Mapping[str, t.Any] = {}
        if staged["changed"] and not self._request["check"]:
            ended = self._see_through(staged, self._asked_at + int(self._request["deadline"]))
        return Outcome(
            changed=bool(staged["changed"]),
            address=self._node.address,
            reasons=staged.get("reasons", {}),
            stale=tuple(staged.get("stale", ())),
            diff=tuple(staged.get("diff", ())),
            warnings=tuple(staged.get("warnings", ())),
            probes=_probe_results(staged.get("failed_before", {}), ended.get("failed_after", {})),
        )

    def _stage(self) -> t.Mapping[str, t.Any]:
        """Ask until the host is free; what it says then."""
        request = {**self._request, "token": self._token, "controller": this_controller(), "take_over": ""}
        deadline = time.monotonic() + _LONGEST_WAIT
        while True:
            content = self._ask_to_stage(request)
            if content.get("failed"):
                raise AnsibleActionFail(str(content["msg"]))
            if content.get("stranger"):
                self._leave_stranger()
            elif content is _NEVER_HEARD:
                continue
            elif "busy" not in content:
                return content
            elif is_dead(content["busy"]):
                request["take_over"] = content["token"]
            elif time.monotonic() + content["seconds"] > deadline:
                raise AnsibleActionFail(f"the host is busy with {readable(content['busy'])}, nothing was changed")
            else:
                self._say(f"waits up to {content['seconds']:.0f} s for {readable(content['busy'])}")
                time.sleep(min(_BETWEEN_LOOKS, content["seconds"] + 0.1))

    def _ask_to_stage(self, request: t.Mapping[str, t.Any]) -> t.Mapping[str, t.Any]:
        self._asked_at = time.monotonic()
        address = self._node.address
        only_known = address != self._inventory_address
        with self._node.cut_after(int(self._request["deadline"])):
            answer = self._node.run({**request, "connected_address": address, "only_known": only_known})
        if answer.reached:
            return answer.content
        return self._after_a_lost_answer(address)

    def _after_a_lost_answer(self, address: str) -> t.Mapping[str, t.Any]:
        """The connection broke: before the node heard the request, or after it began to carry it out."""
        self._lost += 1
        for answering in self._who_answers(address) if self._lost <= _LOST_ANSWERS else ():
            self._node.move_to(answering)
            content = self._node.run(self._question(answering, fresh=True, ports=())).content
            if content.get("state") == "unknown":
                return _NEVER_HEARD
            if content.get("state"):
                return {"changed": True, "addresses": [], "host": ""}
        raise AnsibleConnectionFailure(
            f"{address} does not answer over ssh; if it began to change, it is back at its old profiles after {self._request['deadline']} s"
        )

    def _who_answers(self, silent: str) -> list[str]:
        """Where to ask after an address fell silent; behind a jump host only ssh itself can tell who answers."""
        if not self._node.is_direct:
            return [*(address for address in self._known if address != silent), silent]
        answering = first_to_answer(self._known, self._node.port, _FIRST_CONTACT)
        return [answering] if answering else []

    def _leave_stranger(self) -> None:
        """Somebody else sits on the claimed address: go on with the address of the inventory."""
        Display().warning(
            f"{self._request['machine']}: another host than the one that claimed it answers on {self._node.address}"
        )
        self._node.move_to(self._inventory_address)

    def _question(self, address: str, fresh: bool, ports: t.Sequence[int]) -> dict[str, t.Any]:
        return {
            "operation": "confirm",
            "token": self._token,
            "arrived_at": address,
            "fresh": fresh,
            "ports": list(ports),
        }

    def _see_through(self, staged: t.Mapping[str, t.Any], deadline: float) -> t.Mapping[str, t.Any]:
        """Ask whoever answers for the outcome until there is one; what the node said when it confirmed."""
        old, started = self._node.address, time.monotonic()
        wanted = list(staged["addresses"]) or [old]
        last, asked = "", 0
        # where the address stays, so does the play's connection, and a bare one beside it proves the way; else its next one does
        address: str | None = None if staged["addresses"] else old
        stays = address is not None
        self._node.give_up_soon()
        while time.monotonic() < deadline + _AFTER_DEADLINE:
            settled = time.monotonic() > started + _SETTLING
            # who answered is asked again there: connections that only look for the banner count as attacks (OpenSSH 9.8)
            if address is None:
                address, asked, stays = (
                    self._next_address([*wanted, old, *self._known] if settled else wanted),
                    0,
                    False,
                )
            if address is None:
                self._say(f"answers on none of {_listed([*wanted, old])} yet")
                time.sleep(_BETWEEN_QUESTIONS)
                continue
            if not asked and not stays:
                self._node.move_to(address)
            content = self._knock_and_ask(address) if stays else self._ask(address, not asked)
            asked += 1
            state = content["state"]
            last = content.get("reason") or content.get("msg") or state
            if state == "confirmed":
                return content
            if state == "rolled_back" or (state == "unknown" and content.get("host") == staged["host"]):
                raise AnsibleActionFail(_rolled_back(address, staged, str(content["reason"] or _RESTARTED)))
            if state == "elsewhere":
                wanted = list(content["addresses"])
            if state in ("elsewhere", "unknown", "silent"):
                address = None
            self._say(f"is not ready yet: {last}")
            time.sleep(_BETWEEN_PROBES if content.get("reason") else min(_BETWEEN_PROBES, _BETWEEN_QUESTIONS * asked))
        raise AnsibleActionFail(_lost([*wanted, old], last))

    def _knock_and_ask(self, address: str) -> t.Mapping[str, t.Any]:
        """What the node says of the trial, over the connection from before; a new one beside it shows that the way is still open."""
        if not self._node.is_direct:
            return self._ask(address, False)
        seconds = _ANSWER + max((probe["timeout"] for probe in self._request["probes"]), default=0.0)
        with knocking(address, self._node.port) as ports, self._node.cut_after(seconds):
            return self._ask(address, False, ports)

    def _ask(self, address: str, fresh: bool, ports: t.Sequence[int] = ()) -> t.Mapping[str, t.Any]:
        """What the node says of the trial; ``silent`` when it does not."""
        try:
            answer = self._node.run_again(self._question(address, fresh, ports))
        except AnsibleActionFail as error:
            return {"state": "pending", "msg": str(error)}
        if not answer.reached:
            return {"state": "silent"}
        return {"state": "pending", **answer.content}

    def _next_address(self, candidates: t.Sequence[str]) -> str | None:
        distinct = list(dict.fromkeys(candidates))
        if self._node.is_direct:
            return first_to_answer(distinct, self._node.port, _ONE_RACE)
        # behind a jump host only ssh itself can tell: take turns
        if self._node.address not in distinct:
            return distinct[0]
        return distinct[(distinct.index(self._node.address) + 1) % len(distinct)]

    def _say(self, sentence: str) -> None:
        """A line of progress when there was none for a while."""
        if time.monotonic() > self._said + _QUIET:
            self._said = time.monotonic()
            Display().display(f"{self._request['machine']}: {sentence}")


def find(node: Node, known_addresses: t.Sequence[str]) -> None:
    """Use the address that answers: an earlier run may have moved the node to one that the inventory does not know."""
    known = list(dict.fromkeys([*known_addresses, node.inventory_address]))
    if len(known) == 1 or not node.is_direct:
        return
    found = first_to_answer(known, node.port, _FIRST_CONTACT, _PREFERENCE_GRACE)
    if found and found != node.address:
        node.move_to(found)


def _lost(addresses: t.Iterable[str], last: str) -> str:
    if last and last != "silent":
        return (
            f"the host did not come to an end after the deadline ({last}); it rolls back by itself, its claims are kept"
        )
    return (
        f"the host answers on none of {_listed(addresses)} after the deadline; it rolls back by itself, its claims are kept: "
        "look at its console if it stays silent"
    )


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
