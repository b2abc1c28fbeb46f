# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a host behind a jump host is looked for, and how long each look may take."""

from __future__ import annotations

import socket
import time
import types
import typing as t

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import Judgement
from ansible_collections.elemental.networking.plugins.plugin_utils._failures import OutcomeUnknown, RolledBack
from ansible_collections.elemental.networking.plugins.plugin_utils._host.connection import Node, NodeAnswer
from ansible_collections.elemental.networking.plugins.plugin_utils._host.ssh_identity import HostIdentity
from ansible_collections.elemental.networking.plugins.plugin_utils._transaction import confirmation as _pursuit

OLD, FIRST, NEW, KNOWN = "192.0.2.1", "192.0.2.8", "192.0.2.9", "192.0.2.5"
SLOW = NodeAnswer(None, complaint="Connection timed out during banner exchange")
REFUSED = NodeAnswer(None, complaint=f"ssh: connect to host {NEW} port 22: Connection refused")
STRANGER = NodeAnswer(None, complaint="Host key verification failed.")
CONFIRMED = NodeAnswer(Judgement("confirmed"))
ELSEWHERE = NodeAnswer(Judgement("elsewhere", addresses=(NEW,)))


def connection(host: str, timeout: int, **more: t.Any) -> t.Any:
    """Ansible's own ssh connection."""
    made = connection_loader.get("ssh", PlayContext())
    made.set_options(direct={"host": host, "timeout": timeout, "ssh_args": "-F none", **more})
    return made


def action(made: t.Any) -> t.Any:
    """An action that is not delegated, over that connection."""
    return types.SimpleNamespace(
        _connection=made,
        _play_context=PlayContext(),
        _task=types.SimpleNamespace(delegate_to=None),
        _templar=types.SimpleNamespace(template=lambda value: value),
    )


class ScriptedNode(Node):
    """A node behind a jump host, of which only the answers are made up; with Ansible's real connection."""

    def __init__(
        self, answers: t.Sequence[NodeAnswer], timeout: int, host_keys: tuple[str, ...] = ("ssh-ed25519 AAAA",)
    ) -> None:
        made = connection(OLD, timeout, ssh_common_args="-J 192.0.2.200")
        super().__init__(action(made), {}, HostIdentity(host_keys=host_keys))
        self._answers = iter(answers)
        # address and seconds of each question
        self.asked: list[tuple[str, int]] = []

    def move_to(self, address: str, **_more: bool) -> None:
        self._connection.set_option("host", address)

    def run_again(self, request: object) -> NodeAnswer:
        self.asked.append((self.address, int(self._connection.get_option("timeout"))))
        return next(self._answers)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_SETTLING", "_BETWEEN_CALLS", "_BETWEEN_PROBES"):
        monkeypatch.setattr(_pursuit, name, 0.0)


def pursue(node: Node, known: t.Sequence[str] = (), wanted: str = NEW, deadline: int = 300) -> Judgement:
    opened = _pursuit.Opened(host="x", addresses=(wanted,), new_addresses=(wanted,))
    expected = [NEW, FIRST, KNOWN]
    pursuit = _pursuit.Pursuit(node, "token", "machine", opened, known, expected, knocks=0, longest_probe=0.0)
    return pursuit.outcome(time.monotonic() + deadline)


class WatchingNode(ScriptedNode):
    """A node that judges by itself, and is reached without a jump host."""

    is_direct = True  # type: ignore[assignment]

    def __init__(self, judged: NodeAnswer, answers: t.Sequence[NodeAnswer]) -> None:
        super().__init__(answers, 10)
        self._judged = judged
        self.collected = 0

    def collect(self, request: object, seconds: float) -> NodeAnswer:
        self.collected += 1
        return self._judged


