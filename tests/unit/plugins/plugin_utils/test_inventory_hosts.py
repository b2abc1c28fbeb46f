# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which machines become hosts, beside those of other files, and what is wrong with their names."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.expressions import Undefined
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.hosts import apart, candidates, hosts
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.model import Machine, Read, Rules


def evaluate(expression: str, variables: t.Mapping[str, t.Any]) -> t.Any:
    """A double of Jinja2: the name of a variable."""
    if expression not in variables:
        raise Undefined(expression)
    return variables[expression]


def host_of(name: str = "a", namespace: str = "ns", uid: str = "") -> t.Any:
    found, _faults = hosts(
        candidates(Read((Machine(namespace, name, uid=uid),)), "claims", Rules()).machines,
        Rules(),
        lambda each: each,
        evaluate,
    )
    return found[0]


@pytest.mark.parametrize(
    ("present", "is_kept"),
    [
        ({}, True),
        ({"ansible_host": "192.0.2.1", "ansible_port": 22}, True),
        ({"elemental_uid": "1", "elemental_namespace": "ns", "elemental_name": "a"}, True),
        ({"elemental_uid": "1", "elemental_namespace": "other", "elemental_name": "a"}, True),
        ({"elemental_uid": "2", "elemental_namespace": "ns", "elemental_name": "a"}, False),
        # a claim has no uid of its machine
        ({"elemental_uid": "", "elemental_namespace": "ns", "elemental_name": "a"}, True),
        ({"elemental_uid": "", "elemental_namespace": "other", "elemental_name": "a"}, False),
        ({"elemental_uid": "", "elemental_namespace": "ns", "elemental_name": "b"}, False),
        ({"elemental_uid": ""}, False),
    ],
)
def test_another_machine_of_another_file_keeps_its_name(present: dict[str, t.Any], is_kept: bool) -> None:
    host = host_of(uid="1")
    kept, faults = apart([host, host_of("b")], {"a": present, "b": {}}.__getitem__)
    assert [each.name for each in kept] == (["a", "b"] if is_kept else ["b"])
    assert [each[:72] for each in faults] == (
        [] if is_kept else ["machine ns/a is left out: another machine is called a, too, from another"]
    )


def test_machines_without_a_uid_are_known_by_namespace_and_name() -> None:
    first = host_of().variables
    for namespace, count in (("ns", 1), ("other", 0)):
        kept, _faults = apart([host_of(namespace=namespace)], lambda _name: first)
        assert len(kept) == count


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
