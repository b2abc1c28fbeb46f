# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a resolved network configuration to NetworkManager profiles, one module per configurator."""

from __future__ import annotations

import typing as t

from .nmconnections import render_nmconnections
from .profile import Profile, RenderError, Rendering, ToolRefused

if t.TYPE_CHECKING:
    from .generated import RunTool

__all__ = ["Profile", "RenderError", "Rendering", "ToolRefused", "check", "render"]

_CHOICES = "nmconnections, nmc, nmstate, none"


def render(configurator: str, config: t.Mapping[str, object], tool: RunTool | None = None) -> Rendering:
    """The profiles that a configuration asks for; its placeholders are filled already.

    ``configurator`` is as in Elemental's ``MachineRegistration.spec.config.network``; ``tool`` runs what ``nmc`` and ``nmstate``
    need, by default on this machine. Raises ``RenderError`` for a configuration that cannot become profiles.
    """
    if configurator == "none":
        return Rendering(())
    if configurator == "nmconnections":
        return render_nmconnections(config)
    if configurator in ("nmc", "nmstate"):
        # here: few hosts need it, and Ansible compiles what a play imports
        from .generated import render_generated

        return render_generated(configurator, config, tool)
    raise RenderError(f"configurator {configurator} is unknown; choose one of {_CHOICES}")


def check(configurator: str, config: t.Mapping[str, object]) -> None:
    """What ``render`` would refuse, as far as that is known without the tools of ``nmc`` and ``nmstate``; raises ``RenderError``."""
    if configurator in ("nmc", "nmstate"):
        from .document import checked_document

        checked_document(config)
    else:
        render(configurator, config)
