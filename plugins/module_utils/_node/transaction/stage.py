# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first half of the transaction: what a request comes to on this node, and whether anything is in the way."""

from __future__ import annotations

import contextlib
import typing as t

from .. import paths
from ..dbus.connection import BusError
from ..model import Managed, Trial
from ..networkmanager.client import Device, NetworkManager
from ..plan.inspection import (
    addresses_of_session,
    carried_addresses,
    configured_addresses,
    interfaces_by_file,
    observe,
    observe_all,
)
from ..plan.planning import (
    Plan,
    dhcp_beside,
    dhcp_profile,
    differences,
    ethernet_interfaces,
    idle_interfaces,
    stale_files,
    trial_step,
)
from ..protocol import Answer, Busy, Knock, NodeError, OtherHost, Request, Staged, WantedProfile
from ..state import records
from ..system.files import read_text
from .adoption import record_as_ours, refuse_file_of_elemental, warnings_of_elemental
from .preconditions import (
    busy_with_a_trial,
    busy_with_another_tool,
    is_other_host,
    refuse_missing_plugins,
    refuse_other_identity,
    refuse_other_machine,
    refuse_other_media,
    refuse_unknown_addresses,
    refuse_unknown_machine,
    refuse_unmanaged_interfaces,
)

if t.TYPE_CHECKING:
    from .trial import Present


class _Prepared(t.NamedTuple):
    """A plan, what it was made of, and the answer to the controller."""

    plan: Plan
    managed: Managed
    present: Present
    answer: Staged


def stage(manager: NetworkManager, request: Request, profiles: tuple[WantedProfile, ...], program: str) -> Answer:
    """Try the profiles of a request; the answer states what changes and where the node will be."""

    def plan(managed: Managed, devices: t.Sequence[Device]) -> Plan:
        with records.remembering(request.token, request.machine):
            if request.more_files:
                refuse_file_of_elemental(request, managed)
            refuse_missing_plugins(manager, profiles)
            refuse_unmanaged_interfaces(manager, devices, profiles)
            return _plan(manager, devices, request, profiles, managed)

    return _carry_out(manager, request, program, plan)


def stage_reset(manager: NetworkManager, request: Request, addresses: t.Collection[str], program: str) -> Answer:
    """Try DHCP on every interface that carries a profile of ours, beside the static address that the controller is connected to.

    ``addresses`` are claimed ones, which must be gone then.
    """

    def plan(managed: Managed, devices: t.Sequence[Device]) -> Plan:
        refuse_other_identity(request)
        if managed.profiles or addresses:
            refuse_file_of_elemental(request, managed)
        if not managed.profiles:
            refuse_unknown_addresses(manager, devices, addresses)
        if addresses:
            refuse_unknown_machine(managed, request.machine)
        present = {device.interface for device in devices}
        names = ethernet_interfaces(managed, interfaces_by_file(manager, devices))
        wanted = tuple(dhcp_profile(name) for name in names if name in present)
        refuse_other_media(managed, wanted)
        return _keeping_static(manager, devices, _plan(manager, devices, request, wanted, managed))

    return _carry_out(manager, request, program, plan)


def _plan(
    manager: NetworkManager,
    devices: t.Sequence[Device],
    request: Request,
    wanted: tuple[WantedProfile, ...],
    managed: Managed,
) -> Plan:
    observed = {profile.file_name: found for profile, found in observe_all(manager, devices, wanted)}
    stale = stale_files(managed, wanted)
    plan = Plan(
        wanted=wanted,
        steps=(),
        texts={profile.file_name: profile.text for profile in wanted},
        reasons={},
        stale=stale,
        idle=idle_interfaces(managed, wanted, interfaces_by_file(manager, devices)) if stale else (),
        more_files=_differing_files(request, managed),
    )
    if not plan.changes and not any(differences(profile, observed[profile.file_name]) for profile in wanted):
        return plan
    from ..plan.decision import planned  # here: few find something that is not up
    from ..plan.outlook import look_ahead

    return planned(
        manager, plan, look_ahead(manager, devices, request, wanted), devices, observed, managed, request.required
    )


def _differing_files(request: Request, managed: Managed) -> dict[str, str | None]:
    theirs = (paths.ELEMENTAL_FILE,) if request.takes_over_files else ()
    gone = {path: None for path in (*managed.more_files, *theirs) if path not in request.more_files}
    return {path: text for path, text in {**gone, **request.more_files}.items() if read_text(path) != text}


def _keeping_static(manager: NetworkManager, devices: t.Sequence[Device], plan: Plan) -> Plan:
    """Make before break: on the controller's interface the trial has the lease and the static addresses."""
    by_interface = {device.interface: device for device in devices}
    by_file = {profile.file_name: profile for profile in plan.wanted}
    steps, texts = [], dict(plan.texts)
    for step in plan.steps:
        profile, device = by_file[step.file_name], by_interface[str(step.interface)]
        is_connected = plan.session is not None and device.interface == plan.session.interface
        # if the interface of the controller's connection is unknown (a name, NAT, and sudo hide it) it may be any of ours
        if is_connected or plan.session is None:
            texts[profile.file_name] = dhcp_beside(profile.text, configured_addresses(manager, device))
            tried = trial_step(profile, observe(manager, devices, profile), texts[profile.file_name])
            step = step._replace(trial_uuid=tried.trial_uuid)
        # another segment may have no DHCP server: that must not keep a node from its reset
        steps.append(step._replace(awaited=is_connected and not step.waiting_for))
    return plan._replace(steps=tuple(steps), texts=texts, is_reset=True)


