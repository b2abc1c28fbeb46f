# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of an API server as bytes, and as objects: bounded, since the sender decides how much there is."""

from __future__ import annotations

import json
import typing as t

from .errors import CutOff
from .reading import Malformed, Object, malformed

# bytes; an object is at most 1.5 MiB in etcd, and a page that is too large is asked for again in smaller ones
LARGEST = 16 * 1024 * 1024
LARGEST_LINE = 4 * 1024 * 1024
# of lists, dictionaries and what they hold: each costs far more memory than its few bytes of JSON
_MOST = 1_000_000
_CHUNK = 64 * 1024


class TooLarge(Malformed):
    """An answer that is too large to be read."""


class NoJson(ValueError):
    """An answer that is not valid JSON, such as one of unknown length that was cut off."""


def whole(response: t.Any, host: str, what: str) -> bytes:
    """The whole content of a response, its connection given back. Raises TooLarge and CutOff."""
    data: bytes = response.read(LARGEST + 1, decode_content=False)
    if len(data) > LARGEST:
        response.close()
        raise _too_large(host, what, f"more than {LARGEST // 1024 // 1024} MiB")
    if getattr(response, "length_remaining", None):  # urllib3 finds that out with the next read alone
        response.close()
        raise CutOff(f"its answer to {what} was cut off")
    response.release_conn()
    return data


def parsed(data: bytes, host: str, what: str) -> Object:
    """The object in JSON. Raises NoJson, or Malformed where it is JSON but not an object."""
    if sum(data.count(mark) for mark in (b",", b":", b"{", b"[")) > _MOST:
        raise _too_large(host, what, f"more than {_MOST} values")
    try:
        value = json.loads(data)
    except ValueError:
        raise NoJson(f"its answer to {what} is not valid JSON") from None
    except RecursionError:
        raise malformed(f"the answer to {what}", "in a form that is nested without end") from None
    if not isinstance(value, dict):
        raise malformed(f"the answer to {what}", "in a form that is not an object")
    return value


def lines(response: t.Any, host: str, what: str) -> t.Iterator[bytes]:
    """The lines of a stream that are not empty; urllib3 gives chunks. Raises TooLarge for a line without an end."""
    rest: list[bytes] = []
    length = 0
    for chunk in response.stream(_CHUNK, decode_content=False):
        *complete, last = chunk.split(b"\n")
        if complete:
            complete[0] = b"".join([*rest, complete[0]])
            rest, length = [], 0
            yield from (line for line in complete if line)
        rest.append(last)
        length += len(last)
        if length > LARGEST_LINE:
            raise _too_large(host, what, f"a line of more than {LARGEST_LINE // 1024 // 1024} MiB")


def _too_large(host: str, what: str, size: str) -> TooLarge:
    return TooLarge(
        f"the Kubernetes API {host} answers with {size} to {what}; see whether host or kubeconfig name the right server, "
        "and what answers in its place"
    )
