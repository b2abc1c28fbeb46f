# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses as users pass them around, to the ones that placeholders are filled from."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.elemental.networking.plugins.module_utils._ipam.addresses import checked_address, host_address
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import Address, IpamError
from ansible_collections.elemental.networking.plugins.module_utils._texts import plain
from ansible_collections.elemental.networking.plugins.plugin_utils._failures import InvalidInput

_LONGEST_POOL = 253


def addresses_from_result(value: object) -> dict[str, t.Union[Address, str, None]]:
    """The addresses by key: each a dictionary with address, prefix and gateway, as ``ip_address_claims`` returns it, or a bare text.

    Raises InvalidInput for anything else.
    """
    if not isinstance(value, t.Mapping):
        raise InvalidInput("addresses must be a dictionary of placeholder key to address")
    return {str(key): _address(str(key), item) for key, item in value.items()}


def _address(key: str, item: object) -> Address | str | None:
    if item is None or item == "":
        return None
    try:
        if isinstance(item, str):
            return str(host_address("it", item))
        if not isinstance(item, t.Mapping) or "address" not in item:
            raise InvalidInput(
                f"the address of {key} must be a string or a dictionary with address, prefix and gateway"
            )
        if item["address"] is None:
            return None
        if item.get("prefix") is None:
            return str(host_address("it", item["address"]))
        pool = item.get("pool")
        found = checked_address("it", item["address"], item["prefix"], item.get("gateway"))
        return replace(found, pool=plain(pool, _LONGEST_POOL) if isinstance(pool, str) else "")
    except IpamError as error:
        raise InvalidInput(f"the address of {key} is not valid: {error}") from None
