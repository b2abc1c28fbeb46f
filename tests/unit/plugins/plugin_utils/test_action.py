# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every action leaves through one door, with whatever it has to say."""

from __future__ import annotations

import importlib
import types
import typing as t
from pathlib import Path

import pytest
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure, AnsibleError
from ansible.utils.unsafe_proxy import AnsibleUnsafeText
from ansible_collections.elemental.networking.plugins.module_utils._errors import CODES
from ansible_collections.elemental.networking.plugins.module_utils._ipam.errors import Conflict, PoolExhausted
from ansible_collections.elemental.networking.plugins.plugin_utils import _failures
from ansible_collections.elemental.networking.plugins.plugin_utils._action import NetworkAction

_COLLECTION = "ansible_collections.elemental.networking.plugins"
_ACTIONS = sorted(path.stem for path in (Path(__file__).parents[4] / "plugins/action").glob("[a-z]*.py"))
# ansible-core 2.19 marks what is a template, those before mark what is not
_MARKS_TEMPLATES = AnsibleUnsafeText("x").__class__ is str


@pytest.mark.parametrize("name", _ACTIONS)
def test_every_action_leaves_through_the_one_door(name: str) -> None:
    """A new one cannot forget it."""
    action = importlib.import_module(f"{_COLLECTION}.action.{name}").ActionModule
    assert issubclass(action, NetworkAction)
    assert action.run is NetworkAction.run


class Raising(NetworkAction):
    """An action that fails, or returns what it is given."""

    outcome: t.Any = None

    def perform(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return t.cast("dict[str, t.Any]", self.outcome)


def result_of(outcome: object) -> dict[str, t.Any]:
    task = types.SimpleNamespace(async_val=0, check_mode=False, args={}, diff=False)
    shell = types.SimpleNamespace(tmpdir=None)
    connection = types.SimpleNamespace(_shell=shell, become=None)
    action = Raising(*t.cast("t.Any", (task, connection, types.SimpleNamespace(check_mode=False), None, None, None)))
    action.outcome = outcome
    return action.run(None, {})


def is_marked(value: object) -> bool:
    if isinstance(value, dict):
        return all(is_marked(key) and is_marked(item) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return all(map(is_marked, value))
    return not isinstance(value, str) or _MARKS_TEMPLATES or isinstance(value, AnsibleUnsafeText)


@pytest.mark.parametrize(
    ("outcome", "flag"),
    [
        (AnsibleActionFail("{{ x }}"), "failed"),
        (AnsibleError("{{ x }}"), "failed"),
        (AnsibleConnectionFailure("{{ x }}"), "unreachable"),
        (KeyError("{{ x }}"), "failed"),
        (RecursionError("{{ x }}"), "failed"),
        ({"failed": True, "msg": "{{ x }}"}, "failed"),
    ],
)
def test_a_failure_is_a_result_whose_text_is_no_template(outcome: object, flag: str) -> None:
    result = result_of(outcome)
    assert result[flag] is True
    assert "{{ x }}" in result["msg"]
    assert is_marked(result)
    assert "exception" not in result


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        (AnsibleActionFail("x"), {"code": "failed"}),
        (KeyError("x"), {"code": "failed"}),
        (AnsibleConnectionFailure("x"), {"code": "unreachable"}),
        (_failures.Unreached("x", addresses=["192.0.2.1"]), {"code": "unreachable", "addresses": ["192.0.2.1"]}),
        (_failures.RolledBack("x", reason="y"), {"code": "rolled_back", "reason": "y"}),
        (_failures.OutcomeUnknown("x"), {"code": "outcome_unknown"}),
        (_failures.InvalidInput("x"), {"code": "invalid_input"}),
        (_failures.WrongHost("x", machine="node1"), {"code": "wrong_host", "machine": "node1"}),
        (_failures.HostBusy("x", seconds=3.5), {"code": "busy", "seconds": 3.5}),
        (_failures.MissingRequirement("x"), {"code": "missing_requirement"}),
        # what a host says is never the code
        (_failures.Refused("x", "address_in_use", {"code": "y"}), {"code": "address_in_use"}),
        # what the IPAM room refuses
        (Conflict("x", claim="a"), {"code": "conflict", "claim": "a"}),
        (_failures.Unserved(PoolExhausted("x", pool="p", free=0)), {"code": "pool_exhausted", "pool": "p", "free": 0}),
        # what a module gave back
        ({"failed": True, "msg": "x"}, {"code": "failed"}),
        ({"unreachable": True, "msg": "x"}, {"code": "unreachable"}),
        ({"failed": True, "msg": "x", "error": {"code": "pool_exhausted"}}, {"code": "pool_exhausted"}),
    ],
)
def test_a_failure_has_a_code_that_a_workflow_can_branch_on(outcome: object, error: dict[str, t.Any]) -> None:
    result = result_of(outcome)
    assert result["error"] == error
    assert result["error"]["code"] in CODES
    assert result["msg"]


def test_a_success_has_no_error() -> None:
    assert "error" not in result_of({"changed": True})


def test_what_a_success_says_is_no_template_at_any_depth() -> None:
    result = result_of({"probes": [{"{{ x }}": "{{ x }}"}], "warnings": ["{{ x }}"], "address": "{{ x }}"})
    assert is_marked(result)


def test_a_terminal_obeys_neither_a_message_nor_a_warning() -> None:
    result = result_of({"msg": "a\x1b[31m", "warnings": ["b\x9b31m"]})
    assert (result["msg"], result["warnings"]) == (r"a\x1b[31m", [r"b\x9b31m"])
