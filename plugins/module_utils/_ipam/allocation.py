# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which address comes next: the rules of the in-cluster provider, without I/O.

Source: cluster-api-ipam-provider-in-cluster v1.1.0, internal/poolutil/pool.go and internal/webhooks/inclusterippool.go.
"""

from __future__ import annotations

import bisect
import ipaddress
import typing as t
from dataclasses import dataclass

from .model import IpamError, Pool

IPAddress = t.Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
IPNetwork = t.Union[ipaddress.IPv4Network, ipaddress.IPv6Network]


@dataclass(frozen=True)
class Usage:
    """How full a pool is, as in the status of an InClusterIPPool; ``free`` is negative when used addresses left the pool."""

    total: int
    used: int
    out_of_range: int

    @property
    def free(self) -> int:
        """Addresses that can still be claimed."""
        return self.total - self.used


class AddressSet:
    """Addresses as sorted, disjoint ranges of integers: an IPv6 pool has too many to list."""

    def __init__(self, version: int, ranges: t.Iterable[tuple[int, int]]) -> None:
        self.version = version
        self.ranges = _merged(ranges)
        self._starts = [first for first, _last in self.ranges]

    def __len__(self) -> int:
        raise TypeError("use size: len() is bounded by the machine's word")

    @property
    def size(self) -> int:
        """How many addresses there are."""
        return sum(last - first + 1 for first, last in self.ranges)

    def __contains__(self, address: object) -> bool:
        value = int(t.cast(IPAddress, address))
        position = bisect.bisect_right(self._starts, value) - 1
        return position >= 0 and value <= self.ranges[position][1]

    def __iter__(self) -> t.Iterator[IPAddress]:
        make = ipaddress.IPv4Address if self.version == 4 else ipaddress.IPv6Address
        for first, last in self.ranges:
            for value in range(first, last + 1):
                yield make(value)

    def without(self, ranges: t.Iterable[tuple[int, int]]) -> AddressSet:
        """The addresses that are in none of ``ranges``."""
        kept = self.ranges
        for low, high in _merged(ranges):
            kept = [piece for each in kept for piece in _cut(each, low, high)]
        return AddressSet(self.version, kept)

    def shared_with(self, other: AddressSet) -> AddressSet:
        """The addresses that are in both."""
        if self.version != other.version:
            return AddressSet(self.version, [])
        pairs = ((mine, theirs) for mine in self.ranges for theirs in other.ranges)
        both = ((max(mine[0], theirs[0]), min(mine[1], theirs[1])) for mine, theirs in pairs)
        return AddressSet(self.version, [(first, last) for first, last in both if first <= last])


def _merged(ranges: t.Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    result: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if result and first <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(result[-1][1], last))
        else:
            result.append((first, last))
    return result


def _cut(piece: tuple[int, int], low: int, high: int) -> list[tuple[int, int]]:
    first, last = piece
    parts = [(first, min(last, low - 1)), (max(first, high + 1), last)]
    return [part for part in dict.fromkeys(parts) if part[0] <= part[1]]


def allocatable(pool: Pool) -> AddressSet:
    """All addresses that a pool may give out. Raises IpamError for a pool that the provider's webhook would refuse."""
    entries = _parsed(pool)
    version = entries[0][0].version
    addresses = AddressSet(version, [(int(first), int(last)) for first, last in entries])
    subnet = _subnet(pool, entries)
    removed = [(int(first), int(last)) for first, last in _excluded(pool, version)]
    if pool.gateway:
        gateway = int(ipaddress.ip_address(pool.gateway))
        removed.append((gateway, gateway))
    if not pool.allocate_reserved_addresses:
        removed += _reserved(subnet)
    return addresses.without(removed)


def _excluded(pool: Pool, version: int) -> list[tuple[IPAddress, IPAddress]]:
    ranges = _ranges(pool, pool.excluded_addresses, "excludedAddresses")
    for first, _last in ranges:
        if first.version != version:
            raise IpamError(
                f"pool {pool.reference.name}: {first} in excludedAddresses is of another IP family than the addresses"
            )
    return ranges


