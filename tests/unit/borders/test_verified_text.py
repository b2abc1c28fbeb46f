# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts from the net: a server that lies, floods or leads astray gets nothing applied."""

from __future__ import annotations

import hashlib
import http.server
import threading
import typing as t

import pytest
from ansible.errors import AnsibleError
from ansible_collections.elemental.networking.plugins.plugin_utils._request import verified_text as _verified_text
from ansible_collections.elemental.networking.plugins.plugin_utils._request.verified_text import (
    next_address,
    shown,
    verified_text,
)
from ansible_collections.elemental.networking.tests.unit.borders.bounds import bounded
from hypothesis import example, given
from hypothesis import strategies as st

_TEXT = b"kind: Namespace\n"
_SHA256 = hashlib.sha256(_TEXT).hexdigest()


class _Handler(http.server.BaseHTTPRequestHandler):
    """``/text`` is it, ``/moved`` leads there, ``/loop`` to itself, ``/flood`` and ``/drip`` have no end, any other is what was set."""

    protocol_version = "HTTP/1.0"
    body: t.ClassVar[bytes] = b""
    location: t.ClassVar[str] = ""
    is_over: t.ClassVar[threading.Event] = threading.Event()

    def do_GET(self) -> None:
        moved = {"/moved": "/text", "/loop": "/loop", "/astray": self.location}.get(self.path)
        self.send_response(302 if moved else 200)
        if moved:
            self.send_header("Location", moved)
        self.end_headers()
        if self.path in ("/flood", "/drip"):
            self._go_on(b"x" * (65536 if self.path == "/flood" else 1), 0.0 if self.path == "/flood" else 0.05)
        elif not moved:
            self.wfile.write(_TEXT if self.path == "/text" else self.body)

    def _go_on(self, data: bytes, pause: float) -> None:
        try:
            while not self.is_over.wait(pause):
                self.wfile.write(data)
        except OSError:
            pass  # the other side has had enough

    def log_message(self, *_arguments: t.Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def server() -> t.Iterator[str]:
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}"
    _Handler.is_over.set()
    running.shutdown()
    running.server_close()


def _refused(url: str, largest: int = 1000) -> str:
    with pytest.raises(AnsibleError) as error:
        verified_text(url, [_SHA256], largest)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_redirect_to_the_right_text_is_followed(server: str) -> None:
    assert verified_text(f"{server}/moved", [f"sha256:{_SHA256}"]) == _TEXT.decode()


def test_a_text_that_drips_is_given_up(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_verified_text, "_LONGEST", 0.2)
    assert "did not end within 0.2 s" in _refused(f"{server}/drip")


def test_a_flood_ends_at_the_limit(server: str) -> None:
    with bounded():
        assert "holds over 1,000 bytes" in _refused(f"{server}/flood")


@pytest.mark.parametrize("url", ["ftp://a.example/x", "file:///etc/hostname", "/etc/hostname", "https:/x", ""])
def test_only_an_address_of_the_web_is_fetched(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.delattr(_verified_text, "open_url")
    assert "is not an address that begins with https:// or http://" in _refused(url)


@pytest.mark.parametrize("checksum", ["e3", _SHA256[1:], f"{_SHA256}0", "g" * 64, "", f"md5:{_SHA256}"])
def test_a_malformed_checksum_is_refused_before_anything_is_fetched(
    monkeypatch: pytest.MonkeyPatch, checksum: str
) -> None:
    monkeypatch.delattr(_verified_text, "open_url")
    with pytest.raises(AnsibleError, match="is not a sha256, which has 64 hexadecimal digits; correct it"):
        verified_text("https://a.example/x", [_SHA256, checksum])


def test_a_loop_ends(server: str) -> None:
    assert "leads on more than 5 times" in _refused(f"{server}/loop")


def test_a_redirect_to_a_file_is_not_followed(server: str) -> None:
    _Handler.location = "file:///etc/passwd"
    assert "leads on to file:///etc/passwd, and that is not safe" in _refused(f"{server}/astray")


@pytest.mark.parametrize(
    ("url", "location", "right"),
    [
        ("https://a.example/x", "https://b.example/y", True),
        ("https://a.example/x", "/y", True),
        ("http://a.example/x", "https://b.example/y", True),
        ("https://a.example/x", "http://a.example/x", False),
        ("https://a.example/x", "file:///etc/passwd", False),
        ("https://a.example/x", None, False),
    ],
)
def test_a_redirect_leads_to_no_worse_place(url: str, location: str | None, right: bool) -> None:
    if right:
        assert next_address(url, location).startswith("http")
        return
    with pytest.raises(AnsibleError):
        next_address(url, location)


@given(st.binary())
def test_any_other_content_is_refused_in_one_sentence(server: str, content: bytes) -> None:
    _Handler.body = content
    with bounded():
        if content == _TEXT:
            assert verified_text(f"{server}/any", [_SHA256]) == _TEXT.decode()
        else:
            assert "has the sha256" in _refused(f"{server}/any", len(content))


@given(st.text())
@example("//[")
def test_any_address_is_refused_in_one_sentence(location: str) -> None:
    """As a redirect: what leads anywhere else than to https, from https, is not followed."""
    said = ""
    with bounded():
        try:
            said = next_address("https://a.example/x", location)
        except AnsibleError as error:
            said = f"error: {error}"
    assert said.startswith(("https://", "error: "))
    assert "\n" not in said


def test_an_address_is_shown_without_any_part_of_its_password() -> None:
    assert shown("https://user:p@ss@mirror.example.com/x@y.yaml") == "https://mirror.example.com/x@y.yaml"
