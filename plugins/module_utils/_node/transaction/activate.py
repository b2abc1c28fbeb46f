# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Between the halves of the transaction: activate what was staged."""

from __future__ import annotations

import os
import time
import typing as t

from .. import paths
from ..dbus.connection import BusError
from ..model import ETHERNET_TYPES, Step, Trial
from ..networkmanager.client import Device, NetworkManager, NetworkManagerError, Replaced, StillOnItsWay
from ..plan.inspection import active_device, has_carrier
from ..plan.planning import uuid_until_boot
from ..protocol import ACTIVATED, STAGED, NodeError
from ..state import records
from .rollback import undo_if_open

# seconds: a static address is there at once, a lease may take longer
_MOMENT = 1.0
# seconds between looks for a device
_PAUSE = 0.05
# in seconds: the checkpoint must not take away what a profile still waits for before that is known
_BEFORE_THE_END = 0.5


def activate_trial(token: str) -> None:
    """Activate the profiles of the trial with this token, over a connection to NetworkManager of its own."""
    trial = records.load_trial()
    if trial is not None and trial.token == token:
        left = trial.opened_at + trial.deadline - time.monotonic()
        activate(NetworkManager.connect(), token, max(_MOMENT, left - _BEFORE_THE_END))


def activate_now(manager: NetworkManager, token: str) -> bool:
    """The same before the controller is answered, where that does not cost its connection.

    Returns whether they are still on their way after a moment, so that the caller must go on waiting.
    """
    return activate(manager, token, _MOMENT, is_last=False)


def activate(manager: NetworkManager, token: str, seconds: float, is_last: bool = True) -> bool:
    """Activate the trial's profiles, and show whether they are still on their way.

    A failure rolls back at once instead of at the deadline. Not being up within ``seconds`` is one, if this ``is_last`` to wait.
    """
    trial = records.load_trial()
    if trial is None or trial.token != token or trial.phase != STAGED:
        return False
    try:
        has_profile = {profile.interface for profile in trial.wanted}
        for interface in trial.idle_interfaces:
            device = manager.device(interface)
            if device is not None:
                _free(manager, device, interface not in has_profile, replaced_files(trial))
        for step in in_turn([step for step in trial.steps if not step.waiting_for]):
            activate_step(manager, step, step.trial_uuid, seconds)
    except StillOnItsWay as error:
        if not is_last:
            return True
        _give_up(manager, token, error)
        return False
    except (NodeError, BusError) as error:
        _give_up(manager, token, error)
        return False
    _mark_activated(token)
    return False


def replaced_files(trial: Trial) -> frozenset[str]:
    """The paths of profiles on the disk that go, or get another text, when the trial is kept: what they do now no boot will do."""
    names = {*trial.stale_files, *(step.file_name for step in trial.steps)}
    return frozenset(os.path.join(paths.INSTALLED_PROFILES, name) for name in names)


def _free(manager: NetworkManager, device: Device, is_left: bool, replaced: t.Collection[str]) -> None:
    """Leave a device without a profile, but for one that would take it at a boot too; no profile of ours is for one that ``is_left``.

    Those in ``replaced`` files are there until the trial is kept.

    NetworkManager goes on to the next profile that fits. Where that is one that it has made by itself, there will be none at a boot if
    one on the disk is for the device, although it does not come up. Where it has made none because there was one when it started, it will
    make one at a boot, and until then there is one as it would be.
    """
    going = manager.profile_path(device.active_uuid)
    lasting = [each for each in device.available if each != going and manager.profile_file(each) not in replaced]
    available = [(path, manager.is_generated(path)) for path in lasting]
    if is_left and not available and device.is_wired and has_carrier(device.interface):
        from ..networkmanager.configuration import makes_profiles  # here: few changes leave a card without a profile

        if makes_profiles():
            manager.activate_until_boot(device, _as_networkmanager_makes_it(device.interface))
            return
    others = [path for path, is_generated in available if not is_generated]
    autoconnects = any(manager.profile_settings(path)["connection"].get("autoconnect", True) for path in others)
    if others and len(others) < len(available) and not autoconnects:
        manager.disconnect(device)
    else:
        manager.deactivate(device)


