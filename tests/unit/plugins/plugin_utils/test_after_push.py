# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left to do once the hosts of a batch were pushed."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.plugin_utils._play.after_push import Pushed, left_of
from ansible_collections.elemental.networking.plugins.plugin_utils._play.claiming import is_promised

KEYS = ["ssh-ed25519 AAAA"]
CLAIM = {
    "name": "n1-ip",
    "namespace": "default",
    "machine": "n1",
    "key": "ip",
    "host": "n1",
    "site": None,
    "machine_id": "id",
    "host_keys": KEYS,
    "confirmed": "2026-11-30T00:00:00Z",
    "address": "192.0.2.1",
    "owner": {"kind": "x"},
}
ASKED = {
    "machine": "n1",
    "namespace": "default",
    "site": "",
    "keeps_unused": False,
    "claims": [{"machine": "n1", "namespace": "default", "host": "n1", "key": "ip", "pool": {}}],
}
RESULT = {"address": "192.0.2.1", "host_keys": KEYS, "machine_id": "id", "confirmed_addresses": ["192.0.2.1"]}


def pushed(**more: t.Any) -> Pushed:
    """A host about which everything is recorded, but for what is given."""
    known: dict[str, t.Any] = {
        "asked": ASKED,
        "result": RESULT,
        "claims": (CLAIM,),
        "unused": (),
        "is_renumbered": False,
    }
    return Pushed(host="n1", **{**known, **more})


@pytest.mark.parametrize(
    ("result", "claim", "is_recorded"),
    [
        ({}, {}, True),
        ({}, {"host_keys": []}, False),
        ({}, {"machine_id": None}, False),
        ({"machine_id": ""}, {"machine_id": None}, True),
        ({"machine_id": ""}, {"machine_id": "other"}, True),
        ({}, {"site": "oslo"}, False),
        ({}, {"confirmed": None}, False),
        ({"confirmed_addresses": []}, {"confirmed": None}, True),
        ({"host_keys": []}, {"host_keys": [], "machine_id": None}, True),
        ({"host_keys": []}, {"host_keys": [], "confirmed": None}, False),
        # in check mode, and where nothing is managed, there is no answer
        ({"address": None}, {"host_keys": []}, True),
    ],
)
def test_what_a_push_showed_is_recorded_once(result: t.Any, claim: t.Any, is_recorded: bool) -> None:
    each = pushed(result={**RESULT, **result}, claims=({**CLAIM, **claim},))
    assert (left_of([each], check_mode=False).to_record == ()) == is_recorded


def test_what_is_recorded() -> None:
    (found,) = left_of([pushed(claims=({**CLAIM, "confirmed": None},))], check_mode=False).to_record
    assert found == {
        "machine": "n1",
        "namespace": "default",
        "host": "n1",
        "host_keys": KEYS,
        "machine_id": "id",
        "site": "",
        "confirmed_addresses": ["192.0.2.1"],
    }


OLD = {**CLAIM, "name": "n1-old", "key": "old"}


@pytest.mark.parametrize(
    ("claim", "asked", "result", "goes"),
    [
        ({}, {}, {}, True),
        ({}, {"keeps_unused": True}, {}, False),
        # left by a renumbering that was taken back: its key is still asked for
        ({"key": "ip.renumbering"}, {"keeps_unused": True}, {}, True),
        ({"machine_id": "other"}, {}, {}, False),
        ({"machine_id": None}, {}, {}, True),
        ({"machine_id": "other"}, {}, {"machine_id": ""}, True),
    ],
)
def test_which_claims_go_that_are_not_asked_for_any_more(claim: t.Any, asked: t.Any, result: t.Any, goes: bool) -> None:
    each = pushed(unused=({**OLD, **claim},), asked={**ASKED, **asked}, result={**RESULT, **result})
    found = left_of([each], check_mode=False).to_release
    assert bool(found) == goes
    assert all("owner" not in one and "address" not in one for one in found), "a release compares what it is given"


@pytest.mark.parametrize(
    ("is_renumbered", "check_mode", "ends"), [(True, False, 1), (True, True, 0), (False, False, 0)]
)
def test_a_renumbering_ends_after_the_push(is_renumbered: bool, check_mode: bool, ends: int) -> None:
    assert len(left_of([pushed(is_renumbered=is_renumbered)], check_mode).renumbered) == ends


HELD = {"n1": ["192.0.2.1"]}


@pytest.mark.parametrize(
    ("claims", "claimed", "expected"),
    [
        ([{"address": "192.0.2.1"}], {"held": HELD}, True),
        ([{"address": "192.0.2.1"}], {}, True),
        ([{"address": "192.0.2.1", "confirmed": "2026-11-30T00:00:00Z"}], {"held": HELD}, False),
        ([{"address": "192.0.2.1"}], {"held": HELD, "host_keys": {"n1": KEYS}}, False),
        # it asks for another key, or for an address of another pool
        ([{"address": "192.0.2.2"}], {"held": {"n1": ["192.0.2.1", "192.0.2.2"]}}, False),
        ([], {"held": HELD}, False),
        ([], {}, False),
    ],
)
def test_an_address_is_only_promised_where_nothing_shows_that_the_machine_has_another_one(
    claims: list[dict[str, str]], claimed: dict[str, t.Any], expected: bool
) -> None:
    assert is_promised(claims, "n1", claimed) == expected
