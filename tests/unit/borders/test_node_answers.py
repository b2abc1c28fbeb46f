# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The border host -> controller: whatever a host answers, the controller gets an answer that it can rely on, or one sentence."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import math
import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import (
    ADDRESS_IN_USE,
    CODES,
    STATES,
    Answer,
    AnyRequest,
    Busy,
    Confirm,
    Judgement,
    OtherHost,
    Refusal,
    Render,
    Rendered,
    Request,
    Stage,
    Staged,
    StageReset,
    plain,
    to_json,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.tools.run import ToolRun
from ansible_collections.elemental.networking.plugins.module_utils._printable import lines, one_line
from ansible_collections.elemental.networking.plugins.module_utils._render import RenderError
from ansible_collections.elemental.networking.plugins.module_utils._render.generated import render_generated
from ansible_collections.elemental.networking.plugins.plugin_utils._host.answer import (
    InvalidAnswer,
    OtherRelease,
    addresses_in,
    read_answer,
    refuse_unexpected,
)
from ansible_collections.elemental.networking.tests.unit.borders.bounds import bounded
from hypothesis import given
from hypothesis import strategies as st

ASKED_AT = "node1.example"
COMMON = Request("node1", 60, connected_address=ASKED_AT)
REQUESTS: t.Sequence[AnyRequest] = [
    Stage(COMMON),
    StageReset(COMMON),
    Confirm("token", ASKED_AT, fresh=False, knock=None),
    Render("nmstate", "{}", "node1"),
]
JUDGEMENT = Judgement("elsewhere", host="x", addresses=("192.0.2.9", ASKED_AT), failed_after={})
# as hosts of ours answer
ANSWERS: t.Sequence[Answer] = [
    Refusal(
        "no", ADDRESS_IN_USE, {"addresses": {"192.0.2.9": "52:54:00:00:00:01"}, "seconds": 4.5, "names": ("a", "b")}
    ),
    OtherHost("node2"),
    Busy("controller 1 world 2", "t", 4.5),
    Staged(),
    Staged(
        changed=True,
        reasons={"eth0.nmconnection": "content differs"},
        stale=("eth1.nmconnection",),
        diff=({"before_header": "a", "after_header": "a", "before": "x\n", "after": "y\n"},),
        warnings=("careful",),
        host="x",
        addresses=("192.0.2.9", "2001:db8::1"),
        failed_before={"gateway": ""},
        outcome=JUDGEMENT,
    ),
    JUDGEMENT,
    Judgement("confirmed", host="x", failed_after={"dns": "no answer"}),
    Rendered(output="x", files={"a": "b"}, warnings=("w",), path=("interfaces", 0)),
]
VALID: t.Sequence[dict[str, t.Any]] = [json.loads(json.dumps(to_json(each))) for each in ANSWERS]
HOSTILE = st.sampled_from(
    [
        "{{ lookup('pipe', 'id') }}",
        "\x1b]0;owned\x07",
        "-oProxyCommand=id",
        "fe80::1%eth0",
        "\ud800",
        "a" * 5000,
        "192.0.2.01",
        "\u202e",
    ]
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30), HOSTILE, st.just(10**30), st.just(-1)
)
KEYS = st.one_of(st.sampled_from([key for each in VALID for key in each]), st.text(max_size=10), HOSTILE)
VALUES = st.recursive(
    SCALARS, lambda more: st.one_of(st.lists(more, max_size=4), st.dictionaries(KEYS, more, max_size=4)), max_leaves=12
)


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, t.Any]:
    """A valid answer with some of its values, at any depth, replaced, and perhaps a key more or less."""
    answer = json.loads(json.dumps(draw(st.sampled_from(VALID))))
    for _number in range(draw(st.integers(1, 3))):
        part = answer
        while isinstance(part, (dict, list)) and part:
            key = draw(st.sampled_from(sorted(part)) if isinstance(part, dict) else st.integers(0, len(part) - 1))
            if not isinstance(part[key], (dict, list)) or not part[key] or draw(st.booleans()):
                part[key] = draw(VALUES)
                break
            part = part[key]
        if draw(st.booleans()):
            answer[draw(KEYS)] = draw(VALUES)
    return t.cast("dict[str, t.Any]", answer)


