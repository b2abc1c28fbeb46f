# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of the wanted profiles on this node, what they wait for, and over which interfaces the controller may connect then.

Only where something differs or is not up: where all is as it should be, nothing is asked.
"""

from __future__ import annotations

import typing as t

from ..networkmanager.bindings import Binding, binding
from ..networkmanager.client import Device, NetworkManager
from ..paths import profile_name
from ..protocol import InvalidInput, Request, WantedProfile
from .expectation import Expectation, Seen, expect, related, segment, two_alike
from .inspection import addresses_of_session, has_carrier, lower_interfaces, session_of
from .planning import Session

NOTHING_CHANGED = "nothing was changed"


class Outlook(t.NamedTuple):
    """The profiles, what becomes of each, and the management connection; ``way`` and ``segments`` as in a plan.

    ``dark`` are the interfaces without a carrier, and ``mac_address`` is that of the management connection.
    """

    bindings: tuple[Binding, ...]
    expected: t.Mapping[str, Expectation]
    session: Session | None
    way: t.AbstractSet[str]
    segments: t.Mapping[str, str]
    dark: t.AbstractSet[str] = frozenset()
    mac_address: str = ""

    def is_of_the_way(self, binding: Binding) -> bool:
        """Whether the controller may need to connect over a profile's interface."""
        interface = self.expected[binding.file_name].interface
        return self.session is not None and (interface or binding.interface) in self.way


def look_ahead(
    manager: NetworkManager, devices: t.Sequence[Device], request: Request, wanted: t.Sequence[WantedProfile]
) -> Outlook:
    """What becomes of the wanted profiles. Raises InvalidInput where that would not be what the profiles ask for."""
    bindings = tuple(map(binding, wanted))
    seen = _seen(manager, devices, bindings)
    expected = expect(bindings, seen)
    _refuse_nothing_up(bindings, expected, seen)
    _refuse_chance(bindings, expected)
    _refuse_unknown_secondaries(manager, bindings)
    session = session_of(manager, devices, addresses_of_session(request.connected_address))
    way = related(bindings, expected, lower_interfaces(session.interface)) if session else set()
    segments = {each.file_name: segment(each, bindings, expected, seen) for each in bindings}
    dark = frozenset(name for name, each in seen.items() if not each.has_carrier)
    mac_address = next((each.mac_address for each in devices if session and each.interface == session.interface), "")
    return Outlook(bindings, expected, session, frozenset(way), segments, dark, mac_address)


def _seen(manager: NetworkManager, devices: t.Sequence[Device], bindings: t.Sequence[Binding]) -> dict[str, Seen]:
    by_address = any(each.mac_address and not each.interface for each in bindings)
    return {
        device.interface: Seen(
            device.kind,
            device.state,
            has_carrier(device.interface),
            manager.permanent_address(device) if by_address else "",
        )
        for device in devices
    }


def _refuse_nothing_up(
    bindings: t.Sequence[Binding], expected: t.Mapping[str, Expectation], seen: t.Mapping[str, Seen]
) -> None:
    """What is for hardware that is not here waits for it, but where nothing comes up at all, the interface's name is a mistake."""
    missing = [each for each in bindings if expected[each.file_name].is_missing]
    if missing and all(each.waiting_for for each in expected.values()):
        first = missing[0]
        known = ", ".join(_shown(name, seen[name]) for name in sorted(set(seen) - {"lo"}))
        is_for = f"interface {first.interface}" if first.interface else f"MAC address {first.mac_address}"
        if not first.interface and not first.mac_address:
            is_for = f"an interface of type {first.type}"
        raise InvalidInput(
            f"profile {first.file_name} is for {is_for}, which this host does not have; it has {known}",
            profile=first.file_name,
        )


def _shown(interface: str, device: Seen) -> str:
    """An interface with the MAC address by which a profile finds it, where one asks for that."""
    return f"{interface} ({device.mac_address})" if device.mac_address else interface


def _refuse_chance(bindings: t.Sequence[Binding], expected: t.Mapping[str, Expectation]) -> None:
    found = two_alike(bindings, expected)
    if found:
        first, second, interface = found
        raise InvalidInput(
            f"profiles {first} and {second} are both for {interface} with the same autoconnect-priority, so that chance decides which one "
            f"a boot brings up; give the one that must win a higher autoconnect-priority, {NOTHING_CHANGED}"
        )


def _refuse_unknown_secondaries(manager: NetworkManager, bindings: t.Sequence[Binding]) -> None:
    """A profile does not come up without the VPNs that it names."""
    ours = {each.uuid for each in bindings}
    for each in bindings:
        for uuid in each.secondaries:
            if uuid not in ours and manager.profile_path(uuid) is None:
                raise InvalidInput(
                    f"profile {profile_name(each.file_name)} names the VPN {uuid} in secondaries, which neither config nor this host has, "
                    f"and would not come up without it; add it or remove it there, {NOTHING_CHANGED}"
                )
