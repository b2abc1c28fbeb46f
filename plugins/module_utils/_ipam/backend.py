# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The interface that every IPAM backend has, and what its methods return."""

from __future__ import annotations

import abc
import typing as t
from dataclasses import dataclass, field

from .allocation import Usage
from .holding import Holder, Inventories, of_machine
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
class Observation:
    """What a look for claims found.

    ``found`` are those of the names that exist, ``held`` those that this collection made for the machines, ``leaving`` those of both that
    were released and whose names are free only later. ``handle`` is the backend's: it shows how old the look is.
    """

    found: tuple[BoundClaim, ...] = ()
    held: tuple[BoundClaim, ...] = ()
    leaving: tuple[BoundClaim, ...] = ()
    handle: object = field(default=None, compare=False, repr=False)

    def missing(self, claims: t.Sequence[Claim]) -> list[Claim]:
        """Those of these claims that must be made: they do not exist, or their provider refused them for good."""
        served = {(each.claim.namespace, each.claim.name) for each in self.found if not each.refusal}
        return [claim for claim in claims if (claim.namespace, claim.name) not in served]


@dataclass(frozen=True)
class CreateResult:
    """What creating claims came to: ``created`` are those that did not exist, ``pool_changes`` what it did to each pool.

    ``bound`` are all claims with their addresses, in the order asked; empty with ``dry_run``.
    """

    created: tuple[Claim, ...]
    pool_changes: tuple[PoolChange, ...]
    bound: tuple[BoundClaim, ...] = ()


@dataclass(frozen=True)
class HandOver:
    """An address that goes from one claim to another one, which is ``after``; only names and host of the two differ.

    ``leaving`` is a released claim that has the new name until it is gone, None as a rule.
    """

    before: BoundClaim
    after: Claim
    leaving: BoundClaim | None = None

    @property
    def done(self) -> BoundClaim:
        """What there is afterwards."""
        return BoundClaim(self.after, self.before.address, self.before.trouble)


