# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools are used as they are: with labels and annotations, in lists, with other kinds beside."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_backend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.manifest import (
    one_manifest,
    pool_from_manifest,
    pool_manifests,
    pool_to_manifest,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError

GROUP = "ipam.cluster.x-k8s.io"
LABELS = {"cluster.x-k8s.io/cluster-name": "edge", "site": "harbour"}
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def manifest(**metadata: t.Any) -> dict[str, t.Any]:
    spec = {"addresses": ["192.0.2.10-192.0.2.40"], "prefix": 24}
    return {
        "apiVersion": f"{GROUP}/v1alpha2",
        "kind": "InClusterIPPool",
        "metadata": {"name": "edge", **metadata},
        "spec": spec,
    }


def test_labels_and_annotations_come_back_but_for_kubectls_own() -> None:
    annotations = {"contact": "netops"}
    pool = pool_from_manifest(manifest(labels=LABELS, annotations={**annotations, LAST_APPLIED: "{}"}), "ns")
    assert pool_to_manifest(pool)["metadata"] == {
        "name": "edge",
        "namespace": "ns",
        "labels": LABELS,
        "annotations": annotations,
    }


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({"labels": {"site": 1}}, "metadata.labels.site must be a string; put it in quotes"),
        ({"labels": {"site": "a b"}}, "metadata.labels.site is a b, which is not a valid label value"),
        ({"labels": {"a/b/c": "x"}}, "a/b/c in metadata.labels is not a valid key"),
        ({"labels": {"-a": "x"}}, "-a in metadata.labels is not a valid key"),
        ({"labels": ["site"]}, "metadata.labels must be a dictionary of strings"),
        ({"annotations": {"a": "x" * 270_000}}, "metadata.annotations are larger than 256 KiB"),
        ({"annotations": {1: "x"}}, "1 in metadata.annotations is not a valid key"),
    ],
)
def test_what_an_api_server_refuses_is_refused(metadata: dict[str, t.Any], words: str) -> None:
    with pytest.raises(IpamError, match=f"^pool edge: {words}"):
        pool_from_manifest(manifest(**metadata), "ns")


def test_labels_of_others_stay_on_a_pool_of_the_embedded_backend(tmp_path: Path) -> None:
    with open_backend(BackendOptions("embedded", str(tmp_path / "ipam.sqlite"))) as backend:
        assert backend.apply_pool(pool_from_manifest(manifest(labels=LABELS), "ns"), False).changed
        assert not backend.apply_pool(pool_from_manifest(manifest(), "ns"), False).changed
        assert not backend.apply_pool(pool_from_manifest(manifest(labels=LABELS), "ns"), False).changed
        assert backend.apply_pool(pool_from_manifest(manifest(labels={"site": "hill"}), "ns"), False).changed
        (state,) = backend.list_pools("ns")
    assert dict(state.pool.labels) == {**LABELS, "site": "hill"}


def test_items_of_a_list_are_manifests_and_other_kinds_are_passed_over() -> None:
    listed = {"apiVersion": "v1", "kind": "List", "items": [{"kind": "Namespace"}, manifest()]}
    assert pool_manifests([listed, {"kind": "Secret"}]) == [manifest()]
    assert pool_manifests([]) == []
    assert one_manifest(listed) == one_manifest(manifest()) == manifest()
    with pytest.raises(IpamError, match="the List holds 2 pools; register them one by one"):
        one_manifest({**listed, "items": [manifest(), manifest()]})


def test_pools_of_other_kinds_alone_are_a_mistake_that_is_named() -> None:
    with pytest.raises(IpamError, match="no InClusterIPPool or GlobalInClusterIPPool among the pools, only IPPool"):
        pool_manifests([{"apiVersion": "ipam.metal3.io/v1alpha1", "kind": "IPPool"}])
    with pytest.raises(IpamError, match="has kind IPPool; .* make a pool of another provider with kubernetes.core.k8s"):
        pool_from_manifest({"kind": "IPPool"}, "ns")
    for nonsense in (["x"], [{}], [[]]):
        with pytest.raises(IpamError, match="must be a dictionary with apiVersion, kind, metadata and spec"):
            pool_manifests(nonsense)
