# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ssh makes of its own configuration for a host: the way that it takes, and the name under which it knows the host's key."""

from __future__ import annotations

import contextlib
import functools
import glob
import os
import pwd
import re
import shlex
import socket
import subprocess
import typing as t
from dataclasses import dataclass
from ipaddress import ip_address

from ansible_collections.elemental.networking.plugins.plugin_utils._host.ssh_arguments import options, setting

_SSH_CONFIGURATIONS = ("~/.ssh/config", "/etc/ssh/ssh_config")
# which the file of the machine includes
_FOLDER = "/etc/ssh/ssh_config.d"
_SSH_PORT = "22"
# seconds; a program in the place of ssh may not know the question, and begin to work
_LONGEST = 10.0
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
    """Whether ssh's own configuration leads to a host in another way than straight to its name and port: a jump host, an alias.

    ssh itself is asked: it has many places and spellings for that. Of a program in its place without an answer the arguments count.
    """
    settings = configuration(call)
    if not settings:
        return bool(re.search(r"(?i:proxy)|(^|\s)-\w*J", call.arguments))
    is_proxy = any(settings.get(name, "none").lower() != "none" for name in ("proxyjump", "proxycommand"))
    is_alias = _plain(settings.get("hostname", call.host)) != _plain(call.host)
    port = str(call.port or _SSH_PORT)
    return is_proxy or is_alias or settings.get("port", port) != port


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
    return name if any(_holds(as_ssh_expands(file), name) for file in files) else ""


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


@functools.lru_cache(maxsize=16)  # a task asks for the same several times
def configuration(call: SshCall) -> t.Mapping[str, str]:
    """What ssh makes of its configuration for a host, by the name of each setting in small letters; nothing is connected.

    Empty where there is no ssh, which Ansible's connection reports, or no answer.
    """
    user = ["-l", call.user] if call.user else []
    port = ["-p", str(call.port)] if call.port else []
    command = [call.executable, "-G", *shlex.split(call.arguments), *user, *port, "--", call.host]
    try:
        run = subprocess.run(
            command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=_LONGEST
        )
    except (OSError, subprocess.TimeoutExpired):
        return {}
    lines = [line.split(" ", 1) for line in run.stdout.splitlines() if " " in line]
    return {name.lower(): value for name, value in lines}


def is_configured(call: SshCall, keyword: str) -> bool:
    """Whether a setting (in small letters) may be made for some host, by an argument or by a file; one that includes others may make it."""
    try:
        given = options(shlex.split(call.arguments))
    except ValueError:  # which file ssh reads then is a matter of its release
        return True
    named = [value for letter, value in given if letter == "-F"]
    # ssh reads no other file then, and none of the folder but for a line that includes it
    files, folder = (named, "") if named else (_configurations(), _FOLDER)
    lines = [value for letter, value in given if letter == "-o"]
    lines += [line for file in files for line in _lines(file)]
    return any(_may_make(keyword, *setting(line), folder) for line in lines)


def as_ssh_expands(path: str) -> str:
    """A path, with the home of the account in the place of ``~``: ssh takes no variable for it. As it is for a user without an account."""
    if path != "~" and not path.startswith("~/"):
        return os.path.expanduser(path)  # for example in the home of another account
    try:
        return pwd.getpwuid(os.getuid()).pw_dir + path[1:]
    except KeyError:
        return path


def _plain(host: str) -> str:
    """A name in small letters, or an address in its shortest spelling."""
    with contextlib.suppress(ValueError):
        return str(ip_address(host))
    return host.lower()


def _configurations() -> list[str]:
    patterns = (*_SSH_CONFIGURATIONS, f"{_FOLDER}/*")
    return [file for pattern in patterns for file in glob.glob(as_ssh_expands(pattern))]


def _lines(file: str) -> list[str]:
    """The lines of a file; none of one that cannot be read."""
    try:
        with open(file, encoding="utf-8", errors="replace") as stream:
            return list(stream)
    except OSError:
        return []


def _may_make(wanted: str, keyword: str, value: str, folder: str) -> bool:
    """Whether it is the setting that is wanted, or brings in files of another folder than the one that is read anyway."""
    return keyword == wanted or (keyword == "include" and not _is_of(folder, value))


def _is_of(folder: str, value: str) -> bool:
    """Whether all patterns of files are for files of a folder."""
    try:
        return bool(folder) and all(os.path.dirname(pattern) == folder for pattern in shlex.split(value))
    except ValueError:  # a quote that is not closed
        return False
