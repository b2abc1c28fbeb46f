# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an error of NetworkManager means."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.dbus.connection import BusError
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.client import (
    Device,
    NetworkManager,
)

_NAME = "org.freedesktop.NetworkManager"


class RefusingBus:
    """Refuses every call with one error."""

    def __init__(self, name: str) -> None:
        self._error = BusError(name, "the connection was not active")

    def call(self, *_arguments: t.Any) -> t.NoReturn:
        raise self._error


def take_down(error: str) -> None:
    manager = NetworkManager(t.cast("t.Any", RefusingBus(f"{_NAME}.{error}")), ":1.1", 1.0)
    manager.deactivate(Device("/2", "bond0.100", "/active/7", "its uuid", True, {}, (), ""))


def test_what_went_by_itself_is_taken_down() -> None:
    """A VLAN goes with its bond, between the look and the call."""
    take_down("ConnectionNotActive")


def test_another_refusal_is_an_error() -> None:
    with pytest.raises(BusError):
        take_down("PermissionDenied")
