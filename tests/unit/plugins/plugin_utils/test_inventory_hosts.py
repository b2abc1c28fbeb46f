# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which machines become hosts, beside those of other files, and what is wrong with their names and keys."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.expressions import Undefined
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.hosts import (
    apart,
    candidates,
    hosts,
    without_names,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.keys import (
    undecided_addresses,
    unknown_keys,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.model import Held, Machine, Read, Rules

USED, PROMISED = Held("c", "10.0.0.10", in_use=True), Held("c", "10.0.0.20")
BOTH = {"a-ip": USED, "b-ip": USED}


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


def test_a_claim_of_a_database_is_of_the_machine_of_that_name() -> None:
    """A namespace of a database is no namespace of a cluster."""
    elemental = {**host_of(uid="1").variables, "elemental_source": "machine_inventories"}
    for source, namespace, count in (("database", "default", 1), ("claims", "default", 0), ("claims", "ns", 1)):
        claimed = host_of(namespace=namespace)
        claimed = dataclasses.replace(claimed, variables={**claimed.variables, "elemental_source": source})
        assert len(apart([claimed], lambda _name: elemental)[0]) == count


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
    assert without_names(found, rules) == ([f"hostnames names no host: {words} {keeping}"] if words else [])
    assert (faults, without_names([], rules)) == ([], [])


def troubles(rules: Rules, *machines: Machine) -> list[str]:
    read = candidates(Read(machines), "claims", rules)
    assert read.troubles == []
    found, _faults = hosts(read.machines, rules, lambda each: each, evaluate)
    return [*undecided_addresses(found, rules), *unknown_keys(found, read.machines, rules)]


def unknown(key: str, keys: str) -> str:
    return f"no machine has a claim for the key {key} (the key{keys}); correct address_keys"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("a-ip",), []),
        (("a-ip", "b-ip"), []),
        (("a_ip",), [unknown("a_ip", "s are a-ip, b-ip")]),
        (("a-ip", "b_ip"), [unknown("b_ip", "s are a-ip, b-ip")]),
        (("x", "y", "x"), [unknown("x", "s are a-ip, b-ip"), unknown("y", "s are a-ip, b-ip")]),
        # one that a machine has which is not a host
        (("a-ip", "c-ip"), []),
        (("c-ip",), [unknown("c-ip", "s are a-ip, b-ip")]),
    ],
)
def test_a_key_that_no_machine_has_is_one_sentence(given: tuple[str, ...], expected: list[str]) -> None:
    left_out = Machine("ns", "c", uid="yes", held={"c-ip": USED})
    wanted = (Machine("ns", "a", uid="no", held={"a-ip": PROMISED}), Machine("ns", "b", uid="no", held=BOTH))
    rules = Rules(address_keys=given, exclude=("elemental_uid",))
    assert troubles(rules, *wanted, Machine("ns", "d", uid="no"), left_out) == expected


def test_without_claims_or_without_claimed_addresses_no_key_is_missed() -> None:
    rules = Rules(address_keys=("ip",))
    assert troubles(rules) == []
    assert troubles(rules, Machine("ns", "a")) == []
    assert troubles(Rules(address_keys=("ip",), addresses=("name",)), Machine("ns", "a", held=BOTH)) == []
    assert troubles(rules, Machine("ns", "a", held={"x": PROMISED})) == [unknown("ip", " is x")]


SEVERAL = "several claimed addresses in use"
ADVICE = "; name the keys to connect to with address_keys"


@pytest.mark.parametrize(
    ("machine", "order", "expected"),
    [
        (Machine("ns", "m", held=BOTH), ("claimed", "name"), True),
        (Machine("ns", "m", held=BOTH, registration_ip="192.0.2.1"), ("claimed", "registration-ip"), True),
        # what comes before is known, or not
        (Machine("ns", "m", held=BOTH, registration_ip="192.0.2.1"), ("registration-ip", "claimed"), False),
        (Machine("ns", "m", held=BOTH), ("registration-ip", "claimed"), True),
        (Machine("ns", "m", held=BOTH), ("name",), False),
        (Machine("ns", "m", held={"a-ip": USED, "b-ip": PROMISED}), ("claimed",), False),
        (Machine("ns", "m", held={"a-ip": USED}), ("claimed",), False),
    ],
)
def test_a_key_is_asked_for_where_nothing_else_decides(
    machine: Machine, order: tuple[str, ...], expected: bool
) -> None:
    only_host = dataclasses.replace(machine, uid="no")
    left_out = Machine("ns", "a", uid="yes", held=BOTH)
    for rules, asked in ((Rules(addresses=order), expected), (Rules(addresses=order, address_keys=("a-ip",)), False)):
        found = troubles(dataclasses.replace(rules, exclude=("elemental_uid",)), left_out, only_host)
        assert found == ([f"machine ns/m has {SEVERAL} (a-ip, b-ip){ADVICE}"] if asked else [])


def test_of_several_machines_without_a_key_the_first_is_named() -> None:
    machines = [Machine("ns", name, held=held) for name, held in (("a", {}), ("b", BOTH), ("c", {"x": USED, **BOTH}))]
    assert troubles(Rules(), *machines) == [f"2 machines have {SEVERAL}, machine ns/b first (a-ip, b-ip){ADVICE}"]


@pytest.mark.parametrize("claim", [None, 1, "in_use", [], {}, {"in_use": False}])
def test_what_a_cache_holds_instead_of_a_claim_is_not_in_use(claim: object) -> None:
    (host,), _faults = hosts(
        candidates(Read((Machine("ns", "a", held=BOTH),)), "claims", Rules()).machines,
        Rules(),
        lambda each: each,
        evaluate,
    )
    strange = dataclasses.replace(
        host, variables={**host.variables, "elemental_claims": {"a-ip": claim, "b-ip": claim}}
    )
    assert undecided_addresses([strange], Rules()) == []
