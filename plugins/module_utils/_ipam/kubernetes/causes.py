# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a provider that reports nothing may leave claims alone: what can be seen of the claims, their pools and the Clusters that these name.

Looked up once, when a wait is over. No right is needed for it beyond those that claiming needs: what may not be read is named.
"""

from __future__ import annotations

import typing as t

from ..model import IpamError, PoolReference
from .api import Api
from .discovery import Discovery
from .errors import Refused, RequestTarget
from .objects import PAUSED, ObservedClaim
from .pacing import names
from .pools import Pools
from .reading import Object, optional_mapping

_CLUSTER_GROUP, _CLUSTER_KIND = "cluster.x-k8s.io", "Cluster"


class Causes:
    """The look-up, for the claims of one namespace."""

    def __init__(self, api: Api, discovery: Discovery, pools: Pools) -> None:
        self._api, self._discovery, self._pools = api, discovery, pools

    def of(self, namespace: str, waiting: t.Sequence[ObservedClaim]) -> str:
        """What may be the cause, as a part of a sentence; empty where nothing is to be seen."""
        causes = []
        paused = [each.claim.name for each in waiting if each.is_paused]
        if paused:
            causes.append(f"paused by the annotation {PAUSED}: {names(paused)}")
        for pool in sorted({each.claim.pool for each in waiting}):
            causes += self._of_pool(namespace, pool)
        for cluster in sorted({each.cluster for each in waiting if each.cluster}):
            claim = next(each.claim.name for each in waiting if each.cluster == cluster)
            causes += self._of_cluster(namespace, cluster, f"claim {claim}")
        return "; ".join(causes)

    def _of_pool(self, namespace: str, reference: PoolReference) -> list[str]:
        try:
            known = self._pools.look(reference, namespace)
        except IpamError as error:
            return [str(error)]
        if known is None:
            return [
                f"whether the pool {reference} exists, is full or is paused is not known, since this user may not read it: check its name,"
                " or let an administrator apply playbooks/files/ipam-consumer.yaml with the group and the kind of the pool"
            ]
        cluster = known.cluster
        return self._of_cluster(namespace, cluster, f"pool {reference.name}") if cluster else []

    def _of_cluster(self, namespace: str, name: str, owner: str) -> list[str]:
        """A provider serves nothing that names a Cluster which is missing or paused."""
        try:
            found = self._cluster(namespace, name)
        except IpamError:
            return [f"{owner} names the Cluster {name}: see whether it exists and is not paused"]
        if found is None:
            return [f"{owner} names the Cluster {name}, which does not exist in namespace {namespace}"]
        spec = optional_mapping(found.get("spec"), f"Cluster {name}", "spec")
        metadata = optional_mapping(found.get("metadata"), f"Cluster {name}", "metadata")
        annotations = optional_mapping(metadata.get("annotations"), f"Cluster {name}", "metadata.annotations")
        if spec.get("paused") is True or PAUSED in annotations:
            return [f"{owner} names the Cluster {name}, which is paused"]
        return []

    def _cluster(self, namespace: str, name: str) -> Object | None:
        resource = self._discovery.find(_CLUSTER_GROUP, _CLUSTER_KIND)
        if resource is None:
            return None
        try:
            return self._api.get(resource.path(namespace, name), RequestTarget("get", resource.plural, namespace, name))
        except Refused as error:
            if error.status == 404:
                return None
            raise
