# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which address comes next: the rules of the in-cluster provider, without I/O.

Source: cluster-api-ipam-provider-in-cluster v1.1.0, internal/poolutil/pool.go and internal/webhooks/inclusterippool.go.

Addresses are integers, and sets of them sorted, disjoint ranges: pools come from others, and may have a million entries.
"""

from __future__ import annotations

import array
import bisect
import functools
import ipaddress
import itertools
import re
import socket
import struct
import types
import typing as t
from dataclasses import dataclass

from .._texts import plain
from .errors import InvalidInput
from .model import Pool

IPAddress = t.Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
Range = t.Tuple[int, int]
_Numbers = t.MutableSequence[int]

_BITS = {4: 32, 6: 128}
_PREFIX = re.compile(r"(?:0|[1-9][0-9]{0,2})\Z")
_MAPPED = 0xFFFF  # the first 96 bits of ::ffff:0:0/96
_SHOWN = 60


@dataclass(frozen=True)
class Usage:
    """How full a pool is, as in the status of an InClusterIPPool; ``free`` is negative when used addresses left the pool.

    ``used`` counts resting addresses, too, as the provider does. ``kept`` are addresses of preAllocations that are not used yet.
    """

    total: int
    used: int
    out_of_range: int
    kept: int = 0

    @property
    def free(self) -> int:
        """Addresses that any claim can still get."""
        return self.total - self.used - self.kept


class AddressSet:
    """Addresses as sorted, disjoint ranges of integers: an IPv6 pool has too many to list."""

    def __init__(self, version: int, ranges: t.Iterable[Range]) -> None:
        self._keep(version, *_merged(version, _packed(version, ranges)))

    @classmethod
    def of_packed(cls, version: int, packed: t.Iterable[int]) -> AddressSet:
        """The addresses of ranges that are one integer each, as ``_packed`` makes them."""
        made = cls.__new__(cls)
        made._keep(version, *_merged(version, packed))
        return made

    def _keep(self, version: int, first: _Numbers, last: _Numbers) -> None:
        self.version = version
        self._first, self._last = first, last

    def __len__(self) -> int:
        raise TypeError("use size: len() is bounded by the machine's word")

    @property
    def ranges(self) -> t.Iterator[Range]:
        """The ranges, lowest first; no two of them touch."""
        return zip(self._first, self._last)

    @property
    def bounds(self) -> Range:
        """The lowest and the highest address of a set that is not empty."""
        return self._first[0], self._last[-1]

    @property
    def size(self) -> int:
        """How many addresses there are."""
        return sum(self._last) - sum(self._first) + len(self._first)

    def __contains__(self, address: object) -> bool:
        value = int(t.cast(IPAddress, address))
        position = bisect.bisect_right(self._first, value) - 1
        return position >= 0 and value <= self._last[position]

    def __iter__(self) -> t.Iterator[IPAddress]:
        return (self.address(value) for first, last in self.ranges for value in range(first, last + 1))

    def address(self, value: int) -> IPAddress:
        """The address that an integer stands for."""
        return ipaddress.IPv4Address(value) if self.version == 4 else ipaddress.IPv6Address(value)

    def without(self, ranges: t.Iterable[Range]) -> AddressSet:
        """The addresses that are in none of ``ranges``."""
        removed = zip(*_merged(self.version, _packed(self.version, ranges)))
        made = AddressSet(self.version, ())
        made._keep(self.version, *_cut(self.version, self._first[:], self._last, removed))
        return made

    def shared_with(self, other: AddressSet) -> AddressSet:
        """The addresses that are in both."""
        both = _intersection(self.ranges, other.ranges) if self.version == other.version else ()
        return AddressSet(self.version, both)


def _numbers(version: int) -> _Numbers:
    """An empty list of addresses: a million IPv4 addresses take 8 MiB."""
    return array.array("Q") if version == 4 else []


def _packed(version: int, ranges: t.Iterable[Range]) -> t.Iterator[int]:
    """One integer for each range, which sorts as it does: a million pairs would take 100 MiB, and take longer to sort."""
    bits = _BITS[version]
    return (first << bits | last for first, last in ranges)


def _merged(version: int, packed: t.Iterable[int]) -> tuple[_Numbers, _Numbers]:
    """The first and the last addresses of sorted, disjoint ranges that do not touch."""
    bits, mask = _BITS[version], (1 << _BITS[version]) - 1
    firsts, lasts = _numbers(version), _numbers(version)
    end = -2
    for each in sorted(packed):
        first, last = each >> bits, each & mask
        if first > end + 1:
            firsts.append(first)
            lasts.append(last)
            end = last
        elif last > end:
            lasts[-1] = end = last
    return firsts, lasts


def _cut(version: int, firsts: _Numbers, lasts: _Numbers, removed: t.Iterable[Range]) -> tuple[_Numbers, _Numbers]:
    """Sorted, disjoint ranges without others of this kind; ``firsts`` is used up."""
    kept_firsts, kept_lasts = _numbers(version), _numbers(version)
    position = 0
    for low, high in removed:
        touched = bisect.bisect_left(lasts, low, position)
        kept_firsts.extend(firsts[position:touched])
        kept_lasts.extend(lasts[position:touched])
        if touched < len(firsts) and firsts[touched] < low:
            kept_firsts.append(firsts[touched])
            kept_lasts.append(low - 1)
        position = bisect.bisect_right(lasts, high, touched)
        if position < len(firsts) and firsts[position] <= high:
            firsts[position] = high + 1
    kept_firsts.extend(firsts[position:])
    kept_lasts.extend(lasts[position:])
    return kept_firsts, kept_lasts


def _intersection(ranges: t.Iterable[Range], others: t.Iterable[Range]) -> t.Iterator[Range]:
    """What is in both, which are sorted and disjoint: one pass over both."""
    mine, theirs = iter(ranges), iter(others)
    own, other = next(mine, None), next(theirs, None)
    while own and other:
        low, high = max(own[0], other[0]), min(own[1], other[1])
        if low <= high:
            yield low, high
        if own[1] <= other[1]:
            own = next(mine, None)
        else:
            other = next(theirs, None)


@functools.lru_cache(maxsize=512)
def allocatable(pool: Pool) -> AddressSet:
    """All addresses that a pool may give out. Raises IpamError for a pool that the provider's webhook would refuse.

    Refused beyond that are what no machine could use: a zone id, which may hold any text, and IPv4 addresses written as IPv6 ones.
    """
    if not pool.addresses:
        raise InvalidInput(f"pool {pool.reference.name}: addresses is required")
    version = _version(pool)
    gateway = _checked_gateway(pool, version)
    addresses = AddressSet.of_packed(version, _entries(pool, version))
    subnet = _subnet(pool, addresses)
    removed = _ranges(pool, version, pool.excluded_addresses, "excludedAddresses")
    reserved = [gateway] if gateway is not None else []
    if not pool.allocate_reserved_addresses:
        # the network (IPv4) or anycast (IPv6) address and, on IPv4, the broadcast address
        reserved += subnet if version == 4 else subnet[:1]
    return addresses.without(itertools.chain(removed, ((value, value) for value in reserved)))


@functools.lru_cache(maxsize=512)
def preallocated(pool: Pool) -> t.Mapping[str, IPAddress]:
    """The address that the pool keeps for each claim, by the claim's name, as Metal3's preAllocations.

    Raises IpamError for an address that the pool does not hold, and for one that two claims would get.
    """
    addresses = allocatable(pool)
    kept: dict[str, IPAddress] = {}
    claims: dict[int, str] = {}
    for claim, text in pool.preallocations:
        try:
            version, value = _parsed(text)
        except ValueError:
            version, value = 0, 0
        if version != addresses.version or addresses.address(value) not in addresses:
            raise InvalidInput(
                f"pool {pool.reference.name}: preAllocations keeps {plain(text, _SHOWN) or 'an empty string'} for claim {claim},"
                " which is not an address that the pool can give out; correct it, or widen the pool"
            )
        other = claims.setdefault(value, claim)
        if other != claim:
            raise InvalidInput(
                f"pool {pool.reference.name}: preAllocations keeps {text} for the claims {other} and {claim}; leave one of them"
            )
        kept[claim] = addresses.address(value)
    return types.MappingProxyType(kept)


def lowest_free(addresses: AddressSet, used: t.Iterable[IPAddress]) -> t.Iterator[IPAddress]:
    """The free addresses, lowest first."""
    taken = {int(address) for address in used if address.version == addresses.version}
    return (address for address in addresses if int(address) not in taken)


def usage(pool: Pool, used: t.Collection[IPAddress]) -> Usage:
    """How full a pool is."""
    addresses = allocatable(pool)
    outside = sum(address.version != addresses.version or address not in addresses for address in used)
    kept = len(set(preallocated(pool).values()).difference(used))
    return Usage(total=addresses.size, used=len(used), out_of_range=outside, kept=kept)


def family(pool: Pool) -> t.Literal["IPv4", "IPv6"]:
    """The family of a pool that ``allocatable`` takes."""
    return "IPv6" if ":" in pool.addresses[0] else "IPv4"


def _version(pool: Pool) -> int:
    """The IP version of the pool's first address. Raises IpamError when the prefix is not one of it."""
    version = _range(pool, pool.addresses[0], "addresses")[0]
    if not 0 <= pool.prefix <= _BITS[version]:
        raise InvalidInput(
            f"pool {pool.reference.name}: prefix {plain(pool.prefix)} is not valid for IPv{version}; correct it"
        )
    return version


