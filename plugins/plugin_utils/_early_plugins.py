# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Do once what each task of each host would do again: where Ansible loads its actions and inventories, in the process from which it forks.

Ansible starts a process for each task of each host. Each of them would load a lookup again: 12 ms, 5 of them for its documentation; and
Ansible's own filters: 4 ms. Each would also get a copy of all that a search for garbage touches: 3 ms.
"""

from __future__ import annotations

import contextlib
import gc

from ansible.plugins.loader import filter_loader, lookup_loader

_COLLECTION = "elemental.networking"
_LOOKUPS = ("ip_address", "machine_network", "nonempty_variable", "resolved_network")
# with one of them Ansible loads all of its own
_ANY_FILTER = "ansible.builtin.regex_replace"


def load_lookups() -> None:
    """Load them once; one that is not found is not missed before it is used."""
    for name in _LOOKUPS:
        lookup_loader.get(f"{_COLLECTION}.{name}", class_only=True)


def prepare_to_fork() -> None:
    """Load what most tasks need, and search no more for garbage in what is there now: it is what all of them share.

    What cannot be loaded, for example a filter of the user's, is a matter of the task that needs it.
    """
    with contextlib.suppress(Exception, SystemExit):
        load_lookups()
        filter_loader.get(_ANY_FILTER)
    gc.freeze()
