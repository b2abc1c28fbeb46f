# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What NetworkManager is asked to activate, and on which device."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.model import (
    Step,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.client import (
    Device,
    NetworkManagerError,
    Replaced,
    StillOnItsWay,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.transaction.activate import (
    activate_step,
    in_turn,
)


def device(interface: str, path: str, active_uuid: str = "") -> Device:
    return Device(path, interface, "/active" if active_uuid else "/", active_uuid, False, {}, (), "")


class FakeManager:
    """Has devices; ``appearing`` is there after that many looks."""

    def __init__(self, *devices: Device, appearing: tuple[int, Device] | None = None) -> None:
        self._devices = list(devices)
        self._appearing = appearing
        self._looks = 0
        self.asked: list[tuple[str, str]] = []

    def profile_path(self, uuid: str) -> str:
        return f"/profile/{uuid}"

    def devices(self) -> list[Device]:
        return self._devices

    def device(self, interface: str) -> Device | None:
        self._looks += 1
        if self._appearing and self._looks > self._appearing[0]:
            self._devices.append(self._appearing[1])
        return next((each for each in self._devices if each.interface == interface), None)

    def activate(self, path: str, found: Device | None, _seconds: float) -> None:
        self.asked.append((path, found.path if found else "/"))

    def wait_until_active(self, path: str, active: str, _seconds: float) -> None:
        self.asked.append((active, path))


def step(interface: str, kind: str) -> Step:
    return Step(f"{interface}.nmconnection", interface, "u", "u", True, kind)


def asked(manager: FakeManager, interface: str, kind: str, seconds: float = 5.0) -> tuple[str, str]:
    activate_step(t.cast("t.Any", manager), step(interface, kind), "u", seconds)
    (found,) = manager.asked
    return found


@pytest.mark.parametrize("kind", ["ovs-bridge", "ovs-port", "ovs-interface"])
@pytest.mark.parametrize("interface", ["br-ex", "eth1"])
def test_open_vswitch_gets_no_device_of_another_type(interface: str, kind: str) -> None:
    """A bridge, its port and its interface share a name, and a port has that of the ethernet interface in it."""
    manager = FakeManager(
        device("br-ex", "/bridge", "other"), device("br-ex", "/interface"), device("eth1", "/ethernet")
    )
    assert asked(manager, interface, kind) == ("/profile/u", "/")


def test_what_came_up_by_itself_is_waited_for() -> None:
    manager = FakeManager(device("br-ex", "/bridge", "other"), device("br-ex", "/interface", "u"))
    assert asked(manager, "br-ex", "ovs-interface") == ("/active", "/interface")


def test_an_ethernet_profile_gets_its_device() -> None:
    assert asked(FakeManager(device("eth1", "/ethernet")), "eth1", "ethernet") == ("/profile/u", "/ethernet")


def test_a_bridge_that_is_not_there_is_made() -> None:
    assert asked(FakeManager(), "br0", "bridge") == ("/profile/u", "/")


def test_a_virtual_function_is_waited_for() -> None:
    manager = FakeManager(appearing=(2, device("ens7f0v0", "/function")))
    assert asked(manager, "ens7f0v0", "ethernet") == ("/profile/u", "/function")


def test_a_virtual_function_that_does_not_appear_is_still_on_its_way() -> None:
    with pytest.raises(StillOnItsWay, match="interface ens7f0v0 did not appear within 0 s"):
        asked(FakeManager(), "ens7f0v0", "ethernet", 0.0)


def test_a_bridge_is_begun_in_its_turn_and_waited_for_after_its_ports() -> None:
    bridge = step("lab0", "bridge")._replace(has_ports=True, asks_through_ports=True)
    before, after = step("eth1", "ethernet"), step("eth0", "ethernet")
    assert in_turn([before, bridge, after]) == [before, bridge._replace(awaited=False), after, bridge]


@pytest.mark.parametrize("change", [{"has_ports": True}, {"asks_through_ports": True, "awaited": False}])
def test_what_gets_no_address_through_ports_or_is_not_waited_for_has_one_turn(change: dict[str, bool]) -> None:
    bridge = step("lab0", "bridge")._replace(**change)
    assert in_turn([bridge, step("eth0", "ethernet")]) == [bridge, step("eth0", "ethernet")]


class FailingManager(FakeManager):
    """What it was asked for fails once, with this, and leaves the device with that profile."""

    def __init__(self, failure: Exception, waiting: bool, left: str) -> None:
        super().__init__(device("eth0", "/eth0", "u" if waiting else "other"))
        self._failures: list[Exception] = [failure]
        self._left = left

    def activate(self, path: str, found: Device | None, seconds: float) -> None:
        super().activate(path, found, seconds)
        self._fail()

    def wait_until_active(self, path: str, active: str, seconds: float) -> None:
        super().wait_until_active(path, active, seconds)
        self._fail()

    def _fail(self) -> None:
        if self._failures:
            self._devices = [device("eth0", "/eth0", self._left)]
            raise self._failures.pop()


_BY_HAND, _WAITED = ("/profile/u", "/eth0"), ("/active", "/eth0")


@pytest.mark.parametrize(
    ("failure", "waiting", "left", "expected"),
    [
        # a port that was begun with the controller that goes
        (NetworkManagerError("a connection that it depends on failed"), True, "", [_WAITED, _BY_HAND]),
        # a port that its controller, which it brought up, began once more
        (Replaced("another activation took its place"), False, "u", [_BY_HAND, _WAITED]),
        (Replaced("another activation took its place"), False, "other", None),
        (NetworkManagerError("no DHCP server answered"), False, "u", None),
        (StillOnItsWay("it was not up"), True, "u", None),
    ],
)
def test_what_networkmanager_begins_by_itself_may_fail_once(
    failure: Exception, waiting: bool, left: str, expected: list[tuple[str, str]] | None
) -> None:
    manager = FailingManager(failure, waiting, left)
    if expected is None:
        with pytest.raises(NetworkManagerError, match=str(failure)):
            activate_step(t.cast("t.Any", manager), step("eth0", "ethernet"), "u", 5.0)
    else:
        activate_step(t.cast("t.Any", manager), step("eth0", "ethernet"), "u", 5.0)
        assert manager.asked == expected