def _checked_gateway(pool: Pool, version: int) -> int | None:
    if not pool.gateway:
        return None
    try:
        found, value = _parsed(pool.gateway)
    except ValueError:
        raise InvalidInput(
            f"pool {pool.reference.name}: gateway {plain(pool.gateway, _SHOWN)} is not an IP address; a zone (%) cannot be in one"
        ) from None
    if found != version:
        raise InvalidInput(
            f"pool {pool.reference.name}: gateway {pool.gateway} is of another IP family than the addresses; give one of the same family"
        )
    return value


def _subnet(pool: Pool, addresses: AddressSet) -> list[int]:
    """The first and the last address of the subnet: that of the lowest address. Raises IpamError when others are outside of it."""
    host_bits = _BITS[addresses.version] - pool.prefix
    lowest, highest = addresses.bounds
    first = lowest >> host_bits << host_bits
    last = first | ((1 << host_bits) - 1)
    if highest > last:
        low, high = next(each for each in addresses.ranges if each[1] > last)
        raise InvalidInput(
            f"pool {pool.reference.name}: {addresses.address(low)} to {addresses.address(high)} is not in one subnet"
            f" {addresses.address(first)}/{pool.prefix} with the other addresses; correct the prefix, or make a pool for each subnet"
        )
    return [first, last]


