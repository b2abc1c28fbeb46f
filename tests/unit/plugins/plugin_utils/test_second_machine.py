# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another machine at the address of the inventory than at the claimed one."""

from __future__ import annotations

import contextlib
import socket
import threading
import types
import typing as t

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import Judgement
from ansible_collections.elemental.networking.plugins.module_utils._node.system.identity import digest
from ansible_collections.elemental.networking.plugins.plugin_utils._transaction.second_machine import (
    SecondMachine,
)

MACHINE = "0123456789abcdef" * 2


@pytest.fixture
def sshd() -> t.Iterator[int]:
    """The port of something that shows the banner of ssh."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection = server.accept()[0]
                    connection.sendall(b"SSH-2.0-x\r\n")
                    connection.close()

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


class Node:
    """A node that is asked at a claimed address, with another one in the inventory."""

    inventory_address = "127.0.0.1"
    is_direct = True

    def __init__(self, port: int, address: str = "192.0.2.9", answer: t.Any = None) -> None:
        self.port, self.address, self._answer = port, address, answer
        self.asked: list[str] = []

    def can_prove(self, _address: str) -> bool:
        """It is believed there."""
        return True

    def move_to(self, address: str) -> None:
        """Be asked there."""
        self.address = address

    def run(self, _request: object) -> t.Any:
        """Who is there."""
        self.asked.append(self.address)
        if isinstance(self._answer, Exception):
            raise self._answer
        return types.SimpleNamespace(content=self._answer)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Judgement(state="unknown", host=MACHINE), digest(MACHINE)),
        (Judgement(state="unknown", host=""), ""),
        (None, ""),
        (AnsibleActionFail("it has no Python"), ""),
    ],
)
def test_who_answers_there_says_which_machine_it_is(sshd: int, answer: t.Any, expected: str) -> None:
    node = Node(sshd, answer=answer)
    assert SecondMachine(t.cast(t.Any, node), is_awaited=True).identity() == expected
    assert (node.asked, node.address) == (["127.0.0.1"], "192.0.2.9")


def test_where_nobody_answers_or_there_is_one_address_only_nobody_is_asked(sshd: int) -> None:
    for node in (Node(1), Node(sshd, address="127.0.0.1")):
        assert SecondMachine(t.cast(t.Any, node), is_awaited=True).identity() == ""
        assert node.asked == []
