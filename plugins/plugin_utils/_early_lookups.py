# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Load the collection's lookups where Ansible loads its actions and inventories: in the process from which it forks.

Ansible starts a process for each task of each host, and each of them would load a lookup again: 12 ms, 5 of them for its documentation.
"""

from __future__ import annotations

from ansible.plugins.loader import lookup_loader

_COLLECTION = "elemental.networking"
_LOOKUPS = ("ip_address", "machine_network", "nonempty_variable", "resolved_network")


def load_lookups() -> None:
    """Load them once; one that is not found is not missed before it is used."""
    for name in _LOOKUPS:
        lookup_loader.get(f"{_COLLECTION}.{name}", class_only=True)
