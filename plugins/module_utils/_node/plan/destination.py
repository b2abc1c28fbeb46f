# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the controller must connect, to prove that it can still reach the host after a change."""

from __future__ import annotations

import typing as t

from ..protocol import FAMILIES
from .planning import Plan


class Target(t.NamedTuple):
    """What a profile that is up after a change gives its interface: static addresses (``address/prefix``) by family, and where it asks."""

    interface: str
    is_changed: bool
    addresses: t.Mapping[str, t.Sequence[str]]
    asking: t.Collection[str]


class Destination(t.NamedTuple):
    """Where the controller must connect: at one of ``addresses``, or one that ``interfaces`` got, in one of ``families``.

    Anywhere, where both are empty.
    """

    addresses: tuple[str, ...] = ()
    interfaces: tuple[str, ...] = ()
    families: tuple[str, ...] = FAMILIES


def destination(targets: t.Sequence[Target], plan: Plan, is_touched: bool) -> Destination:
    """Where the controller must connect to prove that it can still reach the host.

    The management connection stays where a change does not touch it. Else it is any address, of the family of the controller's session,
    of the interfaces that it connected over or of what is on top of them now; of the other family where they have none of it; of anything
    that changed where they have none at all.
    """
    targets = [_without(target, plan.kept) for target in targets]
    changed = [target for target in targets if target.is_changed]
    if plan.session is None:
        # a lease cannot be distinguished from where it connected (NAT, for example)
        asks = any("ipv4" in target.asking for target in changed)
        return Destination() if asks else Destination(_static(changed, FAMILIES))
    if not is_touched:
        return Destination()
    family = plan.session.family
    here = [target for target in targets if target.interface in plan.way]
    for some, families in ((here, (family,)), (here, FAMILIES), (changed, FAMILIES)):
        found = Destination(_static(some, families), _asking(some, families), families)
        if found.addresses or found.interfaces:
            return found
    return Destination()


def _without(target: Target, kept: str) -> Target:
    """A target without the address that only its trial has."""
    addresses = {
        family: [each for each in found if each.split("/")[0] != kept] for family, found in target.addresses.items()
    }
    return target._replace(addresses=addresses)


def _static(targets: t.Iterable[Target], families: t.Collection[str]) -> tuple[str, ...]:
    return tuple(
        address.split("/")[0] for target in targets for family in families for address in target.addresses[family]
    )


def _asking(targets: t.Iterable[Target], families: t.Collection[str]) -> tuple[str, ...]:
    return tuple(target.interface for target in targets if target.interface and set(families) & set(target.asking))
