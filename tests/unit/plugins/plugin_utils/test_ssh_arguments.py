# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments and lines, compared with what the real ssh makes of them."""

from __future__ import annotations

import string
import subprocess
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.plugin_utils._host.ssh_arguments import options, setting


def port_of(*arguments: str) -> str:
    """The port that ssh takes from arguments; empty where it refuses them."""
    command = ["ssh", "-F", "none", *arguments, "-G", "x"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    return next((line.split(" ")[1] for line in run.stdout.splitlines() if line.startswith("port ")), "")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], []),
        (["-4F", "x.cfg"], [("-4", ""), ("-F", "x.cfg")]),
        (["-vJhost"], [("-v", ""), ("-J", "host")]),
        (["-CoProxyCommand=nc %h"], [("-C", ""), ("-o", "ProxyCommand=nc %h")]),
        (["-i", "-F", "-4p", "2222"], [("-i", "-F"), ("-4", ""), ("-p", "2222")]),
        (["host", "-O", "stop"], [("-O", "stop")]),
        (["--", "-F", "x.cfg"], []),
    ],
)
def test_letters_may_share_a_word(arguments: list[str], expected: list[tuple[str, str]]) -> None:
    assert options(arguments) == expected


# the first two end ssh at once; the third one has a value in newer releases only
@pytest.mark.parametrize("letter", sorted({*string.ascii_letters, *string.digits} - {"V", "Q", "P"}))
def test_ssh_takes_the_same_letters_for_options_with_a_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, letter: str
) -> None:
    monkeypatch.chdir(tmp_path)  # -E writes a file
    word = f"-{letter}p2222"
    taken = port_of(word)
    assert not taken or (("-p", "2222") in options([word])) is (taken == "2222")


@pytest.mark.parametrize("arguments", [["-P", "tag"], ["-%"], ["--option"], ["-o"]])
def test_what_not_every_release_takes_is_an_error(arguments: list[str]) -> None:
    with pytest.raises(ValueError, match="option"):
        options(arguments)


@pytest.mark.parametrize(
    "line",
    ["Port 2222", "port\t2222", "PORT=2222", "Port = 2222", "  Port\t=\t2222 ", "\tPort 2222", '"Port" 2222'],
)
def test_a_keyword_has_many_spellings(line: str) -> None:
    assert setting(line) == ("port", "2222")
    assert port_of("-o", line) == "2222"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('Port "2222"\n', ("port", '"2222"')),
        ("ProxyCommand nc --port=1 %h\r\n", ("proxycommand", "nc --port=1 %h")),
        ("Ports 1", ("ports", "1")),
        ("Port", ("port", "")),
        ("# Port 1", ("", "")),
        ("  #Port 1", ("", "")),
        ("\n", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_line_is_a_keyword_and_a_value(line: str, expected: tuple[str, str]) -> None:
    assert setting(line) == expected
