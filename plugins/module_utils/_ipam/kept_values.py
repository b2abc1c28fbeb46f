# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses that have another prefix or gateway than their pool has now (pure): the in-cluster provider changes no address that it gave."""

from __future__ import annotations

import typing as t
from ipaddress import ip_address

from .model import BoundClaim, Pool, PoolReference

# claims that a sentence names
_FEW = 3


def kept_values(pools: t.Sequence[Pool], bound: t.Sequence[BoundClaim]) -> list[str]:
    """A sentence for each of these pools whose claims have the values that it had before."""
    by_pool: dict[PoolReference, list[BoundClaim]] = {}
    for each in bound:
        by_pool.setdefault(each.claim.pool, []).append(each)
    sentences = []
    for pool in pools:
        claims = by_pool.get(pool.reference, ())
        older = [each for each in claims if _is_of(pool, each) and _values_of_address(each) != _values(pool)]
        if older:
            sentences.append(_sentence(pool, older))
    return sentences


def _is_of(pool: Pool, bound: BoundClaim) -> bool:
    return bound.address is not None and pool.namespace in ("", bound.claim.namespace)


def _values(pool: Pool) -> tuple[int, str]:
    return pool.prefix, _canonical(pool.gateway)


def _values_of_address(bound: BoundClaim) -> tuple[int, str]:
    return (bound.address.prefix, _canonical(bound.address.gateway)) if bound.address else (0, "")


def _canonical(gateway: str | None) -> str:
    return str(ip_address(gateway)) if gateway else ""


def _sentence(pool: Pool, older: t.Sequence[BoundClaim]) -> str:
    names = ", ".join(each.claim.name for each in older[:_FEW])
    more = f" and {len(older) - _FEW} more" if len(older) > _FEW else ""
    which, keep = ("claims", "keep") if len(older) > 1 else ("claim", "keeps")
    return (
        f"{which} {names}{more} {keep} {_in_words(*_values_of_address(older[0]))}, as pool {pool.reference.name} had when the address was "
        f"given; it now has {_in_words(*_values(pool))}: reset these machines and configure them again, or renumber them to another pool"
    )


def _in_words(prefix: int, gateway: str) -> str:
    return f"prefix {prefix} and {f'gateway {gateway}' if gateway else 'no gateway'}"
