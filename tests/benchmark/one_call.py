# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One bulk of claims, timed beyond the import of the client: JSON in, JSON out."""

from __future__ import annotations

import json
import resource
import sys
import time

import kubernetes.client
from ansible_collections.elemental.networking.plugins.module_utils._ipam.claiming import ClaimRequest, ensure_claims
from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_backend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes import claims as kubernetes_claims
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import Claim, PoolReference

# imported before the clock starts
_CLIENT = kubernetes.client


def main() -> None:
    """Claim and say how long it took, and how much memory."""
    given = json.load(sys.stdin)
    wishes = []
    for each in given["claims"]:
        pool = PoolReference(each["pool"]["apiGroup"], each["pool"]["kind"], each["pool"]["name"])
        wishes.append(
            ClaimRequest(
                Claim(given["namespace"], f"{each['machine']}-{each['key']}", each["machine"], each["key"], pool)
            )
        )
    sent = [0.0]
    create = kubernetes_claims.Claims.create

    def timed(self, *arguments):  # type: ignore[no-untyped-def]
        began = time.monotonic()
        try:
            return create(self, *arguments)
        finally:
            sent[0] += time.monotonic() - began

    kubernetes_claims.Claims.create = timed  # type: ignore[method-assign]
    began = time.monotonic()
    with open_backend(BackendOptions("kubernetes", kubernetes=given["kubernetes"])) as backend:
        claiming = ensure_claims(backend, wishes, [], dry_run=False)
    seconds = time.monotonic() - began
    assert all(bound.address for bound in claiming.bound)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    requests = backend.api.requests  # type: ignore[attr-defined]
    print(json.dumps({"seconds": seconds, "sent": sent[0], "requests": requests, "memory": memory}))


if __name__ == "__main__":
    main()
