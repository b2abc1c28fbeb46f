# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The border between a host and the controller: `read_answer` is the one way in for what a host answers.

A host may be hostile. What it answers is bounded in size, has the types and keys of an answer that the request can have, and is fit to be
shown. `_action.NetworkAction` marks as untrusted what leaves the action afterwards.

The answers are those of the protocol. To add a field to one, add a line to its class there, and its check to ``_CHECKS`` here. Where it is
missing it is the default.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import math
import re
import socket
import typing as t

from ansible_collections.elemental.networking.plugins.module_utils import _errors
from ansible_collections.elemental.networking.plugins.module_utils._host_keys import valid_host_keys
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import (
    ANSWERS,
    CODES,
    ELSEWHERE,
    POSSIBLE_ANSWERS,
    STATES,
    VERSION,
    Answer,
    AnyRequest,
    Busy,
    Confirm,
    Detail,
    Judgement,
    OtherHost,
    OtherVersion,
    Refusal,
    Render,
    Rendered,
    Stage,
    Staged,
    StageReset,
    check_version,
    fields_of,
)
from ansible_collections.elemental.networking.plugins.module_utils._printable import lines, one_line
from ansible_collections.elemental.networking.plugins.plugin_utils._failures import Failure

# characters; a change of a thousand profiles is described in about a million, and a thousand keyfiles have less than half a million
_LONGEST_ANSWER = 4 * 1024 * 1024
_LONGEST_RENDERING = 1024 * 1024
_LONGEST_NUMBER = 20
_LONGEST_WORD = 2000
_MOST_ENTRIES = 5000
_NOT_OF_AN_ADDRESS = re.compile(r"[^0-9A-Fa-f:.]+")
_NESTED: t.Mapping[type, str] = {list: "a list", dict: "a dictionary"}
# what the user must know when an answer is not valid
_ROLLS_BACK = "what it began is rolled back automatically"
_CONSEQUENCES: t.Mapping[t.Type[AnyRequest], str] = {
    Stage: f"; {_ROLLS_BACK}",
    StageReset: f"; {_ROLLS_BACK}",
    Render: "; nothing was changed",
    Confirm: "",
}

Check = t.Callable[[t.Any, str], t.Any]


class InvalidAnswer(Failure):
    """A host answered what no host of ours answers; the text is one sentence for the user."""


class OtherRelease(InvalidAnswer):
    """A host answered in another version of the protocol."""

    code = _errors.MISSING_REQUIREMENT


class _Wrong(ValueError):
    """What is wrong with an answer, in a few words."""


# --- checks of values ---------------------------------------------------------------------------------------------


def _expect(is_right: bool, name: str, value: object, wanted: str) -> None:
    if not is_right:
        # what is nested may be nested too deep to be written
        shown = _NESTED.get(type(value)) or one_line(json.dumps(value)[:80], 60)
        raise _Wrong(f"{name} is {shown}, not {wanted}")


def _flag(value: t.Any, name: str) -> bool:
    _expect(isinstance(value, bool), name, value, "true or false")
    return bool(value)


def _string(value: t.Any, name: str) -> str:
    _expect(isinstance(value, str), name, value, "a string")
    return str(value)


def _sentence(value: t.Any, name: str) -> str:
    return one_line(_string(value, name))


def _word(value: t.Any, name: str) -> str:
    _expect(len(_string(value, name)) <= _LONGEST_WORD, name, value, "a short string")
    return lines(value)


def _lines(value: t.Any, name: str) -> str:
    return lines(_string(value, name))


def _content(value: t.Any, name: str) -> str:
    """The content of a file, which is not shown."""
    _expect(_string(value, name).isascii() or _is_unicode(value), name, value, "a string in UTF-8")
    return str(value)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _seconds(value: t.Any, name: str) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    _expect(is_number and math.isfinite(value) and value >= 0, name, value, "a number of seconds")
    return float(value)


def _state(value: t.Any, name: str) -> str:
    _expect(value in STATES, name, value, f"one of {', '.join(STATES)}")
    return str(value)


def _code(value: t.Any, name: str) -> str:
    _expect(value in CODES, name, value, f"one of {', '.join(CODES)}")
    return str(value)


