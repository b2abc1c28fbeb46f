# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Follow a node through its trial: come in over the address that it has then, and ask whoever answers for the outcome."""

from __future__ import annotations

import time
import typing as t

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.utils.display import Display
from ansible_collections.elemental.networking.plugins.module_utils._printable import one_line
from ansible_collections.elemental.networking.plugins.plugin_utils._action import RolledBack
from ansible_collections.elemental.networking.plugins.plugin_utils._host.answer import (
    Judgement,
    Refusal,
    Staged,
    refuse_unexpected,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._host.connection import KEY_REFUSED, Node
from ansible_collections.elemental.networking.plugins.plugin_utils._host.reachability import first_to_answer, knocking
from ansible_collections.elemental.networking.plugins.plugin_utils._host.ssh_failure import reason, silent

_ONE_RACE = 0.25
# the old address answers until the activation takes it away, in the middle of an ssh handshake if need be: leave it alone so long
_SETTLING = 2.0
# a node answers a question after 2 s and its probes; a connection from before the change may be dead and never say so
_ANSWER = 6.0
# when to knock, in seconds after a question, if the host does not ring; each starts a process there
_KNOCK_AT = (0.6, 1.1, 1.6)
# the node's own clean-up ends a little after the deadline, later when it has to revive NetworkManager first
_AFTER_DEADLINE = 30.0
_BETWEEN_QUESTIONS = 0.02
# a probe may need a moment (a route, a resolver); the node runs it again at each question
_BETWEEN_PROBES = 0.3
# where nobody answers the first pause is twice this; each call may be two connections without a login, of which OpenSSH 9.8 and later takes
# fifteen, and one more each second
_BETWEEN_CALLS = 0.05
_LONGEST_PAUSE = 2.0
# addresses that swallow everything take turns with the right one, which may come up late: so many have to fit into the time that there is
_LEAST_LOOKS = 8
_NEEDS_A_PERSON = 5.0
# tell the user what takes long
_QUIET = 5.0
# the state of a node that does not answer
_SILENT = "silent"
_RESTARTED = "the host was restarted, its trial is gone"


class Progress:
    """A line for the user when there was none for a while."""

    def __init__(self, machine: str) -> None:
        self._machine = machine
        self._said = time.monotonic()

    def say(self, sentence: str) -> None:
        """Show a sentence of the machine, unless the last one is not long ago."""
        if time.monotonic() > self._said + _QUIET:
            self._said = time.monotonic()
            Display().display(one_line(f"{self._machine}: {sentence}"))


def question(token: str, address: str, fresh: bool, knock: t.Mapping[str, t.Any] | None) -> dict[str, t.Any]:
    """The request to confirm a trial; see ``confirm`` on the node."""
    return {"operation": "confirm", "token": token, "arrived_at": address, "fresh": fresh, "knock": knock}


class Pursuit:
    """One trial of one node. ``knocks`` is how many questions may come with bare connections, ``longest_probe`` is in seconds.

    ``expected`` are the addresses that the node may have; None: that of a lease, which nobody knows. ``deadline_note`` is a clause that
    says why the deadline may be too short for this trial; mostly empty.
    """

    def __init__(
        self,
        node: Node,
        token: str,
        machine: str,
        staged: Staged,
        known: t.Sequence[str],
        expected: t.Collection[str] | None,
        knocks: int,
        longest_probe: float,
        deadline_note: str = "",
    ) -> None:
        self._node = node
        self._token = token
        self._staged = staged
        self._known = known
        self._expected = expected
        self._knocks = knocks if node.is_direct else 0
        self._longest_answer = _ANSWER + 2 * (longest_probe + 1)
        self._old = node.address
        self._wanted = list(staged.addresses) or [self._old]
        # where the controller may go on over the connection that it has: what proves the way there is a knock
        self._address: str | None = self._old if self._old in self._wanted else None
        self._is_connected = self._address is not None
        self._asked = 0
        self._was_up = False
        # where the node said that it is; behind a jump host nothing else tells
        self._told = ""
        self._hint = ""
        # where ssh did not take who answered for the node, in that order
        self._strange: dict[str, None] = {}
        # why each address was not reached when it was tried last
        self._failures: dict[str, str] = {}
        self._reached: set[str] = set()
        self._deadline_note = deadline_note
        self._in_vain = 0
        self._progress = Progress(machine)

    def outcome(self, deadline: float) -> Judgement:
        """Ask until there is an outcome; what the node said when it confirmed. Raises AnsibleActionFail for any other one."""
        started, last = time.monotonic(), Judgement(_SILENT)
        self._node.give_up_soon((deadline - started) / _LEAST_LOOKS)
        if self._staged.outcome:
            self._learn(self._old, self._staged.outcome)
        while time.monotonic() < deadline + _AFTER_DEADLINE:
            address = self._come_in(is_settled=time.monotonic() > started + _SETTLING)
            if address is None:
                self._progress.say(f"cannot be reached yet: {self._why_not_reached([*self._wanted, self._old])}")
                time.sleep(_BETWEEN_QUESTIONS)
                continue
            content = self._ask(address)
            if content.state == "confirmed":
                return content
            last = content
            self._learn(address, content)
            self._progress.say(_progress_of(address, content))
            time.sleep(self._pause(content))
        raise AnsibleActionFail(f"{self._lost(last)}{self._hint}")

    def _pause(self, content: Judgement) -> float:
        """Seconds until the next question: longer each time where nobody answers, or somebody else does, who may count the logins."""
        self._in_vain = self._in_vain + 1 if content.state in (_SILENT, "unknown") else 0
        if self._in_vain:
            return (
                _NEEDS_A_PERSON if self._hint else min(_LONGEST_PAUSE, _BETWEEN_CALLS * 2.0 ** min(self._in_vain, 10))
            )
        return _BETWEEN_PROBES if content.reason else min(_BETWEEN_PROBES, _BETWEEN_QUESTIONS * self._asked)

    def _come_in(self, is_settled: bool) -> str | None:
        """The address to ask, with a new connection where there was no answer before; None while nobody answers."""
        if self._address is None:
            self._address = self._next_address([*self._wanted, self._old, *self._known] if is_settled else self._wanted)
            self._asked, self._is_connected = 0, False
        if self._address is not None and not self._is_connected:
            self._node.move_to(self._address)
            self._is_connected = True
        return self._address

    def _next_address(self, candidates: t.Sequence[str]) -> str | None:
        distinct = [address for address in dict.fromkeys(candidates) if self._can_prove(address)]
        if not distinct:
            return None
        if self._node.is_direct:
            return self._first_to_answer(distinct)
        told, self._told = self._told, ""
        if told in distinct:
            return told
        # behind a jump host only ssh itself can tell: take turns
        if self._node.address not in distinct:
            return distinct[0]
        return distinct[(distinct.index(self._node.address) + 1) % len(distinct)]

    def _first_to_answer(self, addresses: t.Sequence[str]) -> str | None:
        """Who answers; somebody whom ssh did not take for the node only where nobody else does: he may answer for ever."""
        groups = [address for address in addresses if address not in self._strange], list(self._strange)
        for group in filter(None, groups):
            words: dict[str, str] = {}
            found = first_to_answer(group, self._node.port, _ONE_RACE, 0.0, 0.0, words)
            if found:
                return found
            self._failures.update({address: silent(address, why) for address, why in words.items()})
        return None

    def _can_prove(self, address: str) -> bool:
        """Whether to ask at an address: a host that cannot be told from this one there could say anything."""
        if self._node.can_prove(address):
            return True
        if address in self._wanted:
            self._hint = f" (nothing tells whether the host at {address} is this one: it has named no ssh host keys, and ssh checks none)"
        return False

    def _ask(self, address: str) -> Judgement:
        """What the node says of the trial; ``silent`` when it does not.

        The first question over a connection that was begun after the trial proves the way by itself.
        """
        # of several profiles others may come up after the one that brought the address: then a knock has to prove it
        news = self._staged.new_addresses
        is_new = address != self._old and address in news and len(self._staged.reasons) == 1
        fresh = not self._asked and (self._was_up or is_new)
        self._asked += 1
        with self._node.cut_after(self._longest_answer):
            if not self._knocks or self._was_up:
                return self._answer(question(self._token, address, fresh, None))
            self._knocks -= 1
            with knocking(address, self._node.port, _KNOCK_AT) as knock:
                return self._answer(question(self._token, address, fresh, knock))

    def _answer(self, request: t.Mapping[str, t.Any]) -> Judgement:
        try:
            answer = self._node.run_again(request)
            if isinstance(answer.content, Judgement):
                refuse_unexpected(answer.content.addresses, self._expected, self._node.address)
        except AnsibleError as error:  # of ansible-core 2.16 also a become that takes too long
            return Judgement("pending", one_line(error))
        if answer.content is None:
            self._failures[self._node.address] = reason(self._node.address, answer.complaint)
        else:
            self._reached.add(self._node.address)
        if answer.refuses_key:
            self._strange[self._node.address] = None
            self._hint = f" (ssh does not accept the key of whoever answers at {self._node.address} as this host's: {KEY_REFUSED})"
        if answer.was_too_slow:
            self._node.be_more_patient()
        if isinstance(answer.content, Refusal):
            return Judgement("pending", answer.content.msg)
        return answer.content if isinstance(answer.content, Judgement) else self._silence()

    def _learn(self, address: str, content: Judgement) -> None:
        """What an answer that is no confirmation says about where to ask next."""
        state = content.state
        if state == "rolled_back" or (state == "unknown" and content.host == self._staged.host):
            raise RolledBack(self._rolled_back(address, content.reason or _RESTARTED))
        if state == "elsewhere":  # said only of a trial that is up
            self._wanted, self._was_up = list(content.addresses), True
            self._told = self._wanted[0]
        # who answered is asked again there: connections that only look for the banner count as attacks (OpenSSH 9.8)
        if state in ("elsewhere", "unknown", _SILENT):
            self._address = None

    # --- what the user is told --------------------------------------------------------------------------------

    def _silence(self) -> Judgement:
        return Judgement(_SILENT, self._failures.get(self._node.address, ""))

    def _why_not_reached(self, addresses: t.Iterable[str]) -> str:
        return "; ".join(self._failures.get(each, f"{each} does not answer") for each in dict.fromkeys(addresses))

    def _rolled_back(self, address: str, why: str) -> str:
        tried = f" after trying {', '.join(self._staged.addresses)}" if self._staged.addresses else ""
        # where ssh did not take who answered the hint says so
        known = {self._old, *self._reached, *self._strange}
        missed = [each for each in self._wanted if each in self._failures and each not in known]
        clauses = [why + self._hint, self._deadline_note]
        clauses.append(f"seen from the controller, {self._why_not_reached(missed)}" if missed else "")
        return (
            f"rolled back{tried}: {'; '.join(filter(None, clauses))}; the host answers on {address} with its old profiles and nothing was "
            "persisted"
        )

    def _lost(self, last: Judgement) -> str:
        if last.state not in (_SILENT, "unknown"):
            return (
                f"the outcome is still unknown after the deadline (the host answered last that {_state_in_words(last)}); it rolls back by "
                "itself, its claims are kept"
            )
        note = f"; {self._deadline_note}" if self._deadline_note else ""
        return (
            f"the host cannot be reached after the deadline: {self._why_not_reached([*self._wanted, self._old])}{note}; it rolls back by "
            "itself unless it was reached over the new addresses before; its claims are kept: look at its console if it stays silent"
        )


def _progress_of(address: str, content: Judgement) -> str:
    """The line of progress about an answer that is no outcome."""
    if content.state == _SILENT:
        return f"cannot be reached yet: {content.reason or f'{address} does not answer'}"
    if content.state == "unknown":
        return f"is looked for: it is not the host that answers on {address}"
    return f"is not ready yet: {_state_in_words(content)}"


def _state_in_words(content: Judgement) -> str:
    if content.state == "elsewhere":
        return f"it is up and waits for a new connection to {', '.join(content.addresses)}"
    return content.reason or "its new profiles are not up"
