# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one loader of YAML from outside: what PyYAML reads, but bounded, and without what no manifest has."""

from __future__ import annotations

import typing as t

import pytest
import yaml
from ansible_collections.elemental.networking.plugins.module_utils._yaml import (
    LENGTH,
    YamlError,
    checked,
    load,
    load_all,
)
from ansible_collections.elemental.networking.tests.unit.borders.bounds import bounded
from hypothesis import given
from hypothesis import strategies as st

LAUGHS = "a0: &a0 [lol]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12))
MERGES = "a0: &a0 {x: 1}\n" + "".join(f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 10)}]}}\n" for i in range(1, 12))

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64) | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(_VALUES, st.booleans())
def test_what_was_dumped_is_read_as_pyyaml_reads_it(value: object, flow: bool) -> None:
    text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=True)
    assert load(text) == yaml.safe_load(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("a: &x [1, b]\nc: *x", {"a": [1, "b"], "c": [1, "b"]}),
        ("a: &x {b: 1, c: 2}\nd: {<<: *x, b: 3}", {"a": {"b": 1, "c": 2}, "d": {"b": 3, "c": 2}}),
        ("d: {<<: [{a: 1}, {a: 2, b: 2}]}", {"d": {"a": 1, "b": 2}}),
        (
            "a: &x {p: 1, q: 1}\nb: &y {q: 2, r: 2}\nc: {<<: *x, <<: *y}",
            {"a": {"p": 1, "q": 1}, "b": {"q": 2, "r": 2}, "c": {"p": 1, "q": 2, "r": 2}},
        ),
        ("a: <<", {"a": "<<"}),
        ("a: 2026-01-01\nb: yes\nc: 0x10\nd: ~\ne: 1.5", {"a": "2026-01-01", "b": True, "c": 16, "d": None, "e": 1.5}),
        ("a: !!str 1\nb: '1'", {"a": "1", "b": "1"}),
    ],
)
def test_documents(text: str, expected: object) -> None:
    assert load(text) == expected
    assert load_all(f"{text}\n---\nx: 1\n")[-1] == {"x": 1}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (LAUGHS, "every alias written out"),
        (MERGES, "every alias written out"),
        (f"a: &a {'x' * 100_000}\nb: [{', '.join(['*a'] * 1000)}]", "every alias written out"),
        ("- &a [*a]", "line 1: an alias without an anchor before it, or inside of what it names"),
        ("a: &a {b: {c: *a}}", "line 1: an alias"),
        ("a: *hunter2", "line 1: an alias"),
        ("[" * 100_000, "nest"),  # libyaml has a limit of its own, which it meets first in some versions
        ("- " * 100_000, "nested deeper"),
        ("{a: " * 100_000, "nested deeper"),
        ("a: 1\nb: 2\na: 3", "line 3: a key that the mapping has already"),
        ("? [hunter2]\n: b", "line 1: a list or mapping as a key"),
        ("a: {{ hunter2 }}", "put a template in quotes"),
        ("a: !vault hunter2", "line 1: a tag"),
        ("a: !!python/object/apply:os.system [hunter2]", "line 1: a tag"),
        ("a: !!binary aGk=", "line 1: a tag"),
        ("a: !!int hunter2", "not of the type of its tag"),
        ("a: !!bool hunter2", "not of the type of its tag"),
        ("a: !!int ''", "not of the type of its tag"),
        ("1" * 100_000, "a number of more than"),
        ("1" + ":1" * 100_000, "a number of more than"),
        ("1" + ":1" * 100_000 + ".5", "a number of more than"),
        ("a: 'hunter2", "line 1: found unexpected end of stream"),
        ("a: hunter2\x07", "cannot be"),
        ("a: hunter2\ud800", "cannot be encoded"),
        ("a: &a {x: 1}\nb: {" + "<<: *a, " * 100_000 + "}", "every alias written out"),
        ("x" * (LENGTH + 1), "longer than 4 MiB"),
        ("1\n---\n2", "more than one document"),
    ],
)
def test_what_is_refused_is_said_in_bounds_and_without_a_quotation(text: str, words: str) -> None:
    with pytest.raises(YamlError) as caught, bounded():
        load(text)
    assert words in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert str(caught.value).isprintable()


def test_values_that_ansible_parsed_are_bounded_too() -> None:
    cycle: list[t.Any] = [{"a": 1}]
    cycle[0]["b"] = (cycle,)
    deep: object = "x"
    for _level in range(100_000):
        deep = [deep]
    for value, words in (
        (cycle, "contains itself"),
        (deep, "nested deeper"),
        (yaml.safe_load(LAUGHS), "every alias written out"),
        (["x" * 1_000_000] * 1000, "every alias written out"),
    ):
        with pytest.raises(YamlError, match=words), bounded():
            checked(value)
    fine = {"a": [1, {"b": (None, True)}], 3: "x"}
    assert checked(fine) is fine