def _detail(value: t.Any, name: str) -> Detail:
    """What a failure is about: a word, a number, several words, or words by word."""
    if isinstance(value, list):
        return t.cast("tuple[str, ...]", _each(_word, 100)(value, name))
    if isinstance(value, dict):
        return t.cast("dict[str, str]", _mapping(_word)(value, name))
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        _expect(math.isfinite(value), name, value, "a finite number")
        return float(value)
    return _word(value, name)


def _host_keys(value: t.Any, name: str) -> tuple[str, ...]:
    """Its public ssh host keys. Values that are not valid keys are left out: a host may have keys of a kind that is unknown here."""
    _expect(isinstance(value, list), name, None if isinstance(value, dict) else value, "a list")
    return valid_host_keys(value)


def _step_of_path(value: t.Any, name: str) -> str | int:
    is_index = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_ENTRIES
    return int(value) if is_index else _word(value, name)


def _each(check: Check, most: int = _MOST_ENTRIES) -> Check:
    def check_all(value: t.Any, name: str) -> tuple[t.Any, ...]:
        _expect(isinstance(value, list), name, None if isinstance(value, dict) else value, "a list")
        if len(value) > most:
            raise _Wrong(f"{name} has over {most} entries")
        return tuple(check(item, f"{name}[{number}]") for number, item in enumerate(value))

    return check_all


def _mapping(check: Check, check_key: Check = _word) -> Check:
    def check_all(value: t.Any, name: str) -> dict[str, t.Any]:
        _expect(isinstance(value, dict), name, None if isinstance(value, list) else value, "a dictionary")
        if len(value) > _MOST_ENTRIES:
            raise _Wrong(f"{name} has over {_MOST_ENTRIES} entries")
        return {check_key(key, f"a key of {name}"): check(item, f"a value of {name}") for key, item in value.items()}

    return check_all


def _difference(value: t.Any, name: str) -> dict[str, t.Any]:
    found = _mapping(_lines)(value, name)
    _expect(set(found) == {"before_header", "after_header", "before", "after"}, name, sorted(found), "a difference")
    return {key: one_line(text) if key.endswith("header") else text for key, text in found.items()}


# --- the answers --------------------------------------------------------------------------------------------------


def _outcome(value: t.Any, name: str) -> Judgement | None:
    if value is None:
        return None
    _expect(isinstance(value, dict), name, None if isinstance(value, list) else value, "a dictionary")
    return _read(Judgement, value)


def _optional(check: Check) -> Check:
    return lambda value, name: None if value is None else check(value, name)


_CHECKS: t.Mapping[t.Type[Answer], t.Mapping[str, Check]] = {
    Refusal: {"msg": _sentence, "code": _code, "details": _mapping(_detail)},
    OtherHost: {"machine": _word},
    Busy: {"holder": _word, "token": _word, "seconds": _seconds},
    Judgement: {
        "state": _state,
        "reason": _sentence,
        "host": _word,
        "addresses": _each(_word),
        "host_keys": _host_keys,
        "failed_after": _optional(_mapping(_sentence)),
        "waiting": _optional(_mapping(_sentence)),
        "code": _code,
    },
    Staged: {
        "changed": _flag,
        "reasons": _mapping(_sentence),
        "stale": _each(_word),
        "diff": _each(_difference),
        "warnings": _each(_sentence),
        "host": _word,
        "addresses": _each(_word),
        "new_addresses": _each(_word),
        "failed_before": _mapping(_sentence),
        "host_keys": _host_keys,
        "waiting": _mapping(_sentence),
        "renamed": _flag,
        "outcome": _outcome,
        "is_watched": _flag,
        "signals": _flag,
    },
    Rendered: {
        "output": _content,
        "files": _mapping(_content),
        "warnings": _each(_sentence),
        "error": _sentence,
        "path": _each(_step_of_path, 100),
    },
}


# --- the way in ---------------------------------------------------------------------------------------------------


def read_answer(text: object, request: AnyRequest) -> Answer:
    """What a host answered to a request, given as JSON. Raises InvalidAnswer for anything that is not an answer to it.

    Its addresses are IP addresses in their canonical spelling, or the one where the host was asked, which may be a name.
    """
    try:
        answer = _answer(_parsed(text, _LONGEST_RENDERING if isinstance(request, Render) else _LONGEST_ANSWER), request)
        _check_addresses(answer, _asked_at(request))
    except OtherVersion as other:
        raise OtherRelease(
            f"the host's answer is not valid: it is of {other} of the protocol, and this release reads version {VERSION}: install the same "
            f"release of elemental.networking on every controller of this host and run again{_consequence(request)}"
        ) from None
    except _Wrong as wrong:
        raise InvalidAnswer(f"the host's answer is not valid: {wrong}{_consequence(request)}") from None
    return answer