def _reserved(subnet: IPNetwork) -> list[tuple[int, int]]:
    """The network (IPv4) or anycast (IPv6) address and, on IPv4, the broadcast address."""
    first, last = int(subnet.network_address), int(subnet.broadcast_address)
    return [(first, first), (last, last)] if subnet.version == 4 else [(first, first)]


def lowest_free(addresses: AddressSet, used: t.Collection[IPAddress]) -> t.Iterator[IPAddress]:
    """The free addresses, lowest first."""
    taken = {int(address) for address in used if address.version == addresses.version}
    return (address for address in addresses if int(address) not in taken)


def usage(pool: Pool, used: t.Collection[IPAddress]) -> Usage:
    """How full a pool is."""
    addresses = allocatable(pool)
    outside = sum(address.version != addresses.version or address not in addresses for address in used)
    return Usage(total=addresses.size, used=len(used), out_of_range=outside)


def _parsed(pool: Pool) -> list[tuple[IPAddress, IPAddress]]:
    if not pool.addresses:
        raise IpamError(f"pool {pool.reference.name}: addresses is required")
    entries = _ranges(pool, pool.addresses, "addresses")
    versions = {first.version for first, _last in entries}
    if len(versions) > 1:
        raise IpamError(f"pool {pool.reference.name}: addresses are of mixed IP families; make one pool per family")
    _check_prefix_and_gateway(pool, entries[0][0])
    subnet = _subnet(pool, entries)
    for first, last in entries:
        if first not in subnet or last not in subnet:
            raise IpamError(
                f"pool {pool.reference.name}: {first} to {last} is not in one subnet {subnet} with the other addresses"
            )
    return entries


def _check_prefix_and_gateway(pool: Pool, address: IPAddress) -> None:
    if not 0 <= pool.prefix <= address.max_prefixlen:
        raise IpamError(f"pool {pool.reference.name}: prefix {pool.prefix} is not valid for IPv{address.version}")
    if not pool.gateway:
        return
    try:
        gateway = ipaddress.ip_address(pool.gateway)
    except ValueError as error:
        raise IpamError(f"pool {pool.reference.name}: gateway {pool.gateway} is not an IP address") from error
    if gateway.version != address.version:
        raise IpamError(
            f"pool {pool.reference.name}: gateway {pool.gateway} is of another IP family than the addresses"
        )


def _subnet(pool: Pool, entries: t.Sequence[tuple[IPAddress, IPAddress]]) -> IPNetwork:
    lowest = min(int(first) for first, _last in entries)
    address = ipaddress.IPv4Address(lowest) if entries[0][0].version == 4 else ipaddress.IPv6Address(lowest)
    return ipaddress.ip_network(f"{address}/{pool.prefix}", strict=False)


def _ranges(pool: Pool, texts: t.Iterable[str], field: str) -> list[tuple[IPAddress, IPAddress]]:
    return [_range(pool, text, field) for text in texts]


def _range(pool: Pool, text: str, field: str) -> tuple[IPAddress, IPAddress]:
    try:
        if "/" in text:
            # Go's netip.ParsePrefix, which the provider uses, takes no netmask
            network = ipaddress.ip_network(f"{text.rpartition('/')[0]}/{int(text.rpartition('/')[2])}", strict=False)
            return network[0], network[-1]
        first_text, dash, last_text = text.partition("-")
        first = ipaddress.ip_address(first_text.strip())
        last = ipaddress.ip_address(last_text.strip()) if dash else first
    except ValueError as error:
        raise IpamError(f"pool {pool.reference.name}: {text} in {field} is not a valid IP, range, nor CIDR") from error
    if first.version != last.version or int(first) > int(last):
        raise IpamError(f"pool {pool.reference.name}: {text} in {field} is not a range from low to high")
    return first, last
