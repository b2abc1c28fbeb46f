# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a claim that exists is the one that is wanted (pure)."""

from __future__ import annotations

from .errors import claim_conflict
from .model import Claim, Owner


def compare(wanted: Claim, found: Claim) -> None:
    """Raise IpamError when a claim that exists is not the one that is wanted.

    A claim is immutable: another pool is never a silent reuse of the old pool's address. One that shows no machine was made by
    something else; its name and its pool are what it is known by.
    """
    if found.pool != wanted.pool:
        raise claim_conflict(
            wanted,
            f"claim {wanted.name} exists with an address from pool {found.pool}, but pool {wanted.pool} is requested: "
            "release it first (state: absent, or reset the machine)",
        )
    if found.machine and (found.machine, found.key) != (wanted.machine, wanted.key):
        raise claim_conflict(
            wanted,
            f"claim {wanted.name} belongs to machine {found.machine} with key {found.key}, "
            f"not to machine {wanted.machine} with key {wanted.key}: rename one of them",
        )
    if wanted.owner is not None and not same_owner(wanted.owner, found.owner):
        raise claim_conflict(
            wanted,
            f"claim {wanted.name} exists with {owner_in_words(found.owner)}, but {wanted.owner} is requested: "
            "release it first, or name its owner",
        )
    if found.site and found.site != wanted.site:
        asking = f"an inventory of site {wanted.site}" if wanted.site else "an inventory without a site"
        raise claim_conflict(
            wanted,
            f"claim {wanted.name} was made for an inventory of site {found.site}, and {asking} has a machine {wanted.machine}, too: "
            "give one of the machines another name (machine_network_machine_name), or correct the site (machine_network_site)",
        )
    if found.host and wanted.host and found.host != wanted.host:
        raise claim_conflict(
            wanted,
            f"claim {wanted.name} was made for host {found.host}, and host {wanted.host} has the same machine name "
            f"{wanted.machine}: give one of them another name (machine_network_machine_name), "
            f"or set machine_network_former_name: {found.host} for {wanted.host} where it was renamed",
        )


def owner_in_words(owner: Owner | None) -> str:
    """The owner of a claim, or that it has none, for a message."""
    return f"the owner {owner}" if owner else "no owner"


def same_owner(wanted: Owner, found: Owner | None) -> bool:
    """Whether these are one object."""
    if found is None or (wanted.uid and wanted.uid != found.uid):
        return False
    # an object may be served in several versions: the version is not what it is
    group, other = (owner.api_version.rpartition("/")[0] for owner in (wanted, found))
    return (group, wanted.kind, wanted.name) == (other, found.kind, found.name)
