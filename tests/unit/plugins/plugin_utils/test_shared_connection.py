# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the master of a shared connection listens, as ssh itself reads its arguments, and whether it does."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.plugin_utils._host.shared_connection import (
    control_path,
    is_listened_at,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("/tmp/one", "/tmp/one"),
        ('"/tmp/with spaces"', "/tmp/with spaces"),
        ("/tmp/100%%", "/tmp/100%"),
        ('"/tmp/%%h"', "/tmp/%h"),
        ("/tmp/%h", ""),
        ("/tmp/%%%h", ""),
        ("~/.ssh/one", ""),
        ("/tmp/${HOME}", ""),
        ("none", ""),
        ('"/tmp/not closed', ""),
    ],
)
def test_a_path_is_read_as_ssh_reads_it(value: str, expected: str) -> None:
    arguments = ["-o", f"ControlPath={value}", "-o", "ControlPath=/tmp/second"]
    assert control_path(arguments) == expected
    run = subprocess.run(["ssh", "-F", "none", "-G", *arguments, "host"], capture_output=True, text=True, check=False)
    found = next((line.split(" ", 1)[1] for line in run.stdout.splitlines() if line.startswith("controlpath ")), "")
    assert not expected or found.replace("%%", "%") == expected


@pytest.mark.parametrize(
    "arguments",
    [
        ["-oControlPath=/tmp/one"],
        ["-4CoControlPath=/tmp/one"],
        ["-o", "controlpath\t/tmp/one"],
        ["-o", 'CONTROLPATH = "/tmp/one"'],
        ["-i", "-S", "-o", "ControlPath=/tmp/one"],
    ],
)
def test_the_first_path_is_taken_in_every_spelling(arguments: list[str]) -> None:
    assert control_path([*arguments, "-o", "ControlPath=/tmp/two", "-O", "stop", "host"]) == "/tmp/one"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["-o", "ControlMaster=auto"],
        ["-S", "/tmp/a", "-o", "ControlPath=/tmp/b"],
        ["-4S", "/tmp/a", "-o", "ControlPath=/tmp/b"],
        ["-P", "tag", "-o", "ControlPath=/tmp/b"],
    ],
)
def test_who_names_no_path_leaves_it_to_ssh(arguments: list[str]) -> None:
    assert not control_path(arguments)


def test_only_a_socket_at_which_somebody_listens_is_a_connection(tmp_path: Path) -> None:
    path = str(tmp_path / "master")
    assert not is_listened_at(path)
    with socket.socket(socket.AF_UNIX) as master:
        master.bind(path)
        assert not is_listened_at(path)
        master.listen()
        assert is_listened_at(path)
    assert not is_listened_at(path), "its master has ended"


@pytest.mark.parametrize("path", ["", "/", "\0", "/tmp/" + 200 * "x"])
def test_what_is_no_socket_is_no_connection(path: str) -> None:
    assert not is_listened_at(path)
