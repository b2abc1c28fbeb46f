# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of a transaction: stage, come in over the address that the node has then, confirm."""

from __future__ import annotations

import contextlib
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
from ansible_collections.elemental.networking.plugins.plugin_utils._pursuit import Progress, Pursuit, question
from ansible_collections.elemental.networking.plugins.plugin_utils._reaching import first_to_answer, knocking

# how long a node's claimed address may answer after the inventory's one, and still be preferred
_PREFERENCE_GRACE = 0.2
_FIRST_CONTACT = 10.0
# two connections that lost their address in the middle of a handshake lock the controller out for 20 s, two minutes later (OpenSSH 9.8)
_WHILE_PUT_OFF = 45.0
# how long a host may be busy with a change of somebody else, and how often to look whether it still is
_LONGEST_WAIT = 3700.0
_BETWEEN_LOOKS = 1.0
# how often a connection may break before the host heard what it shall do: another controller may be moving it
_LOST_ANSWERS = 3
_NEVER_HEARD: t.Mapping[str, t.Any] = {"never heard": True}
# when to knock, in seconds, while a host is busy with a request and does not ring. Each is a connection without a login, and many of
# those count as an attack (OpenSSH 9.8)
_KNOCK_AT = (1.5, 2.2, 2.9)


@dataclass(frozen=True)
class Outcome:
    """How a transaction ended: ``address`` is where the node answers now, ``ssh_arguments`` what ssh needs there."""

    changed: bool
    address: str
    ssh_arguments: str
    reasons: t.Mapping[str, str]
    stale: tuple[str, ...]
    diff: tuple[t.Mapping[str, str], ...]
    warnings: tuple[str, ...]
    probes: tuple[t.Mapping[str, str], ...]

    def result(self, with_diff: bool) -> dict[str, t.Any]:
        """What a task returns of it."""
        result: dict[str, t.Any] = {
            "changed": self.changed,
            "address": self.address,
            "ssh_common_args": self.ssh_arguments,
            "probes": list(self.probes),
        }
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
        self._asked_at = time.monotonic()
        self._progress = Progress(str(request["machine"]))

    def carry_out(self) -> Outcome:
        """Stage the request and see it through. Raises AnsibleActionFail when the node rolled back or cannot do it."""
        self._node.notice_cuts()
        find(self._node, self._known)
        staged = self._stage()
        ended: t.Mapping[str, t.Any] = {}
        if staged["changed"] and not self._request["check"]:
            ended = staged["outcome"]
            if ended.get("state") != "confirmed":
                ended = self._follow(staged)
        return Outcome(
            changed=bool(staged["changed"]),
            address=self._node.address,
            ssh_arguments=self._node.new_ssh_arguments,
            reasons=staged.get("reasons", {}),
            stale=tuple(staged.get("stale", ())),
            diff=tuple(staged.get("diff", ())),
            warnings=tuple(staged.get("warnings", ())),
            probes=_probe_results(staged.get("failed_before", {}), ended.get("failed_after")),
        )

    def _follow(self, staged: t.Mapping[str, t.Any]) -> t.Mapping[str, t.Any]:
        pursuit = Pursuit(
            self._node,
            self._token,
            str(self._request["machine"]),
            staged,
            self._known,
            # a reset wants another connection anyway, over the lease
            knocks=0 if self._request["operation"] == "stage_reset" else 1,
            longest_probe=max((probe["timeout"] for probe in self._request["probes"]), default=0.0),
        )
        return pursuit.outcome(self._asked_at + int(self._request["deadline"]))

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
            elif content["token"] == self._token:  # Ansible's own ssh has sent it twice (its option retries)
                return _heard_of(content)
            elif is_dead(content["busy"]):
                request["take_over"] = content["token"]
            elif time.monotonic() + content["seconds"] > deadline:
                raise AnsibleActionFail(f"the host is busy with {readable(content['busy'])}, nothing was changed")
            else:
                self._progress.say(f"waits up to {content['seconds']:.0f} s for {readable(content['busy'])}")
                time.sleep(min(_BETWEEN_LOOKS, content["seconds"] + 0.1))

    def _ask_to_stage(self, request: t.Mapping[str, t.Any]) -> t.Mapping[str, t.Any]:
        self._asked_at = time.monotonic()
        address = self._node.address
        only_known = address != self._inventory_address
        with self._node.cut_after(int(self._request["deadline"])), self._knocking(address) as knock:
            answer = self._node.run({**request, "connected_address": address, "only_known": only_known, "knock": knock})
        if answer.reached:
            return answer.content
        if answer.refuses_key and only_known:
            self._leave_stranger()
            return _NEVER_HEARD
        return self._after_a_lost_answer(address)

    def _knocking(self, address: str) -> t.ContextManager[t.Mapping[str, t.Any] | None]:
        """Where the change spares the controller's way in, the host can prove and persist it in the one execution."""
        if self._request["operation"] != "stage" or self._request["check"] or not self._node.is_direct:
            return contextlib.nullcontext()
        return knocking(address, self._node.port, _KNOCK_AT)

    def _after_a_lost_answer(self, address: str) -> t.Mapping[str, t.Any]:
        """The connection broke: before the node heard the request, or after it began to carry it out."""
        self._lost += 1
        for answering in self._who_answers(address) if self._lost <= _LOST_ANSWERS else ():
            self._node.move_to(answering)
            content = self._node.run(question(self._token, answering, fresh=False, knock=None)).content
            if content.get("state") == "unknown":
                return _NEVER_HEARD
            if content.get("state"):
                return _heard_of(content)
        raise AnsibleConnectionFailure(
            f"{address} does not answer over ssh; if it began to change, it is back at its old profiles after "
            f"{self._request['deadline']} s unless it was reached over the new ones"
        )

    def _who_answers(self, silent: str) -> list[str]:
        """Where to ask after an address fell silent; behind a jump host only ssh itself can tell who answers."""
        if not self._node.is_direct:
            return [*(address for address in self._known if address != silent), silent]
        answering = first_to_answer(self._known, self._node.port, _FIRST_CONTACT, patience=_WHILE_PUT_OFF)
        return [answering] if answering else []

    def _leave_stranger(self) -> None:
        """Somebody else sits on the claimed address: go on with the address of the inventory."""
        Display().warning(
            f"{self._request['machine']}: another host than the one that claimed it answers on {self._node.address}"
        )
        self._node.move_to(self._inventory_address)


