# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which claims a reset of a host is about."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.plugin_utils._play.held import Holder, held_by

CLAIM = {"name": "n1-ip", "namespace": "default", "machine": "n1", "host": "n1", "site": None, "managed": True}
ASKED = {"machine": "n1", "former_machine": "", "site": "", "namespace": "default", "claims": [{"key": "ip"}]}


@pytest.mark.parametrize(
    ("claim", "asked", "is_held"),
    [
        ({}, {}, True),
        ({"host": None}, {}, True),
        ({"host": "n2"}, {}, False),
        ({"machine": "n2"}, {}, False),
        ({"name": "n1-old"}, {}, True),
        ({"namespace": "other"}, {}, False),
        # another inventory's, and those of an inventory without a name
        ({"site": "oslo"}, {}, False),
        ({"site": "oslo"}, {"site": "oslo"}, True),
        ({"site": None}, {"site": "oslo"}, True),
        # made by kubectl, or by another provider for its machine of the same name
        ({"managed": False}, {}, True),
        ({"managed": False, "machine": "", "host": None}, {}, True),
        ({"managed": False, "machine": "", "host": None, "name": "n1-other"}, {}, False),
        ({"machine": "", "host": None}, {}, False),
        # a rename that was not run, or was ended
        ({"machine": "old", "host": "old"}, {}, False),
        ({"machine": "old", "host": "old"}, {"former_machine": "old"}, True),
        ({"machine": "old", "host": None}, {"former_machine": "old"}, True),
        ({"machine": "old", "host": "n1"}, {"former_machine": "old"}, True),
        ({"machine": "old", "host": "n2"}, {"former_machine": "old"}, False),
        ({"machine": "old", "host": "old", "managed": False}, {"former_machine": "old"}, False),
        ({"host": "old"}, {"former_machine": "old"}, True),
        ({"host": "old", "managed": False}, {"former_machine": "old"}, False),
    ],
)
def test_what_a_machine_holds(claim: dict[str, t.Any], asked: dict[str, t.Any], is_held: bool) -> None:
    former = "old" if asked.get("former_machine") else ""
    found = held_by(Holder("n1", {**ASKED, **asked}, former, any_namespace=False), [{**CLAIM, **claim}])
    assert bool(found) == is_held


def test_without_a_namespace_it_may_be_in_any() -> None:
    elsewhere = {**CLAIM, "namespace": "other"}
    assert held_by(Holder("n1", ASKED, "", any_namespace=True), [CLAIM, elsewhere]) == [CLAIM, elsewhere]
