# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The second half of the transaction: judge, and persist once the controller has connected."""

from __future__ import annotations

import os
import time
import typing as t

from .. import paths
from ..checks.inbound import Arrival
from ..checks.probing import default_routes, run_probes
from ..dbus.connection import BusError
from ..model import Managed, Step, Trial
from ..networkmanager.client import Device, NetworkManager, NetworkManagerError
from ..plan.inspection import (
    addresses_of_session,
    by_active_profile,
    carried_addresses,
    connection_of_session,
    has_carrier,
    host_identity,
    is_present,
    leases,
    way_behind_nat,
)
from ..protocol import (
    ACTIVATED,
    CONFIRMED,
    DAMAGED,
    ELSEWHERE,
    LOST,
    PENDING,
    PERSISTING,
    ROLLED_BACK,
    UNKNOWN,
    Judgement,
    Knock,
    NodeError,
)
from ..state import journal, records
from ..system.files import private, private_folder, remove
from ..system.timers import cancel
from .activate import activate_step, in_turn, replaced_files
from .rollback import timer_name, undo

# seconds that the work after the proof may take before the checkpoint rolls back
_TIME_TO_PERSIST = 30
# so shortly before the deadline, in seconds, a probe that fails proves nothing, and none that passes helps
_TOO_LATE = 0.2
# how long a lease may take to come back with the final profile, in seconds: well within the time to persist
_LEASE_STAYS = 10.0
# how long a question waits for a trial to come up and for the controller to connect, in seconds
_PATIENCE = 2.0
# how long a lease is waited for on an interface that the controller does not need, in seconds from the start of the trial
_LATE = 10.0


def silence(manager: NetworkManager, trial: Trial) -> str:
    """Why no controller confirmed a trial in time."""
    if trial.waiting_for:
        return f"{trial.waiting_for}, for {trial.deadline} s"
    if trial.lease_interfaces and not _leases(manager, trial):
        return f"no DHCP server answered on {', '.join(trial.lease_interfaces)} within {trial.deadline} s"
    awaited = [step.interface for step in trial.steps if step.awaited and step.interface]
    # what the change alone had made went with it
    unplugged = [interface for interface in awaited if is_present(interface) and not has_carrier(interface)]
    if unplugged:
        names = ", ".join(dict.fromkeys(unplugged))
        return f"{names} has no carrier (a cable, a port of the switch), and the controller did not connect within {trial.deadline} s"
    where = f" to {', '.join(trial.required_addresses)}" if trial.required_addresses else ""
    return f"the controller did not connect{where} within {trial.deadline} s"


def confirm(manager: NetworkManager, token: str, arrived_at: str, fresh: bool, knock: Knock | None) -> Judgement:
    """Judge the trial for a controller that connected at ``arrived_at``, with a connection that began after the trial (``fresh``) or not.

    One that did not may prove that it could: by a TCP connection that it announces (``knock``) and begins while this waits. Behind NAT
    that cannot be seen, and it is not waited for.
    """
    session = connection_of_session()
    arrival = Arrival(None if knock is None or way_behind_nat(session, knock) else knock, session=session)
    answer = outcome(manager, token, Visit(arrived_at, addresses_of_session(arrived_at), fresh, arrival))
    return answer or Judgement(PENDING, host=host_identity())


def visit_at_once(arrived_at: str, knock: Knock) -> Visit:
    """That of a controller which waits for the answer to its request to stage."""
    session = connection_of_session()
    arrival = Arrival(knock, way_behind_nat(session, knock), session)
    return Visit(arrived_at, addresses_of_session(arrived_at), False, arrival)


def outcome(manager: NetworkManager, token: str, visit: Visit) -> Judgement | None:
    """Wait a moment for a trial that is not up yet, and for the controller to connect: that is cheaper than another question.

    None: from now on a new connection counts, and the controller learns that from an answer alone.
    """
    give_up = time.monotonic() + _PATIENCE
    while True:
        answer = _judge(manager, token, visit, is_last=time.monotonic() > give_up)
        if not isinstance(answer, _NotYet):
            return answer._replace(host=host_identity())
        if time.monotonic() > give_up:
            return Judgement(PENDING, host=host_identity())
        if visit.arrival.must_be_announced():
            return None
        visit = visit._replace(fresh=False)  # it was begun before the trial was up
        visit.arrival.wait(give_up)


def is_up_now(manager: NetworkManager, token: str) -> bool:
    """Whether the trial with this token is open, and all of it is up that must be."""
    trial = records.load_trial()
    return trial is not None and trial.token == token and trial.phase == ACTIVATED and _is_up(manager, trial)


