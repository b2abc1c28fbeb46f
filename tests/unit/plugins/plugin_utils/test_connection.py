# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a request gets to a node, and what is told of the way there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import types
import typing as t
from pathlib import Path

import pytest
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure, AnsibleError
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import Confirm
from ansible_collections.elemental.networking.plugins.plugin_utils._failures import Forbidden
from ansible_collections.elemental.networking.plugins.plugin_utils._host import connection as _node
from ansible_collections.elemental.networking.plugins.plugin_utils._host.connection import Node

REQUEST = Confirm("a-secret", "192.0.2.1", fresh=True, knock=None)


class Action:
    """An action whose node is this machine; ``blocked`` is raised by all that runs with become."""

    def __init__(self, blocked: Exception | None = None, **options: t.Any) -> None:
        self._connection: t.Any = connection_loader.get("ssh", PlayContext())
        self._connection.set_options(direct={"host": "192.0.2.1", "ssh_args": "-F none", **options})
        self._connection.become = types.SimpleNamespace(pipelining=False)
        self._play_context = PlayContext()
        self._task: t.Any = types.SimpleNamespace(delegate_to=None)
        self._templar: t.Any = types.SimpleNamespace(template=lambda value: value)
        self._blocked = blocked
        self.commands: list[tuple[str, bool, bytes]] = []

    def _low_level_execute_command(
        self, command: str, in_data: bytes | None = None, sudoable: bool = True
    ) -> t.Mapping[str, t.Any]:
        self.commands.append((command, sudoable, in_data or b""))
        if self._blocked and sudoable:
            raise self._blocked
        environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        run = subprocess.run(
            ["sh", "-c", command], input=in_data or b"", capture_output=True, check=False, env=environment
        )
        return {"rc": run.returncode, "stdout": run.stdout.decode(), "stderr": run.stderr.decode()}


def node_of(action: Action) -> Node:
    """The node of that action."""
    return Node(t.cast("t.Any", action), {"ansible_python_interpreter": sys.executable})


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> t.Iterator[Path]:
    """Where the text waits."""
    file = Path(_node.place_in_memory())
    monkeypatch.setattr(_node, "place_in_memory", lambda: str(file))
    yield file
    file.unlink(missing_ok=True)


def test_where_become_takes_standard_input_the_program_waits_in_memory(place: Path) -> None:
    """As `su` does. Root's own command has nothing of it, and no module is sent."""
    action = Action()
    answer = node_of(action).run(REQUEST)
    assert answer.reached
    assert answer.content
    (left, left_as_root, text), (command, as_root, nothing) = action.commands
    assert (left_as_root, as_root, nothing) == (False, True, b"")
    assert b"a-secret" in text
    assert "a-secret" not in left + command
    assert len(left + command) < 2000
    assert not place.exists()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            AnsibleError("Missing su password"),
            "su asks for a password on this host; give the right one with --ask-become-pass",
        ),
        (AnsibleError("Incorrect su password"), "su does not accept the password on this host; give the right one"),
        (AnsibleActionFail("su: denied"), "su: denied"),
    ],
)
def test_what_was_not_taken_does_not_stay(place: Path, error: AnsibleError, sentence: str) -> None:
    with pytest.raises(AnsibleError, match=f"^{re.escape(sentence)}"):
        node_of(Action(blocked=error)).run(REQUEST)
    assert not place.exists()


def test_the_password_of_become_is_one_sentence() -> None:
    with pytest.raises(AnsibleError, match=r"or ansible_become_password$") as raised:
        node_of(Action(blocked=AnsibleError("Missing sudo password"))).run(REQUEST)
    assert isinstance(raised.value, Forbidden)


@pytest.mark.parametrize(
    ("printed", "code", "sentence"),
    [
        (
            "bob is not in the sudoers file.",
            "forbidden",
            "this user may not become root on this host (bob is not in the sudoers file); allow it there, or connect as root",
        ),
        (
            "python3: not found",
            "missing_requirement",
            "python3 (3.6 or later) could not run the network program on this host: ",
        ),
    ],
)
def test_why_the_program_did_not_run(printed: str, code: str, sentence: str) -> None:
    failure = _node._broken({"rc": 1, "stderr": f"a banner\n{printed}\n"})
    assert failure.code == code
    assert str(failure).startswith(sentence)


def test_where_the_address_went_nothing_more_is_asked_of_it(place: Path) -> None:
    """What it keeps then goes with the next text, or at the next boot."""
    action = Action(blocked=AnsibleConnectionFailure("timed out"))
    assert not node_of(action).run(REQUEST).reached
    assert len(action.commands) == 2
    assert place.exists()


@pytest.mark.parametrize(
    ("delegate", "variables", "expected"),
    [
        (None, {"ansible_python_interpreter": "/own/python"}, "/own/python"),
        (None, {"ansible_python_interpreter": "{{ folder }}/python"}, "/templated/python"),
        (None, {}, _node._ANY_PYTHON),
        (None, {"ansible_python_interpreter": "auto_silent"}, _node._ANY_PYTHON),
        ("node1", {"ansible_python_interpreter": "/own/python"}, "/its/python"),
        # the name of a machine that the inventory does not have, or has nothing of
        ("node2", {"ansible_python_interpreter": "/own/python"}, _node._ANY_PYTHON),
        ("node3", {"ansible_python_interpreter": "/own/python"}, _node._ANY_PYTHON),
    ],
)
def test_the_python_is_that_of_the_host_to_which_a_task_is_delegated(
    delegate: str | None, variables: dict[str, t.Any], expected: str
) -> None:
    """localhost, for example, has one of the controller."""
    action = Action()
    action._task.delegate_to = delegate
    action._templar.template = lambda value: value and value.replace("{{ folder }}", "/templated")
    delegated = {"node1": {"ansible_python_interpreter": "/its/python"}, "node2": {}}
    node = Node(t.cast("t.Any", action), {**variables, **({"ansible_delegated_vars": delegated} if delegate else {})})
    assert node._python == expected


def test_the_users_own_ssh_arguments_are_not_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ProxyCommand may hold a password, and a result is shown."""
    monkeypatch.setattr(_node, "key_name", lambda _call: "node1.example.com")
    action = Action(ssh_common_args="-o ProxyCommand='sshpass -p a-secret ssh -W %h:%p gate'")
    node = node_of(action)
    assert node.new_ssh_args == ""
    action._connection.set_option("host_key_checking", True)
    node._ask_by_name()
    assert node.new_ssh_args == "-o HostKeyAlias=node1.example.com"
    assert "a-secret" in action._connection.get_option("ssh_common_args"), "ssh itself is still told"
