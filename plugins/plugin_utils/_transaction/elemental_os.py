# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Persistence on Elemental OS: its /etc is empty at every boot, and yip writes the profiles from a file under /oem before
NetworkManager starts (elemental-operator 1.6, pkg/network: the same path, name and stage)."""

from __future__ import annotations

import typing as t

import yaml
from ansible_collections.elemental.networking.plugins.module_utils._node.paths import (
    ELEMENTAL_FILE,
    INSTALLED_PROFILES,
)
from ansible_collections.elemental.networking.plugins.module_utils._render import Profile

YIP_FILE = ELEMENTAL_FILE
# yip runs the content of each file as a Go template; this is the text {{ there. What stands between other braces is text anyway
_OPENING = '{{"{{"}}'


def yip_text(profiles: t.Iterable[Profile]) -> str:
    """The yip file that writes these profiles in the initramfs, as they are; it may hold secrets."""
    files = [
        {
            "path": f"{INSTALLED_PROFILES}/{profile.file_name}",
            "permissions": 0o600,
            "owner": 0,
            "group": 0,
            "content": profile.text.replace("{{", _OPENING),
        }
        for profile in profiles
    ]
    content = {"name": "Apply network config", "stages": {"initramfs": [{"files": files}]}}
    return str(yaml.safe_dump(content, sort_keys=False, default_flow_style=False))
