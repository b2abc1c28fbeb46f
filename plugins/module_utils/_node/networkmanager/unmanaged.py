# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why NetworkManager leaves an interface alone, as far as files show it; its interface on the bus does not."""

from __future__ import annotations

import time

from ..system.files import read_text
from .client import NetworkManager
from .configuration import excludes_devices, files_of, texts

_IFUPDOWN = ("/etc/network/interfaces", "/etc/network/interfaces.d/*")
# how long a daemon that has just started may take until it has looked at a device, in seconds, and how often to look
_STARTING = 5.0
_BETWEEN_LOOKS = 0.1


def becomes_managed(manager: NetworkManager, interface: str) -> bool:
    """Whether an interface is managed after all, a moment later: NetworkManager may have been started only now."""
    deadline = time.monotonic() + _STARTING
    while True:
        device = manager.device(interface)
        if device is not None and device.managed:
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(_BETWEEN_LOOKS)


def reason(interface: str) -> str:
    """The files that may be why an interface is unmanaged, in brackets with a space before; empty where none is found."""
    found = [file for file in files_of(_IFUPDOWN) if is_for_ifupdown(read_text(file) or "", interface)]
    found += [file for file, text in texts().items() if excludes_devices(text)]
    return f" (by {', '.join(found)})" if found else ""


def is_for_ifupdown(text: str, interface: str) -> bool:
    """Whether a file of ifupdown has a stanza for an interface: NetworkManager leaves that to it."""
    words = [line.split() for line in text.splitlines()]
    return any(line[:2] == ["iface", interface] for line in words)
