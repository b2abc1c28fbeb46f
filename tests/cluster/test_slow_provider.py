# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Version 1.0.3 of the provider serves ten claims in a second, however many there are: that is slow, and no fault."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.testbed.controlplane.fixtures import PROVIDER, Space, asked

pytestmark = pytest.mark.skipif(PROVIDER != "1.0", reason="make test-cluster-1.0 runs this")


def test_a_thousand_claims_are_waited_for_and_whoever_waits_sees_how_far_they_are(space: Space, tmp_path: Path) -> None:
    space.pool("10.9.0.0/16", "wide", prefix=16)
    file = tmp_path / "progress"
    machines = [f"m{number:04}" for number in range(1000)]
    result = space.module("ip_address_claims", claims=asked(*machines, pool="wide"), wait_grace=20, progress=file)
    assert not result.get("failed"), result["msg"]
    assert len({claim["address"] for claim in result["claims"]}) == 1000
    lines = re.findall(r"^(\d+) of 1000 claims served, [\d.]+ per second$", file.read_text(), re.MULTILINE)
    counts = [int(line) for line in lines]
    assert len(counts) > 5, file.read_text()
    assert counts == sorted(counts)
