# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is decided when a trial opens: what it changes, whose addresses are asked for, when it begins, where the controller must connect."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node import paths
from ansible_collections.elemental.networking.plugins.module_utils._node.model import (
    Step,
    Trial,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.client import (
    NetworkManagerError,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.plan.planning import Plan, Session
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import (
    STAGED,
    AddressInUse,
    InvalidInput,
    Request,
    WantedProfile,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.state import records
from ansible_collections.elemental.networking.plugins.module_utils._node.transaction import trial as opening
from ansible_collections.elemental.networking.tests.unit.plugins.module_utils._node.test_journal import (
    SECRET,
    Host,
    NetworkManagerThatForgot,
    host,
)

__all__ = ["host"]  # fixtures are found here

OLD, NEW = "192.0.2.1", "192.0.2.9"
OVER_ETH0 = Session("eth0", OLD, "ipv4", 24)


def profile(name: str, more: str = "") -> WantedProfile:
    text = f"[connection]\nid={name}\nuuid=uuid-{name}\ntype=ethernet\ninterface-name={name}\n{more}"
    return WantedProfile(f"{name}.nmconnection", f"uuid-{name}", "ethernet", name, text)


def static(name: str, *addresses: str) -> WantedProfile:
    lines = "".join(f"address{number}={each}/24\n" for number, each in enumerate(addresses, start=1))
    return profile(name, f"[ipv4]\nmethod=manual\n{lines}")


def step(name: str, **change: t.Any) -> Step:
    return Step(f"{name}.nmconnection", name, f"trial-{name}", f"uuid-{name}", True, "ethernet")._replace(**change)


def plan(*wanted: WantedProfile, **change: t.Any) -> Plan:
    """All of the profiles change."""
    return Plan(
        wanted=wanted,
        steps=tuple(step(each.interface or "") for each in wanted),
        texts={each.file_name: each.text for each in wanted},
        reasons={each.file_name: "content differs" for each in wanted},
        stale=(),
        idle=(),
        more_files={},
        session=OVER_ETH0,
    )._replace(**change)


# --- when a trial begins ------------------------------------------------------------------------------------------


@pytest.fixture
def activations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is done to begin a trial, in that order."""
    done: list[str] = []

    def detached(_name: str, work: t.Callable[[], None]) -> None:
        done.append("detached")
        work()

    monkeypatch.setattr(opening, "run_detached", detached)
    monkeypatch.setattr(opening, "wait_until_delivered", lambda address: done.append(f"answer reached {address}"))
    monkeypatch.setattr(opening, "activate_trial", lambda token: done.append("activate"))
    # of eth0 and of a bond that is made of eth1
    monkeypatch.setattr(opening, "lower_interfaces", lambda name: {name, "eth1"} if name == "bond0" else {name})
    return done


AFTER_THE_ANSWER = ["detached", f"answer reached {OLD}", "activate", "then"]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (plan(static("eth0", NEW)), AFTER_THE_ANSWER),
        (plan(static("eth1", NEW)), ["now"]),
        # what the management connection is made of
        (plan(static("eth1", NEW), session=Session("bond0", OLD, "ipv4")), AFTER_THE_ANSWER),
        (plan(static("eth2", NEW), session=Session("bond0", OLD, "ipv4")), ["now"]),
        # its profile goes, and nothing takes its place
        (plan(idle=("eth0",)), AFTER_THE_ANSWER),
        (plan(idle=("eth1",)), ["now"]),
        # it may be any
        (plan(static("eth1", NEW), session=None), ["detached", "answer reached None", "activate", "then"]),
        (plan(static("eth1", NEW), steps=(step("eth1", interface=None),)), AFTER_THE_ANSWER),
        (
            plan(
                static("eth1", NEW),
                steps=(step("eth1", interface=None),),
                interfaces={"eth1.nmconnection": "eth1"},
            ),
            ["now"],
        ),
        # what waits is not activated
        (plan(static("eth0", NEW), steps=(step("eth0", waiting_for="a carrier"),)), ["now"]),
    ],
)
def test_what_may_cost_the_connection_waits_for_the_answer(
    host: Host, activations: list[str], chosen: Plan, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def now(_manager: object, _token: str) -> bool:
        activations.append("now")
        return False

    monkeypatch.setattr(opening, "activate_now", now)
    is_up = opening.begin_trial(t.cast("t.Any", None), chosen, host.trial, lambda: activations.append("then"))
    assert (activations, is_up) == (expected, expected == ["now"])


@pytest.mark.parametrize("failure", [None, NetworkManagerError("it is busy"), OSError("no memory")])
def test_what_is_not_up_at_once_goes_on_beside_the_answer(
    host: Host, activations: list[str], failure: Exception | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def still_on_its_way(_manager: object, _token: str) -> bool:
        if failure:
            raise failure
        return True

    monkeypatch.setattr(opening, "activate_now", still_on_its_way)
    chosen = plan(static("eth1", NEW))
    assert not opening.begin_trial(t.cast("t.Any", None), chosen, host.trial, lambda: activations.append("then"))
    # after a failure the dead-man is left, which is armed
    assert activations == ([] if failure else ["detached", "activate", "then"])


# --- who is asked for the new addresses ---------------------------------------------------------------------------


class Search(t.NamedTuple):
    """A double of the search for a duplicate address."""

    interface: str
    addresses: t.Sequence[str]
    owners: t.Mapping[str, str] = {}

    def finish(self, _seconds: float) -> dict[str, str]:
        return dict(self.owners)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, [("eth0", [NEW])]),
        # our own: it only stays
        ({"own": {NEW}}, []),
        ({"wanted": static("eth0", OLD, NEW), "own": {OLD}}, [("eth0", [NEW])]),
        ({"wanted": profile("eth0", "[ipv4]\nmethod=auto\n")}, []),
        # nobody can be asked: no carrier, say
        ({"segments": {}}, []),
        ({"segments": {"eth0.nmconnection": "bond0"}}, [("bond0", [NEW])]),
        ({"reasons": {}}, []),
        ({"is_reset": True}, []),
    ],
)
def test_the_neighbours_are_asked_for_addresses_that_are_new(
    chosen: dict[str, t.Any], expected: list[tuple[str, list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "ArpSearch", Search)
    given = {"segments": {"eth0.nmconnection": "eth0"}, **chosen}
    wanted, own = given.pop("wanted", static("eth0", NEW)), given.pop("own", ())
    found = opening.find_out(plan(wanted, **given), Request("node1", 60), own)
    assert [(search.interface, search.addresses) for search in t.cast("list[t.Any]", found.searches)] == expected


# --- opening ------------------------------------------------------------------------------------------------------


class NetworkManagerBefore(NetworkManagerThatForgot):
    """A double: it takes profiles, but for those that it refuses, and understands of them what the keyfile of this file says."""

    daemon = ":1.7"

    def __init__(self, refuses: str = "") -> None:
        self._refuses = refuses
        self.loaded: list[str] = []

    def holds(self, trial: Trial) -> bool:
        return bool(trial.checkpoint)

    def open_checkpoint(self, seconds: int) -> str:
        return "/checkpoint"

    def roll_back(self, checkpoint: str) -> None:
        self.loaded = []

    def load_profiles(self, files: t.Sequence[str]) -> list[str]:
        self.loaded += [Path(file).name for file in files if Path(file).exists()]
        return []

    def profile_path(self, uuid: str) -> str | None:  # type: ignore[override]
        return None if uuid == self._refuses or not self.loaded else f"/profile/{uuid}"

    def profile_file(self, path: str) -> str:
        return ""

    def profile_settings(self, path: str) -> dict[str, t.Any]:
        return {
            "ipv4": {"method": "manual", "address-data": [{"address": NEW, "prefix": 24}]},
            "ipv6": {"method": "disabled"},
        }

    def delete_profile(self, path: str) -> None:
        pass


@pytest.fixture
def timers(host: Host, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When watchdogs are armed, in seconds from now; no trial is open."""
    armed: list[float] = []
    records.sweep()
    monkeypatch.setattr(opening, "run_later", lambda name, seconds, command: armed.append(seconds))
    return armed


def open_trial(chosen: Plan, manager: NetworkManagerBefore, *searches: Search) -> Trial:
    request = Request("node1", 60, token="0123456789abcdef")
    findings = opening.Findings({}, t.cast("t.Any", searches))
    present = opening.Present({}, (), ())
    return opening.open_trial(t.cast("t.Any", manager), chosen, request, "the program", present, findings)


@pytest.mark.parametrize(
    ("chosen", "addresses"),
    [
        (plan(static("eth0", NEW), way={"eth0"}), (NEW,)),
        # the management connection is not touched
        (plan(static("eth1", NEW), way={"eth0"}), ()),
    ],
)
def test_the_controller_must_connect_to_the_new_address_where_its_own_changes(
    timers: list[float], chosen: Plan, addresses: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "lower_interfaces", lambda name: {name})
    trial = open_trial(chosen, NetworkManagerBefore())
    assert (trial.required_addresses, trial.lease_interfaces, trial.phase) == (addresses, (), STAGED)
    assert records.load_trial() == trial
    # the checkpoint's own deadline comes first
    assert timers == [63.0]


@pytest.mark.parametrize(
    ("session", "idle", "interfaces", "first"),
    [
        (OVER_ETH0, (), ("eth0",), "ipv4"),
        (Session("eth1", "2001:db8::1", "ipv6"), (), ("eth1",), "ipv6"),
        (None, (), ("eth0", "eth1"), "ipv4"),
        # a bond of ours that goes: what it was made of gets the lease
        (Session("bond0", OLD, "ipv4"), ("bond0",), ("eth0", "eth1"), "ipv4"),
        # one that the reset leaves alone
        (Session("usb0", OLD, "ipv4"), (), (), "ipv4"),
    ],
)
def test_a_reset_is_proven_over_a_lease_of_the_management_connection(
    timers: list[float], session: Session | None, idle: tuple[str, ...], interfaces: tuple[str, ...], first: str
) -> None:
    chosen = plan(profile("eth0"), profile("eth1"), is_reset=True, session=session, idle=idle)
    trial = open_trial(chosen, NetworkManagerBefore())
    assert (trial.lease_interfaces, trial.lease_families[0]) == (interfaces, first)
    assert sorted(trial.lease_families) == ["ipv4", "ipv6"]


@pytest.mark.parametrize(
    ("manager", "searches", "kind", "details"),
    [
        (
            NetworkManagerBefore(),
            [Search("eth0", [NEW]), Search("eth1", [NEW], {NEW: "52:54:00:00:00:01"})],
            AddressInUse,
            {"addresses": {NEW: "52:54:00:00:00:01"}},
        ),
        (NetworkManagerBefore(refuses="trial-eth0"), [], InvalidInput, {"profile": "eth0.nmconnection"}),
    ],
    ids=["an address is taken", "NetworkManager does not load a profile"],
)
def test_what_goes_wrong_leaves_no_trial(
    host: Host,
    timers: list[float],
    manager: NetworkManagerBefore,
    searches: list[Search],
    kind: type[Exception],
    details: dict[str, t.Any],
) -> None:
    before = host.files
    with pytest.raises(kind) as failure:
        open_trial(plan(static("eth0", NEW), way={"eth0"}), manager, *searches)
    assert t.cast("t.Any", failure.value).details == details
    assert records.load_trial() is None
    assert host.files == before
    assert not [file for file in Path(paths.TRIAL_PROFILES).iterdir() if "eth0" in file.name]
    # before anything is loaded, which would tell all neighbours of the address
    assert manager.loaded == []


# --- what it is said to change ------------------------------------------------------------------------------------


def preview(chosen: Plan, monkeypatch: pytest.MonkeyPatch) -> t.Any:
    monkeypatch.setattr(opening, "contender_warnings", lambda *given: [])
    return opening.preview(t.cast("t.Any", None), chosen, {})


def test_the_differences_hide_secrets_and_name_what_goes(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = profile("eth0", f"[wifi-security]\n{SECRET}\n")
    installed = Path(paths.INSTALLED_PROFILES) / wanted.file_name
    installed.write_text(wanted.text.replace("id=eth0", "id=before"))
    found = preview(plan(wanted, profile("eth1"), stale=("bond0.nmconnection",)), monkeypatch)
    by_file = {Path(each["after_header"]).name: each for each in found.diff}
    assert set(by_file) == {"eth0.nmconnection", "eth1.nmconnection", "bond0.nmconnection"}
    assert "id=before" in by_file["eth0.nmconnection"]["before"]
    assert "id=eth0" in by_file["eth0.nmconnection"]["after"]
    assert SECRET not in str(found)
    assert (by_file["eth1.nmconnection"]["before"], by_file["bond0.nmconnection"]["after"]) == ("", "")
    assert (found.changed, found.stale) == (True, ("bond0.nmconnection",))


def test_a_difference_that_no_file_shows_is_named(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = profile("eth0")
    (Path(paths.INSTALLED_PROFILES) / wanted.file_name).write_text(wanted.text)
    (difference,) = preview(plan(wanted, reasons={wanted.file_name: "not active"}), monkeypatch).diff
    assert "not active" in difference["before"]
    assert difference["before"] != difference["after"]


@pytest.mark.parametrize(
    ("change", "is_warned"),
    [({}, False), ({"expects_gateway": False}, True), ({"expects_gateway": False, "is_reset": True}, False)],
)
def test_a_change_after_which_no_gateway_is_probed_says_so(
    host: Host, change: dict[str, t.Any], is_warned: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    warnings = preview(plan(static("eth0", NEW), **change), monkeypatch).warnings
    assert any("gateway" in each for each in warnings) == is_warned
