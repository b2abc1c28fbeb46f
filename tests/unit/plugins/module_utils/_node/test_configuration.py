# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What NetworkManager's own configuration specifies about cards."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager import configuration

if t.TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("[keyfile]\nunmanaged-devices=interface-name:eth1\n", True),
        ("[device-x]\nmatch-device=interface-name:eth1\nmanaged = 0\n", True),
        ("[keyfile]\nunmanaged-devices+=interface-name:eth1\n", True),
        ("[main]\nplugins=ifupdown,keyfile\n\n[ifupdown]\nmanaged=false\n#unmanaged-devices=*\n", False),
        ("no configuration", False),
    ],
)
def test_a_configuration_names_devices_that_are_left_alone(text: str, does: bool) -> None:
    assert configuration.excludes_devices(text) is does


@pytest.mark.parametrize(
    ("text", "deleted", "makes"),
    [
        ("", "", True),
        ("[main]\nplugins=keyfile\nno-auto-default=\n", "[main]\nno-auto-default=\n", True),
        ("[main]\nno-auto-default=*\n", "", False),
        ("[main]\nno-auto-default=52:54:00:12:34:56\n", "", False),
        ("[main]\nno-auto-default+=*\n", "", False),
        ("# no-auto-default=*\n[main]\n", "", True),
        ("", "[main]\nno-auto-default=52:54:00:12:34:56\n", False),
        ("no section", "", True),
    ],
)
def test_where_networkmanager_may_make_no_profile_it_is_not_relied_on(
    text: str, deleted: str, makes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, content in (("server.conf", text), ("no-auto-default.state", deleted)):
        (tmp_path / name).write_text(content)
    monkeypatch.setattr(configuration, "_FILES", (str(tmp_path / "*.conf"),))
    monkeypatch.setattr(configuration, "_DELETED", str(tmp_path / "no-auto-default.state"))
    assert configuration.makes_profiles() is makes
