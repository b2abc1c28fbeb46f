# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bridge that listens for longer than the deadline is named."""

from __future__ import annotations

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import WantedProfile
from ansible_collections.elemental.networking.plugins.plugin_utils._transaction.spanning_tree import (
    listening_time,
    too_short,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        # the defaults of NetworkManager
        ("[connection]\ntype=bridge\n", 30),
        ("[bridge]\nstp=true\nforward-delay=4\n", 8),
        ("[bridge]\nstp=false\n", 0),
        ("[bridge]\nstp = no\n", 0),
        # NetworkManager says what is wrong with these
        ("[bridge]\nforward-delay=soon\n", 0),
        ("stp=true\n", 0),
    ],
)
def test_how_long_a_bridge_listens(text: str, seconds: int) -> None:
    assert listening_time(text) == seconds


@pytest.mark.parametrize(
    ("kind", "deadline", "is_named"), [("bridge", 20, True), ("bridge", 60, False), ("bond", 20, False)]
)
def test_only_a_deadline_that_is_too_short_is_named(kind: str, deadline: int, is_named: bool) -> None:
    profile = WantedProfile("br0.nmconnection", "uuid", kind, "br0", "[connection]\n")
    assert too_short([profile], deadline).startswith("bridge br0 has STP") == is_named
