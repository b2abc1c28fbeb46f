# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the tool of a configurator runs: on the controller, or on the node, as in Elemental, whose image has it."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleConnectionFailure
from ansible_collections.elemental.networking.plugins.module_utils._networkmanager.rendering import ToolRun, run_tool
from ansible_collections.elemental.networking.plugins.module_utils._render import RenderError, RunTool
from ansible_collections.elemental.networking.plugins.plugin_utils._node import Node
from ansible_collections.elemental.networking.plugins.plugin_utils._transaction import find

# more than the tool and a search for the mistake need
_PATIENCE = 60.0


def tool_on(place: str, node: Node, machine: str, claimed: t.Sequence[str]) -> RunTool:
    """What runs the tools: on the ``controller``, or on the ``node`` that may answer on one of the ``claimed`` addresses already."""
    if place == "controller":
        return run_tool
    return _ToolOnNode(node, machine, claimed)


class _ToolOnNode:
    """Runs a tool on a node: one remote execution. The document, which may hold secrets, goes through its standard input."""

    def __init__(self, node: Node, machine: str, claimed: t.Sequence[str]) -> None:
        self._node = node
        self._machine = machine
        self._claimed = claimed

    def __call__(self, configurator: str, document: str) -> ToolRun:
        """What the tool made of the document. Raises RenderError when there is no such tool on the node."""
        find(self._node, self._claimed)
        request = {
            "operation": "render",
            "configurator": configurator,
            "document": document,
            "machine": self._machine,
            "only_known": self._node.address != self._node.inventory_address,
        }
        content = self._ask(request)
        if content.get("stranger"):
            self._node.move_to(self._node.inventory_address)
            content = self._ask({**request, "only_known": False})
        if content.get("failed"):
            raise RenderError(str(content["msg"]))
        return ToolRun.from_json(content)

    def _ask(self, request: t.Mapping[str, t.Any]) -> t.Mapping[str, t.Any]:
        with self._node.cut_after(_PATIENCE):
            answer = self._node.run(request)
        if not answer.reached:
            raise AnsibleConnectionFailure(f"{self._node.address} does not answer over ssh, nothing was changed")
        return answer.content
