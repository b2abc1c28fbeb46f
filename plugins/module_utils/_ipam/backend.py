# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The interface that every IPAM backend has, and what its methods return."""

from __future__ import annotations

import abc
import typing as t
from dataclasses import dataclass

from .allocation import Usage
from .holding import Holder, Inventories
from .model import BoundClaim, Claim, Pool, PoolReference


@dataclass(frozen=True)
class PoolState:
    """A pool and how full it is."""

    pool: Pool
    usage: Usage


@dataclass(frozen=True)
class PoolChange:
    """What applying or deleting a pool did: ``before`` or ``after`` is None when there is none."""

    before: Pool | None
    after: Pool | None

    @property
    def changed(self) -> bool:
        """Whether it made a difference."""
        return self.before != self.after


@dataclass(frozen=True)
class Creation:
    """What creating claims came to: ``created`` are those that did not exist, ``pool_changes`` what it did to each pool."""

    created: tuple[Claim, ...]
    pool_changes: tuple[PoolChange, ...]


@dataclass(frozen=True)
class HandOver:
    """An address that goes from one claim to another one, which is ``after``; only names and host of the two differ."""

    before: BoundClaim
    after: Claim

    @property
    def done(self) -> BoundClaim:
        """What there is afterwards."""
        return BoundClaim(self.after, self.before.address, self.before.trouble)


class IpamBackend(abc.ABC):
    """Claims and pools, wherever they are kept. All methods raise IpamError with one sentence for the user.

    A backend is a context manager. With ``dry_run`` everything is checked as usual and nothing is kept.
    """

    @abc.abstractmethod
    def __enter__(self) -> IpamBackend:
        """Open the backend."""

    @abc.abstractmethod
    def __exit__(self, *exception: object) -> None:
        """Close the backend."""

    @abc.abstractmethod
    def list_claims(self, namespace: str | None) -> list[BoundClaim]:
        """The claims of a namespace, or of all when it is None, sorted by namespace and name."""

    @abc.abstractmethod
    def find_claims(self, names: t.Sequence[tuple[str, str]]) -> list[BoundClaim]:
        """Those of the claims with these (namespace, name) that exist, whoever made them."""

    @abc.abstractmethod
    def held_by(self, namespace: str, machines: t.Collection[str]) -> list[BoundClaim]:
        """The claims that this collection made for these machines, as they were when claims were last looked for."""

    def is_leaving(self, _claim: Claim) -> bool:
        """Whether a claim of this name was being released when it was looked for: its name is free only later."""
        return False

    @abc.abstractmethod
    def hand_over(self, moves: t.Sequence[HandOver], dry_run: bool) -> None:
        """Give the addresses of claims, which were looked for before, to other claims; each address is claimed all the time.

        What was ended on the way is finished by the same call. Raises IpamError where another claim has the new name.
        """

    def check_addresses(self, claims: t.Sequence[Claim]) -> None:  # noqa: B027 a backend that allocates itself gives none twice
        """Raise IpamError when one of these claims, which were looked for, shares its address with another one."""

    @abc.abstractmethod
    def create_claims(self, claims: t.Sequence[Claim], pools: t.Sequence[Pool], dry_run: bool) -> Creation:
        """Apply ``pools``, then create ``claims``: all of them or none. A claim that somebody else made meanwhile is adopted."""

    def adopt_claims(self, claims: t.Sequence[Claim]) -> tuple[Claim, ...]:
        """Count on claims that existed when they were looked for: from now on, no call that fails takes them back.

        Returns those that were gone by now and were made again.
        """
        return ()

    @abc.abstractmethod
    def wait_for_addresses(self, claims: t.Sequence[Claim]) -> list[BoundClaim]:
        """The claims with their addresses, in the order given, once all have one."""

    @abc.abstractmethod
    def release_claims(self, claims: t.Sequence[Claim], dry_run: bool) -> None:
        """Give the addresses of exactly these claims back, as they were found; one that is gone, or was made anew, is left alone."""

    def holders(self, claims: t.Sequence[Claim]) -> dict[tuple[str, str], Holder]:
        """What else uses each of these claims, which were looked for, by namespace and name; nothing where there are no other objects."""
        return {}

    def inventories(self, namespace: str | None) -> Inventories:
        """The machines that are registered with Elemental in a namespace, or in all."""
        return Inventories()

    @abc.abstractmethod
    def record(self, claims: t.Sequence[Claim], dry_run: bool) -> None:
        """Keep host keys and ``confirmed`` of these claims, which were listed before, in one batch; one that is gone, or was made
        again, is left alone."""

    @abc.abstractmethod
    def list_pools(self, namespace: str | None) -> list[PoolState]:
        """The pools that a namespace can claim from (its own and the global ones), or all when it is None."""

    @abc.abstractmethod
    def allocated(self, pool: Pool, namespaces: t.Collection[str]) -> list[str]:
        """The addresses of a pool that its provider does not give out, as far as claims of these namespaces hold them."""

    @abc.abstractmethod
    def apply_pool(self, pool: Pool, dry_run: bool) -> PoolChange:
        """Create or update a pool; refused when an allocated address would leave it."""

    @abc.abstractmethod
    def delete_pool(self, reference: PoolReference, namespace: str, dry_run: bool) -> PoolChange:
        """Delete a pool; refused while addresses of it are allocated."""
