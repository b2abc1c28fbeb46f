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

from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.address_lines import (
    ADDRESS_KEY,
    DEFAULT_PREFIXES,
    address_line,
    fields,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.keyfile import Entry
from ansible_collections.elemental.networking.plugins.module_utils._placeholders import placeholder_names

from .methods import check_method
from .profile import RenderError

_IpAddress = t.Union[IPv4Address, IPv6Address]
_IpNetwork = t.Union[IPv4Network, IPv6Network]

# a profile may come from a host, which may be hostile
_MOST_GATEWAYS = 1000
_FEW = 8
# section -> (what users call it, the other section)
_FAMILIES = {"ipv4": ("IPv4", "ipv6"), "ipv6": ("IPv6", "ipv4")}
_ROUTE_KEY = re.compile(r"routes?\d*\Z")


_NETMASK = re.compile(r"255(?:\.[0-9]{1,3}){3}\Z")


@dataclass(frozen=True)
class _Configured:
    """The content of one address line."""

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
        if ADDRESS_KEY.match(entry.key):
            _configured(profile, entry)
        elif entry.key == "gateway" and entry.value:
            _address(profile, entry, entry.value)
        elif entry.key == "dns":
            _check_name_servers(profile, entry)
        elif entry.key == "dns-search" and "," in entry.value:
            raise RenderError(f"profile {profile}, line {entry.line}: separate the domains in dns-search by semicolons")
    for section in _FAMILIES:
        check_method(profile, [entry for entry in _ip_entries(lines) if entry.section == section])


def prefix_warnings(profile: str, lines: t.Sequence[Entry]) -> list[str]:
    """A sentence for each address without a prefix, of lines that ``check_ip_settings`` has passed."""
    return [
        f"profile {profile}: {entry.key}={entry.value} has no prefix; NetworkManager takes"
        f" /{DEFAULT_PREFIXES[entry.section]}"
        for entry in _ip_entries(lines)
        if ADDRESS_KEY.match(entry.key) and address_line(entry.value).prefix is None
    ]


def _check_name_servers(profile: str, entry: Entry) -> None:
    """NetworkManager drops a name server that it cannot read, and uses the others."""
    family = _FAMILIES[entry.section][0]
    for server in entry.value.split(";"):
        # with the name in its certificate, or with a scheme (NetworkManager 1.52)
        plain = server.partition("#")[0]
        if server.strip() and "://" not in server and _parsed(entry.section, plain) is None:
            hint = (
                "separate name servers by semicolons"
                if "," in server
                else f"remove it, or what is around the {family} address"
            )
            raise RenderError(
                f"profile {profile}, line {entry.line}: NetworkManager drops {server} in dns, which is not a valid {family} address; {hint}"
            )


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
                    " addresses; NetworkManager before 1.58 accepts it; correct it or, if it is meant, add a route to it"
                    f" without a next hop ({gateway}/{gateway.max_prefixlen})"
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
    networks = [_configured(profile, entry).network for entry in own if ADDRESS_KEY.match(entry.key)]
    return list(dict.fromkeys(networks))


def _gateways(profile: str, own: t.Sequence[Entry]) -> list[_IpAddress]:
    gateways = [_configured(profile, entry).gateway for entry in own if ADDRESS_KEY.match(entry.key)]
    gateways += [_address(profile, entry, entry.value) for entry in own if entry.key == "gateway" and entry.value]
    # the unspecified address stands for "none" in keyfiles
    return list(dict.fromkeys(gateway for gateway in gateways if gateway and not gateway.is_unspecified))


def _on_link_routes(own: t.Sequence[Entry]) -> list[_IpNetwork]:
    result: list[_IpNetwork] = []
    for entry in own:
        destination, prefix, next_hop = [*fields(entry.value), "", ""][:3]
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
    line = address_line(entry.value)
    address = _address(profile, entry, line.address)
    if line.gateway and _NETMASK.match(line.gateway):
        raise RenderError(
            f"profile {profile}, line {entry.line}: NetworkManager takes the netmask {line.gateway} in {entry.key} for a gateway;"
            f" write the length of the prefix, such as {line.address}/24"
        )
    network = _network(entry.section, str(address), line.prefix or str(DEFAULT_PREFIXES[entry.section]))
    if network is None or line.surplus or line.gateway == "":
        raise RenderError(
            f"profile {profile}, line {entry.line}: {entry.key}={entry.value} is not a valid address/prefix[,gateway] with one"
            f" address and prefix between 0 and {address.max_prefixlen}; further ones are address2=, address3=, ..."
        )
    return _Configured(network, _address(profile, entry, line.gateway) if line.gateway else None)


def _address(profile: str, entry: Entry, text: str) -> _IpAddress:
    family, other = _FAMILIES[entry.section]
    if _parsed(entry.section, text) is None and _parsed(other, text) is not None:
        raise RenderError(
            f"profile {profile}, line {entry.line}: {text} in {entry.key} is not a valid {family} address;"
            f" it belongs in [{other}], not in [{entry.section}]"
        )
    address = _parsed(entry.section, text)
    if address is None:
        raise RenderError(
            f"profile {profile}, line {entry.line}: {text or 'an empty value'} in {entry.key} is not a valid {family} address"
        )
    return address


def _parsed(section: str, text: str) -> _IpAddress | None:
    if "%" in text:  # Python takes any text after it as a zone; NetworkManager takes none
        return None
    try:
        return IPv4Address(text) if section == "ipv4" else IPv6Address(text)
    except ValueError:
        return None
