# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the action plugin names the private file in which a module reports its progress. PRIVATE to the collection."""

from __future__ import annotations

# an environment variable of the module: an option would be public
PROGRESS_FILE = "_ELEMENTAL_NETWORKING_PROGRESS_FILE"
