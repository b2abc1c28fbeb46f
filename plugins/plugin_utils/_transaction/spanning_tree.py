# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bridges with the spanning tree protocol: a port of theirs listens and learns before it forwards, and a deadline may be shorter (pure)."""

from __future__ import annotations

import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.keyfile import (
    KeyfileError,
    parse,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import WantedProfile

# NetworkManager's defaults for [bridge] stp and forward-delay, in seconds (nm-settings-keyfile)
_STP = "true"
_FORWARD_DELAY = "15"
_OFF = ("false", "no", "off", "0")
# seconds that a trial needs beside: the activation, an address, the controller's connection
_BESIDE = 5


def too_short(profiles: t.Iterable[WantedProfile], deadline: int) -> str:
    """A clause that names a bridge which forwards nothing for so long that the deadline (in seconds) may be over; empty where none does.

    ``profiles`` are those that change, as in a request.
    """
    for profile in profiles:
        seconds = listening_time(profile.text) if profile.type == "bridge" else 0
        if seconds and deadline < seconds + _BESIDE:
            return (
                f"bridge {profile.interface or profile.file_name} has STP and forwards nothing for its first {seconds} s (twice "
                f"its forward-delay), too long for the deadline of {deadline} s: set a longer deadline, or stp=false or a shorter "
                "forward-delay in [bridge]"
            )
    return ""


def listening_time(text: str) -> int:
    """For how many seconds a port of a bridge listens and learns, by its keyfile: in each of both states for the forward delay."""
    try:
        bridge = parse(text).sections.get("bridge", {})
        is_off = str(bridge.get("stp", _STP)).strip().lower() in _OFF
        return 0 if is_off else 2 * int(str(bridge.get("forward-delay", _FORWARD_DELAY)))
    except (KeyfileError, ValueError):
        return 0  # NetworkManager shows what is wrong with it
