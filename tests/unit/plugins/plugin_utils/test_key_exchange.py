# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which key exchange a login offers first: with the real ssh, and with what other releases of it offer."""

from __future__ import annotations

import pwd
import shlex
import subprocess
import types
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.plugin_utils._host import ssh_call as _ssh_call
from ansible_collections.elemental.networking.plugins.plugin_utils._host.key_exchange import cheaper_key_exchange
from ansible_collections.elemental.networking.plugins.plugin_utils._host.ssh_call import SshCall

HYBRID = "sntrup761x25519-sha512@openssh.com"
BETTER = "mlkem768x25519-sha256"
CLASSIC = "curve25519-sha256,ecdh-sha2-nistp256"
OF_THE_USER = f"{HYBRID},ecdh-sha2-nistp384"


def offering(folder: Path, by_itself: str, configured: str) -> SshCall:
    """A call of an ssh of another release, which prints what it offers and no more: by itself, and with its configuration."""
    program = folder / "ssh"
    program.write_text(
        f'#!/bin/sh\ncase "$*" in *"-F none"*) echo "kexalgorithms {by_itself}";; *) echo "kexalgorithms {configured}";; esac\n'
    )
    program.chmod(0o700)
    return SshCall(str(program), "192.0.2.1", None, "root", "-C -F /dev/null")


@pytest.mark.parametrize(
    ("by_itself", "configured", "expected"),
    [
        (f"{HYBRID},{CLASSIC}", f"{HYBRID},{CLASSIC}", "-o KexAlgorithms=^curve25519-sha256"),
        (
            f"{HYBRID},{BETTER},{CLASSIC}",
            f"{HYBRID},{BETTER},{CLASSIC}",
            f"-o KexAlgorithms=^{BETTER},curve25519-sha256",
        ),
        (f"{HYBRID},{CLASSIC}", OF_THE_USER, ""),
        (f"{HYBRID},{CLASSIC}", f"{HYBRID},curve25519-sha256", ""),
        (f"{BETTER},{HYBRID},{CLASSIC}", f"{BETTER},{HYBRID},{CLASSIC}", ""),
        (CLASSIC, CLASSIC, ""),
        ("ecdh-sha2-nistp256", "ecdh-sha2-nistp256", ""),
        (f"{HYBRID},ecdh-sha2-nistp256", f"{HYBRID},ecdh-sha2-nistp256", ""),
        ("", "", ""),
    ],
    ids=[
        "9.2",
        "9.9",
        "a list of the user's",
        "a shorter one",
        "10.0",
        "8.9",
        "of few",
        "without a cheap one",
        "no ssh",
    ],
)
def test_what_is_offered_first(tmp_path: Path, by_itself: str, configured: str, expected: str) -> None:
    assert cheaper_key_exchange(offering(tmp_path, by_itself, configured)) == expected


@pytest.mark.parametrize(
    "line",
    [
        f"KexAlgorithms {OF_THE_USER}",
        f"  kexalgorithms={HYBRID},curve25519-sha256",
        # what comes to the list that ssh has by itself is a wish all the same
        f"KexAlgorithms ^{HYBRID}",
        "KexAlgorithms +curve25519-sha256",
        # for the host by the name of the inventory, or by its old address
        f"Host rack7\n  KexAlgorithms {HYBRID}",
        f"Match host 192.0.2.99\n  KexAlgorithms {HYBRID}",
        # which may have one
        "Include /nonexistent/more",
        # every spelling that OpenSSH takes
        f"\tKEXALGORITHMS\t{HYBRID}",
        f"KexAlgorithms = {HYBRID}",
        f'"KexAlgorithms" "{HYBRID}"',
        "\tINCLUDE\t/nonexistent/more",
        'Include="/nonexistent/more"',
        "Include /etc/ssh/ssh_config.d/*.conf /nonexistent/more",
        "Include /nonexistent/etc/ssh/ssh_config.d/more",
    ],
)
def test_what_the_user_has_chosen_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    """In a file that is named, in the usual place, or in an argument."""
    file = tmp_path / "config"
    file.write_text(f"Host *\n  Compression yes\n{line}\n")
    for arguments in (f"-F {file}", f"-F{file}", f"-4F {file}", f"-vC4F{file}", f"-i none -CF {file} -4"):
        assert cheaper_key_exchange(SshCall("ssh", "192.0.2.1", None, "", arguments)) == ""
    monkeypatch.setattr(_ssh_call, "_SSH_CONFIGURATIONS", (str(file),))
    assert cheaper_key_exchange(SshCall("ssh", "192.0.2.1", None, "", "")) == ""
    if "kexalgorithms" in line.lower() and "\n" not in line:
        for option in ("-o ", "-o", "-4Co", "-Co "):
            arguments = f"-F none {option}{shlex.quote(line)}"
            assert cheaper_key_exchange(SshCall("ssh", "192.0.2.1", None, "", arguments)) == ""