class _NotYet(t.NamedTuple):
    """There is no answer yet, which never leaves this host: look again, after the probes have run (``needs_probes``) or in a moment."""

    needs_probes: bool = False


class Visit(t.NamedTuple):
    """How the controller connected, and how it may prove that it still can. ``addresses`` are what is known of where: NAT hides it."""

    address: str
    addresses: t.AbstractSet[str]
    fresh: bool
    arrival: Arrival


def _judge(manager: NetworkManager, token: str, visit: Visit, is_last: bool) -> Judgement | _NotYet:
    """Judge, probe, persist. The probes run without the lock: the watchdog and other controllers do not wait for them."""
    trial = records.load_trial()
    is_known = trial is not None and trial.token == token
    probes = trial.probes if trial is not None and is_known else ()
    passed = [probe for probe in probes if trial and not trial.failed_before.get(probe.name)]
    with records.exclusive():
        answer = _decide(manager, token, visit, is_last, {} if is_known and not passed else None)
    if trial is not None and passed and isinstance(answer, _NotYet) and answer.needs_probes:
        left = trial.opened_at + trial.deadline - time.monotonic()
        if left < _TOO_LATE:
            return _NotYet()
        failures = run_probes(passed, left)
        with records.exclusive():  # it may have ended meanwhile
            answer = _decide(manager, token, visit, is_last, failures)
    if isinstance(
        answer, _NotYet
    ):  # also where the trial was opened between the two looks: its probes are not known yet
        return answer
    failed = [probe for probe in probes if probe not in passed]
    if trial is not None and failed and answer.state == CONFIRMED:
        answer = answer._replace(failed_after={**(answer.failed_after or {}), **run_probes(failed, trial.deadline)})
    return answer


def _decide(
    manager: NetworkManager, token: str, visit: Visit, is_last: bool, failures: t.Mapping[str, str] | None
) -> Judgement | _NotYet:
    """The answer, and what follows from it. ``failures`` of the probes are None where these did not run; the caller holds the lock."""
    trial = records.load_trial()
    if trial is None or trial.token not in ("", token):
        return _ended(token)
    reason = _lost_cause(manager, trial)
    if reason:
        undo(manager, trial, reason)
        ended = _ended(token)
        # it is not known whose trial it was: this one's may have ended before
        is_another = not trial.token and ended.state != UNKNOWN
        return ended if is_another else Judgement(ROLLED_BACK, reason)
    waiting = _not_up(manager, trial, visit.addresses, is_last)
    if waiting is not None:
        if is_last:
            _waits_for(trial, waiting.reason if isinstance(waiting, Judgement) else "")
        return waiting
    trial = _proven(trial, visit)
    if not trial.is_proven and visit.arrival.is_awaited and not is_last:
        return _NotYet()
    if failures is None:
        return _NotYet(needs_probes=True)
    failing = _failing_probe(trial, failures)
    _waits_for(trial, failing)
    if failing:
        return Judgement(PENDING, failing)
    if not trial.is_proven:
        return Judgement(ELSEWHERE, addresses=(visit.address,))
    answer = _keep(manager, trial, visit.addresses)
    is_kept = answer.state == CONFIRMED
    return answer._replace(failed_after={name: each for name, each in failures.items() if each}) if is_kept else answer


def _waits_for(trial: Trial, reason: str) -> None:
    """Remember what keeps a trial from being confirmed: the controller may not see it any more when the time is over."""
    if reason != trial.waiting_for:
        records.save_trial(trial._replace(waiting_for=reason))


def _ended(token: str) -> Judgement:
    ended = records.outcome_of(token)
    return Judgement(ended.state, ended.reason, code=ended.code)


def _lost_cause(manager: NetworkManager, trial: Trial) -> str:
    """Why an open trial cannot be confirmed any more; empty where it can."""
    if trial.phase in (DAMAGED, LOST):
        return records.why_damaged()
    if manager.holds(trial):
        return ""
    return silence(manager, trial) if trial.daemon == manager.daemon else "NetworkManager was restarted"


def _not_up(
    manager: NetworkManager, trial: Trial, arrived_at: t.AbstractSet[str], is_last: bool
) -> Judgement | _NotYet | None:
    """What to answer while the trial is not up, or was reached over an address that proves nothing about it."""
    if trial.phase != ACTIVATED or not _is_up(manager, trial):
        return Judgement(PENDING, _what_is_down(manager, trial)) if is_last else _NotYet()
    if arrived_at & _addresses_left(manager, trial):
        return None
    addresses = (*_leases(manager, trial), *trial.required_addresses)
    if trial.lease_interfaces and not addresses:
        return _NotYet()
    if not addresses or arrived_at & set(addresses):
        return None
    return Judgement(ELSEWHERE, addresses=addresses)