@pytest.mark.parametrize(
    ("judged", "answers", "asked"),
    [
        (CONFIRMED, [], 0),
        # the process that judges is gone
        (NodeAnswer(None), [CONFIRMED], 1),
        # it has seen no connection: the next one is a login
        (NodeAnswer(Judgement("elsewhere", addresses=(OLD,))), [CONFIRMED], 1),
    ],
)
def test_a_host_that_judges_by_itself_is_asked_only_if_it_came_to_no_end(
    judged: NodeAnswer, answers: t.Sequence[NodeAnswer], asked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_pursuit, "first_to_answer", lambda addresses, *_rest: addresses[0])
    node = WatchingNode(judged, answers)
    opened = _pursuit.Opened(host="x", profiles=1, is_watched=True)
    pursuit = _pursuit.Pursuit(node, "token", "machine", opened, [], [OLD], knocks=1, longest_probe=0.0)
    assert pursuit.outcome(time.monotonic() + 60).state == "confirmed"
    assert (node.collected, len(node.asked)) == (1, asked)


@pytest.mark.parametrize(
    ("judged", "answers", "looks"),
    [
        (CONFIRMED, [], 0),
        # the process that judges is gone, or it is no host that answers there
        (NodeAnswer(None), [CONFIRMED], 1),
        (NodeAnswer(Judgement("pending", "a probe fails")), [CONFIRMED], 0),
    ],
)
def test_a_host_that_has_signalled_from_its_new_address_is_not_looked_for(
    judged: NodeAnswer, answers: t.Sequence[NodeAnswer], looks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One login, in which it has the outcome ready; only what goes wrong is asked for as usual."""
    looked: list[t.Sequence[str]] = []

    def look(addresses: t.Sequence[str], *_rest: t.Any) -> str:
        looked.append(addresses)
        return addresses[0]

    monkeypatch.setattr(_pursuit, "first_to_answer", look)
    node = WatchingNode(judged, answers)
    opened = _pursuit.Opened("x", addresses=(NEW,), new_addresses=(NEW,), profiles=2, has_signalled=True)
    pursuit = _pursuit.Pursuit(node, "token", "machine", opened, [], [NEW], knocks=1, longest_probe=0.0)
    assert pursuit.outcome(time.monotonic() + 60).state == "confirmed"
    assert (node.collected, len(node.asked), len(looked), node.address) == (1, len(answers), looks, NEW)


@pytest.mark.parametrize(
    ("has_signalled", "is_same_way", "expected"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_a_login_is_cheap_where_a_dear_one_has_come_the_same_way(
    has_signalled: bool, is_same_way: bool, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dear one has longer packets, which show that a way takes them."""
    moves: list[tuple[str, bool]] = []
    monkeypatch.setattr(_pursuit, "first_to_answer", lambda addresses, *_rest: addresses[0])
    node = WatchingNode(CONFIRMED, [CONFIRMED])
    monkeypatch.setattr(node, "move_to", lambda address, is_cheap: moves.append((address, is_cheap)))
    opened = _pursuit.Opened("x", (NEW,), (NEW,), has_signalled=has_signalled, is_same_way=is_same_way)
    pursuit = _pursuit.Pursuit(node, "token", "machine", opened, [], [NEW], knocks=0, longest_probe=0.0)
    assert pursuit.outcome(time.monotonic() + 60).state == "confirmed"
    assert moves == [(NEW, expected)]


def test_who_cannot_be_told_from_another_host_at_the_new_address_is_not_asked_for_the_outcome_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What reads the outcome counts as a login at the new address."""
    monkeypatch.setattr(_pursuit, "first_to_answer", lambda addresses, *_rest: addresses[0])
    node = WatchingNode(CONFIRMED, [CONFIRMED])
    monkeypatch.setattr(node, "can_prove", lambda address: address != NEW)
    opened = _pursuit.Opened("x", addresses=(NEW,), new_addresses=(NEW,), profiles=1, has_signalled=True)
    pursuit = _pursuit.Pursuit(node, "token", "machine", opened, [], [NEW], knocks=0, longest_probe=0.0)
    assert pursuit.outcome(time.monotonic() + 60).state == "confirmed"
    assert node.collected == 0


@pytest.mark.parametrize(
    ("given", "deadline", "expected"),
    [
        (30, 300, [4, 8, 16, 30, 30]),
        (10, 300, [4, 8, 10, 10, 10]),
        (2, 300, [4, 4, 4, 4, 4]),
        (30, 50, [4, 6, 6, 6, 6]),
    ],
)
def test_a_host_that_is_slow_to_answer_gets_more_time_each_time(given: int, deadline: int, expected: list[int]) -> None:
    """Up to what the user gives every connection, and never so much that other addresses get no turn before the deadline."""
    node = ScriptedNode([SLOW] * 4 + [CONFIRMED], given)
    pursue(node, deadline=deadline)
    assert [seconds for _address, seconds in node.asked] == expected


def test_a_refusal_is_no_reason_to_wait_longer() -> None:
    """Else an address that swallows everything holds up the next look at the right one until the deadline is over."""
    node = ScriptedNode([REFUSED, REFUSED, REFUSED, CONFIRMED], 30)
    pursue(node)
    assert [seconds for _address, seconds in node.asked] == [4, 4, 4, 4]


@pytest.mark.parametrize(
    ("then", "asked_then"),
    [
        ([CONFIRMED], [NEW]),
        # what it said may be over: then all take turns again
        ([REFUSED, CONFIRMED], [NEW, OLD]),
    ],
)
def test_a_host_is_asked_next_where_it_said_that_it_is(then: t.Sequence[NodeAnswer], asked_then: list[str]) -> None:
    """Before all other addresses that it may have."""
    node = ScriptedNode([REFUSED, REFUSED, ELSEWHERE, *then], 10)
    pursue(node, [KNOWN], wanted=FIRST)
    assert [address for address, _seconds in node.asked] == [KNOWN, FIRST, OLD, *asked_then]


@pytest.mark.parametrize("address", ["-oProxyCommand=id", "fe80::1%eth0", "host.example", "192.0.2.01", ""])
def test_nothing_but_an_ip_address_becomes_an_argument_of_ssh(address: str) -> None:
    node = ScriptedNode([], 10)
    with pytest.raises(AnsibleError, match="is not an IP address to connect to"):
        Node.move_to(node, address)
    assert node.address == OLD


def test_an_address_of_the_inventory_that_ssh_takes_for_an_option_is_refused() -> None:
    made = connection("-oProxyCommand=id", 10)
    with pytest.raises(AnsibleError, match="ssh would take it for an option"):
        Node.of(action(made), {})


def test_a_host_behind_a_jump_host_does_not_send_the_controller_elsewhere() -> None:
    """What it names is no address of its profiles: it is asked on, where it is expected, until the deadline."""
    strange = NodeAnswer(Judgement("elsewhere", addresses=("203.0.113.7",)))
    node = ScriptedNode([REFUSED, strange, strange, CONFIRMED], 10)
    pursue(node)
    assert "203.0.113.7" not in [address for address, _seconds in node.asked]


@pytest.mark.parametrize(("deadline", "expected"), [(300, 3.0), (16, 2.0), (0.5, 1.0), (-5, 1.0)])
def test_a_look_has_time_for_an_answer_also_where_the_deadline_is_over(
    deadline: float, expected: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a lost answer it may be over before the host is looked for."""
    looks: list[float] = []
    monkeypatch.setattr(_pursuit, "_SETTLING", 0.0)
    monkeypatch.setattr(
        _pursuit,
        "first_to_answer",
        lambda addresses, _port, patience, *_more: looks.append(patience.seconds) or addresses[0],
    )
    node = ScriptedNode([REFUSED, CONFIRMED], 10)
    node.__dict__["is_direct"] = True
    pursue(node, deadline=deadline)
    assert looks == pytest.approx([expected] * len(looks), abs=0.1)
    assert looks


def test_where_nothing_tells_the_host_from_another_one_only_its_old_address_is_asked() -> None:
    """It named no host keys. It rolls back, and the message says why."""
    node = ScriptedNode([REFUSED, NodeAnswer(Judgement("rolled_back", "nobody came"))], 10, host_keys=())
    with pytest.raises(RolledBack, match=rf"nobody came \(nothing shows whether the host at {NEW} is this one"):
        pursue(node, [KNOWN])
    assert {address for address, _seconds in node.asked} == {OLD}


def test_whoever_does_not_have_the_key_of_the_host_does_not_keep_it_from_being_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A stranger answers at its new address for ever, the host at its old one once it has rolled back."""
    node = ScriptedNode([STRANGER, STRANGER, NodeAnswer(Judgement("rolled_back", "nobody came"))], 10)
    node.__dict__["is_direct"] = True

    def first(addresses: t.Sequence[str], *_more: t.Any) -> str | None:
        # the old address is silent while the trial is up
        there = {NEW} if len(node.asked) < 2 else {NEW, OLD}
        return next((address for address in addresses if address in there), None)

    monkeypatch.setattr(_pursuit, "first_to_answer", first)
    monkeypatch.setattr(_pursuit, "_NEEDS_A_PERSON", 0.0)
    with pytest.raises(RolledBack, match=rf"nobody came \(ssh does not accept the key that it gets from {NEW}"):
        pursue(node)
    assert [address for address, _seconds in node.asked] == [NEW, NEW, OLD]


WAITS = NodeAnswer(Judgement("pending"))
ROLLED_BACK = NodeAnswer(Judgement("rolled_back", "the controller did not connect"))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            REFUSED,
            f"cannot be reached yet: {FIRST} refuses connections to its ssh port (ssh: connect to host {NEW} port 22: Connection",
        ),
        (WAITS, "is not ready yet: its new profiles are not up"),
        (NodeAnswer(Judgement("pending", "profile eth0 is not up")), "is not ready yet: profile eth0 is not up"),
        (ELSEWHERE, f"is not ready yet: it is up and waits for a new connection to {NEW}"),
        (NodeAnswer(Judgement("unknown", host="y")), f"it is not the host that answers on {FIRST}"),
    ],
)
def test_progress_is_a_sentence(monkeypatch: pytest.MonkeyPatch, answer: NodeAnswer, expected: str) -> None:
    said: list[str] = []
    monkeypatch.setattr(_pursuit, "_QUIET", -1.0)
    monkeypatch.setattr(_pursuit, "show_line", said.append)
    pursue(ScriptedNode([answer, CONFIRMED], 10), wanted=FIRST)
    assert expected in said[0]
    assert not {"pending", "elsewhere", "silent", "unknown"} & set(said[0].split())


def test_a_rollback_says_why_the_controller_did_not_get_in() -> None:
    """The host cannot know, and an address that was not tried is not named."""
    with pytest.raises(RolledBack, match="did not connect; seen from the controller, ") as failure:
        pursue(ScriptedNode([REFUSED, ROLLED_BACK], 10), wanted=FIRST)
    assert f"{FIRST} refuses connections to its ssh port (ssh: connect" in str(failure.value)
    with pytest.raises(RolledBack) as failure:
        pursue(ScriptedNode([ROLLED_BACK], 10), wanted=FIRST)
    assert "seen from the controller" not in str(failure.value)


def test_the_end_of_the_wait_says_what_was_seen_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pursuit, "_AFTER_DEADLINE", -298.0)
    monkeypatch.setattr(_pursuit, "_BETWEEN_QUESTIONS", 0.0)
    with pytest.raises(
        OutcomeUnknown, match=r"outcome is still unknown after the deadline \(.* its new profiles are not up\)"
    ):
        pursue(ScriptedNode([REFUSED, *[WAITS] * 100_000], 10))
    with pytest.raises(OutcomeUnknown, match=f"cannot be reached after the deadline: {NEW} refuses .*; {OLD} refuses "):
        pursue(ScriptedNode([REFUSED] * 100_000, 10))


def test_ssh_says_that_a_host_is_too_slow() -> None:
    """The real ssh, of a host that takes the connection and says nothing."""
    with socket.create_server(("127.0.0.2", 0)) as silent:
        made = connection("127.0.0.2", 1, port=silent.getsockname()[1], host_key_checking=False)
        with pytest.raises(AnsibleConnectionFailure) as failure:
            made.exec_command("true", sudoable=False)
    assert NodeAnswer(None, complaint=str(failure.value)).was_too_slow


def test_ssh_does_not_say_so_of_a_closed_port() -> None:
    with socket.create_server(("127.0.0.2", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(AnsibleConnectionFailure) as failure:
        connection("127.0.0.2", 5, port=port, host_key_checking=False).exec_command("true", sudoable=False)
    assert not NodeAnswer(None, complaint=str(failure.value)).was_too_slow
