# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user's expressions decide; their values are data of others."""

from __future__ import annotations

import re
import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.errors import InvalidInput
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.expressions import (
    Undefined,
    checked_host,
    given_name,
    is_wanted,
)


def evaluate(expression: str, variables: t.Mapping[str, t.Any]) -> t.Any:
    """A double of Jinja2: the name of a variable; ``1/0`` cannot be evaluated."""
    if expression == "1/0":
        raise ZeroDivisionError("division by zero.")
    if expression not in variables:
        raise Undefined(f"{expression} is undefined")
    return variables[expression]


VARIABLES = {
    **{"yes": True, "no": False, "True": "True", "off": "off", "name": "node1", "empty": "", "odd": "perhaps"},
    **{"nothing": None, "seven": 7, "zero": 0, "half": 1.5, "list": ["a"], "dictionary": {"a": 1}, "long": 10**40},
}


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        ((), (), True),
        (("yes",), (), True),
        (("no",), (), False),
        (("no", "yes"), (), True),
        (("True",), ("off",), True),
        ((), ("no", "yes"), False),
        (("yes",), ("yes",), False),
    ],
)
def test_conditions(include: tuple[str, ...], exclude: tuple[str, ...], expected: bool) -> None:
    assert is_wanted(VARIABLES, include, exclude, evaluate) is expected


@pytest.mark.parametrize("condition", ["missing", "odd", "1/0"])
def test_a_condition_that_is_neither_true_nor_false_is_an_error(condition: str) -> None:
    for include, exclude in (((condition,), ()), ((), (condition,))):
        with pytest.raises(InvalidInput, match=condition):
            is_wanted(VARIABLES, include, exclude, evaluate)


@pytest.mark.parametrize(
    ("expressions", "expected"),
    [
        ((), ""),
        (("name",), "node1"),
        (("empty", "name"), "node1"),
        (("nothing", "name"), "node1"),
        (("missing", "name"), "node1"),
        (("name", "1/0"), "node1"),
        (("empty", "missing"), ""),
        # a string of digits before ansible-core 2.19, a number since then
        *(((number,), str(VARIABLES[number])) for number in ("seven", "zero", "half")),
    ],
)
def test_the_first_name_that_is_not_empty(expressions: tuple[str, ...], expected: str) -> None:
    assert given_name(VARIABLES, expressions, evaluate) == expected


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("1/0", "1/0 in hostnames cannot be evaluated: division by zero; correct it"),
        ("list", "list in hostnames gives a list, which is not a string; correct it"),
        ("dictionary", "dictionary in hostnames gives a dictionary, which is not a string"),
        # a boolean before ansible-core 2.19, a string since then
        ("yes", "yes in hostnames gives True, which is not a string"),
        ("True", "True in hostnames gives True, which is not a string"),
        ("long", "a host cannot be called a number of more than 30 digits"),
    ],
)
def test_only_what_is_undefined_or_empty_makes_way_for_the_next_expression(expression: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(words)):
        given_name(VARIABLES, (expression, "name"), evaluate)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "localhost",
            "LOCALHOST",
            "127.0.0.1",
            "all",
            "ungrouped",
            "",
            "-o",
            "a b",
            "a\n",
            "a:b",
            "a[1:3]",
            "a/b",
            "{{ x }}",
            "é",
        ),
        *(None, 7, ["a"], {"a": 1}, "x" * 300),
    ],
)
def test_no_host_is_called_by_a_name_that_means_something_else(name: object) -> None:
    with pytest.raises(InvalidInput, match="a host cannot be called"):
        checked_host(name)


@pytest.mark.parametrize(
    "name", ["a", "m-00000000-0000-4000-8000-000000000001", "Node_1", "node1.example.com", "10.0.0.1"]
)
def test_names_of_hosts(name: str) -> None:
    assert checked_host(name) == name
