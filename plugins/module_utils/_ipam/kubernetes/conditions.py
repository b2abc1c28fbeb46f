# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a provider writes on a claim that it does not serve, wherever its version writes it (pure).

Metal3 1.13 and later: Ready=False with a reason. Metal3 1.10 to 1.12: ErrorMessage=True. Where a condition stands depends on the version of
the API that wrote it and on the one that is read: status.conditions, status.v1beta2.conditions or status.deprecated.v1beta1.conditions.
"""

from __future__ import annotations

import typing as t

from ..._texts import plain
from .reading import Object, mappings, optional_mapping

# what a provider that sets conditions reports when waiting is of no use; Metal3 never looks at such a claim again
_EXHAUSTED = "PoolExhausted"
_FINAL = (_EXHAUSTED, "AllocationFailed")
_METAL3_REFUSAL = "ErrorMessage"
# of a reason, in characters; it is one word
_LONGEST_REASON = 80


class Condition(t.NamedTuple):
    """Why a claim is not served; ``final`` where the provider reports that it will not be."""

    reason: str = ""
    message: str = ""
    final: bool = False

    @property
    def is_exhaustion(self) -> bool:
        """Whether the provider reports that the pool has no free address."""
        return self.reason == _EXHAUSTED

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}"


def not_served(status: Object, what: str) -> Condition:
    """The condition that reports it, a final one first; an empty one where none does."""
    found = [each for each in map(_condition, _all(status, what)) if each is not None]
    return next((each for each in found if each.final), found[0] if found else Condition())


def _all(status: Object, what: str) -> t.Iterator[Object]:
    newer = optional_mapping(status.get("v1beta2"), what, "status.v1beta2")
    deprecated = optional_mapping(status.get("deprecated"), what, "status.deprecated")
    older = optional_mapping(deprecated.get("v1beta1"), what, "status.deprecated.v1beta1")
    for part in (newer, status, older):
        yield from mappings(part.get("conditions"), what, "status.conditions")


def _condition(condition: Object) -> Condition | None:
    kind, state = condition.get("type"), condition.get("status")
    reason, message = plain(condition.get("reason") or "", _LONGEST_REASON), plain(condition.get("message") or "")
    if (kind, state) == ("Ready", "False"):
        return Condition(reason, message, reason in _FINAL)
    if (kind, state) == (_METAL3_REFUSAL, "True"):
        return Condition(reason or _METAL3_REFUSAL, message, final=True)
    return None
