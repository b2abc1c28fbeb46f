# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the names of hosts."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.expressions import Undefined
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.hosts import candidates, hosts
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.model import Machine, Read, Rules


def evaluate(expression: str, variables: t.Mapping[str, t.Any]) -> t.Any:
    """A double of Jinja2: the name of a variable."""
    if expression not in variables:
        raise Undefined(expression)
    return variables[expression]


@pytest.mark.parametrize(
    ("expressions", "words"),
    [
        ((), ""),
        (("missing", "elemental_name"), ""),
        (("elemental_host",), ""),  # one of both has it
        (("missing",), "missing is"),
        (("missing", "elemental_uid"), "missing and elemental_uid are"),
    ],
)
def test_expressions_that_name_no_host_are_one_sentence(expressions: tuple[str, ...], words: str) -> None:
    rules = Rules(hostnames=expressions)
    read = candidates(Read((Machine("ns", "a"), Machine("ns", "b", host="c"))), "claims", rules)
    found, faults = hosts(read.machines, rules, lambda each: each, evaluate)
    assert len(found) == 2
    keeping = "undefined or empty for all of them, so that they keep their default names; correct hostnames"
    assert faults == ([f"hostnames names no host: {words} {keeping}"] if words else [])
    assert hosts([], rules, lambda each: each, evaluate) == ([], [])
