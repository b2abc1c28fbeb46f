# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written in the inventory file, before Ansible converts it."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.errors import InvalidInput
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.written import (
    check_booleans,
    conditions,
    hostnames,
)

KNOWN = {"strict": {"type": "bool"}, "cache": {"type": "boolean"}, "site": {"type": "str"}, "postgresql": {}}


@pytest.mark.parametrize("value", [True, False, "yes", "No", "on", "1", 0, 1.0, "f", None])
def test_booleans_as_ansible_takes_them(value: object) -> None:
    check_booleans({"strict": value, "cache": value, "site": "maybe"}, KNOWN)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        *(("maybe", "maybe"), ("yess", "yess"), (2, "2"), ("", "an empty string"), ("{{ x }}", "{{ x }}")),
        *(([], "a list"), ({"a": True}, "a dictionary")),
    ],
)
def test_a_value_that_is_neither_true_nor_false_is_an_error(value: object, shown: str) -> None:
    for name in ("strict", "cache"):
        with pytest.raises(InvalidInput) as raised:
            check_booleans({name: value}, KNOWN)
        assert str(raised.value) == f"{name} must be true or false, not {shown}"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ()),
        ("", ()),
        ([], ()),
        (["", None], ()),
        (["elemental_name", ""], ("elemental_name",)),
        # Ansible makes two strings of these
        ("elemental_name in ['a', 'b']", ("elemental_name in ['a', 'b']",)),
        ("elemental_labels.get('x', elemental_name)", ("elemental_labels.get('x', elemental_name)",)),
        (["elemental_name | regex_replace('{{', '')", "x is match('a')"],) * 2,
        (["elemental_name | upper | ansible.builtin.regex_replace('a', 'b')", "{'a': 1}['a'] | string"],) * 2,
    ],
)
def test_a_string_is_one_expression(value: object, expected: t.Sequence[str]) -> None:
    assert hostnames({"hostnames": value}) == (tuple(expected), [])
    for name in ("include", "exclude"):
        assert conditions({name: value}, name) == tuple(expected)
    assert hostnames({}) == ((), [])


BRACES = "which is a template; write an expression without braces, such as"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("{{ elemental_name }}", f"{{{{ elemental_name }}}}, {BRACES} elemental_name"),
        ("{{ a.b | x }}\n", f"{{{{ a.b | x }}}}, {BRACES} a.b | x"),
        ("web-{{ elemental_name }}", f"web-{{{{ elemental_name }}}}, {BRACES} EXAMPLE"),
        ("{{ a }}{{ b }}", f"{{{{ a }}}}{{{{ b }}}}, {BRACES} EXAMPLE"),
        ("{% if a %}b{% endif %}", f"{{% if a %}}b{{% endif %}}, {BRACES} EXAMPLE"),
        ("a }}-{{ b", f"a }}}}-{{{{ b, {BRACES} EXAMPLE"),
        ("elemental_name |", "elemental_name |, which is not a valid Jinja2 expression ("),
        ("a b", "a b, which is not a valid Jinja2 expression ("),
        (" ", ", which is not a valid Jinja2 expression ("),
        ("a, b", "a, b, which is several expressions; write a list with an item for each of them"),
        ("a | uper", "a | uper, but Ansible has no filter uper; did you mean upper"),
        ("a | no.such.filter", "a | no.such.filter, but Ansible has no filter no.such.filter; correct it"),
        ("a is defind", "a is defind, but Ansible has no test defind; did you mean defined"),
        ({"name": "a", "prefix": "b"}, "a dictionary, which is not an expression; write a string, such as EXAMPLE"),
        (7, "7, which is not a string; write an expression in quotes"),
        (True, "True, which is not a string; write an expression in quotes"),
        (["a"], "a list, which is not a string; write an expression in quotes"),
    ],
)
def test_what_is_no_expression_is_one_sentence(value: object, words: str) -> None:
    usable, (trouble,) = hostnames({"hostnames": ["a", value, "b"]})
    assert usable == ("a", "b")
    assert trouble.startswith(f"hostnames has {words}".replace("EXAMPLE", "\"'web-' ~ elemental_name\""))
    for name in ("include", "exclude"):
        with pytest.raises(InvalidInput) as raised:
            conditions({name: ["a", value]}, name)
        expected = f"{name} has {words}".replace("EXAMPLE", "\"elemental_name == 'web-1'\"")
        assert str(raised.value).startswith(expected)
