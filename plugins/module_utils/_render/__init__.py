# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a resolved network configuration to NetworkManager profiles, one module per configurator."""

from __future__ import annotations

import typing as t

from .nmconnections import render_nmconnections
from .profile import Profile, RenderError, Rendering

__all__ = ["Profile", "RenderError", "Rendering", "render"]

_CHOICES = "nmconnections, nmc, nmstate, none"


def render(configurator: str, config: t.Mapping[str, object]) -> Rendering:
    """The profiles that a configuration asks for; its placeholders are filled already.

    ``configurator`` is as in Elemental's ``MachineRegistration.spec.config.network``. Raises ``RenderError`` for a
    configuration that cannot become profiles.
    """
    if configurator == "none":
        return Rendering(())
    if configurator == "nmconnections":
        return render_nmconnections(config)
    if configurator in ("nmc", "nmstate"):
        raise RenderError(
            f"configurator {configurator} is not supported by this version yet;"
            " use nmconnections, where config holds the text of each NetworkManager keyfile"
        )
    raise RenderError(f"configurator {configurator} is unknown; choose one of {_CHOICES}")
