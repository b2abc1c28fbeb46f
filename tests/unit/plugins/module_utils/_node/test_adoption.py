# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Profiles that are right already become ours, and a file of Elemental is never replaced by accident."""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node import paths
from ansible_collections.elemental.networking.plugins.module_utils._node.model import (
    Managed,
    ManagedProfile,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.client import NetworkManager
from ansible_collections.elemental.networking.plugins.module_utils._node.plan.planning import Observed
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import (
    Conflict,
    Request,
    Staged,
    WantedProfile,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.state import records
from ansible_collections.elemental.networking.plugins.module_utils._node.transaction import stage

THEIRS = "name: Apply network config\nstages: {}\n"
OURS = "name: ours\n"
WANTED = WantedProfile("eth0.nmconnection", "uuid-0", "ethernet", "eth0", "right")


class Settled:
    """A NetworkManager with nothing to do."""

    def devices(self) -> list[t.Any]:
        """None that matters here."""
        return []

    def checkpoints(self) -> list[str]:
        """None."""
        return []

    def connections(self) -> dict[str, t.Any]:
        """None."""
        return {}


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host whose profile is installed and up, as it shall be."""
    for module in (paths, records):
        for name, value in vars(module).items():
            if isinstance(value, str) and value.startswith(("/etc/", "/oem/", "/run/", "/var/")):
                monkeypatch.setattr(module, name, str(tmp_path) + value)
    (tmp_path / "oem").mkdir()
    right = Observed("right", is_known=True, is_loaded_from_etc=True, is_active=True)
    monkeypatch.setattr(stage, "observe_all", lambda *_given: [(WANTED, right)])
    monkeypatch.setattr(stage, "interfaces_by_file", lambda *_given: {"eth0.nmconnection": "eth0"})
    return tmp_path


def request(**values: t.Any) -> Request:
    common = Request("node1", 60, "", False, False, "c", "0123456789abcdef", "", (), {}, None)
    return common._replace(**values)


def staged(**values: t.Any) -> Staged:
    manager = t.cast(NetworkManager, Settled())
    answer = stage.stage(manager, request(**values), (WANTED,), "the program")
    assert isinstance(answer, Staged)
    return answer


def managed() -> Managed:
    return records.load_managed()


def test_what_is_right_already_is_recorded_by_a_configure_that_changes_nothing(node: Path) -> None:
    assert staged(check=True).changed is False
    assert managed() == Managed()
    assert staged() == Staged()
    assert managed() == Managed("node1", (ManagedProfile("eth0.nmconnection", "eth0", "ethernet"),))
    before = os.stat(paths.MANAGED_FILE)
    staged()
    after = os.stat(paths.MANAGED_FILE)
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns), "nothing is written twice"


def test_a_host_that_was_reset_and_got_its_profiles_back_is_not_a_reset_one(node: Path) -> None:
    os.makedirs(os.path.dirname(paths.MANAGED_FILE))
    reset = Managed("old", (), is_reset=True, token="feedfacefeedface")
    Path(paths.MANAGED_FILE).write_text(records.managed_text(reset))
    staged()
    assert (managed().machine, managed().is_reset, managed().token) == ("node1", False, "feedfacefeedface")


def test_a_file_for_elemental_os_that_is_right_already_is_recorded_where_it_outlives_a_boot(node: Path) -> None:
    Path(paths.ELEMENTAL_FILE).write_text(OURS)
    staged(more_files={paths.ELEMENTAL_FILE: OURS})
    assert managed().more_files == (paths.ELEMENTAL_FILE,)
    Path(paths.MANAGED_FILE).unlink()  # Elemental OS boots
    assert managed().machine == "node1"


def test_a_file_of_elemental_is_worth_a_warning_where_ours_would_not_outlive_a_boot(node: Path) -> None:
    Path(paths.ELEMENTAL_FILE).write_text(THEIRS)
    for check in (True, False):
        (warning,) = staged(check=check).warnings
        assert "writes the profiles of Elemental at every boot, over these: set elemental_os" in warning
    assert Path(paths.ELEMENTAL_FILE).read_text() == THEIRS
    assert managed().machine == "node1"


@pytest.mark.parametrize("check", [True, False])
def test_a_file_of_elemental_is_not_replaced(node: Path, check: bool) -> None:
    Path(paths.ELEMENTAL_FILE).write_text(THEIRS)
    with pytest.raises(Conflict) as error:
        staged(check=check, more_files={paths.ELEMENTAL_FILE: OURS})
    assert "is not the collection's (Elemental writes it when a machine registers) and would be replaced" in str(
        error.value
    )
    assert "set take_over_elemental_os (in the role machine_network_take_over_elemental_os) for one run" in str(
        error.value
    )
    assert Path(paths.ELEMENTAL_FILE).read_text() == THEIRS


def test_it_is_replaced_where_its_user_says_so_or_where_it_is_ours(node: Path) -> None:
    Path(paths.ELEMENTAL_FILE).write_text(THEIRS)
    files = {paths.ELEMENTAL_FILE: OURS}
    taken = stage._differing_files(request(more_files=files, takes_over_files=True), Managed())
    assert taken == files
    os.makedirs(os.path.dirname(paths.MANAGED_FILE))
    ours = Managed("node1", more_files=(paths.ELEMENTAL_FILE,))
    Path(paths.MANAGED_FILE).write_text(records.managed_text(ours))
    assert stage._differing_files(request(more_files=files), ours) == files
    # and a configure without elemental_os takes ours away
    assert stage._differing_files(request(), ours) == {paths.ELEMENTAL_FILE: None}


def reset(**values: t.Any) -> dict[str, t.Any]:
    manager = t.cast(NetworkManager, Settled())
    return stage.stage_reset(manager, request(**values), ["192.0.2.1"], "the program")


def test_a_reset_does_not_leave_a_file_that_brings_the_profiles_back(node: Path) -> None:
    staged()
    Path(paths.ELEMENTAL_FILE).write_text(THEIRS)
    with pytest.raises(Conflict) as error:
        reset()
    assert "would bring its profiles back at the next boot" in str(error.value)
    assert "for one run, which removes it; nothing was changed" in str(error.value)
    assert stage._differing_files(request(takes_over_files=True), managed()) == {paths.ELEMENTAL_FILE: None}
