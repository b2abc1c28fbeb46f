# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose a claim is: that of a machine by its name, that of the object which controls it, or that of a MachineInventory of Elemental
which records its address and never claims again (pure)."""

from __future__ import annotations

import dataclasses
import functools
import typing as t
from dataclasses import dataclass

from .model import BoundClaim, Claim, Owner

ELEMENTAL_GROUP, ELEMENTAL_VERSION, INVENTORY_KIND = "elemental.cattle.io", "v1beta1", "MachineInventory"


@dataclass(frozen=True)
class Record:
    """What a MachineInventory records of a claim: its name and uid, and its address, which is empty while it waits for one."""

    key: str
    claim: str
    uid: str
    address: str = ""


@dataclass(frozen=True)
class MachineInventory:
    """A machine that registered with Elemental, and the claims that it uses."""

    namespace: str
    name: str
    uid: str
    records: tuple[Record, ...] = ()

    @property
    def owner(self) -> Owner:
        """The object itself, as claims name it."""
        return Owner(f"{ELEMENTAL_GROUP}/{ELEMENTAL_VERSION}", INVENTORY_KIND, self.name, self.uid)


@dataclass(frozen=True)
class Inventories:
    """The MachineInventories of a namespace, or of all; ``trouble`` is why they cannot be read, empty where they can or there are none.

    ``details`` are those of the refusal.
    """

    found: tuple[MachineInventory, ...] = ()
    trouble: str = ""
    details: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict, compare=False)

    def recording(self, claim: Claim) -> tuple[MachineInventory, Record] | None:
        """Which of them uses exactly this claim; one that was made again under its name has another uid."""
        return self._by_uid.get((claim.namespace, claim.uid)) if claim.uid else None

    def has_machine_of(self, claim: Claim) -> bool:
        """Whether the machine of a claim is registered with Elemental, no matter who made the claim."""
        return (claim.namespace, claim.machine) in self._machines or (claim.namespace, claim.name) in self._claims

    # there are as many claims as machines, and each is looked for
    @functools.cached_property
    def _by_uid(self) -> dict[tuple[str, str], tuple[MachineInventory, Record]]:
        found: dict[tuple[str, str], tuple[MachineInventory, Record]] = {}
        for inventory in self.found:
            for record in inventory.records:
                found.setdefault((inventory.namespace, record.uid), (inventory, record))
        return found

    @functools.cached_property
    def _machines(self) -> frozenset[tuple[str, str]]:
        return frozenset((inventory.namespace, inventory.name) for inventory in self.found)

    @functools.cached_property
    def _claims(self) -> frozenset[tuple[str, str]]:
        return frozenset((each.namespace, record.claim) for each in self.found for record in each.records)


@dataclass(frozen=True)
class Holder:
    """What uses a claim and must not lose its address. Deleting a ``controller`` releases the claim, deleting another holder does not."""

    owner: Owner
    controller: bool
    record: Record | None = None

    def keeps(self, claim: Claim) -> str:
        """Why the claim stays."""
        if self.controller:
            return f"claim {claim.name} belongs to {self.owner}, which exists: deleting that object releases the claim"
        return f"claim {claim.name} is used by {self.owner}, which records its address: delete that object first, then release the claim"

    def warns(self, claim: Claim) -> str:
        """What is left to do after the claim was released all the same."""
        if self.record is None:
            return f"claim {claim.name} was released although {self.owner} exists: delete that object, or it goes on without its address"
        address = f" {self.record.address}" if self.record.address else ""
        return (
            f"claim {claim.name} was released, but {self.owner} still records its address{address} as {self.record.key} and never claims "
            "again: delete that object before another machine gets the address"
        )


def holder_of(claim: Claim, inventories: Inventories, is_gone: t.Callable[[Owner], bool]) -> Holder | None:
    """What uses a claim besides the machine that it was made for; ``is_gone`` checks whether an owner does not exist any more."""
    recording = inventories.recording(claim)
    record = recording[1] if recording else None
    if claim.owner is not None and claim.owner.controller and not is_gone(claim.owner):
        return Holder(claim.owner, True, record)
    if recording is None:
        return None
    inventory = recording[0]
    return Holder(inventory.owner, claim.owner is not None and claim.owner.uid == inventory.uid, record)


def lost_records(inventories: Inventories, claims: t.Iterable[Claim]) -> list[str]:
    """A sentence for each address that a MachineInventory records although its claim is gone: the pool gives it to another machine."""
    present = {(claim.namespace, claim.uid) for claim in claims}
    return [
        f"{inventory.owner} records the address {record.address} as {record.key}, but claim {record.claim} that it was from is gone, "
        "so that another machine may get the address: delete that object, and let its host register again"
        for inventory in inventories.found
        for record in inventory.records
        if record.address and (inventory.namespace, record.uid) not in present
    ]


def of_machine(claims: t.Iterable[BoundClaim], machine: str) -> list[BoundClaim]:
    """The claims of a machine, with machine and key. One that shows no machine (kubectl or GitOps made it) is known by its name."""
    return [claimed for bound in claims if (claimed := _claimed_by(bound, machine)) is not None]


def _claimed_by(bound: BoundClaim, machine: str) -> BoundClaim | None:
    claim, beginning = bound.claim, f"{machine}-"
    if claim.machine:
        return bound if claim.machine == machine else None
    if not claim.name.startswith(beginning) or claim.name == beginning:
        return None
    named = dataclasses.replace(claim, machine=machine, key=claim.name[len(beginning) :])
    return dataclasses.replace(bound, claim=named)
