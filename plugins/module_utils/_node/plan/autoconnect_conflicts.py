# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which profile wins an interface at the next boot: ours, another one for the same interface, or none.

NetworkManager activates the profile with the highest autoconnect-priority of those that fit a device, and of equal ones the one used
last, which is ours. A profile fits by the interface's name, by its MAC address (cloud-init writes such ones, of priority 120), or because
it is for any.
"""

from __future__ import annotations

import os
import typing as t

from .. import paths
from ..model import ETHERNET_TYPES
from ..networkmanager.bindings import Binding, binding
from ..networkmanager.client import Device, NetworkManager
from ..paths import profile_name
from ..protocol import Conflict
from .expectation import UNAVAILABLE
from .planning import Plan

Connections = t.Mapping[str, t.Mapping[str, t.Any]]


class Rival(t.NamedTuple):
    """A profile that is not ours and may win an interface of ours; ``interface`` is empty when it is bound otherwise, or not at all."""

    path: str
    name: str
    interface: str
    type: str
    priority: int


def contender_warnings(manager: NetworkManager, plan: Plan, connections: Connections) -> list[str]:
    """What the user should know about the next boot, in sentences.

    Profiles of others stay. Raises Conflict where one of them would win. ``connections`` are the settings ``connection`` of
    all profiles by object path.
    """
    changed = [
        # what no boot brings up loses nothing
        each
        for each in map(binding, plan.wanted)
        if each.file_name in plan.reasons and (each.autoconnect or each.controller)
    ]
    found = rivals(connections, {profile.uuid for profile in plan.wanted}, changed)
    warnings: list[str] = []
    if not found:
        return warnings  # the usual case, which asks NetworkManager nothing
    # these files, which are ours or mean the same, are overwritten or removed
    replaced = {os.path.join(paths.INSTALLED_PROFILES, name) for name in [*plan.reasons, *plan.stale]}
    files = {rival.path: manager.profile_file(rival.path) for rival in found}
    found = [rival for rival in found if files[rival.path] not in replaced]
    for rival, interface, priority in _contests(manager, changed, found, plan.interfaces.values()):
        warnings.append(verdict(rival, files[rival.path], interface, priority, plan.is_reset))
    return warnings


def gateway_warnings(bindings: t.Iterable[Binding]) -> list[str]:
    """A sentence where the order in which interfaces come up decides which default gateway is used: another one at a boot, perhaps."""
    first: dict[tuple[str, str], str] = {}
    warnings = []
    for each in bindings:
        for gateway in each.gateways:
            other = first.setdefault(gateway, each.file_name)
            if other != each.file_name:
                warnings.append(
                    f"profiles {profile_name(other)} and {profile_name(each.file_name)} both give a default gateway with the same "
                    "route-metric: at a boot that of the interface which comes up first is used; give one of them a higher route-metric"
                )
    return warnings


def rivals(connections: Connections, ours: t.Collection[str], bindings: t.Collection[Binding]) -> list[Rival]:
    """The profiles of others that would not lose at a boot if they are for an interface of ours; ``ours`` are the uuids of our profiles."""
    named = {each.interface for each in bindings if each.interface}
    any_name = any(each.is_for_any or (each.mac_address and not each.interface) for each in bindings)
    lowest = min(
        (each.priority for each in bindings if each.interface or each.mac_address or each.is_for_any), default=None
    )
    result = []
    for path, connection in connections.items():
        interface, priority = connection.get("interface-name", ""), connection.get("autoconnect-priority", 0)
        if (
            lowest is None
            or priority < lowest
            or connection.get("uuid") in ours
            or not connection.get("autoconnect", True)
        ):
            continue
        if not interface or any_name or interface in named:
            result.append(Rival(path, str(connection.get("id")), interface, str(connection.get("type")), priority))
    return result


def _contests(
    manager: NetworkManager, bindings: t.Collection[Binding], found: t.Collection[Rival], ours: t.Iterable[str]
) -> list[tuple[Rival, str, int]]:
    """Ask NetworkManager what the names do not show; ``ours`` are the interfaces that a profile of ours is for, changed or not."""
    if all(each.interface for each in found) and all(each.interface for each in bindings):
        return contests(stakes(bindings, {}), found, {})
    devices = manager.devices()
    is_bound = any(not each.interface for each in bindings)
    addresses = {device.interface: manager.permanent_address(device) for device in devices if is_bound}
    wanted = stakes(bindings, addresses)
    useless = {device.interface for device in devices if not device.managed or device.state == UNAVAILABLE}
    free = free_stakes(bindings, addresses, {*wanted, *ours, *useless})
    unnamed = [rival for rival in found if not rival.interface]
    staked = {*wanted, *free}
    fitting = {device.interface: _fitting(manager, device, unnamed) for device in devices if device.interface in staked}
    return [*contests(wanted, found, fitting), *_lost_everywhere(free, contests(free, found, fitting))]


def stakes(bindings: t.Iterable[Binding], addresses: t.Mapping[str, str]) -> dict[str, int]:
    """Our priority on each interface; ``addresses`` are the permanent MAC addresses by interface."""
    result: dict[str, int] = {}
    for each in bindings:
        bound = [name for name, address in addresses.items() if address and address == each.mac_address]
        for interface in [each.interface] if each.interface else bound:
            result[interface] = max(each.priority, result.get(interface, each.priority))
    return result


def free_stakes(
    bindings: t.Iterable[Binding], addresses: t.Mapping[str, str], taken: t.Collection[str]
) -> dict[str, int]:
    """Our priority on each ethernet interface that a profile of ours for any may take: it is not ``taken``."""
    priorities = [each.priority for each in bindings if each.is_for_any]
    free = (name for name, address in addresses.items() if address and name not in taken)
    return {name: max(priorities) for name in free if priorities}


def _lost_everywhere(free: t.Mapping[str, int], found: list[tuple[Rival, str, int]]) -> list[tuple[Rival, str, int]]:
    """Those who win against a profile for any interface, where they leave it none."""
    winners = [each for each in found if each[0].priority > each[2]]
    return winners if {interface for _rival, interface, _priority in winners} == set(free) else []


def _fitting(manager: NetworkManager, device: Device, unnamed: t.Iterable[Rival]) -> set[str]:
    """The object paths of profiles without interface-name that fit a device: NetworkManager knows, but not without a carrier."""
    if device.available:
        return set(device.available)
    address = manager.permanent_address(device)
    wired = (rival for rival in unnamed if rival.type in ETHERNET_TYPES)
    return {rival.path for rival in wired if fits(manager.profile_settings(rival.path), address)}


def fits(settings: t.Mapping[str, t.Mapping[str, t.Any]], address: str) -> bool:
    """Whether the settings of an ethernet profile without interface-name fit the device with this permanent MAC address."""
    bound = settings.get("802-3-ethernet", {}).get("mac-address")
    if not bound:
        return bool(address) and "match" not in settings  # it is for any
    return ":".join(f"{byte:02x}" for byte in bound) == address


def contests(
    wanted: t.Mapping[str, int], found: t.Iterable[Rival], fitting: t.Mapping[str, t.Collection[str]]
) -> list[tuple[Rival, str, int]]:
    """Who does not lose against us, on which interface, and our priority there.

    ``wanted`` is that of each interface, ``fitting`` the object paths of profiles that fit it without naming it.
    """
    return [
        (rival, interface, priority)
        for rival in found
        for interface, priority in wanted.items()
        if rival.priority >= priority
        and (rival.interface == interface or (not rival.interface and rival.path in fitting.get(interface, ())))
    ]


def verdict(rival: Rival, file: str, interface: str, priority: int, is_reset: bool = False) -> str:
    """The warning for a rival that may lose by a hair's breadth. Raises Conflict for one that would win.

    After a reset it may: the host had it before, and nothing depends on the profile that the reset leaves.
    """
    name = f"profile {rival.name} ({file or 'in memory'}), which is not ours,"
    wish = f"wants {interface} too" if rival.interface else f"fits {interface} too (by MAC address, or it is for any)"
    if rival.priority > priority and is_reset:
        return f"{name} {wish} and wins at the next boot: its autoconnect-priority is {rival.priority}"
    if rival.priority > priority:
        raise Conflict(
            f"{name} {wish} and would win at the next boot: its autoconnect-priority is {rival.priority}, ours {priority}; remove it "
            "or give ours a higher one, nothing was changed",
            profile=rival.name,
            interface=interface,
        )
    if not rival.interface:  # it may be active on another interface meanwhile, which counts as use
        return f"{name} {wish} and may win at the next boot; give ours a higher autoconnect-priority"
    return f"{name} {wish}; ours wins at the next boot because it was used last"
