# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one way for an address to enter, from any source: an API server, a database file, a result that a user registered (pure).

An address becomes ``ansible_host``, an argument of ssh and a line of a keyfile: nothing but an address may pass here.
"""

from __future__ import annotations

import functools
import ipaddress
import typing as t

from .._texts import plain
from .model import Address, IpamError

IPAddress = t.Union[ipaddress.IPv4Address, ipaddress.IPv6Address]

_LONGEST = 45
_EXAMPLES = "10.0.0.10 or 2001:db8::10, without a zone"


def checked_address(what: str, address: object, prefix: object, gateway: object = None) -> Address:
    """The address in its canonical spelling. Raises IpamError; ``what`` begins its sentence, for example "claim node1-ip".

    ``prefix`` is in bits, or None or 0 where there is none; digits as text are a number, as Jinja2 makes them.
    ``gateway`` is None or empty where there is none.
    """
    found = host_address(what, address)
    bits = _bits(prefix)
    if bits is None or not 0 <= bits <= found.max_prefixlen:
        raise IpamError(
            f"{what} has the prefix {plain(prefix, _LONGEST)} for {found}, which is not between 0 and {found.max_prefixlen};"
            " correct the prefix of its pool, then release it and claim again"
        )
    found_gateway = _gateway(what, found, gateway)
    if found_gateway == str(found):  # Metal3 does not keep it back
        raise IpamError(
            f"{what} has the address {found}, which is the gateway of its pool, too; take the gateway out of the addresses of the pool,"
            " then release the claim and claim again"
        )
    return Address(str(found), bits, found_gateway)


def host_address(what: str, address: object) -> IPAddress:
    """The parsed address of one machine. Raises IpamError for a zone id, and for what no machine can be reached at."""
    found = parsed_address(what, "address", address)
    if _is_nobodys(found):
        raise IpamError(
            f"{what} has the address {found}, which no machine can have; take it out of its pool, then release it and claim again"
        )
    return found


def parsed_address(what: str, field: str, text: object) -> IPAddress:
    """A parsed address without a zone id: Python takes any text as one. Raises IpamError; ``field`` names it in the sentence."""
    found = _parsed(text) if isinstance(text, str) and len(text) <= _LONGEST else None
    if found is None:
        raise IpamError(
            f"{what} has the {field} {plain(text, 2 * _LONGEST) or 'that is empty'}, which is not a valid IP address;"
            f" correct the {field}, as {_EXAMPLES}"
        )
    return found


@functools.lru_cache(maxsize=1024)
def _parsed(text: str) -> IPAddress | None:
    """The address; many have the same gateway."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv4Address):
        return found if text.isascii() else None
    # Python before 3.13 writes the IPv4 part of a mapped address in hexadecimal digits, and nothing takes one anyhow
    return found if "%" not in text and text.isascii() and found.ipv4_mapped is None else None


def _is_nobodys(address: IPAddress) -> bool:
    """Whether it is unspecified, a loopback (the controller itself), a multicast or the broadcast address; quicker than ipaddress is."""
    number = int(address)
    if address.version == 4:
        return number in (0, 0xFFFFFFFF) or number >> 24 == 127 or number >> 28 == 0xE
    return number in (0, 1) or number >> 120 == 0xFF


def _bits(prefix: object) -> int | None:
    if prefix is None:
        return 0
    if isinstance(prefix, str) and prefix.isascii() and prefix.isdigit() and len(prefix) <= 3:
        return int(prefix)
    return prefix if isinstance(prefix, int) and not isinstance(prefix, bool) else None


def _gateway(what: str, address: IPAddress, gateway: object) -> str | None:
    if gateway is None or gateway == "":
        return None
    found = parsed_address(what, "gateway", gateway)
    if found.version != address.version:
        raise IpamError(
            f"{what} has the gateway {found}, which is of another IP family than its address {address};"
            " correct the gateway of its pool, then release it and claim again"
        )
    return str(found)