@pytest.mark.parametrize(
    ("text", "is_cheaper"),
    [
        ("# KexAlgorithms ecdh-sha2-nistp384\n", True),
        ("IdentityFile ~/.ssh/kexalgorithms\n", True),
        # it is read where the files of the machine are, and not where another one is named
        ("Include /etc/ssh/ssh_config.d/*.none\n", False),
    ],
)
def test_a_file_that_chooses_none_is_no_choice(tmp_path: Path, text: str, is_cheaper: bool) -> None:
    file = tmp_path / "config"
    file.write_text(text)
    assert bool(cheaper_key_exchange(SshCall("ssh", "192.0.2.1", None, "", f"-F {file}"))) is is_cheaper


@pytest.mark.parametrize("first", ["Include /etc/ssh/ssh_config.d/*.none", 'include="/etc/ssh/ssh_config.d/*.none"'])
def test_the_folder_of_the_machine_is_read_anyway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str) -> None:
    """Debian's and Fedora's own file includes it."""
    file = tmp_path / "config"
    file.write_text(f"{first}\nHost *\n  Compression yes\n")
    monkeypatch.setattr(_ssh_call, "_SSH_CONFIGURATIONS", (str(file),))
    assert not _ssh_call.is_configured(SshCall("ssh", "192.0.2.1", None, "", "-C"), "kexalgorithms")


def test_a_choice_in_the_home_of_the_account_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is where ssh looks, whatever HOME is."""
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/config").write_text(f"Host rack7\n  KexAlgorithms {HYBRID}\n")
    account = types.SimpleNamespace(pw_dir=str(tmp_path))
    monkeypatch.setattr(pwd, "getpwuid", lambda _uid: account)
    monkeypatch.setenv("HOME", "/nonexistent/home")
    assert _ssh_call.is_configured(SshCall("ssh", "192.0.2.1", None, "", ""), "kexalgorithms")


@pytest.mark.parametrize("arguments", ["-PF file", "-P tag", "-%", "--option", "-o"])
def test_what_releases_of_ssh_take_in_their_own_ways_may_be_a_choice(arguments: str) -> None:
    """In 9.2 -P has no value, and F would be the next option."""
    assert _ssh_call.is_configured(SshCall("ssh", "192.0.2.1", None, "", arguments), "kexalgorithms")


def test_the_real_ssh_takes_the_argument_and_offers_all_that_it_has() -> None:
    def offered(*arguments: str) -> list[str]:
        run = subprocess.run(["ssh", "-F", "none", "-G", *arguments, "x"], capture_output=True, text=True, check=True)
        return (
            next(line for line in run.stdout.splitlines() if line.startswith("kexalgorithms ")).split(" ")[1].split(",")
        )

    before = offered()
    after = offered(*shlex.split(cheaper_key_exchange(SshCall("ssh", "x", None, "", "-F none"))))
    assert sorted(after) == sorted(before)
    assert not after[0].startswith("sntrup")
