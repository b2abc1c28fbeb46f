# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keyfiles that no one can misunderstand: an address or a lease for an ethernet interface, in the plainest spelling.

Most profiles are of this kind, and NetworkManager need not be asked about them, which costs a process for each. Everything else is not
plain, which does not make it wrong.
"""

from __future__ import annotations

import re
import typing as t

from .address_lines import DEFAULT_PREFIXES, address_line
from .keyfile import KeyfileError, entries
from .spellings import ip_address, items

# strings, not patterns: each costs the start of this program 0.1 ms, and few of them are needed
_BOOLEAN = r"(?:true|false)\Z"
_WORD = r"[A-Za-z0-9][-A-Za-z0-9_.:@ ]*\Z"
_INTERFACE = r"[A-Za-z][A-Za-z0-9._-]{0,14}\Z"
_ADDRESS = r"[0-9a-fA-F.:]+/(?:[1-9][0-9]{0,2})(?:,[0-9a-fA-F.:]+)?\Z"
_ADDRESS_KEY = r"address[1-9][0-9]{0,2}\Z"
_ROUTE = r"[0-9a-fA-F.:]+/(?:0|[1-9][0-9]{0,2})(?:,[0-9a-fA-F.:]+(?:,[1-9][0-9]{0,5})?)?\Z"
_ROUTE_KEY = r"route[1-9][0-9]{0,2}\Z"
_DOMAINS = r"(?:[A-Za-z0-9][A-Za-z0-9.-]*;)*[A-Za-z0-9][A-Za-z0-9.-]*;?\Z"
_MOST_BITS = {"ipv4": 32, "ipv6": 128}
_WITH_ADDRESSES = ("auto", "manual")
_IP_KEYS = {
    "method": r"(?:auto|manual|disabled)\Z",
    "dns": r"[0-9a-fA-F.:;]+\Z",
    "dns-search": _DOMAINS,
    "may-fail": _BOOLEAN,
    "ignore-auto-dns": _BOOLEAN,
    "route-metric": r"[1-9][0-9]{0,5}\Z",
}
_KEYS = {
    "connection": {
        "id": _WORD,
        "uuid": r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z",
        "type": r"ethernet\Z",
        "interface-name": _INTERFACE,
        "autoconnect": _BOOLEAN,
        "autoconnect-priority": r"-?[1-9][0-9]{0,2}\Z",
    },
    "ethernet": {
        "mac-address": r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}\Z",
        "mtu": r"[1-9][0-9]{2,3}\Z",
    },
    "ipv4": _IP_KEYS,
    "ipv6": {**_IP_KEYS, "addr-gen-mode": r"(?:eui64|stable-privacy)\Z"},
    "proxy": {},
}


def is_plain(text: str) -> bool:
    """Whether every NetworkManager takes all of a keyfile as it stands there."""
    sections: dict[str, dict[str, str]] = {}
    try:
        for entry in entries(text):
            section = sections.setdefault(entry.section, {})
            if entry.key in section or not _is_plain_line(entry.section, entry.key, entry.value):
                return False
            if entry.key:
                section[entry.key] = entry.value
    except KeyfileError:
        return False
    if not {"id", "type"} <= set(sections.get("connection", ())):
        return False
    return all(_is_plain_family(name, sections[name]) for name in DEFAULT_PREFIXES if name in sections)


def _is_plain_line(section: str, key: str, value: str) -> bool:
    keys = _KEYS.get(section)
    if keys is None or not key:
        return keys is not None
    listed = ((_ADDRESS_KEY, _ADDRESS), (_ROUTE_KEY, _ROUTE)) if section in DEFAULT_PREFIXES else ()
    pattern = next((pattern for name, pattern in listed if re.match(name, key)), keys.get(key))
    return pattern is not None and bool(re.match(pattern, value))


def _is_plain_family(family: str, values: t.Mapping[str, str]) -> bool:
    """Whether addresses are of the family, and go with the method."""
    method, servers = values.get("method"), items(values.get("dns", ""))
    lines = [address_line(value) for key, value in values.items() if re.match(_ADDRESS_KEY, key)]
    routes = [address_line(value.partition(",")[0]) for key, value in values.items() if re.match(_ROUTE_KEY, key)]
    hops = [value.split(",")[1] for key, value in values.items() if re.match(_ROUTE_KEY, key) and "," in value]
    gateways = [line.gateway for line in lines if line.gateway]
    if method not in _WITH_ADDRESSES:
        return method == "disabled" and not (lines or routes or servers or "dns-search" in values)
    hosts = [*(line.address for line in lines), *gateways, *servers, *hops]
    return (
        (bool(lines) or method == "auto")
        and len(gateways) < 2
        and all(int(line.prefix or 0) <= _MOST_BITS[family] for line in [*lines, *routes])
        and all(_is_of(family, each) for each in [*hosts, *(route.address for route in routes)])
        and not any(ip_address(each) in ("0.0.0.0", "::") for each in hosts)
    )


def _is_of(family: str, text: str) -> bool:
    address = ip_address(text)
    return bool(address) and (":" in address) == (family == "ipv6")
