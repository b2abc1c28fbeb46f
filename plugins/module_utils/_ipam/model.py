# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the IPAM room talks about: pools, claims and addresses, with any backend."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from ipaddress import ip_address

from .. import _errors
from .._texts import plain, sentence


class IpamError(_errors.Failure):
    """A request that cannot be served; its text is one sentence for the user, in one line, no matter what it quotes.

    ``code`` is one of ``_errors.CODES``; ``details`` are the object and the numbers that belong to it, without those that are not known.
    """

    def __init__(self, text: str, **details: object) -> None:
        super().__init__(sentence(text))
        self.details = {name: _shown(value) for name, value in details.items() if value not in ("", None)}

    def with_text(self, text: str) -> IpamError:
        """The same error with another sentence."""
        self.args = (sentence(text),)
        return self


def _shown(value: object) -> object:
    """A detail as a task may return it, no matter what sent it."""
    if isinstance(value, (list, tuple)):
        return [_shown(each) for each in value]
    return value if isinstance(value, (bool, int)) else plain(value)


@dataclass(frozen=True, order=True)
class PoolReference:
    """Where an address comes from, as in ``IPAddressClaim.spec.poolRef`` (Cluster API v1beta2).

    The reference has no namespace: a namespaced pool is looked up in the namespace of the claim.
    """

    api_group: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}.{self.api_group}/{self.name}"


@dataclass(frozen=True)
class Pool:
    """An ``InClusterIPPool`` or ``GlobalInClusterIPPool`` (``ipam.cluster.x-k8s.io/v1alpha2``).

    ``namespace`` is empty for a cluster-scoped pool. ``addresses`` and ``excluded_addresses`` are single addresses,
    ``first-last`` ranges or CIDRs, as written in the manifest. ``reuse_grace_period`` is how long a released address is
    held back, in seconds. ``preallocations`` are the addresses that are kept for claims, by the name of the claim. ``labels`` and
    ``annotations`` are those that the manifest sets, of a known pool all that it has. All three are sorted.
    """

    reference: PoolReference
    namespace: str
    addresses: tuple[str, ...]
    prefix: int
    gateway: str | None = None
    excluded_addresses: tuple[str, ...] = ()
    allocate_reserved_addresses: bool = False
    reuse_grace_period: int = 0
    preallocations: tuple[tuple[str, str], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Owner:
    """The object that a claim goes with, in the claim's namespace, as in ``metadata.ownerReferences``; an empty ``uid`` is looked up.

    A ``controller`` made the claim for itself and goes on using it: at most one owner of a claim is one, and never one that we name.
    """

    api_version: str
    kind: str
    name: str
    uid: str = ""
    controller: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        return f"{self.kind} {self.name} ({self.api_version})"


@dataclass(frozen=True)
class Claim:
    """One machine's wish for one address: the content of an ``IPAddressClaim``.

    ``key`` is the placeholder that the address will fill; ``name`` is ``<machine>-<key>`` as in Elemental. ``host`` is
    the inventory's name for the machine, empty when not specified: two hosts must not share the claim of one machine name.
    With an ``owner`` the claim is released when that object goes. ``managed`` shows that this collection made it,
    ``labels`` are those that a cluster has of it, ``host_keys`` the public ssh host keys by which the machine is known,
    ``machine_id`` the identity of the machine that has the address, ``confirmed`` is when a push first proved the address on it (RFC 3339,
    UTC; empty: it is only promised), ``uid`` is the cluster's; these six state nothing in a wish.
    ``owner`` is the controller where one of several owners is. ``site`` is the name of the inventory, empty where it has none.
    """

    namespace: str
    name: str
    machine: str
    key: str
    pool: PoolReference
    host: str = ""
    owner: Owner | None = field(default=None, compare=False)
    managed: bool = field(default=True, compare=False)
    labels: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    host_keys: tuple[str, ...] = field(default=(), compare=False)
    uid: str = field(default="", compare=False)
    machine_id: str = field(default="", compare=False)
    site: str = field(default="", compare=False)
    confirmed: str = field(default="", compare=False)


@dataclass(frozen=True)
class Address:
    """An allocated address: the content of an ``IPAddress``; ``prefix`` is in bits, 0 where the pool has none.

    ``pool`` is the name of the pool that it is from, empty where that is not known.
    """

    address: str
    prefix: int
    gateway: str | None = None
    pool: str = field(default="", compare=False)

    @property
    def family(self) -> t.Literal["IPv4", "IPv6"]:
        """The address family, derived from the address itself."""
        return "IPv4" if ip_address(self.address).version == 4 else "IPv6"


@dataclass(frozen=True)
class BoundClaim:
    """A claim with its address; ``address`` is None while the claim waits or, in check mode, does not exist yet.

    ``trouble`` is the sentence of an address that was given and cannot be used; it is as good as none. ``refusal`` is what the provider
    reports of a claim that it will not serve. ``handle`` is what the backend that found the claim needs to change exactly this one; None
    for a claim that was not looked up.
    """

    claim: Claim
    address: Address | None
    trouble: str = field(default="", compare=False)
    refusal: str = field(default="", compare=False)
    handle: object = field(default=None, compare=False, repr=False)
