# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the real ssh makes of its user's configuration."""

from __future__ import annotations

import os
import pwd
import types
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
        # every spelling that OpenSSH takes
        ("Host *\n\tPort\t2222\n", "", True),
        ("Port = 2222\n", "", True),
        ('"PORT" "2222"\n', "", True),
        ("Host node\nHostName\t192.0.2.7\n", "", True),
        ("ProxyJump=bastion\n", "", True),
        ("Port\t22\nProxyCommand none\n", "", False),
        # options of one letter that share a word
        ("", "-4p 2222", True),
        ("", "-4p2222", True),
        ("", "-vJ bastion", True),
        ("", "-CoProxyCommand='nc %h %p'", True),
        ("", "-4o 'Port\t2222'", True),
        ("", "-4o ProxyCommand=none -p 22", False),
        ("", "-i proxyjump -l port", False),
    ],
)
def test_ssh_may_lead_elsewhere(tmp_path: Path, configuration: str, arguments: str, expected: bool) -> None:
    """The user's configuration says so, also in a file that it includes, or in what Ansible is told."""
    (tmp_path / "included").write_text(configuration)
    (tmp_path / "config").write_text(f"Include {tmp_path}/included\n")
    # ssh looks for its user's configuration in his home, which no variable changes
    call = _ssh_call.SshCall(
        "ssh", "node", None, "core", f"-F {tmp_path}/config {arguments}" if configuration else arguments
    )
    assert _ssh_call.goes_elsewhere(call) is expected


@pytest.mark.parametrize(
    ("printed", "expected"),
    [("hostname node\nport 22", False), ("port 2222", True), ("proxyjump bastion", True), ("proxycommand none", False)],
)
def test_ssh_itself_is_asked(tmp_path: Path, printed: str, expected: bool) -> None:
    """It has its own idea of where its user's configuration is, and of what the words there mean."""
    program = tmp_path / "ssh"
    program.write_text(f"#!/bin/sh\necho '{printed}'\n")
    program.chmod(0o700)
    assert _ssh_call.goes_elsewhere(_ssh_call.SshCall(str(program), "node", None, "core", "")) is expected


@pytest.mark.parametrize(
    ("arguments", "expected"), [("-o ProxyJump=gate", True), ("-J gate", True), ("-CJ gate", True), ("-C", False)]
)
def test_of_a_program_without_an_answer_the_words_are_known(tmp_path: Path, arguments: str, expected: bool) -> None:
    """Something else than OpenSSH may be called."""
    program = tmp_path / "ssh"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o700)
    assert _ssh_call.goes_elsewhere(_ssh_call.SshCall(str(program), "node", None, "core", arguments)) is expected


@pytest.mark.parametrize("named", ["-F config", "-Fconfig", "-4F config", "-4Fconfig", "-vC4F config"])
def test_a_file_is_named_as_ssh_takes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    """Also a relative one."""
    (tmp_path / "config").write_text("Host *\n  Port 2222\n")
    monkeypatch.chdir(tmp_path)
    assert _ssh_call.goes_elsewhere(_ssh_call.SshCall("ssh", "node", None, "core", named))
    assert not _ssh_call.goes_elsewhere(_ssh_call.SshCall("ssh", "node", 2222, "core", named))


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:DB8:0:0::1", "2001:db8::1", "fe80::1%eth0", "Node.example"])
def test_an_address_is_the_same_in_another_spelling(host: str) -> None:
    """The spelling that ssh prints is not always the one that it was given."""
    assert not _ssh_call.goes_elsewhere(_ssh_call.SshCall("ssh", host, None, "", "-F none"))


def test_without_ssh_nothing_is_known() -> None:
    """Ansible's connection says so."""
    call = _ssh_call.SshCall("/nonexistent/ssh", "node", None, "", "")
    assert not _ssh_call.goes_elsewhere(call)
    assert not _ssh_call.configuration(call)


@pytest.mark.parametrize("path", ["~/.ssh/config", "~"])
def test_home_is_that_of_the_account(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """ssh takes no variable for it; a user without an account has none, and no ssh."""
    monkeypatch.setenv("HOME", "/nonexistent/home")
    assert _ssh_call.as_ssh_expands(path) == path.replace("~", pwd.getpwuid(os.getuid()).pw_dir)
    monkeypatch.setattr(pwd, "getpwuid", {}.__getitem__)
    assert _ssh_call.as_ssh_expands(path) == path


def test_other_paths_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of other accounts are in their homes."""
    monkeypatch.setenv("HOME", "/nonexistent/home")
    given = ["/etc/ssh/~", "relative", "~root/known", "~nobody-has-this-name/x"]
    expected = ["/etc/ssh/~", "relative", f"{pwd.getpwnam('root').pw_dir}/known", "~nobody-has-this-name/x"]
    assert list(map(_ssh_call.as_ssh_expands, given)) == expected


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


def test_known_hosts_is_looked_for_in_the_home_of_the_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some releases of ssh print the path with its tilde."""
    (tmp_path / "known").write_text(f"node {KEY}\n")
    program = tmp_path / "ssh"
    program.write_text("#!/bin/sh\necho 'userknownhostsfile ~/known'\n")
    program.chmod(0o700)
    account = types.SimpleNamespace(pw_dir=str(tmp_path))
    monkeypatch.setattr(pwd, "getpwuid", lambda _uid: account)
    monkeypatch.setenv("HOME", "/nonexistent/home")
    assert _ssh_call.key_name(_ssh_call.SshCall(str(program), "node", None, "", "")) == "node"
