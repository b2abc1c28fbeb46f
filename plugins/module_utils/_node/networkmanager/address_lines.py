# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``address1=192.0.2.1/24,192.0.2.254`` in all forms that NetworkManager's reader takes (nm-settings-keyfile(5); tried with 1.42).

Fields end at ``/``, ``,`` or ``;``, whichever, and the last one may. The prefix may be missing, and the key may be ``address``,
``addresses`` or either with a number: one address each.
"""

from __future__ import annotations

import re
import typing as t

ADDRESS_KEY = re.compile(r"address(?:es)?[0-9]*\Z")
# what the reader takes for a prefix that is missing
DEFAULT_PREFIXES = {"ipv4": 24, "ipv6": 64}
_DELIMITERS = re.compile("[/,;]")


class AddressLine(t.NamedTuple):
    """The fields of a line, as they stand there; ``prefix`` and ``gateway`` may be missing, ``surplus`` is what follows."""

    address: str
    prefix: t.Optional[str]
    gateway: t.Optional[str]
    surplus: t.Tuple[str, ...]


def fields(value: str) -> list[str]:
    """What stands between delimiters; nothing after the last one."""
    parts = _DELIMITERS.split(value)
    return parts[:-1] if len(parts) > 1 and not parts[-1] else parts


def address_line(value: str) -> AddressLine:
    """The fields of the value of an address key; what they hold is not looked at."""
    address, *rest = fields(value)
    prefix = rest.pop(0) if rest and re.match(r"[0-9]*\Z", rest[0]) else None
    gateway = rest.pop(0) if rest else None
    return AddressLine(address, prefix or None, gateway, tuple(rest))


def addresses_of(section: t.Mapping[str, str]) -> list[str]:
    """The addresses in the section of a family, without prefixes."""
    return [address_line(value).address for key, value in section.items() if ADDRESS_KEY.match(key) and value]
