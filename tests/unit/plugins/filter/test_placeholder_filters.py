# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters, called as Ansible calls them."""

from __future__ import annotations

import re
import typing as t

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.elemental.networking.plugins.filter import placeholder_names, resolve_placeholders

_CLAIMED = {"inventory-ip": {"address": "192.168.122.150", "prefix": 24, "gateway": "192.168.122.1", "family": "IPv4"}}


def _resolve(*arguments: t.Any) -> object:
    return resolve_placeholders.FilterModule().filters()["resolve_placeholders"](*arguments)


def test_the_result_of_a_claim_fills_a_configuration() -> None:
    text = "address1={inventory-ip}/{inventory-ip.prefix},{inventory-ip.gateway}"
    assert _resolve({"eth0": text}, _CLAIMED) == {"eth0": "address1=192.168.122.150/24,192.168.122.1"}


def test_a_bare_address_fills_its_key_only() -> None:
    assert _resolve("{inventory-ip}", {"inventory-ip": "10.0.0.1"}) == "10.0.0.1"
    for prefix in ("wide", 99, [24]):
        with pytest.raises(AnsibleFilterError, match="the address of inventory-ip is not valid"):
            _resolve("{inventory-ip}", {"inventory-ip": {"address": "10.0.0.1", "prefix": prefix}})
    with pytest.raises(AnsibleFilterError, match="without its prefix"):
        _resolve("{inventory-ip.prefix}", {"inventory-ip": "10.0.0.1"})


@pytest.mark.parametrize(
    "address",
    [
        "-oProxyCommand=touch /tmp/pwned",
        "fe80::1%x\n[connection]\nzone=trusted",
        "10.0.0.1\n",
        {"address": "-oProxyCommand=touch /tmp/pwned"},
        {"address": "10.0.0.1", "prefix": 24, "gateway": "fe80::1"},
        {"address": "fd00::2", "prefix": 64, "gateway": "fe80::1%x\n[connection]\nzone=trusted"},
    ],
)
def test_what_is_no_address_fills_nothing(address: object) -> None:
    with pytest.raises(AnsibleFilterError, match="the address of inventory-ip is not valid") as error:
        _resolve("{inventory-ip}", {"inventory-ip": address})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        ({}, "{inventory-ip} in machine_network.config[0] cannot be filled"),
        ({"inventory-ip": {"address": None}}, "has no address yet"),
        ({"inventory-ip": 7}, "the address of inventory-ip"),
        (["inventory-ip"], "dictionary"),
    ],
)
def test_bad_input_is_one_sentence_of_the_filter(addresses: object, expected: str) -> None:
    with pytest.raises(AnsibleFilterError, match=re.escape(expected)):
        _resolve(["{inventory-ip}"], addresses, "machine_network.config")


def test_without_addresses_the_filter_asks_for_them() -> None:
    with pytest.raises(
        AnsibleFilterError, match=r"resolve_placeholders needs the addresses by key, such as resolve_pl"
    ):
        _resolve("{inventory-ip}")


def test_the_names_of_a_configuration_are_listed() -> None:
    names = placeholder_names.FilterModule().filters()["placeholder_names"]
    assert names({"eth0": "{b.prefix} {a}", "eth1": "{b}"}) == ["a", "b"]
