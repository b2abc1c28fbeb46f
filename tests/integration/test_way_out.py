# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts as the same way out of a host, with real routes of a namespace of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.stages import machine

_MODULE = "ansible_collections.elemental.networking.plugins.module_utils._node.system.way_out"
_BEFORE = """set -e
mount -t sysfs none /sys
for card in left right; do
  ip link add name $card type veth peer name x$card
  ip link set dev $card up
  ip link set dev x$card up
done
ip address add 10.1.0.1/24 dev left
ip address add 10.1.0.5/24 dev left
ip address add 10.2.0.1/24 dev right
ip route add default via 10.1.0.254
"""


@pytest.mark.parametrize(
    ("change", "source", "target", "is_same"),
    [
        (":", "10.1.0.5", "192.0.2.1", True),
        (":", "10.2.0.1", "192.0.2.1", False),
        (":", "10.9.9.9", "192.0.2.1", False),
        ("ip route replace default via 10.1.0.253", "10.1.0.5", "192.0.2.1", False),
        ("ip route replace default via 10.1.0.254 mtu 1200", "10.1.0.5", "192.0.2.1", False),
        ("ip link set dev left mtu 1400", "10.1.0.5", "192.0.2.1", False),
        ("ip route replace default nexthop via 10.1.0.254 nexthop via 10.2.0.254", "10.1.0.5", "192.0.2.1", False),
        (
            "ip route add default via 10.2.0.254 table 100; ip rule add from 10.1.0.5 lookup 100",
            "10.1.0.5",
            "192.0.2.1",
            False,
        ),
        (
            "ip route add default via 10.2.0.254 table 100; ip rule add ipproto tcp sport 22 lookup 100",
            "10.1.0.5",
            "192.0.2.1",
            False,
        ),
        (
            "ip link add name bridge type bridge; ip link set dev bridge up; ip link set dev left master bridge",
            "10.1.0.5",
            "192.0.2.1",
            False,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else None,
)
def test_the_way_out(change: str, source: str, target: str, is_same: bool) -> None:
    asked = (
        "import subprocess, sys; "
        f"from {_MODULE} import way_out; "
        f"before = way_out('10.1.0.1', 22, '{target}'); "
        "subprocess.run(['sh', '-ec', sys.argv[1]], check=True); "
        f"print(before is not None, way_out('{source}', 22, '{target}') == before)"
    )
    script = f'{_BEFORE}exec "$0" -c "$1" "$2"'
    command = ["unshare", "-nm", "sh", "-c", script, sys.executable, asked, change]
    environment = {**os.environ, "PYTHONPATH": str(machine.collection())}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["True", str(is_same)], run.stderr
