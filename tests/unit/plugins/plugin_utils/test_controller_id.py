# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a controller is named to others: a job of AWX by its number."""

from __future__ import annotations

import os
import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import Busy
from ansible_collections.elemental.networking.plugins.plugin_utils._host.controller_id import (
    is_dead,
    job_of,
    job_words,
    readable,
    this_controller,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._transaction import transaction

JOB = {"JOB_ID": "42", "AWX_HOST": "https://awx1.example:8043", "AWX_PRIVATE_DATA_DIR": "/var/lib/awx/awx_42_x"}
PROCESS = "f2a20943fb41 57 boot/pid:[1] 99"


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        (JOB, ("job=42@awx1.example",)),
        ({**JOB, "AWX_HOST": ""}, ("job=42",)),
        ({**JOB, "AWX_HOST": "awx1"}, ("job=42@awx1",)),
        ({"JOB_ID": "42"}, ()),  # another tool's
        ({**JOB, "JOB_ID": ""}, ()),
        ({**JOB, "JOB_ID": "42 x"}, ()),
        ({**JOB, "AWX_HOST": "https://a b/"}, ()),
        ({}, ()),
    ],
)
def test_what_the_environment_says_of_a_job(environment: dict[str, str], words: tuple[str, ...]) -> None:
    assert job_words(environment) == words


@pytest.mark.parametrize(
    ("controller", "words"),
    [
        (f"{PROCESS} job=42@awx1.example", "AWX job 42 on awx1.example"),
        (f"{PROCESS} job=42", "AWX job 42"),
        (PROCESS, "the Ansible controller f2a20943fb41 (process 57)"),
        ("another tool with a NetworkManager checkpoint", "another tool with a NetworkManager checkpoint"),
        (f"{PROCESS} job={{{{ x }}}}", f"{PROCESS} job={{{{ x }}}}"),
    ],
)
def test_a_controller_is_named_as_a_user_knows_it(controller: str, words: str) -> None:
    assert readable(controller) == words


def test_a_job_is_as_dead_as_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in JOB.items():
        monkeypatch.setenv(name, value)
    alive = this_controller()
    assert job_of(alive) == "AWX job 42 on awx1.example"
    assert not is_dead(alive)
    machine, _process, world, start, job = alive.split(" ")
    assert is_dead(" ".join((machine, str(os.getpid()), world, "1", job)))
    # in the container of another job nothing is known of it
    assert not is_dead(" ".join(("another", str(os.getpid()), world, start, job)))


@pytest.mark.parametrize(
    ("holder", "line"),
    [
        (
            f"{PROCESS} job=42@awx1",
            "m: waits up to 70 s for AWX job 42 on awx1: if that was cancelled, this host is rolled back by then",
        ),
        (PROCESS, "m: waits up to 70 s for the Ansible controller f2a20943fb41 (process 57)"),
    ],
)
def test_the_wait_for_a_cancelled_job_is_stated(monkeypatch: pytest.MonkeyPatch, holder: str, line: str) -> None:
    said: list[str] = []
    monkeypatch.setattr(transaction.time, "sleep", lambda _seconds: None)
    waiting: t.Any = object.__new__(transaction.Transaction)
    waiting._takeovers = waiting._looks = 0
    waiting._progress = transaction.Progress("m")
    monkeypatch.setattr(waiting._progress, "say", lambda sentence: said.append(f"m: {sentence}"))
    assert waiting._wait_for(Busy(holder, "token", 70.0), transaction.time.monotonic() + 1000) == ""
    assert said == [line]
