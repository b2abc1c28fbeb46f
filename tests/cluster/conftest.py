# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims on a real control plane, as a user with the least verbs."""

from __future__ import annotations

from tests.testbed.controlplane.fixtures import bare, plane, space

__all__ = ["bare", "plane", "space"]  # fixtures are found here
