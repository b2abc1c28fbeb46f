# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose host this is: by its name, and by the one that it had before it was renamed."""

from __future__ import annotations

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.model import (
    Managed,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import WrongHost
from ansible_collections.elemental.networking.plugins.module_utils._node.transaction.preconditions import (
    is_known_as,
    refuse_other_machine,
)


@pytest.mark.parametrize(
    ("known_as", "machine", "former", "is_it"),
    [
        ("node1", "node1", "", True),
        ("node1", "server1", "", False),
        ("node1", "server1", "node1", True),
        ("server1", "server1", "node1", True),
        ("node2", "server1", "node1", False),
        # a host that was never configured is nobody yet
        ("", "server1", "", False),
        ("", "server1", "node1", False),
    ],
)
def test_a_host_is_known_by_its_name_or_by_its_former_one(
    known_as: str, machine: str, former: str, is_it: bool
) -> None:
    managed = Managed(machine=known_as)
    assert is_known_as(managed, machine, former) == is_it
    if is_it or not known_as:
        refuse_other_machine(managed, machine, former)
        return
    words = f"configured as machine {known_as}, not {machine}: .* machine_network_former_name: {known_as} for {machine}"
    with pytest.raises(WrongHost, match=words):
        refuse_other_machine(managed, machine, former)
