# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the wanted profiles NetworkManager brings up by itself as things are, and what the others wait for.

A change must leave a host as its next boot would: what would not come up then is not activated now, and is not a reason to fail either.
"""

from __future__ import annotations

import typing as t

from ..model import ETHERNET_TYPES
from ..networkmanager.bindings import Binding
from ..paths import profile_name

# NMDeviceState
UNAVAILABLE = 20
# NMDeviceType of what such profiles are for: they come and go, and NetworkManager looks for their network itself
RADIOS: t.Mapping[str, t.Tuple[int, ...]] = {
    "wifi": (2,),
    "802-11-wireless": (2,),
    "bluetooth": (5,),
    "802-11-olpc-mesh": (6,),
    "wimax": (7,),
    "gsm": (8,),
    "cdma": (8,),
    "adsl": (12,),
    "wpan": (27,),
    "wifi-p2p": (30,),
}
_WIRED = (*ETHERNET_TYPES, "infiniband")
_BY_HAND = "autoconnect=false"
# on top of another interface, and in the same network
_ON_THE_SAME_SEGMENT = ("macvlan", "ipvlan")


class Seen(t.NamedTuple):
    """An interface of the node: ``kind`` and ``state`` are NMDeviceType and NMDeviceState, ``mac_address`` is the permanent one."""

    kind: int
    state: int
    has_carrier: bool
    mac_address: str = ""


class Expectation(t.NamedTuple):
    """What becomes of a profile: ``interface`` is the one that it is for, where one is known.

    ``waiting_for`` is why it does not come up as things are, empty where it does; ``may_come_late`` is what it may need to wait for then.
    ``is_missing``: its interface is not there. ``is_cut``: what it is made of waits, so that it has no carrier.
    """

    interface: str
    waiting_for: str = ""
    may_come_late: str = ""
    is_missing: bool = False
    is_cut: bool = False


def expect(bindings: t.Sequence[Binding], seen: t.Mapping[str, Seen]) -> dict[str, Expectation]:
    """What becomes of each profile, by file name; ``seen`` are the interfaces of the node."""
    found = {each.file_name: _alone(each, bindings, seen) for each in bindings}
    for each in bindings:
        if not found[each.file_name].waiting_for:
            winner = _winner(each, bindings, found)
            if winner is not None:
                reason = f"profile {winner} has the higher autoconnect-priority for {found[each.file_name].interface}"
                found[each.file_name] = found[each.file_name]._replace(waiting_for=reason)
    for each in bindings:
        found[each.file_name] = _with_what_it_is_made_of(each, bindings, found)
    return found


def _alone(binding: Binding, every: t.Sequence[Binding], seen: t.Mapping[str, Seen]) -> Expectation:
    """What becomes of a profile if there were no other one for its interface."""
    interface = interface_of(binding, seen)
    if not _comes_up(binding, every, {}):
        return Expectation(interface, _BY_HAND)
    if binding.type == "vpn":
        bringer = next((each.file_name for each in every if binding.uuid in each.secondaries), "")
        return Expectation(
            "", f"it comes up with profile {profile_name(bringer)}" if bringer else "a VPN is started by hand"
        )
    missing = _what_is_missing(binding, interface, every, seen)
    if missing:
        return Expectation(interface, missing, is_missing=True)
    device = seen.get(interface) if binding.type in _WIRED else None
    if device is not None and (device.state == UNAVAILABLE or not device.has_carrier):
        reason = "is not ready" if device.has_carrier else "has no carrier"
        return Expectation(interface, f"{interface} {reason}")
    late = "its network is not in reach" if binding.type in RADIOS else ""
    if not late and binding.depends_on_network:
        late = f"no answer from a DHCP server or a router on {interface or 'its interface'}"
    return Expectation(interface, may_come_late=late)


def _comes_up(binding: Binding, every: t.Sequence[Binding], found: t.Mapping[str, Expectation]) -> bool:
    """Whether NetworkManager brings it up by itself, or with another one: a port that comes up brings its controller in any case."""
    ports = (each for each in ports_of(binding, every) if each.autoconnect)
    return (
        binding.autoconnect
        or (bool(binding.controller) and any(_brings(each, binding) for each in every))
        or any(not found.get(each.file_name, Expectation("")).waiting_for for each in ports)
    )


def _brings(controller: Binding, port: Binding) -> bool:
    return controller.brings_ports and port.controller in controller.names and controller.autoconnect


def interface_of(binding: Binding, seen: t.Mapping[str, Seen]) -> str:
    """The interface that a profile is for; empty where it may be any, or is not there."""
    if binding.interface or not binding.mac_address:
        return binding.interface
    return next((name for name, device in seen.items() if device.mac_address == binding.mac_address), "")


def _what_is_missing(binding: Binding, interface: str, every: t.Sequence[Binding], seen: t.Mapping[str, Seen]) -> str:
    """What a profile for hardware is for and the node does not have, in a few words; empty where it has."""
    if binding.type in RADIOS:
        kinds = RADIOS[binding.type]
        fitting = [name for name, device in seen.items() if device.kind in kinds]
        is_there = interface in fitting if interface else bool(fitting)
        return "" if is_there else f"there is no interface {interface or f'for {binding.type}'}"
    if binding.type not in _WIRED or interface in seen:
        return ""
    if binding.mac_address and not interface:
        return f"no interface has the MAC address {binding.mac_address}"
    if not interface or _may_be_virtual_functions(every, seen):
        return ""
    return f"there is no interface {interface}"


def _may_be_virtual_functions(every: t.Sequence[Binding], seen: t.Mapping[str, Seen]) -> bool:
    """Whether the profiles make as many virtual functions as there are interfaces that are not there: their names are not known before."""
    unknown = [each for each in every if each.type in ETHERNET_TYPES and each.interface and each.interface not in seen]
    if any(each.virtual_functions for each in unknown):
        return False
    return len(unknown) <= sum(each.virtual_functions for each in every)


def _winner(binding: Binding, every: t.Sequence[Binding], found: t.Mapping[str, Expectation]) -> str | None:
    """The profile that NetworkManager prefers on the interface of another one."""
    interface = found[binding.file_name].interface
    if not interface or _shares(binding):
        return None
    better = [
        each
        for each in every
        if each.file_name != binding.file_name
        and found[each.file_name].interface == interface
        and not found[each.file_name].waiting_for
        and not _shares(each)
        and each.priority > binding.priority
    ]
    return profile_name(max(better, key=lambda each: each.priority).file_name) if better else None


def _shares(binding: Binding) -> bool:
    """Whether others may have the same interface: the parts of Open vSwitch have one name, and of wifi networks one is in reach."""
    return binding.type.startswith("ovs-") or binding.type in RADIOS


def ports_of(binding: Binding, every: t.Iterable[Binding]) -> list[Binding]:
    """The profiles that become ports of another one."""
    return [each for each in every if each.controller and each.controller in binding.names]


def _below(binding: Binding, every: t.Iterable[Binding]) -> list[Binding]:
    """The profiles that another one is on top of."""
    return [each for each in every if binding.parent and binding.parent in each.names]


def _with_what_it_is_made_of(
    binding: Binding, every: t.Sequence[Binding], found: t.Mapping[str, Expectation]
) -> Expectation:
    """A bridge or a bond whose ports all wait has no carrier, and what is on top of an interface that waits has none either."""
    expectation = found[binding.file_name]
    if expectation.waiting_for:
        return expectation
    if not _comes_up(binding, every, found):
        return expectation._replace(waiting_for=_BY_HAND)
    for words, parts in (("its ports wait", ports_of(binding, every)), ("its parent waits", _below(binding, every))):
        if parts and all(found[each.file_name].waiting_for for each in parts):
            names = ", ".join(profile_name(each.file_name) for each in parts)
            return expectation._replace(may_come_late=f"{words} ({names})", is_cut=True)
    return expectation


def segment(
    binding: Binding, every: t.Sequence[Binding], found: t.Mapping[str, Expectation], seen: t.Collection[str]
) -> str:
    """The interface of now that is on the segment of a profile: its own, a port of the bridge or bond that it will be, a macvlan's parent.

    Empty where there is none.
    """
    interface = found[binding.file_name].interface
    made_of = [found[each.file_name].interface for each in ports_of(binding, every)]
    if binding.type in _ON_THE_SAME_SEGMENT:
        made_of += [binding.parent, *(found[each.file_name].interface for each in _below(binding, every))]
    return next((name for name in (interface, *made_of) if name in seen), "")


def two_alike(bindings: t.Sequence[Binding], found: t.Mapping[str, Expectation]) -> tuple[str, str, str] | None:
    """Two profiles between which only chance decides at a boot, and their interface.

    One that is for any ethernet interface takes that of another one as well.
    """
    first: dict[tuple[str, int], str] = {}
    for each in bindings:
        expectation = found[each.file_name]
        if not expectation.interface or expectation.waiting_for or _shares(each):
            continue
        other = first.setdefault((expectation.interface, each.priority), each.file_name)
        if other != each.file_name:
            return profile_name(other), profile_name(each.file_name), expectation.interface
    for each in (each for each in bindings if each.is_for_any and not found[each.file_name].waiting_for):
        for rival in (rival for rival in bindings if rival.type in ETHERNET_TYPES and rival.priority == each.priority):
            expectation = found[rival.file_name]
            if expectation.interface and not expectation.waiting_for:
                return profile_name(each.file_name), profile_name(rival.file_name), expectation.interface
    return None


def referring(bindings: t.Sequence[Binding], changed: t.Collection[str]) -> set[str]:
    """The files of profiles that refer to a changed one (its ports, what is on top of it), which takes them down with it."""
    found = set(changed)
    while True:
        names = {name for each in bindings if each.file_name in found for name in each.names if name}
        more = {each.file_name for each in bindings if {each.controller, each.parent} & names} - found
        if not more:
            return found - set(changed)
        found |= more


def related(bindings: t.Sequence[Binding], found: t.Mapping[str, Expectation], start: t.Collection[str]) -> set[str]:
    """Some interfaces, and all that the profiles put on top of them: a bridge or a bond that they become ports of, a VLAN, and so on.

    A bridge of Open vSwitch has its addresses on an interface that is a port of a port of it.
    """
    interfaces = set(start)
    while True:
        uuids = {each.uuid for each in bindings if found[each.file_name].interface in interfaces}
        known = interfaces | uuids
        above = {each.interface for each in bindings if each.parent in known and each.interface}
        controllers = {
            each.controller for each in bindings if found[each.file_name].interface in interfaces and each.controller
        }
        above |= {each.interface for each in bindings if set(each.names) & controllers and each.interface}
        above |= {each.interface for each in bindings if each.type.startswith("ovs-") and each.controller in known}
        above -= {""}
        if above <= interfaces:
            return interfaces
        interfaces |= above
