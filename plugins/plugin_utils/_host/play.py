# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a play and its connection must be like, so that the network of its hosts can be changed."""

from __future__ import annotations

from ansible.playbook.play import Play
from ansible.plugins.loader import strategy_loader
from ansible_collections.elemental.networking.plugins.module_utils._printable import one_line
from ansible_collections.elemental.networking.plugins.plugin_utils._failures import InvalidInput

# it takes over the address of a host while the play goes on
_CONNECTIONS = ("ssh",)
# what all strategies without steps are made of
_FREE = ".strategy.free"


def refuse_unsupported(connection: str) -> None:
    """Raise InvalidInput for a connection plugin that cannot follow a host to a new address; the name is without its collection."""
    if connection not in _CONNECTIONS:
        raise InvalidInput(
            f"connection plugin {one_line(connection, 60)} is not supported here, nothing was changed; supported is "
            f"{', '.join(_CONNECTIONS)}: set ansible_connection to it"
        )


def refuse_running_ahead(play: Play) -> None:
    """Raise InvalidInput where each host of a play goes on without the others, under any name of the strategy."""
    strategy = strategy_loader.get(play.strategy, class_only=True)
    # by the name of the module: Ansible's loader may have loaded it twice
    if any(each.__module__.endswith(_FREE) for each in getattr(strategy, "__mro__", ())):
        raise InvalidInput(
            f"the strategy of this play, {one_line(play.strategy, 60)}, lets each host run ahead, and some tasks here are for "
            "all hosts at once; set strategy: linear for this play, nothing was changed"
        )
