# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on the node that is not this change: an older trial, another controller, another tool."""

from __future__ import annotations

import os
import time
import typing as t

from .. import paths
from ..model import ETHERNET_TYPES, Managed
from ..networkmanager.client import Device, NetworkManager
from ..plan.inspection import carried_addresses, host_identity
from ..protocol import DAMAGED, LOST, Busy, Conflict, HostBusy, MissingRequirement, Request, WantedProfile, WrongHost
from ..state import records
from ..system.files import temporary_of
from ..system.identity import digest

# the first part of a type -> NMCapability, and the package that brings its plugin in most distributions
_PLUGINS = {"team": (1, "NetworkManager-team"), "ovs": (2, "NetworkManager-ovs")}


def busy_with_a_trial(manager: NetworkManager, request: Request, warnings: list[str]) -> Busy | None:
    """Roll back a trial that no controller looks after any more; the answer to this controller when one does.

    Check mode changes nothing: it adds to ``warnings`` what would be rolled back.
    """
    trial = records.load_trial()
    if trial is None:
        if any(map(os.path.lexists, (paths.JOURNAL_FILE, temporary_of(paths.JOURNAL_FILE)))) and not request.check:
            from ..state.journal import recover  # here: few find one

            warnings += recover()  # the boot could not do it
        return None
    seconds = trial.ends_at - time.monotonic()
    if trial.token != request.take_over and seconds > 0:
        return Busy(trial.controller, trial.token, seconds)
    if request.check:
        warnings.append(
            "an earlier change of this host was not brought to its end: it is rolled back before the next one"
        )
    else:
        from .rollback import undo  # here: few find one

        undo(manager, trial, "its controller ended before it was confirmed")
        if trial.phase in (DAMAGED, LOST):
            warnings.append(f"an earlier change of this host was rolled back: {records.why_damaged()}")
    return None


def busy_with_another_tool(manager: NetworkManager) -> Busy | None:
    """The answer to the controller while another tool holds a checkpoint: a second one cannot cover the same devices."""
    checkpoints = manager.checkpoints()
    if not checkpoints:
        return None
    seconds = manager.checkpoint_seconds(checkpoints[0])
    if seconds is None:
        raise HostBusy(
            "another tool (such as nmstate or Cockpit) holds a NetworkManager checkpoint on this host that never ends by itself; "
            "end it there (nmstatectl commit, or nmstatectl rollback) and run again, nothing was changed"
        )
    return Busy("another tool with a NetworkManager checkpoint", "", seconds)


def is_other_host(managed: Managed, request: Request) -> bool:
    """Whether the controller connected over a claimed address and this is not the host that it was claimed for."""
    return request.only_known and not is_known_as(managed, request.machine, request.former, request.is_proven)


def is_known_as(managed: Managed, machine: str, former: str = "", is_proven: bool = False) -> bool:
    """Whether this host is known by the name of a machine, or by the one that the machine had before it was renamed.

    One on which nothing is recorded (its disk was restored) is known by its host key alone.
    """
    return managed.machine in (machine, former) if managed.machine else is_proven


def refuse_other_machine(managed: Managed, machine: str, former: str = "") -> None:
    """Raise WrongHost where the inventory leads to the wrong host."""
    if managed.machine and not managed.is_reset and not is_known_as(managed, machine, former):
        raise WrongHost(
            f"this host is configured as machine {managed.machine}, not {machine}: the inventory leads to the wrong host; correct its "
            f"address, or, if the machine was renamed, set machine_network_former_name: {managed.machine} for {machine}",
            machine=machine,
            configured_as=managed.machine,
        )


def refuse_other_identity(request: Request) -> None:
    """Raise WrongHost for a reset of another machine than the one whose addresses are released after it."""
    found = digest(host_identity()) if request.identities else ""
    if found and found not in request.identities:
        raise WrongHost(
            f"this host is another machine (by its machine-id) than the one that has the addresses of {request.machine}: where two "
            "inventories have a host of that name, give each a name of its own (machine_network_site) and one of the machines another "
            "(machine_network_machine_name); where it was installed again, configure it once, or set accept_host_keys (in the role "
            "machine_network_accept_host_keys) for one run; nothing was changed",
            machine=request.machine,
        )


def refuse_unknown_machine(managed: Managed, machine: str) -> None:
    """Raise WrongHost where nothing shows that a host which runs on DHCP is the machine whose addresses must be released.

    An address of the inventory may be another host's by now, while the machine is off and still has its own.
    """
    if machine not in {managed.machine, *records.machines_tried()}:
        known = f" but as machine {managed.machine}" if managed.machine else ""
        raise WrongHost(
            f"this host is not known as machine {machine}{known}, it may be another one that got its old address; correct the inventory, "
            "set machine_network_former_name where it was renamed, or configure it and then reset it",
            machine=machine,
            configured_as=managed.machine,
        )


def refuse_other_media(managed: Managed, wanted: t.Collection[WantedProfile]) -> None:
    """Raise Conflict for a reset that would leave a host without any network: wifi, for example, needs more than DHCP."""
    from ..plan.expectation import RADIOS  # here: few are reset

    others = sorted({profile.type for profile in managed.profiles} & {*RADIOS, "infiniband"})
    if others and not wanted:
        raise Conflict(
            f"this host has no ethernet interface of ours that could get DHCP back, only profiles of type {', '.join(others)}, and nothing "
            "else has what they need to connect; change the profile to method=auto with network_config, nothing was changed"
        )


def refuse_missing_plugins(manager: NetworkManager, profiles: t.Iterable[WantedProfile]) -> None:
    """Raise MissingRequirement for a profile of a type that NetworkManager on this host has no plugin for."""
    for profile in profiles:
        kind = profile.type.partition("-")[0]
        if kind in _PLUGINS:
            capability, package = _PLUGINS[kind]
            if capability not in manager.capabilities():
                raise MissingRequirement(
                    f"profile {profile.file_name} has the type {profile.type}, for which NetworkManager on this host has no plugin; "
                    f"install {package} and restart NetworkManager, nothing was changed",
                    profile=profile.file_name,
                )


def refuse_unmanaged_interfaces(
    manager: NetworkManager, devices: t.Sequence[Device], profiles: t.Iterable[WantedProfile]
) -> None:
    """Raise Conflict for a profile whose interface NetworkManager leaves alone: no boot would bring it up."""
    unmanaged = {device.interface for device in devices if not device.managed}
    for profile in profiles:
        if profile.type not in ETHERNET_TYPES or profile.interface not in unmanaged:
            continue
        from ..networkmanager.unmanaged import becomes_managed, reason  # here: few find one

        if not becomes_managed(manager, profile.interface):
            raise Conflict(
                f"profile {profile.file_name} is for interface {profile.interface}, which is unmanaged by NetworkManager on this host"
                f"{reason(profile.interface)}; change that first (nmcli device shows it), nothing was changed",
                profile=profile.file_name,
                interface=profile.interface,
            )


def refuse_unknown_addresses(
    manager: NetworkManager, devices: t.Iterable[Device], addresses: t.Collection[str]
) -> None:
    """Raise Conflict where a host carries claimed addresses and nothing on it is known as ours: a reset would do nothing."""
    found = sorted(carried_addresses(manager, devices) & set(addresses))
    if found:
        raise Conflict(
            f"this host carries {', '.join(found)}, but {paths.MANAGED_FILE} does not show which profile is ours; configure it "
            "once more and then reset it, nothing was changed",
            addresses=tuple(found),
        )
