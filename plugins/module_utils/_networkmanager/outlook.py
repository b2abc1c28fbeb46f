# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of the wanted profiles on this node, what they wait for, and over which interfaces the controller may come in then.

Only where something differs or is not up: where all is as it should be, nobody asks.
"""

from __future__ import annotations

import socket
import typing as t

from .bindings import Binding, binding
from .expecting import Expectation, Seen, expect, referring, related, segment, short, two_alike
from .keyfile import with_first_value, with_more
from .looking import addresses_of_session, has_carrier, lower_interfaces, session_of
from .model import Managed, Request, Step, WantedProfile
from .network_manager import Device, NetworkManager, NetworkManagerError
from .planning import Observed, Plan, Session, collision, differences, trial_step

# no keyfile has so many
_KEPT_ADDRESS = "address99"
# milliseconds, as newer releases of NetworkManager do by default
_DUPLICATE_SEARCH = "200"
_NOTHING_CHANGED = "nothing was changed"


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
        """Whether the controller may have to come in over a profile's interface."""
        interface = self.expected[binding.file_name].interface
        return self.session is not None and (interface or binding.interface) in self.way


def look_ahead(
    manager: NetworkManager, devices: t.Sequence[Device], request: Request, wanted: t.Sequence[WantedProfile]
) -> Outlook:
    """What becomes of the wanted profiles. Raises NetworkManagerError where that would be another thing than anybody wants."""
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
        known = ", ".join(sorted(set(seen) - {"lo"}))
        is_for = f"interface {first.interface}" if first.interface else f"MAC address {first.mac_address}"
        if not first.interface and not first.mac_address:
            is_for = f"an interface of type {first.type}"
        raise NetworkManagerError(
            f"profile {first.file_name} is for {is_for}, which this host does not have; it has {known}"
        )


def _refuse_chance(bindings: t.Sequence[Binding], expected: t.Mapping[str, Expectation]) -> None:
    found = two_alike(bindings, expected)
    if found:
        first, second, interface = found
        raise NetworkManagerError(
            f"profiles {first} and {second} are both for {interface} with the same autoconnect-priority, so that chance decides which one "
            f"a boot brings up; give the one that shall win a higher autoconnect-priority, {_NOTHING_CHANGED}"
        )


def _refuse_unknown_secondaries(manager: NetworkManager, bindings: t.Sequence[Binding]) -> None:
    """A profile does not come up without the VPNs that it names."""
    ours = {each.uuid for each in bindings}
    for each in bindings:
        for uuid in each.secondaries:
            if uuid not in ours and manager.profile_path(uuid) is None:
                raise NetworkManagerError(
                    f"profile {short(each.file_name)} names the VPN {uuid} in secondaries, which neither config nor this host has, and "
                    f"would not come up without it; add it or remove it there, {_NOTHING_CHANGED}"
                )


def planned(
    manager: NetworkManager,
    plan: Plan,
    outlook: Outlook,
    devices: t.Sequence[Device],
    observed: t.Mapping[str, Observed],
    managed: Managed,
    required: t.Collection[str],
) -> Plan:
    """The plan with what differs, how it is tried, and what is not up because it waits. Raises NetworkManagerError."""
    by_file = {each.file_name: each for each in outlook.bindings}
    found = _waiting(outlook, observed)
    reasons = _reasons(plan.wanted, observed, managed, found)
    texts = _trial_texts(outlook, plan.wanted)
    steps = _steps(outlook, plan._replace(texts=texts, reasons=reasons), observed, required)
    tried = {step.file_name: step.waiting_for for step in steps}
    found = {name: reason for name, reason in {**found, **tried}.items() if tried.get(name, reason)}
    _refuse_waiting(outlook, found, required)
    idle = (*plan.idle, *_taken_down(manager, outlook, devices, steps))
    return plan._replace(
        steps=steps,
        texts=texts,
        reasons=reasons,
        idle=tuple(dict.fromkeys(idle)),
        session=outlook.session,
        way=outlook.way,
        waiting=found,
        interfaces={name: each.interface for name, each in outlook.expected.items()},
        segments=outlook.segments,
        kept=outlook.session.address if outlook.session and _keeper(outlook) else "",
        expects_gateway=not any(outlook.is_of_the_way(by_file[step.file_name]) for step in steps)
        or any(each.gives_gateway for each in outlook.bindings if each.file_name not in found),
    )


def _reasons(
    wanted: t.Iterable[WantedProfile],
    observed: t.Mapping[str, Observed],
    managed: Managed,
    waiting: t.Mapping[str, str],
) -> dict[str, str]:
    """Why each profile that needs a change does. Raises NetworkManagerError where something of somebody else is in its way."""
    reasons = {}
    for profile in wanted:
        seen = observed[profile.file_name]
        reason = differences(profile, seen, waiting.get(profile.file_name, ""))
        in_the_way = collision(profile, seen, managed) if reason else ""
        if in_the_way:
            raise NetworkManagerError(in_the_way)
        if reason:
            reasons[profile.file_name] = reason
    return reasons


def _waiting(outlook: Outlook, observed: t.Mapping[str, Observed]) -> dict[str, str]:
    """What each profile that is not up waits for, by file name; those that are tried now may come up yet."""
    found = {}
    for name, expectation in outlook.expected.items():
        reason = expectation.waiting_for or (
            expectation.may_come_late if observed[name].is_free or expectation.is_cut else ""
        )
        is_dark = expectation.is_cut and expectation.interface in outlook.dark
        if reason and (is_dark or not observed[name].is_active):
            found[name] = reason
    return found


