# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The second half of the transaction: judge, and persist once the controller has come in."""

from __future__ import annotations

import os
import time
import typing as t

from . import journal, places, store
from .activating import activate_step, in_turn
from .arriving import Arrival
from .bus import BusError
from .files import private, private_folder, remove
from .later import cancel
from .looking import addresses_of_session, by_active_profile, has_carrier, host_identity, leases
from .model import DAMAGED, LOST, Knock, Managed, Step, Trial
from .network_manager import Device, NetworkManager, NetworkManagerError
from .probing import NO_GATEWAY, run_probes
from .undoing import timer_name, undo

# seconds that the work after the proof may take before the checkpoint rolls back
_TIME_TO_PERSIST = 30
# so shortly before the deadline, in seconds, a probe that fails says nothing, and none that passes helps
_TOO_LATE = 0.2
# how long a lease may take to come back with the final profile, in seconds: well within the time to persist
_LEASE_STAYS = 10.0
# how long a question waits for a trial to come up and for the controller to come in, in seconds
_PATIENCE = 2.0
# how long a lease is waited for on an interface that the controller does not need, in seconds from the start of the trial
_LATE = 10.0
_NOT_YET = {"state": "pending"}
# never leaves this host
_PROBES_FIRST = {"state": "probes first"}


def silence(manager: NetworkManager, trial: Trial) -> str:
    """Why nobody confirmed a trial in time."""
    if trial.waiting_for:
        return f"{trial.waiting_for}, for {trial.deadline} s"
    if trial.lease_interfaces and not _leases(manager, trial):
        return f"no DHCP server answered on {', '.join(trial.lease_interfaces)} within {trial.deadline} s"
    awaited = [step.interface for step in trial.steps if step.awaited and step.interface]
    unplugged = [interface for interface in awaited if not has_carrier(interface)]
    if unplugged:
        names = ", ".join(dict.fromkeys(unplugged))
        return f"{names} has no carrier (a cable, a port of the switch), and the controller did not connect within {trial.deadline} s"
    where = f" to {', '.join(trial.required_addresses)}" if trial.required_addresses else ""
    return f"the controller did not connect{where} within {trial.deadline} s"


def confirm(manager: NetworkManager, token: str, arrived_at: str, fresh: bool, knock: Knock | None) -> dict[str, t.Any]:
    """Judge the trial for a controller that came in at ``arrived_at``, with a connection that it began after the trial (``fresh``) or not.

    Who did not may prove that he could: by a TCP connection that he announces (``knock``) and begins while this waits.
    Waits a moment for a trial that is not up yet: that is cheaper than another question.
    The answer's ``state`` is ``pending`` (ask again), ``elsewhere`` (come in anew over one of ``addresses``), ``confirmed`` or
    ``rolled_back`` (with ``reason``), or ``unknown``: there was no such trial since this host booted. ``host`` tells it from others.
    """
    visit = _Visit(arrived_at, addresses_of_session(arrived_at), fresh, Arrival(knock))
    give_up = time.monotonic() + _PATIENCE
    while True:
        answer = _judge(manager, token, visit, is_last=time.monotonic() > give_up)
        if answer != _NOT_YET or time.monotonic() > give_up:
            return {**answer, "host": host_identity()}
        visit = visit._replace(fresh=False)  # it was begun before the trial was up
        visit.arrival.wait(give_up)


class _Visit(t.NamedTuple):
    """How the controller came in, and how it may prove that it still can. ``addresses`` are what is known of where it did: NAT hides it."""

    address: str
    addresses: t.AbstractSet[str]
    fresh: bool
    arrival: Arrival


def _judge(manager: NetworkManager, token: str, visit: _Visit, is_last: bool) -> dict[str, t.Any]:
    """Judge, probe, persist. The probes run without the lock: the dead-man and other controllers do not wait for them."""
    trial = store.load_trial()
    is_known = trial is not None and trial.token == token
    probes = trial.probes if trial is not None and is_known else ()
    passed = [probe for probe in probes if trial and not trial.failed_before.get(probe.name)]
    with store.exclusive():
        answer = _decide(manager, token, visit, is_last, {} if is_known and not passed else None)
    if trial is not None and passed and answer == _PROBES_FIRST:
        left = trial.opened_at + trial.deadline - time.monotonic()
        if left < _TOO_LATE:
            return dict(_NOT_YET)
        failures = run_probes(passed, left)
        with store.exclusive():  # it may have ended meanwhile
            answer = _decide(manager, token, visit, is_last, failures)
    if answer == _PROBES_FIRST:  # the trial was opened between the two looks: its probes are not known yet
        return dict(_NOT_YET)
    failed = [probe for probe in probes if probe not in passed]
    if trial is not None and failed and answer["state"] == "confirmed":
        answer = {**answer, "failed_after": {**answer["failed_after"], **run_probes(failed, trial.deadline)}}
    return answer


