# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The D-Bus wire format: what is marshalled comes back."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.dbus.wire import (
    Type,
    Variant,
    WireError,
    marshal,
    types_of,
    unmarshal,
)
from hypothesis import given
from hypothesis import strategies as st

_TEXT = st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), max_size=20)
_CASES = st.one_of(
    st.tuples(st.just("s"), _TEXT),
    st.tuples(st.just("u"), st.integers(0, 2**32 - 1)),
    st.tuples(st.just("t"), st.integers(0, 2**64 - 1)),
    st.tuples(st.just("b"), st.booleans()),
    st.tuples(st.just("as"), st.lists(_TEXT, max_size=4)),
    st.tuples(st.just("a(us)"), st.lists(st.tuples(st.integers(0, 9), _TEXT).map(list), max_size=4)),
    st.tuples(st.just("a{st}"), st.dictionaries(_TEXT, st.integers(0, 9), max_size=4)),
)


@given(st.lists(_CASES, max_size=5), st.sampled_from("<>"))
def test_values_survive_the_wire(cases: list[tuple[str, t.Any]], order: str) -> None:
    """Any mix of types, at any alignment, in either byte order."""
    signature = "".join(one_type for one_type, _value in cases)
    buffer = bytearray()
    marshal(buffer, signature, [value for _type, value in cases], order)
    values, end = unmarshal(bytes(buffer), 0, signature, order)
    assert values == [value for _type, value in cases]
    assert end == len(buffer)


def test_a_variant_comes_back_as_its_value() -> None:
    """NetworkManager's settings are full of them."""
    buffer = bytearray()
    marshal(buffer, "a{sv}", [{"mtu": Variant("u", 1500), "names": Variant("as", ["a", "b"])}])
    assert unmarshal(bytes(buffer), 0, "a{sv}")[0] == [{"mtu": 1500, "names": ["a", "b"]}]


@pytest.mark.parametrize(
    ("signature", "types"),
    [
        ("", []),
        ("su", [Type("s"), Type("u")]),
        ("a{sv}u", [Type("a", (Type("{", (Type("s"), Type("v"))),)), Type("u")]),
        ("a(sas)", [Type("a", (Type("(", (Type("s"), Type("a", (Type("s"),)))),))]),
    ],
)
def test_signatures_are_read_as_complete_types(signature: str, types: list[Type]) -> None:
    """Containers stay whole."""
    assert types_of(signature) == types


@pytest.mark.parametrize(
    "signature",
    [
        "a",
        "a()",
        "()",
        "(",
        "(s",
        "{sv}",
        "a{s}",
        "a{svs}",
        "a{vs}",
        "a{ass}",
        "z",
        "s)",
        "a" * 33 + "s",
        "(" * 40,
        "s" * 256,
    ],
)
def test_what_is_no_signature_is_refused(signature: str) -> None:
    """An array of empty structs would never come to its end."""
    with pytest.raises(WireError):
        types_of(signature)


@pytest.mark.parametrize(
    ("signature", "content"),
    [
        ("as", b"\xff\xff\xff\x03"),
        ("au", b"\x06\0\0\0" + bytes(8)),
        ("s", b"\x03\0\0\0foo"),
        ("s", b"\x03\0\0\0foox"),
        ("s", b"\x01\0\0\0\xff\0"),
        ("v", b"\x02ss\0" + bytes(16)),
        ("v", b"\x01v\0" * 70),
        ("t", b"\0\0\0\0"),
        ("g", b""),
    ],
)
def test_bytes_that_hold_something_else_are_refused(signature: str, content: bytes) -> None:
    with pytest.raises(WireError):
        unmarshal(content, 0, signature, "<")


def test_known_bytes() -> None:
    """Against the example of the specification: a length, the text, its end; and what a big-endian host (s390x) sends."""
    for order, expected in {"<": b"\x01\0\0\0\x03\0\0\0foo\0", ">": b"\x01\0\0\0\0\0\0\x03foo\0"}.items():
        buffer = bytearray()
        marshal(buffer, "ys", (1, "foo"), order)
        assert bytes(buffer) == expected
