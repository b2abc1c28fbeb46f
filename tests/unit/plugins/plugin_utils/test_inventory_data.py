# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which strings Ansible may have as they are: those with nothing in them that it could evaluate."""

from __future__ import annotations

import copy
import json
import typing as t

import ansible.template
import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory import data
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.data import as_data

PLAIN = ["", "192.0.2.10", "{inventory-ip}", "[connection]\nid=eth0", "R&D (x)", "100 %", "a: {b: 1}", "$5", "fd00::5"]
HOSTILE = [
    "{{ 1 + 1 }}",
    "{% if x %}",
    "{# x #}",
    "[[ 1 + 1 ]]",
    "<% 1 %>",
    "${{ 1 }}",
    "((1))",
    "#jinja2: variable_start_string: '['\n[1+1]",
]


@pytest.mark.parametrize("text", [*PLAIN, *HOSTILE])
def test_nothing_is_evaluated(text: str) -> None:
    templar = Templar(loader=DataLoader(), variables={"value": as_data({text: [text]})})
    assert templar.template(as_data(text)) == text
    evaluate = getattr(ansible.template, "trust_as_template", str)
    assert templar.template(evaluate("{{ value }}")) == {text: [text]}
    assert templar.template(evaluate("<{{ value.values() | first | first }}>")) == f"<{text}>"


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("program", [{}, {"export": False}], ids=["a play", "ansible-inventory"])
def test_nothing_is_evaluated_in_any_program(
    monkeypatch: pytest.MonkeyPatch, program: t.Mapping[str, t.Any], text: str
) -> None:
    """In a play the strings of a server are data without a mark since ansible-core 2.19."""
    monkeypatch.setattr(data.context, "CLIARGS", program)
    found = data.for_this_program()(json.loads(json.dumps({"text": text, "inside": [{"text": text}]})))
    templar = Templar(loader=DataLoader(), variables={"value": found})
    evaluate = getattr(ansible.template, "trust_as_template", str)
    assert templar.template(found) == {"text": text, "inside": [{"text": text}]}
    assert templar.template(evaluate("<{{ value.text }}{{ value.inside[0].text }}>")) == f"<{text}{text}>"
    assert getattr(found["text"], "__UNSAFE__", False) == (data._trust is None)


@pytest.mark.parametrize("text", ["{1 + 1}", "% if x %", "{", "# x #"])
def test_braces_of_the_user_around_a_value_make_no_template_of_it(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """What his template makes is evaluated once more before ansible-core 2.19, unless there is a marked value in it."""
    monkeypatch.setattr(data.context, "CLIARGS", {})
    found = data.for_this_program()({"text": text})
    evaluate = getattr(ansible.template, "trust_as_template", str)
    templar = Templar(loader=DataLoader(), variables={**found, "made": evaluate("{{ '{' ~ text ~ '}' }}")})
    assert templar.template(evaluate("{{ made }}")) == "{%s}" % text
    assert data.made_of_data("{{1 + 1}}") == "{{1 + 1}}"
    assert getattr(data.made_of_data("{{1 + 1}}"), "__UNSAFE__", False) == (data._trust is None)


@pytest.mark.parametrize("text", PLAIN)
def test_what_holds_no_template_is_exported_as_it_is(text: str) -> None:
    if data._trust is None:
        assert not getattr(as_data(text), "__UNSAFE__", False)
    else:
        assert ansible.template.is_trusted_as_template(as_data(text))


@pytest.mark.parametrize("text", HOSTILE)
def test_what_could_be_a_template_is_never_trusted(text: str) -> None:
    marked = as_data({"a": [text]})["a"][0]
    if data._trust is None:
        assert getattr(marked, "__UNSAFE__", False)
    else:
        assert not ansible.template.is_trusted_as_template(marked)


@pytest.mark.parametrize("value", [None, True, 1, 1.5, [], {}, [1, {"a": [None]}]])
def test_other_values_stay_as_they_are(value: t.Any) -> None:
    assert as_data(copy.deepcopy(value)) == value


def test_keys_keep_their_order_where_one_of_them_is_marked() -> None:
    found = as_data({"z": 1, HOSTILE[0]: {"b": 2, "a": 3}, "m": 4})
    assert list(found.items()) == [("z", 1), (HOSTILE[0], {"b": 2, "a": 3}), ("m", 4)]
    assert [getattr(key, "__UNSAFE__", False) for key in found] == [False, data._trust is None, False]
