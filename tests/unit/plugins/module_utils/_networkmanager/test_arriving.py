# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What proves that the controller still comes through: real TCP connections on loopback."""

from __future__ import annotations

import contextlib
import socket
import time
import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._networkmanager.arriving import (
    Arrival,
    connected_from,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._reaching import knocking


@pytest.fixture(params=["127.0.0.1", "::1"])
def listener(request: pytest.FixtureRequest) -> t.Iterator[tuple[str, int]]:
    """Somebody who answers, as sshd does."""
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    try:
        server = socket.create_server((request.param, 0), family=family)
    except OSError:
        pytest.skip("there is no IPv6 here")
    with server:
        yield request.param, server.getsockname()[1]


def until(condition: t.Callable[[], bool]) -> bool:
    """Whether it comes true within five seconds."""
    deadline = time.monotonic() + 5
    while not condition():
        if time.monotonic() > deadline:
            return False
    return True


def test_a_connection_that_comes_after_the_first_look_counts(listener: tuple[str, int]) -> None:
    with contextlib.closing(socket.socket(socket.AF_INET6 if ":" in listener[0] else socket.AF_INET)) as connection:
        connection.bind(("", 0))
        arrival = Arrival([connection.getsockname()[1]])
        assert not arrival.has_come(any_counts=False)
        connection.connect(listener)
        assert until(lambda: arrival.has_come(any_counts=False))


def test_a_connection_from_before_proves_nothing_unless_it_was_begun_after_the_change(
    listener: tuple[str, int],
) -> None:
    with contextlib.closing(socket.create_connection(listener)) as connection:
        ports = [connection.getsockname()[1]]
        assert until(lambda: connected_from(ports) == set(ports))
        assert not Arrival(ports).has_come(any_counts=False)
        assert Arrival(ports).has_come(any_counts=True)


def test_who_does_not_get_an_answer_has_not_come() -> None:
    """The port is bound, and nobody listens where it goes."""
    with contextlib.closing(socket.socket()) as connection:
        connection.bind(("127.0.0.1", 0))
        with contextlib.suppress(OSError):
            connection.connect(("127.0.0.1", 9))
        assert not Arrival([connection.getsockname()[1]]).has_come(any_counts=True)


def test_nobody_is_awaited_where_nobody_will_knock() -> None:
    arrival = Arrival([])
    assert not arrival.has_come(any_counts=True)
    assert not arrival.is_awaited


def test_the_controller_knocks_from_the_ports_that_it_names(listener: tuple[str, int]) -> None:
    with knocking(*listener) as ports:
        assert until(lambda: bool(connected_from(ports)))


def test_a_name_that_is_unknown_is_no_error() -> None:
    with knocking("no-such-name.invalid", 22) as ports:
        assert ports == []
