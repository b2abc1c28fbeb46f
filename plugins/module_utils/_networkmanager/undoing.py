# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roll back: whatever ended the trial, put back exactly what was there."""

from __future__ import annotations

import os

from . import places, store
from .bus import BusError
from .files import read_folder, remove, write_private
from .later import cancel
from .model import Trial
from .network_manager import NetworkManager, NetworkManagerError

_ACTIVATION_TIMEOUT = 30.0


def undo(manager: NetworkManager, trial: Trial, reason: str) -> None:
    """Roll a trial back and remember why. Safe to call again, and after NetworkManager rolled back by itself."""
    cancel("activate")
    _roll_back_checkpoint(manager, trial)
    _drop_trial_profiles(manager, trial)
    _restore_files(manager)
    _activate_previous(manager, trial)
    store.close_trial(trial.token, "rolled_back", reason)
    cancel("rollback")  # last: until here the timer is the one who would finish the work


def _roll_back_checkpoint(manager: NetworkManager, trial: Trial) -> None:
    if trial.checkpoint in manager.checkpoints():
        try:
            manager.roll_back(trial.checkpoint)
        except BusError:
            pass  # its own time ran out between the two calls


def _drop_trial_profiles(manager: NetworkManager, trial: Trial) -> None:
    """The trial's files in /run, and what NetworkManager still knows of them (all of it, when it was restarted)."""
    files = [os.path.join(places.TRIAL_PROFILES, step.trial_file) for step in trial.steps]
    for file in files:
        remove(file)
    if files:
        manager.load_profiles(files)
    installed = set(store.texts_before())
    for step in trial.steps:
        path = manager.profile_path(step.trial_uuid)
        if path is not None and (step.trial_uuid != step.final_uuid or step.file_name not in installed):
            manager.delete_profile(path)


def _restore_files(manager: NetworkManager) -> None:
    """/etc as it was, byte for byte: NetworkManager's rollback rewrites keyfiles and may add some (measured on 1.42 and 1.52)."""
    before, now = store.texts_before(), read_folder(places.INSTALLED_PROFILES)
    _take_out(manager, [name for name in now if name not in before])
    changed = [name for name, text in before.items() if now.get(name) != text]
    for name in changed:
        write_private(os.path.join(places.INSTALLED_PROFILES, name), before[name])
    if changed:
        manager.load_profiles([os.path.join(places.INSTALLED_PROFILES, name) for name in changed])


def _take_out(manager: NetworkManager, names: list[str]) -> None:
    files = {os.path.join(places.INSTALLED_PROFILES, name) for name in names}
    if not files:
        return
    for path in manager.profile_paths():
        if manager.profile_file(path) in files:
            manager.move_profile_to_memory(path)  # deleting the file of an active profile would disconnect its device
    for file in files:
        remove(file)


def _activate_previous(manager: NetworkManager, trial: Trial) -> None:
    """Bring back what was active, where the checkpoint did not (it is gone when NetworkManager was restarted)."""
    for interface, uuid in trial.previous:
        device, path = manager.device(interface), manager.profile_path(uuid)
        if path is None or interface == "lo" or (device is not None and device.active_uuid == uuid):
            continue
        try:
            manager.activate(path, device, _ACTIVATION_TIMEOUT)
        except (NetworkManagerError, BusError):
            continue  # the others still deserve their turn