def _decide(
    manager: NetworkManager, token: str, visit: _Visit, is_last: bool, failures: t.Mapping[str, str] | None
) -> dict[str, t.Any]:
    """The answer, and what follows from it. ``failures`` of the probes are None where these did not run; the caller holds the lock."""
    trial = store.load_trial()
    if trial is None or trial.token not in ("", token):
        return _ended(token)
    reason = _lost_cause(manager, trial)
    if reason:
        undo(manager, trial, reason)
        ended = _ended(token)
        # nobody knows whose trial it was: this one's may have ended before
        is_another = not trial.token and ended["state"] != "unknown"
        return ended if is_another else {"state": "rolled_back", "reason": reason}
    waiting = _not_up(manager, trial, visit.addresses, is_last)
    if waiting:
        if is_last:
            _waits_for(trial, waiting.get("reason", ""))
        return waiting
    trial = _proven(trial, visit)
    if not trial.is_proven and visit.arrival.is_awaited and not is_last:
        return dict(_NOT_YET)
    if failures is None:
        return dict(_PROBES_FIRST)
    waiting = _failing_probe(trial, failures)
    _waits_for(trial, waiting["reason"] if waiting else "")
    if waiting:
        return waiting
    if not trial.is_proven:
        return {"state": "elsewhere", "addresses": [visit.address]}
    answer = _keep(manager, trial, visit.addresses)
    is_kept = answer["state"] == "confirmed"
    return {**answer, "failed_after": {name: each for name, each in failures.items() if each}} if is_kept else answer


def _waits_for(trial: Trial, reason: str) -> None:
    """Remember what keeps a trial from being confirmed: nobody may be left to see it when the time is over."""
    if reason != trial.waiting_for:
        store.save_trial(trial._replace(waiting_for=reason))


def _ended(token: str) -> dict[str, t.Any]:
    outcome, reason = store.outcome_of(token)
    return {"state": outcome, "reason": reason}


def _lost_cause(manager: NetworkManager, trial: Trial) -> str:
    """Why an open trial cannot be confirmed any more; empty where it can."""
    if trial.phase in (DAMAGED, LOST):
        return store.why_damaged()
    if manager.holds(trial):
        return ""
    return silence(manager, trial) if trial.daemon == manager.daemon else "NetworkManager was restarted"


def _not_up(
    manager: NetworkManager, trial: Trial, arrived_at: t.AbstractSet[str], is_last: bool
) -> dict[str, t.Any] | None:
    """What to answer while the trial is not up, or was reached over an address that says nothing about it."""
    if trial.phase != "activated" or not _is_up(manager, trial):
        return {**_NOT_YET, "reason": _what_is_down(manager, trial)} if is_last else dict(_NOT_YET)
    addresses = [*_leases(manager, trial), *trial.required_addresses]
    if trial.lease_interfaces and not addresses:
        return dict(_NOT_YET)
    return {"state": "elsewhere", "addresses": addresses} if addresses and not arrived_at & set(addresses) else None


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


def _proven(trial: Trial, visit: _Visit) -> Trial:
    """The trial, with the proof that the controller comes in anew since it is up, where there is one."""
    if trial.is_proven or not (visit.fresh or visit.arrival.has_come()):
        return trial
    trial = trial._replace(is_proven=True)
    store.save_trial(trial)
    return trial


def _leases(manager: NetworkManager, trial: Trial) -> list[str]:
    families = trial.lease_families
    return [address for interface in trial.lease_interfaces for address in leases(manager, interface, families)]


