# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Placeholders: filled once, everywhere, or refused with a sentence that helps."""

from __future__ import annotations

import re

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import Address
from ansible_collections.elemental.networking.plugins.module_utils._placeholders import (
    PlaceholderError,
    placeholder_names,
    resolve_placeholders,
)
from ansible_collections.elemental.networking.tests.unit.borders.bounds import bounded
from hypothesis import assume, given
from hypothesis import strategies as st

_ADDRESSES = {
    "inventory-ip": Address("192.168.122.150", 24, "192.168.122.1"),
    "secondary-ip": Address("2001:db8::5", 64),
}
_PLACEHOLDER_SHAPED = re.compile(r"\{([A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)\}")

_keys = st.from_regex(r"\A[A-Za-z0-9]([-A-Za-z0-9_.]{0,6}[A-Za-z0-9])?\Z")
# text that is full of braces, backslashes and things that look like placeholders
_texts = st.lists(
    st.one_of(st.text(max_size=5), st.sampled_from(["{", "}", "\\", "\n", "="]), _keys.map("{{{}}}".format)), max_size=8
).map("".join)
_VALUES = ("bare", "address", "gateway", "prefix")
_attributes = st.sampled_from(["", ".prefix", ".gateway", ".family"])
# text where every brace belongs to a placeholder
_filled_texts = st.lists(
    st.one_of(st.text("ab=/\n", max_size=5), st.builds("{{{}{}}}".format, _keys, _attributes)), max_size=8
).map("".join)


def _nested(texts: st.SearchStrategy[str]) -> st.SearchStrategy[object]:
    return st.recursive(
        st.one_of(texts, st.integers(), st.booleans(), st.none()),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text("ab"), inner, max_size=3)),
        max_leaves=8,
    )


def _escaped(text: str) -> str:
    return _PLACEHOLDER_SHAPED.sub(r"\\{\1}", text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{inventory-ip}/{inventory-ip.prefix},{inventory-ip.gateway}", "192.168.122.150/24,192.168.122.1"),
        ("{inventory-ip.family} {secondary-ip.family}", "IPv4 IPv6"),
        ("address1={secondary-ip}/64\n", "address1=2001:db8::5/64\n"),
        (r"\{inventory-ip} is {inventory-ip}", "{inventory-ip} is 192.168.122.150"),
        ("{} {a b} { inventory-ip } {-a} {a-} {{}}", "{} {a b} { inventory-ip } {-a} {a-} {{}}"),
        ("{x{inventory-ip}}", "{x192.168.122.150}"),
    ],
)
def test_a_text_is_filled(text: str, expected: str) -> None:
    assert resolve_placeholders(text, _ADDRESSES) == expected


def test_lists_mappings_and_their_keys_are_filled_and_the_input_stays() -> None:
    config = {"a": ["{inventory-ip}", 7, None], "{inventory-ip}": {"prefix-length": 24, "enabled": True}}
    resolved = resolve_placeholders(config, _ADDRESSES)
    assert resolved == {"a": ["192.168.122.150", 7, None], "192.168.122.150": {"prefix-length": 24, "enabled": True}}
    assert config["a"] == ["{inventory-ip}", 7, None]


def test_a_key_with_a_dot_wins_over_an_attribute() -> None:
    addresses = {"a": Address("10.0.0.1", 8, "10.0.0.254"), "a.gateway": Address("10.0.0.2", 8)}
    assert resolve_placeholders("{a.gateway} {a.gateway.prefix}", addresses) == "10.0.0.2 8"


@pytest.mark.parametrize(
    ("config", "place"),
    [
        ({"eth0": "[ipv4]\naddress1={nope}/24\n"}, "config.eth0 line 2"),
        ({"eth0": "one line {nope}"}, "config.eth0 cannot"),
        (
            {"interfaces": [{"ipv4": {"address": [{"ip": "{nope}"}]}}]},
            "config.interfaces[0].ipv4.address[0].ip",
        ),
        ({"my profile": "{nope.prefix}"}, 'config["my profile"]'),
        ({"{nope}": 1}, "a key of config"),
    ],
)
def test_an_unknown_key_is_an_error_that_names_key_place_and_known_keys(config: object, place: str) -> None:
    with pytest.raises(PlaceholderError) as caught:
        resolve_placeholders(config, _ADDRESSES)
    message = str(caught.value)
    assert place in message
    assert "nope" in message
    assert "inventory-ip, secondary-ip" in message


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{secondary-ip.gateway}", "the address of secondary-ip, 2001:db8::5, has no gateway"),
        ("{inventory-ip.netmask}", "inventory-ip has prefix, gateway, family, but no netmask"),
        ("{bare.prefix}", "only the address 10.0.0.1 is given, without its prefix"),
        ("{metal.prefix}", "the address of metal, 10.0.0.2, has no prefix"),
        ("{waiting}", "the claim of waiting has no address yet"),
    ],
)
def test_what_an_address_lacks_is_an_error_that_says_so(text: str, reason: str) -> None:
    addresses = {**_ADDRESSES, "bare": "10.0.0.1", "metal": Address("10.0.0.2", 0), "waiting": None}
    with pytest.raises(PlaceholderError, match=re.escape(reason)):
        resolve_placeholders(text, addresses)


