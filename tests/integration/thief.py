# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Claim from a pool all the time, and look at once whether a node still has what was given out: python3 thief.py DATABASE POOL SECONDS.

Prints one line of JSON per address that it got: the address, and the node that still had it, or null.
"""

from __future__ import annotations

import itertools
import json
import sys
import time

from ansible_collections.elemental.networking.plugins.module_utils._ipam.claiming import ClaimRequest, ensure_claims
from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_backend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import Claim, IpamError, PoolReference

from tests.testbed import bed, node


def who_has(address: str) -> str | None:
    """The node that has an address."""
    for name in bed.names():
        if f" {address}/" in node.look(name, ["ip", "-o", "-4", "address"]).stdout:
            return name
    return None


def main() -> None:
    """Claim until the time is up."""
    database, pool, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    reference = PoolReference("ipam.cluster.x-k8s.io", "InClusterIPPool", pool)
    deadline = time.monotonic() + seconds
    for number in itertools.count():
        name = f"thief-{number}"
        while True:
            try:
                with open_backend(BackendOptions("embedded", database)) as backend:
                    claim = Claim("default", f"{name}-ip", name, "ip", reference)
                    bound = ensure_claims(backend, [ClaimRequest(claim)], [], False).bound[0]
                break
            except IpamError as error:
                if "0 free" not in str(error):
                    raise
            if time.monotonic() > deadline:
                return
            time.sleep(0.02)
        address = bound.address.address if bound.address else ""
        print(json.dumps({"address": address, "still": who_has(address)}), flush=True)


main()
