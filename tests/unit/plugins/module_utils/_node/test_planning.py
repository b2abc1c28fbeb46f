# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a trial does about what differs."""

from __future__ import annotations

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.model import (
    Managed,
    ManagedProfile,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.keyfile import (
    with_connection_value,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.plan.planning import (
    Observed,
    collision,
    dhcp_beside,
    dhcp_profile,
    differences,
    drifted,
    ethernet_interfaces,
    idle_interfaces,
    means_the_same,
    stale_files,
    trial_step,
    trial_texts,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import (
    WantedProfile,
)

UUID = "4dcc0d81-3337-59f6-81e4-a603f89aa932"
TEXT = f"[connection]\nid=eth0\nuuid={UUID}\ntype=ethernet\n"
WANTED = WantedProfile("eth0.nmconnection", UUID, "ethernet", "eth0", TEXT)
MANAGED = Managed(
    "node1",
    (ManagedProfile("eth0.nmconnection", "eth0", "ethernet"), ManagedProfile("bond0.nmconnection", "bond0", "bond")),
)


@pytest.mark.parametrize(
    ("observed", "reason"),
    [
        (Observed(None, False, False, False), "not installed"),
        (Observed("other", True, True, True), "content differs"),
        (Observed(TEXT, True, False, True), "not loaded from /etc"),
        (Observed(TEXT, True, True, False), "not active"),
        (Observed(TEXT, True, True, True, ("10.0.0.1/24",)), "10.0.0.1/24 missing on the device"),
        (
            Observed(TEXT, True, True, True, drifted=("ipv4.route-metric",)),
            "the device runs with other settings than the profile (ipv4.route-metric)",
        ),
        (Observed(TEXT, True, True, True), ""),
    ],
)
def test_each_difference_has_its_reason(observed: Observed, reason: str) -> None:
    """The user reads it in the result of the task."""
    assert differences(WANTED, observed) == reason


def test_what_waits_differs_only_in_what_is_on_the_disk() -> None:
    assert differences(WANTED, Observed(TEXT, True, True, False), "no carrier") == ""
    assert differences(WANTED, Observed("other", True, True, False), "no carrier") == "content differs"


SETTINGS = {
    "connection": {"id": "eth0", "timestamp": 5},
    "ipv4": {"address-data": [{"address": "10.0.0.1", "prefix": 24}], "addresses": [[1, 24, 0]], "route-metric": 100},
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ()),
        # when it was active last is no difference
        ({"connection": {"id": "eth0", "timestamp": 9}}, ()),
        ({"connection": {"id": "eth0", "timestamp": 5, "autoconnect": False}}, ()),
        ({"connection": {"id": "eth0"}}, ()),
        ({"ipv4": {**SETTINGS["ipv4"], "route-metric": 50}}, ("ipv4.route-metric",)),
        # what is said twice is named once
        ({"ipv4": {**SETTINGS["ipv4"], "address-data": [], "addresses": []}}, ("ipv4.address-data",)),
        ({"proxy": {"method": 1}, "ipv4": {}}, ("ipv4.address-data", "ipv4.route-metric", "proxy.method")),
    ],
)
def test_what_was_changed_on_the_device_alone_is_named(
    changes: dict[str, dict[str, object]], expected: tuple[str, ...]
) -> None:
    assert drifted(SETTINGS, {**SETTINGS, **changes}) == expected


def test_a_device_that_says_nothing_has_not_drifted() -> None:
    """It went away between two questions."""
    assert drifted(SETTINGS, None) == ()


ETC, RUN = "/etc/NetworkManager/system-connections", "/run/NetworkManager/system-connections"
# as an installer of a distribution writes it
THEIRS = "[connection]\nid=eth0\nuuid=9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d\ntype=ethernet\n\n[ipv4]\nmethod=auto\n"
NOTHING = Managed()
FILE = f"{ETC}/eth0.nmconnection"


@pytest.mark.parametrize(
    ("text", "loaded_from"),
    [
        (None, ""),
        (TEXT, FILE),
        (TEXT.replace(f"uuid={UUID}\n", ""), ""),
        (THEIRS.split("\n\n", maxsplit=1)[0], ""),
        (f"# by hand\n\n{TEXT}", FILE),
        (None, f"{RUN}/elemental-networking-{UUID}.nmconnection"),
    ],
    ids=["nothing", "equal", "Elemental's, without a uuid", "another uuid", "a comment", "left of a trial"],
)
@pytest.mark.parametrize("managed", [NOTHING, MANAGED])
def test_what_is_ours_or_means_the_same_is_taken_over(text: str | None, loaded_from: str, managed: Managed) -> None:
    assert collision(WANTED, Observed(text, True, False, False, loaded_from=loaded_from), managed) == ""


@pytest.mark.parametrize("loaded_from", [FILE, f"{RUN}/eth0.nmconnection", f"{ETC}/bond0.nmconnection"])
def test_a_file_of_ours_may_say_something_else(loaded_from: str) -> None:
    """Of an earlier change, edited since then by hand or by nmcli in memory, or renamed by this change."""
    assert collision(WANTED, Observed(THEIRS, True, False, True, loaded_from=loaded_from), MANAGED) == ""


@pytest.mark.parametrize("text", [THEIRS, "no keyfile\n", "", f"{TEXT}[ipv4]\nmethod=auto\n"])
def test_a_file_of_somebody_else_with_our_name_is_not_overwritten(text: str) -> None:
    """A later reset would delete it, too. The sentence names it and says what to do."""
    sentence = collision(WANTED, Observed(text, False, False, False), NOTHING)
    assert f"profile file {FILE} was not installed by this collection" in sentence
    assert "rename it there" in sentence


@pytest.mark.parametrize(
    "file", [f"{ETC}/theirs.nmconnection", f"{RUN}/netplan-eth0.nmconnection", "/usr/lib/NetworkManager/x"]
)
def test_a_profile_of_somebody_else_with_our_uuid_is_not_replaced(file: str) -> None:
    sentence = collision(WANTED, Observed(None, True, False, True, loaded_from=file), NOTHING)
    assert (
        f"profile file {file} was not installed by this collection and has the uuid of profile eth0.nmconnection"
        in sentence
    )


def test_what_cannot_be_read_means_nothing() -> None:
    assert not means_the_same("no keyfile", "no keyfile")


def test_a_new_profile_is_tried_as_it_will_be_installed() -> None:
    """Then confirm needs no second activation."""
    assert trial_step(WANTED, Observed(None, False, False, False), TEXT).trial_uuid == UUID
    held = with_connection_value(TEXT, "autoconnect", "false")
    assert trial_step(WANTED, Observed(None, False, False, False), held).trial_uuid == UUID
    assert trial_step(WANTED, Observed(None, False, False, False), TEXT + "[ipv4]\n").trial_uuid != UUID


def test_a_known_profile_is_tried_under_a_uuid_of_its_own() -> None:
    """A rollback with the live uuid leaves files behind (measured)."""
    step = trial_step(WANTED, Observed("other", True, True, True), TEXT)
    assert step.trial_uuid != UUID
    assert trial_texts([step], {"eth0.nmconnection": TEXT})[step.trial_file] == TEXT.replace(UUID, step.trial_uuid)


def test_references_follow_the_trial() -> None:
    """A port that names its controller by uuid finds the controller of the trial."""
    port = WantedProfile("port.nmconnection", "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d", "ethernet", "eth1", "")
    steps = [
        trial_step(WANTED, Observed("x", True, True, True), TEXT),
        trial_step(port, Observed(None, False, False, False), ""),
    ]
    texts = {
        "eth0.nmconnection": TEXT,
        "port.nmconnection": f"[connection]\nid=port\nuuid={port.uuid}\nmaster={UUID}\n",
    }
    assert f"master={steps[0].trial_uuid}" in trial_texts(steps, texts)[steps[1].trial_file]


def test_only_files_of_ours_become_stale() -> None:
    """What is wanted stays; an interface that nobody serves any more is named."""
    assert stale_files(MANAGED, [WANTED]) == ("bond0.nmconnection",)
    assert idle_interfaces(MANAGED, [WANTED], {}) == ("bond0",)


def test_an_interface_that_another_profile_serves_is_not_idle() -> None:
    """Taking it down would cut the new profile off."""
    moved = WantedProfile("other.nmconnection", UUID, "ethernet", "eth0", TEXT)
    assert idle_interfaces(MANAGED, [moved], {}) == ("bond0",)


def test_a_profile_that_names_no_interface_is_found_where_it_is_active() -> None:
    """Bound by MAC address, say: without it a reset would take the node's only address away untried."""
    managed = Managed("node1", (ManagedProfile("bymac.nmconnection", "", "ethernet"),))
    assert idle_interfaces(managed, [], {"bymac.nmconnection": "eth0"}) == ("eth0",)
    assert ethernet_interfaces(managed, {"bymac.nmconnection": "eth0"}) == ("eth0",)


def test_reset_keeps_the_static_addresses_beside_the_lease() -> None:
    """Make before break, without duplicate detection against ourselves."""
    text = dhcp_beside(dhcp_profile("eth0").text, {"ipv4": ["10.0.0.5/24"], "ipv6": ["fd00::5/64", "fd00::6/64"]})
    assert "[ipv4]\nmethod=auto\ndad-timeout=0\naddress1=10.0.0.5/24\n" in text
    assert "[ipv6]\nmethod=auto\naddress1=fd00::5/64\naddress2=fd00::6/64\n" in text
