# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Host keys that anybody says: a node, a claim on a server, a database. What gets through is one line of a known_hosts file."""

from __future__ import annotations

import base64
import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._host_keys import joined, parted, valid_host_keys
from ansible_collections.elemental.networking.tests.unit.borders.bounds import bounded
from hypothesis import given
from hypothesis import strategies as st

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKsR1vhN5HTnbVBJbCwJgS6TTLwRMRrSbnHOjzWDJBq4"
_KINDS = st.sampled_from(["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "sk-ssh-ed25519@openssh.com", "*", "-o", ""])


def _line(kind: str, named: str, rest: bytes, comment: str) -> str:
    """What looks like a key, and may be one."""
    blob = base64.b64encode(len(named).to_bytes(4, "big") + named.encode(errors="replace") + rest).decode()
    return f"{kind} {blob}{comment}"


_LINES = st.one_of(
    st.text(),
    st.builds(_line, _KINDS | st.text(), _KINDS | st.text(), st.binary(), st.text()),
    st.builds(lambda kind: _line(kind, kind, b"x", ""), _KINDS),
    st.text().map(lambda text: KEY + text),
)
_ANYTHING: st.SearchStrategy[t.Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _LINES | st.binary(),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(), inner),
)


def _are_keys(found: t.Sequence[str]) -> bool:
    """Whether each is a kind, a space and a blob that says the same kind."""
    for each in found:
        kind, blob = each.split(" ")
        content = base64.b64decode(blob, validate=True)
        if not each.isascii() or each.split() != [kind, blob] or kind[0] in "@-*|#!":
            return False
        if content[4 : 4 + len(kind)] != kind.encode():
            return False
    return len(found) <= 8


@given(st.lists(_LINES) | _ANYTHING)
def test_what_gets_through_are_a_few_keys(said: object) -> None:
    with bounded():
        found = valid_host_keys(said)
    assert _are_keys(found)
    assert valid_host_keys(found) == found
    assert parted(joined(found)) == found


@given(_ANYTHING)
def test_whatever_a_claim_holds_comes_to_keys_or_nothing(text: object) -> None:
    with bounded():
        assert _are_keys(parted(text))


def test_much_is_cut_off_in_time() -> None:
    many = [_line("ssh-rsa", "ssh-rsa", number.to_bytes(4, "big"), "") for number in range(100_000)]
    with bounded():
        assert len(valid_host_keys(many)) == len(parted("\n".join(many))) == 8
        assert valid_host_keys([_line("ssh-rsa", "ssh-rsa", b"x" * 10_000_000, "")]) == ()


def test_a_key_of_a_file_is_taken_without_its_comment() -> None:
    assert valid_host_keys([f"{KEY} root@node1\n", KEY]) == (KEY,)
    assert valid_host_keys([KEY.replace("ssh-ed25519", "ssh-rsa")]) == ()
    assert valid_host_keys([_line("ssh-rsa-cert-v01@openssh.com", "ssh-rsa-cert-v01@openssh.com", b"x", "")]) == ()
