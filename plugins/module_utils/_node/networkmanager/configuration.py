# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What NetworkManager's own configuration specifies about cards; its interface on the bus does not show it."""

from __future__ import annotations

import glob
import typing as t

from ..system.files import read_text
from .keyfile import KeyfileError, entries

_FILES = (
    "/usr/lib/NetworkManager/conf.d/*.conf",
    "/run/NetworkManager/conf.d/*.conf",
    "/etc/NetworkManager/NetworkManager.conf",
    "/etc/NetworkManager/conf.d/*.conf",
)
# the cards whose own profile, as NetworkManager had made it, was deleted by a user
_DELETED = "/var/lib/NetworkManager/no-auto-default.state"
_FALSE = ("0", "false", "no", "off")


def files_of(patterns: t.Iterable[str]) -> list[str]:
    """The files that match, in the order of the patterns and of their names."""
    return [file for pattern in patterns for file in sorted(glob.glob(pattern))]


def texts() -> dict[str, str]:
    """The text of each file of the configuration."""
    return {file: read_text(file) or "" for file in files_of(_FILES)}


def excludes_devices(text: str) -> bool:
    """Whether it names devices that NetworkManager leaves alone."""
    return any(
        key == "unmanaged-devices" or (section.startswith("device") and key == "managed" and value in _FALSE)
        for section, key, value in _lines(text)
    )


def makes_profiles() -> bool:
    """Whether NetworkManager makes a profile by itself, when it starts, for each card for which there is none.

    False also where it makes some: which cards a list of them names (no-auto-default) is not evaluated.
    """
    found = [*texts().values(), read_text(_DELETED) or ""]
    return not any(key == "no-auto-default" and value for text in found for _section, key, value in _lines(text))


def _lines(text: str) -> list[tuple[str, str, str]]:
    try:
        return [(line.section, line.key.rstrip("+"), line.value.strip()) for line in entries(text)]
    except KeyfileError:
        return []