def _as_networkmanager_makes_it(interface: str) -> dict[str, dict[str, str | int]]:
    """The settings of the profile that it makes for a card: any other one takes precedence."""
    kind = "802-3-ethernet"
    name, uuid = f"{interface} until the next boot", uuid_until_boot(interface)
    card = {"id": name, "uuid": uuid, "type": kind, "interface-name": interface}
    auto: dict[str, str | int] = {"method": "auto"}
    return {"connection": {**card, "autoconnect-priority": -999}, kind: {}, "ipv4": auto, "ipv6": auto}


def _give_up(manager: NetworkManager, token: str, error: Exception) -> None:
    with records.exclusive():
        undo_if_open(manager, token, str(error))


def _mark_activated(token: str) -> None:
    with records.exclusive():
        trial = records.load_trial()
        if trial is not None and trial.token == token and trial.phase == STAGED:
            records.save_trial(trial.enter(ACTIVATED))


def in_turn(steps: t.Sequence[Step]) -> list[Step]:
    """The steps in their order, and those once more in the end that are not up before others are.

    A bridge or a bond gets its lease through its ports, which come after it: in its turn it is only begun, in the end it is waited for.
    """
    last = [step for step in steps if step.asks_through_ports and step.awaited]
    return [*(step._replace(awaited=False) if step in last else step for step in steps), *last]


def activate_step(manager: NetworkManager, step: Step, uuid: str, seconds: float) -> None:
    """Activate one profile, or wait for one that is on its way.

    Raises NetworkManagerError where the trial needs it and it does not come up; StillOnItsWay when only the time is over.
    """
    path = manager.profile_path(uuid)
    if path is None:
        raise NetworkManagerError(f"profile {step.file_name} is gone from NetworkManager")
    try:
        device = _device(manager, step, uuid, seconds)
        if not _came_up_by_itself(manager, step, device, uuid, seconds):
            _bring_up(manager, step, path, device, uuid, seconds)
    except (NetworkManagerError, BusError) as error:
        if step.awaited:
            kind = StillOnItsWay if isinstance(error, StillOnItsWay) else NetworkManagerError
            raise kind(f"profile {step.file_name} did not come up: {error}") from error


def _bring_up(manager: NetworkManager, step: Step, path: str, device: Device | None, uuid: str, seconds: float) -> None:
    """Activate a profile. Where that brings up a controller of its own, which brings its ports, NetworkManager begins once more."""
    try:
        manager.activate(path, device, seconds if step.awaited else 0)
    except Replaced:
        if not _came_up_by_itself(manager, step, _device(manager, step, uuid, seconds), uuid, seconds):
            raise


def _came_up_by_itself(manager: NetworkManager, step: Step, device: Device | None, uuid: str, seconds: float) -> bool:
    """Whether NetworkManager has brought the profile up, as it does with ports of a bridge or a bond.

    Where the controller of ports is just replaced, what it begins may still depend on the one that goes, and fail with that.
    """
    if device is None or device.active_uuid != uuid:
        return False
    try:
        manager.wait_until_active(device.path, device.active_path, seconds if step.awaited else 0)
    except StillOnItsWay:
        raise
    except NetworkManagerError:
        return False
    return True


def _device(manager: NetworkManager, step: Step, uuid: str, seconds: float) -> Device | None:
    """The device of a profile; None for one that NetworkManager makes, or finds by itself.

    A bridge of Open vSwitch, its port and its interface may share one name, also with an ethernet device: the name does not show which
    is meant. A virtual function appears a moment after its physical one came up. Raises StillOnItsWay where it does not in ``seconds``.
    """
    if not step.interface:
        return None
    if step.type.startswith("ovs-"):
        return active_device(manager.devices(), uuid)
    deadline = time.monotonic() + seconds
    device = manager.device(step.interface)
    while device is None and step.awaited and step.type in ETHERNET_TYPES:
        if time.monotonic() >= deadline:
            raise StillOnItsWay(f"interface {step.interface} did not appear within {seconds:.0f} s")
        time.sleep(_PAUSE)
        device = manager.device(step.interface)
    return device
