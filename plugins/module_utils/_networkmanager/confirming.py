# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The second half of the transaction: activate, judge, and persist once the controller has come in."""

from __future__ import annotations

import os
import typing as t
from dataclasses import replace

from . import places, store
from .bus import BusError
from .files import private_folder, remove, sync_folder, write_private
from .later import cancel
from .looking import active_device, leases
from .model import Managed, Step, Trial
from .network_manager import NetworkManager, NetworkManagerError
from .undoing import undo


def activate(manager: NetworkManager, token: str) -> None:
    """Activate the trial's profiles; a failure rolls back at once instead of at the deadline."""
    trial = store.load_trial()
    if trial is None or trial.token != token or trial.phase != "staged":
        return
    try:
        for interface in trial.idle_interfaces:
            device = manager.device(interface)
            if device is not None:
                manager.deactivate(device)
        for step in trial.steps:
            _activate_step(manager, step, step.trial_uuid, trial.deadline)
    except (NetworkManagerError, BusError) as error:
        with store.exclusive():
            undo(manager, trial, str(error))
        return
    with store.exclusive():
        if store.load_trial() == trial:
            store.save_trial(replace(trial, phase="activated"))


def _activate_step(manager: NetworkManager, step: Step, uuid: str, timeout: float) -> None:
    path = manager.profile_path(uuid)
    if path is None:
        raise NetworkManagerError(f"profile {step.file_name} is gone from NetworkManager")
    device = manager.device(step.interface) if step.interface else None
    try:
        manager.activate(path, device, timeout if step.awaited else 0)
    except NetworkManagerError as error:
        if step.awaited:
            raise NetworkManagerError(f"profile {step.file_name} did not come up: {error}") from error


def expire(manager: NetworkManager, token: str) -> None:
    """The dead-man: nobody confirmed in time."""
    with store.exclusive():
        trial = store.load_trial()
        if trial is not None and trial.token == token:
            undo(manager, trial, _silence(manager, trial))


def _silence(manager: NetworkManager, trial: Trial) -> str:
    if trial.lease_interface and not leases(manager, trial.lease_interface):
        return f"no DHCP server answered on {trial.lease_interface} within {trial.deadline} s"
    return f"the controller did not come in within {trial.deadline} s"


def confirm(manager: NetworkManager, token: str, arrived_at: str) -> dict[str, t.Any]:
    """Judge the trial for a controller that came in at ``arrived_at``.

    The answer's ``state`` is ``pending`` (ask again), ``elsewhere`` (come in over one of ``addresses``), ``confirmed`` or
    ``rolled_back`` (with ``reason``).
    """
    with store.exclusive():
        trial = store.load_trial()
        if trial is None or trial.token != token:
            outcome, reason = store.outcome_of(token)
            return {"state": outcome or "rolled_back", "reason": reason or "the host was restarted, its trial is gone"}
        if trial.checkpoint not in manager.checkpoints():
            undo(manager, trial, _silence(manager, trial))
            return {"state": "rolled_back", "reason": store.outcome_of(token)[1]}
        waiting = _waiting_for(manager, trial, arrived_at)
        if waiting:
            return waiting
        return _keep(manager, trial)


def _waiting_for(manager: NetworkManager, trial: Trial, arrived_at: str) -> dict[str, t.Any] | None:
    awaited = [step for step in trial.steps if step.awaited]
    if trial.phase != "activated" or not all(_is_up(manager, step.trial_uuid) for step in awaited):
        return {"state": "pending"}
    if trial.lease_interface:
        addresses = leases(manager, trial.lease_interface)
        if not addresses:
            return {"state": "pending"}
    else:
        addresses = list(trial.required_addresses)
    if addresses and arrived_at not in addresses:
        return {"state": "elsewhere", "addresses": addresses}
    return None


def _is_up(manager: NetworkManager, uuid: str) -> bool:
    device = active_device(manager, uuid)
    return device is not None and device.activated


def _keep(manager: NetworkManager, trial: Trial) -> dict[str, t.Any]:
    try:
        _install(manager, trial)
        manager.close_checkpoint(trial.checkpoint)
    except (NetworkManagerError, BusError, OSError) as error:
        undo(manager, trial, str(error))
        return {"state": "rolled_back", "reason": str(error)}
    store.save_managed(Managed(trial.machine, trial.wanted, trial.is_reset))
    store.close_trial(trial.token, "confirmed")
    cancel("rollback")
    return {"state": "confirmed"}


def _install(manager: NetworkManager, trial: Trial) -> None:
    """Write the new set to /etc, let NetworkManager take it over from the trial, drop what is wanted no more."""
    private_folder(places.INSTALLED_PROFILES)
    files = []
    texts = store.final_texts()
    for step in trial.steps:
        file = os.path.join(places.INSTALLED_PROFILES, step.file_name)
        write_private(file, texts[step.file_name])
        if step.trial_uuid == step.final_uuid:
            remove(os.path.join(places.TRIAL_PROFILES, step.trial_file))
        files.append(file)
    refused = manager.load_profiles(files) if files else []
    if refused:
        raise NetworkManagerError(f"NetworkManager refused {', '.join(os.path.basename(file) for file in refused)}")
    for step in trial.steps:
        if step.trial_uuid != step.final_uuid:
            _switch_to_final(manager, step, trial.deadline)
    _drop_stale(manager, trial)


def _switch_to_final(manager: NetworkManager, step: Step, timeout: float) -> None:
    _activate_step(manager, step, step.final_uuid, timeout)
    path = manager.profile_path(step.trial_uuid)
    if path is not None:
        manager.delete_profile(path)
    remove(os.path.join(places.TRIAL_PROFILES, step.trial_file))


def _drop_stale(manager: NetworkManager, trial: Trial) -> None:
    if not trial.stale_files:
        return
    files = [os.path.join(places.INSTALLED_PROFILES, name) for name in trial.stale_files]
    for file in files:
        remove(file)
    sync_folder(places.INSTALLED_PROFILES)
    manager.load_profiles(files)
