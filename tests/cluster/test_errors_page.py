# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example of docs/errors.md, as it is on the page, in a play of a user."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from tests.testbed.controlplane import users
from tests.testbed.controlplane.fixtures import Space, asked
from tests.testbed.controlplane.plane import Plane

_PAGE = Path(__file__).parents[2] / "docs/errors.md"
# that of the example
_NAMESPACE = "fleet-default"
# what the page leaves to the reader: here the pool gets as many addresses as it lacks, behind those that it has
_WIDEN = """
- name: Note what is asked for
  ansible.builtin.copy:
    content: "{{ pool }} lacks {{ missing }}"
    dest: "{{ playbook_dir }}/widened"
    mode: "0600"

- name: Widen the pool
  elemental.networking.ip_pool:
    backend: kubernetes
    kubernetes: {kubeconfig: "{{ manager }}"}
    namespace: fleet-default
    definition:
      apiVersion: ipam.cluster.x-k8s.io/v1alpha2
      kind: InClusterIPPool
      metadata: {name: "{{ pool }}"}
      spec: {addresses: ["10.0.0.10-10.0.0.{{ 10 + missing | int }}"], prefix: 24}
"""


def example() -> str:
    """The tasks; there is one example."""
    (found,) = re.findall(r"^```yaml\n(.*?)^```$", _PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture(scope="module")
def fleet(plane: Plane) -> Space:
    """The namespace of the example, with a pool that has one address."""
    plane.admin.namespace(_NAMESPACE)
    users.allow(plane.admin, _NAMESPACE)
    space = Space(plane, _NAMESPACE)
    space.pool("10.0.0.10")
    return space


def play(fleet: Space, folder: Path, wanted: t.Sequence[t.Mapping[str, t.Any]]) -> subprocess.CompletedProcess[str]:
    """Run the example for these claims."""
    tasks = "".join(f"    {line}\n" for line in example().splitlines())
    (folder / "play.yml").write_text(f"- hosts: localhost\n  gather_facts: false\n  tasks:\n{tasks}")
    (folder / "widen_pool.yml").write_text(_WIDEN)
    manager = str(fleet.plane.kubeconfig(users.ADMINISTRATOR))
    variables = {"wanted": wanted, "manager": manager, "ansible_python_interpreter": sys.executable}
    command = [str(Path(sys.executable).parent / "ansible-playbook"), "play.yml", "-e", json.dumps(variables)]
    environment = {
        **os.environ,
        "ANSIBLE_NOCOLOR": "1",
        "HOME": str(folder),  # no ~/.kube/config of somebody
        "K8S_AUTH_KUBECONFIG": str(fleet.options["kubeconfig"]),
    }
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=180, env=environment
    )


def test_the_example_widens_a_pool_that_is_full_and_claims_again(fleet: Space, tmp_path: Path) -> None:
    played = play(fleet, tmp_path, asked("node1", "node2", "node3"))
    assert played.returncode == 0, played.stdout + played.stderr
    assert (tmp_path / "widened").read_text() == "p lacks 2"
    assert set(fleet.addresses()) == {"node1-ip", "node2-ip", "node3-ip"}


def test_the_example_widens_nothing_after_another_failure(fleet: Space, tmp_path: Path) -> None:
    played = play(fleet, tmp_path, asked("node9", pool="nowhere"))
    assert played.returncode, played.stdout
    assert "nowhere" in played.stdout
    assert not (tmp_path / "widened").exists()
    assert "node9-ip" not in fleet.addresses()
