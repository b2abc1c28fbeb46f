# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of lookups, and the claims of the machine that they are about."""

from __future__ import annotations

import os
import typing as t

from ansible.plugins.lookup import LookupBase
from ansible_collections.elemental.networking.plugins.module_utils._ipam.database.postgresql.options import place
from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import Address, IpamError
from ansible_collections.elemental.networking.plugins.module_utils._texts import plain
from ansible_collections.elemental.networking.plugins.plugin_utils._request.files import database_path
from ansible_collections.elemental.networking.plugins.plugin_utils._request.hidden_values import hidden_values
from ansible_collections.elemental.networking.plugins.plugin_utils._request.known_claims import (
    Shelf,
    option,
    served,
    without_mark,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._request.machine_network import (
    Given,
    cluster_options,
    machine_name,
    namespace_of,
    server_options,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._request.shared_claims import read_claims

_TEXTS = ("machine", "backend", "database", "namespace", "manifest", "site")
_RAW = ("network", "pools", "pool_files", "kubernetes", "postgresql")


def given_to(lookup: LookupBase, variables: t.Mapping[str, t.Any]) -> Given:
    """What the user gave for the host of a lookup; what the lookup has no option for is left out."""
    known, hidden = lookup.get_options(), hidden_values(variables)
    texts = {name: str(option(lookup, name, hidden) or "") for name in _TEXTS if name in known}
    raw = {name: option(lookup, name, hidden) for name in _RAW if name in known}
    host = str(variables.get("inventory_hostname", "localhost"))
    options: dict[str, t.Any] = {**texts, **raw}
    return Given(host=host, inventory_folder=variables.get("inventory_dir") or None, **options)


def claimed_addresses(given: Given, keys: t.Collection[str], required: bool = False) -> dict[str, Address]:
    """The addresses of a machine by placeholder key, for these keys at least. Raises IpamError and AnsibleError.

    With ``required`` a key that is not claimed is an IpamError, too.
    """
    parts = (given.backend, given.database, given.inventory_folder, given.kubernetes, given.namespace, given.postgresql)
    shelf = Shelf(parts, machine_name(given.machine, given.host), keys)
    known = shelf.read()
    found = found_claims(shelf, given, keys) if known is None else known
    try:
        held = served(found, given.host, given.site, bool(given.machine))
    except ValueError as error:
        raise IpamError(str(error)) from None
    missing = sorted(key for key in keys if key not in held)
    if required and missing:
        raise IpamError(f"it has claimed {unclaimed(given, missing, held, found)}")
    addresses = {key: each["address"] for key, each in held.items()}
    return {key: Address(each["address"], each["prefix"], each["gateway"]) for key, each in addresses.items()}


def found_claims(shelf: Shelf, given: Given, keys: t.Collection[str]) -> list[dict[str, t.Any]]:
    """The claims of a machine, from their backend.

    Raises IpamError when the backend cannot be read, AnsibleError for options that are not a mapping. A database that does not exist is one
    without claims.
    """
    namespace = namespace_of(given.namespace) if given.namespace else None
    database = database_path(given.database, given.inventory_folder)
    options = BackendOptions(
        given.backend or "embedded", database, cluster_options(given), postgresql=server_options(given)
    )
    return read_claims(shelf, options, machine_name(given.machine, given.host), keys, namespace)


def unclaimed(
    given: Given, keys: t.Sequence[str], held: t.Iterable[str], claims: t.Iterable[t.Mapping[str, t.Any]]
) -> str:
    """What a machine has claimed in the place of these keys, and what to do: the end of a sentence.

    ``held`` are the keys that it has, ``claims`` all that were found with the name of the machine.
    """
    sites = {each["site"]: without_mark(each["key"]) for each in claims if without_mark(each["key"]) in keys}
    other = next((name for name in sorted(sites) if name not in ("", given.site)), "")
    if other:
        own = f"is of site {plain(given.site)}" if given.site else "has no site"
        return (
            f"{sites[other]} for an inventory of site {plain(other)}, and this one {own}; set machine_network_site to {plain(other)}, or "
            "correct where to look and for which machine"
        )
    others = ", ".join(sorted({without_mark(key) for key in held}))
    if others:
        return (
            f"no address for {', '.join(keys)}, only for {others}; correct the key, or run the playbook "
            "elemental.networking.configure where ipAddresses has it"
        )
    return (
        f"no address in {_searched(given)}; correct where to look and for which machine, or run the playbook "
        "elemental.networking.configure first"
    )


def _searched(given: Given) -> str:
    """What a sentence calls the place of the claims; a mistyped one is known by its name only."""
    namespace = f"namespace {given.namespace} of " if given.namespace else ""
    if given.backend == "kubernetes":
        return f"{namespace or 'any namespace of '}the cluster"
    if given.backend == "postgresql":
        return f"{namespace}the database {place(server_options(given), os.environ)}"
    path = database_path(given.database, given.inventory_folder)
    return f"{namespace}the database {path}{'' if os.path.exists(path) else ', which does not exist yet'}"
