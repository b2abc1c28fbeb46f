# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where tools run: a node that may have moved, a stranger on its address, a node without the tool."""

from __future__ import annotations

import contextlib
import json
import typing as t

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import (
    MISSING_REQUIREMENT,
    Answer,
    OtherHost,
    Refusal,
    Render,
    Rendered,
    to_json,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.tools import run
from ansible_collections.elemental.networking.plugins.module_utils._node.tools.run import ToolRun, run_tool
from ansible_collections.elemental.networking.plugins.module_utils._render import render
from ansible_collections.elemental.networking.plugins.plugin_utils._host.answer import read_answer
from ansible_collections.elemental.networking.plugins.plugin_utils._host.connection import NodeAnswer
from ansible_collections.elemental.networking.plugins.plugin_utils._transaction import tool_runner as _rendering


class FakeNode:
    """Answers with what is given; remembers what it was asked, and where."""

    inventory_address = "192.0.2.1"
    is_believed = False
    knows_keys = False

    def __init__(self, *answers: Answer | None, is_direct: bool = True) -> None:
        self.is_direct = is_direct
        self.address = self.inventory_address
        self.asked: list[tuple[str, Render]] = []
        self._answers = list(answers)
        self._is_unseen = False
        self.unproven: set[str] = set()

    @contextlib.contextmanager
    def cut_after(self, _seconds: float) -> t.Iterator[None]:
        yield

    @contextlib.contextmanager
    def unseen(self) -> t.Iterator[None]:
        self._is_unseen = True
        yield
        self._is_unseen = False

    def can_prove(self, address: str) -> bool:
        return address not in self.unproven

    def move_to(self, address: str) -> None:
        self.address = address

    def run(self, request: Render) -> NodeAnswer:
        assert self._is_unseen, "the answer may hold secrets"
        self.asked.append((self.address, request))
        answer = self._answers.pop(0)
        return NodeAnswer(None) if answer is None else NodeAnswer(read_answer(json.dumps(to_json(answer)), request))


def ask(node: t.Any, monkeypatch: pytest.MonkeyPatch, answers_on: str = FakeNode.inventory_address) -> ToolRun:
    monkeypatch.setattr(_rendering, "find", lambda each, _known: each.move_to(answers_on) or {})
    return _rendering.tool_on("node", node, "node1", [answers_on])("nmstate", '{"interfaces": []}')


def test_the_document_goes_to_the_node_once(monkeypatch: pytest.MonkeyPatch) -> None:
    run = ToolRun(output="x", warnings=("w",), path=("interfaces", 0))
    node = FakeNode(Rendered(output="x", warnings=("w",), path=("interfaces", 0)))
    assert ask(node, monkeypatch) == run
    [(address, request)] = node.asked
    assert (address, request.document, request.only_known) == ("192.0.2.1", '{"interfaces": []}', False)


def test_a_stranger_on_the_claimed_address_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    node = FakeNode(OtherHost(), Rendered(output="x"))
    assert ask(node, monkeypatch, "192.0.2.150").output == "x"
    assert [(address, request.only_known) for address, request in node.asked] == [
        ("192.0.2.150", True),
        ("192.0.2.1", False),
    ]


def test_a_node_without_the_tool_says_which_role_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    node = FakeNode(
        Refusal("the role elemental.networking.nmstatectl installs it", MISSING_REQUIREMENT, {"tool": "nmstatectl"})
    )
    with pytest.raises(_rendering.ToolRefused, match="the role elemental.networking.nmstatectl installs it") as refused:
        ask(node, monkeypatch)
    assert (refused.value.code, refused.value.details) == (MISSING_REQUIREMENT, {"tool": "nmstatectl"})


def test_a_controller_without_the_tool_is_refused_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run.shutil, "which", lambda *_given, **_more: None)
    with pytest.raises(_rendering.ToolRefused, match="nmstatectl, which is not installed on the controller") as refused:
        render("nmstate", {"interfaces": [{"name": "eth0", "type": "ethernet"}]})
    assert (refused.value.code, refused.value.details) == (MISSING_REQUIREMENT, {"tool": "nmstatectl"})


def test_a_node_that_does_not_answer_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        AnsibleConnectionFailure, match="cannot be reached over ssh: .*192.0.2.1.*; nothing was changed"
    ):
        ask(FakeNode(None), monkeypatch)


def test_behind_a_jump_host_the_claimed_address_is_tried_when_the_inventory_is_out_of_date(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node = FakeNode(None, Rendered(output="x"), is_direct=False)
    monkeypatch.setattr(_rendering, "find", lambda _node, _known: {})
    tool = _rendering.tool_on("node", t.cast("t.Any", node), "node1", ["192.0.2.150"])
    assert tool("nmstate", "{}").output == "x"
    assert [(address, request.only_known) for address, request in node.asked] == [
        ("192.0.2.1", False),
        ("192.0.2.150", True),
    ]


def test_the_document_goes_to_no_host_that_cannot_be_told_from_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    node = FakeNode(None, is_direct=False)
    node.unproven = {"192.0.2.150"}
    monkeypatch.setattr(_rendering, "find", lambda _node, _known: {})
    with pytest.raises(
        AnsibleConnectionFailure, match="cannot be reached over ssh: .*192.0.2.1.*; nothing was changed"
    ):
        _rendering.tool_on("node", t.cast("t.Any", node), "node1", ["192.0.2.150"])("nmstate", "{}")
    assert [address for address, _request in node.asked] == ["192.0.2.1"]


def test_the_controller_needs_no_node() -> None:
    assert _rendering.tool_on("controller", t.cast("t.Any", None), "node1", []) is run_tool
