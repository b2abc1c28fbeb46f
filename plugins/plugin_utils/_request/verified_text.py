# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from the net that is about to be used with an administrator's rights: nothing but what its checksum vouches for."""

from __future__ import annotations

import functools
import hashlib
import http.client
import re
import typing as t
from urllib.error import HTTPError
from urllib.parse import urljoin, urlsplit

from ansible.errors import AnsibleError
from ansible.module_utils.urls import ConnectionError as UrlError
from ansible.module_utils.urls import open_url
from ansible_collections.elemental.networking.plugins.module_utils._in_time import in_time
from ansible_collections.elemental.networking.plugins.module_utils._texts import plain as quoted

# bytes; the manifests of a provider have less than one million
_LARGEST = 16 << 20
_REDIRECTS = 5
# seconds in which a server that hangs must send something
_PATIENCE = 60.0
# seconds for all of it: a server may send a byte now and then
_LONGEST = 600.0
_OF_THE_NET = (OSError, UrlError, http.client.HTTPException, ValueError)
# the option of the role that fetches manifests; a play of a user knows its own
_INSTEAD = "give another address (in the role ipam_provider: ipam_provider_url, or files in ipam_provider_manifests)"
_OF_THE_WEB = re.compile("https?://", re.IGNORECASE)
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_MOVED = (301, 302, 303, 307, 308)


def verified_text(url: str, checksums: t.Collection[str], largest: int = _LARGEST) -> str:
    """What is at an address, where its sha256 is one of ``checksums``. Raises AnsibleError, in one sentence."""
    expected = {_checked(each) for each in checksums}
    if not _OF_THE_WEB.match(url):
        raise AnsibleError(
            f"{shown(url) or 'an empty string'} is not an address that begins with https:// or http://; {_INSTEAD}"
        )
    content = _content(url, largest)
    found = hashlib.sha256(content).hexdigest()
    if found not in expected:
        raise AnsibleError(
            f"{shown(url)} has the sha256 {found}, not the one that was given: it is damaged, or something else; "
            "check the address, or correct the sha256"
        )
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise AnsibleError(f"{shown(url)} is not UTF-8; check that the address is right") from None


def plain(checksum: str) -> str:
    """A sha256 as hashlib writes it, from the forms that people have at hand."""
    return re.sub(r"^sha256[:=]", "", str(checksum).strip().lower())


def _checked(checksum: str) -> str:
    found = plain(checksum)
    if not _SHA256.match(found):
        raise AnsibleError(
            f"{quoted(found, 80) or 'an empty string'} is not a sha256, which has 64 hexadecimal digits; correct it"
        )
    return found


def shown(url: str) -> str:
    """An address for a message: without a password in it, and in one line."""
    return re.sub(r"//[^/]*@", "//", "".join(each if each.isprintable() else "?" for each in url))


def next_address(url: str, location: str | None) -> str:
    """Where a redirect leads. Raises AnsibleError where that is a worse place: from https only https is followed, and no file ever."""
    try:
        target = urljoin(url, location or "")
    except ValueError:  # of what is not an address, such as [ without ]
        raise AnsibleError(
            f"{shown(url)} leads on to {shown(location or '')}, and that is not a valid address; {_INSTEAD}"
        ) from None
    if urlsplit(target).scheme not in ("https", urlsplit(url).scheme) or not location:
        raise AnsibleError(
            f"{shown(url)} leads on to {shown(target)}, and that is not safe to follow; {_INSTEAD} with https"
        )
    return target


def _content(url: str, largest: int) -> bytes:
    address = url
    for _step in range(_REDIRECTS + 1):
        try:
            content = in_time(_LONGEST, functools.partial(_read, address, largest))
        except HTTPError as error:
            if error.code not in _MOVED:
                raise _unreachable(url, f"HTTP {error.code}") from None
            address = next_address(address, error.headers.get("Location"))
            continue
        except _OF_THE_NET as error:
            raise _unreachable(url, " ".join(str(error).split()) or type(error).__name__) from None
        if len(content) > largest:
            raise AnsibleError(
                f"{shown(url)} holds over {largest:,} bytes, which no manifest does; check that the address is right"
            )
        return content
    raise _unreachable(url, f"it leads on more than {_REDIRECTS} times")


def _read(address: str, largest: int) -> bytes:
    with open_url(address, timeout=_PATIENCE, use_proxy=True, follow_redirects="none") as answer:
        return bytes(answer.read(largest + 1))


def _unreachable(url: str, reason: str) -> AnsibleError:
    return AnsibleError(
        f"{shown(url)} cannot be fetched: {reason}; check that it can be reached from this machine, or {_INSTEAD}"
    )
