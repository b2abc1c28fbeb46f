# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The conversation between controller and node: its versions, its codes, and the phases of a trial."""

from __future__ import annotations

import inspect
import itertools
import json
import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils import _errors
from ansible_collections.elemental.networking.plugins.module_utils._node import protocol
from ansible_collections.elemental.networking.plugins.module_utils._node.admission import check_request
from ansible_collections.elemental.networking.plugins.module_utils._node.main import serve_controller
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import (
    AnyRequest,
    Confirm,
    Knock,
    NodeError,
    Probe,
    Refusal,
    Render,
    Request,
    Stage,
    StageReset,
    WantedProfile,
    WrongPhase,
    advance,
    to_json,
)

PHASES = tuple(protocol.TRANSITIONS)
ALLOWED = {
    ("opening", "staged"),
    ("staged", "activated"),
    ("activated", "persisting"),
    ("persisting", "confirmed"),
    # whatever happened it can be rolled back, at once or, where an interface does not come up again, later
    *itertools.product(
        ("opening", "staged", "activated", "persisting", "withdrawn", "damaged", "lost"), ("withdrawn", "rolled_back")
    ),
}


@pytest.mark.parametrize(("phase", "following"), list(itertools.product(PHASES, PHASES)))
def test_which_phase_follows_which(phase: str, following: str) -> None:
    if (phase, following) in ALLOWED:
        assert advance(phase, following) == following
        return
    with pytest.raises(WrongPhase, match=f"from phase {phase} to {following}"):
        advance(phase, following)


def test_a_phase_that_there_is_not_leads_nowhere() -> None:
    with pytest.raises(WrongPhase):
        advance("", "rolled_back")


def test_the_codes_of_a_node_are_codes_of_the_collection() -> None:
    assert set(protocol.CODES) <= set(_errors.CODES)
    assert len(set(protocol.CODES)) == len(protocol.CODES)


def subclasses(kind: type[NodeError]) -> t.Iterator[type[NodeError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from subclasses(each)


def test_every_failure_of_a_node_has_a_code() -> None:
    assert {each.code for each in subclasses(NodeError)} <= set(protocol.CODES)


def test_the_conversation_has_types() -> None:
    """A mistake there strands a host."""
    assert "Any]" not in inspect.getsource(protocol)
    assert "t.Any" not in inspect.getsource(protocol)


KNOCK = Knock("192.0.2.9", (40000, 40001), 22, 40002, "word")
COMMON = Request(
    "node1",
    60,
    "192.0.2.1",
    only_known=True,
    check=True,
    controller="here",
    token="0123",
    take_over="4567",
    probes=(Probe("tcp", "tcp", "192.0.2.1", 22, "", 2.5),),
    more_files={"/oem/network.yaml": None},
    knock=KNOCK,
    required=("eth0.nmconnection",),
    identities=("abc",),
    takes_over_files=True,
    is_proven=True,
    former="node0",
)
REQUESTS: t.Sequence[AnyRequest] = [
    Stage(COMMON, (WantedProfile("eth0.nmconnection", "uuid", "ethernet", None, "[connection]"),)),
    Stage(Request("node1", 60, token="0123")),
    StageReset(COMMON, ("192.0.2.9",)),
    Confirm("0123", "192.0.2.1", fresh=True, knock=KNOCK),
    Confirm("0123", "192.0.2.1", fresh=False, knock=None),
    Render("nmc", "{}", "node1", only_known=True, is_proven=True, former="node0"),
]


@pytest.mark.parametrize("request_sent", REQUESTS, ids=lambda request: type(request).__name__)
def test_a_request_arrives_as_it_was_sent(request_sent: AnyRequest) -> None:
    found = check_request(json.loads(json.dumps(to_json(request_sent))))
    assert (type(found), found) == (type(request_sent), request_sent)


@pytest.mark.parametrize("version", [0, 2, "1", None, True, [1], 10**400])
@pytest.mark.parametrize("request_sent", REQUESTS, ids=lambda request: type(request).__name__)
def test_a_request_of_another_version_is_refused_in_one_sentence(version: object, request_sent: AnyRequest) -> None:
    answer = serve_controller({**to_json(request_sent), "version": version, "of": "tomorrow"}, "the program")
    assert isinstance(answer, Refusal)
    assert answer.code == protocol.MISSING_REQUIREMENT
    assert "update the collection on the controller and run again; nothing was changed" in answer.msg
    assert "\n" not in answer.msg


@pytest.mark.parametrize("content", [None, [], "x", {"version": 1}, {"version": 1, "operation": "confirm"}])
def test_what_is_not_a_request_is_invalid(content: object) -> None:
    answer = serve_controller(content, "the program")
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.msg.partition(":")[0]) == (
        protocol.INVALID_INPUT,
        "the request to this host is not valid",
    )


@pytest.mark.parametrize("request_sent", REQUESTS, ids=lambda request: type(request).__name__)
def test_a_secret_is_not_in_what_is_logged(request_sent: AnyRequest) -> None:
    assert "[connection]" not in repr(request_sent)
    assert "{}" not in repr(request_sent)
