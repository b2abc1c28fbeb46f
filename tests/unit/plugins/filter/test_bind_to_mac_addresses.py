# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Binding by MAC address: what is bound, what is left alone, and what cannot be."""

from __future__ import annotations

import re
import typing as t

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.elemental.networking.plugins.filter import bind_to_mac_addresses
from ansible_collections.elemental.networking.plugins.module_utils._render import render

_MACS = {"eth1": "52:54:00:AA:BB:01", "eth10": "52-54-00-AA-BB-10"}


def bind(config: object, macs: object = None) -> t.Any:
    return bind_to_mac_addresses.FilterModule().filters()["bind_to_mac_addresses"](
        config, _MACS if macs is None else macs
    )


def _interface(name: str, **more: object) -> dict[str, object]:
    return {"name": name, "type": "ethernet", **more}


def test_each_interface_gets_its_own_address() -> None:
    config = {"interfaces": [_interface("eth1"), _interface("eth10", mtu=1400)]}
    assert bind(config)["interfaces"] == [
        {"name": "eth1", "type": "ethernet", "identifier": "mac-address", "mac-address": "52:54:00:aa:bb:01"},
        {
            "name": "eth10",
            "type": "ethernet",
            "mtu": 1400,
            "identifier": "mac-address",
            "mac-address": "52:54:00:aa:bb:10",
        },
    ]
    assert config["interfaces"][0] == _interface("eth1")


def test_without_addresses_the_filter_asks_for_them() -> None:
    with pytest.raises(AnsibleFilterError, match=r"needs the MAC addresses by name, such as bind_to_mac_addresses\({"):
        bind_to_mac_addresses.FilterModule().filters()["bind_to_mac_addresses"]({})


def test_facts_tell_the_addresses() -> None:
    """The address of a port of a bond is the bond's; its own is perm_macaddress."""
    facts = {
        "interfaces": ["lo", "eth1", "en-x0", "bond0"],
        "lo": {"type": "loopback"},
        "eth1": {"type": "ether", "macaddress": "52:54:00:aa:bb:ff", "perm_macaddress": "52:54:00:aa:bb:01"},
        "en_x0": {"type": "ether", "macaddress": "52:54:00:aa:bb:02"},
        "bond0": {"type": "bonding", "macaddress": "52:54:00:aa:bb:ff"},
    }
    bound = bind({"interfaces": [_interface("eth1"), _interface("en-x0")]}, facts)["interfaces"]
    assert [each["mac-address"] for each in bound] == ["52:54:00:aa:bb:01", "52:54:00:aa:bb:02"]


def test_a_vlan_has_the_address_of_its_parent() -> None:
    """Facts call it an ethernet interface; which of both is bound is not in doubt."""
    facts = {
        "interfaces": ["eth1", "eth1.10"],
        "eth1": {"type": "ether", "macaddress": "52:54:00:aa:bb:01"},
        "eth1.10": {"type": "ether", "macaddress": "52:54:00:aa:bb:01"},
    }
    vlan = {"name": "eth1.10", "type": "vlan", "vlan": {"base-iface": "eth1", "id": 10}}
    bound = bind({"interfaces": [_interface("eth1"), vlan]}, facts)["interfaces"]
    assert bound == [_interface("eth1", **{"identifier": "mac-address", "mac-address": "52:54:00:aa:bb:01"}), vlan]


def test_two_ports_that_show_the_address_of_their_bond_are_refused() -> None:
    shared = {"type": "ether", "macaddress": "52:54:00:aa:bb:ff"}
    with pytest.raises(AnsibleFilterError, match="eth1 and eth2 have the same MAC address, 52:54:00:aa:bb:ff"):
        bind(
            {"interfaces": [_interface("eth1"), _interface("eth2")]},
            {"interfaces": ["eth1", "eth2"], "eth1": shared, "eth2": shared},
        )


