# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of elemental.networking.machine_host_keys."""

from __future__ import annotations

from ansible_collections.elemental.networking.plugins.plugin_utils._request.progress_action import ClaimingAction


class ActionModule(ClaimingAction):
    """Run the module and show its progress."""
