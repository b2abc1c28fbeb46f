# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels and annotations of a pool's manifest, by the rules of an API server (pure)."""

from __future__ import annotations

import re
import typing as t

from .._texts import plain
from .errors import InvalidInput
from .names import is_subdomain

Pairs = t.Tuple[t.Tuple[str, str], ...]

_LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?\Z")
_KEY_NAME = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\Z")
_MOST_ANNOTATIONS = 256 * 1024  # bytes of all keys and values, as an API server counts
_SHOWN = 80
# what kubectl notes about itself in each object that it applies; in a file it is of another object, or out of date
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def labels_of(owner: str, metadata: t.Mapping[str, t.Any]) -> Pairs:
    """The labels, sorted. Raises IpamError for what an API server refuses; ``owner`` begins its sentence, as "pool p"."""
    found = _pairs(owner, metadata, "labels")
    for key, value in found:
        if not _LABEL_VALUE.match(value):
            raise InvalidInput(
                f"{owner}: metadata.labels.{key} is {plain(value, _SHOWN)}, which is not a valid label value;"
                " use up to 63 letters, digits, dashes, dots and underscores"
            )
    return found


def annotations_of(owner: str, metadata: t.Mapping[str, t.Any]) -> Pairs:
    """The annotations, sorted, without kubectl's own. Raises IpamError for what an API server refuses."""
    found = tuple(each for each in _pairs(owner, metadata, "annotations") if each[0] != _LAST_APPLIED)
    if sum(len(text.encode()) for each in found for text in each) > _MOST_ANNOTATIONS:
        raise InvalidInput(
            f"{owner}: metadata.annotations are larger than {_MOST_ANNOTATIONS // 1024} KiB; shorten them"
        )
    return found


def merged(known: Pairs, given: Pairs) -> Pairs:
    """What there is after ``given`` was set: what it does not name belongs to others and stays."""
    return tuple(sorted({**dict(known), **dict(given)}.items()))


def _pairs(owner: str, metadata: t.Mapping[str, t.Any], field: str) -> Pairs:
    value = metadata.get(field)
    if value is None:
        return ()
    if not isinstance(value, t.Mapping):
        raise InvalidInput(f"{owner}: metadata.{field} must be a dictionary of strings")
    for key, each in value.items():
        if not _is_key(key):
            raise InvalidInput(
                f"{owner}: {plain(key, _SHOWN)} in metadata.{field} is not a valid key; write it as site or example.com/site"
            )
        if not isinstance(each, str):
            raise InvalidInput(f"{owner}: metadata.{field}.{key} must be a string; put it in quotes")
    return tuple(sorted(value.items()))


def _is_key(key: object) -> bool:
    """Whether this is a qualified name: a name, with the DNS subdomain of its owner before a slash, or without."""
    if not isinstance(key, str):
        return False
    prefix, slash, name = key.rpartition("/")
    return _KEY_NAME.match(name) is not None and (is_subdomain(prefix) if slash else True)
