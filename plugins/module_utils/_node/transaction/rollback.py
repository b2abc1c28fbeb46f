# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roll back: no matter what ended the trial, put back exactly what was there."""

from __future__ import annotations

import contextlib
import os
import typing as t

from .. import paths
from ..checking import Unfit
from ..dbus.connection import BusError
from ..model import Trial
from ..networkmanager.client import Device, NetworkManager
from ..plan.planning import uuid_until_boot
from ..protocol import DAMAGED, LOST, ROLLED_BACK, WITHDRAWN, NodeError
from ..state import journal, records
from ..system.files import Content, look_at, private, put, read_text, remove, temporary_of
from ..system.timers import cancel

_ACTIVATION_TIMEOUT = 30.0
# what is at each path; None for nothing
_Contents = t.Mapping[str, t.Optional[Content]]


def undo_if_open(manager: NetworkManager, token: str, reason: str) -> tuple[tuple[str, str], ...]:
    """Roll the trial with this token back, unless that was done; the caller holds the lock. Returns what ``undo`` returns."""
    trial = records.load_trial()
    if trial is None or trial.token != token:
        return ()
    return undo(manager, trial, reason)


def undo(manager: NetworkManager, trial: Trial, reason: str, is_last: bool = False) -> tuple[tuple[str, str], ...]:
    """Roll the open trial back and remember why; the caller holds the lock.

    Safe to call again after it failed half-way, and after NetworkManager rolled back or was restarted. Returns the interfaces (and
    the profile of each) that could not be brought back yet: their cable is out, for example. The trial then stays open for the watchdog,
    who calls with ``is_last`` and goes on trying. Raises OSError when the disk does not take the old files; the host runs on its
    old profiles then, and the watchdog tries again.
    """
    reason = records.why_damaged() if trial.phase in (DAMAGED, LOST) else reason
    before = _files_before(trial)
    down: tuple[tuple[str, str], ...] = ()
    if before != {}:
        trouble = _undo_blindly(manager, trial) if before is None else _undo_exactly(manager, trial, before)
        # once it has been withdrawn, an activation of something else is meant
        is_withdrawn = trial.phase == WITHDRAWN
        down = activate_previous(manager, trial.previous, _finals_that_ran(trial), spare_others=is_withdrawn)
        if trouble is not None:
            raise trouble
        if down and not is_last:
            with contextlib.suppress(OSError):
                records.save_trial(trial.enter(WITHDRAWN))
            return down
    else:  # nothing was changed yet
        _end_checkpoint(manager, trial, manager.close_checkpoint)
    records.close_trial(trial, ROLLED_BACK, reason)
    cancel(timer_name("rollback", trial.token))  # last: until here the timer is the one who would finish the work
    return down


def _files_before(trial: Trial) -> _Contents | None:
    """What was there before the trial; empty when nothing was changed since, None when that is not known any more."""
    try:
        return None if trial.phase == LOST else records.files_before()
    except Unfit:
        return None


def _undo_exactly(manager: NetworkManager, trial: Trial, before: _Contents) -> OSError | None:
    return _first_trouble(
        lambda: _withdraw_journal(trial, before),  # a power loss from here on leads to the old set
        lambda: _end_checkpoint(manager, trial, manager.roll_back),
        lambda: _drop_trial_profiles(manager, trial, before),
        lambda: _restore_files(manager, trial, before),
    )


def _undo_blindly(manager: NetworkManager, trial: Trial) -> OSError | None:
    """The same where what was there before cannot be read any more: NetworkManager knows it, and the trial is seen in /run."""
    return _first_trouble(
        journal.recover,  # half of a set is worse than a new one
        lambda: _end_checkpoint(manager, trial, manager.roll_back),
        lambda: _drop_all_trial_profiles(manager),
    )


def _drop_all_trial_profiles(manager: NetworkManager) -> None:
    folder, suffix = paths.TRIAL_PROFILES, ".nmconnection"
    present = os.listdir(folder) if os.path.isdir(folder) else []
    names = [name for name in present if name.lstrip(".").startswith(paths.TRIAL_PREFIX)]
    for name in names:
        remove(os.path.join(folder, name))
    names = [name for name in names if name.startswith(paths.TRIAL_PREFIX) and name.endswith(suffix)]
    if names:
        manager.load_profiles([os.path.join(folder, name) for name in names])
    for name in names:
        path = manager.profile_path(name[len(paths.TRIAL_PREFIX) : -len(suffix)])
        if path is not None and os.path.dirname(manager.profile_file(path)) != paths.INSTALLED_PROFILES:
            manager.delete_profile(path)


def timer_name(operation: str, token: str) -> str:
    """The name of a trial's timer: one that is left from an earlier trial is not in the way."""
    return f"{operation}-{token[:12]}"


def _first_trouble(*steps: t.Callable[[], object]) -> OSError | None:
    """Take every step, no matter what the disk reports to one of them; the first complaint."""
    trouble = None
    for step in steps:
        try:
            step()
        except OSError as error:
            trouble = trouble or error
    return trouble


def _withdraw_journal(trial: Trial, before: _Contents) -> None:
    if journal.is_open():
        _restore_disk(trial, before)


def _finals_that_ran(trial: Trial) -> set[str]:
    """The profiles that may be active with their new content under the uuid that they had before."""
    return {step.final_uuid for step in trial.steps} if trial.may_have_persisted else set()