class IpamBackend(abc.ABC):
    """Claims and pools, wherever they are kept. All methods raise IpamError with one sentence for the user.

    A backend is a context manager. With ``dry_run`` everything is checked as usual and nothing is kept. No method counts on an earlier
    call: what a backend must know of a claim comes with it, so that another backend object may have found it.
    """

    @abc.abstractmethod
    def __enter__(self) -> IpamBackend:
        """Open the backend.

        Returns:
            The backend itself.

        Raises:
            IpamError: where the database or the API server cannot be used, or its credentials cannot be read.
        """

    @abc.abstractmethod
    def __exit__(self, *exception: object) -> None:
        """Close the backend."""

    @abc.abstractmethod
    def list_claims(self, namespace: str | None) -> list[BoundClaim]:
        """List claims of any origin; those that are being released are not among them.

        Args:
            namespace: that of the claims, or None for all.

        Returns:
            The claims, sorted by namespace and name, each with its handle.

        Raises:
            IpamError: where they cannot be read.
        """

    def claims_of(self, machine: str, keys: t.Collection[str], namespace: str | None) -> list[BoundClaim]:
        """List the claims of one machine, of any origin; those that are being released are not among them.

        Args:
            machine: the name of the machine.
            keys: those whose claims are wanted; a backend may list more. While a key is renumbered it has two claims, and both are wanted.
            namespace: that of the claims, or None for all.

        Returns:
            The claims, sorted by namespace and name, each with its machine and key.

        Raises:
            IpamError: where they cannot be read.
        """
        return of_machine(self.list_claims(namespace), machine)

    @abc.abstractmethod
    def find_claims(
        self, names: t.Sequence[tuple[str, str]], machines: t.Collection[tuple[str, str]] = ()
    ) -> Observation:
        """Find claims of any origin by name, and all that this collection made for some machines.

        Args:
            names: namespace and name of each claim.
            machines: namespace and name of each machine.

        Returns:
            What there is now, each claim with its handle.

        Raises:
            IpamError: where they cannot be read.
        """

    @abc.abstractmethod
    def hand_over(self, moves: t.Sequence[HandOver], dry_run: bool) -> list[BoundClaim]:
        """Give the addresses of claims to other claims; each address is claimed all the time.

        What was ended on the way is finished by the same call.

        Args:
            moves: claims that were found, and what each of them becomes.
            dry_run: whether to check only.

        Returns:
            The new claims in the order of the moves; with ``dry_run`` those on a cluster have no handles.

        Raises:
            IpamError: where another claim has the new name, or the old claim has no address, is gone, or was made again.
        """

    @abc.abstractmethod
    def check_addresses(self, claims: t.Sequence[BoundClaim]) -> None:
        """Check that no claim shares its address with another one.

        Args:
            claims: claims that were found.

        Raises:
            IpamError: where one does; the user must decide whose the address is.
        """

    @abc.abstractmethod
    def create_claims(
        self, claims: t.Sequence[Claim], pools: t.Sequence[Pool], known: Observation, dry_run: bool
    ) -> CreateResult:
        """Apply pools, then make sure that all claims exist and have their addresses: all of them or none.

        What exists is counted on: from now on, no other call that fails takes it back. A claim that another call made meanwhile is adopted.
        What this call created is removed again when one of the claims cannot be served.

        Args:
            claims: the claims that are asked for, those that exist, too.
            pools: pools to create or change first.
            known: what a look for these claims found.
            dry_run: whether to check only.

        Returns:
            What was created and changed, and all claims with their addresses.

        Raises:
            IpamError: where a pool is missing or too small, a claim of the name is another one, or the provider does not serve in time.
        """

    @abc.abstractmethod
    def release_claims(self, claims: t.Sequence[BoundClaim], dry_run: bool) -> list[BoundClaim]:
        """Give the addresses of exactly these claims back, and wait until they are gone.

        One that is gone, or was made again since it was found, is left alone. One that was being released when it was found is waited for.

        Args:
            claims: claims that were found.
            dry_run: whether to check only.

        Returns:
            Those whose names are free only later, since their addresses rest.

        Raises:
            IpamError: where one may not be released, or is not gone in time.
        """

    @abc.abstractmethod
    def record(self, claims: t.Sequence[BoundClaim], dry_run: bool) -> None:
        """Keep host keys, machine_id, site and ``confirmed`` of these claims, in one batch.

        One that is gone, or was made again since it was found, is left alone.

        Args:
            claims: claims that were found, each ``claim`` with what is to be kept.
            dry_run: whether to check only.

        Raises:
            IpamError: where that cannot be kept.
        """

    def holders(self, claims: t.Sequence[Claim]) -> dict[tuple[str, str], Holder]:
        """Determine what else uses claims.

        Args:
            claims: claims that were found; their uids count.

        Returns:
            The holders by namespace and name of the claim; nothing where there are no other objects.

        Raises:
            IpamError: where the owners of claims cannot be read.
        """
        return {}

    def inventories(self, namespace: str | None) -> Inventories:
        """List the machines that are registered with Elemental.

        Args:
            namespace: that of the machines, or None for all.

        Returns:
            The machines, or why they cannot be read.

        Raises:
            IpamError: where the backend cannot be asked.
        """
        return Inventories()

    @abc.abstractmethod
    def list_pools(self, namespace: str | None) -> list[PoolState]:
        """List pools and how full they are.

        Args:
            namespace: the one that claims from them (its own pools and the global ones), or None for all.

        Returns:
            The pools, sorted.

        Raises:
            IpamError: where they cannot be read.
        """

    def why_no_pools(self) -> str:
        """Explain a list without pools.

        Returns:
            What is missing and what to do, as one sentence; empty where there may just be none.

        Raises:
            IpamError: where the backend cannot be asked.
        """
        return ""

    @abc.abstractmethod
    def allocated(self, pool: Pool, namespaces: t.Collection[str]) -> list[str]:
        """List the addresses of a pool that its provider does not give out.

        Args:
            pool: the pool, as it will be.
            namespaces: those of the claims; a backend may know those of others, too.

        Returns:
            The addresses, in their canonical spelling.

        Raises:
            IpamError: where they cannot be read.
        """

    @abc.abstractmethod
    def apply_pool(self, pool: Pool, dry_run: bool) -> PoolChange:
        """Create or update a pool.

        Args:
            pool: the pool, as it will be.
            dry_run: whether to check only.

        Returns:
            The pool before and after.

        Raises:
            IpamError: where an allocated address would leave the pool, or it cannot be written.
        """

    @abc.abstractmethod
    def delete_pool(self, reference: PoolReference, namespace: str, dry_run: bool) -> PoolChange:
        """Delete a pool.

        Args:
            reference: the pool.
            namespace: where it is; empty for a global one.
            dry_run: whether to check only.

        Returns:
            The pool before; unchanged where there was none.

        Raises:
            IpamError: while addresses of it are allocated, or where it may not be deleted.
        """
