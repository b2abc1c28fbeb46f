# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lookups have in common: the options of a machine, and the addresses that it has claimed, read, never made."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible.plugins.lookup import LookupBase
from ansible_collections.elemental.networking.plugins.module_utils._ipam.addresses import checked_address
from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_backend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.holding import of_machine
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import (
    Address,
    BoundClaim,
    Claim,
    IpamError,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.names import RENUMBERING
from ansible_collections.elemental.networking.plugins.plugin_utils._request.files import database_path
from ansible_collections.elemental.networking.plugins.plugin_utils._request.machine_network import (
    Given,
    cluster_options,
    machine_name,
    namespace_of,
    server_options,
)

_TEXTS = ("machine", "backend", "database", "namespace", "manifest", "site")
_RAW = ("network", "pools", "pool_files", "kubernetes", "postgresql")


def option(lookup: LookupBase, name: str) -> t.Any:
    """The value of an option; one from a variable arrives as it is written, with its templates."""
    return lookup._templar.template(lookup.get_option(name))


def given_to(lookup: LookupBase, variables: t.Mapping[str, t.Any]) -> Given:
    """What the user gave for the host of a lookup; what the lookup has no option for is left out."""
    known = lookup.get_options()
    texts = {name: str(option(lookup, name) or "") for name in _TEXTS if name in known}
    raw = {name: option(lookup, name) for name in _RAW if name in known}
    host = str(variables.get("inventory_hostname", "localhost"))
    options: dict[str, t.Any] = {**texts, **raw}
    return Given(host=host, inventory_folder=variables.get("inventory_dir") or None, **options)


def claimed_addresses(given: Given) -> dict[str, Address]:
    """The addresses of a machine by placeholder key; raises as ``served_claims`` does."""
    return {key: each.address for key, each in served_claims(given).items() if each.address is not None}


def served_claims(given: Given) -> dict[str, BoundClaim]:
    """The claims of a machine by placeholder key; one without an address is left out.

    Raises IpamError when the backend cannot be read, when an address cannot be used, or when namespaces differ about a key; AnsibleError
    for options that are not a mapping.
    A database that does not exist is one without claims.
    """
    machine = machine_name(given.machine, given.host)
    namespace = namespace_of(given.namespace) if given.namespace else None
    database = database_path(given.database, given.inventory_folder)
    access = BackendOptions(
        given.backend or "embedded", database, cluster_options(given), postgresql=server_options(given)
    )
    with open_backend(access) as backend:
        found = of_machine(backend.list_claims(namespace), machine)
    # a machine that was named may be another host's; the name that was made of the host's own may be equal by chance
    own = [each for each in found if each.claim.site in ("", given.site)]
    held = [each for each in own if given.machine or each.claim.host in ("", given.host)]
    _refuse_two_namespaces(held)
    for each in held:
        if each.trouble:
            raise IpamError(each.trouble)
    served = {
        each.claim.key: replace(each, address=_checked(each.claim, each.address))
        for each in held
        if each.address is not None
    }
    # while a machine is renumbered the old address counts; once that is released, the new one does
    beside = {key[: -len(RENUMBERING)]: each for key, each in served.items() if key.endswith(RENUMBERING)}
    return {**beside, **{key: each for key, each in served.items() if not _is_of_another(each, beside.get(key))}}


def _is_of_another(old: BoundClaim, new: BoundClaim | None) -> bool:
    """Whether another machine may still have the old address than the one on which the new one was proved: the old claim stays then."""
    if new is None or not new.claim.confirmed:
        return False
    recorded, proved = old.claim.machine_id, new.claim.machine_id
    return bool(recorded and proved) and recorded != proved


def _checked(claim: Claim, address: Address) -> Address:
    """Checked for every backend: what leaves here becomes ansible_host, and so an argument of ssh."""
    return checked_address(f"claim {claim.name}", address.address, address.prefix, address.gateway)


def _refuse_two_namespaces(held: t.Sequence[BoundClaim]) -> None:
    seen: dict[str, str] = {}
    for each in held:
        other = seen.setdefault(each.claim.key, each.claim.namespace)
        if other != each.claim.namespace:
            raise IpamError(
                f"machine {each.claim.machine} holds {each.claim.key} in the namespaces {other} and {each.claim.namespace};"
                " choose one with machine_network_ipam_namespace"
            )
