# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The embedded backend gives the addresses that the real provider gives, whatever happens in whatever order."""

from __future__ import annotations

import contextlib
import os
import tempfile
import typing as t

import hypothesis
import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.backend import IpamBackend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.claiming import (
    ClaimRequest,
    ensure_claims,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_backend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.manifest import pool_from_manifest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import (
    Claim,
    IpamError,
    Pool,
    PoolReference,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.releasing import Release, release_claims
from hypothesis import strategies as st

from tests.testbed.controlplane import users
from tests.testbed.controlplane.fixtures import PROVIDER, Space, empty_space
from tests.testbed.controlplane.plane import Plane

GROUP = "ipam.cluster.x-k8s.io"
REFERENCE = PoolReference(GROUP, "InClusterIPPool", "p")
EXAMPLES = int(os.environ.get("DIFFERENTIAL_EXAMPLES", "12"))

# small enough to run out of, and each with a rule of its own
POOLS: tuple[dict[str, t.Any], ...] = (
    {"addresses": ["10.0.0.10-10.0.0.13"], "prefix": 24, "gateway": "10.0.0.1"},
    {"addresses": ["10.0.0.8/29"], "prefix": 29, "gateway": "10.0.0.9"},
    {"addresses": ["10.0.0.8/29"], "prefix": 29, "gateway": "10.0.0.9", "allocateReservedIPAddresses": True},
    {"addresses": ["10.0.0.13", "10.0.0.8-10.0.0.11"], "prefix": 24, "excludedAddresses": ["10.0.0.9-10.0.0.10"]},
    {"addresses": ["10.0.0.0/29"], "prefix": 22},
    {"addresses": ["fd00::/125"], "prefix": 125, "gateway": "fd00::1"},
    {"addresses": ["fd00::5-fd00::9"], "prefix": 64, "excludedAddresses": ["fd00::6"]},
)
NAMES = st.integers(0, 6)
STEP = st.one_of(
    st.tuples(st.just("claim"), st.lists(NAMES, min_size=1, max_size=1)),
    st.tuples(st.just("bulk"), st.lists(NAMES, min_size=2, max_size=4, unique=True)),
    st.tuples(st.just("release"), st.lists(NAMES, min_size=1, max_size=3, unique=True)),
    st.tuples(st.just("pool"), st.lists(st.integers(0, len(POOLS) - 1), min_size=1, max_size=1)),
)


def claim(namespace: str, number: int) -> Claim:
    return Claim(namespace, f"m{number}-ip", f"m{number}", "ip", REFERENCE)


# released addresses rest for longer than the test runs
RESTING: dict[str, t.Any] = {**POOLS[0], "addressReuseGracePeriodSeconds": 3600}
_LET_GO = 3


def pool(namespace: str, spec: dict[str, t.Any]) -> Pool:
    manifest = {"apiVersion": f"{GROUP}/v1alpha2", "kind": REFERENCE.kind, "metadata": {"name": REFERENCE.name}}
    return pool_from_manifest({**manifest, "spec": spec}, namespace)


def apply(backend: IpamBackend, namespace: str, step: tuple[str, list[int]]) -> str:
    """Do a step; returns what it came to."""
    kind, numbers = step
    try:
        if kind == "pool":
            changed = backend.apply_pool(pool(namespace, POOLS[numbers[0]]), False)
            return f"changed {changed.changed}"
        if kind == "release":
            released = release_claims(backend, [Release(namespace, f"m{number}-ip") for number in numbers], False)
            return f"released {len(released.released)}"
        claiming = ensure_claims(backend, [ClaimRequest(claim(namespace, number)) for number in numbers], [], False)
        return f"created {len(claiming.created)}"
    except IpamError as error:
        # the provider's words for an address that would leave its pool are its own
        return "exhausted" if "claims ask" in str(error) else "refused"


def held(backend: IpamBackend, namespace: str) -> dict[str, tuple[str, int, str | None]]:
    return {
        bound.claim.name: (bound.address.address, bound.address.prefix, bound.address.gateway)
        for bound in backend.list_claims(namespace)
        if bound.address
    }


def test_both_backends_give_the_same_addresses(plane: Plane) -> None:
    @hypothesis.settings(max_examples=EXAMPLES, deadline=None, database=None, print_blob=True)
    @hypothesis.given(st.integers(0, len(POOLS) - 1), st.lists(STEP, min_size=3, max_size=12))
    def compare(first: int, steps: list[tuple[str, list[int]]]) -> None:
        with _both(plane) as (space, backends):
            _steps(backends, space, [("pool", [first]), *steps])

    compare()


@contextlib.contextmanager
def _both(plane: Plane) -> t.Iterator[tuple[Space, list[IpamBackend]]]:
    """An empty namespace of the cluster, and both backends: the real one first."""
    space = empty_space(plane)
    users.allow(space.admin, space.name, "ipam-pool-manager.yaml")
    with tempfile.TemporaryDirectory() as folder:
        real = open_backend(BackendOptions("kubernetes", kubernetes=space.options))
        embedded = open_backend(BackendOptions("embedded", f"{folder}/ipam.sqlite"))
        with real, embedded:
            yield space, [real, embedded]


@pytest.mark.skipif(PROVIDER == "1.0", reason="the provider lets addresses rest since version 1.1")
def test_released_addresses_rest_alike_on_both_backends(plane: Plane) -> None:
    alone = st.tuples(st.sampled_from(["claim", "release"]), st.lists(NAMES, min_size=1, max_size=1))

    @hypothesis.settings(max_examples=EXAMPLES, deadline=None, database=None, print_blob=True)
    @hypothesis.given(st.lists(alone, min_size=4, max_size=12))
    def compare(steps: list[tuple[str, list[int]]]) -> None:
        with _both(plane) as (space, backends):
            for each in backends:
                each.apply_pool(pool(space.name, RESTING), False)
            _steps(backends, space, _never_again(steps))

    compare()


@pytest.mark.skipif(PROVIDER == "1.0", reason="the provider lets addresses rest since version 1.1")
def test_a_pool_keeps_what_rests_and_gives_it_out_afterwards_on_both_backends(plane: Plane) -> None:
    with _both(plane) as (space, backends):
        for each in backends:
            each.apply_pool(pool(space.name, {**RESTING, "addressReuseGracePeriodSeconds": 600}), False)
        _steps(backends, space, [("claim", [0]), ("claim", [1]), ("release", [0])])
        for each in backends:
            smaller = pool(space.name, {**RESTING, "addresses": ["10.0.0.11-10.0.0.13"]})
            with pytest.raises(IpamError, match="pool addresses do not contain allocated addresses"):
                each.apply_pool(smaller, False)
            with pytest.raises(IpamError, match="addresses allocated"):
                each.delete_pool(REFERENCE, space.name, False)
        space.admin.until("the same status", lambda: _usages(backends, space) == [(4, 2, 2)] * 2)
        # the period counts from the release, whatever it was then
        for each in backends:
            each.apply_pool(pool(space.name, {**RESTING, "addressReuseGracePeriodSeconds": _LET_GO}), False)
        paused = {"metadata": {"annotations": {"example.test/look": "again"}}}
        space.admin.call("PATCH", space.path("ipaddressclaims", "m0-ip"), paused, "application/merge-patch+json")
        space.admin.until("the end of the rest", lambda: _usages(backends, space) == [(4, 1, 3)] * 2)
        _steps(backends, space, [("claim", [2])])


def _usages(backends: t.Sequence[IpamBackend], space: Space) -> list[tuple[int, int, int]]:
    states = [each.list_pools(space.name)[0].usage for each in backends]
    return [(each.total, each.used, each.free) for each in states]


def _never_again(steps: t.Sequence[tuple[str, list[int]]]) -> list[tuple[str, list[int]]]:
    """Without claims of released names: on a cluster these are taken while their addresses rest, ours get them back."""
    released: set[int] = set()
    kept = []
    for kind, numbers in steps:
        if kind == "release":
            released.update(numbers)
        if kind == "release" or released.isdisjoint(numbers):
            kept.append((kind, numbers))
    return kept


def _steps(backends: t.Sequence[IpamBackend], space: t.Any, steps: t.Sequence[tuple[str, list[int]]]) -> None:
    for step in steps:
        results = [apply(each, space.name, step) for each in backends]
        assert results[0] == results[1], step
        if step[0] == "pool":
            space.admin.until("the pool's status", lambda: all("status" in i for i in space.items("inclusterippools")))
        answers = [held(each, space.name) for each in backends]
        if step[0] == "bulk":
            # creates of one bulk go out together: who of them gets which is the cluster's choice
            assert sorted(answers[0].values()) == sorted(answers[1].values()), step
            _align(backends[1], space.name, answers)
        else:
            assert answers[0] == answers[1], step


def _align(
    embedded: IpamBackend, namespace: str, answers: t.Sequence[t.Mapping[str, tuple[str, int, str | None]]]
) -> None:
    """Claim on the embedded backend in the order that the cluster served, so that later steps can be compared by name."""
    real, ours = answers
    differing = [name for name in real if real[name] != ours[name]]
    if differing:
        release_claims(embedded, [Release(namespace, name) for name in differing], False)
        order = sorted(differing, key=lambda name: _number(real[name][0]))
        ensure_claims(embedded, [ClaimRequest(claim(namespace, int(name[1:-3]))) for name in order], [], False)
        assert held(embedded, namespace) == real


def _number(address: str) -> int:
    import ipaddress

    return int(ipaddress.ip_address(address))
