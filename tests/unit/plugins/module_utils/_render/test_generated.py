# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""nmstate and nmc with the real nmstatectl: what each document has to become, and what has to be said of a broken one."""

from __future__ import annotations

import copy
import typing as t
from pathlib import Path
from random import Random

import pytest
import yaml
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import Address
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.keyfile import parse
from ansible_collections.elemental.networking.plugins.module_utils._placeholders import resolve_placeholders
from ansible_collections.elemental.networking.plugins.module_utils._render import RenderError, Rendering, render
from hypothesis import given, settings
from hypothesis import strategies as st

_DATA = Path(__file__).parents[4] / "data"
CASES = [case for file in sorted((_DATA / "nmstate").glob("*.yaml")) for case in yaml.safe_load(file.read_text())]
_IDS = [case["name"].replace(" ", "-") for case in CASES]

pytestmark = pytest.mark.usefixtures("tools")


def keys_of(path: str, document: t.Any) -> list[t.Union[str, int]]:
    """``interfaces[0].802.1x.identity`` to keys; a key may have dots in it, and the last one may be new."""
    keys: list[t.Union[str, int]] = []
    rest = path
    while rest:
        if rest.startswith("["):
            index, _bracket, rest = rest[1:].partition("]")
            keys.append(int(index))
        else:
            rest = rest.lstrip(".")
            names = document if isinstance(document, dict) else ()
            known = max(
                (name for name in names if (rest + ".").startswith((name + ".", name + "["))), key=len, default=rest
            )
            keys.append(known)
            rest = rest[len(known) :]
        document = document[keys[-1]] if rest else None
    return keys