@pytest.mark.parametrize(
    "reported",
    [
        {"mac-address": "52:54:00:AA:BB:01"},
        {"mac-address": "52:54:00:aa:bb:01"},
        {"mac-address": "52:54:00:AA:BB:FF", "permanent-mac-address": "52:54:00:AA:BB:01"},
    ],
    ids=["in-capitals", "the-same", "a-port-of-a-bond"],
)
def test_the_address_that_a_host_reports_is_none_to_take_on(reported: dict[str, str]) -> None:
    """As nmstatectl show prints it; that of a port is its bond's."""
    (bound,) = bind({"interfaces": [_interface("eth1", **reported)]})["interfaces"]
    assert (bound["identifier"], bound["mac-address"]) == ("mac-address", "52:54:00:aa:bb:01")


def test_what_profiles_make_and_what_is_bound_stays() -> None:
    others = [
        {"name": "bond0", "type": "bond", "link-aggregation": {"mode": "active-backup", "port": ["eth1"]}},
        _interface("uplink", identifier="pci-address", **{"pci-address": "0000:00:19.0"}),
        {"name": "v0", "type": "veth", "veth": {"peer": "v1"}},
    ]
    assert bind({"interfaces": [_interface("eth1"), *others]})["interfaces"][1:] == others


def test_a_keyfile_is_bound_and_keeps_the_rest() -> None:
    text = "[connection]\nid=eth1\ntype=ethernet\ninterface-name=eth1\n\n# routes of eth10\n[ipv4]\nmethod=auto\n"
    assert bind({"eth1": text})["eth1"] == (
        "[connection]\nid=eth1\ntype=ethernet\n\n# routes of eth10\n[ipv4]\nmethod=auto\n\n[ethernet]\nmac-address=52:54:00:aa:bb:01\n"
    )
    wired = "[connection]\nid=x\ntype=ethernet\ninterface-name=eth1\n[ethernet]\nmtu=1400\n"
    assert bind({"x": wired})["x"].endswith("[ethernet]\nmac-address=52:54:00:aa:bb:01\nmtu=1400\n")
    profile = render("nmconnections", bind({"x": wired})).profiles[0]
    assert profile.interface is None


@pytest.mark.parametrize(
    ("config", "macs", "sentence"),
    [
        (
            {"interfaces": [_interface("eth2")]},
            None,
            "the MAC address of eth2 is not known; known are those of eth1, eth10",
        ),
        (
            {"interfaces": []},
            {"a": "zz"},
            "zz is not a valid MAC address for a (expected, for example, 52:54:00:12:34:56)",
        ),
        ({"interfaces": []}, {"a": 40896000}, "the MAC address of a is a number to YAML: put it in quotes"),
        (
            {"interfaces": []},
            {"a": "52:54:00:aa:bb:01", "b": "52:54:00:AA:BB:01"},
            "a and b have the same MAC address, 52:54:00:aa:bb:01",
        ),
        (
            {"interfaces": [_interface("eth1", **{"mac-address": "52:54:00:aa:bb:02"})]},
            None,
            "interface eth1 sets a mac-address of its own",
        ),
        (
            {"interfaces": [{"name": "v", "type": "vlan", "vlan": {"base-iface": "eth1", "id": 1}}]},
            None,
            "interfaces[0].vlan.base-iface names eth1, which is not in interfaces",
        ),
        (
            {
                "interfaces": [
                    _interface("eth1"),
                    {
                        "name": "b",
                        "type": "bond",
                        "link-aggregation": {"options": {"primary": "eth1"}, "port": ["eth1"]},
                    },
                ]
            },
            None,
            "interfaces[1].link-aggregation.options.primary needs the name that eth1 has on the host",
        ),
        (
            {"v": "[connection]\nid=v\ntype=vlan\n[vlan]\nparent=eth1\n"},
            None,
            "profile v, line 5: parent=eth1 needs the name",
        ),
        ({"v": "what is this"}, None, "the keyfile of profile v cannot be read: line 1"),
        (["eth1"], None, "must be dictionaries"),
    ],
)
def test_what_cannot_be_bound_is_one_sentence(config: object, macs: object, sentence: str) -> None:
    with pytest.raises(AnsibleFilterError, match=re.escape(sentence)):
        bind(config, macs)
