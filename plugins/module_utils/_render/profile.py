# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a renderer gives: profiles, ready to be written, and what the user should know about them."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import Detail
from ansible_collections.elemental.networking.plugins.module_utils._texts import sentence


class RenderError(ValueError):
    """A network configuration that cannot become profiles; its text is one sentence for the user, no matter what it quotes."""

    def __init__(self, text: str) -> None:
        super().__init__(sentence(text))


class ToolRefused(RenderError):
    """There is no tool of this configurator, or it did not end; ``code`` and ``details`` are those of the refusal."""

    def __init__(self, text: str, code: str, details: t.Mapping[str, Detail]) -> None:
        super().__init__(text)
        self.code, self.details = code, details


@dataclass(frozen=True)
class Profile:
    """A NetworkManager connection profile; ``text`` is its keyfile and may hold secrets.

    ``file_name`` ends in ``.nmconnection``; ``interface`` is None for a profile that is bound otherwise (by MAC address, for example).
    """

    file_name: str
    id: str
    uuid: str
    type: str
    interface: str | None
    text: str = field(repr=False)


@dataclass(frozen=True)
class Rendering:
    """The profiles of one machine and a sentence for each doubt about them."""

    profiles: tuple[Profile, ...]
    warnings: tuple[str, ...] = ()
