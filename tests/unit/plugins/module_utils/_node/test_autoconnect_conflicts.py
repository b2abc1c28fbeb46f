# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who wins an interface at the next boot."""

from __future__ import annotations

import contextlib
import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.bindings import Binding, binding
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.client import Device
from ansible_collections.elemental.networking.plugins.module_utils._node.plan.autoconnect_conflicts import (
    Rival,
    contender_warnings,
    contests,
    fits,
    gateway_warnings,
    rivals,
    stakes,
    verdict,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.plan.planning import Plan
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import Conflict, WantedProfile

MAC = "52:54:00:12:34:56"
BYTES = [0x52, 0x54, 0x00, 0x12, 0x34, 0x56]
NAMED = Binding("eth0.nmconnection", interface="eth0")
BOUND = Binding("uplink.nmconnection", mac_address=MAC)
OURS = "4dcc0d81-3337-59f6-81e4-a603f89aa932"
THEIRS = "1dd9a779-d327-56e1-8454-c65e2556c12c"
# what cloud-init's renderer writes where it knows the MAC address
CLOUD_INIT = {"id": "cloud-init eth0", "uuid": THEIRS, "type": "802-3-ethernet", "autoconnect-priority": 120}
# what NetworkManager makes by itself
AUTOMATIC = {**CLOUD_INIT, "id": "Wired connection 1", "interface-name": "eth0", "autoconnect-priority": -999}


def rival(interface: str = "", priority: int = 120) -> Rival:
    """Cloud-init's profile."""
    return Rival("/theirs", "cloud-init eth0", interface, "802-3-ethernet", priority)


def wanted(text: str, interface: str | None = None) -> WantedProfile:
    """A profile of ours."""
    return WantedProfile("uplink.nmconnection", OURS, "ethernet", interface, text)


@pytest.mark.parametrize("ours", [NAMED, BOUND])
def test_a_profile_without_a_name_may_be_for_any_interface(ours: Binding) -> None:
    assert rivals({"/theirs": CLOUD_INIT}, {OURS}, [ours]) == [rival()]


@pytest.mark.parametrize(
    "connection",
    [
        AUTOMATIC,
        {**CLOUD_INIT, "autoconnect-priority": -1},
        {**CLOUD_INIT, "autoconnect": False},
        {**CLOUD_INIT, "uuid": OURS},
    ],
)
@pytest.mark.parametrize("ours", [NAMED, BOUND])
def test_who_loses_anyway_is_no_rival(connection: t.Mapping[str, t.Any], ours: Binding) -> None:
    """Then NetworkManager is asked nothing more."""
    assert rivals({"/theirs": connection}, {OURS}, [ours]) == []


@pytest.mark.parametrize("text", ["", f"[ethernet]\nmac-address={MAC}\n"])
def test_where_nobody_can_win_networkmanager_is_asked_nothing(text: str) -> None:
    """A push is measured: each question costs its time."""
    profile = wanted(text, None if text else "eth0")
    plan = Plan((profile,), (), {}, {profile.file_name: "not installed"}, (), (), {})
    unconnected = t.cast(t.Any, None)
    assert contender_warnings(unconnected, plan, {"/theirs": AUTOMATIC}) == []


def test_a_profile_that_no_boot_brings_up_loses_nothing() -> None:
    profile = wanted("[connection]\nautoconnect=false\n", "eth0")
    plan = Plan((profile,), (), {}, {profile.file_name: "not installed"}, (), (), {})
    unconnected = t.cast(t.Any, None)
    assert contender_warnings(unconnected, plan, {"/theirs": {**CLOUD_INIT, "interface-name": "eth0"}}) == []


def test_a_profile_for_another_interface_is_a_rival_only_while_ours_is_not_known_by_name() -> None:
    other = {**CLOUD_INIT, "interface-name": "eth1"}
    assert rivals({"/theirs": other}, {OURS}, [NAMED]) == []
    assert rivals({"/theirs": other}, {OURS}, [BOUND]) == [rival("eth1")]


def test_nobody_is_a_rival_where_nothing_of_ours_changes() -> None:
    assert rivals({"/theirs": CLOUD_INIT}, {OURS}, []) == []


def test_a_profile_bound_by_mac_address_is_for_the_device_that_has_it() -> None:
    addresses = {"eth0": "52:54:00:00:00:01", "eth1": MAC, "lan": ""}
    assert stakes([BOUND._replace(priority=5)], addresses) == {"eth1": 5}


def test_the_stronger_one_of_ours_counts() -> None:
    assert stakes([NAMED, BOUND._replace(priority=5)], {"eth0": MAC}) == {"eth0": 5}


@pytest.mark.parametrize("priority", [0, 120])
def test_a_profile_contends_for_the_interface_that_it_fits(priority: int) -> None:
    fitting = {"eth0": {"/ours"}, "eth1": {"/theirs"}}
    found = contests({"eth0": 0, "eth1": 0}, [rival(priority=priority)], fitting)
    assert [(interface, ours) for _rival, interface, ours in found] == [("eth1", 0)]


def test_a_name_counts_where_the_device_says_nothing() -> None:
    """It may not be there, or have no carrier."""
    found = contests({"eth0": 0, "eth1": 0}, [rival("eth0")], {"eth0": set()})
    assert [interface for _rival, interface, _ours in found] == ["eth0"]


def test_ours_may_be_the_stronger_one_on_one_of_two_interfaces() -> None:
    fitting = {"eth0": {"/theirs"}, "eth1": {"/theirs"}}
    found = contests({"eth0": 121, "eth1": 0}, [rival()], fitting)
    assert [interface for _rival, interface, _ours in found] == ["eth1"]


@pytest.mark.parametrize(
    ("settings", "address", "does"),
    [
        ({"802-3-ethernet": {"mac-address": BYTES}}, MAC, True),
        ({"802-3-ethernet": {"mac-address": BYTES}}, "52:54:00:00:00:01", False),
        ({"802-3-ethernet": {}}, MAC, True),
        ({"802-3-ethernet": {}, "match": {"path": ["pci-*"]}}, MAC, False),
        ({"802-3-ethernet": {}}, "", False),
    ],
)
def test_without_a_carrier_the_mac_address_decides(
    settings: t.Mapping[str, t.Mapping[str, t.Any]], address: str, does: bool
) -> None:
    assert fits(settings, address) is does


@pytest.mark.parametrize("interface", ["", "eth0"])
def test_who_would_win_is_refused_by_name(interface: str) -> None:
    with pytest.raises(Conflict, match=r"cloud-init eth0 \(/etc/ci\), .* its autoconnect-priority is 120, ours 0;"):
        verdict(rival(interface), "/etc/ci", "eth0", 0)


@pytest.mark.parametrize(
    ("interface", "expected"),
    [("", "may win at the next boot"), ("eth0", "ours wins at the next boot because it was used last")],
)
def test_who_would_lose_by_a_hair_is_named(interface: str, expected: str) -> None:
    """One that is active on another interface meanwhile is used, too."""
    sentence = verdict(rival(interface, 0), "", "eth0", 0)
    assert "profile cloud-init eth0 (in memory), which is not ours," in sentence
    assert expected in sentence


class FakeManager:
    """Has two ethernet interfaces, of which ``eth1`` is not managed where ``is_alone``; profiles of others fit by their names alone."""

    def __init__(self, is_alone: bool) -> None:
        self.is_alone = is_alone

    def devices(self) -> list[Device]:
        found = [
            Device(f"/{name}", name, "/", "", False, {}, ("/other",), MAC, managed=name == "eth0" or not self.is_alone)
            for name in ("eth0", "eth1")
        ]
        return [*found, Device("/lo", "lo", "/", "", False, {}, ("/other",), "")]

    def permanent_address(self, device: Device) -> str:
        return device.mac_address

    def profile_file(self, path: str) -> str:
        return f"/etc{path}"


@pytest.mark.parametrize(
    ("is_alone", "interfaces", "is_lost"),
    [(True, {}, True), (False, {}, False), (False, {"storage.nmconnection": "eth1"}, True)],
)
def test_a_profile_for_any_interface_must_be_left_one(
    is_alone: bool, interfaces: t.Mapping[str, str], is_lost: bool
) -> None:
    """By profiles of others with a higher priority; what they leave it, it takes at each boot."""
    profile = wanted("[connection]\nid=lan\n")
    plan = Plan((profile,), (), {}, {profile.file_name: "not installed"}, (), (), {}, interfaces=interfaces)
    theirs = {"/theirs": {**CLOUD_INIT, "interface-name": "eth0"}}
    expected: t.Any = (
        pytest.raises(Conflict, match="wants eth0 too and would win") if is_lost else contextlib.ExitStack()
    )
    with expected:
        assert contender_warnings(t.cast(t.Any, FakeManager(is_alone)), plan, theirs) == []


GATEWAY = "[ipv4]\nmethod=manual\naddress1=192.0.2.5/24,192.0.2.1\n"


@pytest.mark.parametrize(
    ("text", "kind", "is_chance"),
    [
        (GATEWAY, "ethernet", True),
        (f"{GATEWAY}route-metric=-1\n", "802-3-ethernet", True),
        (f"{GATEWAY}route-metric=200\n", "ethernet", False),
        (f"{GATEWAY}never-default=true\n", "ethernet", False),
        (f"{GATEWAY}route-table=7\n", "ethernet", False),
        ("[ipv4]\nmethod=manual\naddress1=192.0.2.5/24\n", "ethernet", False),
        ("[ipv4]\nmethod=manual\naddress1=192.0.2.5/24\ngateway=192.0.2.1\n", "ethernet", True),
        (GATEWAY, "bridge", False),
        ("", "ethernet", False),
    ],
)
def test_between_two_gateways_chance_decides_at_a_boot(text: str, kind: str, is_chance: bool) -> None:
    """Of equal metrics NetworkManager raises that of the interface which comes up later (measured on 1.42)."""
    profiles = [
        WantedProfile("a.nmconnection", OURS, "ethernet", "eth1", f"[connection]\nid=a\n{GATEWAY}"),
        WantedProfile("b.nmconnection", THEIRS, kind, "eth0", f"[connection]\nid=b\n{text}"),
    ]
    assert [each[:18] for each in gateway_warnings(map(binding, profiles))] == ["profiles a and b b"] * is_chance


def test_a_reset_leaves_the_host_to_who_had_it_before() -> None:
    assert "wins at the next boot" in verdict(rival("eth0"), "/etc/ci", "eth0", 0, is_reset=True)
