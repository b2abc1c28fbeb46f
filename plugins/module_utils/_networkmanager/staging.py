# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first half of the transaction: open a trial that undoes itself unless somebody confirms."""

from __future__ import annotations

import os
import typing as t
import uuid
from dataclasses import dataclass, replace

from . import places, store
from .files import private_folder, read_text, write_private
from .keyfile import redact
from .later import run_later
from .looking import addresses_of_session, device_with_address, observe, previous_connections, static_addresses
from .model import ETHERNET_TYPES, Managed, ManagedProfile, ResetRequest, StageRequest, Step, Trial, WantedProfile
from .network_manager import Device, NetworkManager, NetworkManagerError
from .planning import (
    dhcp_beside,
    dhcp_profile,
    differences,
    idle_interfaces,
    stale_files,
    trial_step,
    trial_texts,
)
from .undoing import undo

# the answer to the controller leaves the node before its address goes
_HEAD_START = 0.1
# the checkpoint comes first; then this cleans up, or does it all when NetworkManager died with its checkpoint
_DEAD_MAN_MARGIN = 3.0


@dataclass(frozen=True)
class Plan:
    """What a request comes to: the profiles, how each is tried, and why."""

    wanted: tuple[WantedProfile, ...]
    steps: tuple[Step, ...]
    texts: t.Mapping[str, str]
    reasons: t.Mapping[str, str]
    stale: tuple[str, ...]
    idle: tuple[str, ...]
    connected: Device | None

    @property
    def changes(self) -> bool:
        """Whether anything has to be done."""
        return bool(self.reasons or self.stale)


def stage(manager: NetworkManager, request: StageRequest, program: str) -> dict[str, t.Any]:
    """Try the profiles of a request; the answer says what changes and where the node will be."""
    managed = store.load_managed()
    _refuse_other_machine(managed, request.machine)
    _refuse_unknown_interfaces(manager, request.profiles)
    plan = _plan(manager, request.profiles, managed, addresses_of_session(request.connected_address))
    if not plan.changes:
        return {"changed": False}
    return _carry_out(manager, plan, request, program, is_reset=False)


def stage_reset(manager: NetworkManager, request: ResetRequest, program: str) -> dict[str, t.Any]:
    """Try DHCP on every interface that carries a profile of ours, beside the static address where the controller came in."""
    managed = store.load_managed()
    _refuse_other_machine(managed, request.machine)
    wanted = tuple(dhcp_profile(interface) for interface in managed.ethernet_interfaces if manager.device(interface))
    plan = _plan(manager, wanted, managed, addresses_of_session(request.connected_address))
    if not plan.changes:
        return {"changed": False}
    return _carry_out(manager, _keeping_static(manager, plan), request, program, is_reset=True)


def _refuse_other_machine(managed: Managed, machine: str) -> None:
    if managed.machine and managed.machine != machine and not managed.is_reset:
        raise NetworkManagerError(
            f"this host is configured as machine {managed.machine}, not {machine}: the inventory leads to the wrong host; "
            f"correct its address, or remove {places.MANAGED_FILE} there if the machine was renamed"
        )


def _refuse_unknown_interfaces(manager: NetworkManager, profiles: t.Sequence[WantedProfile]) -> None:
    for profile in profiles:
        if profile.type in ETHERNET_TYPES and profile.interface and not manager.device(profile.interface):
            known = ", ".join(sorted(device.interface for device in manager.devices() if device.interface != "lo"))
            raise NetworkManagerError(
                f"profile {profile.file_name} is for interface {profile.interface}, which this host does not have; it has {known}"
            )


def _plan(
    manager: NetworkManager, wanted: tuple[WantedProfile, ...], managed: Managed, session: t.Collection[str]
) -> Plan:
    steps, reasons = [], {}
    connected = device_with_address(manager, session)
    for profile in wanted:
        observed = observe(manager, profile)
        reason = differences(profile, observed)
        if reason:
            reasons[profile.file_name] = reason
            steps.append(trial_step(profile, observed, profile.text))
    texts = {profile.file_name: profile.text for profile in wanted}
    stale, idle = stale_files(managed, wanted), idle_interfaces(managed, wanted)
    return Plan(wanted, tuple(steps), texts, reasons, stale, idle, connected)


