# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of the claims of a host that was reset, or could not be, and what its user is shown of it (pure)."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.elemental.networking.plugins.plugin_utils._request.registered import with_id

_Record = t.Mapping[str, t.Any]
# what a release is compared with
_OF_A_RELEASE = ("name", "namespace", "machine", "key", "pool", "host", "owner", "site")
_KEEPS = "{host} could not be reset and keeps its claims: {why}; run reset again{or_force}"
_OR_FORCE = ", or set machine_network_force_release for one run if this machine is gone for good"
_HAS_NONE = "{host} could not be reset: {why}; it holds no claims"
_FORCED = "{host} could not be reset: {why}; its claims {are} released by force{but}, so that others may get addresses that it still uses"
_BUT_OWNED = ", except those that another object uses"
_OF_ANOTHER = (
    "{host} runs on DHCP, but another machine has the addresses of {names}, as was recorded when they were confirmed: these claims stay; "
    "reset that machine, or set machine_network_accept_host_keys for one run where it is this one"
)


@dataclass(frozen=True)
class Release:
    """Claims to release; ``if_owned`` is what becomes of those that another object uses (``keep`` or ``release``)."""

    claims: tuple[dict[str, t.Any], ...]
    if_owned: str


def not_reset(host: str, why: str, about: _Record, is_rehearsal: bool, may_be_gone: bool) -> str:
    """The sentence for a host that has the network that it had; ``may_be_gone`` is whether it did not answer itself."""
    if not about["claims"]:
        return _HAS_NONE.format(host=host, why=why)
    if about["is_forced"]:
        are, but = ("would be" if is_rehearsal else "are"), ("" if about["releases_owned"] else _BUT_OWNED)
        return _FORCED.format(host=host, why=why, are=are, but=but)
    return _KEEPS.format(host=host, why=why, or_force=_OR_FORCE if may_be_gone else "")


def claims_of_another(about: _Record, machine_id: str) -> list[_Record]:
    """Of the claims of a host those whose addresses are recorded with another machine-id than that of the host that was reset."""
    if about["reset"]["accept_host_keys"] or not machine_id:
        return []
    return [each for each in about["claims"] if each["machine_id"] not in (None, machine_id)]


def of_another(host: str, claims: t.Iterable[_Record]) -> str:
    """The sentence for a host that was reset and does not have all the addresses that its claims have."""
    return _OF_ANOTHER.format(host=host, names=", ".join(str(each["name"]) for each in claims))


def results_of(reset_id: str, registered: t.Mapping[str, object], is_rehearsal: bool) -> dict[str, _Record]:
    """Of what hosts have registered the results of this very reset: what one has from an earlier task is not its reset.

    Nor is what it has rehearsed (check mode), unless the release is a rehearsal, too (``is_rehearsal``).
    """
    found = with_id(registered, "reset_id", reset_id)
    return {host: result for host, result in found.items() if is_rehearsal or not result.get("is_rehearsed")}


def releases(hosts: t.Mapping[str, _Record], results: t.Mapping[str, _Record]) -> list[Release]:
    """What is released for the hosts of a batch, by the results of their resets; one without a result keeps all."""
    found: dict[str, list[dict[str, t.Any]]] = {"keep": [], "release": []}
    for host, about in hosts.items():
        claims = _to_release(about, results[host]) if host in results else []
        found["release" if about["releases_owned"] else "keep"] += [
            {name: claim[name] for name in _OF_A_RELEASE} for claim in claims
        ]
    return [Release(tuple(claims), if_owned) for if_owned, claims in found.items() if claims]


def _to_release(about: _Record, result: _Record) -> list[_Record]:
    if not result.get("is_reset"):
        return list(about["claims"]) if about["is_forced"] and result.get("releases_by_force") else []
    left = claims_of_another(about, str(result.get("machine_id") or ""))
    return [each for each in about["claims"] if each not in left]