def _carry_out(
    manager: NetworkManager,
    request: Request,
    program: str,
    make_plan: t.Callable[[Managed, t.Sequence[Device]], Plan],
) -> Answer:
    with records.exclusive():
        found = _prepare(manager, request, make_plan)
    if not isinstance(found, _Prepared):
        return found
    from .trial import find_out, open_trial  # here: nothing needs it where nothing differs

    findings = find_out(found.plan, request, found.present.addresses)
    with records.exclusive():
        busy = busy_with_a_trial(manager, request, []) or busy_with_another_tool(manager)
        if busy is not None:
            return busy
        is_overtaken = records.load_managed() != found.managed
        # of now: a device may have been on its way back from an earlier trial, or in the hands of another tool
        devices = manager.devices()
        present = found.present._replace(devices=devices, addresses=carried_addresses(manager, devices))
        trial = None if is_overtaken else open_trial(manager, found.plan, request, program, present, findings)
    if trial is None:  # another controller was faster: there may be something else to do
        return _carry_out(manager, request, program, make_plan)
    known = {*present.addresses, *addresses_of_session(request.connected_address)}
    return _begun(manager, request, found.plan, trial, _answer(found.answer, trial, known))


def _answer(preview: Staged, trial: Trial, known: t.Collection[str]) -> Staged:
    """What the controller is answered of an open trial; ``known`` are the addresses that this host has had."""
    return preview._replace(
        # where it keeps a lease, its address may stay
        addresses=() if trial.lease_interfaces else trial.required_addresses,
        # a connection to one of these cannot have been begun before the trial
        new_addresses=tuple(address for address in trial.required_addresses if address not in known),
        failed_before=dict(trial.failed_before),
    )


def _begun(manager: NetworkManager, request: Request, plan: Plan, trial: Trial, staged: Staged) -> Staged:
    """Begin the trial; the answer with what is known of how it goes on."""
    from .trial import begin_trial

    then = None
    # a login there was begun after the change; of several addresses not each may be in reach
    if len(staged.addresses) == 1 and staged.new_addresses == staged.addresses:
        from .handover import login_awaited  # here: only if the address moves

        then = login_awaited(request.knock, trial.token, staged.addresses[0])
    is_up = begin_trial(manager, plan, trial, then)
    staged = staged._replace(signals=then is not None)
    return _with_outcome(manager, request, request.knock, staged) if is_up and request.knock else staged


def _prepare(
    manager: NetworkManager, request: Request, make_plan: t.Callable[[Managed, t.Sequence[Device]], Plan]
) -> _Prepared | Busy | OtherHost | Staged:
    """What a trial would do; the answer where there is none to open. The caller holds the lock."""
    warnings: list[str] = []
    busy = busy_with_a_trial(manager, request, warnings)
    if busy is not None:
        return busy
    managed = records.load_managed()
    if managed.token == request.token:  # ssh has sent the request twice, and its first run came to an end
        return Busy(request.controller, request.token)
    if is_other_host(managed, request):
        return OtherHost(managed.machine)
    refuse_other_machine(managed, request.machine, request.former)
    devices = manager.devices()
    plan = make_plan(managed, devices)
    if not plan.is_reset:
        warnings += warnings_of_elemental(request, managed)
    if not plan.changes:
        if not plan.is_reset:
            record_as_ours(plan, request, managed)
        is_renamed = not plan.is_reset and bool(request.former) and managed.machine == request.former != request.machine
        return Staged(renamed=is_renamed, waiting=dict(plan.waiting), warnings=tuple(warnings))
    from ..plan.judging import judge  # here: nothing needs it where nothing differs
    from .trial import Present, preview

    connections = manager.connections()
    with _remembering_refusals(plan, request):
        answer = preview(manager, plan, connections)
        warnings = [*answer.warnings, *judge(plan), *warnings]
    answer = answer._replace(warnings=tuple(warnings))
    if request.check:
        return answer
    busy = busy_with_another_tool(manager)
    if busy is not None:
        return busy
    return _Prepared(plan, managed, Present(connections, devices, carried_addresses(manager, devices)), answer)


@contextlib.contextmanager
def _remembering_refusals(plan: Plan, request: Request) -> t.Iterator[None]:
    """A host that could not become a machine is known to its reset; one that could not be reset has not become another one."""
    if plan.is_reset:
        yield
        return
    with records.remembering(request.token, request.machine):
        yield


def _with_outcome(manager: NetworkManager, request: Request, knock: Knock, staged: Staged) -> Staged:
    """The answer with the outcome, if the controller reconnects while it waits: it need not ask then."""
    from .confirm import outcome, visit_at_once

    visit = visit_at_once(request.connected_address, knock)
    try:
        found = outcome(manager, request.token, visit)
    except (NodeError, BusError, OSError):
        return staged  # the controller asks for the outcome then
    if found is not None:
        return staged._replace(outcome=found)
    from .handover import hand_over  # here: behind NAT alone

    return staged._replace(is_watched=hand_over(request.token, visit))
