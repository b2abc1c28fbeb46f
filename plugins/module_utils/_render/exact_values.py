# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that NetworkManager takes to the end of the line, where people mean less: white space and comments behind them."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.address_lines import ADDRESS_KEY
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.keyfile import Entry

from .profile import RenderError

_KEYS = frozenset(
    (
        ("connection", "interface-name"),
        ("connection", "type"),
        ("connection", "uuid"),
        *((family, key) for family in ("ipv4", "ipv6") for key in ("dns", "dns-search", "gateway", "method")),
    )
)
_ROUTE_KEY = re.compile(r"routes?[0-9]*\Z")
_COMMENT = re.compile(r"\s[#;]\s")
_NO_NAME = re.compile(r"[\s/]")
# the kernel's limit (IFNAMSIZ); Open vSwitch has none
_LONGEST_NAME = 15


def check_exact_values(profile: str, text: str, entries: t.Sequence[Entry]) -> None:
    """Raise RenderError for a value of ``text`` that NetworkManager would refuse or drop for what stands behind it."""
    lines = text.split("\n")
    types = [entry.value for entry in entries if (entry.section, entry.key) == ("connection", "type")]
    for entry in entries:
        if (entry.section, entry.key) not in _KEYS and not _is_address_or_route(entry):
            continue
        where = f"profile {profile}, line {entry.line}"
        if _COMMENT.search(entry.value + " "):
            raise RenderError(
                f"{where}: NetworkManager has no comments behind a value and takes all of {entry.value} for {entry.key}; put the"
                " comment on a line of its own"
            )
        if lines[entry.line - 1].rstrip("\r").endswith((" ", "\t")):
            raise RenderError(
                f"{where}: {entry.key} ends with white space, which NetworkManager takes for a part of the value: remove it"
            )
        if entry.key == "interface-name" and entry.value:
            _check_interface_name(where, entry.value, is_kernels=not "".join(types[-1:]).startswith("ovs-"))


def _is_address_or_route(entry: Entry) -> bool:
    return entry.section in ("ipv4", "ipv6") and bool(ADDRESS_KEY.match(entry.key) or _ROUTE_KEY.match(entry.key))


def _check_interface_name(where: str, name: str, is_kernels: bool) -> None:
    if _NO_NAME.search(name) or (is_kernels and ":" in name):
        raise RenderError(f"{where}: {name} cannot be the name of an interface, for a space, a slash or a colon in it")
    if is_kernels and len(name.encode()) > _LONGEST_NAME:
        raise RenderError(
            f"{where}: {name} cannot be the name of an interface, which has {_LONGEST_NAME} bytes at most"
        )
