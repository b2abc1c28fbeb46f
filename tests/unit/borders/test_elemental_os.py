# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes to a node of Elemental OS comes out of yip, which runs each file as a Go template, as it went in."""

from __future__ import annotations

import base64
import shutil
import subprocess
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.elemental.networking.plugins.module_utils._render import Profile
from ansible_collections.elemental.networking.plugins.plugin_utils._transaction.elemental_os import yip_text
from ansible_collections.elemental.networking.tests.unit.borders.bounds import bounded
from hypothesis import example, given
from hypothesis import strategies as st

_SOURCE = Path(__file__).parents[2] / "standins/yip.go"
_PIECES = [
    "{",
    "{{",
    "}}",
    '{{"{{"}}',
    "{{-",
    "-}}",
    "{{/*",
    "*/}}",
    "{{.Values.os.name}}",
    '"',
    "`",
    "\\",
    " ",
    "\n",
    "psk=",
]
_TEXTS = st.lists(st.one_of(st.sampled_from(_PIECES), st.text(max_size=3)), max_size=12).map("".join)


class Yip:
    """The stand-in for yip, a process that answers line by line."""

    def __init__(self, program: Path) -> None:
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def writes(self, text: str) -> str:
        """What it writes for a yip file that holds one file."""
        content = yaml.safe_load(text)["stages"]["initramfs"][0]["files"][0]["content"]
        requests, answers = t.cast("tuple[t.IO[bytes], t.IO[bytes]]", (self._process.stdin, self._process.stdout))
        requests.write(base64.b64encode(content.encode()) + b"\n")
        requests.flush()
        return base64.b64decode(answers.readline()).decode()

    def end(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def yip(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Yip]:
    if not shutil.which("go"):
        pytest.skip("yip's stand-in is built with Go, and there is none here")
    program = tmp_path_factory.mktemp("yip") / "yip"
    subprocess.run(["go", "build", "-o", program, _SOURCE], check=True, capture_output=True)
    started = Yip(program)
    yield started
    started.end()


def _profile(text: str) -> Profile:
    return Profile("eth0.nmconnection", "eth0", "5c9a4e1e-8a8c-4b6f-9f0e-000000000001", "ethernet", "eth0", text)


@given(_TEXTS)
@example("psk=abc{{.Values.os.name}}def")
@example('{{"{{"}}')
@example("{{{{{}}}}} {{- x -}}\n{{/* c */}}")
def test_a_profile_is_written_as_it_was_given(yip: Yip, text: str) -> None:
    with bounded():
        sent = yip_text([_profile(text)])
    assert yip.writes(sent) == text


def test_a_profile_without_braces_is_sent_as_elemental_sends_it() -> None:
    profile = _profile("[connection]\nid={eth0}\n")
    content = yaml.safe_load(yip_text([profile]))["stages"]["initramfs"][0]["files"][0]["content"]
    assert content == profile.text


def test_the_stand_in_templates_what_is_not_escaped(yip: Yip) -> None:
    """Otherwise the tests above would prove nothing."""
    files = [{"path": "x", "content": "psk=abc{{.Values.os.name}}def"}]
    assert yip.writes(yaml.safe_dump({"stages": {"initramfs": [{"files": files}]}})) == "psk=abcSL Microdef"