def _asked_at(request: AnyRequest) -> str:
    """The address at which the host was asked."""
    if isinstance(request, Confirm):
        return request.arrived_at
    return "" if isinstance(request, Render) else request.common.connected_address


def _consequence(request: AnyRequest) -> str:
    """What the user must know when an answer is not valid, as a clause."""
    is_check = isinstance(request, (Stage, StageReset)) and request.common.check
    return "; nothing was changed" if is_check else _CONSEQUENCES[type(request)]


def _parsed(text: object, longest: int) -> t.Any:
    if not isinstance(text, str):
        raise _Wrong("it is not a string")
    if len(text) > longest:
        raise _Wrong(f"it has over {longest} characters")
    try:
        return json.loads(text, parse_constant=_no_number, parse_int=_integer)
    except (ValueError, RecursionError):
        raise _Wrong("it is not JSON") from None


def _no_number(text: str) -> t.NoReturn:
    raise ValueError(text)


def _integer(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError
    return int(text)


def _answer(content: t.Any, request: AnyRequest) -> Answer:
    if not isinstance(content, dict):
        raise _Wrong("it is not a dictionary")
    check_version(content)
    kind, possible = content.get("answer"), POSSIBLE_ANSWERS[type(request)]
    if kind not in possible:
        raise _Wrong(f"it is not one of the answers {', '.join(possible)}")
    return _read(ANSWERS[str(kind)], fields_of(content, "answer"))


_Kind = t.TypeVar("_Kind")


def _read(kind: type[_Kind], content: t.Mapping[str, t.Any]) -> _Kind:
    checks = _CHECKS[kind]  # type: ignore[index]
    for key in content:
        if key not in checks:
            raise _Wrong(f"it has an unknown key, {one_line(key, 60)}")
    return kind(**{name: checks[name](value, name) for name, value in content.items()})


def _check_addresses(answer: Answer, asked_at: str) -> None:
    parts = (answer, answer.outcome) if isinstance(answer, Staged) else (answer,)
    named = [each for part in parts for each in getattr(part, "addresses", ())]
    named += answer.new_addresses if isinstance(answer, Staged) else ()
    for each in named:
        if each != asked_at and not is_address(each):
            raise _Wrong(f"{one_line(each, 60)} is not an IP address")
    if any(isinstance(part, Judgement) and part.state == ELSEWHERE and not part.addresses for part in parts):
        raise _Wrong("it is elsewhere, without an address")


def is_address(value: str) -> bool:
    """Whether it is an IP address in the spelling of the system, without a zone: nothing else becomes an argument of ssh."""
    family = socket.AF_INET6 if ":" in value else socket.AF_INET
    try:
        return socket.inet_ntop(family, socket.inet_pton(family, value)) == value
    except (OSError, ValueError):
        return False


def addresses_in(texts: t.Iterable[str]) -> frozenset[str]:
    """The IP addresses in keyfiles, in the spelling in which a host names them."""
    found = set()
    for word in (word for text in texts for word in _NOT_OF_AN_ADDRESS.split(text) if "." in word or ":" in word):
        with contextlib.suppress(ValueError):
            found.add(str(ipaddress.ip_address(word)))
    return frozenset(found)


def refuse_unexpected(addresses: t.Iterable[str], expected: t.Collection[str] | None, asked_at: str) -> None:
    """Raise InvalidAnswer where a host names an address that it cannot have; ``expected`` is None where it may have any, by a lease."""
    for each in addresses:
        if each == asked_at or (expected is not None and each in expected):
            continue
        if expected is not None:
            raise InvalidAnswer(
                f"the host's answer is not valid: {each} is not an address of its profiles; {_ROLLS_BACK}"
            )
        lease = ipaddress.ip_address(each)
        if lease.is_loopback or lease.is_link_local or lease.is_multicast or lease.is_unspecified:
            raise InvalidAnswer(f"the host's answer is not valid: {each} is not an address of a lease; {_ROLLS_BACK}")
