# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses that a provider gave twice, as one does whose view of the cluster is stale: who keeps one, and who does not (pure)."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ..errors import Conflict
from ..model import IpamError, PoolReference


class Allocation(t.NamedTuple):
    """One IPAddress, as far as it shows who holds what; ``address`` in its canonical spelling, so that equal ones are the same.

    ``origin`` is the uid of the one that hands its address over to this one, empty as a rule.
    """

    namespace: str
    pool: PoolReference
    address: str
    claim: str
    uid: str = ""
    origin: str = ""


@dataclass(frozen=True)
class SharedAddress:
    """One address of one pool that several claims of a namespace hold; their names are sorted."""

    namespace: str
    pool: PoolReference
    address: str
    claims: tuple[str, ...]

    @property
    def details(self) -> dict[str, t.Any]:
        """What an error has of it."""
        named = {"namespace": self.namespace, "pool": self.pool.name, "address": self.address}
        return {**named, "claims": list(self.claims)}

    def __str__(self) -> str:
        *others, last = self.claims
        return f"claims {', '.join(others)} and {last} of pool {self.pool.name} hold the same address {self.address}"


def shared_addresses(holdings: t.Iterable[Allocation]) -> list[SharedAddress]:
    """The addresses that more than one claim holds; one that is being handed over is held by its new claim alone."""
    holders: dict[tuple[str, PoolReference, str], list[Allocation]] = {}
    for each in holdings:
        holders.setdefault((each.namespace, each.pool, each.address), []).append(each)
    shared = []
    for place, group in holders.items():
        origins = {each.origin for each in group if each.origin}
        claims = {each.claim for each in group if each.uid not in origins}
        if len(claims) > 1:
            shared.append(SharedAddress(*place, tuple(sorted(claims))))
    return shared


def claims_to_recreate(shared: SharedAddress, created: t.Collection[str]) -> list[str]:
    """The claims among ``created`` that must let go: all where an older claim holds the address, else all but the first by name."""
    ours = [name for name in shared.claims if name in created]
    return ours if len(ours) < len(shared.claims) else ours[1:]


def refusal(shared: SharedAddress, asked: t.Collection[str], created: t.Collection[str]) -> IpamError | None:
    """The sentence where claims share that this call did not create: the address may be in use, so the user decides whose it is."""
    older = [name for name in shared.claims if name not in created]
    if len(older) < 2 or not any(name in asked for name in older):
        return None
    which = "one" if len(shared.claims) == 2 else "all but one"
    return Conflict(
        f"{shared}, which the provider gave more than once: release {which} of them and claim again", **shared.details
    )


def still_shared_error(shared: SharedAddress, times: int) -> IpamError:
    """The sentence where claiming again does not help."""
    return IpamError(
        f"{shared}, although it was claimed again {times} times: "
        "check the IPAM provider, which gives addresses more than once, then claim again",
        **shared.details,
    )
