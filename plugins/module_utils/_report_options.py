# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the action machine_network_report_info. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

ARGUMENTS: t.Dict[str, t.Dict[str, t.Any]] = {
    "kubernetes": {"type": "raw"},
    "postgresql": {"type": "raw", "no_log": False},
    "leave_artifacts": {"type": "bool", "default": False},
}
