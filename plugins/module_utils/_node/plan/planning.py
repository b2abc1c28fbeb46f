# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decisions without I/O: what differs, and what a trial must do about it."""

from __future__ import annotations

import os
import typing as t

from .. import paths
from ..model import ETHERNET_TYPES, Managed, Step
from ..protocol import WantedProfile

# RFC 4122, appendix C
_NAMESPACE_URL = "6ba7b811-9dad-11d1-80b4-00c04fd430c8"
# what NetworkManager itself notes in a profile (when it was active last), and what it never applies to a device
_BOOKKEEPING = ("connection.timestamp", "connection.autoconnect")
# the older forms of address-data, dns-data and route-data, which mean the same
_DEPRECATED = ("addresses", "dns", "routes")


class Observed(t.NamedTuple):
    """What a node has of one wanted profile; ``lost_addresses`` are configured but not on the device.

    ``is_free`` states that it is not active, no user took it down by hand, and no other profile has its interface: it may be on its way.
    ``loaded_from`` is the file of the profile that NetworkManager knows by its uuid; empty when it knows none. ``drifted`` are the settings
    with which the device does not run as the profile states: a user changed them (``nmcli device modify``).
    """

    installed_text: str | None
    is_known: bool
    is_loaded_from_etc: bool
    is_active: bool
    lost_addresses: tuple[str, ...] = ()
    is_free: bool = False
    loaded_from: str = ""
    drifted: tuple[str, ...] = ()


class Session(t.NamedTuple):
    """Where the controller connected: the ``interface`` that carries its ``address``, the ``family`` of it, and how long its prefix is."""

    interface: str
    address: str
    family: str
    prefix: int = 0


class Plan(t.NamedTuple):
    """What a request comes to: the profiles, how each is tried, and why.

    ``session`` is how the controller connected, None if unknown. ``way`` are the interfaces over which it may connect afterwards:
    that one, what it is made of, and what the profiles put on top of it. ``waiting`` is what profiles wait for, and
    ``interfaces`` which interface each is for where its keyfile does not name it, and ``segments`` the interface of now on its segment, all
    by file name. ``expects_gateway`` states that a default gateway may be there afterwards. ``kept`` is the controller's own
    address, which a trial keeps beside another lease.
    """

    wanted: tuple[WantedProfile, ...]
    steps: tuple[Step, ...]
    texts: t.Mapping[str, str]
    reasons: t.Mapping[str, str]
    stale: tuple[str, ...]
    idle: tuple[str, ...]
    more_files: t.Mapping[str, str | None]
    session: Session | None = None
    way: t.AbstractSet[str] = frozenset()
    waiting: t.Mapping[str, str] = {}
    interfaces: t.Mapping[str, str] = {}
    segments: t.Mapping[str, str] = {}
    expects_gateway: bool = True
    kept: str = ""
    is_reset: bool = False

    def __repr__(self) -> str:
        """Without the strings, which may hold secrets."""
        return f"Plan({dict(self.reasons)!r})"

    @property
    def changes(self) -> bool:
        """Whether anything must be done."""
        return bool(self.reasons or self.stale or self.more_files)


def differences(wanted: WantedProfile, observed: Observed, waiting_for: str = "") -> str:
    """Why a profile needs a change, in a few words; empty when it does not, or waits for something."""
    if observed.installed_text is None:
        return "not installed"
    if observed.installed_text != wanted.text:
        return "content differs"
    if not observed.is_loaded_from_etc:
        return "not loaded from /etc"
    if not observed.is_active and not waiting_for:
        return "not active"
    if observed.lost_addresses:
        return f"{', '.join(observed.lost_addresses)} missing on the device"
    if observed.drifted:
        return f"the device runs with other settings than the profile ({', '.join(observed.drifted)})"
    return ""


def drifted(
    settings: t.Mapping[str, t.Mapping[str, t.Any]], applied: t.Mapping[str, t.Mapping[str, t.Any]] | None
) -> tuple[str, ...]:
    """The settings (such as ``ipv4.route-metric``) that differ between a profile and what its device has, as D-Bus has them."""
    if applied is None or settings == applied:
        return ()
    names = []
    for section in sorted({*settings, *applied}):
        own, other = settings.get(section, {}), applied.get(section, {})
        for key in sorted({*own, *other}) if own != other else ():
            name = f"{section}.{key}"
            if name not in _BOOKKEEPING and key not in _DEPRECATED and own.get(key) != other.get(key):
                names.append(name)
    return tuple(names)


def collision(wanted: WantedProfile, observed: Observed, managed: Managed) -> str:
    """What a profile must not be installed over, as a sentence; empty where nothing that is not ours is in its way.

    Ours is what an earlier change installed. A file that means just what is wanted, with any uuid, is taken over: it was written by
    Elemental, from a bundle for the first boot, or by hand.
    """
    file = os.path.join(paths.INSTALLED_PROFILES, wanted.file_name)
    is_ours = wanted.file_name in managed.files
    if observed.installed_text is not None and not is_ours and not means_the_same(observed.installed_text, wanted.text):
        return (
            f"profile file {file} was not installed by this collection and would be overwritten; rename it there and run nmcli connection "
            "reload, or give ours another name, nothing was changed"
        )
    if observed.loaded_from in ("", file) or _holds_ours(observed.loaded_from, is_ours, managed):
        return ""
    return (
        f"profile file {observed.loaded_from} was not installed by this collection and has the uuid of profile {wanted.file_name}, "
        f"{wanted.uuid}; give one of the two another uuid, nothing was changed"
    )


