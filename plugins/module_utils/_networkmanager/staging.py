# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first half of the transaction: open a trial that undoes itself unless somebody confirms."""

from __future__ import annotations

import os
import time
import typing as t
from dataclasses import dataclass, replace

from . import places, store
from .activating import activate_trial
from .arp import ArpSearch
from .files import private_folder, read_text, write_private
from .keyfile import parse, redact
from .later import run_detached, run_later
from .looking import (
    addresses_of_session,
    device_with_address,
    host_identity,
    interfaces_by_file,
    observe,
    previous_connections,
    static_addresses,
)
from .model import (
    DEAD_MAN_MARGIN,
    Managed,
    ManagedProfile,
    Request,
    ResetRequest,
    StageRequest,
    Step,
    Trial,
    WantedProfile,
)
from .network_manager import Device, NetworkManager, NetworkManagerError
from .others import (
    busy_with_a_trial,
    busy_with_another_tool,
    check_contenders,
    is_stranger,
    refuse_other_machine,
    refuse_unknown_addresses,
    refuse_unknown_interfaces,
)
from .planning import (
    dhcp_beside,
    dhcp_profile,
    differences,
    ethernet_interfaces,
    idle_interfaces,
    stale_files,
    trial_step,
    trial_texts,
)
from .probing import run_probes
from .undoing import timer_name, undo

# the answer to the controller leaves the node before its address goes
_HEAD_START = 0.15
# how long a free address is asked for (RFC 5227 asks for longer; NetworkManager's default is the same)
_DUPLICATE_SECONDS = 0.2


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
    more_files: t.Mapping[str, str | None]
    is_reset: bool = False

    @property
    def changes(self) -> bool:
        """Whether anything has to be done."""
        return bool(self.reasons or self.stale or self.more_files)


def stage(manager: NetworkManager, request: StageRequest, program: str) -> dict[str, t.Any]:
    """Try the profiles of a request; the answer says what changes and where the node will be."""

    def plan(managed: Managed) -> Plan:
        refuse_unknown_interfaces(manager, request.profiles)
        return _plan(manager, request, request.profiles, managed)

    return _carry_out(manager, request, program, plan)


def stage_reset(manager: NetworkManager, request: ResetRequest, program: str) -> dict[str, t.Any]:
    """Try DHCP on every interface that carries a profile of ours, beside the static address where the controller came in."""

    def plan(managed: Managed) -> Plan:
        names = ethernet_interfaces(managed, interfaces_by_file(manager))
        wanted = tuple(dhcp_profile(name) for name in names if manager.device(name))
        if not wanted:
            refuse_unknown_addresses(manager, request.addresses)
        return _keeping_static(manager, _plan(manager, request, wanted, managed))

    return _carry_out(manager, request, program, plan)


def _plan(manager: NetworkManager, request: Request, wanted: tuple[WantedProfile, ...], managed: Managed) -> Plan:
    steps, reasons = [], {}
    for profile in wanted:
        observed = observe(manager, profile)
        reason = differences(profile, observed)
        if reason:
            reasons[profile.file_name] = reason
            steps.append(trial_step(profile, observed, profile.text))
    stale = stale_files(managed, wanted)
    return Plan(
        wanted=wanted,
        steps=tuple(steps),
        texts={profile.file_name: profile.text for profile in wanted},
        reasons=reasons,
        stale=stale,
        idle=idle_interfaces(managed, wanted, interfaces_by_file(manager)) if stale else (),
        connected=device_with_address(manager, addresses_of_session(request.connected_address)),
        more_files=_differing_files(request, managed),
    )


def _differing_files(request: Request, managed: Managed) -> dict[str, str | None]:
    gone = {path: None for path in managed.more_files if path not in request.more_files}
    return {path: text for path, text in {**gone, **request.more_files}.items() if read_text(path) != text}


def _keeping_static(manager: NetworkManager, plan: Plan) -> Plan:
    """Make before break: on the controller's interface the trial has the lease and the static address."""
    steps, texts = [], dict(plan.texts)
    for profile in plan.wanted:
        step = next((step for step in plan.steps if step.file_name == profile.file_name), None)
        if step is None:
            continue
        is_connected = plan.connected is not None and profile.interface == plan.connected.interface
        device = manager.device(str(profile.interface))
        # where nobody knows which one the controller came in over (a name, NAT, IPv6 and sudo hide it) it may be any of ours
        if device is not None and (is_connected or plan.connected is None):
            texts[profile.file_name] = dhcp_beside(profile.text, manager.ipv4_addresses(device))
            step = trial_step(profile, observe(manager, profile), texts[profile.file_name])
        # another segment may have no DHCP server: that must not keep a node from its reset
        steps.append(replace(step, awaited=is_connected))
    return replace(plan, steps=tuple(steps), texts=texts, is_reset=True)


def _carry_out(
    manager: NetworkManager, request: Request, program: str, make_plan: t.Callable[[Managed], Plan]
) -> dict[str, t.Any]:
    with store.exclusive():
        busy = busy_with_a_trial(manager, request)
        if busy:
            return busy
        managed = store.load_managed()
        if is_stranger(managed, request):
            return {"stranger": True}
        refuse_other_machine(managed, request.machine)
        plan = make_plan(managed)
        if not plan.changes:
            return {"changed": False}
        warnings = _check_contenders(manager, plan)
        answer = {
            "changed": True,
            "reasons": dict(plan.reasons),
            "stale": list(plan.stale),
            "diff": _diff(plan),
            "warnings": warnings,
        }
        if request.check:
            return answer
        busy = busy_with_another_tool(manager)
        if busy:
            return busy
        trial = _open(manager, plan, request, program)
    return {
        **answer,
        "host": host_identity(),
        "addresses": list(trial.required_addresses),
        "failed_before": dict(trial.failed_before),
    }