def _addresses_left(manager: NetworkManager, trial: Trial) -> set[str]:
    """The addresses of interfaces that the change leaves to profiles of others: what is active there now is so at a boot, too.

    The controller may go on over them, although no profile of the change gives one.
    """
    if not trial.idle_interfaces:
        return set()
    before = {uuid for _interface, uuid in trial.previous}
    devices = [manager.device(interface) for interface in trial.idle_interfaces]
    active = [device for device in devices if device and device.activated and device.active_uuid not in before]
    replaced = replaced_files(trial)
    return carried_addresses(manager, [each for each in active if _file_of(manager, each) not in replaced])


def _file_of(manager: NetworkManager, device: Device) -> str:
    """The file of the profile that is active on a device; empty if no file has it."""
    path = manager.profile_path(device.active_uuid)
    return manager.profile_file(path) if path else ""


def _what_is_down(manager: NetworkManager, trial: Trial) -> str:
    """The first profile that the trial waits for, and why it is not up as far as it can be seen; empty where all are."""
    devices = manager.devices()
    active = by_active_profile(devices)
    step = next(
        (step for step in trial.steps if step.awaited and not _step_is_up(step, active.get(step.trial_uuid))), None
    )
    if step is None:
        return ""
    device = next((device for device in devices if device.interface == step.interface), None)
    return f"profile {step.file_name} is not up{_why_down(step, device)}"


def _why_down(step: Step, device: Device | None) -> str:
    if not step.interface:
        return ""
    if device is None:
        return f": there is no interface {step.interface}"
    if not has_carrier(step.interface):
        ports = " by its ports (with STP that takes twice its forward delay)" if step.has_ports else ""
        return f": {step.interface} has no carrier{ports}"
    if device.active_uuid == step.trial_uuid:
        return f": {device.waits_for}" if device.waits_for else ""
    return f": another profile is active on {step.interface}" if device.activated else ""


def _proven(trial: Trial, visit: Visit) -> Trial:
    """The trial, with the proof that the controller has reconnected since it is up, where there is one."""
    if trial.is_proven or not (visit.fresh or visit.arrival.has_come()):
        return trial
    trial = trial._replace(is_proven=True)
    records.save_trial(trial)
    return trial


def _leases(manager: NetworkManager, trial: Trial) -> list[str]:
    families = trial.lease_families
    return [address for interface in trial.lease_interfaces for address in leases(manager, interface, families)]


def _is_up(manager: NetworkManager, trial: Trial) -> bool:
    """Whether all that must be up is, and what may come late has had its time."""
    give_up = trial.opened_at + min(_LATE, trial.deadline / 2)
    is_patient = not trial.is_reset and time.monotonic() < give_up
    # asked first: what comes up between the two questions is seen by the second
    begun = manager.uuids_on_their_way() if is_patient and any(step.may_come_late for step in trial.steps) else set()
    devices = by_active_profile(manager.devices())
    return all(
        _step_is_up(step, devices.get(step.trial_uuid))
        or (step.may_come_late and step.trial_uuid not in begun and not _is_coming(step, devices, is_patient))
        for step in trial.steps
        if step.awaited or step.may_come_late
    )


def _step_is_up(step: Step, device: Device | None) -> bool:
    """A bridge or a bond that has no carrier leads nowhere: none of its ports is there, or none forwards yet (STP)."""
    return device is not None and device.activated and (not step.has_ports or has_carrier(device.interface))


def _is_coming(step: Step, devices: t.Mapping[str, Device], is_patient: bool) -> bool:
    return is_patient and step.trial_uuid in devices and not devices[step.trial_uuid].activated


def _late(manager: NetworkManager, trial: Trial) -> dict[str, str]:
    """What the profiles of a trial wait for that are not up, by file name."""
    found = {step.file_name: step.waiting_for for step in trial.steps if step.waiting_for}
    may_be_late = [step for step in trial.steps if step.may_come_late]
    devices = by_active_profile(manager.devices()) if may_be_late else {}
    for step in may_be_late:
        if not _step_is_up(step, devices.get(step.trial_uuid)):
            found[step.file_name] = step.may_come_late
    return found


def _failing_probe(trial: Trial, failures: t.Mapping[str, str]) -> str:
    """What worked before must work now; what did not is not a matter of this change, nor is a gateway that is not wanted any more."""
    excused: set[str] = set()
    if not trial.expects_gateway and any(failures.values()) and not default_routes():
        excused = {probe.name for probe in trial.probes if probe.kind == "gateway"}
    for name, failure in failures.items():
        if failure and name not in excused:
            return f"probe {name} passed before and fails now ({failure})"
    return ""


