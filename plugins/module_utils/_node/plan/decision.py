# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change comes to where something differs or is not up: what is changed, what waits, and what is taken down."""

from __future__ import annotations

import typing as t

from ..model import Managed, Step
from ..networkmanager.client import Device, NetworkManager
from ..networkmanager.keyfile import parse
from ..paths import profile_name
from ..protocol import Conflict, InvalidInput, WantedProfile
from .inspection import interfaces_by_file, peer_of_session
from .outlook import NOTHING_CHANGED, Outlook
from .planning import Observed, Plan, collision, differences
from .trial_steps import keeper_of, steps_of, trial_texts


def planned(
    manager: NetworkManager,
    plan: Plan,
    outlook: Outlook,
    devices: t.Sequence[Device],
    observed: t.Mapping[str, Observed],
    managed: Managed,
    required: t.Collection[str],
) -> Plan:
    """The plan with what differs, how it is tried, and what is not up because it waits. Raises Conflict and InvalidInput."""
    by_file = {each.file_name: each for each in outlook.bindings}
    found = _waiting(outlook, observed)
    reasons = _reasons(plan.wanted, observed, managed, found)
    keeper = keeper_of(outlook)
    texts = trial_texts(outlook, plan.wanted, keeper)
    steps = steps_of(outlook, plan._replace(texts=texts, reasons=reasons), observed, required)
    tried = {step.file_name: step.waiting_for for step in steps}
    found = {name: reason for name, reason in {**found, **tried}.items() if tried.get(name, reason)}
    _refuse_waiting(outlook, found, required)
    late = {step.file_name for step in steps if step.may_come_late}
    diverting = _diverting(outlook, [each for each in plan.wanted if each.file_name in late | set(found)])
    _refuse_diversion(found, diverting)
    steps = tuple(
        step._replace(awaited=True, may_come_late="") if step.file_name in diverting else step for step in steps
    )
    idle = (*plan.idle, *_taken_down(manager, outlook, devices, steps, plan.stale))
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
        kept=outlook.session.address if outlook.session and keeper else "",
        expects_gateway=not any(outlook.is_of_the_way(by_file[step.file_name]) for step in steps)
        or any(each.gives_gateway for each in outlook.bindings if each.file_name not in found),
    )


def _reasons(
    wanted: t.Iterable[WantedProfile],
    observed: t.Mapping[str, Observed],
    managed: Managed,
    waiting: t.Mapping[str, str],
) -> dict[str, str]:
    """Why each profile that needs a change does. Raises Conflict where something that is not ours is in its way."""
    reasons = {}
    for profile in wanted:
        seen = observed[profile.file_name]
        reason = differences(profile, seen, waiting.get(profile.file_name, ""))
        in_the_way = collision(profile, seen, managed) if reason else ""
        if in_the_way:
            raise Conflict(in_the_way, profile=profile.file_name)
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


def _refuse_waiting(outlook: Outlook, waiting_for: t.Mapping[str, str], required: t.Collection[str]) -> None:
    """Raise InvalidInput for a required profile that would wait."""
    for each in outlook.bindings:
        name = each.file_name
        if name in waiting_for and name in required:
            raise InvalidInput(
                f"profile {profile_name(name)} is required, and would not come up: {waiting_for[name]}; {NOTHING_CHANGED}",
                profile=name,
            )


def _diverting(outlook: Outlook, unproven: t.Iterable[WantedProfile]) -> dict[str, str]:
    """Of profiles that may come up after the change was confirmed: the line of each that takes the route to the controller then."""
    by_name = {each.file_name: each for each in outlook.bindings}
    profiles = [
        each
        for each in unproven
        if by_name[each.file_name].autoconnect
        and each.type != "vpn"
        and not outlook.is_of_the_way(by_name[each.file_name])
    ]
    peer = peer_of_session() if profiles else ""
    if not peer:
        return {}
    from ..system.routes import networks  # here: few profiles are up later than the others
    from .diversion import diverting_line, prefix_of

    known = max((prefix_of(each, peer) for each in networks()), default=-1)
    lines = {each.file_name: diverting_line(parse(each.text), peer, known) for each in profiles}
    return {name: line for name, line in lines.items() if line and known >= 0}


def _refuse_diversion(waiting_for: t.Mapping[str, str], diverting: t.Mapping[str, str]) -> None:
    """Raise InvalidInput for a profile that waits, and would cut the controller off. A late one must come up in the trial instead."""
    for name, line in diverting.items():
        if name in waiting_for:
            raise InvalidInput(
                f"profile {profile_name(name)} cannot be tried now ({waiting_for[name]}), and would take the route to the controller when "
                f"it comes up: {line}; correct that line, {NOTHING_CHANGED}",
                profile=name,
            )


def _taken_down(
    manager: NetworkManager,
    outlook: Outlook,
    devices: t.Sequence[Device],
    steps: t.Sequence[Step],
    stale: t.Collection[str],
) -> tuple[str, ...]:
    """The interfaces for which there is a profile that waits, and that lose what they have: as after a boot.

    That is where such a profile is active itself, where the one that is active goes (its file is one of ``stale``), and where
    NetworkManager has made a profile by itself: it makes none where there is one on the disk.
    Raises InvalidInput where the controller's own management connection is one of them and nothing else comes up.
    """
    expected = outlook.expected
    waiting = {each.interface: name for name, each in expected.items() if each.waiting_for}
    served = {each.interface for each in expected.values() if not each.waiting_for}
    changed = {expected[step.file_name].interface for step in steps if step.waiting_for}
    by_uuid = {step.final_uuid: step.file_name for step in steps if step.waiting_for}
    active = interfaces_by_file(manager, devices) if stale else {}
    going = {active[name] for name in stale if name in active}
    found = []
    for device in devices:
        name = by_uuid.get(device.active_uuid) or waiting.get(device.interface)
        if name is None or not device.active_uuid or device.interface in served:
            continue
        is_automatic = device.interface in changed and manager.is_automatic(device)
        if not (device.active_uuid in by_uuid or device.interface in going or is_automatic):
            continue
        is_way = outlook.session is not None and device.interface == outlook.session.interface
        if is_way and all(each.waiting_for for each in expected.values()):
            raise InvalidInput(
                f"with profile {profile_name(name)}, which would not come up at the next boot ({expected[name].waiting_for}), nothing would"
                f" bring {device.interface} up, over which the controller connects; {NOTHING_CHANGED}",
                profile=name,
                interface=device.interface,
            )
        found.append(device.interface)
    return tuple(found)
