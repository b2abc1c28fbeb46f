# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses of the embedded backend that rest after their release, and those that preAllocations keeps for a claim."""

from __future__ import annotations

import sqlite3
import time
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.claiming import ClaimRequest, ensure_claims
from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_backend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.manifest import pool_from_manifest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import (
    Claim,
    IpamError,
    Pool,
    PoolReference,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.releasing import Release, release_claims

GROUP = "ipam.cluster.x-k8s.io"
REFERENCE = PoolReference(GROUP, "InClusterIPPool", "p")


class Site:
    """A database, and a clock that a test moves."""

    def __init__(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.file, self.now = file, 1_000_000.0
        monkeypatch.setattr(time, "time", lambda: self.now)

    def pool(self, dry_run: bool = False, **spec: t.Any) -> None:
        """Register the pool."""
        with open_backend(BackendOptions("embedded", str(self.file))) as backend:
            backend.apply_pool(pool(**spec), dry_run)

    def claim(self, *machines: str, dry_run: bool = False, host: str = "") -> list[str]:
        """The addresses that machines get."""
        wishes = [ClaimRequest(Claim("default", f"{each}-ip", each, "ip", REFERENCE, host)) for each in machines]
        with open_backend(BackendOptions("embedded", str(self.file))) as backend:
            bound = ensure_claims(backend, wishes, [], dry_run).bound
        return [each.address.address for each in bound if each.address]

    def release(self, *machines: str, dry_run: bool = False) -> None:
        """Release what machines hold."""
        with open_backend(BackendOptions("embedded", str(self.file))) as backend:
            release_claims(backend, [Release("default", f"{each}-ip") for each in machines], dry_run)

    def usage(self) -> tuple[int, int, int]:
        """How many addresses the pool has, uses, and can still give out."""
        with open_backend(BackendOptions("embedded", str(self.file))) as backend:
            (state,) = backend.list_pools(None)
            return state.usage.total, state.usage.used, state.usage.free

    def delete_pool(self) -> None:
        """Delete the pool."""
        with open_backend(BackendOptions("embedded", str(self.file))) as backend:
            backend.delete_pool(REFERENCE, "default", False)


def pool(**spec: t.Any) -> Pool:
    defaults = {"addresses": ["10.0.0.10-10.0.0.12"], "prefix": 24}
    manifest = {"apiVersion": f"{GROUP}/v1alpha2", "kind": "InClusterIPPool", "metadata": {"name": "p"}}
    return pool_from_manifest({**manifest, "spec": {**defaults, **spec}}, "default")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    return Site(tmp_path / "ipam.sqlite", monkeypatch)


def test_a_released_address_rests_and_counts_as_used(site: Site) -> None:
    site.pool(addressReuseGracePeriodSeconds=60)
    assert site.claim("a", "b") == ["10.0.0.10", "10.0.0.11"]
    site.release("a")
    assert site.usage() == (3, 2, 1)
    assert site.claim("c") == ["10.0.0.12"]
    words = (
        r"^pool p has 0 free of 3, 1 claims ask; release claims or widen the pool;"
        r" 1 released address rests \(addressReuseGracePeriodSeconds\), free again in 60 s$"
    )
    with pytest.raises(IpamError, match=words):
        site.claim("d")
    site.now += 59.5
    with pytest.raises(IpamError, match="free again in 1 s"):
        site.claim("d")
    site.now += 0.5
    assert site.usage() == (3, 2, 1)
    assert site.claim("d") == ["10.0.0.10"]


def test_the_same_claim_gets_its_resting_address_back_and_another_host_does_not(site: Site) -> None:
    site.pool(addressReuseGracePeriodSeconds=60)
    site.claim("a", "b")
    site.release("b")
    assert site.claim("b") == ["10.0.0.11"]
    site.release("b")
    assert site.claim("b", host="another") == ["10.0.0.12"]


def test_what_is_tried_in_check_mode_rests_as_before(site: Site) -> None:
    site.pool(addressReuseGracePeriodSeconds=60)
    site.claim("a")
    site.release("a", dry_run=True)
    assert site.usage() == (3, 1, 2)
    site.release("a")
    site.claim("a", dry_run=True)
    assert site.claim("b") == ["10.0.0.11"]


def test_the_period_is_that_of_the_pool_when_somebody_looks(site: Site) -> None:
    site.pool(addressReuseGracePeriodSeconds=60)
    site.claim("a")
    site.release("a")
    site.pool(addressReuseGracePeriodSeconds=5)
    site.now += 6
    assert site.usage() == (3, 0, 3)
    site.pool(addressReuseGracePeriodSeconds=600)
    assert site.usage() == (3, 0, 3), "what has rested does not rest again"
    site.pool()
    site.claim("a")
    site.release("a")
    site.pool(addressReuseGracePeriodSeconds=600)
    assert site.usage() == (3, 0, 3), "it was free already"


def test_a_pool_keeps_what_rests_as_it_keeps_what_is_claimed(site: Site) -> None:
    site.pool(addressReuseGracePeriodSeconds=60)
    site.claim("a")
    site.release("a")
    with pytest.raises(IpamError, match=r"do not contain allocated addresses: 10\.0\.0\.10; .*free again in 60 s"):
        site.pool(addresses=["10.0.0.11-10.0.0.12"])
    with pytest.raises(IpamError, match=r"pool p has addresses allocated \(1\); .*free again in 60 s"):
        site.delete_pool()
    site.now += 60
    site.pool(addresses=["10.0.0.11-10.0.0.12"])
    site.delete_pool()
    site.pool(addressReuseGracePeriodSeconds=600)
    assert site.usage() == (3, 0, 3), "nothing rests of the pool that is gone"


def test_a_database_of_an_older_version_lets_addresses_rest_once_something_is_kept(site: Site) -> None:
    site.pool()
    with sqlite3.connect(site.file) as database:
        columns = ("machine_id", "site", "confirmed")
        changes = (f"ALTER TABLE claims DROP COLUMN {column};" for column in columns)
        database.executescript(f"DROP TABLE resting; {''.join(changes)} PRAGMA user_version = 2;")
    assert site.usage() == (3, 0, 3)
    site.pool(addressReuseGracePeriodSeconds=60)
    site.claim("a")
    site.release("a")
    assert site.usage() == (3, 1, 2)


# --- preAllocations ---------------------------------------------------------------------------------------------


def test_an_address_is_kept_for_the_claim_that_is_named(site: Site) -> None:
    site.pool(preAllocations={"boss-ip": "10.0.0.10"})
    assert site.usage() == (3, 0, 2)
    assert site.claim("a", "boss", "b") == ["10.0.0.11", "10.0.0.10", "10.0.0.12"]
    assert site.usage() == (3, 3, 0)
    site.release("boss")
    with pytest.raises(IpamError, match="pool p has 0 free of 3, 1 claims ask"):
        site.claim("c")
    assert site.claim("boss") == ["10.0.0.10"]


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        ({"a-ip": "10.0.0.99"}, "keeps 10.0.0.99 for claim a-ip, which is not an address that the pool can give out"),
        ({"a-ip": "fd00::1"}, "keeps fd00::1 for claim a-ip, which is not an address"),
        ({"a-ip": "nonsense"}, "keeps nonsense for claim a-ip, which is not an address"),
        ({"a-ip": "10.0.0.10", "b-ip": "10.0.0.10"}, "keeps 10.0.0.10 for the claims a-ip and b-ip"),
        ({"A_ip": "10.0.0.10"}, "the claim name A_ip is not a DNS-1123 subdomain"),
        ({"a-ip": 10}, "preAllocations must be a dictionary of claim name to address"),
        (["10.0.0.10"], "preAllocations must be a dictionary of claim name to address"),
    ],
)
def test_what_cannot_be_kept_is_refused(kept: t.Any, words: str) -> None:
    with pytest.raises(IpamError, match=words):
        pool(preAllocations=kept)


def test_an_address_that_is_held_or_rests_cannot_be_kept_for_another_claim(site: Site) -> None:
    site.pool(addressReuseGracePeriodSeconds=60)
    site.claim("a")
    with pytest.raises(IpamError, match=r"keeps 10\.0\.0\.10 for claim boss-ip, but claim a-ip holds it"):
        site.pool(preAllocations={"boss-ip": "10.0.0.10"})
    site.release("a")
    site.pool(preAllocations={"boss-ip": "10.0.0.10"}, addressReuseGracePeriodSeconds=60)
    with pytest.raises(IpamError, match=r"but it rests after claim a-ip; .* free again in 60 s"):
        site.claim("boss")
    assert site.claim("a") == ["10.0.0.11"], "its own address is kept for another one by now"
    site.now += 60
    assert site.claim("boss") == ["10.0.0.10"]


def test_a_claim_keeps_the_address_that_it_had_before_another_one_was_kept_for_it(site: Site) -> None:
    site.pool()
    assert site.claim("a") == ["10.0.0.10"]
    site.pool(preAllocations={"a-ip": "10.0.0.12"})
    assert site.claim("a") == ["10.0.0.10"]
    site.release("a")
    assert site.claim("a") == ["10.0.0.12"]