def _holds_ours(file: str, is_ours: bool, managed: Managed) -> bool:
    """Whether a file elsewhere holds a profile of ours: another name of it in /etc, what is left of a trial, a change by nmcli."""
    folder, name = os.path.split(file)
    if folder == paths.TRIAL_PROFILES:
        return is_ours or name.startswith(paths.TRIAL_PREFIX)
    return folder == paths.INSTALLED_PROFILES and name in managed.files


def means_the_same(text: str, other: str) -> bool:
    """Whether NetworkManager reads the same from two keyfiles, but for the uuid."""
    from ..networkmanager.keyfile import KeyfileError, parse  # here: nothing needs it where nothing differs

    try:
        first, second = (
            {section: dict(values) for section, values in parse(each).sections.items()} for each in (text, other)
        )
    except KeyfileError:
        return False
    for sections in (first, second):
        sections.get("connection", {}).pop("uuid", None)
    return first == second


def _derived_uuid(namespace: str, name: str) -> str:
    import uuid  # here: the start of this program counts, and nothing needs it where nothing differs

    return str(uuid.uuid5(uuid.UUID(namespace), name))


def uuid_until_boot(interface: str) -> str:
    """That of the profile in memory for a card that a change leaves to NetworkManager."""
    return _derived_uuid(_NAMESPACE_URL, f"elemental.networking:until the next boot:{interface}")


def trial_step(wanted: WantedProfile, observed: Observed, trial_text: str, awaited: bool = True) -> Step:
    """How to try a profile.

    A profile that NetworkManager knows is tried under a uuid of its own: with the live uuid, a rollback of NetworkManager 1.42
    leaves a shadowing file in /run and one of 1.52 an extra file in /etc (both measured). So is one whose trial differs from what is
    to stay, but for `autoconnect`: that is never applied to a device, and may change while the profile is active.
    """
    same = not observed.is_known and (trial_text == wanted.text or trial_text == held_back(wanted.text))
    trial_uuid = wanted.uuid if same else _derived_uuid(wanted.uuid, "trial")
    return Step(wanted.file_name, wanted.interface, trial_uuid, wanted.uuid, awaited, wanted.type)


def held_back(text: str) -> str:
    """The text of a profile that NetworkManager must not activate by itself."""
    from ..networkmanager.keyfile import with_connection_value  # here: nothing needs it where nothing differs

    return with_connection_value(text, "autoconnect", "false")


def trial_texts(steps: t.Sequence[Step], texts: t.Mapping[str, str]) -> dict[str, str]:
    """The keyfiles of a trial by trial file name; references from one profile to another follow the trial's uuids."""
    from ..networkmanager.keyfile import with_connection_value  # here: nothing needs it where nothing differs

    moved = [step for step in steps if step.trial_uuid != step.final_uuid]
    result = {}
    for step in steps:
        text = with_connection_value(texts[step.file_name], "uuid", step.trial_uuid)
        for other in moved:
            text = text.replace(other.final_uuid, other.trial_uuid)
        result[step.trial_file] = text
    return result


def stale_files(managed: Managed, wanted: t.Sequence[WantedProfile]) -> tuple[str, ...]:
    """Files of ours that are wanted no more."""
    kept = {profile.file_name for profile in wanted}
    return tuple(name for name in managed.files if name not in kept)


def idle_interfaces(
    managed: Managed, wanted: t.Sequence[WantedProfile], active: t.Mapping[str, str]
) -> tuple[str, ...]:
    """Interfaces whose profile of ours goes and that get no other one; ``active`` reports on which interface a file is active."""
    served = {profile.interface for profile in wanted} | {active.get(profile.file_name) for profile in wanted}
    kept = {profile.file_name for profile in wanted}
    going = [
        profile.interface or active.get(profile.file_name, "")
        for profile in managed.profiles
        if profile.file_name not in kept
    ]
    return tuple(dict.fromkeys(interface for interface in going if interface and interface not in served))


def ethernet_interfaces(managed: Managed, active: t.Mapping[str, str]) -> tuple[str, ...]:
    """The interfaces of the machine itself (not those that profiles make) that carry a profile of ours."""
    names = [
        profile.interface or active.get(profile.file_name, "")
        for profile in managed.profiles
        if profile.type in ETHERNET_TYPES
    ]
    return tuple(dict.fromkeys(name for name in names if name))


def dhcp_profile(interface: str) -> WantedProfile:
    """The profile that a reset leaves on an interface."""
    name = f"elemental-dhcp-{interface}"
    identity = _derived_uuid(_NAMESPACE_URL, f"elemental.networking:dhcp:{interface}")
    text = (
        # its trial has another uuid, and must be the same client to a DHCP server that is asked with `client-id=stable`
        f"[connection]\nid={name}\nuuid={identity}\ntype=ethernet\ninterface-name={interface}\nstable-id={name}\n\n"
        "[ipv4]\nmethod=auto\n\n[ipv6]\nmethod=auto\n"
    )
    return WantedProfile(f"{name}.nmconnection", identity, "ethernet", interface, text)


def dhcp_beside(text: str, addresses: t.Mapping[str, t.Sequence[str]]) -> str:
    """A DHCP profile that keeps ``addresses`` (``address/prefix``, by family) too.

    dad-timeout is 0 because the addresses are our own already: a second interface on the same segment would answer the probe.
    """
    for family, more in (("ipv4", "dad-timeout=0\n"), ("ipv6", "")):
        lines = [f"address{number}={address}\n" for number, address in enumerate(addresses.get(family, ()), start=1)]
        header = f"[{family}]\nmethod=auto\n"
        text = text.replace(header, header + (more + "".join(lines) if lines else ""))
    return text
