# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is released after a reset, and what stays."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.plugin_utils._play.after_reset import (
    Release,
    releases,
    results_of,
)

CLAIM = {
    "name": "n1-ip",
    "namespace": "default",
    "machine": "n1",
    "key": "ip",
    "pool": {"kind": "InClusterIPPool", "name": "pool"},
    "host": "n1",
    "owner": None,
    "site": None,
}
HERE = {**CLAIM, "machine_id": "a" * 64, "address": "192.0.2.1"}
ABOUT = {"claims": [HERE], "is_forced": False, "releases_owned": False, "reset": {"accept_host_keys": False}}
RESET = {"is_reset": True, "machine_id": "a" * 64}
FAILED = {"failed": True, "is_reset": False, "releases_by_force": False}
FORCED = {**FAILED, "releases_by_force": True}
# refused before its reset: what is wrong with its variables, or it holds claims in several namespaces
REFUSED = {"failed": True, "msg": "no"}


@pytest.mark.parametrize(
    ("about", "result", "is_released"),
    [
        ({}, RESET, True),
        ({}, {**RESET, "machine_id": ""}, True),
        ({}, {**RESET, "machine_id": "b" * 64}, False),
        ({"reset": {"accept_host_keys": True}}, {**RESET, "machine_id": "b" * 64}, True),
        ({"claims": [{**HERE, "machine_id": None}]}, {**RESET, "machine_id": "b" * 64}, True),
        ({}, {**RESET, "failed": True}, True),
        ({}, FAILED, False),
        ({"is_forced": True}, FORCED, True),
        ({"is_forced": True}, REFUSED, False),
        ({"is_forced": True}, {"unreachable": True}, False),
        ({}, FORCED, False),
    ],
)
def test_what_is_released(about: t.Mapping[str, t.Any], result: t.Mapping[str, t.Any], is_released: bool) -> None:
    expected = [Release((CLAIM,), "keep")] if is_released else []
    assert releases({"n1": {**ABOUT, **about}}, {"n1": result}) == expected


def test_each_host_decides_on_claims_that_another_object_uses() -> None:
    other = {**CLAIM, "name": "n2-ip", "machine": "n2", "host": "n2"}
    hosts = {
        "n1": ABOUT,
        "n2": {**ABOUT, "claims": [{**other, "machine_id": None}], "releases_owned": True},
        "n3": {**ABOUT, "claims": []},
    }
    found = releases(hosts, dict.fromkeys(hosts, RESET))
    assert found == [Release((CLAIM,), "keep"), Release((other,), "release")]


@pytest.mark.parametrize(("is_rehearsal", "expected"), [(False, {"n1"}), (True, {"n1", "n6"})])
def test_what_was_not_asked_now_keeps_its_claims(is_rehearsal: bool, expected: set[str]) -> None:
    """Nothing registered, something else, the result of an earlier reset of the same play, or one that was only rehearsed."""
    registered = {
        "n1": {**RESET, "reset_id": "this", "is_rehearsed": False},
        "n2": {**RESET, "reset_id": "another"},
        "n3": RESET,
        "n4": None,
        "n5": "a template that is not defined",
        "n6": {**RESET, "reset_id": "this", "is_rehearsed": True},
    }
    assert set(results_of("this", registered, is_rehearsal)) == expected
    assert releases(dict.fromkeys(registered, {**ABOUT, "is_forced": True}), {}) == []