def broken(case: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The invalid twin of a document."""
    document = copy.deepcopy(case["config"])
    *parents, last = keys_of(case["broken"]["path"], document)
    part = document
    for key in parents:
        part = part[key]
    if case["broken"]["value"] is None:
        del part[last]
    else:
        part[last] = case["broken"]["value"]
    return t.cast("dict[str, t.Any]", document)


def values(rendering: Rendering, name: str) -> t.Callable[[str], str]:
    """What a profile says for ``section.key``."""
    profile = next(each for each in rendering.profiles if each.file_name == f"{name}.nmconnection")
    sections = parse(profile.text).sections
    return lambda key: next(
        (sections[section].get(key[len(section) + 1 :], "") for section in sections if key.startswith(f"{section}.")),
        "",
    )


@pytest.mark.parametrize("case", CASES, ids=_IDS)
def test_a_document_becomes_these_profiles(case: t.Mapping[str, t.Any]) -> None:
    rendering = render("nmstate", case["config"])
    for name, expected in case["profiles"].items():
        value = values(rendering, name)
        for line in expected:
            key, _equals, wanted = line.partition("=")
            assert (key, value(key)) == (key, wanted)


@pytest.mark.parametrize("case", CASES, ids=_IDS)
def test_its_broken_twin_is_refused_with_the_path(case: t.Mapping[str, t.Any]) -> None:
    with pytest.raises(RenderError) as refused:
        render("nmstate", broken(case))
    sentence = str(refused.value)
    assert case["broken"].get("shown", case["broken"]["path"]) in sentence
    assert case["broken"]["says"] in sentence
    assert "\n" not in sentence


def _suits_nmc(case: t.Mapping[str, t.Any]) -> bool:
    interfaces = case["config"]["interfaces"]
    return any(each["type"] == "ethernet" for each in interfaces) and not any(
        "pci-address" in each for each in interfaces
    )


@pytest.mark.parametrize(
    "case", [case for case in CASES if _suits_nmc(case)], ids=lambda case: case["name"].replace(" ", "-")
)
def test_nmc_gives_the_same_profiles_each_time(case: t.Mapping[str, t.Any]) -> None:
    wanted = render("nmstate", case["config"]).profiles
    assert render("nmstate", case["config"]).profiles == wanted
    assert render("nmc", case["config"]).profiles == wanted


@pytest.mark.parametrize("case", CASES[::7], ids=_IDS[::7])
def test_nmc_refuses_what_nmstate_refuses(case: t.Mapping[str, t.Any]) -> None:
    with pytest.raises(RenderError, match="."):
        render("nmc", broken(case))


def test_nmc_names_the_path_too() -> None:
    with pytest.raises(RenderError) as refused:
        render("nmc", broken(CASES[0]))
    assert CASES[0]["broken"]["path"] in str(refused.value)
    assert "elemental-networking-" not in str(refused.value)


_STATIC = {"enabled": True, "address": [{"ip": "192.0.2.10"}]}


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (
            {"interfaces": [{"name": "eth0", "type": "ethernet", "ipv4": _STATIC}]},
            "interfaces[0].ipv4.address[0] (ip: 192.0.2.10): missing field `prefix-length` (nmstatectl)",
        ),
        (
            {"interfaces": [{"type": "ethernet"}]},
            "interfaces[0] (type: ethernet): missing field `name` (nmstatectl)",
        ),
        (
            {"interfaces": [{"name": "bond0", "type": "bond", "link-aggregation": {"port": ["eth0"]}}]},
            "interfaces[0]: Bond mode is mandatory for new bond interface: bond0 (nmstatectl)",
        ),
        (
            {
                "interfaces": [{"name": "eth0", "type": "ethernet"}],
                "dns-resolver": {"config": {"server": ["192.0.2.53"]}},
            },
            'dns-resolver.config.server[0]: Failed to find suitable(IP enabled) interface for DNS server ["192.0.2.53"];'
            " give one a static address, or DHCP with auto-dns: false (nmstatectl)",
        ),
    ],
)
def test_a_mistake_is_one_sentence_that_says_where_and_what(config: dict[str, object], sentence: str) -> None:
    with pytest.raises(RenderError) as refused:
        render("nmstate", config)
    assert str(refused.value).startswith(sentence)


_ETH0 = {"name": "eth0", "type": "ethernet"}
_IPSEC = {
    "name": "office",
    "type": "ipsec",
    "libreswan": {"left": "192.0.2.1", "leftid": "a", "right": "192.0.2.2", "rightid": "b", "psk": "correct-horse"},
}


@pytest.mark.parametrize(
    ("interfaces", "complaint"),
    [
        ([{"name": "dummy0", "type": "dummy"}], "No Ethernet interfaces were provided"),
        ([{"name": "eth0"}], "No Ethernet interfaces were provided"),
        (
            [_ETH0, {"name": "up", "type": "ethernet", "identifier": "pci-address", "pci-address": "0000:00:19.0"}],
            "No identifier found in connection file",
        ),
        ([_ETH0, _IPSEC], "No identifier found in connection file"),
        (
            [_ETH0, {"name": "b", "type": "bond", "link-aggregation": {"mode": "active-backup", "port": ["eth1"]}}],
            "No matching interface found for connection file: eth1",
        ),
        (
            [_ETH0, {"name": "v0", "type": "veth", "veth": {"peer": "v1"}}],
            "No matching interface found for connection file: v1",
        ),
    ],
    ids=["no-ethernet", "no-type", "pci-address", "ipsec", "port-only-named", "peer-only-named"],
)
def test_nmc_refuses_what_nmstate_takes(interfaces: list[dict[str, object]], complaint: str) -> None:
    """As nmc 0.3.5 was seen to do; the documentation lists it."""
    assert render("nmstate", {"interfaces": interfaces}).profiles
    with pytest.raises(RenderError, match=complaint):
        render("nmc", {"interfaces": interfaces})


@pytest.mark.parametrize("configurator", ["nmc", "nmstate"])
def test_the_registrations_of_the_documentation(configurator: str) -> None:
    """Byte for byte as they are there, with the addresses that were claimed for them."""
    text = (_DATA / f"elemental/machineregistration-{configurator}.manifest").read_text()
    registration = next(each for each in yaml.safe_load_all(text) if each["kind"] == "MachineRegistration")
    network = registration["spec"]["config"]["network"]
    addresses = {
        "inventory-ip": Address("192.168.122.150", 24, "192.168.122.1"),
        "secondary-ip": Address("172.16.0.150", 24, "172.16.0.1"),
    }
    config = t.cast("dict[str, object]", resolve_placeholders(network["config"], addresses))
    rendering = render(network["configurator"], config)
    eth0, eth1 = values(rendering, "eth0"), values(rendering, "eth1")
    assert (eth0("ipv4.address0"), eth1("ipv4.address0")) == ("192.168.122.150/24", "172.16.0.150/24")
    assert eth0("ipv4.route0") == "0.0.0.0/0,192.168.122.1,150"
    assert eth1("ipv4.route0") == "172.16.0.0/24,172.16.0.1,150"
    assert eth0("ipv4.dns") == "192.168.122.1"
    assert [profile.uuid for profile in rendering.profiles] == [
        "dfd202f5-562f-5f07-8f2a-a7717756fb70",
        "0523c0a1-5f5e-5603-bcf2-68155d5d322e",
    ]
    # the route of the documentation has host bits set; that is worth a word and no refusal
    assert any("172.16.0.1/24" in warning for warning in rendering.warnings)


def _shuffled(part: t.Any, random: Random) -> t.Any:
    """The same document with its keys in another order, and with its route rules, which have priorities, too."""
    if isinstance(part, list):
        return [_shuffled(each, random) for each in part]
    if not isinstance(part, dict):
        return part
    result = {key: _shuffled(part[key], random) for key in random.sample(list(part), len(part))}
    for section in ("route-rules", "routes"):
        if section in result:
            random.shuffle(result[section]["config"])
    return result


_POLICIES = {
    "interfaces": [
        {
            "name": f"eth{number}",
            "type": "ethernet",
            "ipv4": {"enabled": True, "address": [{"ip": f"192.0.2.{number + 10}", "prefix-length": 24}]},
            "ipv6": {"enabled": True, "address": [{"ip": f"2001:db8::{number + 10}", "prefix-length": 64}]},
        }
        for number in range(3)
    ],
    "routes": {
        "config": [
            {
                "destination": destination,
                "next-hop-address": gateway,
                "next-hop-interface": f"eth{number}",
                "table-id": table,
            }
            for destination, gateway in (("0.0.0.0/0", "192.0.2.1"), ("::/0", "2001:db8::1"))
            for number, table in enumerate((254, 254, 200))
        ]
    },
    "route-rules": {
        "config": [
            {"family": family, "priority": priority, "route-table": table, "fwmark": 7}
            for family in ("ipv4", "ipv6")
            for priority, table in ((100, 200), (101, 254), (1000, 200), (1001, 254), (1002, 254))
        ]
    },
    "dns-resolver": {"config": {"server": ["192.0.2.53", "2001:db8::53"], "search": ["b.example", "a.example"]}},
}


@given(st.sampled_from([_POLICIES, *(case["config"] for case in CASES)]), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_a_document_gives_the_same_profiles_in_any_order(config: dict[str, object], random: Random) -> None:
    """Where an order has no meaning; that of interfaces, addresses and name servers has one."""
    assert render("nmstate", _shuffled(config, random)) == render("nmstate", config)


@pytest.mark.parametrize("configurator", ["nmc", "nmstate"])
def test_rules_are_the_same_in_every_run(configurator: str) -> None:
    """By itself, nmstatectl puts these into another order and at another interface each time."""
    assert len({render(configurator, _POLICIES) for _run in range(20)}) == 1


def test_a_rule_is_not_lost_at_an_interface_without_its_family() -> None:
    """By itself, nmstatectl loses it in two runs of five."""
    first, second = copy.deepcopy(_POLICIES["interfaces"][:2])
    del first["ipv6"], second["ipv4"]
    routes = [
        {"destination": "0.0.0.0/0", "next-hop-address": "192.0.2.1", "next-hop-interface": "eth0"},
        {"destination": "::/0", "next-hop-address": "2001:db8::1", "next-hop-interface": "eth1"},
    ]
    rules = [{"ip-from": "192.0.2.0/24", "priority": 100}, {"ip-from": "2001:db8::/64", "priority": 101}]
    config = {"interfaces": [first, second], "routes": {"config": routes}, "route-rules": {"config": rules}}
    (rendering,) = {render("nmstate", config) for _run in range(20)}
    assert [profile.text.count("routing-rule") for profile in rendering.profiles] == [1, 1]


def _mappings(part: t.Any, path: tuple[t.Union[str, int], ...] = ()) -> t.Iterator[tuple[t.Union[str, int], ...]]:
    if isinstance(part, dict):
        yield path
    for key, value in part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ():
        yield from _mappings(value, (*path, key))


def _one_of_each_kind() -> dict[str, tuple[t.Any, tuple[t.Union[str, int], ...]]]:
    """For every kind of mapping that the documents have, one document and the path to it there."""
    found: dict[str, tuple[t.Any, tuple[t.Union[str, int], ...]]] = {}
    for case in CASES:
        for path in _mappings(case["config"]):
            kind = next((each["type"] for each in case["config"]["interfaces"]), "")
            pattern = ".".join("*" if isinstance(key, int) else key for key in path)
            found.setdefault(f"{kind}:{pattern}" if path[2:] == () else pattern, (case["config"], path))
    return found


@pytest.mark.parametrize(("config", "path"), list(_one_of_each_kind().values()), ids=list(_one_of_each_kind()))
def test_an_unknown_key_is_refused_wherever_it_stands(config: t.Any, path: tuple[t.Union[str, int], ...]) -> None:
    document = copy.deepcopy(config)
    part = document
    for key in path:
        part = part[key]
    part["misspelt"] = 1
    with pytest.raises(RenderError, match="misspelt"):
        render("nmstate", document)
