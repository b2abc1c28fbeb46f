# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and places of the test bed."""

from __future__ import annotations

import os
from pathlib import Path

# a second test bed beside the first one: TESTBED_NAME=b, for two people (or two test runs) at once; pytest-xdist names its workers
_NAME = os.environ.get("TESTBED_NAME", "") + os.environ.get("PYTEST_XDIST_WORKER", "")
# every namespace, cgroup and link of the test bed begins with it
PREFIX = f"elnet{_NAME}"
INFRASTRUCTURE = f"{PREFIX}-infra"
BEHIND_NAT = f"{PREFIX}-nat"
RUN = Path(f"/run/elemental-networking-testbed{_NAME}")
INVENTORY = RUN / "inventory/hosts"
KEY = RUN / "id"
LEASES = RUN / "leases"
CONTROL_PATHS = RUN / "cp"


def cache() -> Path:
    """Where root file systems are kept between runs."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "elemental-networking/testbed"


def node_name(number: int) -> str:
    """The name of a node; numbers start at 1."""
    return f"node{number}"


def namespace(node: str) -> str:
    """The network namespace of a node."""
    return f"{PREFIX}-{node}"


def machine(node: str) -> Path:
    """Where the file system of a node is mounted, seen from its own mount namespace."""
    return RUN / "machines" / node
