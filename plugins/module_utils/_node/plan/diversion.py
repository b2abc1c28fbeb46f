# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a profile that is not up yet would lead the answers to the controller over its own interface, as soon as it comes up (pure).

A profile that waits is installed without a proof. The kernel takes the route with the longest prefix, so that one look is enough.
"""

from __future__ import annotations

from _socket import AF_INET, AF_INET6, inet_pton  # socket, around it, would cost each start 3 ms

from ..networkmanager.address_lines import ADDRESS_KEY, fields
from ..networkmanager.bindings import ROUTE_KEY, is_in_main_table
from ..networkmanager.keyfile import Keyfile

_BITS = {"ipv4": 32, "ipv6": 128}


def diverting_line(keyfile: Keyfile, peer: str, known: int) -> str:
    """The first line whose network holds ``peer``, with a longer prefix than the ``known`` one of today's route; empty if there is none."""
    family = "ipv6" if ":" in peer else "ipv4"
    section = keyfile.sections.get(family, {})
    for key, value in section.items():
        is_either = ROUTE_KEY.match(key) or ADDRESS_KEY.match(key)
        if is_either and is_in_main_table(section, key) and prefix_of(_network(value), peer) > known:
            return f"{key}={value}"
    return ""


def prefix_of(network: str, peer: str) -> int:
    """The length of the prefix of a network (``address/length``) that holds an address of its family; -1 if it does not."""
    family = "ipv6" if ":" in peer else "ipv4"
    bits = _BITS[family]
    address, _slash, length = network.partition("/")
    try:
        prefix = int(length) if length else bits
        apart = _number(address, family) ^ _number(peer.partition("%")[0], family)
    except (OSError, ValueError):
        return -1
    return prefix if 0 <= prefix <= bits and not apart >> (bits - prefix) else -1


def _network(value: str) -> str:
    address, *rest = fields(value)
    return f"{address}/{rest[0]}" if rest and rest[0].isdigit() else address


def _number(address: str, family: str) -> int:
    return int.from_bytes(inet_pton(AF_INET6 if family == "ipv6" else AF_INET, address), "big")
