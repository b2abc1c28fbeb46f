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
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.checks import inbound
from ansible_collections.elemental.networking.plugins.module_utils._node.checks.inbound import (
    Arrival,
    knocked_from,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import (
    Knock,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.system import tcp_lookup
from ansible_collections.elemental.networking.plugins.module_utils._node.system.tcp_lookup import connected_from
from ansible_collections.elemental.networking.plugins.module_utils._node.system.tcp_table import Connection, Way
from ansible_collections.elemental.networking.plugins.plugin_utils._host.knocking import knocking


class Door(t.NamedTuple):
    """Where somebody answers, as sshd does."""

    family: int
    address: str
    port: int

    def knock(self, *connections: socket.socket) -> Knock:
        """How these connections will come."""
        return Knock(
            self.address, tuple(connection.getsockname()[1] for connection in connections), self.port, 9, "word"
        )


@pytest.fixture(params=["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def door(request: pytest.FixtureRequest) -> t.Iterator[Door]:
    """IPv4, IPv6, and IPv4 to a server that listens on IPv6, as sshd may."""
    mapped = request.param.startswith("::ffff")
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    try:
        server = socket.socket(family)
        if mapped:
            server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        server.bind(("::" if mapped else request.param, 0))
        server.listen()
    except OSError:
        pytest.skip("there is no IPv6 here")
    with server:
        address = "127.0.0.1" if mapped else request.param
        yield Door(socket.AF_INET if mapped else family, address, server.getsockname()[1])


@pytest.fixture
def connection(door: Door) -> t.Iterator[socket.socket]:
    """The controller's, bound and not begun."""
    with contextlib.closing(socket.socket(door.family)) as connection:
        connection.bind((door.address, 0))
        yield connection


@pytest.fixture
def session(door: Door) -> t.Iterator[Connection]:
    """The connection over which the controller asks."""
    with contextlib.closing(socket.socket(door.family)) as connection:
        connection.bind((door.address, 0))
        connection.connect((door.address, door.port))
        yield Connection(Way(door.address, door.address, door.port), connection.getsockname()[1])


@pytest.fixture
def no_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not looked up is not found."""
    monkeypatch.setattr(inbound, "TABLES", (str(tmp_path / "none"),))


def until(condition: t.Callable[[], bool]) -> bool:
    """Whether it comes true within five seconds."""
    deadline = time.monotonic() + 5
    while not condition():
        if time.monotonic() > deadline:
            return False
    return True


def test_a_connection_that_comes_after_the_first_look_counts(door: Door, connection: socket.socket) -> None:
    arrival = Arrival(door.knock(connection))
    assert not arrival.has_come()
    connection.connect((door.address, door.port))
    assert until(arrival.has_come)


def test_a_connection_from_before_proves_nothing(door: Door, connection: socket.socket) -> None:
    connection.connect((door.address, door.port))
    knock = door.knock(connection)
    assert until(lambda: bool(knocked_from(knock)[0]))
    arrival = Arrival(knock)
    assert not arrival.has_come()
    assert not arrival.has_come()


@pytest.mark.usefixtures("no_tables")
def test_a_connection_is_looked_up_by_its_ends(door: Door, connection: socket.socket, session: Connection) -> None:
    arrival = Arrival(door.knock(connection), session=session)
    assert not arrival.has_come()
    assert not arrival.has_come(), "a server that listens is not a connection"
    connection.connect((door.address, door.port))
    assert until(arrival.has_come)


@pytest.mark.usefixtures("no_tables")
def test_a_connection_from_before_that_is_looked_up_proves_nothing(
    door: Door, connection: socket.socket, session: Connection
) -> None:
    connection.connect((door.address, door.port))
    assert until(lambda: bool(connected_from(session.way, (connection.getsockname()[1],))))
    arrival = Arrival(door.knock(connection), session=session)
    assert not any(arrival.has_come() for _look in range(3))


@pytest.mark.parametrize("port", [9, 99999])
def test_where_the_session_is_not_found_the_tables_are_searched(
    door: Door, connection: socket.socket, session: Connection, port: int
) -> None:
    """In a VRF, for example: what is looked up there is never found."""
    arrival = Arrival(door.knock(connection), session=session._replace(port=port))
    assert not arrival.has_come()
    connection.connect((door.address, door.port))
    assert until(arrival.has_come)


@pytest.mark.parametrize(
    "change", [{"remote": "192.0.2.1"}, {"local": "192.0.2.1"}, {"port": 9}, {"remote": "no address"}, {"local": ""}]
)
def test_another_connection_is_not_found(door: Door, session: Connection, change: t.Mapping[str, t.Any]) -> None:
    assert connected_from(session.way, (session.port,)) == {session.port}
    assert connected_from(session.way._replace(**change), (session.port,)) == set()


def test_a_kernel_that_tells_nothing_is_no_error(session: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was built without sock_diag, or a container may not ask."""
    monkeypatch.setattr(tcp_lookup, "_NETLINK_SOCK_DIAG", 31)
    assert connected_from(session.way, (session.port,)) == set()


@pytest.mark.parametrize(
    "change", [{"address": "192.0.2.1"}, {"target": 9}, {"ports": (9,)}, {"address": "no address"}]
)
def test_somebody_else_is_not_the_controller(
    door: Door, connection: socket.socket, change: t.Mapping[str, t.Any]
) -> None:
    """A connection with one thing in common is no proof."""
    connection.connect((door.address, door.port))
    knock = door.knock(connection)
    assert until(lambda: bool(knocked_from(knock)[0]))
    assert knocked_from(knock._replace(**change))[0] == set()


def test_who_does_not_get_an_answer_has_not_come() -> None:
    """The port is bound, and nobody listens where it goes."""
    with contextlib.closing(socket.socket()) as connection:
        connection.bind(("127.0.0.1", 0))
        with contextlib.suppress(OSError):
            connection.connect(("127.0.0.1", 9))
        assert not Arrival(Knock("127.0.0.1", (connection.getsockname()[1],), 9, 9, "word")).has_come()


def test_nobody_is_awaited_where_nobody_will_knock() -> None:
    arrival = Arrival(None)
    assert not arrival.has_come()
    assert not arrival.is_awaited


def test_the_controller_comes_when_the_host_rings(door: Door) -> None:
    """And not before, whatever else arrives at its bell."""
    with knocking(door.address, door.port, (60.0, 60.0)) as knocker:
        knock = knocker.knock
        assert knock
        with socket.socket(door.family, socket.SOCK_DGRAM) as stranger:
            stranger.sendto(b"", (knock.address, knock.bell))
            stranger.sendto(b"word", (knock.address, knock.bell))
        arrival = Arrival(knock)
        assert knocked_from(knock)[0] == set()
        assert not arrival.has_come()  # this rings
        assert until(arrival.has_come)
        assert len(knocked_from(knock)[0]) == 1


def test_where_no_ring_comes_through_the_controller_comes_after_a_while(door: Door) -> None:
    with knocking(door.address, door.port, (0.0, 0.1)) as knocker:
        knock = knocker.knock
        assert knock
        assert until(lambda: knocked_from(knock)[0] == set(knock.ports))


def test_a_name_that_is_unknown_is_no_error() -> None:
    with knocking("no-such-name.invalid", 22, (0.0,)) as knocker:
        assert knocker.knock is None
        assert not knocker.is_signalled(0.0)


def behind_nat(door: Door, **change: t.Any) -> Arrival:
    """What watches for a controller that announces another address and other ports than it has here."""
    announced = Knock("10.0.2.100", (9,), 22, 9, "word")
    return Arrival(announced, Way(door.address, door.address, door.port)._replace(**change))


def test_behind_nat_a_connection_that_comes_after_the_first_look_counts(door: Door, connection: socket.socket) -> None:
    arrival = behind_nat(door)
    assert not arrival.has_come()
    assert not arrival.has_come()
    connection.connect((door.address, door.port))
    assert until(arrival.has_come)


def test_behind_nat_a_connection_from_before_proves_nothing(door: Door, connection: socket.socket) -> None:
    connection.connect((door.address, door.port))
    assert until(lambda: bool(knocked_from(door.knock(connection))[0]))
    arrival = behind_nat(door)
    assert not any(arrival.has_come() for _look in range(3))


@pytest.mark.parametrize(
    "change", [{"remote": "192.0.2.1"}, {"local": "192.0.2.1"}, {"port": 9}, {"remote": "no address"}]
)
def test_behind_nat_only_the_way_of_the_session_counts(
    door: Door, connection: socket.socket, change: t.Mapping[str, t.Any]
) -> None:
    """Another way may be open where this one is not."""
    arrival = behind_nat(door, **change)
    assert not arrival.has_come()
    connection.connect((door.address, door.port))
    assert until(lambda: bool(knocked_from(door.knock(connection))[0]))
    assert not arrival.has_come()


def test_behind_nat_a_connection_that_had_begun_before_proves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first packet came through the old network, and the last one of the handshake comes through the new one."""
    table = tmp_path / "tcp"
    head, line = "sl local_address rem_address st\n", "0: 0100007F:0016 0200007F:C350 {} 0:0\n"
    monkeypatch.setattr(inbound, "TABLES", (str(table),))
    arrival = Arrival(Knock("10.0.2.100", (9,), 22, 9, "word"), Way("127.0.0.2", "127.0.0.1", 22))
    for state in ("03", "01"):
        table.write_text(head + line.format(state))
        assert not arrival.has_come()
    table.write_text(head + line.format("01") + line.format("01").replace("C350", "C351"))
    assert arrival.has_come()


def test_only_behind_nat_the_controller_has_to_be_told(door: Door) -> None:
    with contextlib.closing(socket.socket(door.family)) as connection:
        seen, hidden = Arrival(door.knock(connection)), behind_nat(door)
    assert not hidden.must_be_announced(), "nothing counts yet"
    assert not seen.has_come()
    assert not hidden.has_come()
    assert [hidden.must_be_announced(), hidden.must_be_announced(), seen.must_be_announced()] == [True, False, False]