def _keep(manager: NetworkManager, trial: Trial, arrived_at: t.AbstractSet[str]) -> Judgement:
    try:
        late = _late(manager, trial)
        trial = trial.enter(PERSISTING)
        records.save_trial(trial)
        manager.extend_checkpoint(trial.checkpoint, _TIME_TO_PERSIST)
        _write(trial)
        _take_over(manager, trial)
        _see_lease_stay(manager, trial, arrived_at)
        manager.close_checkpoint(trial.checkpoint)
    except (NodeError, BusError, OSError) as error:
        reason = f"it could not be persisted: {error}"
        undo(manager, trial, reason)
        return Judgement(ROLLED_BACK, reason)
    records.close_trial(trial, CONFIRMED)
    try:
        journal.end()
        cancel(timer_name("rollback", trial.token))
    except OSError:
        pass  # /etc became read-only under us: the timer tidies up when it can
    return Judgement(CONFIRMED, waiting=late)


def _write(trial: Trial) -> None:
    """The new set on the disk, all of it or nothing."""
    texts = records.final_texts(step.file_name for step in trial.steps)
    earlier = records.load_managed()
    more_files = {path for path in earlier.more_files if path not in trial.more_files}
    more_files |= {path for path, text in trial.more_files.items() if text is not None}
    managed = Managed(
        trial.machine, trial.wanted, trial.is_reset, tuple(sorted(more_files)), trial.token, earlier.unknown
    )
    text = records.managed_text(managed)
    contents: dict[str, str | None] = {paths.MANAGED_FILE: text, **trial.more_files}
    if more_files or os.path.lexists(paths.MANAGED_COPY):
        contents[paths.MANAGED_COPY] = text if more_files else None
    contents.update({_installed(name): None for name in trial.stale_files})
    contents.update({_installed(step.file_name): texts[step.file_name] for step in trial.steps})
    new = {path: None if text is None else private(text) for path, text in contents.items()}
    private_folder(paths.INSTALLED_PROFILES)
    recover = records.program_command("recover", program=paths.RECOVERY_PROGRAM)
    journal.begin(new, records.program_text(), recover)
    journal.carry_out()


def _installed(name: str) -> str:
    return os.path.join(paths.INSTALLED_PROFILES, name)


def _take_over(manager: NetworkManager, trial: Trial) -> None:
    """Let NetworkManager go from the trial to what the disk holds, and drop what is wanted no more."""
    for step in trial.steps:
        if step.trial_uuid == step.final_uuid:
            remove(os.path.join(paths.TRIAL_PROFILES, step.trial_file))
    files = [_installed(step.file_name) for step in trial.steps]
    refused = manager.load_profiles(files) if files else []
    if refused:
        raise NetworkManagerError(f"NetworkManager refused {', '.join(os.path.basename(file) for file in refused)}")
    switching = [step for step in trial.steps if step.trial_uuid != step.final_uuid]
    # a port goes down with its controller, and comes up again by itself only if that brings it
    staying = [step for step in trial.steps if switching and step.awaited and step not in switching]
    for step in in_turn([step for step in (*switching, *staying) if not step.waiting_for]):
        activate_step(manager, step, step.final_uuid, trial.deadline)
    for step in switching:
        _drop_trial(manager, step)
    if trial.stale_files:
        manager.load_profiles([_installed(name) for name in trial.stale_files])


def _see_lease_stay(manager: NetworkManager, trial: Trial, arrived_at: t.AbstractSet[str]) -> None:
    """The final profile asks for a lease of its own, and may be given another one (by a client-id made of its uuid, for example)."""
    give_up = time.monotonic() + _LEASE_STAYS
    lease = ", ".join(sorted(arrived_at - set(trial.required_addresses)))
    while trial.lease_interfaces and lease and not arrived_at & _addresses_to_stay(manager, trial):
        if time.monotonic() > give_up:
            raise NetworkManagerError(
                f"the lease {lease}, over which the controller connected, did not outlast the trial"
            )
        time.sleep(0.05)


def _addresses_to_stay(manager: NetworkManager, trial: Trial) -> set[str]:
    return {*trial.required_addresses, *_leases(manager, trial), *_addresses_left(manager, trial)}


def _drop_trial(manager: NetworkManager, step: Step) -> None:
    path = manager.profile_path(step.trial_uuid)
    if path is not None:
        manager.delete_profile(path)
    remove(os.path.join(paths.TRIAL_PROFILES, step.trial_file))
