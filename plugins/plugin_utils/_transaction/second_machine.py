# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the inventory's own address leads to another machine than the claimed one: two inventories may have a host of one name.

It may also be an old lease of the machine that another host has by now. Only the user can distinguish the two.
"""

from __future__ import annotations

import contextlib
import threading
import uuid

from ansible.errors import AnsibleError
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import Confirm, Judgement
from ansible_collections.elemental.networking.plugins.module_utils._node.system.identity import digest
from ansible_collections.elemental.networking.plugins.plugin_utils._host.connection import Node
from ansible_collections.elemental.networking.plugins.plugin_utils._host.reachability import Patience, first_to_answer

# how long a host may take to answer that is asked beside other work, and one that is waited for: longer where its kernel has accepted
_BESIDE, _GLANCE = Patience(5.0), Patience(1.0, again=0.25)
# seconds; a resolver may need longer than that
_LONGEST_GLANCE = 5.0


class SecondMachine:
    """A look at the address of the inventory, while the node is asked at another one, or before it is (``is_awaited``)."""

    def __init__(self, node: Node, is_awaited: bool = False) -> None:
        self._node = node
        self._is_awaited = is_awaited
        self._thread: threading.Thread | None = None
        self._answers = False
        if node.address != node.inventory_address and node.is_direct and node.can_prove(node.inventory_address):
            self._thread = threading.Thread(target=self._look, name="second machine", daemon=True)
            self._thread.start()

    def _look(self) -> None:
        patience = _GLANCE if self._is_awaited else _BESIDE
        self._answers = first_to_answer([self._node.inventory_address], self._node.port, patience) is not None

    def identity(self) -> str:
        """Which host answers at the address of the inventory, empty where none does, or none as long as the other work took."""
        if self._thread is None:
            return ""
        self._thread.join(_LONGEST_GLANCE if self._is_awaited else 0.0)
        return self._asked() if self._answers else ""

    def _asked(self) -> str:
        """Its answer to a question about a change that there is not; what keeps it from one is not a matter of the node's."""
        address, inventory_address = self._node.address, self._node.inventory_address
        answer = None
        self._node.move_to(inventory_address)
        with contextlib.suppress(AnsibleError):
            answer = self._node.run(Confirm(uuid.uuid4().hex, inventory_address, fresh=False, knock=None)).content
        self._node.move_to(address)
        return digest(answer.host) if isinstance(answer, Judgement) else ""


def other_machine(machine: str, address: str, inventory_address: str) -> str:
    """The sentence for another machine at the address of the inventory than at a claimed one."""
    return (
        f"ansible_host of {machine}, {inventory_address}, leads to another machine than {address}, which {machine} claimed: if it is an "
        "old lease, correct ansible_host; if two inventories have a host of that name, give each a name of its own (machine_network_site) "
        "and one of the machines another (machine_network_machine_name)"
    )
