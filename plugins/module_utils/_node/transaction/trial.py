# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Open a trial: report what it would change, and put it in place so that it is rolled back automatically unless confirmed."""

from __future__ import annotations

import contextlib
import os
import time
import typing as t

from .. import paths
from ..checks.arp import ArpSearch
from ..checks.delivery import wait_until_delivered
from ..checks.probing import run_probes
from ..dbus.connection import BusError
from ..model import DEAD_MAN_MARGIN, ManagedProfile, Trial
from ..networkmanager.address_lines import addresses_of
from ..networkmanager.bindings import WITHOUT_ADDRESSES, binding
from ..networkmanager.client import Device, NetworkManager
from ..networkmanager.keyfile import parse, redact
from ..plan.autoconnect_conflicts import Connections, contender_warnings, gateway_warnings
from ..plan.destination import Target, destination
from ..plan.inspection import addresses_in, lower_interfaces, previous_connections
from ..plan.judging import refusal
from ..plan.planning import Plan, trial_texts
from ..protocol import FAMILIES, STAGED, AddressInUse, InvalidInput, NodeError, Request, Staged
from ..state import records
from ..system.files import private_folder, read_text, write_private
from ..system.timers import run_detached, run_later
from .activate import activate_now, activate_trial
from .rollback import timer_name, undo

# how long a free address is asked for (RFC 5227 asks for longer; NetworkManager's default is the same)
_DUPLICATE_SECONDS = 0.2


class Present(t.NamedTuple):
    """What the node has before a trial: the settings ``connection`` of all profiles by object path, devices, and their addresses."""

    connections: Connections
    devices: t.Sequence[Device]
    addresses: t.Collection[str]


class Findings(t.NamedTuple):
    """What may take long to determine: which probes fail before the change, and the searches for duplicates, which are under way."""

    failed_before: t.Mapping[str, str]
    searches: t.Sequence[ArpSearch]


def find_out(plan: Plan, request: Request, addresses: t.Collection[str]) -> Findings:
    """Run the probes and look for duplicates; ``addresses`` are our own. The caller does not hold the lock."""
    searches = [] if plan.is_reset else _start_duplicate_search(plan, addresses)
    return Findings(run_probes(request.probes, request.deadline), searches)


def preview(manager: NetworkManager, plan: Plan, connections: Connections) -> Staged:
    """What the trial of a plan would change. Raises Conflict if a profile that is not ours is in the way.

    ``connections`` are the settings ``connection`` of all profiles by object path.
    """
    return Staged(
        changed=True,
        reasons=dict(plan.reasons),
        stale=tuple(plan.stale),
        diff=tuple(_differences(plan)),
        waiting=dict(plan.waiting),
        warnings=(*contender_warnings(manager, plan, connections), *_gateway_warnings(plan)),
    )


def _gateway_warnings(plan: Plan) -> list[str]:
    if plan.is_reset:
        return []
    up = [binding(profile) for profile in plan.wanted if profile.file_name not in plan.waiting]
    sentence = (
        "no profile gives the main routing table a default gateway: the probe gateway is not a condition of this change"
    )
    return [*gateway_warnings(up), *([] if plan.expects_gateway else [sentence])]


def open_trial(
    manager: NetworkManager,
    plan: Plan,
    request: Request,
    program: str,
    present: Present,
    findings: Findings,
) -> Trial:
    """Open the trial of a plan: first watchdogs, then profiles in /run. ``findings`` are of a moment ago.

    An error on the way is raised after a rollback.
    """
    trial = _new_trial(manager, plan, request, present, findings)
    try:
        records.open_trial(trial, program)
        dead_man = timer_name("rollback", trial.token)
        run_later(dead_man, request.deadline + DEAD_MAN_MARGIN, records.program_command("expire", trial.token))
        trial = trial._replace(checkpoint=manager.open_checkpoint(request.deadline))
        records.save_trial(trial)
        records.remember_files(trial, {profile.file_name: profile.text for profile in plan.wanted})
        # NetworkManager activates what it has loaded by itself where nothing else is active, and announces it to all neighbours
        _refuse_duplicates(findings.searches)
        _load(manager, trial, plan.texts)
        if not plan.is_reset:
            is_touched = _is_touched(plan)
            place = destination(_targets(manager, plan) if is_touched else (), plan, is_touched)
            trial = trial._replace(
                required_addresses=place.addresses, lease_interfaces=place.interfaces, lease_families=place.families
            )
        trial = trial.enter(STAGED)
        records.save_trial(trial)
    except BaseException as error:
        undo(manager, trial, str(error))
        raise
    return trial


def _new_trial(manager: NetworkManager, plan: Plan, request: Request, present: Present, findings: Findings) -> Trial:
    """The trial of a plan, before anything of it has begun."""
    return Trial(
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
        lease_interfaces=_lease_interfaces(plan) if plan.is_reset else (),
        lease_families=_families_first(plan),
        expects_gateway=plan.expects_gateway,
        is_reset=plan.is_reset,
        wanted=tuple(ManagedProfile(each.file_name, each.interface or "", each.type) for each in plan.wanted),
        probes=request.probes,
        more_files=plan.more_files,
    )


