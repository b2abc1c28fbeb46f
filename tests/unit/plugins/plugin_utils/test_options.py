# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that every change has: out of range is refused before anything is sent."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import Request
from ansible_collections.elemental.networking.plugins.plugin_utils._failures import InvalidInput
from ansible_collections.elemental.networking.plugins.plugin_utils._transaction.options import (
    check_trial,
    common_request,
)


def request(probes: t.Any = None, deadline: int = 60) -> Request:
    """The request of these options."""
    return common_request({"machine": "node1", "deadline": deadline, "probes": probes}, "node1", False)


@pytest.mark.parametrize(
    ("probe", "words"),
    [
        ({"type": "gateway", "timeout": 3600.0}, "at most 30 s, half of the deadline"),
        ({"type": "gateway", "timeout": 30.1}, "at most 30 s"),
        ({"type": "gateway", "timeout": 0.0}, "timeout is 0 s"),
        ({"type": "gateway", "timeout": -1.0}, "timeout is -1 s"),
        ({"type": "gateway", "timeout": float("nan")}, "timeout is nan s"),
        ({"type": "gateway", "timeout": float("inf")}, "timeout is inf s"),
        ({"type": "tcp", "target": "a", "port": 0}, "port is 0; give 1 to 65535"),
        ({"type": "tcp", "target": "a", "port": 65536}, "port is 65536"),
        ({"type": "tcp", "target": "a"}, "needs port"),
        ({"type": "ping", "target": ""}, "needs target"),
        ({"type": "ping", "target": "a\nb"}, "cannot be printed"),
        ({"type": "ping", "target": "a" * 300}, "longer than 253"),
        ({"type": "gateway", "name": "\x1b[31m"}, "cannot be printed"),
        ({"type": "command", "command": "true\0"}, "NUL"),
    ],
)
def test_a_probe_out_of_range_is_refused(probe: dict[str, t.Any], words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        request([probe])
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_too_many_probes_are_refused() -> None:
    with pytest.raises(InvalidInput, match="at most 64"):
        request([{"type": "gateway", "name": str(number)} for number in range(65)])


def test_defaults_fit_into_a_short_deadline() -> None:
    probes = request([{"type": "command", "command": "true"}, {"type": "gateway"}], deadline=5).probes
    assert [probe.timeout for probe in probes] == [2.5, 1.0]
    assert [probe.timeout for probe in request(None).probes] == [1.0, 2.0]
    assert request([{"type": "tcp", "target": "a", "port": 1, "timeout": 30.0}]).probes[0].name == "tcp a:1"


@pytest.mark.parametrize(("deadline", "probes"), [("", ""), (None, None), (60, " ")])
def test_variables_that_are_not_set_leave_the_defaults_to_the_push(deadline: object, probes: object) -> None:
    assert check_trial(deadline, probes) == {"deadline": 60}


def test_variables_are_read_once_for_the_check_and_for_the_push() -> None:
    assert check_trial("90", "[]") == {"deadline": 90, "probes": []}
    trial = check_trial(90, "[{type: ping, target: 192.0.2.1, timeout: 40}]")
    (probe,) = common_request({"machine": "node1", **trial}, "node1", False).probes
    assert (probe.target, probe.timeout) == ("192.0.2.1", 40.0)
    with pytest.raises(InvalidInput, match="machine_network_probes cannot be read as YAML"):
        check_trial(60, "[")
