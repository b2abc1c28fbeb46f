# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the tool of a configurator runs: on the controller, or on the node, as in Elemental, whose image has it."""

from __future__ import annotations

import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import Refusal, Render, Rendered
from ansible_collections.elemental.networking.plugins.module_utils._node.tools.run import ToolRun, run_tool
from ansible_collections.elemental.networking.plugins.module_utils._render import ToolRefused
from ansible_collections.elemental.networking.plugins.module_utils._render.generated import RunTool
from ansible_collections.elemental.networking.plugins.plugin_utils._failures import Unreached
from ansible_collections.elemental.networking.plugins.plugin_utils._host.connection import Node, NodeAnswer
from ansible_collections.elemental.networking.plugins.plugin_utils._host.ssh_failure import reason, silent, unreached
from ansible_collections.elemental.networking.plugins.plugin_utils._transaction.transaction import find

# more than the tool and a search for the mistake need
_PATIENCE = 60.0


def tool_on(place: str, node: Node, machine: str, claimed: t.Sequence[str], former: str = "") -> RunTool:
    """What runs the tools: on the ``controller``, or on the ``node`` that may answer on one of the ``claimed`` addresses already.

    ``former`` is the name of the machine before it was renamed, empty as a rule.
    """
    if place == "controller":
        return run_tool
    return _ToolOnNode(node, machine, claimed, former)


class _ToolOnNode:
    """Runs a tool on a node: one remote execution. The document, which may hold secrets, goes through its standard input."""

    def __init__(self, node: Node, machine: str, claimed: t.Sequence[str], former: str) -> None:
        self._node = node
        self._machine = machine
        self._claimed = claimed
        self._former = former

    def __call__(self, configurator: str, document: str) -> ToolRun:
        """What the tool made of the document. Raises ToolRefused when there is no such tool on the node."""
        words = find(self._node, self._claimed)
        failures = {address: silent(address, why) for address, why in words.items()}
        for address in self._candidates():
            if address != self._node.address:
                self._node.move_to(address)
            answer = self._ask(configurator, document)
            if answer.content is None:
                failures[address] = reason(address, answer.complaint)
            if isinstance(answer.content, Refusal):
                raise ToolRefused(*answer.content)
            if isinstance(answer.content, Rendered):
                found = answer.content
                return ToolRun(found.output, found.files, found.warnings, found.error, found.path)
        raise Unreached(
            unreached(failures.values() or ["another host answers there"], "nothing was changed"),
            addresses=list(failures),
        )

    def _candidates(self) -> list[str]:
        """Where to ask; behind a jump host only ssh itself can show who answers."""
        others = [] if self._node.is_direct else self._claimed
        known = dict.fromkeys([self._node.address, self._node.inventory_address, *others])
        return [address for address in known if self._node.can_prove(address)]

    def _ask(self, configurator: str, document: str) -> NodeAnswer:
        request = Render(
            configurator=configurator,
            document=document,
            machine=self._machine,
            former=self._former,
            # another host may have a claimed address
            only_known=self._node.address != self._node.inventory_address and not self._node.is_believed,
            is_proven=self._node.knows_keys,
        )
        with self._node.cut_after(_PATIENCE), self._node.unseen():
            return self._node.run(request)