def begin_trial(manager: NetworkManager, plan: Plan, trial: Trial, then: t.Callable[[], None] | None) -> bool:
    """Activate an open trial: at once if the management connection is not touched, else when the controller has got its answer.

    Returns whether it is up already; where it is not, ``then`` is done after it. The caller does not hold the lock. What goes wrong is not
    raised: the controller asks for the outcome, and the watchdog is armed.
    """
    with contextlib.suppress(NodeError, BusError, OSError):
        is_touched = _is_touched(plan)
        if not is_touched and not activate_now(manager, trial.token):
            return True
        address = plan.session.address if plan.session else None

        def activate_later() -> None:
            if is_touched:
                wait_until_delivered(address)
            activate_trial(trial.token)
            if then:
                then()

        run_detached(timer_name("activate", trial.token), activate_later)
    return False


def _is_touched(plan: Plan) -> bool:
    """Whether a plan changes the interface of the controller's connection, or one that it is made of.

    A profile without an interface may be for any.
    """
    changed = [step for step in plan.steps if not step.waiting_for]
    touched = {plan.interfaces.get(step.file_name) or step.interface for step in changed} | set(plan.idle)
    return plan.session is None or None in touched or bool(touched & lower_interfaces(plan.session.interface))


def _start_duplicate_search(plan: Plan, own: t.Collection[str]) -> list[ArpSearch]:
    """Ask for every address that is not our own where there are neighbours to ask; the answers arrive while the trial is written."""
    searches = []
    for profile in plan.wanted:
        addresses = [
            address for address in addresses_of(parse(profile.text).sections.get("ipv4", {})) if address not in own
        ]
        segment = plan.segments.get(profile.file_name)
        if profile.file_name in plan.reasons and segment and addresses:
            searches.append(ArpSearch(segment, addresses))
    return searches


def _refuse_duplicates(searches: t.Iterable[ArpSearch]) -> None:
    owners: dict[str, str] = {}
    for search in searches:
        owners.update(search.finish(_DUPLICATE_SECONDS))
    if owners:
        named = ", ".join(f"{address} is used by the machine with MAC address {mac}" for address, mac in owners.items())
        raise AddressInUse(
            f"{named} on the same network; determine which machine that is, nothing was changed", addresses=dict(owners)
        )


def _lease_interfaces(plan: Plan) -> tuple[str, ...]:
    """The interfaces of which one must get a lease to reconnect over after a reset; none if the controller uses another interface."""
    interfaces = [step.interface for step in plan.steps if step.interface]
    if plan.session is None:
        return tuple(interfaces)
    connected = plan.session.interface
    if connected in interfaces:
        return (connected,)
    # it is connected over a bond, a bridge or a VLAN of ours that goes: what it was made of gets the lease
    return tuple(interfaces) if connected in plan.idle else ()


def _families_first(plan: Plan) -> tuple[str, ...]:
    """Both families, that of the controller first."""
    first = plan.session.family if plan.session else FAMILIES[0]
    return (first, *(family for family in FAMILIES if family != first))


def _load(manager: NetworkManager, trial: Trial, texts: t.Mapping[str, str]) -> None:
    private_folder(paths.TRIAL_PROFILES)
    for name, text in trial_texts(trial.steps, texts).items():
        write_private(os.path.join(paths.TRIAL_PROFILES, name), text)
    manager.load_profiles([os.path.join(paths.TRIAL_PROFILES, step.trial_file) for step in trial.steps])
    for step in trial.steps:
        if manager.profile_path(step.trial_uuid) is None:
            raise InvalidInput(refusal(step.file_name, texts[step.file_name]), profile=step.file_name)


def _targets(manager: NetworkManager, plan: Plan) -> list[Target]:
    """What NetworkManager understood of each profile that must be up after the change."""
    steps = {step.file_name: step for step in plan.steps}
    found = []
    for profile in plan.wanted:
        step = steps.get(profile.file_name)
        path = manager.profile_path(step.trial_uuid if step else profile.uuid)
        # NetworkManager reports that a bridge of Open vSwitch asks for a lease, which it never does
        if path is None or profile.file_name in plan.waiting or profile.type in WITHOUT_ADDRESSES:
            continue
        settings = manager.profile_settings(path)
        found.append(
            Target(
                interface=profile.interface or plan.interfaces.get(profile.file_name, ""),
                is_changed=step is not None,
                addresses=addresses_in(settings),
                asking=tuple(
                    family for family in FAMILIES if settings.get(family, {}).get("method") in ("auto", "dhcp")
                ),
            )
        )
    return found


def _differences(plan: Plan) -> list[dict[str, str]]:
    """Before and after of each file, with secrets hidden."""
    finals = {profile.file_name: profile.text for profile in plan.wanted}
    result = []
    for name in [*plan.reasons, *plan.stale]:
        path = os.path.join(paths.INSTALLED_PROFILES, name)
        before, after = redact(read_text(path) or ""), redact(finals.get(name, ""))
        if before == after and name in plan.reasons:  # what differs is not to be seen in the file
            before, after = f"# {plan.reasons[name]}\n", "# active, as in the file\n"
        if before != after:
            result.append({"before_header": path, "after_header": path, "before": before, "after": after})
    return result
