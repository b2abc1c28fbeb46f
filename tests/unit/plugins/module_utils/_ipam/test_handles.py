# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A claim that was found carries what changes exactly it: one backend finds it, another one that never looked changes it."""

from __future__ import annotations

import dataclasses
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.backend import HandOver, IpamBackend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.claiming import ClaimRequest, ensure_claims
from ansible_collections.elemental.networking.plugins.module_utils._ipam.database.backend import EmbeddedBackend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.manifest import pool_from_manifest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import (
    BoundClaim,
    Claim,
    IpamError,
    PoolReference,
)
from ansible_collections.elemental.networking.tests.unit.borders.api_server import (
    GROUP,
    MANIFEST,
    Server,
    impatient,
    kubernetes,
)

pytest.importorskip("urllib3")

Open = t.Callable[[], t.ContextManager[IpamBackend]]
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKsR1vhN5HTnbVBJbCwJgS6TTLwRMRrSbnHOjzWDJBq4"


@pytest.fixture(params=["embedded", "kubernetes"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """A backend object that has seen nothing, for the same claims each time."""
    if request.param == "kubernetes":
        impatient(monkeypatch)
        server = Server()
        return lambda: kubernetes(server)
    path = str(tmp_path / "claims.sqlite")
    with EmbeddedBackend(path) as backend:
        backend.apply_pool(pool_from_manifest(MANIFEST, "ns"), False)
    return lambda: EmbeddedBackend(path)


def claim(machine: str) -> Claim:
    return Claim("ns", f"{machine}-ip", machine, "ip", PoolReference(GROUP, "InClusterIPPool", "p"), machine)


def claimed(fresh: Open, *machines: str) -> None:
    with fresh() as backend:
        ensure_claims(backend, [ClaimRequest(claim(machine)) for machine in machines], [], False)


def listed(fresh: Open) -> dict[str, BoundClaim]:
    with fresh() as backend:
        return {bound.claim.machine: bound for bound in backend.list_claims("ns")}


def addresses(fresh: Open) -> dict[str, str]:
    return {name: bound.address.address for name, bound in listed(fresh).items() if bound.address is not None}


@pytest.mark.parametrize("dry_run", [False, True])
def test_what_one_lists_another_one_releases(fresh: Open, dry_run: bool) -> None:
    claimed(fresh, "a", "b")
    found = listed(fresh)
    with fresh() as backend:
        assert backend.release_claims([found["a"]], dry_run) == []
    assert sorted(listed(fresh)) == (["a", "b"] if dry_run else ["b"])


@pytest.mark.parametrize("dry_run", [False, True])
def test_what_one_lists_another_one_records(fresh: Open, dry_run: bool) -> None:
    claimed(fresh, "a", "b")
    bound = listed(fresh)["a"]
    known = dataclasses.replace(bound, claim=dataclasses.replace(bound.claim, host_keys=(KEY,)))
    with fresh() as backend:
        backend.record([known], dry_run)
    assert {name: each.claim.host_keys for name, each in listed(fresh).items()} == {
        "a": () if dry_run else (KEY,),
        "b": (),
    }


@pytest.mark.parametrize("dry_run", [False, True])
def test_what_one_lists_another_one_hands_over(fresh: Open, dry_run: bool) -> None:
    claimed(fresh, "a", "b")
    bound, before = listed(fresh)["a"], addresses(fresh)
    after = dataclasses.replace(bound.claim, name="c-ip", machine="c", host="c", uid="")
    with fresh() as backend:
        (moved,) = backend.hand_over([HandOver(bound, after)], dry_run)
    assert (moved.claim.name, moved.address) == ("c-ip", bound.address)
    assert addresses(fresh) == (before if dry_run else {"b": before["b"], "c": before["a"]})
    if not dry_run:  # what came of it carries its handle, too
        with fresh() as backend:
            backend.release_claims([moved], False)
        assert sorted(listed(fresh)) == ["b"]


def test_a_claim_that_was_found_by_name_is_not_claimed_twice(fresh: Open) -> None:
    claimed(fresh, "a")
    with fresh() as backend:
        found = backend.find_claims([("ns", "a-ip"), ("ns", "b-ip")], [("ns", "a")])
    assert [bound.claim.name for bound in found.held] == ["a-ip"]
    with fresh() as backend:
        creation = backend.create_claims([claim("b"), claim("a")], [], found, False)
    assert [each.name for each in creation.created] == ["b-ip"]
    assert [bound.claim.name for bound in creation.bound] == ["b-ip", "a-ip"]
    assert all(bound.address for bound in creation.bound)


def test_what_was_made_again_meanwhile_is_left_alone(fresh: Open) -> None:
    claimed(fresh, "a")
    old = listed(fresh)["a"]
    with fresh() as backend:
        backend.release_claims([old], False)
    claimed(fresh, "z")
    claimed(fresh, "a")
    with fresh() as backend:
        backend.release_claims([old], False)
        backend.record([dataclasses.replace(old, claim=dataclasses.replace(old.claim, host_keys=(KEY,)))], False)
    assert listed(fresh)["a"].claim.host_keys == ()


def test_a_claim_that_was_not_looked_up_is_named(fresh: Open) -> None:
    claimed(fresh, "a")
    invented = BoundClaim(claim("a"), None)
    with fresh() as backend:
        for change in (backend.release_claims, backend.record):
            with pytest.raises(IpamError, match="claim a-ip was not looked up"):
                change([invented], False)
    assert sorted(listed(fresh)) == ["a"]