def _heard_of(content: t.Mapping[str, t.Any]) -> t.Mapping[str, t.Any]:
    """What is known of a trial that was opened when the answer that said so is lost."""
    return {
        "changed": True,
        "addresses": [],
        "new_addresses": [],
        "reasons": {},
        "outcome": {},
        "host": content.get("host", ""),
    }


def find(node: Node, known_addresses: t.Sequence[str]) -> None:
    """Use the address that answers: an earlier run may have moved the node to one that the inventory does not know."""
    known = list(dict.fromkeys([*known_addresses, node.inventory_address]))
    if len(known) == 1 or not node.is_direct:
        return
    found = first_to_answer(known, node.port, _FIRST_CONTACT, _PREFERENCE_GRACE, _WHILE_PUT_OFF)
    if found and found != node.address:
        node.move_to(found)


def _probe_results(before: t.Mapping[str, str], after: t.Mapping[str, str] | None) -> tuple[t.Mapping[str, str], ...]:
    """Each probe with what it found before and after. What passed before has passed after, or there is no outcome.

    What failed before is ``unknown`` after a change whose last answer was lost.
    """
    failed = {} if after is not None else {name: "unknown" for name, failure in before.items() if failure}
    failed.update(after or {})
    return tuple(
        {"name": name, "before": failure or "passed", "after": failed.get(name) or "passed"}
        for name, failure in before.items()
    )
