# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ssh's shared connections (ControlMaster in ssh_config(5)): the sockets at which their masters listen, cheaper to ask than ssh."""

from __future__ import annotations

import shlex
import socket
import typing as t

from ansible_collections.elemental.networking.plugins.plugin_utils._host.ssh_arguments import options, setting

_SETTING = "controlpath"
# seconds
_LONGEST = 1.0


def control_path(arguments: t.Iterable[str]) -> str:
    """The path that arguments of ssh name for the socket; empty where they name none in full, but for ssh itself."""
    try:
        given = options(arguments)
        settings = [setting(value) for letter, value in given if letter == "-o"]
        values = [value for keyword, value in settings if keyword == _SETTING]
        words = shlex.split(values[0]) if values else []  # ssh takes the first one
    except ValueError:  # a quote that is not closed, an option of some releases
        return ""
    path = words[0].replace("%%", "\0") if len(words) == 1 else ""
    is_another = any(letter == "-S" for letter, _value in given)
    has_tokens = "%" in path or "$" in path
    return "" if is_another or has_tokens or not path.startswith("/") else path.replace("\0", "%")


def is_listened_at(path: str) -> bool:
    """Whether a master listens at this socket."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_LONGEST)
        try:
            connection.connect(path)
        except socket.timeout:  # it is stopped, or very busy
            return True
        except (OSError, ValueError):  # it has ended; no path, or one that is too long
            return False
    return True
