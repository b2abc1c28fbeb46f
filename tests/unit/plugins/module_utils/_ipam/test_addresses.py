# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An address is parsed where it enters: nothing else may become ansible_host, an argument of ssh or a line of a keyfile."""

from __future__ import annotations

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.addresses import checked_address
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import Address, IpamError
from ansible_collections.elemental.networking.plugins.module_utils._texts import plain


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (("10.0.0.10", 24, "10.0.0.1"), Address("10.0.0.10", 24, "10.0.0.1")),
        (("2001:DB8:0::A", "64", "FE80::1"), Address("2001:db8::a", 64, "fe80::1")),
        (("10.0.0.10", 32, ""), Address("10.0.0.10", 32)),
        (("10.0.0.10", None, None), Address("10.0.0.10", 0)),  # Metal3's pools need no prefix
        (("10.0.0.10", 0, None), Address("10.0.0.10", 0)),
    ],
)
def test_an_address_comes_in_its_canonical_spelling(given: tuple[object, object, object], found: Address) -> None:
    assert checked_address("claim a-ip", *given) == found


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("-oProxyCommand=touch /tmp/x", 24, None), "which is not a valid IP address"),
        (("10.0.0.10 -oProxyCommand=x", 24, None), "which is not a valid IP address"),
        (("10.0.0.10\n", 24, None), "which is not a valid IP address"),
        (("fe80::1%x\n[connection]", 64, None), "which is not a valid IP address"),
        (("fe80::1%eth0", 64, None), "which is not a valid IP address"),
        (("::ffff:10.0.0.1", 64, None), "which is not a valid IP address"),
        (("10.0.0.010", 24, None), "which is not a valid IP address"),
        (("١٠.0.0.1", 24, None), "which is not a valid IP address"),
        ((167772170, 24, None), "which is not a valid IP address"),
        ((b"\x0a\x00\x00\x0a", 24, None), "which is not a valid IP address"),
        ((None, 24, None), "which is not a valid IP address"),
        (("", 24, None), "address that is empty"),
        (("1" * 1_000_000, 24, None), "which is not a valid IP address"),
        (("0.0.0.0", 24, None), "no machine can have"),  # ssh takes it for the controller itself
        (("::", 24, None), "no machine can have"),
        (("127.0.0.1", 8, None), "no machine can have"),
        (("::1", 128, None), "no machine can have"),
        (("224.0.0.1", 24, None), "no machine can have"),
        (("127.255.255.254", 8, None), "no machine can have"),
        (("239.1.2.3", 24, None), "no machine can have"),
        (("ff02::1", 64, None), "no machine can have"),
        (("255.255.255.255", 24, None), "no machine can have"),
        (("10.0.0.10", 33, None), "not between 0 and 32"),
        (("10.0.0.10", -1, None), "not between 0 and 32"),
        (("10.0.0.10", "255.255.255.0", None), "not between 0 and 32"),
        (("10.0.0.10", True, None), "not between 0 and 32"),
        (("10.0.0.10", 24.0, None), "not between 0 and 32"),
        (("10.0.0.10", [], None), "not between 0 and 32"),
        (("10.0.0.10", 10**400, None), "not between 0 and 32"),
        (("2001:db8::1", 129, None), "not between 0 and 128"),
        (("10.0.0.10", 24, "fe80::1"), "another IP family"),
        (("fd00::10", 64, "10.0.0.1"), "another IP family"),
        (("fd00::10", 64, "fe80::1%x\n[connection]\nzone=trusted"), "which is not a valid IP address"),
        (("10.0.0.10", 24, {"a": 1}), "which is not a valid IP address"),
    ],
)
def test_what_is_no_address_of_a_machine_is_refused_in_one_sentence(
    given: tuple[object, object, object], says: str
) -> None:
    with pytest.raises(IpamError) as error:
        checked_address("claim a-ip", *given)
    sentence = str(error.value)
    assert sentence.startswith("claim a-ip has the ")
    assert says in sentence
    assert sentence.isprintable()
    assert len(sentence) < 300


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Exhausted IP Pools", "Exhausted IP Pools"),
        ("two\nlines  and\ttabs ", "two lines and tabs"),
        ("\x1b[31mred\x1b[0m \x07 \u202e", "?[31mred?[0m ? ?"),
        ("für", "für"),
        (None, "None"),
        ({"a": 1}, "a dictionary"),
        ([1], "a list"),
        (10**400, "a number of more than 30 digits"),
    ],
)
def test_text_from_outside_is_one_line_that_no_terminal_obeys(given: object, shown: str) -> None:
    assert plain(given) == shown


def test_a_long_text_keeps_its_beginning_and_its_end() -> None:
    shown = plain(f"beginning {'x' * 1_000_000} end")
    assert len(shown) <= 300
    assert (shown[:9], shown[-3:]) == ("beginning", "end")
