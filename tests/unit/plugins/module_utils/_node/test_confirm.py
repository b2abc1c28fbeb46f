# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a trial is kept, and what a controller is told until then: a table of situations, on real files with a double of NetworkManager."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node import paths
from ansible_collections.elemental.networking.plugins.module_utils._node.checks import inbound
from ansible_collections.elemental.networking.plugins.module_utils._node.model import (
    Managed,
    Step,
    Trial,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.client import Device
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import (
    ACTIVATED,
    CONFIRMED,
    DAMAGED,
    ELSEWHERE,
    PENDING,
    REFUSED,
    ROLLED_BACK,
    STAGED,
    UNKNOWN,
    InvalidInput,
    Judgement,
    Knock,
    Probe,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.state import records
from ansible_collections.elemental.networking.plugins.module_utils._node.system.files import private, put
from ansible_collections.elemental.networking.plugins.module_utils._node.transaction import confirm, handover
from ansible_collections.elemental.networking.tests.unit.plugins.module_utils._node.test_journal import (
    SECRET,
    Host,
    NetworkManagerThatForgot,
    host,
)

__all__ = ["host"]  # fixtures are found here

OLD, NEW = "192.0.2.1", "192.0.2.9"
ETH0 = Step("eth0.nmconnection", "eth0", "trial-0", "uuid-0", True, "ethernet")
ETH1 = Step("eth1.nmconnection", "eth1", "uuid-1", "uuid-1", True, "ethernet")
GATEWAY, WEB = Probe("the gateway", "gateway"), Probe("the web", "tcp", "192.0.2.80", 80)


class NetworkManagerInTrial(NetworkManagerThatForgot):
    """A double: it holds the checkpoint, and has these profiles active, by interface.

    The activation of those on ``activating`` interfaces is not over yet; that of those ``begun`` has a device that still has another one.
    ``others_addresses`` are of each device, of profiles that are not ours. (Python 3.6 has no dataclasses.)
    """

    def __init__(
        self,
        active: t.Mapping[str, str] | None = None,
        activating: tuple[str, ...] = (),
        begun: tuple[str, ...] = (),
        others_addresses: tuple[str, ...] = (),
        lease: str = "",
        holds_checkpoint: bool = True,
        refuses: bool = False,
    ) -> None:
        self.active = dict(active or {"eth0": "trial-0", "eth1": "uuid-1"})
        self.activating = activating
        self.begun = begun
        self.others_addresses = others_addresses
        self.lease = lease
        self.holds_checkpoint = holds_checkpoint
        self.refuses = refuses

    def holds(self, trial: Trial) -> bool:
        return self.holds_checkpoint

    def devices(self) -> list[Device]:
        return [
            Device(f"/{name}", name, f"/active/{name}", uuid, name not in self.activating, {}, (), "")
            for name, uuid in self.active.items()
        ]

    def device(self, interface: str) -> Device | None:  # type: ignore[override]
        return next((each for each in self.devices() if each.interface == interface), None)

    def lease_address(self, device: Device, family: str = "ipv4") -> str:
        return self.lease if family == "ipv4" else ""

    def addresses(self, device: Device, family: str) -> list[str]:
        return []

    def addresses_of_each(self, devices: t.Iterable[Device], family: str) -> list[str]:
        return [each for _device in devices for each in self.others_addresses if family == "ipv4"]

    def uuids_on_their_way(self) -> set[str]:
        return set(self.begun)

    def profile_settings(self, path: str) -> dict[str, t.Any]:
        return {}

    def load_profiles(self, files: t.Sequence[str]) -> list[str]:
        return list(files) if self.refuses else []

    def profile_path(self, uuid: str) -> str:  # type: ignore[override]
        return f"/profile/{uuid}"

    def profile_file(self, path: str) -> str:
        return ""

    def activate(self, path: str, device: Device, seconds: float) -> None:
        self.active[device.interface] = path.rsplit("/", 1)[1]

    def wait_until_active(self, path: str, active: str, seconds: float) -> None:
        pass

    def delete_profile(self, path: str) -> None:
        pass

    def extend_checkpoint(self, checkpoint: str, seconds: int) -> None:
        pass

    def close_checkpoint(self, checkpoint: str) -> None:
        pass

    def roll_back(self, checkpoint: str) -> None:
        pass


class Case(t.NamedTuple):
    """A situation: what differs from a trial that is up, with two profiles, and of which the controller has been told where it is."""

    expected: Judgement
    trial: t.Mapping[str, t.Any] = {}
    manager: t.Mapping[str, t.Any] = {}
    arrived_at: str = NEW
    is_new_connection: bool = True
    # why each probe fails now, by name; those that are not named pass
    failing: t.Mapping[str, str] = {}
    has_carrier: bool = True
    has_default_route: bool = True


@pytest.fixture
def configured(host: Host) -> Host:
    """The host, which was configured before."""
    managed = records.managed_text(Managed("node1"))
    put(paths.MANAGED_FILE, private(managed))
    records.remember_files(host.trial, {f"{name}.nmconnection": f"new {SECRET}" for name in ("eth0", "eth1")})
    return host._replace(old={**host.old, paths.MANAGED_FILE: managed})


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last look is the first one."""
    monkeypatch.setattr(confirm, "_PATIENCE", -1.0)


def judge(host: Host, case: Case, monkeypatch: pytest.MonkeyPatch) -> Judgement:
    """What the controller is told, but for the host's identity."""
    monkeypatch.setattr(confirm, "has_carrier", lambda interface: case.has_carrier)
    monkeypatch.setattr(confirm, "is_present", lambda interface: True)
    monkeypatch.setattr(confirm, "default_routes", lambda: ["default"] if case.has_default_route else [])
    monkeypatch.setattr(
        confirm,
        "run_probes",
        lambda probes, seconds: {each.name: case.failing.get(each.name, "") for each in probes},
    )
    manager = NetworkManagerInTrial(**case.manager)
    usual = {
        "opened_at": time.monotonic(),
        "daemon": manager.daemon,
        "steps": (ETH0, ETH1),
        "phase": ACTIVATED,
        "required_addresses": (NEW,),
    }
    records.save_trial(host.trial._replace(**{**usual, **case.trial}))
    answer = confirm.confirm(t.cast("t.Any", manager), host.trial.token, case.arrived_at, case.is_new_connection, None)
    return answer._replace(host="")


def step(first: Step, **change: t.Any) -> tuple[Step, ...]:
    return (first._replace(**change), ETH1)


LONG_AGO = time.monotonic() - 20
BRIDGE = ETH0._replace(type="bridge", has_ports=True)
LATE = "a DHCP server, which has not answered yet"

NOT_YET = {
    "not activated": Case(Judgement(PENDING), trial={"phase": STAGED}),
    "a profile is on its way": Case(
        Judgement(PENDING, "profile eth0.nmconnection is not up"), manager={"activating": ("eth0",)}
    ),
    "another profile is there": Case(
        Judgement(PENDING, "profile eth1.nmconnection is not up: another profile is active on eth1"),
        manager={"active": {"eth0": "trial-0", "eth1": "other"}},
    ),
    "an interface is missing": Case(
        Judgement(PENDING, "profile eth1.nmconnection is not up: there is no interface eth1"),
        manager={"active": {"eth0": "trial-0"}},
    ),
    "a cable is out": Case(
        Judgement(PENDING, "profile eth1.nmconnection is not up: eth1 has no carrier"),
        manager={"active": {"eth0": "trial-0", "eth1": ""}},
        has_carrier=False,
    ),
    "no port of a bridge forwards": Case(
        Judgement(PENDING, "profile eth0.nmconnection is not up: eth0 has no carrier by its ports"),
        trial={"steps": (BRIDGE,)},
        has_carrier=False,
    ),
    "a lease may still come, and its device still has the previous profile": Case(
        Judgement(PENDING),
        trial={"steps": step(ETH0, awaited=False, may_come_late=LATE)},
        manager={"active": {"eth0": "before", "eth1": "uuid-1"}, "begun": ("trial-0",)},
    ),
    "over an address that the interface had before": Case(
        Judgement(ELSEWHERE, addresses=(NEW,)),
        trial={"idle_interfaces": ("eth2",), "previous": (("eth2", "before"),)},
        manager={"active": {"eth0": "trial-0", "eth1": "uuid-1", "eth2": "before"}, "others_addresses": (f"{OLD}/24",)},
        arrived_at=OLD,
    ),
    "a lease may still come": Case(
        Judgement(PENDING),
        trial={"steps": step(ETH0, awaited=False, may_come_late=LATE)},
        manager={"activating": ("eth0",)},
    ),
    "the controller needs a lease": Case(
        Judgement(PENDING), trial={"required_addresses": (), "lease_interfaces": ("eth0",)}
    ),
    "a probe fails that passed": Case(
        Judgement(PENDING, "probe the web passed before and fails now (refused)"),
        trial={"probes": (GATEWAY, WEB)},
        failing={"the web": "refused"},
    ),
    "the gateway is gone that profiles give": Case(
        Judgement(PENDING, "probe the gateway passed before and fails now (none)"),
        trial={"probes": (GATEWAY,)},
        failing={"the gateway": "none"},
        has_default_route=False,
    ),
    "the gateway is silent though nobody expects one": Case(
        Judgement(PENDING, "probe the gateway passed before and fails now (silent)"),
        trial={"probes": (GATEWAY,), "expects_gateway": False},
        failing={"the gateway": "silent"},
    ),
    "over the old address": Case(Judgement(ELSEWHERE, addresses=(NEW,)), arrived_at=OLD),
    "over another address than the lease": Case(
        Judgement(ELSEWHERE, addresses=("192.0.2.70", NEW)),
        trial={"lease_interfaces": ("eth0",)},
        manager={"lease": "192.0.2.70"},
        arrived_at=OLD,
    ),
    "with a connection from before": Case(Judgement(ELSEWHERE, addresses=(NEW,)), is_new_connection=False),
    "with a connection from before, anywhere": Case(
        Judgement(ELSEWHERE, addresses=(OLD,)),
        trial={"required_addresses": ()},
        arrived_at=OLD,
        is_new_connection=False,
    ),
}

KEPT = {
    "over the new address": Case(Judgement(CONFIRMED, failed_after={}, waiting={})),
    "over the new address with a zone": Case(
        Judgement(CONFIRMED, failed_after={}, waiting={}),
        trial={"required_addresses": ("fe80::1",)},
        arrived_at="fe80::1%eth0",
    ),
    "anywhere, where the change leaves the way alone": Case(
        Judgement(CONFIRMED, failed_after={}, waiting={}), trial={"required_addresses": ()}, arrived_at=OLD
    ),
    "over what takes an interface that is left to others": Case(
        Judgement(CONFIRMED, failed_after={}, waiting={}),
        trial={"idle_interfaces": ("eth2",), "previous": (("eth2", "before"),)},
        manager={"active": {"eth0": "trial-0", "eth1": "uuid-1", "eth2": "other"}, "others_addresses": (f"{OLD}/24",)},
        arrived_at=OLD,
    ),
    "over what takes it, and another interface asks for a lease": Case(
        Judgement(CONFIRMED, failed_after={}, waiting={}),
        trial={"idle_interfaces": ("eth2",), "previous": (("eth2", "before"),), "lease_interfaces": ("eth1",)},
        manager={"active": {"eth0": "trial-0", "eth1": "uuid-1", "eth2": "other"}, "others_addresses": (f"{OLD}/24",)},
        arrived_at=OLD,
    ),
    "over what takes it, and the lease of another interface does not come": Case(
        Judgement(CONFIRMED, failed_after={}, waiting={"eth0.nmconnection": LATE}),
        trial={
            "idle_interfaces": ("eth2",),
            "previous": (("eth2", "before"),),
            "lease_interfaces": ("eth0",),
            "required_addresses": (),
            "steps": step(ETH0, awaited=False, may_come_late=LATE),
            "opened_at": LONG_AGO,
        },
        manager={
            "activating": ("eth0",),
            "active": {"eth0": "", "eth1": "uuid-1", "eth2": "other"},
            "others_addresses": (f"{OLD}/24",),
        },
        arrived_at=OLD,
    ),
    "over the lease": Case(
        Judgement(CONFIRMED, failed_after={}, waiting={}),
        trial={"required_addresses": (), "lease_interfaces": ("eth0",)},
        manager={"lease": NEW},
    ),
    "proven by an earlier question": Case(
        Judgement(CONFIRMED, failed_after={}, waiting={}), trial={"is_proven": True}, is_new_connection=False
    ),
    "a lease did not come in its time": Case(
        Judgement(CONFIRMED, failed_after={}, waiting={"eth0.nmconnection": LATE}),
        trial={"steps": step(ETH0, awaited=False, may_come_late=LATE), "opened_at": LONG_AGO},
        manager={"activating": ("eth0",)},
    ),
    "a profile waits for its cable": Case(
        Judgement(CONFIRMED, failed_after={}, waiting={"eth0.nmconnection": "a carrier"}),
        trial={"steps": step(ETH0, awaited=False, waiting_for="a carrier")},
        manager={"active": {"eth0": "", "eth1": "uuid-1"}},
    ),
    "a probe failed before, too": Case(
        Judgement(CONFIRMED, failed_after={"the web": "refused"}, waiting={}),
        trial={"probes": (GATEWAY, WEB), "failed_before": {"the web": "refused"}},
        failing={"the web": "refused"},
    ),
    "the gateway is gone, and no profile gives one": Case(
        Judgement(CONFIRMED, failed_after={"the gateway": "none"}, waiting={}),
        trial={"probes": (GATEWAY, WEB), "expects_gateway": False},
        failing={"the gateway": "none"},
        has_default_route=False,
    ),
}

ENDED = {
    "NetworkManager was restarted": Case(
        Judgement(ROLLED_BACK, "NetworkManager was restarted"),
        trial={"daemon": ":1.1"},
        manager={"holds_checkpoint": False},
    ),
    "the deadline is over": Case(
        Judgement(ROLLED_BACK, f"the controller did not connect to {NEW} within 60 s"),
        trial={"deadline": 60},
        manager={"holds_checkpoint": False},
    ),
    "its record is damaged": Case(Judgement(ROLLED_BACK, "was damaged"), trial={"phase": DAMAGED}),
    "NetworkManager does not load what was persisted": Case(
        Judgement(ROLLED_BACK, "NetworkManager refused"), manager={"refuses": True}
    ),
}


def matches(answer: Judgement, expected: Judgement) -> bool:
    """The reason is a sentence, of which the case names a part."""
    return answer._replace(reason="") == expected._replace(reason="") and (
        expected.reason in answer.reason and bool(expected.reason) == bool(answer.reason)
    )


@pytest.mark.parametrize("case", NOT_YET.values(), ids=NOT_YET)
def test_a_trial_stays_open(configured: Host, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = judge(configured, case, monkeypatch)
    assert matches(answer, case.expected), answer
    assert configured.state == "old"
    trial = records.load_trial()
    assert trial is not None
    # the dead-man tells it where nobody asks any more
    assert trial.waiting_for == answer.reason


@pytest.mark.parametrize("case", KEPT.values(), ids=KEPT)
def test_a_trial_is_kept(configured: Host, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = judge(configured, case, monkeypatch)
    assert matches(answer, case.expected), answer
    assert records.load_trial() is None
    records_of_ours = (paths.MANAGED_FILE, paths.MANAGED_COPY)
    files = {path: text for path, text in configured.files.items() if path not in records_of_ours}
    assert files == {path: text for path, text in configured.new.items() if path in files}
    # who asks again, since the answer was lost, is told the same
    assert confirm.confirm(t.cast("t.Any", None), configured.trial.token, NEW, False, None).state == CONFIRMED


@pytest.mark.parametrize("case", ENDED.values(), ids=ENDED)
def test_a_trial_that_cannot_be_kept_is_rolled_back(
    configured: Host, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = judge(configured, case, monkeypatch)
    assert matches(answer, case.expected), answer
    assert records.load_trial() is None
    assert configured.state == "old"


ANNOUNCED = Knock("10.0.2.100", (40000,), 22, 9, "word")


@pytest.fixture
def behind_nat(configured: Host, monkeypatch: pytest.MonkeyPatch) -> Host:
    """The host with a trial that is up, of a controller that NAT hides from it; whoever waits waits for ever."""
    monkeypatch.setenv("SSH_CONNECTION", f"192.0.2.254 61000 {NEW} 22")
    monkeypatch.setattr(confirm, "_PATIENCE", 1e9)
    trial = configured.trial._replace(
        opened_at=time.monotonic(), daemon=NetworkManagerInTrial().daemon, steps=(ETH0, ETH1), phase=ACTIVATED
    )
    records.save_trial(trial)
    return configured


def test_behind_nat_who_asks_does_not_wait_for_what_cannot_be_seen(behind_nat: Host) -> None:
    answer = confirm.confirm(t.cast("t.Any", NetworkManagerInTrial()), behind_nat.trial.token, NEW, False, ANNOUNCED)
    assert (answer.state, answer.addresses) == (ELSEWHERE, (NEW,))


def test_behind_nat_the_host_goes_on_by_itself_and_its_answer_comes_out_of_a_pipe(
    behind_nat: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection from the address that the session comes from; another process judges, and it takes the bus anew."""
    monkeypatch.setattr(paths, "ANSWER_PIPE", str(tmp_path / "answer-"))
    monkeypatch.setattr(handover.NetworkManager, "connect", NetworkManagerInTrial)
    table = tmp_path / "tcp"
    table.write_text("sl local_address rem_address st\n")
    monkeypatch.setattr(inbound, "TABLES", (str(table),))
    os.mkfifo(tmp_path / "answer-of-one-that-was-killed")
    visit, token = confirm.visit_at_once(NEW, ANNOUNCED), behind_nat.trial.token
    assert confirm.outcome(t.cast("t.Any", NetworkManagerInTrial()), token, visit) is None
    assert handover.hand_over(token, visit)
    assert records.load_trial() is not None, "nobody has come yet"
    with table.open("a") as stream:
        stream.write("0: 090200C0:0016 FE0200C0:EE48 01 0:0\n")
    answer = json.loads((tmp_path / f"answer-{token}").read_text().partition(paths.ANSWER_MARK)[2])
    assert (answer["answer"], answer["state"]) == ("judgement", CONFIRMED)
    assert records.load_trial() is None
    give_up = time.monotonic() + 20
    while list(tmp_path.glob("answer-*")):
        assert time.monotonic() < give_up, "the pipe stays"
        time.sleep(0.01)


@pytest.fixture
def moving(behind_nat: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> t.Iterator[socket.socket]:
    """The bell of a controller without NAT, whose host has a trial that is up at another address."""
    monkeypatch.setattr(paths, "ANSWER_PIPE", str(tmp_path / "answer-"))
    monkeypatch.setattr(handover.NetworkManager, "connect", NetworkManagerInTrial)
    with contextlib.closing(socket.socket(type=socket.SOCK_DGRAM)) as bell:
        bell.bind(("127.0.0.1", 0))
        bell.settimeout(20)
        monkeypatch.setenv("SSH_CONNECTION", f"127.0.0.1 61000 {OLD} 22")
        yield bell


def signal_to(bell: socket.socket) -> Knock:
    return Knock("127.0.0.1", (40000,), 22, bell.getsockname()[1], "word")


def test_who_logs_in_after_the_signal_finds_the_outcome(
    behind_nat: Host, moving: socket.socket, tmp_path: Path
) -> None:
    """The signal comes once the trial is up, and nothing is persisted before somebody reads."""
    token, knock = behind_nat.trial.token, signal_to(moving)
    await_login = handover.login_awaited(knock, token, NEW)
    assert await_login
    child = os.fork()
    if not child:
        try:
            await_login()
        finally:
            os._exit(0)
    assert moving.recv(64) == b"word"
    assert records.load_trial() is not None, "nobody has logged in yet"
    answer = json.loads((tmp_path / f"answer-{token}").read_text().partition(paths.ANSWER_MARK)[2])
    assert (answer["answer"], answer["state"]) == ("judgement", CONFIRMED)
    assert records.load_trial() is None
    os.waitpid(child, 0)
    assert list(tmp_path.glob("answer-*")) == []


@pytest.mark.parametrize(
    "change", [{"phase": STAGED}, {"token": "of another one"}, {"steps": (ETH0, ETH1._replace(trial_uuid="down"))}]
)
def test_there_is_no_signal_while_the_trial_is_not_up(
    behind_nat: Host,
    moving: socket.socket,
    tmp_path: Path,
    change: t.Mapping[str, t.Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(handover, "_UNTIL_IT_IS_UP", 0.05)
    trial = records.load_trial()
    assert trial is not None
    await_login = handover.login_awaited(signal_to(moving), behind_nat.trial.token, NEW)
    assert await_login
    records.save_trial(trial._replace(**change))
    await_login()
    moving.setblocking(False)
    with pytest.raises(BlockingIOError):
        moving.recv(64)
    assert list(tmp_path.glob("answer-*")) == []


@pytest.mark.parametrize("session", ["", f"192.0.2.7 61000 {OLD} 22", f"127.0.0.1 61000 {OLD} 2222"])
def test_where_no_signal_arrives_none_is_promised(
    behind_nat: Host, moving: socket.socket, session: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind NAT, or where the session is not known."""
    monkeypatch.setenv("SSH_CONNECTION", session)
    assert handover.login_awaited(signal_to(moving), behind_nat.trial.token, NEW) is None
    assert handover.login_awaited(None, behind_nat.trial.token, NEW) is None
    assert list(tmp_path.glob("answer-*")) == []


def test_a_trial_of_another_controller_is_left_alone(configured: Host) -> None:
    answer = confirm.confirm(t.cast("t.Any", NetworkManagerInTrial()), "another token", NEW, True, None)
    assert answer.state == UNKNOWN
    assert records.load_trial() == configured.trial
    assert configured.state == "old"


def test_a_trial_that_was_refused_is_reported_with_its_code(configured: Host) -> None:
    with pytest.raises(InvalidInput), records.remembering("refused", "node1"):
        raise InvalidInput("a profile is wrong")
    answer = confirm.confirm(t.cast("t.Any", NetworkManagerInTrial()), "refused", NEW, True, None)
    assert (answer.state, answer.reason, answer.code) == (REFUSED, "a profile is wrong", "invalid_input")


@pytest.mark.parametrize(
    ("trial", "has_carrier", "lease", "words"),
    [
        # what the controller was told last comes first: nobody may have been there to see it
        ({"waiting_for": "probe the web fails"}, False, "", ("probe the web fails",)),
        ({"lease_interfaces": ("eth0", "eth1")}, True, "", ("DHCP", "eth0, eth1")),
        ({"lease_interfaces": ("eth0",)}, True, "192.0.2.70", ("the controller did not connect",)),
        ({}, False, "", ("eth0, eth1", "carrier")),
        ({"steps": (ETH0._replace(awaited=False), ETH1)}, False, "", ("eth1 has no carrier",)),
        ({"required_addresses": (NEW, OLD)}, True, "", (f"did not connect to {NEW}, {OLD}",)),
        ({}, True, "", ("the controller did not connect within",)),
    ],
)
def test_what_nobody_confirmed_says_why(
    configured: Host,
    trial: dict[str, t.Any],
    has_carrier: bool,
    lease: str,
    words: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(confirm, "has_carrier", lambda interface: has_carrier)
    monkeypatch.setattr(confirm, "is_present", lambda interface: True)
    open_trial = configured.trial._replace(**{"steps": (ETH0, ETH1), "deadline": 77, **trial})
    said = confirm.silence(t.cast("t.Any", NetworkManagerInTrial(lease=lease)), open_trial)
    assert all(each in said for each in (*words, "77 s")), said
