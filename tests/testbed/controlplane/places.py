# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and places of the control plane test bed."""

from __future__ import annotations

import os
from pathlib import Path

from ...stages.machine import CACHE

# not that of the test nodes: both may be up at the same time; TESTBED_NAME=b makes a second one beside the first
PREFIX = f"elcp{os.environ.get('TESTBED_NAME', '')}"
HOST = "127.0.0.1"
GROUP = "ipam.cluster.x-k8s.io"
CLUSTER_GROUP = "cluster.x-k8s.io"
ELEMENTAL_GROUP = "elemental.cattle.io"
MODULES = Path(__file__).parent / "modules"
BINARIES = CACHE / "controlplane"


def state(name: str) -> Path:
    """Where a control plane keeps its state; ``name`` is that of its network namespace."""
    return Path("/run") / f"elemental-networking-{name}"
