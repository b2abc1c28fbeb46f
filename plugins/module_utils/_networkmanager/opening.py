# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Open a trial: say what it would change, and put it in place so that it undoes itself unless somebody confirms."""

from __future__ import annotations

import contextlib
import os
import time
import typing as t

from . import places, store
from .activating import activate_now, activate_trial
from .address_lines import addresses_of
from .arp import ArpSearch
from .bus import BusError
from .contenders import Connections, contender_warnings
from .files import private_folder, read_text, write_private
from .judging import refusal
from .keyfile import parse, redact
from .later import run_detached, run_later
from .looking import lower_interfaces, previous_connections, static_addresses
from .model import DEAD_MAN_MARGIN, ManagedProfile, Request, Trial
from .network_manager import Device, NetworkManager, NetworkManagerError
from .planning import Plan, trial_texts
from .probing import run_probes
from .undoing import timer_name, undo

# the answer to the controller leaves the node before its address goes
_HEAD_START = 0.15
# how long a free address is asked for (RFC 5227 asks for longer; NetworkManager's default is the same)
_DUPLICATE_SECONDS = 0.2


class Present(t.NamedTuple):
    """What the node has before a trial: the settings ``connection`` of all profiles by object path, devices, and their addresses."""

    connections: Connections
    devices: t.Sequence[Device]
    addresses: t.Collection[str]


class Findings(t.NamedTuple):
    """What may take long to find out: which probes fail before the change, and the searches for duplicates, which are on their way."""

    failed_before: t.Mapping[str, str]
    searches: t.Sequence[ArpSearch]


def find_out(plan: Plan, request: Request, addresses: t.Collection[str]) -> Findings:
    """Run the probes and look for duplicates; ``addresses`` are our own. The caller does not hold the lock."""
    searches = [] if plan.is_reset else _start_duplicate_search(plan, addresses)
    return Findings(run_probes(request.probes, request.deadline), searches)


def preview(manager: NetworkManager, plan: Plan, connections: Connections) -> dict[str, t.Any]:
    """What the trial of a plan would change. Raises NetworkManagerError where a profile of somebody else is in the way.

    ``connections`` are the settings ``connection`` of all profiles by object path.
    """
    return {
        "reasons": dict(plan.reasons),
        "stale": list(plan.stale),
        "diff": _differences(plan),
        "warnings": contender_warnings(manager, plan, connections),
    }


def open_trial(
    manager: NetworkManager,
    plan: Plan,
    request: Request,
    program: str,
    present: Present,
    findings: Findings,
) -> Trial:
    """Open the trial of a plan: first dead-men, then profiles in /run. ``findings`` are of a moment ago.

    Whatever fails on the way is rolled back and raised.
    """
    trial = Trial(
        token=request.token,
        machine=request.machine,
        controller=request.controller,
        opened_at=time.monotonic(),
        failed_before=findings.failed_before,
        deadline=request.deadline,
        daemon=manager.daemon,
        steps=plan.steps,
        stale_files=plan.stale,
        idle_interfaces=plan.idle,
        previous=previous_connections(present.devices),
        known_uuids=tuple(connection["uuid"] for connection in present.connections.values()),
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
        trial = trial._replace(checkpoint=manager.open_checkpoint(request.deadline))
        store.save_trial(trial)
        store.remember_files(trial, {profile.file_name: profile.text for profile in plan.wanted})
        _load(manager, trial, plan.texts)
        trial = trial._replace(required_addresses=_required_addresses(manager, plan), phase="staged")
        _refuse_duplicates(findings.searches)
        store.save_trial(trial)
    except BaseException as error:
        undo(manager, trial, str(error))
        raise
    return trial


def begin_trial(manager: NetworkManager, plan: Plan, trial: Trial) -> bool:
    """Activate an open trial: at once where the controller's own way in is not touched, else when it has got its answer.

    Says whether it is up already. The caller does not hold the lock. What goes wrong is not raised: the controller asks for the outcome,
    and the dead-man is armed.
    """
    with contextlib.suppress(NetworkManagerError, BusError, OSError):
        seconds = _HEAD_START
        if plan.connected is not None and not _touches(plan, plan.connected.interface):
            if not activate_now(manager, trial.token):
                return True
            seconds = 0.0
        run_detached(timer_name("activate", trial.token), seconds, lambda: activate_trial(trial.token))
    return False


def _touches(plan: Plan, interface: str) -> bool:
    """Whether a plan changes an interface or one that it is made of; a profile without an interface may be for any."""
    touched = {step.interface for step in plan.steps} | set(plan.idle)
    return None in touched or bool(touched & lower_interfaces(interface))


def _start_duplicate_search(plan: Plan, own: t.Collection[str]) -> list[ArpSearch]:
    """Ask for every address that is not our own and whose interface is there already; the answers come in while the trial is written."""
    searches = []
    for profile in plan.wanted:
        addresses = [
            address for address in addresses_of(parse(profile.text).sections.get("ipv4", {})) if address not in own
        ]
        if profile.file_name in plan.reasons and profile.interface and addresses:
            searches.append(ArpSearch(profile.interface, addresses))
    return searches


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
            raise NetworkManagerError(refusal(step.file_name, texts[step.file_name]))


def _required_addresses(manager: NetworkManager, plan: Plan) -> tuple[str, ...]:
    """Where the controller has to come in to prove that the node can be reached; empty: anywhere."""
    by_interface: dict[str, list[str]] = {}
    for step in plan.steps:
        path = manager.profile_path(step.trial_uuid) or ""
        found = [
            address.split("/")[0] for addresses in static_addresses(manager, path).values() for address in addresses
        ]
        by_interface.setdefault(step.interface or "", []).extend(found)
    everywhere = [address for addresses in by_interface.values() for address in addresses]
    if plan.connected is None:
        return tuple(everywhere)
    if plan.connected.interface not in by_interface:
        return tuple(by_interface.get("", ()))
    # an interface without an address of its own becomes part of another one: a bond, a bridge, a VLAN's parent
    return tuple(by_interface[plan.connected.interface] + by_interface.get("", []) or everywhere)


def _differences(plan: Plan) -> list[dict[str, str]]:
    """Before and after of each file, with secrets hidden."""
    finals = {profile.file_name: profile.text for profile in plan.wanted}
    result = []
    for name in [*plan.reasons, *plan.stale]:
        path = os.path.join(places.INSTALLED_PROFILES, name)
        before, after = redact(read_text(path) or ""), redact(finals.get(name, ""))
        if before != after:
            result.append({"before_header": path, "after_header": path, "before": before, "after": after})
    return result
