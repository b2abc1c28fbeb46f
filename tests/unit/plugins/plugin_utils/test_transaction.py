# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a controller makes of the answers of a host; one that says the same for ever is left, by count and by the deadline."""

from __future__ import annotations

import contextlib
import itertools
import typing as t

import pytest
from ansible.errors import AnsibleError
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import (
    Answer,
    Busy,
    Judgement,
    OtherHost,
    Probe,
    Refusal,
    Request,
    Stage,
    Staged,
    StageReset,
    WantedProfile,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.system.identity import digest
from ansible_collections.elemental.networking.plugins.plugin_utils._failures import Refused, WrongHost
from ansible_collections.elemental.networking.plugins.plugin_utils._host.connection import NodeAnswer
from ansible_collections.elemental.networking.plugins.plugin_utils._host.controller_id import (
    is_dead,
    readable,
    this_controller,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._host.ssh_failure import KEY_REFUSED
from ansible_collections.elemental.networking.plugins.plugin_utils._transaction import transaction as _transaction

INVENTORY, CLAIMED = "192.0.2.1", "192.0.2.9"
REQUEST = Stage(Request("m", 60))
# this machine and boot, a process that has ended
DEAD = this_controller().rsplit(" ", 1)[0] + " 1"


class RepeatingNode:
    """A host behind a jump host that always answers the same."""

    inventory_address = INVENTORY
    is_direct = False
    is_believed = False
    knows_keys = False
    new_ssh_args = ""

    def __init__(self, answer: Answer | None, address: str = INVENTORY) -> None:
        self.address = address
        self.asked: list[Stage] = []
        self._answer = answer

    def notice_cuts(self) -> None:
        pass

    def move_to(self, address: str) -> None:
        self.address = address

    @contextlib.contextmanager
    def cut_after(self, _seconds: float) -> t.Iterator[None]:
        yield

    def run(self, request: Stage) -> NodeAnswer:
        self.asked.append(request)
        return NodeAnswer(self._answer)


@pytest.fixture(autouse=True)
def _time_flies(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second passes with each look at the clock; nothing sleeps."""
    clock = itertools.count(1000.0)
    monkeypatch.setattr(_transaction.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(_transaction.time, "sleep", lambda _seconds: None)


def carry_out(node: RepeatingNode) -> object:
    return _transaction.Transaction(t.cast("t.Any", node), REQUEST, [CLAIMED]).carry_out()


def test_another_host_at_the_claimed_address_is_left_and_one_at_the_address_of_the_inventory_is_an_error() -> None:
    node = RepeatingNode(OtherHost(), CLAIMED)
    with pytest.raises(AnsibleError, match="nothing was changed"):
        carry_out(node)
    assert [request.common.connected_address for request in node.asked] == [CLAIMED, INVENTORY]


class SilentThenStranger(RepeatingNode):
    """ssh to its claimed address ends before Ansible reads why, then says that another host is there; nobody is at the other address."""

    knows_keys = True

    def can_prove(self, _address: str) -> bool:
        return True

    def run(self, request: Stage) -> NodeAnswer:
        self.asked.append(request)
        if self.address == INVENTORY:
            return NodeAnswer(None, "ssh: connect to host 192.0.2.1 port 22: No route to host", was_sent=False)
        return NodeAnswer(None, "[Errno 32] Broken pipe" if len(self.asked) == 1 else KEY_REFUSED, was_sent=False)


def test_a_refused_key_is_named_also_where_the_first_ssh_ended_too_fast() -> None:
    with pytest.raises(AnsibleError, match=f"the host at {CLAIMED} does not have the ssh host keys of m") as failure:
        carry_out(SilentThenStranger(None, CLAIMED))
    assert "accept_host_keys" in str(failure.value)


@pytest.mark.parametrize("holder", [DEAD, "a controller", ""], ids=["dead", "alive", "without a name"])
def test_a_host_that_is_busy_for_ever_is_left(holder: str) -> None:
    node = RepeatingNode(Busy(holder, "its token", 0.0))
    with pytest.raises(AnsibleError, match="the host is busy with .*, nothing was changed"):
        carry_out(node)
    assert sum(bool(request.common.take_over) for request in node.asked) == (3 if holder == DEAD else 0)


ELSEWHERE = Judgement("elsewhere", addresses=("203.0.113.7",))


@pytest.mark.parametrize(
    "answer", [Staged(changed=True, addresses=ELSEWHERE.addresses), Staged(changed=True, outcome=ELSEWHERE)]
)
def test_a_host_leads_nowhere_but_to_its_profiles(answer: Staged) -> None:
    with pytest.raises(AnsibleError, match=r"203\.0\.113\.7 is not an address of its profiles"):
        carry_out(RepeatingNode(answer))


@pytest.mark.parametrize(
    "said",
    ["a b c d", f"{this_controller().split()[0]} -1 x y", "{{ x }}", " ".join(["x"] * 4)],
    ids=["four words", "a negative number", "a template", "four letters"],
)
def test_any_name_of_a_controller_can_be_read(said: str) -> None:
    assert not is_dead(said)
    readable(said)


def test_a_controller_whose_process_is_not_a_number_is_not_dead() -> None:
    host, _process, world, start = this_controller().split(" ")
    for process in ("x", "-1", "²", "9" * 5000):
        is_dead(f"{host} {process} {world} {start}")


class AnsweringNode(RepeatingNode):
    """A host that carries the change out at once, in one answer; ``machine_ids`` are those that its machine is known by."""

    def __init__(self, answer: Answer, machine_ids: tuple[str, ...] = ()) -> None:
        super().__init__(answer)
        self.machine_ids = machine_ids

    def know(self, _host_keys: object) -> None:
        pass


def outcome_of(
    answer: Answer, request: Stage | StageReset = REQUEST, machine_ids: tuple[str, ...] = ()
) -> _transaction.Outcome:
    node = t.cast("t.Any", AnsweringNode(answer, machine_ids))
    return _transaction.Transaction(node, request, [CLAIMED]).carry_out()


def kept(failed_after: dict[str, str] | None = None, **more: t.Any) -> Judgement:
    return Judgement("confirmed", failed_after=failed_after, **more)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Staged(), []),
        (Staged(failed_before={"web": ""}), [("web", "passed", "passed")]),
        # the host looks again after a change only
        (Staged(failed_before={"web": "refused"}), [("web", "refused", "unknown")]),
        (
            Staged(changed=True, failed_before={"web": "refused", "dns": ""}, outcome=kept({"web": "no route"})),
            [("web", "refused", "no route"), ("dns", "passed", "passed")],
        ),
        (Staged(changed=True, failed_before={"web": "refused"}, outcome=kept({})), [("web", "refused", "passed")]),
        (Staged(changed=True, failed_before={"web": "refused"}, outcome=kept()), [("web", "refused", "unknown")]),
    ],
)
def test_a_result_has_each_probe_before_and_after(answer: Staged, expected: list[tuple[str, str, str]]) -> None:
    found = outcome_of(answer).result(with_diff=False)["probes"]
    assert [(probe["name"], probe["before"], probe["after"]) for probe in found] == expected


@pytest.mark.parametrize(
    ("answer", "changed", "waiting"),
    [
        (Staged(), False, {}),
        (Staged(renamed=True), True, {}),
        (Staged(waiting={"eth1": "a carrier"}), False, {"eth1": "a carrier"}),
        (
            Staged(changed=True, waiting={"eth1": "a carrier"}, outcome=kept(waiting={"eth2": "a lease"})),
            True,
            {"eth1": "a carrier", "eth2": "a lease"},
        ),
    ],
)
def test_a_result_has_what_changed_and_what_waits(answer: Staged, changed: bool, waiting: dict[str, str]) -> None:
    outcome = outcome_of(answer)
    assert (outcome.changed, outcome.waiting) == (changed, waiting)


def test_the_differences_are_returned_where_they_are_asked_for() -> None:
    difference = {"before": "a", "after": "b"}
    outcome = outcome_of(Staged(diff=(difference,)))
    assert outcome.result(with_diff=True)["diff"] == [difference]
    assert "diff" not in outcome.result(with_diff=False)


KEYFILE = "[connection]\nid=eth0\ntype=ethernet\ninterface-name=eth0\n[ipv4]\n{}\n[ipv6]\nmethod=disabled\n"
STATIC = KEYFILE.format("method=manual\naddress1=192.0.2.9/24")


@pytest.mark.parametrize(
    ("text", "address", "is_expected"),
    [
        (STATIC, "192.0.2.9", True),
        # where the host is known to be, or has been claimed to be
        (STATIC, INVENTORY, True),
        (STATIC, "203.0.113.7", False),
        # nobody knows a lease before
        (KEYFILE.format("method=auto"), "203.0.113.7", True),
    ],
)
def test_a_change_leads_to_an_address_of_its_profiles_or_to_a_lease(text: str, address: str, is_expected: bool) -> None:
    request = Stage(Request("m", 60), (WantedProfile("eth0.nmconnection", "u", "ethernet", "eth0", text),))
    answer = Staged(changed=True, new_addresses=(address,), outcome=kept())
    if is_expected:
        assert outcome_of(answer, request).changed
    else:
        with pytest.raises(AnsibleError, match="is not an address of its profiles"):
            outcome_of(answer, request)


def test_the_refusal_of_a_host_keeps_its_code_and_its_details() -> None:
    with pytest.raises(Refused, match="a profile is wrong") as failure:
        outcome_of(Refusal("a profile is wrong", "invalid_input", {"profile": "eth0"}))
    assert (failure.value.code, failure.value.details) == ("invalid_input", {"profile": "eth0"})


HERE, ELSEWHERE_ID = "0" * 32, "1" * 32


@pytest.mark.parametrize(
    ("known", "at_the_inventory", "words"),
    [
        ((), "", ()),
        ((digest(HERE),), "", ()),
        ((digest(ELSEWHERE_ID),), "", ("this is another machine",)),
        # two machines: that of the inventory counts, whoever was there before
        ((digest(ELSEWHERE_ID),), digest(ELSEWHERE_ID), ("leads to another machine",)),
        ((digest(HERE),), digest(HERE), ()),
    ],
)
def test_a_change_of_another_machine_than_before_is_a_warning(
    known: tuple[str, ...], at_the_inventory: str, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_transaction.SecondMachine, "identity", lambda *_given, **_more: at_the_inventory)
    warnings = outcome_of(Staged(host=HERE), machine_ids=known).warnings
    assert len(warnings) == len(words)
    assert all(word in warning for word, warning in zip(words, warnings))


@pytest.mark.parametrize(
    ("known", "at_the_inventory", "is_refused"),
    [
        ((digest(HERE),), digest(ELSEWHERE_ID), True),
        ((digest(HERE),), digest(HERE), False),
        ((digest(HERE),), "", False),
        ((), digest(ELSEWHERE_ID), False),
    ],
)
def test_a_reset_whose_inventory_leads_to_another_machine_is_refused_before_anything_is_sent(
    known: tuple[str, ...], at_the_inventory: str, is_refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_transaction.SecondMachine, "identity", lambda *_given, **_more: at_the_inventory)
    node = AnsweringNode(Staged(host=HERE), known)
    reset = _transaction.Transaction(t.cast("t.Any", node), StageReset(Request("m", 60)), [CLAIMED])
    if is_refused:
        with pytest.raises(WrongHost, match="nothing was changed"):
            reset.carry_out()
    else:
        reset.carry_out()
    assert len(node.asked) == (0 if is_refused else 1)


class FoundNode:
    """A host whose addresses answer or do not; ``believed`` are those at which it can be told from another one."""

    inventory_address = INVENTORY
    port = 22

    def __init__(self, knows_keys: bool, believed: t.Collection[str], is_direct: bool = True) -> None:
        self.knows_keys, self._believed, self.is_direct = knows_keys, believed, is_direct
        self.address = INVENTORY

    def can_prove(self, address: str) -> bool:
        return address == INVENTORY or address in self._believed

    def refuses_others_at(self, address: str) -> bool:
        return self.knows_keys and address != INVENTORY

    def move_to(self, address: str) -> None:
        self.address = address


@pytest.mark.parametrize(("silent_looks", "is_found"), [(3, True), (10**6, False)])
def test_a_host_whose_change_a_cancelled_job_left_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, silent_looks: int, is_found: bool
) -> None:
    """It answers at the address of the trial, where nothing proves it, until it is rolled back."""
    looks, clock, said = itertools.count(), itertools.count(step=0.5), []

    def first(addresses: t.Sequence[str], *_more: t.Any, **_options: t.Any) -> str | None:
        return CLAIMED if CLAIMED in addresses else INVENTORY if next(looks) > silent_looks else None

    monkeypatch.setattr(_transaction, "first_to_answer", first)
    monkeypatch.setattr(_transaction.time, "sleep", lambda _seconds: None)
    monkeypatch.setattr(_transaction.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(_transaction.Progress, "say", lambda _self, sentence: said.append(sentence))
    node = FoundNode(False, ())
    if not is_found:
        with pytest.raises(WrongHost, match=f"nothing shows whether the host at {CLAIMED} is this one"):
            _transaction.find(t.cast("t.Any", node), [CLAIMED], "m", 60)
    else:
        _transaction.find(t.cast("t.Any", node), [CLAIMED], "m", 60)
        assert node.address == INVENTORY
    assert said[0].startswith(f"waits up to 60 s for {INVENTORY}: if an AWX job was cancelled")
    # outside of AWX nothing is waited for
    said.clear()
    looks = itertools.count()
    with pytest.raises(WrongHost):
        _transaction.find(t.cast("t.Any", FoundNode(False, ())), [CLAIMED])
    assert said == []


@pytest.mark.parametrize(
    ("node", "answering", "expected"),
    [
        # the claimed one proves that it is the host; that of the inventory may be an old lease
        (FoundNode(True, {CLAIMED}), {CLAIMED, INVENTORY}, CLAIMED),
        (FoundNode(True, {CLAIMED}), {INVENTORY}, INVENTORY),
        # without keys nothing tells the claimed one from another host
        (FoundNode(False, {CLAIMED}), {CLAIMED, INVENTORY}, INVENTORY),
        (FoundNode(False, {CLAIMED}), {CLAIMED}, CLAIMED),
        (FoundNode(False, ()), {CLAIMED}, None),
        (FoundNode(True, {CLAIMED}), (), INVENTORY),
        # behind a jump host only ssh itself can tell
        (FoundNode(True, {CLAIMED}, is_direct=False), {CLAIMED}, INVENTORY),
    ],
)
def test_a_host_is_found_at_an_address_that_proves_it(
    node: FoundNode, answering: t.Collection[str], expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def first(addresses: t.Sequence[str], _port: int, *_times: float, silence: t.Any = None, **_more: float) -> t.Any:
        return next((address for address in addresses if address in answering), None)

    monkeypatch.setattr(_transaction, "first_to_answer", first)
    node.address = INVENTORY
    if expected is None:
        with pytest.raises(WrongHost, match=CLAIMED):
            _transaction.find(t.cast("t.Any", node), [CLAIMED])
    else:
        _transaction.find(t.cast("t.Any", node), [CLAIMED])
        assert node.address == expected


class MovingNode(AnsweringNode):
    """A host that is reached without a jump host, and moves to the claimed address."""

    is_direct, port = True, 22

    def __init__(self, answer: Answer, shared: t.Collection[str] = (), knows_keys: bool = False) -> None:
        super().__init__(answer)
        self._shared, self.knows_keys = shared, knows_keys
        self.cuts: list[float] = []

    def can_prove(self, address: str) -> bool:
        return True

    def refuses_others_at(self, address: str) -> bool:
        return self.knows_keys and address != INVENTORY

    def shares_connection_to(self, address: str) -> bool:
        return address in self._shared

    def move_to(self, address: str, keeps_connection: bool = False) -> None:
        assert keeps_connection == (address in self._shared)
        super().move_to(address)

    @contextlib.contextmanager
    def cut_after(self, seconds: float) -> t.Iterator[None]:
        self.cuts.append(seconds)
        yield


@pytest.mark.parametrize(
    ("shared", "knows_keys", "is_promised", "looks", "at", "cut"),
    [
        ({CLAIMED}, True, False, 0, CLAIMED, 18.0),
        # nothing has proved who is there
        ({CLAIMED}, False, False, 1, INVENTORY, 60),
        ((), True, False, 1, INVENTORY, 60),
        ((), False, True, 0, INVENTORY, 60),
        # it may have another address
        ((), True, True, 1, INVENTORY, 60),
    ],
    ids=["a connection from before", "without keys", "none", "an address that is only promised", "promised, with keys"],
)
def test_a_host_is_looked_for_where_it_is_not_known_to_be(
    monkeypatch: pytest.MonkeyPatch,
    shared: t.Collection[str],
    knows_keys: bool,
    is_promised: bool,
    looks: int,
    at: str,
    cut: float,
) -> None:
    """A connection from before may lead nowhere by now: it is cut soon."""
    looked: list[object] = []
    monkeypatch.setattr(_transaction, "first_to_answer", lambda *given, **_more: looked.append(given) or INVENTORY)
    monkeypatch.setattr(_transaction, "knocking", lambda *_given: contextlib.nullcontext())
    node = MovingNode(Staged(), shared, knows_keys)
    request = Stage(Request("m", 60, probes=(Probe("web", "tcp", "192.0.2.1", 80, timeout=3.0),)))
    _transaction.Transaction(t.cast("t.Any", node), request, [CLAIMED], is_promised).carry_out()
    assert (len(looked), node.address, node.cuts) == (looks, at, [cut])


MOVED = Staged(changed=True, addresses=(CLAIMED,), new_addresses=(CLAIMED,), signals=True, host=HERE)


def followed(
    monkeypatch: pytest.MonkeyPatch, answer: Staged, is_heard: bool, check: bool = False
) -> list[tuple[bool, bool]]:
    """Of each trial that is followed whether the host has signalled that it is up at its new address, on the way of before."""
    found: list[tuple[bool, bool]] = []

    class Knocker:
        knock = None
        is_same_way = is_heard

        def is_signalled(self, _seconds: float) -> bool:
            return is_heard

    def follow(_self: object, opened: t.Any, _note: str) -> Judgement:
        found.append((opened.has_signalled, opened.is_same_way))
        return kept()

    monkeypatch.setattr(_transaction, "first_to_answer", lambda *_given, **_more: INVENTORY)
    monkeypatch.setattr(_transaction, "knocking", lambda *_given: contextlib.nullcontext(Knocker()))
    monkeypatch.setattr(_transaction.Transaction, "_follow", follow)
    request = Stage(Request("m", 60, check=check))
    _transaction.Transaction(t.cast("t.Any", MovingNode(answer)), request, [CLAIMED]).carry_out()
    return found


@pytest.mark.parametrize(
    ("answer", "is_heard", "expected"),
    [
        (MOVED, True, [(True, True)]),
        (MOVED, False, [(False, False)]),
        (MOVED._replace(signals=False), True, [(False, False)]),
        (MOVED._replace(outcome=kept()), True, []),
    ],
    ids=["it has", "nothing is heard", "it will not", "there is nothing to follow"],
)
def test_a_host_that_moves_is_followed_when_it_signals(
    monkeypatch: pytest.MonkeyPatch, answer: Staged, is_heard: bool, expected: list[tuple[bool, bool]]
) -> None:
    assert followed(monkeypatch, answer, is_heard) == expected


def test_nothing_is_followed_in_a_dry_run(monkeypatch: pytest.MonkeyPatch) -> None:
    assert followed(monkeypatch, MOVED, is_heard=True, check=True) == []
