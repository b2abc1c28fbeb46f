# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of the wanted profiles on this node, what they wait for, and over which interfaces the controller may come in then.

Only where something differs or is not up: where all is as it should be, nobody asks.
"""

from __future__ import annotations

import typing as t

from .bindings import Binding, binding
from .expecting import Expectation, Seen, expect, referring, related, short, two_alike
from .looking import addresses_of_session, has_carrier, lower_interfaces, session_of
from .model import Request, Step, WantedProfile
from .network_manager import Device, NetworkManager, NetworkManagerError
from .planning import Observed, Session, trial_step

_NOTHING_CHANGED = "nothing was changed"


class Outlook(t.NamedTuple):
    """The profiles, what becomes of each, and the management connection; ``way`` as in a plan."""

    bindings: tuple[Binding, ...]
    expected: t.Mapping[str, Expectation]
    session: Session | None
    way: t.AbstractSet[str]

    def is_of_the_way(self, binding: Binding) -> bool:
        """Whether the controller may have to come in over a profile's interface."""
        interface = self.expected[binding.file_name].interface
        return self.session is not None and (interface or binding.interface) in self.way

    def referring(self, changed: t.Collection[str]) -> set[str]:
        """The files of profiles that a change of these takes down with them."""
        return referring(self.bindings, changed)


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
    return Outlook(bindings, expected, session, frozenset(way))


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


def waiting(outlook: Outlook, observed: t.Mapping[str, Observed]) -> dict[str, str]:
    """What each profile that is not up waits for, by file name; those that are tried now may come up yet."""
    found = {}
    for name, expectation in outlook.expected.items():
        reason = expectation.waiting_for or (expectation.may_come_late if observed[name].is_free else "")
        if reason and not observed[name].is_active:
            found[name] = reason
    return found


def steps_of(
    outlook: Outlook,
    wanted: t.Iterable[WantedProfile],
    observed: t.Mapping[str, Observed],
    changed: t.Collection[str],
    required: t.Collection[str],
) -> tuple[Step, ...]:
    """How each profile that changed is tried, and each that refers to one; in the order in which they were given.

    NetworkManager gives the interface that is activated first the better default route. Raises NetworkManagerError for a required
    profile that waits.
    """
    tried = {*changed, *outlook.referring(changed)}
    by_file = {each.file_name: each for each in outlook.bindings}
    return tuple(
        _step(
            outlook,
            by_file[profile.file_name],
            trial_step(profile, observed[profile.file_name], profile.text),
            required,
        )
        for profile in wanted
        if profile.file_name in tried
    )


def _step(outlook: Outlook, binding: Binding, step: Step, required: t.Collection[str]) -> Step:
    expectation = outlook.expected[binding.file_name]
    is_needed = outlook.is_of_the_way(binding) or is_required(binding, required)
    late = "" if is_needed else expectation.may_come_late
    ports = [each for each in outlook.bindings if each.controller and each.controller in binding.names]
    return step._replace(
        awaited=not (expectation.waiting_for or late),
        waiting_for=expectation.waiting_for,
        may_come_late=late,
        has_ports=any(not outlook.expected[each.file_name].waiting_for for each in ports),
    )


def is_required(binding: Binding, required: t.Collection[str]) -> bool:
    """Whether the user named a profile, by its id or its file, as one that must not wait."""
    return bool({binding.id, binding.file_name, short(binding.file_name)} & set(required))


def refuse_waiting(outlook: Outlook, waiting_for: t.Mapping[str, str], required: t.Collection[str]) -> None:
    """Raise NetworkManagerError for a required profile that would wait."""
    for each in outlook.bindings:
        if each.file_name in waiting_for and is_required(each, required):
            raise NetworkManagerError(
                f"profile {short(each.file_name)} is required, and would not come up: {waiting_for[each.file_name]}; {_NOTHING_CHANGED}"
            )


def taken_down(outlook: Outlook, devices: t.Sequence[Device], steps: t.Sequence[Step]) -> tuple[str, ...]:
    """The interfaces on which a profile is active that is changed into one that waits: as after a boot, it is not up then.

    Raises NetworkManagerError where the controller's own way in is one of them and nothing else comes up.
    """
    uuids = {step.final_uuid: step for step in steps if step.waiting_for}
    served = {outlook.expected[step.file_name].interface for step in steps if not step.waiting_for}
    found = [device for device in devices if device.active_uuid in uuids and device.interface not in served]
    for device in found:
        is_way = outlook.session is not None and device.interface == outlook.session.interface
        if is_way and all(each.waiting_for for each in outlook.expected.values()):
            step = uuids[device.active_uuid]
            raise NetworkManagerError(
                f"profile {short(step.file_name)} would not come up at the next boot ({step.waiting_for}), and it is the one over which "
                f"the controller comes in; {_NOTHING_CHANGED}"
            )
    return tuple(device.interface for device in found)