def strings(value: object) -> t.Iterator[str]:
    if isinstance(value, str):
        yield value
    for item in (
        [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    ):
        yield from strings(item)


def is_fit(text: str) -> bool:
    return lines(text) == text


def said(kind: str, **fields: t.Any) -> str:
    """The JSON of an answer."""
    return json.dumps({"version": 1, "answer": kind, **fields})


def read(text: object, request: AnyRequest) -> object:
    """Read an answer as the controller does; None where it is refused, with one sentence."""
    try:
        with bounded():
            answer = read_answer(text, request)
            if isinstance(answer, (Judgement, Staged)):
                refuse_unexpected(answer.addresses, None, ASKED_AT)
    except InvalidAnswer as error:
        sentence = str(error)
        assert sentence.startswith("the host's answer is not valid: "), sentence
        assert "\n" not in sentence, sentence
        assert is_fit(sentence), sentence
        assert len(sentence) < 1000, sentence
        return None
    return answer


@pytest.mark.parametrize(("kind", "key"), [("staged", "changed"), ("refusal", "msg"), ("busy", "holder")])
def test_an_answer_may_be_nested_as_deep_as_it_can_be_read(kind: str, key: str) -> None:
    """What is read at the limit of the recursion cannot be written again."""
    for depth in range(500, 1100):
        assert read(f'{said(kind)[:-1]}, "{key}": {"[" * depth}{"]" * depth}}}', REQUESTS[0]) is None


def see_that_it_is_safe(answer: object) -> None:
    if isinstance(answer, Rendered):
        assert all(is_fit(text) for text in (answer.error, *answer.warnings))
        return
    for text in strings(plain(answer)):
        assert is_fit(text), text
    if isinstance(answer, Busy):
        assert math.isfinite(answer.seconds)
        assert answer.seconds >= 0
    if isinstance(answer, (Judgement, Staged)):
        for address in answer.addresses:
            assert address == ASKED_AT or str(ipaddress.ip_address(address)) == address


@given(st.one_of(mutated(), VALUES), st.sampled_from(REQUESTS))
def test_any_json_is_an_answer_or_one_sentence(content: object, request: AnyRequest) -> None:
    answer = read(json.dumps(content), request)
    if answer is not None:
        see_that_it_is_safe(answer)


@given(
    st.one_of(st.text(), st.binary().map(lambda raw: raw.decode(errors="surrogateescape")), VALUES),
    st.sampled_from(REQUESTS),
)
def test_any_text_is_an_answer_or_one_sentence(text: object, request: AnyRequest) -> None:
    assert read(text, request) is None or isinstance(text, str)


@given(st.recursive(HOSTILE | st.text(), lambda more: st.lists(more, max_size=3), max_leaves=4), st.text())
def test_what_a_tool_on_a_host_prints_is_profiles_or_one_sentence(path: object, output: str) -> None:
    answer = read(said("rendered", output=output, path=path if isinstance(path, list) else [path]), REQUESTS[3])
    for error in ("", "it failed") if isinstance(answer, Rendered) else ():
        with bounded(), pytest.raises(RenderError):
            rendered(answer._replace(error=error))


def rendered(answer: Rendered) -> object:
    run = ToolRun(*answer)
    return render_generated("nmstate", {"interfaces": [{"name": "eth0", "type": "ethernet"}]}, lambda *_: run)


_LAUGHS = "a: &a [x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefghijklm", "bcdefghijklmn")
)
_EXPENSIVE: t.Mapping[str, str] = {
    "laughs": _LAUGHS + "NetworkManager: [[x, *n]]",
    "cycle": "NetworkManager: &a [*a, *a]",
    "deep": "NetworkManager: " + "[" * 100_000,
    "deep blocks": "- " * 50_000 + "x",
    "flood": "NetworkManager: [" + "a," * 400_000 + "a]",
    "number of base 60": "NetworkManager: [[x, 1" + ":00" * 300_000 + "]]",
    "fraction of base 60": "NetworkManager: [[x, 1" + ":00" * 250 + ":00.5]]",
    "number without digits": 'NetworkManager: [[x, !!int ""]]',
    "date without digits": "NetworkManager: [[x, !!timestamp y]]",
}


@pytest.mark.parametrize("output", _EXPENSIVE.values(), ids=_EXPENSIVE)
def test_expensive_yaml_of_a_tool_is_refused(output: str) -> None:
    answer = read(said("rendered", output=output), REQUESTS[3])
    assert isinstance(answer, Rendered)
    with bounded(), pytest.raises(RenderError, match="something else than profiles"):
        rendered(answer)


_HEAD = "[connection]\nid=eth0\ntype=ethernet\n"
_ADDRESSES = "".join(
    f"address{number}=10.{number >> 8}.{number & 255}.1/{16 + number % 9},9.{number >> 8}.{number & 255}.1\n"
    for number in range(20_000)
)
_EXPENSIVE_KEYFILES = {
    "addresses": f"{_HEAD}[ipv4]\n{_ADDRESSES}",
    "sections": _HEAD + "[ipv4]\n[ipv6]\n" * 60_000,
    "spaces": _HEAD + "[ipv4]\nx=" + " " * 900_000 + "y\n",
    "keys": _HEAD + "".join(f"{number}=\n" for number in range(100_000)),
}


