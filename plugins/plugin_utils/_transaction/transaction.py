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
from dataclasses import dataclass, replace

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.utils.display import Display
from ansible_collections.elemental.networking.plugins.module_utils._node.model import WantedProfile
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.bindings import binding
from ansible_collections.elemental.networking.plugins.module_utils._node.system.identity import digest
from ansible_collections.elemental.networking.plugins.plugin_utils._host.answer import (
    Answer,
    Busy,
    InvalidAnswer,
    Judgement,
    OtherHost,
    Refusal,
    Staged,
    addresses_in,
    refuse_unexpected,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._host.connection import Node, NodeAnswer, unproven
from ansible_collections.elemental.networking.plugins.plugin_utils._host.controller_id import (
    is_dead,
    readable,
    this_controller,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._host.reachability import first_to_answer, knocking
from ansible_collections.elemental.networking.plugins.plugin_utils._host.ssh_failure import (
    NO_REASON,
    reason,
    silent,
    unreached,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._transaction.confirmation import (
    Progress,
    Pursuit,
    question,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._transaction.second_machine import (
    SecondMachine,
    other_machine,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._transaction.spanning_tree import (
    too_short,
)

# how long the address that comes first may answer after another one, and still be preferred
_PREFERENCE_GRACE = 0.2
_FIRST_CONTACT = 10.0
# two connections that lost their address in the middle of a handshake lock the controller out for 20 s, two minutes later (OpenSSH 9.8)
_WHILE_PUT_OFF = 45.0
# how long a host may be busy with a change of somebody else, and how often to look whether it still is
_LONGEST_WAIT = 3700.0
_BETWEEN_LOOKS = 1.0
# how often a connection may break before the host heard what it shall do: another controller may be moving it
_LOST_ANSWERS = 3
# how often the place of a controller that is dead may be taken: it holds one trial
_TAKEOVERS = 3
# when to knock, in seconds, while a host is busy with a request and does not ring. Each is a connection without a login, and many of
# those count as an attack (OpenSSH 9.8)
_KNOCK_AT = (1.5, 2.2, 2.9)


@dataclass(frozen=True)
class Outcome:
    """How a transaction ended: ``address`` is where the node answers now, ``ssh_arguments`` what ssh needs there.

    ``waiting`` is what profiles wait for that are not up, by file name.
    """

    changed: bool
    address: str
    ssh_arguments: str
    reasons: t.Mapping[str, str]
    stale: tuple[str, ...]
    diff: tuple[t.Mapping[str, str], ...]
    warnings: tuple[str, ...]
    host_keys: tuple[str, ...]
    ssh_args: str
    probes: tuple[t.Mapping[str, str], ...]
    waiting: t.Mapping[str, str]
    machine_id: str

    def result(self, with_diff: bool) -> dict[str, t.Any]:
        """What a task returns of it."""
        result: dict[str, t.Any] = {
            "changed": self.changed,
            "address": self.address,
            "ssh_common_args": self.ssh_arguments,
            "ssh_args": self.ssh_args,
            "host_keys": list(self.host_keys),
            "machine_id": self.machine_id,
            "probes": list(self.probes),
        }
        return {**result, "diff": list(self.diff)} if with_diff else result


# what is known of a trial that was opened when the answer that said so is lost
_HEARD = Staged(changed=True)


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
        self._expected = _expected_addresses(request, self._known, node.address)
        self._looks = self._takeovers = 0
        # where ssh did not take who answered for this host
        self._refused: set[str] = set()
        # why the last try at each address failed
        self._failures: dict[str, str] = {}
        self._may_have_begun = False
        self._progress = Progress(str(request["machine"]))

    def carry_out(self) -> Outcome:
        """Stage the request and see it through. Raises AnsibleActionFail when the node rolled back or cannot do it."""
        self._node.notice_cuts()
        find(self._node, self._known)
        self._refuse_second_machine()
        second = SecondMachine(self._node)
        staged = self._stage()
        ended = None
        if staged.changed and not self._request["check"]:
            ended = staged.outcome
            if ended is None or ended.state != "confirmed":
                ended = self._follow(staged)
        return Outcome(
            changed=staged.changed or staged.renamed,
            address=self._node.address,
            ssh_arguments=self._node.new_ssh_arguments,
            reasons=staged.reasons,
            stale=staged.stale,
            diff=staged.diff,
            warnings=(
                *staged.warnings,
                *filter(None, [self._deadline_note(staged)] if self._request["check"] else ()),
                *self._identity_warnings(digest(staged.host), second),
            ),
            host_keys=staged.host_keys,
            ssh_args=self._node.new_ssh_args,
            probes=_probe_results(staged.failed_before, ended.failed_after if ended else None),
            waiting={**staged.waiting, **((ended.waiting if ended else None) or {})},
            machine_id=digest(staged.host),
        )

    def _refuse_second_machine(self) -> None:
        """Raise AnsibleActionFail for a reset whose inventory leads to another machine than the one that would be reset."""
        if self._request["operation"] != "stage_reset" or not self._node.machine_ids:
            return
        found = SecondMachine(self._node).identity(is_awaited=True)
        if found and found not in self._node.machine_ids:
            sentence = other_machine(self._request["machine"], self._node.address, self._inventory_address)
            raise AnsibleActionFail(f"{sentence}; nothing was changed")

    def _identity_warnings(self, machine_id: str, second: SecondMachine) -> list[str]:
        """What a user has to know of a change that went to one of two machines, or to another one than before."""
        if self._request["operation"] != "stage" or not machine_id:
            return []
        known, machine = self._node.machine_ids, self._request["machine"]
        found = second.identity()
        if found and found != machine_id:
            return [other_machine(machine, self._node.address, self._inventory_address)]
        if known and machine_id not in known:
            return [
                f"this is another machine (by its machine-id) than the one that had the addresses of {machine} before: if that one was "
                "not replaced or installed again, two inventories have a host of that name (give each a name with machine_network_site)"
            ]
        return []

    def _follow(self, staged: Staged) -> Judgement:
        pursuit = Pursuit(
            self._node,
            self._token,
            str(self._request["machine"]),
            staged,
            self._known,
            self._expected,
            # a reset wants another connection anyway, over the lease
            knocks=0 if self._request["operation"] == "stage_reset" else 1,
            longest_probe=max((probe["timeout"] for probe in self._request["probes"]), default=0.0),
            deadline_note=self._deadline_note(staged),
        )
        return pursuit.outcome(self._asked_at + int(self._request["deadline"]))

    def _deadline_note(self, staged: Staged) -> str:
        changing = [each for each in self._request.get("profiles", ()) if each["file_name"] in staged.reasons]
        return too_short(changing, int(self._request["deadline"]))

    def _stage(self) -> Staged:
        """Ask until the host is free; what it says then."""
        request = {**self._request, "token": self._token, "controller": this_controller(), "take_over": ""}
        deadline = time.monotonic() + _LONGEST_WAIT
        while True:
            content = self._ask_to_stage(request)
            if isinstance(content, Refusal):
                raise AnsibleActionFail(content.msg)
            if isinstance(content, Staged):
                outcome = content.outcome.addresses if content.outcome else ()
                named = [*content.addresses, *content.new_addresses, *outcome]
                refuse_unexpected(named, self._expected, self._node.address)
                self._node.know(content.host_keys)
                return content
            if isinstance(content, OtherHost):
                self._leave_stranger()
            elif isinstance(content, Busy):
                if content.token == self._token:  # Ansible's own ssh has sent it twice (its option retries)
                    return _HEARD
                request["take_over"] = self._wait_for(content, deadline)

    def _wait_for(self, holder: Busy, deadline: float) -> str:
        """Wait a moment for whoever holds the host; the token of the trial to take over where its controller is dead."""
        if self._takeovers < _TAKEOVERS and is_dead(holder.busy):
            self._takeovers += 1
            return holder.token
        self._looks += 1
        if time.monotonic() + holder.seconds > deadline or self._looks > _LONGEST_WAIT / _BETWEEN_LOOKS:
            raise AnsibleActionFail(f"the host is busy with {readable(holder.busy)}, nothing was changed")
        self._progress.say(f"waits up to {holder.seconds:.0f} s for {readable(holder.busy)}")
        time.sleep(min(_BETWEEN_LOOKS, holder.seconds + 0.1))
        return ""

    def _ask_to_stage(self, request: t.Mapping[str, t.Any]) -> Answer | None:
        """What the host answers; None where it did not hear the request."""
        self._asked_at = time.monotonic()
        address = self._node.address
        only_known = address != self._inventory_address and not self._node.is_believed
        with self._node.cut_after(int(self._request["deadline"])), self._knocking(address) as knock:
            how = {"connected_address": address, "only_known": only_known, "is_proven": self._node.knows_keys}
            answer = self._node.run({**request, **how, "knock": knock})
        if answer.content is not None:
            return answer.content
        self._may_have_begun = self._may_have_begun or answer.was_sent
        self._note_failure(answer)
        if answer.refuses_key:
            self._refused.add(address)
            if address != self._inventory_address:
                self._leave_stranger()
                return None
            if self._node.new_ssh_args:
                raise AnsibleActionFail(self._other_keys())
        return self._after_a_lost_answer(address)

    def _knocking(self, address: str) -> t.ContextManager[t.Mapping[str, t.Any] | None]:
        """Where the change spares the controller's way in, the host can prove and persist it in the one execution."""
        if self._request["operation"] != "stage" or self._request["check"] or not self._node.is_direct:
            return contextlib.nullcontext()
        return knocking(address, self._node.port, _KNOCK_AT)

    def _after_a_lost_answer(self, address: str) -> Staged | None:
        """The connection broke: before the node heard the request, or after it began to carry it out."""
        self._lost += 1
        for answering in self._who_answers(address) if self._lost <= _LOST_ANSWERS else ():
            self._node.move_to(answering)
            answer = self._node.run(question(self._token, answering, fresh=False, knock=None))
            content = answer.content
            if isinstance(content, Judgement) and content.state == "refused":
                raise AnsibleActionFail(content.reason)
            if isinstance(content, Judgement):
                if content.state == "unknown":
                    self._may_have_begun = False
                    return None
                # of what it began the host is known, and no more
                self._node.know(content.host_keys)
                return replace(_HEARD, host=content.host, host_keys=content.host_keys)
            self._note_failure(answer)
            # the first ssh may have ended so fast that Ansible did not read why
            if answer.refuses_key and answering != self._inventory_address and not self._may_have_begun:
                self._refused.add(answering)
                self._leave_stranger()
                return None
        if self._refused - {address}:
            raise AnsibleActionFail(f"{self._failures[address]}, and {self._other_keys()}")
        for each in self._known:
            if not self._node.can_prove(each):
                self._failures.setdefault(each, f"{each} was not tried: no ssh host keys of this host are recorded")
        raise AnsibleConnectionFailure(unreached(self._failures.values(), self._consequence()))

    def _note_failure(self, answer: NodeAnswer) -> None:
        if answer.content is None:
            self._failures[self._node.address] = reason(self._node.address, answer.complaint)

    def _consequence(self) -> str:
        if self._request["check"]:
            return "nothing was changed"
        if not self._may_have_begun:
            return "nothing was sent to it and nothing was changed"
        return (
            "it may have got the request: if it began to change, it is back at its old profiles after "
            f"{self._request['deadline']} s unless it was reached over the new ones"
        )

    def _who_answers(self, silent_one: str) -> list[str]:
        """Where to ask after an address fell silent; behind a jump host only ssh itself can tell who answers."""
        known = [each for each in self._known if each not in self._refused and self._node.can_prove(each)]
        if not self._node.is_direct:
            return [*(address for address in known if address != silent_one), silent_one]
        words: dict[str, str] = {}
        answering = first_to_answer(known, self._node.port, _FIRST_CONTACT, patience=_WHILE_PUT_OFF, silence=words)
        if answering:
            return [answering]
        for address, why in words.items():
            # ssh may end so fast that Ansible does not read why
            if NO_REASON in self._failures.get(address, NO_REASON):
                self._failures[address] = silent(address, why)
        return []

    def _leave_stranger(self) -> None:
        """Another host uses the claimed address: go on with the address of the inventory, where every host is taken for the right one."""
        if self._node.address == self._inventory_address:
            raise InvalidAnswer(
                "the host's answer is not valid: at the address of the inventory it is another host than the one that was not asked for; "
                "nothing was changed"
            )
        Display().warning(
            f"{self._request['machine']}: another host than the one that claimed it answers on {self._node.address}"
        )
        self._node.move_to(self._inventory_address)

    def _other_keys(self) -> str:
        machine, refused = self._request["machine"], ", ".join(sorted(self._refused))
        return (
            f"whoever answers at {refused} does not have the ssh host keys of {machine}, nothing was sent there: find out who that is, or, "
            f"if {machine} was installed anew, set accept_host_keys (in the role machine_network_accept_host_keys) for one run"
        )


def _expected_addresses(
    request: t.Mapping[str, t.Any], known: t.Sequence[str], connected: str
) -> frozenset[str] | None:
    """Where a change may lead; None where that is a lease: after a reset, or where the way in asks for one."""
    if request["operation"] == "stage_reset":
        return None
    family = "ipv6" if ":" in connected else "ipv4"
    if any(family in binding(WantedProfile(**profile)).asking for profile in request["profiles"]):
        return None
    return frozenset(known) | addresses_in([profile["text"] for profile in request["profiles"]])


def find(node: Node, known_addresses: t.Sequence[str]) -> dict[str, str]:
    """Use the address that answers: an earlier run may have moved the node to one that the inventory does not know.

    Where none answers the result says of each why, in a few words.

    Where keys of the node are known, the addresses that it claimed come first: who answers there proves that it is the node, while that of
    the inventory may be an old lease, which another host has by now. Where none are, the inventory's comes first, and whoever answers at
    another one has to be known to ssh. Raises AnsibleActionFail where nobody else answers.
    """
    inventory = node.inventory_address
    claimed = [address for address in dict.fromkeys(known_addresses) if address != inventory]
    if not claimed or not node.is_direct:
        return {}
    known = [*claimed, inventory] if node.knows_keys else [inventory, *claimed]
    words: dict[str, str] = {}
    found = first_to_answer(known, node.port, _FIRST_CONTACT, _PREFERENCE_GRACE, _WHILE_PUT_OFF, words)
    if found and not node.can_prove(found):
        proven = [inventory, *filter(node.can_prove, claimed)]
        words = {}
        proven_one = first_to_answer(proven, node.port, _FIRST_CONTACT, patience=_WHILE_PUT_OFF, silence=words)
        if proven_one is None:
            said = ", ".join(f"{address} ({words.get(address) or 'no answer'})" for address in proven)
            raise AnsibleActionFail(f"no ssh answers at {said}, and {unproven(found)}")
        found = proven_one
    if found and found != node.address:
        node.move_to(found)
    return {} if found else words


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
