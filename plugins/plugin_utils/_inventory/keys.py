# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether address_keys decides where the hosts of an inventory are (pure)."""

from __future__ import annotations

import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._texts import plain
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.addresses import CLAIMED
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.hosts import Host, shown
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.model import Candidate, Rules


def unknown_keys(found: t.Sequence[Host], known: t.Iterable[Candidate], rules: Rules) -> list[str]:
    """A sentence for each key without a claim; ``known`` are all machines that were found, ``found`` those that are hosts.

    Claims of machines that are not hosts count only where a host has one of the keys.
    """
    of_hosts = {key for each in found for key in each.variables["elemental_claims"]}
    if CLAIMED not in rules.addresses or not of_hosts:
        return []
    usable = of_hosts
    if not of_hosts.isdisjoint(rules.address_keys):
        usable = {key for each in known for key in each.variables["elemental_claims"]}
    keys = f"the key{' is' if len(of_hosts) == 1 else 's are'} {_listed(sorted(of_hosts))}"
    return [
        f"no machine has a claim for the key {plain(key, 80)} ({keys}); correct address_keys"
        for key in dict.fromkeys(rules.address_keys)
        if key not in usable
    ]


def undecided_addresses(found: t.Sequence[Host], rules: Rules) -> list[str]:
    """A sentence on the hosts with several claimed addresses and no keys, where no other address comes before these."""
    if CLAIMED not in rules.addresses or rules.address_keys:
        return []
    before = rules.addresses[: rules.addresses.index(CLAIMED)]
    undecided = [
        each.variables
        for each in found
        if len(_in_use(each.variables)) > 1 and each.variables["elemental_address_source"] not in before
    ]
    if not undecided:
        return []
    first, count = undecided[0], len(undecided)
    who = f"{count} machines have several claimed addresses in use, {shown(first)} first"
    if count == 1:
        who = f"{shown(first)} has several claimed addresses in use"
    return [f"{who} ({_listed(_in_use(first))}); name the keys to connect to with address_keys"]


def _in_use(variables: t.Mapping[str, t.Any]) -> list[str]:
    claims = variables["elemental_claims"].items()
    return [
        key for key, claim in claims if isinstance(claim, dict) and claim.get("in_use")
    ]  # what a cache holds may be anything


def _listed(keys: t.Iterable[str]) -> str:
    return plain(", ".join(plain(each, 80) for each in keys))