def _is_up(manager: NetworkManager, trial: Trial) -> bool:
    """Whether all that has to be up is, and what may come late has had its time."""
    devices = by_active_profile(manager.devices())
    give_up = trial.opened_at + min(_LATE, trial.deadline / 2)
    is_patient = not trial.is_reset and time.monotonic() < give_up
    return all(
        _step_is_up(step, devices.get(step.trial_uuid))
        or (step.may_come_late and not _is_coming(step, devices, is_patient))
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
    devices = by_active_profile(manager.devices())
    found = {step.file_name: step.waiting_for for step in trial.steps if step.waiting_for}
    for step in trial.steps:
        if step.may_come_late and not _step_is_up(step, devices.get(step.trial_uuid)):
            found[step.file_name] = step.may_come_late
    return found


def _failing_probe(trial: Trial, failures: t.Mapping[str, str]) -> dict[str, t.Any] | None:
    """What worked before has to work now; what did not is no business of this change, nor is a gateway that nobody wants any more."""
    for name, failure in failures.items():
        if failure and (trial.expects_gateway or failure != NO_GATEWAY):
            return {"state": "pending", "reason": f"probe {name} passed before and fails now ({failure})"}
    return None


def _keep(manager: NetworkManager, trial: Trial, arrived_at: t.AbstractSet[str]) -> dict[str, t.Any]:
    try:
        late = _late(manager, trial)
        trial = trial._replace(phase="persisting")
        store.save_trial(trial)
        manager.extend_checkpoint(trial.checkpoint, _TIME_TO_PERSIST)
        _write(trial)
        _take_over(manager, trial)
        _see_lease_stay(manager, trial, arrived_at)
        manager.close_checkpoint(trial.checkpoint)
    except (NetworkManagerError, BusError, OSError) as error:
        reason = f"it could not be persisted: {error}"
        undo(manager, trial, reason)
        return {"state": "rolled_back", "reason": reason}
    store.close_trial(trial, "confirmed")
    try:
        journal.end()
        cancel(timer_name("rollback", trial.token))
    except OSError:
        pass  # /etc became read-only under us: the timer tidies up when it can
    return {"state": "confirmed", "waiting": late}


def _write(trial: Trial) -> None:
    """The new set on the disk, all of it or nothing."""
    texts = store.final_texts(step.file_name for step in trial.steps)
    earlier = store.load_managed()
    more_files = {path for path in earlier.more_files if path not in trial.more_files}
    more_files |= {path for path, text in trial.more_files.items() if text is not None}
    managed = Managed(
        trial.machine, trial.wanted, trial.is_reset, tuple(sorted(more_files)), trial.token, earlier.unknown
    )
    text = store.managed_text(managed)
    contents: dict[str, str | None] = {places.MANAGED_FILE: text, **trial.more_files}
    if more_files or os.path.lexists(places.MANAGED_COPY):
        contents[places.MANAGED_COPY] = text if more_files else None
    contents.update({_installed(name): None for name in trial.stale_files})
    contents.update({_installed(step.file_name): texts[step.file_name] for step in trial.steps})
    new = {path: None if text is None else private(text) for path, text in contents.items()}
    private_folder(places.INSTALLED_PROFILES)
    recover = store.program_command("recover", program=places.RECOVERY_PROGRAM)
    journal.begin(new, store.program_text(), recover)
    journal.carry_out()


def _installed(name: str) -> str:
    return os.path.join(places.INSTALLED_PROFILES, name)


def _take_over(manager: NetworkManager, trial: Trial) -> None:
    """Let NetworkManager go from the trial to what the disk holds, and drop what is wanted no more."""
    for step in trial.steps:
        if step.trial_uuid == step.final_uuid:
            remove(os.path.join(places.TRIAL_PROFILES, step.trial_file))
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
    """The final profile asks for a lease of its own, and may be given another one (by a client-id that is made of its uuid, say)."""
    give_up = time.monotonic() + _LEASE_STAYS
    lease = ", ".join(sorted(arrived_at - set(trial.required_addresses)))
    while trial.lease_interfaces and lease and not arrived_at & {*trial.required_addresses, *_leases(manager, trial)}:
        if time.monotonic() > give_up:
            raise NetworkManagerError(
                f"the lease {lease}, over which the controller came in, did not outlast the trial"
            )
        time.sleep(0.05)


def _drop_trial(manager: NetworkManager, step: Step) -> None:
    path = manager.profile_path(step.trial_uuid)
    if path is not None:
        manager.delete_profile(path)
    remove(os.path.join(places.TRIAL_PROFILES, step.trial_file))
