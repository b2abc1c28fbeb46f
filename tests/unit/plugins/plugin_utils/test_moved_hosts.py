# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where hosts are for the rest of the play."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.plugin_utils._play.moving import moved

RESULT = {"address": "192.0.2.1"}


@pytest.mark.parametrize(
    ("result", "connected_at", "is_moved"),
    [
        ({}, "192.0.2.1", False),
        ({}, "192.0.2.9", True),
        ({"address": None}, "192.0.2.9", False),
        ({"ssh_args": "-o A=b"}, "192.0.2.1", True),
    ],
)
def test_where_the_rest_of_the_play_finds_the_host(result: t.Any, connected_at: str, is_moved: bool) -> None:
    expected = {"host": "n1", "ansible_host": "192.0.2.1", "ssh_args": "", **result}
    expected.pop("address", None)
    found = moved("n1", {**RESULT, **result}, connected_at, None)
    assert found == ({**expected, "all_ssh_args": "", "is_public": len(result) == 0} if is_moved else None)


@pytest.mark.parametrize(
    ("needed", "own", "expected"),
    [
        ({"ssh_args": "-o A=b"}, "-C -o X=y", ("-o A=b -C -o X=y", True)),
        ({"ssh_args": "-o A=b"}, "", ("-o A=b", True)),
        ({"ssh_args": "-o A=b"}, None, ("", False)),
        ({}, "-C", ("", True)),
    ],
)
def test_the_arguments_of_ssh_are_shown_in_full_only_where_they_hold_no_password(
    needed: dict[str, str], own: str | None, expected: tuple[str, bool]
) -> None:
    found = moved("n1", {**RESULT, **needed}, "192.0.2.9", own)
    assert found is not None
    assert (found["all_ssh_args"], found["is_public"]) == expected
