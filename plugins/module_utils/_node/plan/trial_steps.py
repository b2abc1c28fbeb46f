# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How each profile of a change is tried: with which text, under which uuid, and whether the change fails where it does not come up."""

from __future__ import annotations

import typing as t
from _socket import AF_INET6, inet_pton  # socket, around it, would cost each start 3 ms

from ..model import Step
from ..networkmanager.bindings import WITHOUT_ADDRESSES, Binding
from ..networkmanager.keyfile import parse, with_first_value, with_more
from ..protocol import WantedProfile
from .expectation import ports_of, referring
from .outlook import Outlook
from .planning import Observed, Plan, Session, held_back, trial_step

# no keyfile has so many
_KEPT_ADDRESS = "address99"
# milliseconds, as newer releases of NetworkManager do by default
_DUPLICATE_SEARCH = "200"


def trial_texts(outlook: Outlook, wanted: t.Iterable[WantedProfile], keeper: str) -> dict[str, str]:
    """The strings to try; ``keeper`` is the result of ``keeper_of``."""
    by_file = {each.file_name: each for each in outlook.bindings}
    held = _held_back(outlook)
    texts = {each.file_name: _trial_text(outlook, by_file[each.file_name], each.text, keeper) for each in wanted}
    return {name: held_back(text) if name in held else text for name, text in texts.items()}


def _trial_text(outlook: Outlook, binding: Binding, text: str, keeper: str) -> str:
    """Where the neighbours cannot be asked before whether an address is in use, NetworkManager asks in the trial.

    That is a VLAN that is not there yet: its parent is on another segment.
    """
    if binding.type == "vlan" and not outlook.segments[binding.file_name]:
        return with_first_value(text, "ipv4", "dad-timeout", _DUPLICATE_SEARCH)
    return _with_kept_address(text, t.cast("Session", outlook.session)) if binding.file_name == keeper else text


def _held_back(outlook: Outlook) -> set[str]:
    """The files of profiles whose trial NetworkManager must not begin by itself: a controller that brings its ports, and these.

    It would as soon as it has loaded them, and take the controller's way in away before that has got its answer. Where they are not of
    the management connection, NetworkManager may: it makes the parent of a VLAN out of what it may begin by itself only.
    """
    bringing = [(each, *ports_of(each, outlook.bindings)) for each in outlook.bindings if each.brings_ports]
    return {each.file_name for group in bringing if any(map(outlook.is_of_the_way, group)) for each in group}


def _in_turn(outlook: Outlook, wanted: t.Sequence[WantedProfile]) -> list[WantedProfile]:
    """In the order in which they were given, but what is on top of a profile that is held back after it, and ports after what brings them.

    A port that is activated first brings its controller up, and that begins the port once more: one of the two fails.
    """
    below = _held_back(outlook)
    late: set[str] = set()
    for _level in outlook.bindings:
        names = {name for each in outlook.bindings if each.file_name in below | late for name in each.names}
        late |= {each.file_name for each in outlook.bindings if each.parent in names}
    depths = _depths(outlook)
    return sorted(wanted, key=lambda profile: (profile.file_name in late, depths[profile.file_name]))


def _depths(outlook: Outlook) -> dict[str, int]:
    """By file name: how many controllers that bring their ports are above a profile, one port of the other."""
    depths = {each.file_name: 0 for each in outlook.bindings}
    bringing = [each for each in outlook.bindings if each.brings_ports]
    for _level in bringing:
        for each in bringing:
            for port in ports_of(each, outlook.bindings):
                depths[port.file_name] = min(len(bringing), depths[each.file_name] + 1)
    return depths


def keeper_of(outlook: Outlook) -> str:
    """The file of the profile that may be given another address on the controller's management connection; empty where there is none.

    A DHCP server gives the same one to the same client. It is not known which one it gets: the trial keeps the controller's own beside it.
    """
    session = outlook.session
    if session is None or session.address.startswith("fe80:") or _stays(outlook, session):
        return ""
    asking = (
        each
        for each in outlook.bindings
        if outlook.is_of_the_way(each)
        and session.family in (each.asking if each.is_another_client else {*each.asking} - {"ipv4"})
        and session.address not in each.addresses
    )
    return next((each.file_name for each in asking if not outlook.expected[each.file_name].waiting_for), "")


def _stays(outlook: Outlook, session: Session) -> bool:
    """Whether a router's advertisement gives the same address again: it is made of the MAC address (RFC 4291, appendix A)."""
    mac = outlook.mac_address.replace(":", "")
    if session.family != "ipv6" or len(mac) != 12:
        return False
    made = bytes([int(mac[:2], 16) ^ 2]) + bytes.fromhex(mac[2:6]) + b"\xff\xfe" + bytes.fromhex(mac[6:])
    return inet_pton(AF_INET6, session.address)[8:] == made


def _with_kept_address(text: str, session: Session) -> str:
    """dad-timeout is 0 because the address is our own already."""
    more = [f"{_KEPT_ADDRESS}={session.address}/{session.prefix}"]
    text = with_more(
        text, session.family, [*more, *(["method=auto"] if session.family not in parse(text).sections else [])]
    )
    return with_first_value(text, "ipv4", "dad-timeout", "0") if session.family == "ipv4" else text


def steps_of(
    outlook: Outlook, plan: Plan, observed: t.Mapping[str, Observed], required: t.Collection[str]
) -> tuple[Step, ...]:
    """How each profile that changed is tried, and each that refers to one; in the order in which they were given.

    NetworkManager gives the interface that is activated first the better default route.
    """
    tried = {*plan.reasons, *referring(outlook.bindings, plan.reasons)}
    by_file = {each.file_name: each for each in outlook.bindings}
    return tuple(
        _step(
            outlook,
            by_file[profile.file_name],
            trial_step(profile, observed[profile.file_name], plan.texts[profile.file_name]),
            required,
        )
        for profile in _in_turn(outlook, plan.wanted)
        if profile.file_name in tried
    )


def _step(outlook: Outlook, binding: Binding, step: Step, required: t.Collection[str]) -> Step:
    expectation = outlook.expected[binding.file_name]
    is_needed = outlook.is_of_the_way(binding) or binding.file_name in required
    late = "" if is_needed else expectation.may_come_late
    # a bridge and a port of Open vSwitch are not interfaces of the kernel: nothing shows a carrier
    has_ports = binding.type not in WITHOUT_ADDRESSES and bool(ports_of(binding, outlook.bindings))
    return step._replace(
        awaited=not (expectation.waiting_for or late),
        waiting_for=expectation.waiting_for,
        may_come_late=late,
        has_ports=has_ports,
        asks_through_ports=has_ports and bool(binding.asking),
    )
