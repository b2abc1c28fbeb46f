# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of claims, ``<machine>-<key>`` as in Elemental (elemental-operator, controllers/machineinventory_controller.go), and the
forms of all other names that a request to an API server may be made of."""

from __future__ import annotations

import re

from .._texts import plain
from .errors import InvalidInput
from .model import Owner, PoolReference

# metadata.name of a claim is a DNS-1123 subdomain, that of a namespace a label
_LABEL = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\Z")
_ONE_LABEL = re.compile(rf"{_LABEL}\Z")
_KIND = re.compile(r"[A-Za-z](?:[-A-Za-z0-9]*[A-Za-z0-9])?\Z")
_SITE = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\Z")
# what the claim is called that gets the new address while a machine is renumbered, behind the name that it will have
RENUMBERING = ".renumbering"
_LONGEST = 253
_LONGEST_LABEL = 63

# those of the in-cluster provider; the same letters in another case are a typing error
_KINDS_OF_POOLS = ("InClusterIPPool", "GlobalInClusterIPPool")


def machine_name(host: str) -> str:
    """The name that a machine has by default: that of its host in lower case, with dashes, as Elemental makes machine names."""
    return re.sub("[^0-9a-z.]", "-", host.lower())


def claim_name(machine: str, key: str) -> str:
    """The name of the claim of ``machine`` for ``key``. Raises IpamError when no cluster would take it."""
    if key.endswith(RENUMBERING):
        raise InvalidInput(
            f"the key {plain(key)} ends with {RENUMBERING}, which marks claims of machines that are being renumbered; rename the key"
        )
    return checked_name(f"{machine}-{key}", "claim")


def final_name(claim: str) -> str:
    """What a claim is called once its machine is renumbered; its name itself as a rule."""
    return claim[: -len(RENUMBERING)] if claim.endswith(RENUMBERING) else claim


def checked_name(name: str, what: str) -> str:
    """The name itself. Raises IpamError when it is not a DNS-1123 subdomain, or that of a namespace no label; ``what`` names the object."""
    longest = _LONGEST_LABEL if what == "namespace" else _LONGEST
    if len(name) > longest:
        advice = "a shorter machine name or key" if what == "claim" else "a shorter one"
        raise InvalidInput(
            f"the {what} name {plain(name)} has {len(name)} characters, {longest} are allowed: use {advice}"
        )
    if not (is_label(name) if what == "namespace" else is_subdomain(name)):
        form = "label: use lower case letters, digits and dashes"
        if what != "namespace":
            form = "subdomain: use lower case letters, digits, dashes and dots"
        raise InvalidInput(
            f"the {what} name {plain(name)} is not a DNS-1123 {form}, with a letter or digit at both ends"
        )
    return name


def checked_site(name: str) -> str:
    """The name of an inventory itself, or empty. Raises IpamError for one that no label of Kubernetes could hold."""
    if name and not _SITE.match(name):
        raise InvalidInput(
            f"the site {plain(name, 80)} is not a valid name of an inventory: use at most 63 letters, digits, dashes, dots and "
            "underscores, with a letter or digit at both ends"
        )
    return name


def is_subdomain(name: object) -> bool:
    """Whether this is a DNS-1123 subdomain, as the names of most objects and groups are."""
    return isinstance(name, str) and len(name) <= _LONGEST and _SUBDOMAIN.match(name) is not None


def is_label(name: object) -> bool:
    """Whether this is a DNS-1123 label, as namespaces, versions and plural names of kinds are."""
    return isinstance(name, str) and len(name) <= _LONGEST_LABEL and _ONE_LABEL.match(name) is not None


def is_kind(name: object) -> bool:
    """Whether this is the name of a kind, as InClusterIPPool."""
    return isinstance(name, str) and len(name) <= _LONGEST_LABEL and _KIND.match(name) is not None


def checked_pool(reference: PoolReference, owner: str) -> PoolReference:
    """The reference itself. Raises IpamError where no pool can be called so; ``owner`` names what refers to it."""
    if not is_subdomain(reference.api_group):
        raise InvalidInput(
            f"the pool of {owner} has apiGroup {plain(reference.api_group)}, which is not an API group, such as ipam.cluster.x-k8s.io"
        )
    if not is_kind(reference.kind):
        raise InvalidInput(
            f"the pool of {owner} has kind {plain(reference.kind)}, which is not a kind; give one such as InClusterIPPool"
        )
    for known in _KINDS_OF_POOLS:
        if reference.kind != known and reference.kind.lower() == known.lower():
            raise InvalidInput(f"the pool of {owner} has kind {reference.kind}; did you mean {known}")
    checked_name(reference.name, "pool")
    return reference


def checked_owner(owner: Owner) -> Owner:
    """The owner itself; its apiVersion may be empty. Raises IpamError where no object can be called so."""
    group, slash, version = owner.api_version.rpartition("/")
    if owner.api_version and not (is_label(version) and (is_subdomain(group) if slash else True)):
        raise InvalidInput(
            f"the owner {plain(owner.name)} has apiVersion {plain(owner.api_version)}, which is not an API version;"
            " give one such as v1 or cluster.x-k8s.io/v1beta2"
        )
    if not is_kind(owner.kind):
        raise InvalidInput(
            f"the owner {plain(owner.name)} has kind {plain(owner.kind)}, which is not a kind; give one such as Machine"
        )
    checked_name(owner.name, "owner")
    return owner