def test_a_bare_address_fills_its_key() -> None:
    assert resolve_placeholders("{bare}", {"bare": "10.0.0.1"}) == "10.0.0.1"


def test_without_addresses_the_error_says_that_there_are_no_keys() -> None:
    with pytest.raises(PlaceholderError, match="no keys are given"):
        resolve_placeholders("{nope}", {})


def test_two_keys_that_become_the_same_are_an_error() -> None:
    with pytest.raises(PlaceholderError, match="two keys of config become 192"):
        resolve_placeholders({"{inventory-ip}": 1, "192.168.122.150": 2}, _ADDRESSES)


@pytest.mark.parametrize("text", ["{hunter2}", "{inventory-ip.hunter2}"])
def test_a_brace_pair_inside_a_secret_is_not_shown(text: str) -> None:
    with pytest.raises(PlaceholderError) as caught:
        resolve_placeholders({"wifi": f"[wifi-security]\npsk=abc{text}\n"}, _ADDRESSES)
    assert "hunter2" not in str(caught.value)
    assert "config.wifi line 2" in str(caught.value)


def test_names_are_sorted_unique_and_without_attributes() -> None:
    config = {"{z}": ["{b.prefix} {a.gateway}", {"x": r"{b} \{escaped}"}], "n": 1}
    assert placeholder_names(config) == ["a", "b", "z"]


@given(_texts)
def test_escaping_a_text_and_resolving_it_gives_the_text(text: str) -> None:
    assert resolve_placeholders(_escaped(text), {}) == text
    assert placeholder_names(_escaped(text)) == []


@given(_nested(_filled_texts))
def test_no_placeholder_is_left_when_every_name_has_an_address(value: object) -> None:
    addresses = {name: Address("10.0.0.1", 8, "10.0.0.254") for name in placeholder_names(value)}
    assert "{" not in repr(_items(resolve_placeholders(value, addresses)))


@given(_keys, _texts)
def test_what_a_value_brings_in_is_never_expanded_again(key: str, value: str) -> None:
    value = value.replace("\n", "") or "x"
    assume(value.isprintable())
    assert resolve_placeholders(f"<{{{key}}}>", {key: value, "other": "secret"}) == f"<{value}>"


@given(_keys, st.text(), st.sampled_from(["\n", "\r", "\x00", "\x1b", "\x85", "\u2028"]), st.sampled_from(_VALUES))
def test_no_value_brings_in_another_line(key: str, text: str, control: str, kind: str) -> None:
    hostile = f"fe80::1%{text}{control}[connection]"
    values = {
        "bare": hostile,
        "address": Address(hostile, 64),
        "gateway": Address("fe80::1", 64, hostile),
        "prefix": Address("fe80::1", hostile),  # type: ignore[arg-type]
    }
    attribute = "" if kind in ("bare", "address") else f".{kind}"
    with pytest.raises(PlaceholderError) as caught:
        resolve_placeholders(f"a={{{key}{attribute}}}\n", {key: values[kind]}, "config.eth0")
    assert f"the {kind.replace('bare', 'address')} of {key} holds a line break" in str(caught.value)
    assert "config.eth0 line 1" in str(caught.value)
    assert str(caught.value).isprintable()


@given(st.text().filter(lambda text: not _PLACEHOLDER_SHAPED.search(text)))
def test_text_without_placeholders_is_the_same_object(text: str) -> None:
    assert resolve_placeholders(text, _ADDRESSES) is text


def _items(value: object) -> list[object]:
    if isinstance(value, dict):
        value = [*value, *value.values()]
    return [leaf for item in value for leaf in _items(item)] if isinstance(value, list) else [value]


@pytest.mark.parametrize("attribute", ["", ".prefix", ".gateway", ".family"])
def test_a_text_of_many_lines_with_placeholders_takes_no_time(attribute: str) -> None:
    with bounded():
        filled = resolve_placeholders(f"{{inventory-ip{attribute}}}\n" * 100_000, _ADDRESSES)
    assert str(filled).count("\n") == 100_000
