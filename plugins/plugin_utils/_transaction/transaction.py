# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of a transaction: stage, connect over the address that the node has then, confirm."""

from __future__ import annotations

import contextlib
import os
import time
import typing as t
import uuid
from dataclasses import dataclass, field, replace

from ansible.utils.display import Display
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.bindings import binding
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import (
    CONFIRMED,
    REFUSED,
    UNKNOWN,
    Answer,
    Busy,
    Confirm,
    Judgement,
    OtherHost,
    Refusal,
    Stage,
    Staged,
    StageReset,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.system.identity import digest
from ansible_collections.elemental.networking.plugins.plugin_utils._failures import (
    HostBusy,
    Refused,
    Unreached,
    WrongHost,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._host.answer import (
    InvalidAnswer,
    addresses_in,
    refuse_unexpected,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._host.connection import Node, NodeAnswer, unproven
from ansible_collections.elemental.networking.plugins.plugin_utils._host.controller_id import (
    is_dead,
    job_of,
    job_words,
    readable,
    this_controller,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._host.knocking import Knocker, knocking
from ansible_collections.elemental.networking.plugins.plugin_utils._host.reachability import Patience, first_to_answer
from ansible_collections.elemental.networking.plugins.plugin_utils._host.ssh_failure import (
    reason,
    says_why,
    silent,
    unreached,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._transaction.confirmation import (
    Opened,
    Progress,
    Pursuit,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._transaction.second_machine import (
    SecondMachine,
    other_machine,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._transaction.spanning_tree import (
    too_short,
)

# where a host is that is not asked yet. The address that comes first may accept a connection after another one, and still be preferred.
# Two connections that lost their address in the middle of a handshake lock the controller out for 20 s, two minutes later (OpenSSH 9.8)
_FIRST_CONTACT = Patience(10.0, grace=0.2, put_off=45.0)
# how long a host may be busy with a change of another controller, and how often to look whether it still is
_LONGEST_WAIT = 3700.0
_BETWEEN_LOOKS = 1.0
# so long after its deadline a change is rolled back, in seconds
_ROLLING_BACK = 15.0
# how often a connection may break before the host got its request: another controller may be moving it
_LOST_ANSWERS = 3
# how often the place of a controller that is dead may be taken: it holds one trial
_TAKEOVERS = 3
# when to connect, in seconds, while a host is busy with a request and does not signal. Each is a connection without a login, and many of
# those count as an attack (OpenSSH 9.8)
_KNOCK_AT = (1.5, 2.2, 2.9)
# so long a connection of an earlier task may be silent, in seconds, besides what a change takes: its address may be gone without its notice
_OVER_AN_OLD_CONNECTION = 10.0
# how long a host may take to signal that it is up at another address, in seconds; a firewall of the controller may keep the signal out
_UNTIL_IT_SIGNALS = 1.5
# so long to look for who answers where nothing can show who it is, in seconds: only the message depends on it
_FOR_THE_MESSAGE = Patience(2.0)


@dataclass(frozen=True)
class Outcome:
    """How a transaction ended: ``address`` is where the node answers now, ``ssh_args`` what ssh needs there.

    ``waiting`` is what profiles wait for that are not up, by file name.
    """

    changed: bool
    address: str
    ssh_args: str
    host_keys: tuple[str, ...]
    machine_id: str
    warnings: tuple[str, ...]
    reasons: t.Mapping[str, str] = field(default_factory=dict)
    stale: tuple[str, ...] = ()
    diff: tuple[t.Mapping[str, str], ...] = ()
    probes: tuple[t.Mapping[str, str], ...] = ()
    waiting: t.Mapping[str, str] = field(default_factory=dict)

    def result(self, with_diff: bool) -> dict[str, t.Any]:
        """What a task returns of it."""
        result: dict[str, t.Any] = {
            "changed": self.changed,
            "address": self.address,
            "ssh_args": self.ssh_args,
            "host_keys": list(self.host_keys),
            "machine_id": self.machine_id,
            "probes": list(self.probes),
        }
        return {**result, "diff": list(self.diff)} if with_diff else result


@dataclass(frozen=True)
class _LostAnswer:
    """The host has opened the trial, and the answer that reported it is lost: who it is may be known, and no more."""

    host: str = ""
    host_keys: tuple[str, ...] = ()


class Transaction:
    """One change of one node. ``known_addresses`` are where it may answer besides the address of the inventory.

    It is not looked for there at first if they are only promised (``is_promised``), nor where an earlier task has left a connection to it.
    """

    def __init__(
        self, node: Node, request: Stage | StageReset, known_addresses: t.Sequence[str], is_promised: bool = False
    ) -> None:
        self._node = node
        self._is_promised = is_promised
        self._request = request
        self._common = request.common
        self._inventory_address = node.inventory_address
        self._known = list(dict.fromkeys([*known_addresses, node.inventory_address]))
        self._token = uuid.uuid4().hex
        self._lost = 0
        self._asked_at = time.monotonic()
        # in seconds, until a connection that brings no answer is cut
        self._longest_silence: float = self._common.deadline
        self._expected = _expected_addresses(request, self._known, node.address)
        self._looks = self._takeovers = 0
        # where ssh did not take who answered for this host
        self._refused: set[str] = set()
        # why the last try at each address failed, and where ssh did not report it
        self._failures: dict[str, str] = {}
        self._unexplained: set[str] = set()
        self._may_have_begun = self._has_signalled = self._is_same_way = False
        self._progress = Progress(request.common.machine)

    def carry_out(self) -> Outcome:
        """Stage the request and see it through. Raises Failure when the node rolled back or cannot do it, Unreached without an answer."""
        self._node.notice_cuts()
        self._find()
        self._refuse_second_machine()
        second = SecondMachine(self._node)
        answer = self._stage()
        if isinstance(answer, _LostAnswer):
            ended = None if self._common.check else self._follow(Opened(answer.host), "")
            return self._outcome(answer, (), second, waiting=(ended.waiting if ended else None) or {})
        ended_at_once = answer.outcome if answer.outcome and answer.outcome.state == CONFIRMED else None
        last = None
        if answer.changed and not self._common.check:
            last = ended_at_once or self._follow(self._opened(answer), self._deadline_note(answer))
        note = self._deadline_note(answer) if self._common.check else ""
        return self._outcome(
            answer,
            (*answer.warnings, *filter(None, [note])),
            second,
            changed=answer.changed or answer.renamed,
            reasons=answer.reasons,
            stale=answer.stale,
            diff=answer.diff,
            probes=_probe_results(answer.failed_before, last.failed_after if last else None),
            waiting={**answer.waiting, **((last.waiting if last else None) or {})},
        )

    def _find(self) -> None:
        """Go where the host is, as far as that can be known before it is asked."""
        is_in_job = job_words(os.environ)
        if self._node.is_direct and self._node.knows_keys and isinstance(self._request, Stage):
            elsewhere = (each for each in self._known if each != self._inventory_address)
            shared = next(filter(self._node.shares_connection_to, elsewhere), None)
            if shared:
                # probes run before and after a change, and each profile may take a second
                work = 2 * (self._longest_probe() + 1) + len(self._request.profiles)
                self._longest_silence = min(self._longest_silence, _OVER_AN_OLD_CONNECTION + work)
                self._node.move_to(shared, keeps_connection=True)
                return
        # where keys are known the inventory's address may be an old lease, which another host has by now
        if not self._is_promised or self._node.knows_keys or is_in_job:
            # a job of AWX may have been cancelled in the middle of the first push
            back = self._common.deadline + _ROLLING_BACK if is_in_job else 0.0
            find(self._node, self._known, self._common.machine, back)

    def _longest_probe(self) -> float:
        return max((probe.timeout for probe in self._common.probes), default=0.0)

    def _outcome(
        self, answer: Staged | _LostAnswer, warnings: tuple[str, ...], second: SecondMachine, **known: t.Any
    ) -> Outcome:
        outcome = Outcome(
            changed=True,
            address=self._node.address,
            ssh_args=self._node.new_ssh_args,
            host_keys=answer.host_keys,
            machine_id=digest(answer.host),
            warnings=(*warnings, *self._identity_warnings(digest(answer.host), second)),
        )
        return replace(outcome, **known)

    def _refuse_second_machine(self) -> None:
        """Raise WrongHost for a reset whose inventory leads to another machine than the one that would be reset."""
        if not isinstance(self._request, StageReset) or not self._node.machine_ids:
            return
        found = SecondMachine(self._node, is_awaited=True).identity()
        if found and found not in self._node.machine_ids:
            sentence = other_machine(self._common.machine, self._node.address, self._inventory_address)
            raise WrongHost(
                f"{sentence}; nothing was changed", machine=self._common.machine, address=self._inventory_address
            )

    def _identity_warnings(self, machine_id: str, second: SecondMachine) -> list[str]:
        """What a user must know of a change that went to one of two machines, or to another one than before."""
        if isinstance(self._request, StageReset) or not machine_id:
            return []
        known, machine = self._node.machine_ids, self._common.machine
        found = second.identity()
        if found and found != machine_id:
            return [other_machine(machine, self._node.address, self._inventory_address)]
        if known and machine_id not in known:
            return [
                f"this is another machine (by its machine-id) than the one that had the addresses of {machine} before: if that one was "
                "not replaced or installed again, two inventories have a host of that name (give each a name with machine_network_site)"
            ]
        return []

    def _opened(self, staged: Staged) -> Opened:
        return replace(Opened.of(staged), has_signalled=self._has_signalled, is_same_way=self._is_same_way)

    def _follow(self, opened: Opened, deadline_note: str) -> Judgement:
        pursuit = Pursuit(
            self._node,
            self._token,
            self._common.machine,
            opened,
            self._known,
            self._expected,
            # a reset wants another connection anyway, over the lease
            knocks=0 if isinstance(self._request, StageReset) else 1,
            longest_probe=self._longest_probe(),
            deadline_note=deadline_note,
        )
        return pursuit.outcome(self._asked_at + self._common.deadline)

    def _deadline_note(self, staged: Staged) -> str:
        profiles = self._request.profiles if isinstance(self._request, Stage) else ()
        return too_short((each for each in profiles if each.file_name in staged.reasons), self._common.deadline)

    def _stage(self) -> Staged | _LostAnswer:
        """Ask until the host is free; its answer then."""
        self._common = self._common._replace(token=self._token, controller=this_controller())
        deadline, take_over = time.monotonic() + _LONGEST_WAIT, ""
        while True:
            content = self._ask_to_stage(take_over)
            if isinstance(content, _LostAnswer):
                return content
            if isinstance(content, Refusal):
                raise Refused(content.msg, content.code, content.details)
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
                    return _LostAnswer()
                take_over = self._wait_for(content, deadline)

    def _wait_for(self, holder: Busy, deadline: float) -> str:
        """Wait a moment for the change that holds the host; the token of the trial to take over where its controller is dead."""
        if self._takeovers < _TAKEOVERS and is_dead(holder.holder):
            self._takeovers += 1
            return holder.token
        self._looks += 1
        if time.monotonic() + holder.seconds > deadline or self._looks > _LONGEST_WAIT / _BETWEEN_LOOKS:
            raise HostBusy(
                f"the host is busy with {readable(holder.holder)}, nothing was changed; run again when that has ended",
                holder=readable(holder.holder),
                seconds=holder.seconds,
            )
        end = ": if that was cancelled, this host is rolled back by then" if job_of(holder.holder) else ""
        self._progress.say(f"waits up to {holder.seconds:.0f} s for {readable(holder.holder)}{end}")
        time.sleep(min(_BETWEEN_LOOKS, holder.seconds + 0.1))
        return ""

    def _ask_to_stage(self, take_over: str) -> Answer | _LostAnswer | None:
        """What the host answers; None where it did not hear the request. ``take_over`` is the token of a trial whose controller is dead."""
        self._asked_at = time.monotonic()
        address = self._node.address
        only_known = address != self._inventory_address and not self._node.is_believed
        with self._node.cut_after(self._longest_silence), self._knocking(address) as knocker:
            common = self._common._replace(
                take_over=take_over,
                connected_address=address,
                only_known=only_known,
                is_proven=self._node.knows_keys,
                knock=knocker.knock if knocker else None,
            )
            answer = self._node.run(self._request._replace(common=common))
            if knocker and isinstance(answer.content, Staged) and answer.content.signals:
                self._has_signalled, self._is_same_way = knocker.is_signalled(_UNTIL_IT_SIGNALS), knocker.is_same_way
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
                raise self._other_keys()
        return self._after_a_lost_answer(address)

    def _knocking(self, address: str) -> t.ContextManager[Knocker | None]:
        """Where the change spares the controller's management connection, the host can prove and persist it in the one execution."""
        if isinstance(self._request, StageReset) or self._common.check or not self._node.is_direct:
            return contextlib.nullcontext()
        return knocking(address, self._node.port, _KNOCK_AT)

    def _after_a_lost_answer(self, address: str) -> _LostAnswer | None:
        """The connection broke: before the node heard the request, or after it began to carry it out."""
        self._lost += 1
        self._longest_silence = self._common.deadline
        for answering in self._who_answers(address) if self._lost <= _LOST_ANSWERS else ():
            self._node.move_to(answering)
            answer = self._node.run(Confirm(self._token, answering, fresh=False, knock=None))
            content = answer.content
            if isinstance(content, Judgement) and content.state == REFUSED:
                raise Refused(content.reason, content.code, {})
            if isinstance(content, Judgement):
                if content.state == UNKNOWN:
                    self._may_have_begun = False
                    return None
                # of what it began the host is known, and no more
                self._node.know(content.host_keys)
                return _LostAnswer(content.host, content.host_keys)
            self._note_failure(answer)
            # the first ssh may have ended so fast that Ansible did not read why
            if answer.refuses_key and answering != self._inventory_address and not self._may_have_begun:
                self._refused.add(answering)
                self._leave_stranger()
                return None
        if self._refused - {address}:
            raise self._other_keys(f"{self._failures[address]}, and ")
        self._note_unproven()
        raise Unreached(
            unreached(self._failures.values(), self._consequence()),
            addresses=list(self._failures),
            may_have_begun=self._may_have_begun and not self._common.check,
        )

    def _note_unproven(self) -> None:
        """Why the host was not asked where nothing shows who answers. Raises WrongHost where a host does, and nothing was sent yet."""
        unproven_ones = [each for each in self._known if not self._node.can_prove(each)]
        if unproven_ones and self._node.is_direct and not self._may_have_begun:
            answering = first_to_answer(unproven_ones, self._node.port, _FOR_THE_MESSAGE)
            if answering:
                said = ", and ".join([*self._failures.values(), unproven(answering)])
                raise WrongHost(f"the host cannot be reached over ssh: {said}", address=answering)
        for each in unproven_ones:
            self._failures.setdefault(each, f"{each} was not tried: no ssh host keys of this host are recorded")

    def _note_failure(self, answer: NodeAnswer) -> None:
        if answer.content is None:
            self._failures[self._node.address] = reason(self._node.address, answer.complaint)
            if says_why(answer.complaint):
                self._unexplained.discard(self._node.address)
            else:
                self._unexplained.add(self._node.address)

    def _consequence(self) -> str:
        if self._common.check:
            return "nothing was changed"
        if not self._may_have_begun:
            return "nothing was sent to it and nothing was changed"
        return (
            "it may have got the request: if it began to change, it is back at its old profiles after "
            f"{self._common.deadline} s unless it was reached over the new ones"
        )

    def _who_answers(self, silent_one: str) -> list[str]:
        """Where to ask after an address fell silent; behind a jump host only ssh itself can show who answers."""
        known = [each for each in self._known if each not in self._refused and self._node.can_prove(each)]
        if not self._node.is_direct:
            return [*(address for address in known if address != silent_one), silent_one]
        words: dict[str, str] = {}
        answering = first_to_answer(known, self._node.port, replace(_FIRST_CONTACT, grace=0.0), words)
        if answering:
            return [answering]
        for address, why in words.items():
            # ssh may end so fast that Ansible does not read why
            if address not in self._failures or address in self._unexplained:
                self._failures[address] = silent(address, why)
        return []

    def _leave_stranger(self) -> None:
        """Another host uses the claimed address: go on with the address of the inventory, where every host is taken for the right one."""
        if self._node.address == self._inventory_address:
            raise InvalidAnswer(
                "the host's answer is not valid: it reports that it is another host, which was not asked at the address of the inventory; "
                "nothing was changed"
            )
        Display().warning(
            f"{self._common.machine}: another host than the one that claimed it answers on {self._node.address}"
        )
        self._node.move_to(self._inventory_address)

    def _other_keys(self, before: str = "") -> WrongHost:
        machine, refused = self._common.machine, ", ".join(sorted(self._refused))
        return WrongHost(
            f"{before}the host at {refused} does not have the ssh host keys of {machine}, nothing was sent there: determine which host that"
            f" is, or, if {machine} was installed again, set accept_host_keys (in the role machine_network_accept_host_keys) for one run",
            machine=machine,
            addresses=sorted(self._refused),
        )


def _expected_addresses(request: Stage | StageReset, known: t.Sequence[str], connected: str) -> frozenset[str] | None:
    """Where a change may lead; None where that is a lease: after a reset, or where the way in asks for one."""
    if isinstance(request, StageReset):
        return None
    family = "ipv6" if ":" in connected else "ipv4"
    if any(family in binding(profile).asking for profile in request.profiles):
        return None
    return frozenset(known) | addresses_in(profile.text for profile in request.profiles)


def find(node: Node, known_addresses: t.Sequence[str], machine: str = "", back: float = 0.0) -> dict[str, str]:
    """Use the address that answers: an earlier run may have moved the node to one that the inventory does not know.

    Where none answers, the result has the reason of each, in a few words.

    Where keys of the node are known, the addresses that it claimed come first: who answers there proves that it is the node, while that of
    the inventory may be an old lease, which another host has by now. Where none are, the inventory's comes first, and the host that answers
    at another one must be known to ssh. Raises WrongHost where no other host answers, not even ``back`` seconds later: so long a change may
    last that a cancelled job left.
    """
    inventory = node.inventory_address
    claimed = [address for address in dict.fromkeys(known_addresses) if address != inventory]
    if not claimed or not node.is_direct:
        return {}
    known = [*claimed, inventory] if node.knows_keys else [inventory, *claimed]
    words: dict[str, str] = {}
    found = first_to_answer(known, node.port, _FIRST_CONTACT, words, node.refuses_others_at)
    if found and not node.can_prove(found):
        proven = [inventory, *filter(node.can_prove, claimed)]
        words = {}
        proven_one = first_to_answer(proven, node.port, replace(_FIRST_CONTACT, grace=0.0), words)
        if proven_one is None and back:
            proven_one = _when_rolled_back(node.port, proven, machine, back)
        if proven_one is None:
            said = ", ".join(f"{address} ({words.get(address) or 'no answer'})" for address in proven)
            raise WrongHost(f"no ssh answers at {said}, and {unproven(found)}", address=found)
        found = proven_one
    if found and found != node.address:
        node.move_to(found)
    return {} if found else words


def _when_rolled_back(port: int, addresses: t.Sequence[str], machine: str, seconds: float) -> str | None:
    """The first of these addresses at which the host answers again; None where none does for so long."""
    progress, give_up = Progress(machine), time.monotonic() + seconds
    while (left := give_up - time.monotonic()) > 0:
        progress.say(
            f"waits up to {left:.0f} s for {', '.join(addresses)}: if an AWX job was cancelled while it changed this host, it is rolled "
            "back by then"
        )
        answering = first_to_answer(addresses, port, Patience(min(_FIRST_CONTACT.seconds, left)))
        if answering:
            return answering
        time.sleep(_BETWEEN_LOOKS)
    return None


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
