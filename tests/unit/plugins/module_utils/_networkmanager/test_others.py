# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host is the machine whose addresses are to be given up."""

from __future__ import annotations

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._networkmanager import others
from ansible_collections.elemental.networking.plugins.module_utils._networkmanager.identity import digest
from ansible_collections.elemental.networking.plugins.module_utils._networkmanager.model import Managed, Request
from ansible_collections.elemental.networking.plugins.module_utils._networkmanager.network_manager import (
    NetworkManagerError,
)

OURS, OTHER = "0123456789abcdef" * 2, "fedcba9876543210" * 2


def request(*machine_ids: str) -> Request:
    identities = tuple(map(digest, machine_ids))
    return Request("node1", 60, "", False, False, "c", "t", "", (), {}, None, identities=identities)


@pytest.mark.parametrize(
    ("found", "known"),
    [(OURS, (OURS,)), (OURS, (OTHER, OURS)), (OURS, ()), ("", (OTHER,)), ("uninitialized", (OTHER,))],
)
def test_a_host_that_may_be_the_machine_is_reset(
    found: str, known: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(others, "host_identity", lambda: found)
    others.refuse_other_identity(request(*known))


def test_another_machine_is_not_reset_and_its_user_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(others, "host_identity", lambda: OTHER)
    with pytest.raises(NetworkManagerError) as error:
        others.refuse_other_identity(request(OURS))
    assert "another machine (by its machine-id) than the one that has the addresses of node1" in str(error.value)
    assert "machine_network_site" in str(error.value)
    assert str(error.value).endswith("nothing was changed")


@pytest.mark.parametrize(
    ("machine", "is_proven", "is_stranger"),
    [
        ("node1", False, False),
        ("node1", True, False),
        ("", False, True),
        ("", True, False),  # its disk was restored: it has shown its key
        ("node2", True, True),
    ],
)
def test_who_is_a_stranger_on_a_claimed_address(machine: str, is_proven: bool, is_stranger: bool) -> None:
    asked = request()._replace(only_known=True, is_proven=is_proven)
    assert others.is_stranger(Managed(machine), asked) == is_stranger
    assert not others.is_stranger(Managed(machine), asked._replace(only_known=False))


@pytest.mark.parametrize("text", ["", "uninitialized", OURS[:-1], OURS.upper(), f"{OURS}0"])
def test_what_is_no_machine_id_has_no_digest(text: str) -> None:
    assert digest(text) == ""