def _keeper(outlook: Outlook) -> str:
    """The file of the profile that may be given another address on the controller's way in; empty where there is none.

    A DHCP server gives the same one to the same client. Nobody knows which one it gets: the trial keeps the controller's own beside it.
    """
    session = outlook.session
    if session is None or session.address.startswith("fe80:") or _stays(outlook, session):
        return ""
    asking = (
        each
        for each in outlook.bindings
        if outlook.is_of_the_way(each)
        and session.family in (each.asking if each.has_client_id else {*each.asking} - {"ipv4"})
        and session.address not in each.addresses
    )
    return next((each.file_name for each in asking if not outlook.expected[each.file_name].waiting_for), "")


def _stays(outlook: Outlook, session: Session) -> bool:
    """Whether a router's advertisement gives the same address again: it is made of the MAC address (RFC 4291, appendix A)."""
    mac = outlook.mac_address.replace(":", "")
    if session.family != "ipv6" or len(mac) != 12:
        return False
    made = bytes([int(mac[:2], 16) ^ 2]) + bytes.fromhex(mac[2:6]) + b"\xff\xfe" + bytes.fromhex(mac[6:])
    return socket.inet_pton(socket.AF_INET6, session.address)[8:] == made


def _with_kept_address(text: str, session: Session) -> str:
    """dad-timeout is 0 because the address is our own already."""
    more = [f"{_KEPT_ADDRESS}={session.address}/{session.prefix}"]
    text = with_more(text, session.family, [*more, *(["method=auto"] if f"[{session.family}]" not in text else [])])
    return with_first_value(text, "ipv4", "dad-timeout", "0") if session.family == "ipv4" else text


def _trial_texts(outlook: Outlook, wanted: t.Iterable[WantedProfile]) -> dict[str, str]:
    """The texts to try: where nobody can be asked before whether an address is in use, NetworkManager asks in the trial.

    That is a VLAN that is not there yet: its parent is on another segment.
    """
    keeper = _keeper(outlook)
    kinds = {each.file_name: each.type for each in outlook.bindings}
    return {
        profile.file_name: with_first_value(profile.text, "ipv4", "dad-timeout", _DUPLICATE_SEARCH)
        if kinds[profile.file_name] == "vlan" and not outlook.segments[profile.file_name]
        else _with_kept_address(profile.text, t.cast("Session", outlook.session))
        if profile.file_name == keeper
        else profile.text
        for profile in wanted
    }


def _steps(
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
        for profile in plan.wanted
        if profile.file_name in tried
    )


def _step(outlook: Outlook, binding: Binding, step: Step, required: t.Collection[str]) -> Step:
    expectation = outlook.expected[binding.file_name]
    is_needed = outlook.is_of_the_way(binding) or _is_required(binding, required)
    late = "" if is_needed else expectation.may_come_late
    ports = [each for each in outlook.bindings if each.controller and each.controller in binding.names]
    return step._replace(
        awaited=not (expectation.waiting_for or late),
        waiting_for=expectation.waiting_for,
        may_come_late=late,
        has_ports=bool(ports),
    )


def _is_required(binding: Binding, required: t.Collection[str]) -> bool:
    """Whether the user named a profile, by its id or its file, as one that must not wait."""
    return bool({binding.id, binding.file_name, short(binding.file_name)} & set(required))


def _refuse_waiting(outlook: Outlook, waiting_for: t.Mapping[str, str], required: t.Collection[str]) -> None:
    """Raise NetworkManagerError for a required profile that would wait."""
    for each in outlook.bindings:
        if each.file_name in waiting_for and _is_required(each, required):
            raise NetworkManagerError(
                f"profile {short(each.file_name)} is required, and would not come up: {waiting_for[each.file_name]}; {_NOTHING_CHANGED}"
            )


def _taken_down(
    manager: NetworkManager, outlook: Outlook, devices: t.Sequence[Device], steps: t.Sequence[Step]
) -> tuple[str, ...]:
    """The interfaces that a profile leaves without a network which is changed into one that waits: as after a boot.

    That is where it is active itself, and where NetworkManager has made a profile by itself: it makes none where there is one on the disk.
    Raises NetworkManagerError where the controller's own way in is one of them and nothing else comes up.
    """
    waiting = {outlook.expected[step.file_name].interface: step for step in steps if step.waiting_for}
    by_uuid = {step.final_uuid: step for step in waiting.values()}
    served = {outlook.expected[step.file_name].interface for step in steps if not step.waiting_for}
    found = []
    for device in devices:
        step = by_uuid.get(device.active_uuid) or waiting.get(device.interface)
        if step is None or not device.active_uuid or device.interface in served:
            continue
        if device.active_uuid != step.final_uuid and not manager.is_automatic(device):
            continue
        is_way = outlook.session is not None and device.interface == outlook.session.interface
        if is_way and all(each.waiting_for for each in outlook.expected.values()):
            raise NetworkManagerError(
                f"with profile {short(step.file_name)}, which would not come up at the next boot ({step.waiting_for}), nothing would bring "
                f"{device.interface} up, over which the controller comes in; {_NOTHING_CHANGED}"
            )
        found.append(device.interface)
    return tuple(found)
