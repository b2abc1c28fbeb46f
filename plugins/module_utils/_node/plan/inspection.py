# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node has now."""

from __future__ import annotations

import os
import typing as t

from .. import paths
from ..dbus.connection import BusError
from ..networkmanager.client import USER_REQUESTED, Device, NetworkManager
from ..protocol import FAMILIES, Knock, WantedProfile
from ..system.files import read_text
from ..system.tcp_table import Connection, Way, packed
from .planning import Observed, Session, drifted

Settings = t.Mapping[str, t.Mapping[str, t.Any]]


def observe_all(
    manager: NetworkManager, devices: t.Sequence[Device], wanted: t.Sequence[WantedProfile]
) -> t.Iterator[tuple[WantedProfile, Observed]]:
    """Each of the wanted profiles with what the node has of it; with which settings devices run is asked for all of them at once."""
    uuids = {profile.uuid for profile in wanted}
    applied = manager.applied_settings(device for device in devices if device.active_uuid in uuids)
    return ((profile, observe(manager, devices, profile, applied)) for profile in wanted)


def observe(
    manager: NetworkManager,
    devices: t.Sequence[Device],
    wanted: WantedProfile,
    applied: t.Mapping[str, Settings] | None = None,
) -> Observed:
    """What the node has of a wanted profile; ``applied`` is with which settings its devices run, by object path."""
    file = os.path.join(paths.INSTALLED_PROFILES, wanted.file_name)
    installed_text = read_text(file)
    path = manager.profile_path(wanted.uuid)
    loaded_from = manager.profile_file(path) if path is not None else ""
    if installed_text is None or path is None:
        return Observed(installed_text, path is not None, False, False, loaded_from=loaded_from)
    device = active_device(devices, wanted.uuid)
    is_active = device is not None and device.activated
    its_own = [each for each in devices if each.interface == wanted.interface]
    is_taken = any(each.active_uuid not in ("", wanted.uuid) or each.reason == USER_REQUESTED for each in its_own)
    settings = manager.profile_settings(path) if device is not None else {}
    return Observed(
        installed_text=installed_text,
        is_known=True,
        is_loaded_from_etc=loaded_from == file,
        is_active=is_active,
        lost_addresses=_lost_addresses(manager, settings, device),
        is_free=not is_active and not is_taken,
        loaded_from=loaded_from,
        drifted=drifted(settings, (applied or {}).get(device.path)) if device is not None else (),
    )


def _lost_addresses(manager: NetworkManager, settings: Settings, device: Device | None) -> tuple[str, ...]:
    if device is None:
        return ()
    lost: list[str] = []
    for family, configured in addresses_in(settings).items():
        present = manager.addresses(device, family) if configured else []
        lost += [address for address in configured if address not in present]
    return tuple(lost)


def static_addresses(manager: NetworkManager, path: str) -> dict[str, list[str]]:
    """The addresses that a profile configures by itself, as ``address/prefix``, for the families ``ipv4`` and ``ipv6``."""
    return addresses_in(manager.profile_settings(path))


def addresses_in(settings: Settings) -> dict[str, list[str]]:
    """The same of the settings of a profile."""
    return {
        family: [f"{entry['address']}/{entry['prefix']}" for entry in settings.get(family, {}).get("address-data", [])]
        for family in FAMILIES
    }


def configured_addresses(manager: NetworkManager, device: Device) -> dict[str, list[str]]:
    """The addresses of a device, as ``address/prefix``, of each family; of IPv6 only those that its profile configures by itself."""
    path = manager.profile_path(device.active_uuid) if device.active_uuid else None
    static = static_addresses(manager, path)["ipv6"] if path else []
    return {"ipv4": manager.addresses(device, "ipv4"), "ipv6": static}


def by_active_profile(devices: t.Iterable[Device]) -> dict[str, Device]:
    """The devices on which a profile is active, by its uuid."""
    return {device.active_uuid: device for device in devices if device.active_uuid}


def active_device(devices: t.Iterable[Device], uuid: str) -> Device | None:
    """The device on which a profile is active, or None."""
    return next((device for device in devices if device.active_uuid == uuid), None)


def carried_addresses(manager: NetworkManager, devices: t.Iterable[Device]) -> set[str]:
    """The addresses of devices, of both families, without prefix."""
    devices = list(devices)
    found = [address for family in FAMILIES for address in manager.addresses_of_each(devices, family)]
    return {address.split("/")[0] for address in found}


def session_of(manager: NetworkManager, devices: t.Iterable[Device], addresses: t.Collection[str]) -> Session | None:
    """The management connection: the device that carries one of ``addresses`` (without prefix); None where that is not known."""
    for device in devices:
        for family in FAMILIES:
            for each in manager.addresses(device, family):
                address, _slash, prefix = each.partition("/")
                if address in addresses:
                    return Session(device.interface, address, family, int(prefix))
    return None


