# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a change off a host: another trial, another tool, another machine than was meant."""

from __future__ import annotations

import typing as t
from types import SimpleNamespace

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node import paths
from ansible_collections.elemental.networking.plugins.module_utils._node.model import (
    Managed,
    ManagedProfile,
    Trial,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager import unmanaged
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.client import (
    Device,
    NetworkManager,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import (
    DAMAGED,
    LOST,
    Busy,
    Conflict,
    HostBusy,
    MissingRequirement,
    Request,
    WantedProfile,
    WrongHost,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.state import journal, records
from ansible_collections.elemental.networking.plugins.module_utils._node.system.files import (
    private,
    put,
    temporary_of,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.system.identity import digest
from ansible_collections.elemental.networking.plugins.module_utils._node.transaction import preconditions, rollback
from ansible_collections.elemental.networking.tests.unit.plugins.module_utils._node.test_journal import (
    an_open_trial,
)

OURS, OTHER = "0123456789abcdef" * 2, "fedcba9876543210" * 2


def request(*machine_ids: str) -> Request:
    identities = tuple(map(digest, machine_ids))
    return Request("node1", 60, "", False, False, "c", "t", "", (), {}, None, identities=identities)


@pytest.mark.parametrize(
    ("found", "known"),
    [(OURS, (OURS,)), (OURS, (OTHER, OURS)), (OURS, ()), ("", (OTHER,)), ("uninitialized", (OTHER,))],
)
def test_a_host_that_may_be_the_machine_is_reset(
    found: str, known: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preconditions, "host_identity", lambda: found)
    preconditions.refuse_other_identity(request(*known))


def test_another_machine_is_not_reset_and_its_user_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preconditions, "host_identity", lambda: OTHER)
    with pytest.raises(WrongHost) as error:
        preconditions.refuse_other_identity(request(OURS))
    assert "another machine (by its machine-id) than the one that has the addresses of node1" in str(error.value)
    assert "machine_network_site" in str(error.value)
    assert str(error.value).endswith("nothing was changed")


@pytest.mark.parametrize(
    ("machine", "is_proven", "is_other_host"),
    [
        ("node1", False, False),
        ("node1", True, False),
        ("", False, True),
        ("", True, False),  # its disk was restored: it has shown its key
        ("node2", True, True),
    ],
)
def test_who_is_another_host_on_a_claimed_address(machine: str, is_proven: bool, is_other_host: bool) -> None:
    asked = request()._replace(only_known=True, is_proven=is_proven)
    assert preconditions.is_other_host(Managed(machine), asked) == is_other_host
    assert not preconditions.is_other_host(Managed(machine), asked._replace(only_known=False))


@pytest.mark.parametrize("text", ["", "uninitialized", OURS[:-1], OURS.upper(), f"{OURS}0"])
def test_what_is_no_machine_id_has_no_digest(text: str) -> None:
    assert digest(text) == ""


class Manager:
    """A double of NetworkManager: the checkpoints that others hold and when each ends, and what the devices carry."""

    def __init__(self, checkpoints: t.Sequence[float | None] = (), addresses: t.Sequence[str] = ()) -> None:
        self._checkpoints, self._addresses = checkpoints, addresses

    def checkpoints(self) -> list[str]:
        return [str(number) for number in range(len(self._checkpoints))]

    def checkpoint_seconds(self, checkpoint: str) -> float | None:
        return self._checkpoints[int(checkpoint)]

    def addresses_of_each(self, devices: t.Iterable[Device], family: str) -> list[str]:
        return list(self._addresses) if family == "ipv4" else []


def manager(*arguments: t.Any, **named: t.Any) -> NetworkManager:
    return t.cast(NetworkManager, Manager(*arguments, **named))


class Ended(t.NamedTuple):
    """What was done about what an earlier change left."""

    undone: list[str]
    recovered: list[str]


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch, tmp_path: t.Any) -> Ended:
    """Nothing is rolled back or recovered in earnest."""
    done = Ended([], [])
    monkeypatch.setattr(rollback, "undo", lambda manager, trial, reason: done.undone.append(reason))
    monkeypatch.setattr(journal, "recover", lambda: done.recovered.append("journal") or ["it was damaged"])
    monkeypatch.setattr(paths, "JOURNAL_FILE", str(tmp_path / "journal.json"))
    return done


NOW = 1000.0
OURS_IS_NEXT = "an earlier change of this host was not brought to its end: it is rolled back before the next one"
WAS_DAMAGED = f"an earlier change of this host was rolled back: {records.why_damaged()}"


@pytest.mark.parametrize(
    ("changes", "asked", "is_undone", "warnings"),
    [
        ({"opened_at": NOW - 64}, {}, True, []),
        ({}, {"take_over": "0123456789abcdef"}, True, []),
        ({"opened_at": NOW - 64, "phase": DAMAGED}, {}, True, [WAS_DAMAGED]),
        ({"opened_at": 0.0, "deadline": 0, "phase": LOST, "token": ""}, {}, True, [WAS_DAMAGED]),
        ({"opened_at": NOW - 64}, {"check": True}, False, [OURS_IS_NEXT]),
    ],
    ids=["its time is over", "its controller is dead", "damaged", "lost", "check mode"],
)
def test_a_trial_that_no_controller_looks_after_is_rolled_back(
    changes: dict[str, t.Any],
    asked: dict[str, t.Any],
    is_undone: bool,
    warnings: list[str],
    ended: Ended,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = busy(an_open_trial({})._replace(**{"opened_at": NOW, **changes}), asked, monkeypatch)
    assert told == (None, warnings)
    assert bool(ended.undone) is is_undone


@pytest.mark.parametrize("asked", [{}, {"check": True}, {"take_over": "another"}])
@pytest.mark.parametrize(("opened_at", "seconds"), [(NOW, 63.0), (NOW - 62, 1.0)])
def test_a_trial_whose_controller_lives_is_waited_for(
    asked: dict[str, t.Any], opened_at: float, seconds: float, ended: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the dead-man has had its time, too: 60 s and 3 s."""
    trial = an_open_trial({})._replace(opened_at=opened_at)
    told = busy(trial, asked, monkeypatch)
    assert told == (Busy("here", "0123456789abcdef", seconds), [])
    assert ended == ([], [])


@pytest.mark.parametrize(
    ("left", "check", "recovered"),
    [("", False, False), ("journal", False, True), ("prepared", False, True), ("journal", True, False)],
)
def test_what_a_boot_could_not_finish_is_finished(
    left: str, check: bool, recovered: bool, ended: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    if left:
        put(temporary_of(paths.JOURNAL_FILE) if left == "prepared" else paths.JOURNAL_FILE, private("{}"))
    assert busy(None, {"check": check}, monkeypatch) == (None, ["it was damaged"] if recovered else [])
    assert bool(ended.recovered) is recovered


def busy(
    trial: Trial | None, asked: dict[str, t.Any], monkeypatch: pytest.MonkeyPatch
) -> tuple[Busy | None, list[str]]:
    """The answer, and the warnings, on a host with this trial."""
    monkeypatch.setattr(records, "load_trial", lambda: trial)
    monkeypatch.setattr(preconditions, "time", SimpleNamespace(monotonic=lambda: NOW))
    warnings: list[str] = []
    return preconditions.busy_with_a_trial(manager(), request()._replace(**asked), warnings), warnings


def test_the_checkpoint_of_another_tool_is_waited_for() -> None:
    assert preconditions.busy_with_another_tool(manager()) is None
    answer = preconditions.busy_with_another_tool(manager([12.5, None]))
    assert answer == Busy("another tool with a NetworkManager checkpoint", "", 12.5)


def test_a_checkpoint_without_an_end_is_not_waited_for() -> None:
    with pytest.raises(HostBusy, match=r"never ends by itself; .*nmstatectl rollback.*nothing was changed"):
        preconditions.busy_with_another_tool(manager([None]))


@pytest.mark.parametrize(
    ("managed", "former", "is_refused"),
    [
        (Managed(), "", False),
        (Managed("node1"), "", False),
        (Managed("node0"), "", True),
        (Managed("node0"), "node0", False),
        (Managed("node2"), "node0", True),
        (Managed("node0", is_reset=True), "", False),
    ],
    ids=["new", "itself", "another", "renamed", "renamed, and another", "was reset"],
)
def test_a_host_that_is_another_machine_is_refused(managed: Managed, former: str, is_refused: bool) -> None:
    if not is_refused:
        preconditions.refuse_other_machine(managed, "node1", former)
        return
    with pytest.raises(WrongHost) as error:
        preconditions.refuse_other_machine(managed, "node1", former)
    assert f"configured as machine {managed.machine}, not node1" in str(error.value)
    assert f"machine_network_former_name: {managed.machine}" in str(error.value)


@pytest.mark.parametrize(
    ("managed", "tried", "is_refused"),
    [
        (Managed("node1"), set(), False),
        (Managed(), {"node1"}, False),
        (Managed("node2"), {"node1"}, False),
        (Managed(), {"node2"}, True),
        (Managed(), set(), True),
    ],
    ids=["configured", "was to be configured", "was to be another", "another", "nothing known"],
)
def test_a_reset_needs_a_host_that_is_known(
    managed: Managed, tried: set[str], is_refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "machines_tried", lambda: tried)
    if not is_refused:
        preconditions.refuse_unknown_machine(managed, "node1")
        return
    with pytest.raises(WrongHost, match="not known as machine node1.*machine_network_former_name"):
        preconditions.refuse_unknown_machine(managed, "node1")


WANTED = WantedProfile("eth0.nmconnection", "uuid-0", "ethernet", "eth0", "")


@pytest.mark.parametrize(
    ("types", "wanted", "named"),
    [
        (["ethernet"], [], ""),
        (["wifi"], [WANTED], ""),
        (["wifi", "ethernet", "infiniband"], [], "infiniband, wifi"),
        ([], [], ""),
    ],
    ids=["ethernet", "ethernet is left", "neither gets DHCP", "nothing of ours"],
)
def test_a_reset_leaves_no_host_without_a_network(types: list[str], wanted: list[WantedProfile], named: str) -> None:
    managed = Managed("node1", tuple(ManagedProfile(f"{kind}.nmconnection", "", kind) for kind in types))
    if not named:
        preconditions.refuse_other_media(managed, wanted)
        return
    with pytest.raises(Conflict, match=f"only profiles of type {named}, .*nothing was changed"):
        preconditions.refuse_other_media(managed, wanted)


@pytest.mark.parametrize(
    ("interface", "profile", "is_managed_soon", "is_refused"),
    [
        ("eth0", WANTED, False, True),
        ("eth0", WANTED, True, False),
        ("eth1", WANTED, False, False),
        ("eth0", WANTED._replace(type="bridge"), False, False),
        ("eth0", WANTED._replace(interface=None), False, False),
    ],
    ids=["its own", "for a moment", "another one", "a bridge is made", "no interface named"],
)
def test_an_interface_that_is_left_alone_is_named(
    interface: str, profile: WantedProfile, is_managed_soon: bool, is_refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unmanaged, "becomes_managed", lambda manager, interface: is_managed_soon)
    monkeypatch.setattr(unmanaged, "reason", lambda interface: " (by a file)")
    devices = [Device("/1", interface, "/", "", False, {}, (), "", managed=False)]
    if not is_refused:
        preconditions.refuse_unmanaged_interfaces(manager(), devices, [profile])
        return
    with pytest.raises(Conflict, match=r"interface eth0, which is unmanaged .* \(by a file\)"):
        preconditions.refuse_unmanaged_interfaces(manager(), devices, [profile])


def test_a_reset_that_would_do_nothing_is_refused() -> None:
    known = manager(addresses=["192.0.2.7/24", "192.0.2.8/24"])
    preconditions.refuse_unknown_addresses(known, [], {"192.0.2.9"})
    with pytest.raises(Conflict, match=r"carries 192\.0\.2\.7, but .*configure it once more"):
        preconditions.refuse_unknown_addresses(known, [], {"192.0.2.9", "192.0.2.7"})


@pytest.mark.parametrize(
    ("kind", "capabilities", "package"),
    [
        ("ovs-bridge", [1], "NetworkManager-ovs"),
        ("ovs-interface", [], "NetworkManager-ovs"),
        ("ovs-port", [1, 2], ""),
        ("team", [2], "NetworkManager-team"),
        ("team", [1], ""),
        ("ethernet", [], ""),
    ],
)
def test_a_type_that_needs_a_plugin_is_refused_without_it(kind: str, capabilities: list[int], package: str) -> None:
    manager = t.cast("NetworkManager", SimpleNamespace(capabilities=lambda: capabilities))
    profile = WantedProfile("br0.nmconnection", "uuid", kind, "br0", "")
    if not package:
        preconditions.refuse_missing_plugins(manager, [profile])
        return
    with pytest.raises(MissingRequirement, match=f"{kind}.*install {package} .*nothing was changed"):
        preconditions.refuse_missing_plugins(manager, [profile])
