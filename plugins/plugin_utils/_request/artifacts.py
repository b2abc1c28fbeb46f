# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a job leaves for the next one: what became of each machine, without messages, which may quote others, and without secrets (pure)."""

from __future__ import annotations

import hashlib
import json
import re
import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._errors import UNREACHABLE

# AWX cuts the event that carries the artifacts at 700,000 bytes
_MOST = 400_000
_PREFIX = "machine_network_of_"
_LEFT_OUT = "machine_network_left_out"
_NOT_OF_A_NAME = re.compile(r"[^A-Za-z0-9_]")

Values = t.Mapping[str, t.Any]


def artifacts(machines: t.Mapping[str, Values], most: int = _MOST) -> dict[str, t.Any]:
    """One variable for each host: in a workflow, what two slices set under one name would replace each other.

    What exceeds ``most`` characters is left out, and its number is given instead.
    """
    found: dict[str, t.Any] = {}
    size = left_out = 0
    for host, values in sorted(machines.items()):
        name = variable_of(host)
        size += len(json.dumps({name: values}))
        if size > most:
            left_out += 1
        else:
            found[name] = values
    return {**found, _LEFT_OUT: left_out} if left_out else found


def statistics(found: Values) -> dict[str, t.Any]:
    """Artifacts in the result of a task, for Ansible to set as `set_stats` does."""
    return {"data": found, "per_host": False, "aggregate": True}


def variable_of(host: str) -> str:
    """The name of the variable of a host: no two hosts have the same, and it is one that Ansible takes."""
    plain = _NOT_OF_A_NAME.sub("_", host)
    return f"{_PREFIX}{plain}" if plain == host else f"{_PREFIX}{plain}_{hashlib.sha256(host.encode()).hexdigest()[:8]}"


def of_push(host: str, asked: object, result: object, claimed: object) -> dict[str, t.Any]:
    """What became of a machine that was configured or reset; what is undefined was not reached."""
    request, outcome, claims = (each if isinstance(each, t.Mapping) else {} for each in (asked, result, claimed))
    ended = outcome or (claims if claims.get("failed") else {}) or request
    by_machine = claims.get("addresses")
    held = by_machine.get(request.get("machine")) if isinstance(by_machine, t.Mapping) else None
    kept = {} if outcome.get("is_reset") or outcome.get("releases_by_force") else _kept(request)
    return _described(host, state_of(outcome, ended), _code(ended), _addresses(held) or kept)


def of_claims(host: str, claims: t.Iterable[Values]) -> dict[str, t.Any]:
    """What a machine holds, as a report finds it."""
    held = {str(each.get("key")): each for each in claims if each.get("host") == host and each.get("address")}
    in_use = bool(held) and all(each.get("confirmed") for each in held.values())
    return _described(host, "in_use" if in_use else "promised" if held else "without_address", "", _addresses(held))


def state_of(outcome: Values, ended: Values) -> str:
    """How it ended for a machine, in one word; ``ended`` is what ended it, where it never got as far as a push."""
    if ended.get("unreachable") or _code(ended) == UNREACHABLE:  # a reset fails, so that its batch goes on
        return "unreachable"
    if ended.get("failed") or not outcome:
        return "rolled_back" if ended.get("rolled_back") else "failed" if ended.get("failed") else "not_reached"
    # in check mode a push is skipped where its address is not claimed yet
    return "changed" if outcome.get("changed") or outcome.get("skipped") else "unchanged"


def _described(host: str, state: str, code: str, addresses: t.Mapping[str, str]) -> dict[str, t.Any]:
    return {"host": host, "state": state, **({"error": code} if code else {}), "addresses": dict(addresses)}


def _kept(request: Values) -> dict[str, str]:
    """The addresses of a host that was to be reset; of one that was to be configured, they are with the claims of all."""
    claims = request.get("claims")
    listed = claims if isinstance(claims, list) else []
    return _addresses({each.get("key"): each for each in listed if isinstance(each, t.Mapping)})


def _code(ended: Values) -> str:
    error = ended.get("error")
    return str(error.get("code") or "") if isinstance(error, t.Mapping) else ""


def _addresses(held: object) -> dict[str, str]:
    known = held if isinstance(held, t.Mapping) else {}
    return {
        str(key): str(each["address"])
        for key, each in known.items()
        if isinstance(each, t.Mapping) and each.get("address")
    }