def _entries(pool: Pool, version: int) -> t.Iterable[int]:
    """The addresses of a pool, one integer for each entry."""
    try:
        # a million single addresses, without a call of our own for each
        data = b"".join(map(functools.partial(socket.inet_pton, socket.AF_INET), pool.addresses))
    except (OSError, ValueError):
        return _packed(version, _ranges(pool, version, pool.addresses, "addresses"))
    return (each * 0x1_0000_0001 for (each,) in struct.iter_unpack("!I", data))


def _ranges(pool: Pool, version: int, texts: t.Iterable[str], field: str) -> t.Iterator[Range]:
    """The ranges that a field lists. Raises IpamError for one that the provider does not take, or of another family."""
    for text in texts:
        found, first, last = _range(pool, text, field)
        if found != version:
            words = (
                "addresses are of mixed IP families; make one pool per family"
                if field == "addresses"
                else f"{plain(text, _SHOWN)} in {field} is of another IP family than the addresses"
            )
            raise InvalidInput(f"pool {pool.reference.name}: {words}")
        yield first, last


def _range(pool: Pool, text: str, field: str) -> tuple[int, int, int]:
    """The IP version, the first and the last address of an entry, as Go's netip and netipx read it."""
    try:
        if "-" in text:
            first_text, _dash, last_text = text.partition("-")
            (version, first), (other, last) = _parsed(first_text), _parsed(last_text)
        elif "/" in text:
            version, first, last = _network(text)
            other = version
        else:
            version, first = other, last = _parsed(text)
    except ValueError:
        raise InvalidInput(
            f"pool {pool.reference.name}: {plain(text, _SHOWN) or 'an empty string'} in {field} is not a valid IP, range, nor CIDR,"
            " such as 192.0.2.10, 192.0.2.10-192.0.2.20 (without blanks) or 192.0.2.0/28"
        ) from None
    if version != other or first > last:
        raise InvalidInput(
            f"pool {pool.reference.name}: {text} in {field} is not a range from low to high; write the lower address first"
        )
    return version, first, last


def _network(text: str) -> tuple[int, int, int]:
    address, _slash, prefix = text.rpartition("/")
    version, value = _parsed(address)
    if not _PREFIX.match(prefix) or int(prefix) > _BITS[version]:
        raise ValueError("no prefix")
    host_bits = _BITS[version] - int(prefix)
    first = value >> host_bits << host_bits
    return version, first, first | ((1 << host_bits) - 1)


def _parsed(text: str) -> tuple[int, int]:
    """The IP version and the number of an address. Raises ValueError, also for a zone id, and for an IPv4 address written as IPv6."""
    try:
        if ":" not in text:
            return 4, int.from_bytes(socket.inet_pton(socket.AF_INET, text), "big")
        if "%" in text:  # some systems take one
            raise ValueError("a zone id")
        value = int.from_bytes(socket.inet_pton(socket.AF_INET6, text), "big")
    except OSError:
        raise ValueError("no address") from None
    if value >> 32 == _MAPPED:
        raise ValueError("a mapped address")
    return 6, value
