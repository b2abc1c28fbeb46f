# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding the culprit: the smallest part without which the complaint goes away."""

from __future__ import annotations

import itertools
import json
import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.tools import error_locating


def _complain_of(text: str, instead: str = "") -> t.Callable[[str], str]:
    return lambda document: "bad" if text in document else instead


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"interfaces": [{"name": "a"}, {"name": "b", "x": {"y": "wrong"}}]}, ("interfaces", 1, "x", "y")),
        ({"a": ["wrong", "wrong"]}, ("a",)),
        ({"a": "wrong", "b": "wrong"}, ()),
        ({}, ()),
    ],
)
def test_the_path_leads_to_the_culprit(document: object, path: tuple[object, ...]) -> None:
    text = json.dumps(document)
    assert error_locating.culprit(text, "bad", _complain_of("wrong")) == path


def test_another_complaint_counts_when_nothing_cures() -> None:
    """Of two mistakes the tool tells the first."""
    complain = _complain_of("wrong", instead="another mistake")
    assert error_locating.culprit('{"a": {"b": "wrong"}, "c": 1}', "bad", complain) == ("a", "b")


def test_of_two_mistakes_that_are_told_in_turn_the_one_is_found() -> None:
    """Nothing else is to blame for it that the other one was told without it."""
    turns = itertools.count()

    def complain(document: str) -> str:
        told = [word for word in ("first", "second") if word in document]
        return told[next(turns) % len(told)] if told else ""

    document = '{"interfaces": [{"mtu": "first"}, {"mtu": "second"}], "routes": {"config": []}, "dns-resolver": {}}'
    assert error_locating.culprit(document, "first", complain) == ("interfaces", 0, "mtu")


def test_what_is_missing_is_missing_in_the_part_around_it() -> None:
    """Without the address, too, one more thing is missing; the address is not to blame."""

    def complain(text: str) -> str:
        if "ip" not in text:
            return "missing field ip"
        return "missing field prefix-length"

    document = '{"address": [{"ip": "192.0.2.1"}]}'
    found = error_locating.culprit(document, "missing field prefix-length", complain)
    assert "ip" not in found


def test_what_a_part_is_does_not_count_as_its_mistake() -> None:
    """Without its type a bond is an ethernet interface, and its options are not looked at."""

    def complain(text: str) -> str:
        return "bad" if "bond" in text and "wrong" in text else ""

    document = '{"interfaces": [{"type": "bond", "mode": "wrong"}]}'
    assert error_locating.culprit(document, "bad", complain) == ("interfaces", 0, "mode")


def test_it_does_not_go_on_for_ever() -> None:
    """A user waits for each run of the tool."""
    runs = []

    def complain(text: str) -> str:
        runs.append(text)
        return _complain_of("wrong")(text)

    document = json.dumps({"a": {str(number): "wrong" if number == 7 else "right" for number in range(1000)}})
    assert error_locating.culprit(document, "bad", complain) == ("a",)
    assert len(runs) == 1
