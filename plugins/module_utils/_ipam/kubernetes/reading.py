# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields of what an API server sent, each of the type that it must be: a server is not always what it seems to be (pure).

``what`` names the object in the sentence, ``field`` is its place in it, with dots. An optional field may be null.
"""

from __future__ import annotations

import typing as t

from ..._texts import plain
from ..model import IpamError

Object = t.Dict[str, t.Any]
# no name, uid, version or label of Kubernetes is longer; an annotation may be
_LONGEST = 1024
_LONGEST_CONTINUE = 16 * 1024
_INT64 = 2**63


class Malformed(IpamError):
    """Something that no API server sends."""


def malformed(what: str, fault: str) -> Malformed:
    """The sentence for an object that is not what it should be."""
    return Malformed(
        f"the Kubernetes API sent {plain(what, 400)} {fault}; see whether host or kubeconfig name the right server, "
        "and what answers in its place"
    )


def mapping(value: object, what: str, field: str) -> Object:
    """A dictionary that must be there."""
    if isinstance(value, dict):
        return value
    raise _wrong(what, field, value, "a dictionary")


def optional_mapping(value: object, what: str, field: str) -> Object:
    """A dictionary, empty where there is none."""
    return {} if value is None else mapping(value, what, field)


def sequence(value: object, what: str, field: str) -> list[t.Any]:
    """A list that must be there."""
    if isinstance(value, list):
        return value
    raise _wrong(what, field, value, "a list")


def mappings(value: object, what: str, field: str) -> list[Object]:
    """A list of dictionaries, empty where there is none."""
    if value is None:
        return []
    return [mapping(each, what, f"{field}[{index}]") for index, each in enumerate(sequence(value, what, field))]


def text(owner: Object, key: str, what: str, field: str) -> str:
    """A string that must be there, and not be empty."""
    value = owner.get(key)
    if isinstance(value, str) and value and len(value) <= _LONGEST:
        return value
    raise _wrong(what, f"{field}.{key}", value, "a string")


def optional_text(owner: Object, key: str, what: str, field: str, longest: int = _LONGEST) -> str:
    """A string, empty where there is none."""
    value = owner.get(key)
    if value is None:
        return ""
    if isinstance(value, str) and len(value) <= longest:
        return value
    raise _wrong(what, f"{field}.{key}", value, "a string")


def texts(value: object, what: str, field: str) -> dict[str, str]:
    """A dictionary of strings, as labels and annotations are; empty where there is none."""
    found = optional_mapping(value, what, field)
    for key, each in found.items():
        if not isinstance(each, str):
            raise _wrong(what, f"{field}.{plain(key, 80)}", each, "a string")
    return found


def boolean(owner: Object, key: str, what: str, field: str) -> bool:
    """True or false, which must be there."""
    value = owner.get(key)
    if isinstance(value, bool):
        return value
    raise _wrong(what, f"{field}.{key}", value, "true or false")


def optional_number(owner: Object, key: str, what: str, field: str) -> int | None:
    """A whole number of 64 bits, or None."""
    value = owner.get(key)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and -_INT64 <= value < _INT64):
        return value
    raise _wrong(what, f"{field}.{key}", value, "a whole number")


def following(metadata: Object, what: str) -> str:
    """The token of the next page, empty on the last one."""
    return optional_text(metadata, "continue", what, "metadata", _LONGEST_CONTINUE)


def _wrong(what: str, field: str, value: object, wanted: str) -> Malformed:
    if value is None or value == "":
        return malformed(what, f"without {field}")
    shown = (
        f"a string of {len(value)} characters" if isinstance(value, str) and len(value) > _LONGEST else plain(value, 80)
    )
    return malformed(what, f"with {field} {shown}, where {wanted} belongs")
