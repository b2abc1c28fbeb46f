# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ssh makes of its own configuration for a host: the way that it takes, and the name under which it knows the host's key."""

from __future__ import annotations

import contextlib
import glob
import os
import shlex
import socket
import subprocess
import typing as t
from dataclasses import dataclass
from ipaddress import ip_address

_SSH_CONFIGURATIONS = ("~/.ssh/config", "/etc/ssh/ssh_config", "/etc/ssh/ssh_config.d/*")
_SSH_PORT = "22"
# as `ssh -G` prints them
_UNCHECKED = ("false", "no", "off")


@dataclass(frozen=True)
class SshCall:
    """How Ansible calls ssh for a host; without a ``port`` ssh takes its own."""

    executable: str
    host: str
    port: int | None
    user: str
    arguments: str


def goes_elsewhere(call: SshCall) -> bool:
    """Whether ssh's own configuration leads to a host in another way than straight to its name and port: a jump host, an alias."""
    arguments = shlex.split(call.arguments)
    is_told = any(argument.startswith(("-F", "-J", "-p")) or _leads(argument.lower()) for argument in arguments)
    if not is_told and not any(_may_lead_elsewhere(file) for file in _configurations()):
        return False
    settings = {name: value.lower() for name, value in configuration(call).items()}
    is_proxy = any(settings.get(name, "none") != "none" for name in ("proxyjump", "proxycommand"))
    expected = {"hostname": call.host.lower(), "port": str(call.port or _SSH_PORT)}
    return is_proxy or any(settings.get(name, value) != value for name, value in expected.items())


def key_name(call: SshCall) -> str:
    """The name under which ssh has a host's key, so that it can be asked for at another address; empty when it has none or asks for none.

    `HostKeyAlias` of OpenSSH takes it as it is, with the port where that is not 22.
    """
    settings = configuration(call)
    if settings.get("stricthostkeychecking") in _UNCHECKED:
        return ""
    host, port = settings.get("hostname", call.host), settings.get("port", _SSH_PORT)
    name = settings.get("hostkeyalias") or (host if port == _SSH_PORT else f"[{host}]:{port}")
    files = shlex.split(f"{settings.get('userknownhostsfile', '')} {settings.get('globalknownhostsfile', '')}")
    return name if any(_holds(os.path.expanduser(file), name) for file in files) else ""


def destinations(call: SshCall) -> set[str]:
    """Where a call may lead: its address, or, for a name, what ssh's configuration and the resolver of this machine make of it."""
    with contextlib.suppress(ValueError):
        return {str(ip_address(call.host))}
    host = configuration(call).get("hostname", call.host)
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # for example, only a jump host knows it
        return {call.host, host}
    return {call.host, host, *(str(target[0]) for *_kind, target in found)}


def _holds(known_hosts: str, name: str) -> bool:
    """Whether a file has a key, or an authority, for a name; names may be patterns or hashed."""
    command = ["ssh-keygen", "-F", name, "-f", known_hosts]
    try:
        run = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    except FileNotFoundError:
        return False
    return run.returncode == 0


def configuration(call: SshCall) -> dict[str, str]:
    """What ssh makes of its configuration for a host, by the name of each setting in small letters; nothing is connected."""
    user = ["-l", call.user] if call.user else []
    port = ["-p", str(call.port)] if call.port else []
    command = [call.executable, "-G", *shlex.split(call.arguments), *user, *port, "--", call.host]
    run = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    lines = [line.split(" ", 1) for line in run.stdout.splitlines() if " " in line]
    return {name.lower(): value for name, value in lines}


def is_configured(call: SshCall, setting: str) -> bool:
    """Whether a setting (in small letters) may be made for some host, by an argument or by a file; one that includes others may make it."""
    arguments = shlex.split(call.arguments)
    if any(setting in argument.lower() for argument in arguments):
        return True
    files = _named_configurations(arguments) or _configurations()
    return any(setting in line or _includes_others(line) for file in files for line in _lines(file))


def _named_configurations(arguments: t.Sequence[str]) -> list[str]:
    """The file that arguments name with -F, in one word with it or in the next one; ssh reads no other one then."""
    places = [place for place, argument in enumerate(arguments) if argument.startswith("-F")]
    named = [arguments[place][2:] or "".join(arguments[place + 1 : place + 2]) for place in places]
    return [os.path.expanduser(each) for each in named]


def _configurations() -> list[str]:
    return [file for pattern in _SSH_CONFIGURATIONS for file in glob.glob(os.path.expanduser(pattern))]


def _leads(argument: str) -> bool:
    """Whether it is an option ``-o`` that sets the destination, in one word with it or without."""
    return argument.startswith(tuple(start + name for start in ("", "-o") for name in ("hostname", "port", "proxy")))


def _may_lead_elsewhere(file: str) -> bool:
    starts = ("proxy", "hostname", "port ", "port=")
    return any(line.startswith(starts) or _includes_others(line) for line in _lines(file))


def _lines(file: str) -> list[str]:
    """The lines of a file, in small letters; none of one that cannot be read."""
    try:
        with open(file, encoding="utf-8", errors="replace") as stream:
            return [line.strip().lower() for line in stream]
    except OSError:
        return []


def _includes_others(line: str) -> bool:
    """Whether a line brings in files that are not among those that are read anyway."""
    return line.startswith("include") and "/etc/ssh/ssh_config.d/" not in line
