# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The public ssh host keys by which a machine is known, from any source: a node, a claim, a user (pure). PRIVATE to the collection."""

from __future__ import annotations

import binascii
import re
import typing as t

# a host has three by default; of more, and of longer ones (a key of 16,384 bits has 2,800 characters), no one knows the use
_MOST = 8
_LONGEST = 4096
_MOST_SAID = 64
_TYPE = re.compile(r"[a-z0-9][-a-z0-9.@]{1,62}\Z")
_CERTIFICATE = "-cert-v01@openssh.com"
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}\Z")


def valid_host_keys(said: object) -> tuple[str, ...]:
    """Of what is given as host keys (``ssh-ed25519 AAAA… comment``), those that are, without comments, sorted, each once.

    Anything else is left out: a line of ours in a known_hosts file never holds anything but a key.
    """
    if not isinstance(said, (list, tuple)):
        return ()
    found = {_key(each) for each in said[:_MOST_SAID]} - {""}
    return tuple(sorted(found)[:_MOST])


def joined(host_keys: t.Iterable[str]) -> str:
    """Host keys as one text, a line each, for what holds strings only."""
    return "\n".join(host_keys)


def parted(text: object) -> tuple[str, ...]:
    """The valid host keys of a string that ``joined`` or another program made."""
    return valid_host_keys(text[: _MOST_SAID * _LONGEST].split("\n")) if isinstance(text, str) else ()


def _key(line: object) -> str:
    """A key without its comment; empty where there is none."""
    if not isinstance(line, str) or len(line) > 2 * _LONGEST:
        return ""
    kind, _space, rest = line.partition(" ")
    blob = rest.partition(" ")[0]
    if not _TYPE.match(kind) or kind.endswith(_CERTIFICATE) or len(blob) > _LONGEST or not _BASE64.match(blob):
        return ""
    try:
        content = binascii.a2b_base64(blob)
    except binascii.Error:
        return ""
    # RFC 4253: what it is stands at its beginning once more, behind its length
    named = len(kind).to_bytes(4, "big") + kind.encode()
    return f"{kind} {blob}" if content.startswith(named) and len(content) > len(named) else ""
