# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that moves to another address reports without another login: real connections on loopback, a double of NetworkManager."""

from __future__ import annotations

import contextlib
import socket
import time
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.checks.inbound import Arrival
from ansible_collections.elemental.networking.plugins.module_utils._node.model import Trial
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import (
    ACTIVATED,
    CONFIRMED,
    PENDING,
    Judgement,
    Knock,
    Staged,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.state import records
from ansible_collections.elemental.networking.plugins.module_utils._node.system.tcp_table import Way
from ansible_collections.elemental.networking.plugins.module_utils._node.transaction import confirm, receipt
from ansible_collections.elemental.networking.tests.unit.plugins.module_utils._node.test_confirm import (
    ETH0,
    ETH1,
    NetworkManagerInTrial,
    configured,
)
from ansible_collections.elemental.networking.tests.unit.plugins.module_utils._node.test_journal import Host, host

__all__ = ["configured", "host"]  # fixtures are found here

CONTROLLER, OLD, NEW = "127.0.0.1", "127.0.0.2", "127.0.0.3"


class World(t.NamedTuple):
    """A controller with a session to the host, a connection that is not begun, and a bell."""

    port: int
    connection: socket.socket
    bell: socket.socket

    @property
    def knock(self) -> Knock:
        """How the connection will come."""
        bell, port = self.bell.getsockname()[1], self.connection.getsockname()[1]
        return Knock(CONTROLLER, (port,), self.port, bell, "word", "receipt")

    def come(self, address: str) -> None:
        """Begin the connection."""
        self.connection.connect((address, self.port))

    def heard(self) -> list[str]:
        """The datagrams that have arrived."""
        self.bell.setblocking(False)
        found = []
        with contextlib.suppress(BlockingIOError):
            while True:
                found.append(self.bell.recv(64).decode())
        return found


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> t.Iterator[World]:
    """A host with a server at every address, whose sshd has no configuration."""
    monkeypatch.setattr(receipt, "_SSHD_CONFIGURATIONS", (str(tmp_path / "sshd_config"),))
    with contextlib.ExitStack() as stack:

        def new(kind: int = socket.SOCK_STREAM, address: str = CONTROLLER) -> socket.socket:
            made = stack.enter_context(contextlib.closing(socket.socket(type=kind)))
            made.bind((address, 0))
            return made

        server = new(address="0.0.0.0")
        server.listen()
        session = new()
        session.connect((OLD, server.getsockname()[1]))
        port = server.getsockname()[1]
        monkeypatch.setenv("SSH_CONNECTION", f"{CONTROLLER} {session.getsockname()[1]} {OLD} {port}")
        yield World(port, new(), new(socket.SOCK_DGRAM))


def a_trial(host: Host, **change: t.Any) -> Trial:
    """One that is up, at the new address."""
    usual: dict[str, t.Any] = {
        "opened_at": time.monotonic(),
        "daemon": NetworkManagerInTrial().daemon,
        "steps": (ETH0, ETH1),
        "phase": ACTIVATED,
        "required_addresses": (NEW,),
    }
    trial = host.trial._replace(**{**usual, **change})
    records.save_trial(trial)
    return trial


def expected_visit(host: Host, world: World, **change: t.Any) -> confirm.Visit:
    visit = receipt.expected_visit(a_trial(host, **change), world.knock)
    assert visit is not None
    return visit


def test_a_connection_to_the_new_address_counts_and_one_to_the_old_does_not(configured: Host, world: World) -> None:
    visit = expected_visit(configured, world)
    assert not visit.arrival.has_come()
    assert world.heard() == ["word"]
    world.come(OLD)
    assert not any(visit.arrival.has_come() for _look in range(3))
    with contextlib.closing(socket.socket()) as another:
        another.bind((CONTROLLER, 0))
        arrival = Arrival(world.knock._replace(ports=(another.getsockname()[1],)), moved_to=[Way(CONTROLLER, NEW, world.port)])
        assert not arrival.has_come()
        another.connect((NEW, world.port))
        assert arrival.has_come()


@pytest.mark.parametrize(
    "change",
    [
        {"is_reset": True},
        {"lease_interfaces": ("eth0",)},
        {"required_addresses": ()},
        {"required_addresses": ("fd00::9",)},
    ],
    ids=["a reset", "a lease", "anywhere", "another family"],
)
def test_where_the_address_is_not_known_a_login_must_prove_it(
    configured: Host, world: World, change: t.Mapping[str, t.Any]
) -> None:
    assert receipt.expected_visit(a_trial(configured, **change), world.knock) is None


@pytest.mark.parametrize(
    "session",
    ["", "a b c d", "192.0.2.7 {port} 127.0.0.2 {server}", "127.0.0.1 9 127.0.0.2 {server}", "127.0.0.1 {port} 127.0.0.2 9"],
    ids=["unknown", "no addresses", "NAT", "not found, as in a VRF", "a forwarded port"],
)
def test_who_cannot_be_recognised_must_log_in(
    configured: Host, world: World, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", session.format(port=world.connection.getsockname()[1], server=world.port))
    assert receipt.expected_visit(a_trial(configured), world.knock) is None


def test_who_does_not_knock_must_log_in(configured: Host, world: World) -> None:
    assert receipt.expected_visit(a_trial(configured), None) is None


@pytest.mark.parametrize("file", ["sshd_config", "sshd_config.d/10-ways.conf"])
def test_where_sshd_distinguishes_its_addresses_the_controller_must_log_in(
    configured: Host, world: World, file: str, tmp_path: Path
) -> None:
    (tmp_path / "sshd_config.d/a folder").mkdir(parents=True)
    (tmp_path / file).write_text("Match User git\nForceCommand git-shell\n")
    assert receipt.expected_visit(a_trial(configured), world.knock) is not None
    (tmp_path / file).write_text("PermitRootLogin no\nmatch LOCALADDRESS 192.0.2.0/24\nPermitRootLogin yes\n")
    assert receipt.expected_visit(a_trial(configured), world.knock) is None


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> None:
    """NetworkManager, a moment before the time is over."""
    monkeypatch.setattr(receipt.NetworkManager, "connect", NetworkManagerInTrial)
    monkeypatch.setattr(confirm, "_PATIENCE", 2.0)


def report(world: World, host: Host, visit: confirm.Visit, staged: Staged = Staged()) -> list[str]:
    receipt.send_receipt(host.trial.token, visit, world.knock, staged)
    return world.heard()


@pytest.mark.usefixtures("bus")
def test_the_receipt_comes_when_the_change_is_persisted(configured: Host, world: World) -> None:
    visit = expected_visit(configured, world)
    assert not visit.arrival.has_come()
    world.come(NEW)
    assert set(report(world, configured, visit)) == {"word", "receipt"}
    assert records.load_trial() is None
    assert records.outcome_of(configured.trial.token).state == CONFIRMED


@pytest.mark.usefixtures("bus")
def test_there_is_no_receipt_for_who_does_not_come(
    configured: Host, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirm, "_PATIENCE", 0.2)
    assert report(world, configured, expected_visit(configured, world)) == ["word"]
    assert records.load_trial() is not None


@pytest.mark.parametrize(
    "answer",
    [
        None,
        Judgement(PENDING),
        Judgement(CONFIRMED, failed_after={"the web": "refused"}),
        Judgement(CONFIRMED, waiting={"wlan0.nmconnection": "it is late"}),
    ],
)
@pytest.mark.usefixtures("bus")
def test_what_is_more_to_say_than_that_it_is_persisted_is_asked_for(
    configured: Host, world: World, answer: t.Optional[Judgement], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipt, "outcome", lambda *_arguments: answer)
    assert report(world, configured, expected_visit(configured, world)) == []


@pytest.mark.usefixtures("bus")
def test_what_the_controller_knows_already_is_no_news(
    configured: Host, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = {"wlan0.nmconnection": "a card"}
    answer = Judgement(CONFIRMED, failed_after={"the web": ""}, waiting=waiting)
    monkeypatch.setattr(receipt, "outcome", lambda *_arguments: answer)
    assert set(report(world, configured, expected_visit(configured, world), Staged(waiting=waiting))) == {"receipt"}
