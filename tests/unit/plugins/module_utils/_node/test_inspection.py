# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node has: which device runs what, with which addresses, and where the controller came in."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node import paths
from ansible_collections.elemental.networking.plugins.module_utils._node.dbus.connection import BusError
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.client import (
    USER_REQUESTED,
    Device,
    NetworkManager,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.plan import inspection
from ansible_collections.elemental.networking.plugins.module_utils._node.plan.planning import Observed, Session
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import (
    Knock,
    WantedProfile,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.system.tcp_table import Way

UUID, OTHER = "uuid-0", "uuid-1"
FILE = "eth0.nmconnection"
STATIC: inspection.Settings = {
    "ipv4": {"address-data": [{"address": "192.0.2.7", "prefix": 24}]},
    "ipv6": {"address-data": [{"address": "2001:db8::7", "prefix": 64}]},
}


def device(interface: str, active_uuid: str = "", activated: bool = True, reason: int = 0) -> Device:
    return Device(f"/{interface}", interface, "/", active_uuid, activated, {}, (), "", reason=reason)


class Manager:
    """A double of NetworkManager: what it knows."""

    def __init__(
        self,
        addresses: t.Mapping[tuple[str, str], list[str]] | None = None,
        files: t.Mapping[str, str] | None = None,
        settings: inspection.Settings | None = None,
        leases: t.Mapping[str, str] | None = None,
        devices: t.Sequence[Device] = (),
        is_gone: bool = False,
    ) -> None:
        self._addresses, self._files, self._settings = addresses or {}, files or {}, settings or {}
        self._leases, self._devices, self._is_gone = leases or {}, devices, is_gone

    def addresses(self, device: Device, family: str) -> list[str]:
        return self._addresses.get((device.interface, family), [])

    def addresses_of_each(self, devices: t.Iterable[Device], family: str) -> list[str]:
        return [address for device in devices for address in self.addresses(device, family)]

    def profile_path(self, uuid: str) -> str | None:
        return f"/{uuid}" if uuid in self._files else None

    def profile_file(self, path: str) -> str:
        return self._files[path[1:]]

    def profile_settings(self, path: str) -> inspection.Settings:
        return self._settings

    def lease_address(self, device: Device, family: str = "ipv4") -> str | None:
        if self._is_gone:
            raise BusError("org.freedesktop.DBus.Error.UnknownObject", "it is gone")
        return self._leases.get(family)

    def device(self, interface: str) -> Device | None:
        return next((each for each in self._devices if each.interface == interface), None)


def manager(*arguments: t.Any, **named: t.Any) -> NetworkManager:
    return t.cast(NetworkManager, Manager(*arguments, **named))


ON_ETH0 = {("eth0", "ipv4"): ["192.0.2.7/24"], ("eth0", "ipv6"): ["2001:db8::7/64", "fe80::1/64"]}


@pytest.mark.parametrize(
    ("asked", "session"),
    [
        ({"192.0.2.7"}, Session("eth0", "192.0.2.7", "ipv4", 24)),
        ({"fe80::1"}, Session("eth0", "fe80::1", "ipv6", 64)),
        ({"203.0.113.9", "2001:db8::7"}, Session("eth0", "2001:db8::7", "ipv6", 64)),
        ({"198.51.100.7"}, Session("eth1", "198.51.100.7", "ipv4", 25)),
        ({"192.0.2.70"}, None),
        (set(), None),
    ],
    ids=["IPv4", "link-local", "one of two", "another device", "none of these", "nobody knows"],
)
def test_the_management_connection_is_where_the_controller_came_in(asked: set[str], session: Session | None) -> None:
    known = manager({**ON_ETH0, ("eth1", "ipv4"): ["198.51.100.7/25"]})
    assert inspection.session_of(known, [device("eth0"), device("eth1")], asked) == session


@pytest.mark.parametrize(
    ("connected", "session", "found"),
    [
        ("192.0.2.7", "", {"192.0.2.7"}),
        ("", "", set()),
        ("203.0.113.9", "192.0.2.1 50000 192.0.2.7 22", {"203.0.113.9", "192.0.2.7"}),
        ("fe80::1%eth0", "fe80::2%eth0 50000 fe80::1%eth0 22", {"fe80::1"}),
        ("192.0.2.7", "UNKNOWN", {"192.0.2.7"}),
    ],
    ids=["no ssh", "nothing known", "behind NAT", "with a zone", "not over TCP"],
)
def test_addresses_of_a_session(connected: str, session: str, found: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", session)
    monkeypatch.setattr(inspection, "_session_of_ancestors", lambda: "")
    assert inspection.addresses_of_session(connected) == found


@pytest.mark.parametrize(
    ("families", "activated", "options", "found"),
    [
        (("ipv4", "ipv6"), True, {"leases": {"ipv4": "192.0.2.50"}}, ["192.0.2.50", "2001:db8::50"]),
        (("ipv6", "ipv4"), True, {"leases": {"ipv4": "192.0.2.50"}}, ["2001:db8::50", "192.0.2.50"]),
        (("ipv6",), True, {"leases": {"ipv6": "2001:db8::60"}}, ["2001:db8::50", "2001:db8::60"]),
        (("ipv6",), True, {"leases": {"ipv6": "2001:db8::50"}}, ["2001:db8::50"]),
        (("ipv4",), True, {}, []),
        (("ipv4", "ipv6"), False, {"leases": {"ipv4": "192.0.2.50"}}, []),
        (("ipv4", "ipv6"), True, {"is_gone": True}, []),
    ],
    ids=["both", "IPv6 first", "a lease and a router's", "the same", "no lease", "on its way", "it went away"],
)
def test_leases_are_what_others_gave(
    families: tuple[str, ...], activated: bool, options: dict[str, t.Any], found: list[str]
) -> None:
    """Neither the addresses of the profile nor link-local ones."""
    present = {("eth0", "ipv6"): ["fe80::1/64", "2001:db8::7/64", "2001:db8::50/64"]}
    eth0 = device("eth0", UUID, activated)
    known = manager(present, {UUID: FILE}, STATIC, devices=[eth0], **options)
    assert inspection.leases(known, "eth0", families) == found
    assert inspection.leases(known, "eth1", families) == []


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({}, {"ipv4": [], "ipv6": []}),
        ({"ipv4": {"method": "auto"}}, {"ipv4": [], "ipv6": []}),
        (STATIC, {"ipv4": ["192.0.2.7/24"], "ipv6": ["2001:db8::7/64"]}),
    ],
)
def test_addresses_of_a_profile(settings: inspection.Settings, found: dict[str, list[str]]) -> None:
    assert inspection.addresses_in(settings) == found


def test_of_ipv6_only_what_the_profile_configures_is_configured() -> None:
    known = manager(ON_ETH0, {UUID: FILE}, STATIC)
    expected = {"ipv4": ["192.0.2.7/24"], "ipv6": ["2001:db8::7/64"]}
    assert inspection.configured_addresses(known, device("eth0", UUID)) == expected
    assert inspection.configured_addresses(known, device("eth0")) == {**expected, "ipv6": []}


def test_carried_addresses_are_of_both_families_and_all_devices() -> None:
    known = manager({**ON_ETH0, ("eth1", "ipv4"): ["198.51.100.7/25"]})
    expected = {"192.0.2.7", "2001:db8::7", "fe80::1", "198.51.100.7"}
    assert inspection.carried_addresses(known, iter([device("eth0"), device("eth1")])) == expected


def test_which_device_runs_which_profile() -> None:
    eth0, eth1, eth2 = devices = [device("eth0", UUID), device("eth1"), device("eth2", OTHER)]
    assert inspection.by_active_profile(devices) == {UUID: eth0, OTHER: eth2}
    assert [inspection.active_device(devices, uuid) for uuid in (UUID, OTHER, "uuid-2")] == [eth0, eth2, None]
    assert inspection.previous_connections(devices) == (("eth0", UUID), ("eth2", OTHER))
    known = manager(files={UUID: f"{paths.INSTALLED_PROFILES}/{FILE}"})
    assert inspection.interfaces_by_file(known, devices) == {FILE: "eth0"}


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A keyfile in /etc."""
    monkeypatch.setattr(paths, "INSTALLED_PROFILES", str(tmp_path))
    file = tmp_path / FILE
    file.write_text("[connection]")
    return file


RUNNING = Observed("[connection]", True, True, True)


@pytest.mark.parametrize(
    ("devices", "present", "expected"),
    [
        ([device("eth0", UUID)], ON_ETH0, RUNNING),
        ([device("eth0", UUID)], {}, RUNNING._replace(lost_addresses=("192.0.2.7/24", "2001:db8::7/64"))),
        ([device("eth0", UUID, activated=False)], ON_ETH0, RUNNING._replace(is_active=False, is_free=True)),
        ([device("eth0")], {}, RUNNING._replace(is_active=False, is_free=True)),
        ([device("eth0", OTHER)], {}, RUNNING._replace(is_active=False)),
        ([device("eth0", reason=USER_REQUESTED)], {}, RUNNING._replace(is_active=False)),
        ([], {}, RUNNING._replace(is_active=False, is_free=True)),
    ],
    ids=["runs", "lost its addresses", "on its way", "waits", "another one runs", "taken down by hand", "no interface"],
)
def test_what_a_node_has_of_a_profile(
    devices: list[Device], present: dict[tuple[str, str], list[str]], expected: Observed, installed: Path
) -> None:
    wanted = WantedProfile(FILE, UUID, "ethernet", "eth0", "")
    known = manager(present, {UUID: str(installed)}, STATIC)
    assert inspection.observe(known, devices, wanted) == expected._replace(loaded_from=str(installed))


@pytest.mark.parametrize(
    ("is_there", "loaded_from", "expected"),
    [
        (False, "", Observed(None, False, False, False)),
        (True, "", Observed("[connection]", False, False, False)),
        (False, "/run/eth0", Observed(None, True, False, False, loaded_from="/run/eth0")),
        (True, "/run/eth0", RUNNING._replace(is_loaded_from_etc=False, loaded_from="/run/eth0")),
    ],
    ids=["nothing", "not loaded", "no file", "from elsewhere"],
)
def test_a_profile_that_is_not_as_it_was_installed(
    is_there: bool, loaded_from: str, expected: Observed, installed: Path
) -> None:
    if not is_there:
        installed.unlink()
    wanted = WantedProfile(FILE, UUID, "ethernet", "eth0", "")
    known = manager(ON_ETH0, {UUID: loaded_from} if loaded_from else {}, STATIC)
    assert inspection.observe(known, [device("eth0", UUID)], wanted) == expected


def test_settings_that_somebody_changed_on_the_device_are_named(installed: Path) -> None:
    wanted = WantedProfile(FILE, UUID, "ethernet", "eth0", "")
    known = manager(ON_ETH0, {UUID: str(installed)}, STATIC)
    applied = {"/eth0": {**STATIC, "ipv4": {**STATIC["ipv4"], "route-metric": 7}}}
    assert inspection.observe(known, [device("eth0", UUID)], wanted, applied).drifted == ("ipv4.route-metric",)


def test_an_interface_that_is_gone_has_no_carrier() -> None:
    assert not inspection.has_carrier("no-such-link")
    assert inspection.lower_interfaces("no-such-link") == {"no-such-link"}


@pytest.mark.parametrize(
    ("session", "way"),
    [
        ("192.0.2.9 40000 192.0.2.7 22", None),
        ("::ffff:192.0.2.9 40000 ::ffff:192.0.2.7 22", None),
        ("192.0.2.254 61000 192.0.2.7 22", Way("192.0.2.254", "192.0.2.7", 22)),
        ("192.0.2.9 40000 192.0.2.7 2222", Way("192.0.2.9", "192.0.2.7", 2222)),
        ("UNKNOWN 65535 UNKNOWN 65535", None),
        ("192.0.2.254 61000 192.0.2.7 ssh", None),
    ],
)
def test_nat_shows_where_a_session_comes_from_and_goes_to(
    session: str, way: Way | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The controller announces its own address, and the port that it connects to."""
    monkeypatch.setenv("SSH_CONNECTION", session)
    session = inspection.connection_of_session()
    assert inspection.way_behind_nat(session, Knock("192.0.2.9", (40000,), 22, 9, "word")) == way
