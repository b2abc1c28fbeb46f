# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of a transaction: stage, come in over the address that the node has then, confirm."""

from __future__ import annotations

import time
import typing as t
from dataclasses import dataclass

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible_collections.elemental.networking.plugins.plugin_utils._node import Node
from ansible_collections.elemental.networking.plugins.plugin_utils._reaching import first_to_answer

# how long a node's claimed address may answer after the inventory's one, and still be preferred
_PREFERENCE_GRACE = 0.2
_FIRST_CONTACT = 10.0
_ONE_RACE = 0.25
# the old address answers until the activation takes it away, in the middle of an ssh handshake if need be: leave it alone so long
_SETTLING = 2.0
# the node's own clean-up ends a little after the deadline
_AFTER_DEADLINE = 15.0


@dataclass(frozen=True)
class Outcome:
    """How a transaction ended: ``address`` is where the node answers now."""

    changed: bool
    address: str
    reasons: t.Mapping[str, str]
    stale: tuple[str, ...]
    diff: tuple[t.Mapping[str, str], ...]

    def result(self, with_diff: bool) -> dict[str, t.Any]:
        """What a task returns of it."""
        result: dict[str, t.Any] = {"changed": self.changed, "address": self.address}
        return {**result, "diff": list(self.diff)} if with_diff else result


def checked_deadline(seconds: int) -> int:
    """The deadline, in seconds. Raises AnsibleActionFail where no transaction could work with it."""
    if not 5 <= seconds <= 3600:
        raise AnsibleActionFail(f"deadline is {seconds} s; give 5 to 3600 seconds")
    return seconds


def carry_out(node: Node, request: t.Mapping[str, t.Any], known_addresses: t.Sequence[str]) -> Outcome:
    """Stage a request and see it through. Raises AnsibleActionFail when the node rolled back or cannot do it."""
    find(node, known_addresses)
    started = time.monotonic()
    answer = node.run({**request, "connected_address": node.address})
    if not answer.reached:
        raise AnsibleConnectionFailure(f"{node.address} does not answer over ssh, nothing was changed")
    staged = answer.content
    if staged.get("failed"):
        raise AnsibleActionFail(str(staged["msg"]))
    if staged["changed"] and not request["check"]:
        _see_through(node, staged, started + int(request["deadline"]))
    return Outcome(
        changed=bool(staged["changed"]),
        address=node.address,
        reasons=staged.get("reasons", {}),
        stale=tuple(staged.get("stale", ())),
        diff=tuple(staged.get("diff", ())),
    )


def find(node: Node, known_addresses: t.Sequence[str]) -> None:
    """Use the address that answers: an earlier run may have moved the node to a claimed address that the inventory does not know."""
    others = [address for address in known_addresses if address != node.address]
    if not others or not node.is_direct:
        return
    found = first_to_answer([*others, node.address], node.port, _FIRST_CONTACT, _PREFERENCE_GRACE)
    if found and found != node.address:
        node.move_to(found)


def _see_through(node: Node, staged: t.Mapping[str, t.Any], deadline: float) -> None:
    """Ask whoever answers for the outcome until there is one."""
    old, started = node.address, time.monotonic()
    wanted = list(staged["addresses"]) or [old]
    node.expect_cuts()
    while time.monotonic() < deadline + _AFTER_DEADLINE:
        settled = time.monotonic() > started + _SETTLING
        address = _next_address(node, [*wanted, old] if settled else wanted)
        if address is None:
            continue
        node.move_to(address)
        answer = node.run({"operation": "confirm", "token": staged["token"], "arrived_at": address})
        content = answer.content
        if not answer.reached or content.get("failed") or content["state"] == "pending":
            time.sleep(0.02)
            continue
        if content["state"] == "confirmed":
            return
        if content["state"] == "rolled_back":
            raise AnsibleActionFail(_rolled_back(address, staged, str(content["reason"])))
        wanted = list(content["addresses"])
    raise AnsibleActionFail(
        f"the host answers neither on {' nor on '.join(dict.fromkeys([*wanted, old]))} after the deadline; it rolls back by itself, "
        "its claims are kept: look at its console if it stays silent"
    )


def _next_address(node: Node, candidates: t.Sequence[str]) -> str | None:
    if node.is_direct:
        return first_to_answer(candidates, node.port, _ONE_RACE)
    # behind a jump host only ssh itself can tell: take turns
    following = [*candidates, *candidates]
    return following[following.index(node.address) + 1] if node.address in candidates else candidates[0]


def _rolled_back(address: str, staged: t.Mapping[str, t.Any], reason: str) -> str:
    tried = f" after trying {', '.join(staged['addresses'])}" if staged["addresses"] else ""
    return (
        f"rolled back{tried}: {reason}; the host answers on {address} with its old profiles and nothing was persisted"
    )
