# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kubernetes backend: claims on a Cluster API control plane, in batches at the rate of the API."""

from __future__ import annotations

import dataclasses
import typing as t
import uuid

from ..backend import CreateResult, HandOver, IpamBackend, Observation, PoolChange, PoolState
from ..grouping import grouped
from ..holding import Holder, Inventories, holder_of
from ..model import BoundClaim, Claim, Pool, PoolReference
from .api import Api
from .causes import Causes
from .claiming import ClaimCall
from .claims import Claims
from .control_plane import ControlPlane, Name
from .discovery import Discovery
from .handing import hand_over
from .inventories import inventories
from .objects import ObservedClaim
from .observing import check_addresses, claims_of, find_claims, handle_of, list_claims
from .owners import Existing
from .pools import Pools
from .progress import Progress, Report
from .releasing import release

if t.TYPE_CHECKING:
    from .connection import Connection


class KubernetesBackend(IpamBackend):
    """One API server. A call costs one list, the missing creates, one watch and one list of addresses.

    It remembers nothing of a claim between two calls.
    """

    def __init__(self, connect: t.Callable[[], Connection], grace: float, keep_pending: bool, report: Report) -> None:
        self._connect, self._grace, self._keep_pending = connect, grace, keep_pending
        self._progress = Progress(report)

    def __enter__(self) -> KubernetesBackend:
        self.api = Api(self._connect(), self._progress)
        discovery = Discovery(self.api)
        pools, call = Pools(self.api, discovery, self._progress), str(uuid.uuid4())
        claims, causes = Claims(self.api, discovery, call, self._progress), Causes(self.api, discovery, pools)
        self.plane = ControlPlane(
            self.api, discovery, claims, pools, causes, self._progress, call, self._grace, self._keep_pending
        )
        return self

    def __exit__(self, *exception: object) -> None:
        """Nothing is open that the end of the process would not close."""

    # --- looking ----------------------------------------------------------------------------------------------

    def list_claims(self, namespace: str | None) -> list[BoundClaim]:
        """All claims of a namespace, or of all namespaces, of any origin."""
        found = list_claims(self.plane, namespace)
        return sorted(found, key=lambda each: (each.claim.namespace, each.claim.name))

    def claims_of(self, machine: str, keys: t.Collection[str], namespace: str | None) -> list[BoundClaim]:
        """The claims of one machine for these keys: two requests where it has one of them, no matter how many claims there are."""
        return claims_of(self.plane, machine, keys, namespace)

    def find_claims(self, names: t.Sequence[Name], machines: t.Collection[Name] = ()) -> Observation:
        """Claims by name, and those of machines."""
        return find_claims(self.plane, names, machines)

    def check_addresses(self, claims: t.Sequence[BoundClaim]) -> None:
        """Refuse an address that two claims had when these were found."""
        check_addresses(claims)

    def holders(self, claims: t.Sequence[Claim]) -> dict[Name, Holder]:
        """The controllers that exist, and the MachineInventories that record the uid of a claim."""
        found: dict[Name, Holder] = {}
        for namespace, group in grouped(claims, lambda claim: claim.namespace).items():
            registered = self.inventories(namespace)
            if registered.trouble:
                self._progress.note(f"it is not known which claims Elemental uses: {registered.trouble}")
            existing = Existing(self.api, self.plane.discovery, namespace)
            for claim in group:
                holder = holder_of(claim, registered, existing.is_gone)
                if holder is not None:
                    found[claim.namespace, claim.name] = holder
        return found

    def inventories(self, namespace: str | None) -> Inventories:
        """The MachineInventories that there are."""
        return inventories(self.api, self.plane.discovery, namespace)

    # --- changing ---------------------------------------------------------------------------------------------

    def create_claims(
        self, claims: t.Sequence[Claim], pools: t.Sequence[Pool], known: Observation, dry_run: bool
    ) -> CreateResult:
        """Apply ``pools``, create what is missing, mark the rest, and wait for all."""
        changes = tuple(self.plane.pools.apply(pool, dry_run) for pool in pools)
        call, missing = ClaimCall(self.plane, known), known.missing(claims)
        new = {(pool.reference, pool.namespace) for pool in pools} if dry_run else set()
        if not dry_run:
            call.look_before(dict.fromkeys(claim.namespace for claim in claims))
        created = call.create(missing, new, dry_run) if missing else []
        if not dry_run:
            to_make = {(claim.namespace, claim.name) for claim in missing}
            created += call.adopt([claim for claim in claims if (claim.namespace, claim.name) not in to_make])
        return CreateResult(tuple(created), changes, () if dry_run else tuple(call.wait(claims)))

    def hand_over(self, moves: t.Sequence[HandOver], dry_run: bool) -> list[BoundClaim]:
        """First the addresses of the new claims, then these, then the old claims go: the address is held all the time."""
        return hand_over(self.plane, moves, dry_run) if moves else []

    def release_claims(self, claims: t.Sequence[BoundClaim], dry_run: bool) -> list[BoundClaim]:
        """Delete the claims and wait until they are gone."""
        return release(self.plane, claims, dry_run)

    def record(self, claims: t.Sequence[BoundClaim], dry_run: bool) -> None:
        """Annotate the claims."""
        failure = self.plane.claims.record([_with_record(each) for each in claims], dry_run)
        if failure is not None:
            raise failure

    # --- pools ------------------------------------------------------------------------------------------------

    def list_pools(self, namespace: str | None) -> list[PoolState]:
        """The in-cluster provider's pools that a namespace can claim from, or all."""
        return self.plane.pools.states(namespace)

    def why_no_pools(self) -> str:
        """The in-cluster provider may not be installed: another cluster than the one that was meant looks like that."""
        return self.plane.pools.why_none()

    def allocated(self, pool: Pool, namespaces: t.Collection[str]) -> list[str]:
        """Also those whose claims are gone, but rest, or wait for another claim."""
        listed = [self.plane.claims.addresses(namespace, ()) for namespace in namespaces]
        return [each.address for each in (h for found in listed for h in found.holdings) if each.pool == pool.reference]

    def apply_pool(self, pool: Pool, dry_run: bool) -> PoolChange:
        """Create or change an in-cluster pool."""
        return self.plane.pools.apply(pool, dry_run)

    def delete_pool(self, reference: PoolReference, namespace: str, dry_run: bool) -> PoolChange:
        """Delete an in-cluster pool."""
        return self.plane.pools.delete(reference, namespace, dry_run)


def _with_record(bound: BoundClaim) -> ObservedClaim:
    """The claim on the server, with what is to be recorded of it."""
    found, claim = handle_of(bound).found, bound.claim
    recorded = dataclasses.replace(
        found.claim,
        host_keys=claim.host_keys,
        machine_id=claim.machine_id,
        site=claim.site,
        confirmed=claim.confirmed,
    )
    return dataclasses.replace(found, claim=recorded)