def addresses_of_session(connected_address: str) -> set[str]:
    """The addresses of this node that the controller connected over, as far as they can be known, without zones."""
    addresses = {connected_address} if connected_address else set()
    session = _session()
    if session:
        addresses.add(session[2])
    return {address.partition("%")[0] for address in addresses}


def peer_of_session() -> str:
    """The address that the controller connects from, as this node sees it, without a zone; empty if that is not known."""
    session = _session()
    return session[0].partition("%")[0] if session else ""


def way_behind_nat(session: Connection | None, knock: Knock) -> Way | None:
    """The way of the controller's ``session``, where NAT changes the address that it comes from, or the port that it goes to.

    None where its connections arrive as it announces them, and where that is not known.
    """
    if session is None or _is_as_announced(session.way, knock):
        return None
    return session.way


def _is_as_announced(way: Way, knock: Knock) -> bool:
    return packed(way.remote) == packed(knock.address) and way.port == knock.target


def connection_of_session() -> Connection | None:
    """The connection of the controller's session; None where it is not known."""
    session = _session()
    if not session or not packed(session[0]) or not session[1].isdecimal() or not session[3].isdecimal():
        return None
    return Connection(Way(session[0], session[2], int(session[3])), int(session[1]))


def _session() -> list[str]:
    """The four words of ``SSH_CONNECTION``; none if it is not known."""
    session = (os.environ.get("SSH_CONNECTION") or _session_of_ancestors()).split()
    return session if len(session) == 4 else []


def _session_of_ancestors() -> str:
    """``SSH_CONNECTION`` of the process that sudo was started from: it hides it from those that it starts."""
    process = os.getppid()
    while process > 1:
        try:
            with open(f"/proc/{process}/environ", "rb") as stream:
                entries = stream.read().split(b"\0")
            with open(f"/proc/{process}/stat", "rb") as stream:
                process = int(stream.read().rpartition(b")")[2].split()[1])
        except OSError:  # it ended, or it is another user's
            return ""
        for entry in entries:
            if entry.startswith(b"SSH_CONNECTION="):
                return entry.partition(b"=")[2].decode(errors="replace")
    return ""


def host_identity() -> str:
    """What distinguishes this host from another one that took its address."""
    return (read_text("/etc/machine-id") or "").strip()


def interfaces_by_file(manager: NetworkManager, devices: t.Iterable[Device]) -> dict[str, str]:
    """The interface on which the profile of each file is active; most files do not name it (bound by MAC address, for example)."""
    found = {}
    for device in devices:
        path = manager.profile_path(device.active_uuid) if device.active_uuid else None
        if path:
            found[os.path.basename(manager.profile_file(path))] = device.interface
    return found


def lower_interfaces(interface: str) -> set[str]:
    """An interface and all that it is made of: the parent of a VLAN, the ports of a bridge or a bond, and so on."""
    found = {interface}
    folder = f"/sys/class/net/{interface}"
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        if name.startswith("lower_"):
            found |= lower_interfaces(name[len("lower_") :])
    return found


def previous_connections(devices: t.Iterable[Device]) -> tuple[tuple[str, str], ...]:
    """What is active on each device: (interface, uuid)."""
    return tuple((device.interface, device.active_uuid) for device in devices if device.active_uuid)


def is_present(interface: str) -> bool:
    """Whether the kernel has an interface of this name."""
    return os.path.exists(f"/sys/class/net/{interface}")


def has_carrier(interface: str) -> bool:
    """Whether the cable of an interface is in, or, of a bridge or a bond, that of one of its ports."""
    try:
        return (read_text(f"/sys/class/net/{interface}/carrier") or "").strip() == "1"
    except OSError:  # it is down
        return False


def leases(manager: NetworkManager, interface: str, families: t.Sequence[str] = FAMILIES) -> list[str]:
    """The addresses of an interface that a DHCP server or a router gave, those of the first family first."""
    device = manager.device(interface)
    if device is None or not device.activated:
        return []
    try:
        return [address for family in families for address in _given(manager, device, family)]
    except BusError:
        return []  # the lease went away between two calls


def _given(manager: NetworkManager, device: Device, family: str) -> list[str]:
    if family == "ipv4":
        lease = manager.lease_address(device)
        return [lease] if lease else []
    path = manager.profile_path(device.active_uuid)
    leased = manager.lease_address(device, family)
    own = static_addresses(manager, path)[family] if path else []
    present = [each for each in manager.addresses(device, family) if each not in own]
    # a link-local one is there without a server
    found = [each.split("/")[0] for each in present if not each.startswith("fe80:")]
    return [*found, leased] if leased and leased not in found else found
