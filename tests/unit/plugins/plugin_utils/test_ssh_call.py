# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the real ssh makes of its user's configuration."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.plugin_utils._host import ssh_call as _ssh_call

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKsR1vhN5HTnbVBJbCwJgS6TTLwRMRrSbnHOjzWDJBq4"


@pytest.mark.parametrize(
    ("configuration", "arguments", "expected"),
    [
        ("", "", False),
        ("Host other\n  ProxyJump bastion\n", "", False),
        ("Host node\n  ProxyJump bastion\n", "", True),
        ("Match user core\n  ProxyJump bastion\n", "", True),
        ("Host node\n  HostName 192.0.2.7\n", "", True),
        ("Host node\n  Port 2222\n", "", True),
        ("", "-C -J bastion", True),
        ("", "-o HostName=192.0.2.7", True),
        ("", "-oPort=2222", True),
        ("", "-o Compression=yes", False),
    ],
)
def test_ssh_may_lead_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, configuration: str, arguments: str, expected: bool
) -> None:
    """The user's configuration says so, also in a file that it includes, or in what Ansible is told."""
    (tmp_path / "included").write_text(configuration)
    (tmp_path / "config").write_text(f"Include {tmp_path}/included\n")
    monkeypatch.setattr(_ssh_call, "_SSH_CONFIGURATIONS", (str(tmp_path / "config"),))
    # ssh looks for its user's configuration in his home, which no variable changes
    call = _ssh_call.SshCall(
        "ssh", "node", None, "core", f"-F {tmp_path}/config {arguments}" if configuration else arguments
    )
    assert _ssh_call.goes_elsewhere(call) is expected


@pytest.mark.parametrize(
    ("known", "arguments", "port", "expected"),
    [
        (f"node {KEY}", "", None, "node"),
        (f"[node]:2222 {KEY}", "", 2222, "[node]:2222"),
        (f"node {KEY}", "", 2222, ""),
        (f"@cert-authority nod* {KEY}", "", None, "node"),
        (f"rack7 {KEY}", "-o HostKeyAlias=rack7", None, "rack7"),
        (f"other {KEY}", "", None, ""),
        (f"node {KEY}", "-o StrictHostKeyChecking=no", None, ""),
        ("", "", None, ""),
    ],
)
def test_the_name_of_the_key(tmp_path: Path, known: str, arguments: str, port: int | None, expected: str) -> None:
    """Only a key that ssh has, and asks for, is asked for by its name."""
    (tmp_path / "known").write_text(known + "\n")
    files = f"-o UserKnownHostsFile={tmp_path}/known -o GlobalKnownHostsFile=/nonexistent"
    call = _ssh_call.SshCall("ssh", "node", port, "core", f"-F /dev/null {files} {arguments}")
    assert _ssh_call.key_name(call) == expected