def _check_contenders(manager: NetworkManager, plan: Plan) -> list[str]:
    changed = [profile for profile in plan.wanted if profile.file_name in plan.reasons and profile.interface]
    wanted = {str(profile.interface): _autoconnect_priority(profile.text) for profile in changed}
    stale = {os.path.join(places.INSTALLED_PROFILES, name) for name in plan.stale}
    ours = {profile.uuid for profile in plan.wanted} | {
        manager.profile_settings(path)["connection"]["uuid"]
        for path in (manager.profile_paths() if stale else ())
        if manager.profile_file(path) in stale
    }
    return check_contenders(manager, plan.wanted, ours, wanted)


def _autoconnect_priority(text: str) -> int:
    try:
        return int(parse(text).get("connection", "autoconnect-priority") or 0)
    except ValueError:
        return 0


def _open(manager: NetworkManager, plan: Plan, request: Request, program: str) -> Trial:
    searches = _start_duplicate_search(manager, plan)
    failed_before = run_probes(request.probes)
    trial = Trial(
        token=request.token,
        machine=request.machine,
        controller=request.controller,
        opened_at=time.monotonic(),
        failed_before=failed_before,
        deadline=request.deadline,
        daemon=manager.daemon,
        steps=plan.steps,
        stale_files=plan.stale,
        idle_interfaces=plan.idle,
        previous=previous_connections(manager),
        known_uuids=tuple(manager.profile_settings(path)["connection"]["uuid"] for path in manager.profile_paths()),
        lease_interfaces=_lease_interfaces(plan),
        is_reset=plan.is_reset,
        wanted=tuple(ManagedProfile(each.file_name, each.interface or "", each.type) for each in plan.wanted),
        probes=request.probes,
        more_files=plan.more_files,
    )
    try:
        store.open_trial(trial, program)
        dead_man = timer_name("rollback", trial.token)
        run_later(dead_man, request.deadline + DEAD_MAN_MARGIN, store.program_command("expire", trial.token))
        trial = replace(trial, checkpoint=manager.open_checkpoint(request.deadline))
        store.save_trial(trial)
        store.remember_files(trial, {profile.file_name: profile.text for profile in plan.wanted})
        _load(manager, trial, plan.texts)
        trial = replace(trial, required_addresses=_required_addresses(manager, plan), phase="staged")
        _refuse_duplicates(searches)
        store.save_trial(trial)
        run_detached(timer_name("activate", trial.token), _HEAD_START, lambda: activate_trial(request.token))
    except BaseException as error:
        undo(manager, trial, str(error))
        raise
    return trial


def _start_duplicate_search(manager: NetworkManager, plan: Plan) -> list[ArpSearch]:
    """Ask for every new address whose interface is there already; the answers come in while the trial is written."""
    if plan.is_reset:
        return []
    own = {address.split("/")[0] for device in manager.devices() for address in manager.ipv4_addresses(device)}
    searches = []
    for profile in plan.wanted:
        addresses = [address for address in _ipv4_addresses(profile.text) if address not in own]
        if profile.file_name in plan.reasons and profile.interface and addresses:
            searches.append(ArpSearch(profile.interface, addresses))
    return searches


def _ipv4_addresses(text: str) -> list[str]:
    """The addresses of a keyfile: ``address1=192.0.2.1/24,192.0.2.254``, ``addresses=192.0.2.1/24;…``."""
    found = []
    for key, value in parse(text).sections.get("ipv4", {}).items():
        if key.rstrip("0123456789") == "address":
            found.append(value.split("/")[0].split(",")[0].strip())
        elif key == "addresses":
            found += [part.split("/")[0].split(",")[0].strip() for part in value.split(";") if part.strip()]
    return found


def _refuse_duplicates(searches: t.Iterable[ArpSearch]) -> None:
    owners: dict[str, str] = {}
    for search in searches:
        owners.update(search.finish(_DUPLICATE_SECONDS))
    if owners:
        named = ", ".join(f"{address} is used by the machine with MAC address {mac}" for address, mac in owners.items())
        raise NetworkManagerError(f"{named} on the same network; find out who that is, nothing was changed")


def _lease_interfaces(plan: Plan) -> tuple[str, ...]:
    """The interfaces of which a lease has to lead the controller back in after a reset; none when it came in over another one."""
    if not plan.is_reset:
        return ()
    interfaces = [step.interface for step in plan.steps if step.interface]
    if plan.connected is None:
        return tuple(interfaces)
    connected = plan.connected.interface
    if connected in interfaces:
        return (connected,)
    # it came in over a bond, a bridge or a VLAN of ours that goes: what it was made of gets the lease
    return tuple(interfaces) if connected in plan.idle else ()


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
    by_interface: dict[str, list[str]] = {}
    for step in plan.steps:
        path = manager.profile_path(step.trial_uuid) or ""
        found = [
            address.split("/")[0] for family in ("ipv4", "ipv6") for address in static_addresses(manager, path, family)
        ]
        by_interface.setdefault(step.interface or "", []).extend(found)
    everywhere = [address for addresses in by_interface.values() for address in addresses]
    if plan.connected is None:
        return tuple(everywhere)
    if plan.connected.interface not in by_interface:
        return tuple(by_interface.get("", ()))
    # an interface without an address of its own becomes part of another one: a bond, a bridge, a VLAN's parent
    return tuple(by_interface[plan.connected.interface] + by_interface.get("", []) or everywhere)


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
