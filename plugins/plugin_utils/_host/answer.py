# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The border between a host and the controller: `read_answer` is the one way in for what a host answers.

A host may be hostile. What it answers is bounded in size, has the types and keys of an answer that the request can have, and is fit to be
shown. `_action.NetworkAction` marks as untrusted what leaves the action afterwards.

To add a field to an answer, add a line to its class: ``name: type = field(default=..., metadata=checked(check))``.
Where it is missing it is the default.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import math
import re
import socket
import typing as t
from dataclasses import dataclass, field, fields

from ansible.errors import AnsibleError
from ansible_collections.elemental.networking.plugins.module_utils._host_keys import valid_host_keys
from ansible_collections.elemental.networking.plugins.module_utils._node.tools.run import ToolRun
from ansible_collections.elemental.networking.plugins.module_utils._printable import lines, one_line

# characters; a change of a thousand profiles is described in about a million, and a thousand keyfiles have less than half a million
_LONGEST_ANSWER = 4 * 1024 * 1024
_LONGEST_RENDERING = 1024 * 1024
_LONGEST_NUMBER = 20
_LONGEST_WORD = 2000
_MOST_ENTRIES = 5000
_NESTED: t.Mapping[type, str] = {list: "a list", dict: "a dictionary"}
_STATES = ("pending", "elsewhere", "confirmed", "rolled_back", "unknown", "refused")
# what the user has to know when an answer says nothing
_ROLLS_BACK = "whatever it began, it rolls back by itself"
_CONSEQUENCES = {
    "stage": f"; {_ROLLS_BACK}",
    "stage_reset": f"; {_ROLLS_BACK}",
    "render": "; nothing was changed",
    "confirm": "",
}

Check = t.Callable[[t.Any, str], t.Any]


class InvalidAnswer(AnsibleError):
    """A host answered what no host of ours answers; the text is one sentence for the user."""


class _Wrong(ValueError):
    """What is wrong with an answer, in a few words."""


def checked(check: Check) -> dict[str, Check]:
    """What a field of an answer carries: ``check(value, name)`` gives the value to keep or raises ``_Wrong``."""
    return {"check": check}


# --- checks of values ---------------------------------------------------------------------------------------------


def _expect(is_right: bool, name: str, value: object, wanted: str) -> None:
    if not is_right:
        # what is nested may be nested too deep to be written
        shown = _NESTED.get(type(value)) or one_line(json.dumps(value)[:80], 60)
        raise _Wrong(f"{name} is {shown}, not {wanted}")


def _flag(value: t.Any, name: str) -> bool:
    _expect(isinstance(value, bool), name, value, "true or false")
    return bool(value)


def _true(value: t.Any, name: str) -> bool:
    _expect(value is True, name, value, "true")
    return True


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
    _expect(value in _STATES, name, value, f"one of {', '.join(_STATES)}")
    return str(value)


def _host_keys(value: t.Any, name: str) -> tuple[str, ...]:
    """Its public ssh host keys. What is none is left out: keys of a kind that is not known here are no fault of a host."""
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


@dataclass(frozen=True)
class Refusal:
    """To any request: the host cannot or will not carry it out; ``msg`` is one sentence."""

    failed: bool = field(default=True, metadata=checked(_true))
    msg: str = field(default="it gave no reason", metadata=checked(_sentence))


@dataclass(frozen=True)
class OtherHost:
    """To a request over a claimed address: the host is not the machine that it was claimed for."""

    stranger: bool = field(default=True, metadata=checked(_true))


@dataclass(frozen=True)
class Busy:
    """To a request to stage: another controller (``busy``, as `_controller` writes it) holds the host for so many seconds."""

    busy: str = field(default="", metadata=checked(_word))
    token: str = field(default="", metadata=checked(_word))
    seconds: float = field(default=0.0, metadata=checked(_seconds))


@dataclass(frozen=True)
class Judgement:
    """To a request to confirm: the state of the trial; ``host`` identifies the host, ``addresses`` are where to connect to.

    ``waiting`` are the profiles of the change that are not up, with what each waits for, by file name.
    """

    state: str = field(default="pending", metadata=checked(_state))
    reason: str = field(default="", metadata=checked(_sentence))
    host: str = field(default="", metadata=checked(_word))
    addresses: tuple[str, ...] = field(default=(), metadata=checked(_each(_word)))
    host_keys: tuple[str, ...] = field(default=(), metadata=checked(_host_keys))
    failed_after: t.Mapping[str, str] | None = field(default=None, metadata=checked(_mapping(_sentence)))
    waiting: t.Mapping[str, str] | None = field(default=None, metadata=checked(_mapping(_sentence)))


