# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays with hosts that there are not: Ansible's real ssh connection, with a stand-in for the executable that says what it is told."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import typing as t
from pathlib import Path

_SSH = Path(__file__).parents[1] / "standins/hostile_ssh.py"
KEYFILE = "[connection]\nid=eth0\ntype=ethernet\ninterface-name=eth0\n[ipv4]\nmethod=manual\naddress1={ip}/24\n"
_POOL = {
    "apiVersion": "ipam.cluster.x-k8s.io/v1alpha2",
    "kind": "InClusterIPPool",
    "metadata": {"name": "pool"},
    "spec": {"addresses": ["192.0.2.200-192.0.2.250"], "prefix": 24},
}
_REFERENCE = {"apiGroup": "ipam.cluster.x-k8s.io", "kind": "InClusterIPPool", "name": "pool"}


def ssh_variables(folder: Path) -> dict[str, str]:
    """The variables of hosts that the stand-in answers for, each by its user; it is written there."""
    ssh = folder / "ssh"
    ssh.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(_SSH))} "$@"\n')
    ssh.chmod(0o755)
    # with a jump host nothing but ssh is asked
    return {"ansible_ssh_executable": str(ssh), "ansible_ssh_common_args": "-o ProxyJump=jump"}


def write_inventory(folder: Path, hosts: t.Mapping[str, t.Mapping[str, t.Any]], **more: t.Any) -> None:
    """An inventory of these hosts, with variables of their own and ``more`` for all; each asks for one address, in claims.sqlite."""
    each = {
        name: {"ansible_host": f"192.0.2.{number}", "ansible_user": name, **variables}
        for number, (name, variables) in enumerate(hosts.items(), start=1)
    }
    variables = {
        **ssh_variables(folder),
        "machine_network_rollback_timeout": 5,
        "machine_network_ipam_database": str(folder / "claims.sqlite"),
        "machine_network_pools": [_POOL],
        "machine_network": {
            "configurator": "nmconnections",
            "ipAddresses": {"ip": _REFERENCE},
            "config": {"eth0": KEYFILE},
        },
        **more,
    }
    (folder / "inventory.json").write_text(json.dumps({"all": {"hosts": each, "vars": variables}}))


def write_answers(folder: Path, answers: t.Mapping[str, t.Mapping[str, t.Any]]) -> None:
    """What each host says to each operation."""
    (folder / "answers.json").write_text(json.dumps(answers))


def run_playbook(folder: Path, *arguments: str, **environment: str) -> str:
    """Run ansible-playbook there; what it printed."""
    command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "inventory.json", *arguments]
    variables = {
        "HOSTILE_ANSWERS": str(folder / "answers.json"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_HOME": str(folder / "home"),
        **environment,
    }
    run = subprocess.run(
        command, cwd=folder, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    return run.stdout + run.stderr
