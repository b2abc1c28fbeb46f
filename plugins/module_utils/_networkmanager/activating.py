# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Between the halves of the transaction: activate what was staged, while nobody is connected."""

from __future__ import annotations

from dataclasses import replace

from . import store
from .bus import BusError
from .model import Step
from .network_manager import NetworkManager, NetworkManagerError
from .undoing import undo_if_open


def activate_trial(token: str) -> None:
    """Activate the profiles of the trial with this token, over a connection to NetworkManager of its own."""
    activate(NetworkManager.connect(), token)


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
            activate_step(manager, step, step.trial_uuid, trial.deadline)
    except (NetworkManagerError, BusError) as error:
        with store.exclusive():
            undo_if_open(manager, token, str(error))
        return
    _mark_activated(token)


def _mark_activated(token: str) -> None:
    with store.exclusive():
        trial = store.load_trial()
        if trial is not None and trial.token == token:
            store.save_trial(replace(trial, phase="activated"))


def activate_step(manager: NetworkManager, step: Step, uuid: str, timeout: float) -> None:
    """Activate one profile. Raises NetworkManagerError where the trial needs it and it does not come up."""
    path = manager.profile_path(uuid)
    if path is None:
        raise NetworkManagerError(f"profile {step.file_name} is gone from NetworkManager")
    device = manager.device(step.interface) if step.interface else None
    try:
        manager.activate(path, device, timeout if step.awaited else 0)
    except (NetworkManagerError, BusError) as error:
        if step.awaited:
            raise NetworkManagerError(f"profile {step.file_name} did not come up: {error}") from error
