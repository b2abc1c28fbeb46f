# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Follow a node through its trial: connect over the address that it has then, and ask the host that answers for the outcome."""

from __future__ import annotations

import time
import typing as t
from dataclasses import dataclass

from ansible.errors import AnsibleError
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import (
    CONFIRMED,
    ELSEWHERE,
    ROLLED_BACK,
    UNKNOWN,
    Confirm,
    Judgement,
    Refusal,
    Staged,
)
from ansible_collections.elemental.networking.plugins.module_utils._printable import one_line
from ansible_collections.elemental.networking.plugins.plugin_utils._failures import OutcomeUnknown, RolledBack
from ansible_collections.elemental.networking.plugins.plugin_utils._host.answer import refuse_unexpected
from ansible_collections.elemental.networking.plugins.plugin_utils._host.connection import Node, NodeAnswer
from ansible_collections.elemental.networking.plugins.plugin_utils._host.knocking import knocking
from ansible_collections.elemental.networking.plugins.plugin_utils._host.reachability import Patience, first_to_answer
from ansible_collections.elemental.networking.plugins.plugin_utils._host.ssh_failure import KEY_REFUSED, reason, silent
from ansible_collections.elemental.networking.plugins.plugin_utils._progress_lines import show_line

# to look for who answers, in seconds: with a new connection each time, for which the address may have come up; as long as a line by
# satellite needs, and at most a part of the time that there is; the deadline may be over when a host is looked for
_AGAIN = 0.25
_SHORTEST_RACE, _LONGEST_RACE = 1.0, 3.0
# the old address answers until the activation takes it away, in the middle of an ssh handshake if need be: leave it alone so long
_SETTLING = 2.0
# a node answers a question after 2 s and its probes; a connection from before the change may be dead and never show it
_ANSWER = 6.0
# when to connect, in seconds after a question, if the host does not signal; each starts a process there
_KNOCK_AT = (0.6, 1.1, 1.6)
# the same where a host has answered that it watches
_KNOCK_NOW = (0.0, 0.5, 1.0)
# the node's own clean-up ends a little after the deadline, later when it must revive NetworkManager first
_AFTER_DEADLINE = 30.0
_BETWEEN_QUESTIONS = 0.02
# a probe may need a moment (a route, a resolver); the node runs it again at each question
_BETWEEN_PROBES = 0.3
# where no host answers the first pause is twice this; each call may be two connections without a login, of which OpenSSH 9.8 and later
# takes fifteen, and one more each second
_BETWEEN_CALLS = 0.05
_LONGEST_PAUSE = 2.0
# addresses that swallow everything take turns with the right one, which may come up late: so many must fit into the time that there is
_LEAST_LOOKS = 8
_NEEDS_A_PERSON = 5.0
# after this the user is shown what takes long
_QUIET = 5.0
_RESTARTED = "the host was restarted, its trial is gone"


@dataclass(frozen=True)
class Opened:
    """What is known of a trial that a host has opened: who it is, where it will be, how many profiles change, and perhaps the outcome.

    Of one whose answer was lost only the host is known. ``is_watched``: the host has the outcome after a new connection. ``has_signalled``:
    it has signalled that it is up, all of it, and has the outcome after a login at one of ``addresses``. ``is_same_way``: and that packets
    leave it as before the change, when a login has proved that long ones arrive.
    """

    host: str
    addresses: tuple[str, ...] = ()
    new_addresses: tuple[str, ...] = ()
    profiles: int = 0
    outcome: Judgement | None = None
    is_watched: bool = False
    has_signalled: bool = False
    is_same_way: bool = False

    @classmethod
    def of(cls, staged: Staged) -> Opened:
        """What the host reported of it."""
        news, count = staged.new_addresses, len(staged.reasons)
        return cls(staged.host, staged.addresses, news, count, staged.outcome, staged.is_watched)


@dataclass(frozen=True)
class _Silence:
    """The host does not answer a question, for ``reason`` as far as that is known."""

    reason: str = ""


@dataclass(frozen=True)
class _Trouble:
    """The host answers a question with something else than a judgement, or cannot be asked in the way that it must be."""

    reason: str


