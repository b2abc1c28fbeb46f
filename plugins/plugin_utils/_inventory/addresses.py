# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a machine is: the first address, in the user's order, at which it is known to be (pure)."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.elemental.networking.plugins.module_utils._ipam.addresses import host_address
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError
from ansible_collections.elemental.networking.plugins.module_utils._ipam.names import is_subdomain
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.model import Machine

CLAIMED, REGISTRATION_IP, MACHINE, NAME = "claimed", "registration-ip", "machine", "name"
# labels with a meaning for Elemental, which puts them into the addresses of the Machine, too
LABELS = ("ExternalIP", "InternalIP", "Hostname")
# the last part of a name that leads to the controller, or that ssh reads as an address, such as 127.1 and 0x7f000001
_NO_HOST = re.compile(r"(?:localhost|[0-9]+|0x[0-9a-f]*)\Z")
SOURCES = (CLAIMED, REGISTRATION_IP, *LABELS, MACHINE, NAME)


@dataclass(frozen=True)
class Chosen:
    """The address of a machine, empty where none is known; ``source`` is what it was chosen by, ``key`` that of a claimed one."""

    address: str = ""
    source: str = ""
    key: str = ""


def chosen(machine: Machine, order: t.Iterable[str], keys: t.Sequence[str]) -> Chosen:
    """The first address of these sources. ``keys`` are those of claimed addresses, in order; needed where a machine has several."""
    for source in order:
        if source == CLAIMED:
            key = _claimed_key(machine, keys)
            found = machine.held[key].address if key else ""
        else:
            key, found = "", _of_source(machine, source)
        if found:
            return Chosen(found, source, key)
    return Chosen()


def _claimed_key(machine: Machine, keys: t.Sequence[str]) -> str:
    """The key of the claimed address: the first of those that were given, or the only one.

    An address that is only promised does not count.
    """
    candidates = keys or (list(machine.held) if len(machine.held) == 1 else [])
    return next((key for key in candidates if key in machine.held and machine.held[key].in_use), "")


def _of_source(machine: Machine, source: str) -> str:
    if source == REGISTRATION_IP:
        return machine.registration_ip
    if source in LABELS:
        return _usable(source, machine.labels.get(source, ""))
    if source == MACHINE:
        listed = machine.membership.addresses
        known = [_usable(kind, address) for wanted in LABELS for kind, address in listed if kind == wanted]
        return next(filter(None, known), "")
    return _usable("Hostname", machine.name) if source == NAME else ""


def is_usable(value: str) -> bool:
    """Whether a connection may lead there: an address that a machine can have, or the name of a host that is not the controller."""
    return bool(value) and any(value == _usable(kind, value) for kind in ("InternalIP", "Hostname"))


def _usable(kind: str, value: str) -> str:
    """An address or the name of a host; empty for anything else: a label cannot hold an IPv6 address."""
    if not value:
        return ""
    if kind == "Hostname":
        name = value.lower()
        return name if is_subdomain(name) and not _NO_HOST.match(name.rpartition(".")[2]) else ""
    try:
        return str(host_address(kind, value))
    except IpamError:
        return ""
