# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all parts of the kubernetes backend use: the requests for each kind of object, and how long to wait."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .api import Api
from .causes import Causes
from .claims import Claims
from .discovery import Discovery
from .objects import SELECTOR, ObservedClaim
from .pools import Pools
from .progress import Progress
from .watching import Watch

Name = t.Tuple[str, str]


@dataclass(frozen=True)
class ControlPlane:
    """One API server. ``call`` is the id of this run, ``grace`` how long to wait beyond what the number of claims explains, in seconds.

    ``keep_pending`` leaves claims that cannot be served.
    """

    api: Api
    discovery: Discovery
    claims: Claims
    pools: Pools
    causes: Causes
    progress: Progress
    call: str
    grace: float
    keep_pending: bool

    def watch(self, namespace: str, since: str, claims: t.Iterable[ObservedClaim]) -> Watch:
        """Everything since a list; unlabelled claims of others are followed, too, where one of these claims is one."""
        ours = all(each.claim.managed for each in claims)
        return Watch(self.api, self.discovery.claims(), namespace, since, SELECTOR if ours else "")


def title(each: ObservedClaim) -> Name:
    """What a claim is found by."""
    return each.claim.namespace, each.claim.name