_Heard = t.Union[Judgement, _Silence, _Trouble]


class Progress:
    """A line for the user when there was none for a while."""

    def __init__(self, machine: str) -> None:
        self._machine = machine
        self._said = time.monotonic()

    def say(self, sentence: str) -> None:
        """Show a sentence of the machine, unless the last one is not long ago."""
        if time.monotonic() > self._said + _QUIET:
            self._said = time.monotonic()
            show_line(one_line(f"{self._machine}: {sentence}"))


class Pursuit:
    """One trial of one node. ``knocks`` is how many questions may come with bare connections, ``longest_probe`` is in seconds.

    ``expected`` are the addresses that the node may have; None: that of a lease, which is not known. ``deadline_note`` is a clause that
    shows why the deadline may be too short for this trial; mostly empty.
    """

    def __init__(
        self,
        node: Node,
        token: str,
        machine: str,
        opened: Opened,
        known: t.Sequence[str],
        expected: t.Collection[str] | None,
        knocks: int,
        longest_probe: float,
        deadline_note: str = "",
    ) -> None:
        self._node = node
        self._token = token
        self._opened = opened
        self._known = known
        self._expected = expected
        self._knocks = knocks if node.is_direct else 0
        self._is_watched = opened.is_watched and node.is_direct
        self._has_signalled = opened.has_signalled and node.is_direct and node.can_prove(opened.addresses[0])
        self._longest_answer = _ANSWER + 2 * (longest_probe + 1)
        self._old = node.address
        self._wanted = list(opened.addresses) or [self._old]
        # where the controller may go on over the connection that it has: what proves the way there is an inbound check
        self._address: str | None = self._old if self._old in self._wanted else None
        self._is_connected = self._address is not None
        self._asked, self._was_up = 0, False
        # where the node reported that it is; behind a jump host nothing else shows
        self._told = ""
        self._hint = ""
        # where ssh did not take who answered for the node, in that order
        self._strange: dict[str, None] = {}
        # why each address was not reached when it was tried last
        self._failures: dict[str, str] = {}
        self._reached: set[str] = set()
        self._deadline_note = deadline_note
        self._in_vain = 0
        self._settled_at, self._longest_race = 0.0, _LONGEST_RACE
        self._progress = Progress(machine)

    def outcome(self, deadline: float) -> Judgement:
        """Ask until there is an outcome; what the node reported when it confirmed. Raises RolledBack or OutcomeUnknown for another one."""
        started = time.monotonic()
        last: _Heard = _Silence()
        looks = 0
        one_look = (deadline - started) / _LEAST_LOOKS
        self._node.give_up_soon(one_look)
        self._settled_at = started + _SETTLING
        self._longest_race = min(_LONGEST_RACE, max(_SHORTEST_RACE, one_look))
        if self._opened.outcome:
            self._learn(self._old, self._opened.outcome)
        while time.monotonic() < deadline + _AFTER_DEADLINE:
            address = self._come_in()
            if address is None:
                self._progress.say(f"cannot be reached yet: {self._why_not_reached([*self._wanted, self._old])}")
                # an address may refuse at once, again and again
                looks += 1
                time.sleep(min(_AGAIN, _BETWEEN_QUESTIONS * 2.0 ** min(looks, 10)))
                continue
            looks = 0
            content = self._ask(address)
            if isinstance(content, Judgement) and content.state == CONFIRMED:
                return content
            last = content
            self._learn(address, content)
            self._progress.say(_progress_of(address, content))
            time.sleep(self._pause(content))
        raise OutcomeUnknown(
            f"{self._lost(last)}{self._hint}", addresses=list(dict.fromkeys([*self._wanted, self._old]))
        )

    def _pause(self, content: _Heard) -> float:
        """Seconds until the next question: longer each time where no host answers, or another host does, which may count the logins."""
        self._in_vain = self._in_vain + 1 if _is_not_the_host(content) else 0
        if self._in_vain:
            return (
                _NEEDS_A_PERSON if self._hint else min(_LONGEST_PAUSE, _BETWEEN_CALLS * 2.0 ** min(self._in_vain, 10))
            )
        return _BETWEEN_PROBES if content.reason else min(_BETWEEN_PROBES, _BETWEEN_QUESTIONS * self._asked)

    def _come_in(self) -> str | None:
        """The address to ask, with a new connection where there was no answer before; None while no host answers."""
        if self._address is None:
            is_settled = time.monotonic() > self._settled_at
            self._address = self._next_address([*self._wanted, self._old, *self._known] if is_settled else self._wanted)
            self._asked, self._is_connected = 0, False
        if self._address is not None and not self._is_connected:
            # a cheap key exchange has no long packets: they must have arrived on this way before
            self._node.move_to(self._address, is_cheap=self._has_signalled and self._opened.is_same_way)
            self._is_connected = True
        return self._address

    def _next_address(self, candidates: t.Sequence[str]) -> str | None:
        distinct = [address for address in dict.fromkeys(candidates) if self._can_prove(address)]
        if not distinct:
            return None
        if self._has_signalled:
            return self._opened.addresses[0]
        if self._node.is_direct:
            return self._first_to_answer(distinct)
        told, self._told = self._told, ""
        if told in distinct:
            return told
        # behind a jump host only ssh itself can show: take turns
        if self._node.address not in distinct:
            return distinct[0]
        return distinct[(distinct.index(self._node.address) + 1) % len(distinct)]

    def _first_to_answer(self, addresses: t.Sequence[str]) -> str | None:
        """Which address answers; a host that ssh did not take for the node only where no other one does: it may answer for ever."""
        groups = [address for address in addresses if address not in self._strange], list(self._strange)
        for group in filter(None, groups):
            words: dict[str, str] = {}
            found = first_to_answer(group, self._node.port, self._one_race(), words)
            if found:
                return found
            self._failures.update({address: silent(address, why) for address, why in words.items()})
        return None

    def _one_race(self) -> Patience:
        """One that ends when other addresses are tried, too."""
        to_settle = self._settled_at - time.monotonic()
        return Patience(min(self._longest_race, to_settle) if to_settle > 0 else self._longest_race, again=_AGAIN)

    def _can_prove(self, address: str) -> bool:
        """Whether to ask at an address: a host that cannot be distinguished from this one could answer anything."""
        if self._node.can_prove(address):
            return True
        if address in self._wanted:
            self._hint = f" (nothing shows whether the host at {address} is this one: it has named no ssh host keys, and ssh checks none)"
        return False

    def _ask(self, address: str) -> _Heard:
        """What the node reports of the trial.

        The first question over a connection that was begun after the trial proves the way by itself.
        """
        # of several profiles others may come up after the one that brought the address: then an inbound check must prove it
        news = self._opened.new_addresses
        is_new = address != self._old and address in news and self._opened.profiles == 1
        fresh = not self._asked and (self._was_up or is_new)
        self._asked += 1
        with self._node.cut_after(self._longest_answer):
            if self._has_signalled:
                # this connection was begun after the signal: it is the proof
                self._has_signalled = False
                return self._collected(Confirm(self._token, address, True, None))
            if self._is_watched:
                return self._answer_of_the_watch(Confirm(self._token, address, fresh, None))
            if not self._knocks or self._was_up:
                return self._answer(Confirm(self._token, address, fresh, None))
            self._knocks -= 1
            with knocking(address, self._node.port, _KNOCK_AT) as knocker:
                return self._answer(Confirm(self._token, address, fresh, knocker.knock))

    def _answer_of_the_watch(self, request: Confirm) -> _Heard:
        """What the host makes of a new connection; the one that there is is not cut before that has had its time."""
        self._is_watched = False
        with knocking(request.arrived_at, self._node.port, _KNOCK_NOW):
            return self._collected(request)

    def _collected(self, request: Confirm) -> _Heard:
        """What the host has ready for who connects."""
        return self._answer(request, lambda: self._node.collect(request, self._longest_answer - 1))

    def _answer(self, request: Confirm, ask: t.Callable[[], NodeAnswer] | None = None) -> _Heard:
        try:
            answer = ask() if ask else self._node.run_again(request)
            if isinstance(answer.content, Judgement):
                refuse_unexpected(answer.content.addresses, self._expected, self._node.address)
        except AnsibleError as error:  # of ansible-core 2.16 also a become that takes too long
            return _Trouble(one_line(error))
        if answer.content is None:
            self._failures[self._node.address] = reason(self._node.address, answer.complaint)
        else:
            self._reached.add(self._node.address)
        if answer.refuses_key:
            self._strange[self._node.address] = None
            self._hint = (
                f" (ssh does not accept the key that it gets from {self._node.address} as this host's: {KEY_REFUSED})"
            )
        if answer.was_too_slow:
            self._node.be_more_patient()
        if isinstance(answer.content, Refusal):
            return _Trouble(answer.content.msg)
        if isinstance(answer.content, Judgement):
            return answer.content
        return _Silence(self._failures.get(self._node.address, ""))

    def _learn(self, address: str, content: _Heard) -> None:
        """What an answer that is not a confirmation means for where to ask next."""
        if isinstance(content, Judgement):
            is_restarted = content.state == UNKNOWN and content.host == self._opened.host
            if content.state == ROLLED_BACK or is_restarted:
                why = content.reason or _RESTARTED
                raise RolledBack(self._rolled_back(address, why), reason=why, tried=list(self._opened.addresses))
            if content.state == ELSEWHERE:  # reported only of a trial that is up
                self._wanted, self._was_up = list(content.addresses), True
                self._told, self._address = self._wanted[0], None
        # who answered is asked again there: connections that only look for the banner count as attacks (OpenSSH 9.8)
        if _is_not_the_host(content):
            self._address = None

    # --- what the user is shown --------------------------------------------------------------------------------

    def _why_not_reached(self, addresses: t.Iterable[str]) -> str:
        return "; ".join(self._failures.get(each, f"{each} does not answer") for each in dict.fromkeys(addresses))

    def _rolled_back(self, address: str, why: str) -> str:
        tried = f" after trying {', '.join(self._opened.addresses)}" if self._opened.addresses else ""
        # where ssh did not take the host that answered, the hint shows it
        known = {self._old, *self._reached, *self._strange}
        missed = [each for each in self._wanted if each in self._failures and each not in known]
        clauses = [why + self._hint, self._deadline_note]
        clauses.append(f"seen from the controller, {self._why_not_reached(missed)}" if missed else "")
        return (
            f"rolled back{tried}: {'; '.join(filter(None, clauses))}; the host answers on {address} with its old profiles and nothing was "
            "persisted"
        )

    def _lost(self, last: _Heard) -> str:
        if not _is_not_the_host(last):
            return (
                f"the outcome is still unknown after the deadline (the host answered last that {_state_in_words(last)}); it rolls back by "
                "itself, its claims are kept"
            )
        note = f"; {self._deadline_note}" if self._deadline_note else ""
        return (
            f"the host cannot be reached after the deadline: {self._why_not_reached([*self._wanted, self._old])}{note}; it rolls back by "
            "itself unless it was reached over the new addresses before; its claims are kept: look at its console if it stays silent"
        )


def _is_not_the_host(content: _Heard) -> bool:
    """Whether no host answered, or one that knows nothing of the trial: then the node must be looked for."""
    return isinstance(content, _Silence) or (isinstance(content, Judgement) and content.state == UNKNOWN)


def _progress_of(address: str, content: _Heard) -> str:
    """The line of progress about an answer that is not an outcome."""
    if isinstance(content, _Silence):
        return f"cannot be reached yet: {content.reason or f'{address} does not answer'}"
    if _is_not_the_host(content):
        return f"is looked for: it is not the host that answers on {address}"
    return f"is not ready yet: {_state_in_words(content)}"


def _state_in_words(content: _Heard) -> str:
    if isinstance(content, Judgement) and content.state == ELSEWHERE:
        return f"it is up and waits for a new connection to {', '.join(content.addresses)}"
    return content.reason or "its new profiles are not up"