def _keeping_static(manager: NetworkManager, plan: Plan) -> Plan:
    """Make before break: on the controller's interface the trial has the lease and the static address."""
    steps, texts = [], dict(plan.texts)
    for profile in plan.wanted:
        step = next((step for step in plan.steps if step.file_name == profile.file_name), None)
        if step is None:
            continue
        is_connected = plan.connected is not None and profile.interface == plan.connected.interface
        if is_connected and plan.connected:
            texts[profile.file_name] = dhcp_beside(profile.text, manager.ipv4_addresses(plan.connected))
            step = trial_step(profile, observe(manager, profile), texts[profile.file_name])
        # another segment may have no DHCP server: that must not keep a node from its reset
        steps.append(replace(step, awaited=is_connected))
    return replace(plan, steps=tuple(steps), texts=texts)


def _carry_out(
    manager: NetworkManager, plan: Plan, request: StageRequest | ResetRequest, program: str, is_reset: bool
) -> dict[str, t.Any]:
    answer = {"changed": True, "reasons": dict(plan.reasons), "stale": list(plan.stale), "diff": _diff(plan)}
    if request.check:
        return answer
    with store.exclusive():
        _refuse_second_trial(manager)
        trial = _open(manager, plan, request, program, is_reset)
    return {
        **answer,
        "token": trial.token,
        "addresses": list(trial.required_addresses),
        "interface": plan.connected.interface if plan.connected else "",
    }


def _refuse_second_trial(manager: NetworkManager) -> None:
    trial = store.load_trial()
    if trial is not None:
        undo(manager, trial, "a new change found this one unfinished")
    if manager.checkpoints():
        raise NetworkManagerError(
            "another tool holds a NetworkManager checkpoint on this host; wait until it ends and run again, nothing was changed"
        )


def _open(
    manager: NetworkManager, plan: Plan, request: StageRequest | ResetRequest, program: str, is_reset: bool
) -> Trial:
    trial = Trial(
        token=uuid.uuid4().hex,
        machine=request.machine,
        checkpoint=manager.open_checkpoint(request.deadline),
        deadline=request.deadline,
        steps=plan.steps,
        stale_files=plan.stale,
        idle_interfaces=plan.idle,
        previous=previous_connections(manager),
        required_addresses=(),
        lease_interface=_lease_interface(plan) if is_reset else "",
        is_reset=is_reset,
        wanted=tuple(ManagedProfile(each.file_name, each.interface or "", each.type) for each in plan.wanted),
    )
    final_texts = {profile.file_name: profile.text for profile in plan.wanted}
    try:
        store.open_trial(trial, final_texts, program)
        run_later("rollback", request.deadline + _DEAD_MAN_MARGIN, store.program_command("expire", trial.token))
        _load(manager, trial, plan.texts)
        trial = replace(trial, required_addresses=_required_addresses(manager, plan))
        store.save_trial(trial)
        run_later("activate", _HEAD_START, store.program_command("activate", trial.token))
    except BaseException as error:
        undo(manager, trial, str(error))
        raise
    return trial


def _lease_interface(plan: Plan) -> str:
    """The interface whose lease has to lead the controller back in; empty when it did not come in over one of ours."""
    connected = plan.connected.interface if plan.connected else ""
    return connected if any(step.awaited and step.interface == connected for step in plan.steps) else ""


def _load(manager: NetworkManager, trial: Trial, texts: t.Mapping[str, str]) -> None:
    private_folder(places.TRIAL_PROFILES)
    for name, text in trial_texts(trial.steps, texts).items():
        write_private(os.path.join(places.TRIAL_PROFILES, name), text)
    manager.load_profiles([os.path.join(places.TRIAL_PROFILES, step.trial_file) for step in trial.steps])
    for step in trial.steps:
        if manager.profile_path(step.trial_uuid) is None:
            raise NetworkManagerError(
                f"NetworkManager refused profile {step.file_name}; its log on this host says why (journalctl -u NetworkManager)"
            )


def _required_addresses(manager: NetworkManager, plan: Plan) -> tuple[str, ...]:
    """Where the controller has to come in to prove that the node can be reached; empty: anywhere."""
    addresses: list[str] = []
    for step in plan.steps:
        if plan.connected is None or step.interface in (None, plan.connected.interface):
            path = manager.profile_path(step.trial_uuid) or ""
            for family in ("ipv4", "ipv6"):
                addresses += [address.split("/")[0] for address in static_addresses(manager, path, family)]
    return tuple(addresses)


def _diff(plan: Plan) -> list[dict[str, str]]:
    """Before and after of each file, with secrets hidden."""
    finals = {profile.file_name: profile.text for profile in plan.wanted}
    result = []
    for name in [*plan.reasons, *plan.stale]:
        path = os.path.join(places.INSTALLED_PROFILES, name)
        before, after = redact(read_text(path) or ""), redact(finals.get(name, ""))
        if before != after:
            result.append({"before_header": path, "after_header": path, "before": before, "after": after})
    return result