def _end_checkpoint(manager: NetworkManager, trial: Trial, end: t.Callable[[str], None]) -> None:
    if not manager.holds(trial):
        return
    try:
        end(trial.checkpoint)
    except BusError:
        if manager.holds(trial):
            raise
        # its own time ran out between the two calls


def _drop_trial_profiles(manager: NetworkManager, trial: Trial, before: _Contents) -> None:
    """The trial's files in /run, and what NetworkManager still knows of them (all of it, when it was restarted)."""
    files = [os.path.join(paths.TRIAL_PROFILES, step.trial_file) for step in trial.steps]
    for file in files:
        remove(temporary_of(file))  # its writer may have been killed
        remove(file)
    if files:
        manager.load_profiles(files)
    for step in trial.steps:
        path = manager.profile_path(step.trial_uuid)
        is_installed = os.path.join(paths.INSTALLED_PROFILES, step.file_name) in before
        if path is not None and (step.trial_uuid != step.final_uuid or not is_installed):
            manager.delete_profile(path)
    for uuid in {uuid_until_boot(interface) for interface in trial.idle_interfaces}.difference(trial.known_uuids):
        path = manager.profile_path(uuid)
        if path is not None:
            manager.delete_profile(path)


def _restore_files(manager: NetworkManager, trial: Trial, before: _Contents) -> None:
    """The disk as it was: NetworkManager's rollback rewrites keyfiles and may add some (measured on 1.42 and 1.52)."""
    _take_out(manager, trial, before)
    changed = {path for path in _restore_disk(trial, before) if path.endswith(".nmconnection")}
    touched = [*(step.file_name for step in trial.steps), *trial.stale_files] if trial.may_have_persisted else []
    changed.update(os.path.join(paths.INSTALLED_PROFILES, name) for name in touched)
    if changed:
        manager.load_profiles(sorted(changed))
    journal.end()


def _take_out(manager: NetworkManager, trial: Trial, before: _Contents) -> None:
    """Profiles that were not in /etc and are there now, by this change or by NetworkManager's rollback."""
    installed = [path for path in records.current_files(trial) if os.path.dirname(path) == paths.INSTALLED_PROFILES]
    added = {path for path in installed if path not in before}
    for path, connection in manager.connections().items() if added else ():
        is_ours = connection["uuid"] in trial.known_uuids
        if manager.profile_file(path) in added and is_ours:
            manager.move_profile_to_memory(path)  # deleting the file of an active profile would disconnect its device


def _restore_disk(trial: Trial, before: _Contents) -> list[str]:
    """Write back what differs and is ours, as one; the journal stays open. Returns the paths."""
    differing = {path: content for path, content in before.items() if look_at(path) != content}
    contents = {path: content for path, content in differing.items() if _concerns(trial, path, content)}
    for step in trial.steps:
        path = os.path.join(paths.INSTALLED_PROFILES, step.file_name)
        if path not in before and os.path.lexists(path):
            contents[path] = None
    in_memory = {path: content for path, content in contents.items() if os.path.dirname(path) == paths.TRIAL_PROFILES}
    for path, content in in_memory.items():
        put(path, content or private(""))
    on_disk = {path: content for path, content in contents.items() if path not in in_memory}
    if on_disk or journal.is_open():
        recover = records.program_command("recover", program=paths.RECOVERY_PROGRAM)
        journal.begin(on_disk, records.program_text(), recover)
        journal.carry_out()
    return list(contents)


def _concerns(trial: Trial, path: str, content: Content | None) -> bool:
    """Whether this change, or NetworkManager's rollback of it, touches a file: what another program edits meanwhile stays."""
    if os.path.dirname(path) not in (paths.INSTALLED_PROFILES, paths.TRIAL_PROFILES):
        return True
    ours = {step.file_name for step in trial.steps} | set(trial.stale_files)
    previous = {uuid for _interface, uuid in trial.previous}
    return os.path.basename(path) in ours or any(uuid in previous for uuid in _uuids(path, content))


def _uuids(path: str, content: Content | None) -> list[str]:
    text = content.text if content else ""
    if content and content.link:
        with contextlib.suppress(OSError):
            text = read_text(os.path.join(os.path.dirname(path), content.link)) or ""
    pairs = [line.partition("=") for line in text.splitlines()]
    return [value.strip() for key, _sign, value in pairs if key.strip() == "uuid"]


def activate_previous(
    manager: NetworkManager,
    previous: t.Iterable[tuple[str, str]],
    again: t.Collection[str] = (),
    spare_others: bool = False,
) -> tuple[tuple[str, str], ...]:
    """Bring back what was active, where the checkpoint did not (it is gone when NetworkManager was restarted).

    ``again`` are profiles to activate again even where they are active. With ``spare_others`` an interface on which something else is
    active, or on its way, is left alone: an administrator may have been there. Returns what could not be brought back.
    """
    down = []
    for interface, uuid in previous:
        device, path = manager.device(interface), manager.profile_path(uuid)
        is_back = device is not None and device.active_uuid == uuid and uuid not in again
        if path is None or interface == "lo" or is_back or (spare_others and _is_taken(manager, device, uuid)):
            continue
        try:
            manager.activate(path, device, _ACTIVATION_TIMEOUT)
        except (NodeError, BusError):
            down.append((interface, uuid))  # the others still deserve their turn
    return tuple(down)


def _is_taken(manager: NetworkManager, device: Device | None, uuid: str) -> bool:
    """Whether a device has another profile, one that was not deleted: a trial's may be on its way out."""
    if device is None or device.active_uuid in ("", uuid):
        return False
    return manager.profile_path(device.active_uuid) is not None
