# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``method`` in the ``[ipv4]`` and ``[ipv6]`` sections of a keyfile, and what each one rules out (tried with NetworkManager 1.42)."""

from __future__ import annotations

import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.address_lines import ADDRESS_KEY
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.keyfile import Entry

from .profile import RenderError

_METHODS = {
    "ipv4": ("auto", "disabled", "link-local", "manual", "shared"),
    "ipv6": ("auto", "dhcp", "disabled", "ignore", "link-local", "manual", "shared"),
}
_WITHOUT_ADDRESSES = frozenset(("disabled", "ignore", "link-local"))
_WITHOUT_NAME_SERVERS = {"ipv4": _WITHOUT_ADDRESSES | {"shared"}, "ipv6": _WITHOUT_ADDRESSES}


def check_method(profile: str, own: t.Sequence[Entry]) -> None:
    """Raise RenderError for a method that there is not, or that something in the entries of the same section contradicts."""
    if not own:
        return
    method = next((entry for entry in own if entry.key == "method"), None)
    section = own[0].section
    if method is None:
        raise RenderError(
            f"profile {profile} has no method in [{section}], line {own[0].line}: add method=..., one of {', '.join(_METHODS[section])}"
        )
    if method.value not in _METHODS[section]:
        raise RenderError(
            f"profile {profile}, line {method.line}: {method.value or 'an empty value'} is not a method of [{section}]; choose one of"
            f" {', '.join(_METHODS[section])}"
        )
    addresses = [entry for entry in own if ADDRESS_KEY.match(entry.key) and entry.value]
    servers = [entry for entry in own if entry.key in ("dns", "dns-search") and entry.value.strip("; ")]
    ruled_out = addresses if method.value in _WITHOUT_ADDRESSES else []
    ruled_out += servers if method.value in _WITHOUT_NAME_SERVERS[section] else []
    if ruled_out:
        first = min(ruled_out)
        raise RenderError(
            f"profile {profile}, line {first.line}: {first.key} is not allowed beside method={method.value}, line {method.line}:"
            " remove it, or choose another method"
        )
    if method.value == "manual" and not addresses:
        raise RenderError(f"profile {profile}, line {method.line}: method=manual needs an address: add address1=...")