@pytest.mark.parametrize("text", _EXPENSIVE_KEYFILES.values(), ids=_EXPENSIVE_KEYFILES)
def test_expensive_keyfiles_of_a_tool_take_no_time(text: str) -> None:
    with bounded():
        answer = read(said("rendered", files={"eth0": text}), REQUESTS[3])
        assert isinstance(answer, Rendered)
        with contextlib.suppress(RenderError):
            rendered(answer)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[" * 1_000_000, "it is not JSON"),
        ('{"a":' * 500_000, "it is not JSON"),
        (said("busy", seconds=math.nan), "it is not JSON"),
        (said("busy", seconds=-math.inf), "it is not JSON"),
        (said("busy", seconds=1).replace(" 1}", " 1e999}"), "seconds is Infinity, not a number of seconds"),
        (said("busy", seconds=1).replace(" 1}", f" {'9' * 1_000_000}}}"), "it is not JSON"),
        (said("busy", seconds=True), "seconds is true, not a number of seconds"),
        (" " * 5_000_000, "it has over 4194304 characters"),
        (said("staged", warnings=[""] * 1_000_000), "warnings has over 5000 entries"),
        (said("staged", diff=[[]] * 1_000_000), "diff has over 5000 entries"),
        (said("staged", addresses=["fe80::1%eth0"]), "fe80::1%eth0 is not an IP address"),
        (said("staged", addresses=["-oProxyCommand=id"]), "-oProxyCommand=id is not an IP address"),
        (said("staged", addresses=["192.0.2.010"]), "192.0.2.010 is not an IP address"),
        (said("staged", outcome={"state": "elsewhere"}), "it is elsewhere, without an address"),
        (said("staged", outcome={"state": "silent"}), f'state is "silent", not one of {", ".join(STATES)}'),
        (said("refusal", code="because"), f'code is "because", not one of {", ".join(CODES)}'),
        (said("refusal", details={"a": True}), "a value of details is true, not a string"),
        (said("judgement"), "it is not one of the answers refusal, other_host, busy, staged"),
        (said("staged", ansible_facts={}), "it has an unknown key, ansible_facts"),
        ('{"version": 1}', "it is not one of the answers refusal, other_host, busy, staged"),
    ],
)
def test_what_is_not_an_answer_is_refused_with_a_reason(text: str, what: str) -> None:
    with bounded(), pytest.raises(InvalidAnswer) as refused:
        read_answer(text, REQUESTS[0])
    assert str(refused.value) == f"the host's answer is not valid: {what}; what it began is rolled back automatically"


@pytest.mark.parametrize("sent", ANSWERS, ids=lambda sent: type(sent).__name__)
def test_what_hosts_of_ours_answer_is_valid(sent: Answer) -> None:
    """To one of the requests at least, and all of it comes through."""
    text = json.dumps(to_json(sent))
    found = [answer for answer in (read(text, request) for request in REQUESTS) if answer is not None]
    assert found
    assert all((type(answer), answer) == (type(sent), sent) for answer in found)


@pytest.mark.parametrize(
    ("version", "named"),
    [(2, "version 2"), (0, "version 0"), ("1", "an unknown version"), (None, "an unknown version")],
)
@pytest.mark.parametrize("request_sent", REQUESTS, ids=lambda request: type(request).__name__)
def test_an_answer_of_another_version_says_what_to_do(version: object, named: str, request_sent: AnyRequest) -> None:
    """Whatever else is in it: nothing of it is understood."""
    with pytest.raises(OtherRelease) as refused:
        read_answer(json.dumps({"version": version, "answer": "of tomorrow", "x": 1}), request_sent)
    sentence = str(refused.value)
    assert f"it is of {named} of the protocol, and this release reads version 1: install the same release" in sentence
    assert "\n" not in sentence
    assert refused.value.code == "missing_requirement"


def test_a_host_that_does_not_end_its_sentence_is_cut_short() -> None:
    answer = read_answer(said("refusal", msg="a\x1b[31m\n" * 100_000), REQUESTS[0])
    assert isinstance(answer, Refusal)
    assert len(answer.msg) < 2010
    assert answer.msg.startswith(r"a\x1b[31m a\x1b[31m ")


@pytest.mark.parametrize(
    ("address", "expected", "is_refused"),
    [
        ("192.0.2.9", ["192.0.2.9"], False),
        ("192.0.2.8", ["192.0.2.9"], True),
        (ASKED_AT, [], False),
        ("192.0.2.8", None, False),
        ("127.0.0.1", None, True),
        ("fe80::1", None, True),
        ("224.0.0.1", None, True),
    ],
)
def test_a_host_leads_only_to_addresses_that_it_can_have(
    address: str, expected: list[str] | None, is_refused: bool
) -> None:
    """Those of its profiles, or any that a DHCP server gives."""
    refused = pytest.raises(InvalidAnswer) if is_refused else contextlib.nullcontext()
    with t.cast("t.ContextManager[object]", refused):
        refuse_unexpected([address], expected, ASKED_AT)


def test_the_addresses_of_keyfiles_are_found_in_every_form() -> None:
    text = "[ipv4]\naddress1=192.0.2.1/24,192.0.2.254\naddresses=192.0.2.2/24;192.0.2.3/24;\n[ipv6]\naddress1=2001:DB8:0::1/64\n"
    assert addresses_in([text]) == {"192.0.2.1", "192.0.2.254", "192.0.2.2", "192.0.2.3", "2001:db8::1"}


@given(st.text())
def test_what_is_shown_has_nothing_that_a_terminal_obeys(text: str) -> None:
    for shown in (one_line(text), lines(text)):
        assert shown.replace("\n", "").replace("\t", "").isprintable() or is_fit(shown)
        assert not any(
            ord(character) < 32 and character not in "\n\t" or 127 <= ord(character) < 160 for character in shown
        )
    assert "\n" not in one_line(text)
