# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that says the same for ever is left: by count and by the deadline."""

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
    Request,
    Stage,
    Staged,
)
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
    new_ssh_arguments = ""
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
