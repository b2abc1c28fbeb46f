# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role machine_network with claims on a control plane; its hosts are refused, so that it comes to the claims at once."""

from __future__ import annotations

import json
import subprocess
import typing as t
from pathlib import Path

import pytest

from tests.cluster.playing import Double
from tests.data.asking import NETWORK
from tests.testbed.controlplane.fixtures import Space, asked
from tests.testbed.controlplane.metal3 import Metal3

KEY = next(iter(NETWORK["ipAddresses"]))
# refused at once: the role comes over ssh
REFUSED = {"ansible_connection": "local"}
Play = t.Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def play(space: Space, tmp_path: Path) -> Play:
    """Run a playbook of the collection for hosts that have these variables."""

    def run(playbook: str, hosts: t.Mapping[str, t.Mapping[str, t.Any]], **options: t.Any) -> t.Any:
        access = {"machine_network_ipam_backend": "kubernetes", "machine_network_kubernetes": space.options}
        common = {**REFUSED, **access, "machine_network_ipam_namespace": space.name, **options}
        inventory = {"all": {"hosts": {host: {**common, **variables} for host, variables in hosts.items()}}}
        file = tmp_path / "inventory.json"
        file.write_text(json.dumps(inventory))
        command = ["ansible-playbook", "-i", str(file), f"elemental.networking.{playbook}"]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)

    return run


def test_a_reset_releases_no_claim_of_another_provider(space: Space, play: Play) -> None:
    """Its claims are called like ours, after the machine object that owns them, which may be called like one of our machines."""
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "node1"}}
    uid = space.admin.call("POST", f"/api/v1/namespaces/{space.name}/configmaps", body)["metadata"]["uid"]
    owners = [{"apiVersion": "v1", "kind": "ConfigMap", "name": "node1", "uid": uid}]
    space.foreign_claim("node1-net0-00-inet", ownerReferences=owners)
    space.foreign_claim(f"node1-{KEY}", ownerReferences=owners)
    space.module("ip_address_claim", machine="node1", key="ours", pool=asked("node1")[0]["pool"])
    played = play("reset", {"node1": {"machine_network": NETWORK}}, machine_network_force_release=True)
    assert "its claims are released by force, except those that another object uses" in played.stdout, (
        played.stdout + played.stderr
    )
    assert [item["metadata"]["name"] for item in space.items("ipaddressclaims")] == ["node1-net0-00-inet"]


def test_a_report_lists_pools_of_other_providers_by_their_claims(space: Space, play: Play) -> None:
    double = Metal3(space.admin, space.name)
    double.install()
    double.allow(space.user)
    double.pool(pools=[{"start": "10.7.0.10", "end": "10.7.0.20", "prefix": 24}])
    reference = {"apiGroup": "ipam.metal3.io", "kind": "IPPool", "name": "m"}
    with Double(double.reconcile):
        assert space.module("ip_address_claim", machine="node1", key="ip", pool=reference)["changed"]
        played = play("report", {"node1": {"machine_network": NETWORK}})
    double.remove()
    assert "pool m (IPPool, ipam.metal3.io): 1 claimed, size unknown" in played.stdout, played.stdout + played.stderr
    assert "pool p: 0 of 51 in use, 51 free" in played.stdout


def test_hosts_of_one_play_are_looked_up_in_one_place(space: Space, play: Play) -> None:
    """What the first host says would hold for all, and claims of the others would stay without a word."""
    space.claims("node1")
    for name, value in (("namespace", "other"), ("backend", "embedded")):
        hosts = {"node1": {"machine_network": NETWORK}, "node2": {f"machine_network_ipam_{name}": value}}
        for playbook in ("reset", "report"):
            played = play(playbook, hosts, machine_network_force_release=True)
            words = f"the hosts of this play name different {name}s ("
            assert played.returncode
            assert words in " ".join(played.stdout.split()), played.stdout + played.stderr
    assert len(space.items("ipaddressclaims")) == 1