def _judgement(value: t.Any, name: str) -> Judgement | None:
    _expect(isinstance(value, dict), name, None if isinstance(value, list) else value, "a dictionary")
    return _read(Judgement, value) if value else None


@dataclass(frozen=True)
class Staged:
    """To a request to stage: what changes, and where the host will be; ``outcome`` is there where it is known already."""

    changed: bool = field(default=False, metadata=checked(_flag))
    reasons: t.Mapping[str, str] = field(default_factory=dict, metadata=checked(_mapping(_sentence)))
    stale: tuple[str, ...] = field(default=(), metadata=checked(_each(_word)))
    diff: tuple[t.Mapping[str, str], ...] = field(default=(), metadata=checked(_each(_difference)))
    warnings: tuple[str, ...] = field(default=(), metadata=checked(_each(_sentence)))
    host: str = field(default="", metadata=checked(_word))
    addresses: tuple[str, ...] = field(default=(), metadata=checked(_each(_word)))
    new_addresses: tuple[str, ...] = field(default=(), metadata=checked(_each(_word)))
    failed_before: t.Mapping[str, str] = field(default_factory=dict, metadata=checked(_mapping(_sentence)))
    host_keys: tuple[str, ...] = field(default=(), metadata=checked(_host_keys))
    waiting: t.Mapping[str, str] = field(default_factory=dict, metadata=checked(_mapping(_sentence)))
    renamed: bool = field(default=False, metadata=checked(_flag))
    outcome: Judgement | None = field(default=None, metadata=checked(_judgement))


@dataclass(frozen=True)
class Rendered:
    """To a request to render: what the tool on the host made of the document, as in ``ToolRun``."""

    output: str = field(default="", metadata=checked(_content))
    files: t.Mapping[str, str] = field(default_factory=dict, metadata=checked(_mapping(_content)))
    warnings: tuple[str, ...] = field(default=(), metadata=checked(_each(_sentence)))
    error: str = field(default="", metadata=checked(_sentence))
    path: tuple[str | int, ...] = field(default=(), metadata=checked(_each(_step_of_path, 100)))

    def tool_run(self) -> ToolRun:
        """The run, as if the tool had run here."""
        return ToolRun(self.output, self.files, self.warnings, self.error, self.path)


Answer = t.Union[Refusal, OtherHost, Busy, Judgement, Staged, Rendered]

# by the key that tells it from the others
_KINDS: t.Mapping[str, type[Answer]] = {
    "failed": Refusal,
    "stranger": OtherHost,
    "busy": Busy,
    "state": Judgement,
    "changed": Staged,
    "output": Rendered,
}
_TO_STAGE = ("failed", "stranger", "busy", "changed")
_POSSIBLE = {
    "stage": _TO_STAGE,
    "stage_reset": _TO_STAGE,
    "confirm": ("failed", "state"),
    "render": ("failed", "stranger", "output"),
}


# --- the way in ---------------------------------------------------------------------------------------------------


def read_answer(text: object, request: t.Mapping[str, t.Any]) -> Answer:
    """What a host answered to a request, given as JSON. Raises InvalidAnswer for anything that is not an answer to it.

    Its addresses are IP addresses in their canonical spelling, or the one where the host was asked, which may be a name.
    """
    operation = request["operation"]
    try:
        longest = _LONGEST_RENDERING if operation == "render" else _LONGEST_ANSWER
        answer = _answer(_parsed(text, longest), _POSSIBLE[operation])
        _check_addresses(answer, str(request.get("arrived_at") or request.get("connected_address") or ""))
    except _Wrong as wrong:
        consequence = "; nothing was changed" if request.get("check") else _CONSEQUENCES[operation]
        raise InvalidAnswer(f"the host's answer is not valid: {wrong}{consequence}") from None
    return answer


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


def _answer(content: t.Any, possible: t.Sequence[str]) -> Answer:
    if not isinstance(content, dict):
        raise _Wrong("it is not a dictionary")
    found = [key for key in possible if key in content]
    if len(found) != 1:
        raise _Wrong(f"it has not one of the keys {', '.join(possible)}")
    return _read(_KINDS[found[0]], content)


_Kind = t.TypeVar("_Kind")


def _read(kind: type[_Kind], content: t.Mapping[str, t.Any]) -> _Kind:
    checks = {each.name: each.metadata["check"] for each in fields(kind)}  # type: ignore[arg-type]
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
    if any(isinstance(part, Judgement) and part.state == "elsewhere" and not part.addresses for part in parts):
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
    for word in (word for text in texts for word in re.split(r"[^0-9A-Fa-f:.]+", text)):
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
