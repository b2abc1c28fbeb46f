# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which file is why NetworkManager leaves an interface alone."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager import configuration, unmanaged
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.client import Device
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import Conflict, WantedProfile
from ansible_collections.elemental.networking.plugins.module_utils._node.transaction.preconditions import (
    refuse_unmanaged_interfaces,
)

if t.TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        ("auto eth1\n  iface eth1 inet dhcp\n", True),
        ("iface\teth1 inet6 auto\n", True),
        ("# iface eth1 inet dhcp\niface eth10 inet dhcp\nauto eth1\n", False),
        ("", False),
    ],
)
def test_ifupdown_has_an_interface_by_its_stanza(text: str, is_named: bool) -> None:
    assert unmanaged.is_for_ifupdown(text, "eth1") is is_named


DEVICE = Device("/1", "eth1", "/", "", False, {}, (), "", managed=False)
PROFILE = WantedProfile("eth1.nmconnection", "u", "ethernet", "eth1", "")


class Daemon:
    """NetworkManager, with what it says of eth1 each time that it is asked."""

    def __init__(self, *answers: bool) -> None:
        self._answers = list(answers)

    def device(self, _interface: str) -> Device | None:
        """The device of now."""
        is_managed = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return DEVICE._replace(managed=is_managed)


def refuse(daemon: t.Any, device: Device = DEVICE) -> None:
    """Look at the profile of eth1."""
    refuse_unmanaged_interfaces(daemon, [device], [PROFILE])


def test_an_unmanaged_interface_is_refused_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "interfaces"
    file.write_text("iface eth1 inet dhcp\n")
    monkeypatch.setattr(unmanaged, "_IFUPDOWN", (str(file),))
    monkeypatch.setattr(configuration, "_FILES", ())
    monkeypatch.setattr(unmanaged, "_STARTING", 0.0)
    with pytest.raises(Conflict, match=rf"eth1, which is unmanaged .* \(by {file}\);"):
        refuse(Daemon(False))


def test_one_that_is_managed_after_all_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """NetworkManager was started only now."""
    monkeypatch.setattr(unmanaged, "_BETWEEN_LOOKS", 0.0)
    refuse(Daemon(False, False, True))
    refuse(Daemon(False), DEVICE._replace(managed=True))
