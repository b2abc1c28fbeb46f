# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that make ssh prove that the machine at an address is the host, regardless of its user's other settings.

A host is its ssh host keys. ssh proves them before it authenticates itself and before anything is sent.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import tempfile
import typing as t
from dataclasses import dataclass
from ipaddress import ip_address

from ansible import constants
from ansible_collections.elemental.networking.plugins.module_utils._host_keys import valid_host_keys
from ansible_collections.elemental.networking.plugins.module_utils._machine_id import valid_identity

# ssh takes the first value that it meets of each setting: these come before all others, also before what Ansible adds where host keys are
# not checked. A key of an address that is not the inventory's must be known already
_CHECKED = "-o StrictHostKeyChecking=yes"
# as long as in the paths that Ansible makes: a socket's path has 100 characters or so
_SHORT = 10


@dataclass(frozen=True)
class HostIdentity:
    """What is known of a host before it is asked.

    ``claimed`` are addresses that it may have, and that any other host may use; ``host_keys`` are those that are recorded of it.
    ``machine_ids`` are digests of the machine-id of the machine that has its addresses.
    ``is_believed``: take the machine that answers at a claimed address for the host, without a proof.
    """

    claimed: tuple[str, ...] = ()
    host_keys: tuple[str, ...] = ()
    is_believed: bool = False
    machine_ids: tuple[str, ...] = ()

    @classmethod
    def of(cls, options: t.Mapping[str, t.Any], claimed: t.Iterable[str]) -> HostIdentity:
        """The identity that the options of a task describe."""
        is_believed = bool(options["accept_host_keys"])
        recorded = () if is_believed else valid_host_keys(options["known_host_keys"])
        machine_ids = () if is_believed else tuple(filter(None, map(valid_identity, options["known_machine_ids"])))
        return cls(tuple(dict.fromkeys(claimed)), recorded, is_believed, machine_ids)

    def has_claimed(self, addresses: t.Iterable[str]) -> bool:
        """Whether one of these addresses is one that the host claimed, however that is spelled."""
        return not {_plain(each) for each in addresses}.isdisjoint(_plain(each) for each in self.claimed)


def _plain(address: str) -> str:
    try:
        return str(ip_address(address))
    except ValueError:
        return address


def demanding(host_keys: t.Sequence[str], place: str, control_folder: str) -> str:
    """Arguments of ssh with which only who has one of these keys is talked to at a ``place`` (host, port and user, in any form).

    They go in front of all others. A connection that is shared with earlier calls was made with the same ones: it has a path of its own.
    """
    digest = hashlib.sha256("\n".join(host_keys).encode()).hexdigest()[:16]
    name = f"elemental-networking-{digest}"
    settings = {
        "HostKeyAlias": name,
        "UserKnownHostsFile": _quoted(_known_hosts(name, host_keys)),
        "GlobalKnownHostsFile": "/dev/null",
        "CheckHostIP": "no",
        "UpdateHostKeys": "no",
        "VerifyHostKeyDNS": "no",
    }
    arguments = [checking(f"{digest} {place}", control_folder), *(_setting(*each) for each in settings.items())]
    return " ".join(arguments)


def checking(place: str, control_folder: str) -> str:
    """The same where ssh's own known_hosts files have the key; ``place`` names what is known there as well."""
    shared = hashlib.sha256(place.encode()).hexdigest()[:_SHORT]
    return f"{_CHECKED} {_setting('ControlPath', _quoted(os.path.join(control_folder, shared)))}"


def _setting(key: str, value: str) -> str:
    return f"-o {shlex.quote(f'{key}={value}')}"


def _quoted(path: str) -> str:
    """A path as a value in ssh's configuration, where a percent sign begins a token."""
    escaped = path.replace("%", "%%")
    return f'"{escaped}"'


def _known_hosts(name: str, host_keys: t.Sequence[str]) -> str:
    """A private file with these keys under a name, where Ansible removes it at the end of the play: its later tasks need it, too."""
    file = os.path.join(constants.DEFAULT_LOCAL_TMP, name)
    if not os.path.exists(file):
        handle, unfinished = tempfile.mkstemp(prefix=f"{name}-", dir=constants.DEFAULT_LOCAL_TMP)
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.writelines(f"{name} {key}\n" for key in host_keys)
        os.replace(unfinished, file)
    return file
