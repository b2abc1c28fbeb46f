# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The D-Bus wire format: what is marshalled comes back."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._networkmanager.wire import (
    Variant,
    marshal,
    split_signature,
    unmarshal,
)
from hypothesis import given
from hypothesis import strategies as st

_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=20)
_CASES = st.one_of(
    st.tuples(st.just("s"), _TEXT),
    st.tuples(st.just("u"), st.integers(0, 2**32 - 1)),
    st.tuples(st.just("t"), st.integers(0, 2**64 - 1)),
    st.tuples(st.just("b"), st.booleans()),
    st.tuples(st.just("as"), st.lists(_TEXT, max_size=4)),
    st.tuples(st.just("a(us)"), st.lists(st.tuples(st.integers(0, 9), _TEXT).map(list), max_size=4)),
    st.tuples(st.just("a{st}"), st.dictionaries(_TEXT, st.integers(0, 9), max_size=4)),
)


@given(st.lists(_CASES, max_size=5))
def test_values_survive_the_wire(cases: list[tuple[str, t.Any]]) -> None:
    """Any mix of types, at any alignment."""
    signature = "".join(one_type for one_type, _value in cases)
    buffer = bytearray()
    marshal(buffer, signature, [value for _type, value in cases])
    values, end = unmarshal(bytes(buffer), 0, signature)
    assert values == [value for _type, value in cases]
    assert end == len(buffer)


def test_a_variant_comes_back_as_its_value() -> None:
    """NetworkManager's settings are full of them."""
    buffer = bytearray()
    marshal(buffer, "a{sv}", [{"mtu": Variant("u", 1500), "names": Variant("as", ["a", "b"])}])
    assert unmarshal(bytes(buffer), 0, "a{sv}")[0] == [{"mtu": 1500, "names": ["a", "b"]}]


@pytest.mark.parametrize(
    ("signature", "types"),
    [("", []), ("sa{sv}u", ["s", "a{sv}", "u"]), ("a(sasb)(ii)", ["a(sasb)", "(ii)"]), ("aas", ["aas"])],
)
def test_signatures_split_into_complete_types(signature: str, types: list[str]) -> None:
    """Containers stay whole."""
    assert split_signature(signature) == types


def test_known_bytes() -> None:
    """Against the example of the specification: a length, the text, its end."""
    buffer = bytearray()
    marshal(buffer, "ys", (1, "foo"))
    assert bytes(buffer) == b"\x01\0\0\0\x03\0\0\0foo\0"
