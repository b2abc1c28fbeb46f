# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses, gateways and routes in the ``[ipv4]`` and ``[ipv6]`` sections of a keyfile (nm-settings-keyfile(5))."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network, ip_network

from ansible_collections.elemental.networking.plugins.module_utils._networkmanager.keyfile import Entry
from ansible_collections.elemental.networking.plugins.module_utils._placeholders import placeholder_names

from .profile import RenderError

_IpAddress = t.Union[IPv4Address, IPv6Address]
_IpNetwork = t.Union[IPv4Network, IPv6Network]

# a profile may come from a host, which may be hostile
_MOST_GATEWAYS = 1000
_FEW = 8
# section -> (what users call it, the other section)
_FAMILIES = {"ipv4": ("IPv4", "ipv6"), "ipv6": ("IPv6", "ipv4")}
_ADDRESS_KEY = re.compile(r"address(?:es)?\d*\Z")
_ROUTE_KEY = re.compile(r"routes?\d*\Z")
# NetworkManager's reader takes all of them (nm-keyfile.c, DELIMITERS)
_DELIMITERS = re.compile("[/,;]")


@dataclass(frozen=True)
class _Configured:
    """What one address line says."""

    network: _IpNetwork
    gateway: _IpAddress | None


def check_ip_settings(profile: str, lines: t.Sequence[Entry]) -> None:
    """Raise ``RenderError`` for an address or gateway that NetworkManager would refuse or drop.

    Only these sections are searched for placeholders: elsewhere ``{word}`` may be meant, and may be part of a secret.
    """
    for entry in _ip_entries(lines):
        names = placeholder_names(entry.value)
        if names:
            raise RenderError(
                f"profile {profile}, line {entry.line}: the placeholder of {names[0]} in {entry.key} is not resolved"
            )
        if _ADDRESS_KEY.match(entry.key):
            _configured(profile, entry)
        elif entry.key == "gateway" and entry.value:
            _address(profile, entry, entry.value)


def gateway_warnings(profile: str, lines: t.Sequence[Entry]) -> list[str]:
    """A sentence for each gateway outside every subnet of its profile, of lines that ``check_ip_settings`` has passed.

    NetworkManager before 1.58 accepts such a gateway (its NEWS); an on-link route to it makes it right.
    """
    result = []
    for section, (family, _other) in _FAMILIES.items():
        own = [entry for entry in _ip_entries(lines) if entry.section == section]
        subnets = _subnets(profile, own)
        reachable = {*subnets, *_on_link_routes(own)}
        lengths = {network.prefixlen for network in reachable}
        for gateway in _gateways(profile, own)[:_MOST_GATEWAYS]:
            if subnets and not gateway.is_link_local and not _is_within(gateway, reachable, lengths):
                listed = ", ".join(str(network) for network in subnets[:_FEW])
                result.append(
                    f"profile {profile}: the gateway {gateway} is outside {listed}, the subnet of its {family}"
                    " addresses; NetworkManager before 1.58 accepts it, but it is most likely a mistake"
                )
    return result


def _is_within(gateway: _IpAddress, networks: t.Collection[_IpNetwork], lengths: t.Iterable[int]) -> bool:
    """Whether one of the networks holds the gateway; of many it looks at no more than one for each length of a prefix."""
    return any(ip_network((gateway, length), strict=False) in networks for length in lengths)


def _ip_entries(lines: t.Sequence[Entry]) -> list[Entry]:
    """The entries of both sections; of a repeated key only the last one, which is the one that counts."""
    last = {(entry.section, entry.key): entry for entry in lines if entry.section in _FAMILIES and entry.key}
    return list(last.values())


def _subnets(profile: str, own: t.Sequence[Entry]) -> list[_IpNetwork]:
    networks = [_configured(profile, entry).network for entry in own if _ADDRESS_KEY.match(entry.key)]
    return list(dict.fromkeys(networks))


def _gateways(profile: str, own: t.Sequence[Entry]) -> list[_IpAddress]:
    gateways = [_configured(profile, entry).gateway for entry in own if _ADDRESS_KEY.match(entry.key)]
    gateways += [_address(profile, entry, entry.value) for entry in own if entry.key == "gateway" and entry.value]
    # the unspecified address stands for "none" in keyfiles
    return list(dict.fromkeys(gateway for gateway in gateways if gateway and not gateway.is_unspecified))


def _on_link_routes(own: t.Sequence[Entry]) -> list[_IpNetwork]:
    result: list[_IpNetwork] = []
    for entry in own:
        destination, prefix, next_hop = [*_parts(entry.value), "", ""][:3]
        if _ROUTE_KEY.match(entry.key) and next_hop in ("", "0.0.0.0", "::"):
            network = _network(entry.section, destination, prefix)
            result += [network] if network else []
    return result


def _network(section: str, address: str, prefix: str) -> _IpNetwork | None:
    # ipaddress takes a netmask too where NetworkManager wants a number
    if not prefix.isdigit():
        return None
    try:
        if section == "ipv4":
            return IPv4Interface(f"{address}/{prefix}").network
        return IPv6Interface(f"{address}/{prefix}").network
    except ValueError:
        return None


def _configured(profile: str, entry: Entry) -> _Configured:
    parts = _parts(entry.value)
    address = _address(profile, entry, parts[0])
    prefix, gateway, *surplus = [*parts[1:], "", ""]
    network = _network(entry.section, str(address), prefix) if not any(surplus) else None
    if network is None:
        raise RenderError(
            f"profile {profile}, line {entry.line}: {entry.key}={entry.value} is no address/prefix[,gateway] with one"
            f" address and prefix between 0 and {address.max_prefixlen}; further ones are address2=, address3=, ..."
        )
    return _Configured(network, _address(profile, entry, gateway) if gateway else None)


def _parts(value: str) -> list[str]:
    return [part.strip() for part in _DELIMITERS.split(value)]


def _address(profile: str, entry: Entry, text: str) -> _IpAddress:
    family, other = _FAMILIES[entry.section]
    if _parsed(entry.section, text) is None and _parsed(other, text) is not None:
        raise RenderError(
            f"profile {profile}, line {entry.line}: {text} in {entry.key} is no {family} address;"
            f" it belongs in [{other}], not in [{entry.section}]"
        )
    address = _parsed(entry.section, text)
    if address is None:
        raise RenderError(
            f"profile {profile}, line {entry.line}: {text or 'nothing'} in {entry.key} is no {family} address"
        )
    return address


def _parsed(section: str, text: str) -> _IpAddress | None:
    if "%" in text:  # Python takes any text after it as a zone; NetworkManager takes none
        return None
    try:
        return IPv4Address(text) if section == "ipv4" else IPv6Address(text)
    except ValueError:
        return None
